"""The words of an alert, piece by piece: one page for whoever must act."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geotool._items import item_table
from geotool.attribution._problem import Words
from geotool.report._blocks import (
    Block,
    number_words,
    same_words,
)
from geotool.report._incident_below import below_blocks, left_blocks
from geotool.report._phrases import hours_text
from geotool.trace import RELATION_ZH

if TYPE_CHECKING:
    from geotool.attribution import Ranking
    from geotool.report._incident_result import IncidentAlert

SHOWN = 3
"""Ranks of a section on the page."""

FULL = 3
"""Sections that the page tells in full, the worst first; of the rest the headline."""

EXPLAINED = 2
"""Ranks of the worst section whose reasons the page tells (one of others)."""

_HOURS = {"minute": 0, "day": 24, "month": 31 * 24}
"""By how much two times may be off, by how finely they are known."""

NOTICE = (
    "位次只说明先查谁，不是责任认定；概率按所列资料估算，资料变了结果会变",
    "a rank says where to look first and proves nothing; probabilities rest on the data told here",
)


def incident_blocks(alert: "IncidentAlert", *, shown: int = SHOWN) -> list[Block]:
    """
    Give the page of an alert.

    Parameters
    ----------
    alert : IncidentAlert
    shown : int
        Ranks of each section.
    """
    scenario, standard = alert.settings["scenario"], alert.settings["standard"]
    until = alert.when(alert.as_of, with_year=True)
    found = [
        Block("title", ("断面超标预警单", "Exceedance alert")),
        Block("lead", alert.headline),
        Block(
            "small",
            (
                f"读数截至 {until}；标准 {standard}；闸况 {scenario}",
                f"readings up to {until}; standard {standard}; gates as in {scenario}",
            ),
        ),
    ]
    if len(alert.exceeding):
        found += [_exceeding_table(alert), *_remarks(alert)]
    found += _source_blocks(alert, shown)
    found += below_blocks(alert)
    found += left_blocks(alert)
    found.append(Block("small", NOTICE))
    return found


# ---------------------------------------------------------------- what exceeds
def _exceeding_table(alert: "IncidentAlert") -> Block:
    header = (
        ("断面", "section"),
        ("水体", "water"),
        ("目标", "goal"),
        ("项目", "item"),
        ("最新/限值", "latest / limit"),
        ("超标倍数", "times above"),
        ("峰值", "top"),
        ("自", "since"),
        ("最近读数", "last reading"),
        ("次数", "n"),
    )
    rows = []
    for row in alert.exceeding.to_dict("records"):
        item = item_table()[row["item"]]
        limit = f"{row['limit']:g}" if np.isfinite(row["limit"]) else "—"
        rows.append(
            (
                same_words(
                    " ".join(same_words(row[k])[0] for k in ("section_id", "name"))
                ),
                same_words(row["river"]),
                same_words(row["target_class"]),
                (item.zh, item.key),
                same_words(f"{row['latest']:.3g}/{limit} {item.unit}".strip()),
                number_words(row["multiple"], 2),
                number_words(row["peak"]),
                same_words(alert.when(row["since"], row["section_id"])),
                same_words(alert.when(row["last"], row["section_id"])),
                same_words(str(row["n_readings"])),
            )
        )
    widths = (0.21, 0.1, 0.06, 0.08, 0.14, 0.09, 0.06, 0.12, 0.12, 0.05)
    return Block(
        "table",
        ("一、哪里超标", "1 What exceeds"),
        header=header,
        rows=tuple(rows),
        widths=widths,
    )


def _remarks(alert: "IncidentAlert") -> list[Block]:
    lines: list[Words] = [
        (
            f"{row['section_id']} {row['item_name']}：{row['note']}",
            f"{row['section_id']} {row['item']}: {row['note_en']}",
        )
        for row in alert.exceeding.to_dict("records")
        if row["note"]
    ]
    lines += [_link_line(alert, row) for row in alert.links.to_dict("records")]
    return [Block("list", lines=tuple(lines))] if lines else []


def _link_line(alert: "IncidentAlert", row: dict[Any, Any]) -> Words:
    """Say whether two sections may have exceeded by the same water."""
    low, high = row["first_arrival_min_h"], row["peak_max_h"]
    km = row["distance_m"] / 1000
    zh = (
        f"{row['below']} 在 {row['above']} 下游 {km:.1f} km（水约 {low:.0f}–"
        f"{high:.0f} h 到），"
    )
    en = (
        f"{row['below']} lies {km:.1f} km below {row['above']} ({low:.0f} to "
        f"{high:.0f} h by water) and exceeded "
    )
    hours = max(_HOURS[alert.precision(row[end])] for end in ("above", "below"))
    if hours and low - hours <= row["lag_h"] <= high + hours:
        return (
            f"{zh}也超标；读数不到小时，分不清先后，是否同一次无法判断",
            f"{en}too; the readings have no hours: whether it was one incident is open",
        )
    fits = low <= row["lag_h"] <= high
    return (
        f"{zh}晚 {row['lag_h']:.0f} h 超标："
        + ("时间相符，可能是同一次" if fits else "时间不符，未必是同一次"),
        f"{en}{row['lag_h']:.0f} h later: "
        + ("that fits one incident" if fits else "that does not fit one incident"),
    )


# ---------------------------------------------------------------- who did it
def _source_blocks(alert: "IncidentAlert", shown: int) -> list[Block]:
    """Tell the worst sections in full, of the rest what comes first."""
    found: list[Block] = []
    every = list(alert.rankings.values())
    for place, ranking in enumerate(every[:FULL]):
        told = EXPLAINED if place == 0 else 1
        found += _ranking_blocks(alert, ranking, shown, told)
    if every[FULL:]:
        found.append(Block("list", lines=tuple(one.headline for one in every[FULL:])))
    lines: list[Words] = []
    for row in alert.untold.to_dict("records"):
        zh = f"{row['section_id']} 的{row['what']}未能查明：{row['reason']}"
        lines.append((zh, f"{row['section_id']}: {row['reason_en']}"))
    return [*found, Block("list", lines=tuple(lines))] if lines else found


def _ranking_blocks(
    alert: "IncidentAlert", ranking: "Ranking", shown: int, told: int
) -> list[Block]:
    zh, en = ranking.headline
    level_zh, level_en = ranking.level_words
    lines: list[Words] = []
    for row in ranking.table.head(told if ranking.level else 0).to_dict("records"):
        lines.append(
            (
                f"{row['rank']} {row['outfall_id']}：{'；'.join(row['reasons'])}",
                f"{row['rank']} {row['outfall_id']}: {'; '.join(row['reasons_en'])}",
            )
        )
    if ranking.stretch_words:
        lines.append(ranking.stretch_words)
    if ranking.next_sample[0]:
        lines.append(ranking.next_sample)
    lines += _gate_lines(alert, ranking, shown)
    lines.append(
        (f"依据等级 {ranking.level}：{level_zh}", f"level {ranking.level}: {level_en}")
    )
    return [
        Block("head", (f"二、可能的来源 · {zh}", f"2 Possible sources · {en}")),
        _rank_table(ranking, shown),
        Block("list", lines=tuple(lines)),
    ]


def _rank_table(ranking: "Ranking", shown: int) -> Block:
    header = (
        ("序", "#"),
        ("排污口", "outfall"),
        ("概率", "P"),
        ("判断", "how likely"),
        ("沿河", "by water"),
        ("水行时间", "travel time"),
        ("可达性", "reach"),
        ("约需多排", "excess"),
    )
    rows = []
    for row in ranking.table.head(shown).to_dict("records"):
        hours = hours_text(row["travel_time_min_h"], row["travel_time_max_h"])
        times = row["times_declared"]
        known = np.isfinite(times) and row["load_basis"] != "count" and times > 0
        rows.append(
            (
                same_words(str(row["rank"])),
                same_words(f"{row['outfall_id']} {row['name']}".strip()),
                same_words(f"{row['probability']:.0%}"),
                (row["strength"], row["strength_en"]),
                same_words(f"{row['distance_m'] / 1000:.1f} km"),
                same_words(hours),
                (RELATION_ZH.get(row["relation"], ""), str(row["relation"])),
                _excess(times, is_least=row["times_is_least"]) if known else ("", ""),
            )
        )
    outside = f"{ranking.unregistered_probability:.0%}"
    where: Words = ("登记外的来源", "a source in no register")
    if len(ranking.unregistered):
        zh, en = ranking.first_stretch
        where = (
            f"登记外的来源，先看 {zh}",
            f"a source in no register, first look: {en}",
        )
    last = (same_words("—"), where, same_words(outside), *([("", "")] * 5))
    widths = (0.04, 0.42, 0.07, 0.09, 0.09, 0.11, 0.08, 0.1)
    return Block("table", header=header, rows=(*rows, last), widths=widths)


def _excess(times: float, *, is_least: bool) -> Words:
    """Say how much more a source would have to discharge, or at least would."""
    if is_least:
        return f"至少 {times:.2g} 倍", f"{times:.2g} times or more"
    return f"{times:.2g} 倍", f"{times:.2g} times"


def _gate_lines(alert: "IncidentAlert", ranking: "Ranking", shown: int) -> list[Words]:
    """Gates on the way of the first ranks, and those that hold water back."""
    first = set(ranking.table["outfall_id"].head(shown))
    points = ranking.trace.points
    met = points[(points["layer"] == "outfalls") & points["id"].isin(first)]
    passed = list(dict.fromkeys(key for row in met["structures"] for key in row))
    lines: list[Words] = []
    if passed:
        told = [alert.gates.get(key, (key, key)) for key in passed[:6]]
        lines.append(
            (
                f"途经的闸站（先核实启闭）：{'、'.join(zh for zh, _ in told)}",
                f"gates on the way, check first: {', '.join(en for _, en in told)}",
            )
        )
    stopped = ranking.trace.stopped
    shut = stopped[stopped["kind"] == "closed_gate"]
    if len(shut):
        lines.append(
            (
                f"被挡住、未计入上游：{'；'.join(shut['reason'].head(4))}",
                f"held back, not counted: {'; '.join(shut['reason_en'].head(4))}",
            )
        )
    return lines
