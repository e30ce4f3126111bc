"""A ranking of sources as JSON, a workbook or map layers: the trace, and who is likeliest."""

import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from geotool.errors import SourceError
from geotool.io import replacing, write_book, write_table, write_vector
from geotool.network import RiverNetwork
from geotool.report._formats import TRACE_FORMATS
from geotool.report._trace import NO_RANKING, trace_document
from geotool.report._trace_sheets import trace_sheets

if TYPE_CHECKING:  # a trace without readings need not load what ranks
    from geotool.attribution import Ranking

_RANK_HEADERS = {
    "rank": "排序",
    "outfall_id": "排污口编号",
    "name": "名称",
    "category": "类型",
    "probability": "概率",
    "top_three": "属前三的概率",
    "strength": "把握",
    "contribution_share": "贡献占比",
    "relation": "可达性",
    "distance_m": "沿河距离（m）",
    "travel_time_min_h": "流经时间下限（h）",
    "travel_time_max_h": "流经时间上限（h）",
    "declared_kg_d": "许可负荷（kg/d）",
    "load_basis": "负荷依据",
    "times_declared": "需为许可负荷的倍数",
    "times_is_least": "倍数为下限",
    "reasons": "理由",
}
_STRETCH_HEADERS = {
    "label": "河段范围",
    "probability": "概率",
    "length_m": "长度（m）",
    "reaches": "河段",
}


def ranking_document(
    ranking: "Ranking", *, network: RiverNetwork, warnings: tuple[str, ...] = ()
) -> dict[str, Any]:
    """
    Give a ranking as plain data: all a trace tells, with the evidence weighed.

    Parameters
    ----------
    ranking : Ranking
    network : RiverNetwork
        The one it was made on.
    warnings : tuple of str
        Told besides what the ranking itself assumes.

    Returns
    -------
    dict
        As :func:`geotool.trace_document`; ``sources`` are in the order of the ranking
        and carry ``probability, top_three, strength, contribution_share, reasons`` and
        ``reasons_en``; ``unregistered`` has a probability and its stretches;
        ``level, headline, next_sample, unused`` are added. Outfalls that the trace met
        but that the ranking could not weigh follow last, with probability 0 and the
        reason.
    """
    told = ranking.to_dict()
    document = trace_document(
        ranking.trace,
        network=network,
        section_id=ranking.section_id,
        item=ranking.item,
        warnings=warnings,
    )
    met = {row["outfall_id"]: row for row in document["sources"]}
    ranked = [
        {**met.get(row["outfall_id"], {}), **_own(row, met.get(row["outfall_id"], {}))}
        for row in told["sources"]
    ]
    known = {row["outfall_id"] for row in ranked}
    why = {row["outfall_id"]: row["reason"] for row in told["excluded"]}
    rest = [
        {
            **row,
            "rank": len(ranked) + place,
            "probability": 0.0,
            "reasons": [*row["reasons"], why.get(key, "没有参与证据归因")],
        }
        for place, (key, row) in enumerate(
            (pair for pair in met.items() if pair[0] not in known), start=1
        )
    ]
    kept = [text for text in document["warnings"] if text != NO_RANKING]
    return {
        **document,
        "sources": [*ranked, *rest],
        "unregistered": told["unregistered"],
        "level": told["level"],
        "level_meaning": told["level_meaning"],
        "headline": told["headline"],
        "next_sample": told["next_sample"],
        "since": told["since"],
        "until": told["until"],
        "value_mg_l": told["value_mg_l"],
        "limit_mg_l": told["limit_mg_l"],
        "warnings": [*kept, *told["warnings"]],
        "warnings_en": told["warnings_en"],
    }


def _own(row: dict[str, Any], met: dict[str, Any]) -> dict[str, Any]:
    """Take what the ranking knows; times and places stay as the trace tells them."""
    return {key: value for key, value in row.items() if key not in met or key in _OURS}


_OURS = frozenset(
    ("rank", "probability", "contribution_share", "reasons", "outfall_id", "relation")
)


def write_ranking(
    ranking: "Ranking",
    path: str | PathLike[str],
    *,
    network: RiverNetwork,
    warnings: tuple[str, ...] = (),
) -> Path:
    """
    Write a ranking by the ending of the name.

    Parameters
    ----------
    ranking : Ranking
    path : path
        ``.json`` (:func:`ranking_document`), ``.xlsx`` (ranking, stretches without a
        register, and the sheets of the trace), ``.csv`` (ranking), ``.gpkg`` (layers)
        or ``.geojson`` (points).
    network, warnings
        As :func:`ranking_document`.

    Raises
    ------
    SourceError
        If the ending is another, or the folder cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in TRACE_FORMATS:
        raise SourceError(
            f"不能把溯源结果写成 {target.name}；可用后缀：{'、'.join(TRACE_FORMATS)}。",
            f"A ranking cannot be written as {target.name}; use one of "
            f"{', '.join(TRACE_FORMATS)}.",
        )
    document = ranking_document(ranking, network=network, warnings=warnings)
    if suffix == ".json":
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
        with replacing(target) as beside:
            beside.write_text(text, encoding="utf-8")
    elif suffix == ".csv":
        write_table(rank_sheet(ranking), target)
    elif suffix == ".xlsx":
        sheets = {
            "排序": rank_sheet(ranking),
            "不在名录的河段": stretch_sheet(ranking),
            **trace_sheets(ranking.trace, document),
        }
        with replacing(target) as beside:
            write_book(sheets, beside)
    elif suffix == ".gpkg":
        with replacing(target) as beside:
            for name, table in ranking.map_layers().items():
                write_vector(table, beside, layer=name, driver="GPKG")
    else:
        write_table(ranking.map_layers()["trace_points"], target)
    return target


def rank_sheet(ranking: "Ranking") -> pd.DataFrame:
    table = ranking.table[[name for name in _RANK_HEADERS if name in ranking.table]]
    made = table.copy()
    made["reasons"] = ["；".join(texts) for texts in made["reasons"]]
    made["times_is_least"] = [
        "是" if is_least else "" for is_least in made["times_is_least"]
    ]
    places = {"probability": 3, "top_three": 3, "contribution_share": 3}
    places |= {"distance_m": 0, "travel_time_min_h": 1, "travel_time_max_h": 1}
    places |= {"declared_kg_d": 3, "times_declared": 1}
    for column, digits in places.items():
        made[column] = made[column].astype(float).round(digits)
    return made.rename(columns=_RANK_HEADERS)


def stretch_sheet(ranking: "Ranking") -> pd.DataFrame:
    table = ranking.unregistered[list(_STRETCH_HEADERS)].copy()
    table["probability"] = table["probability"].astype(float).round(3)
    table["length_m"] = table["length_m"].astype(float).round(0)
    return table.rename(columns=_STRETCH_HEADERS)
