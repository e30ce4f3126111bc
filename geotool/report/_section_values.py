"""What each part of a section's sheet is given."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from geotool.network import RiverNetwork, Scenario
from geotool.report import _section_words as words
from geotool.report._failure import Failure
from geotool.report._given import Given
from geotool.report._phrases import amount_text, class_text, multiple_text
from geotool.report._pictures import series_picture
from geotool.report._upstream import (
    EXPLAINED,
    LISTED,
    gate_rows,
    load_header,
    ranking_rows,
    rest_text,
    stop_rows,
    stretch_rows,
    upstream_rows,
)
from geotool.trace import SOURCES, Trace

if TYPE_CHECKING:
    from geotool.attribution import Ranking


def summary_lines(
    failure: Failure,
    trace: Trace,
    ranking: "Ranking | None",
    why: str,
    warnings: list[str],
) -> list[str]:
    """Give the answer in a few lines: the first page of the sheet."""
    lines = [words.result_sentence(failure), words.since_sentence(failure)]
    lines.append(words.single_sentence(failure))
    lines.append(words.upstream_sentence(trace))
    if failure.item is not None or ranking is not None:
        lines += words.ranking_summary(ranking, why)
    else:
        lines.append(f"{words.no_item_text(failure)}下列上游清单按沿河距离排列。")
    lines += [f"注意：{text.split(' / ')[0]}。" for text in warnings]
    return [text for text in lines if text]


def failed_values(
    failure: Failure, tidy: pd.DataFrame, section_id: str, title: str
) -> dict[str, Any]:
    """Give what the part about the failure holds."""
    picture = None
    if failure.item is not None and failure.latest is not None:
        own = tidy[tidy["section_id"].isin([section_id, failure.latest["name"]])]
        picture = series_picture(
            own, failure.item, failure.latest, title=title, standard=failure.standard
        )
    items = [
        {
            "name": row["name"],
            "mean": f"{amount_text(row['mean'])} {row['unit']}".strip(),
            "limit": row["limit_text"],
            "multiple": multiple_text(row["multiple"]),
            "item_class": class_text(row["item_class"]),
        }
        for row in failure.items.to_dict("records")
    ]
    return {
        "result": words.result_sentence(failure),
        "since": words.since_sentence(failure),
        "single": words.single_sentence(failure),
        "item_note": words.item_sentence(failure),
        "items": items,
        "periods": words.period_rows(failure),
        "series": picture,
    }


def source_values(
    trace: Trace,
    ranking: "Ranking | None",
    why: str,
    given: Given,
    failure: Failure,
) -> dict[str, Any]:
    """Give what the parts about sources hold."""
    rows = upstream_rows(trace, given.table("outfalls"), failure.item)
    met = int((trace.points["layer"] == SOURCES).sum())
    note = f"只列最近的 {LISTED} 个，共 {met} 个。" if met > LISTED else ""
    ranked = [] if ranking is None else ranking_rows(ranking)
    return {
        "upstream_note": f"{words.upstream_sentence(trace)}{note}",
        "upstream": rows,
        "load_header": load_header(failure.item),
        "ranked": ranked,
        "explained": ranked[:EXPLAINED],
        "ranking_note": "" if ranking is not None else f"{why}{words.BY_DISTANCE}",
        "headline": "" if ranking is None else f"{ranking.headline[0]}。",
        "rest": "" if ranking is None else rest_text(ranking),
        "stretches": [] if ranking is None else stretch_rows(ranking),
        "next_sample": ""
        if ranking is None or not ranking.next_sample[0]
        else f"{ranking.next_sample[0]}。",
    }


def gate_values(
    trace: Trace, network: RiverNetwork, scenario: Scenario | None
) -> dict[str, Any]:
    """Give what the part about gates and stops holds."""
    return {
        "scenario": str(trace.settings["scenario"]),
        "held": words.held_sentence(trace),
        "gates": gate_rows(trace, network, scenario),
        "stops": stop_rows(trace),
    }
