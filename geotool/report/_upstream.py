"""What lies upstream of a section, row by row, as a report lists it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.network import RiverNetwork, Scenario
from geotool.report._phrases import (
    amount_text,
    cell_text,
    distance_text,
    hours_text,
    share_text,
)
from geotool.schema import layer_kind
from geotool.tables import class_words
from geotool.trace import RELATION_ZH, SOURCES, Trace

if TYPE_CHECKING:
    from geotool.attribution import Ranking

LISTED = 300
"""Outfalls of one list at most; a sheet of more is not read, the workbook has all."""

RANKED, EXPLAINED, STRETCHES = 10, 5, 5
"""Rows of the ranking, of its reasons, and of stretches without a register."""

_STOP_ZH = {
    "closed_gate": "闸站关闭",
    "gap": "疑似断线",
    "unknown_direction": "流向不明",
    "limit": "超出范围",
}


def upstream_rows(
    trace: Trace, outfalls: pd.DataFrame | None, item: str | None
) -> list[dict[str, str]]:
    """
    List the outfalls upstream, the nearest first, with what the register says.

    Parameters
    ----------
    trace : Trace
    outfalls : DataFrame or None
        Layer ``outfalls``.
    item : str or None
        The permitted load is of this item.

    Returns
    -------
    list of dict
        ``n, name, id, relation, distance, time, discharge, load, stage``, texts.
    """
    met = trace.points[trace.points["layer"] == SOURCES].head(LISTED)
    facts: dict[str, Mapping[Any, Any]] = {}
    if outfalls is not None:
        facts = {
            str(row["outfall_id"]): row
            for row in pd.DataFrame(outfalls).to_dict("records")
        }
    rows = []
    for n, row in enumerate(met.to_dict("records"), start=1):
        own = facts.get(str(row["id"]), {})
        rows.append(
            {
                "n": str(n),
                "id": str(row["id"]),
                "name": cell_text(row["name"], "（无名称）"),
                "relation": RELATION_ZH[row["relation"]],
                "distance": distance_text(row["distance_m"]),
                "time": hours_text(row["travel_time_min_h"], row["travel_time_max_h"]),
                "discharge": amount_text(own.get("permitted_discharge_m3_d")),
                "load": amount_text(permitted_kg_d(own, item)),
                "stage": cell_text(own.get("stage"), "—"),
            }
        )
    return rows


def permitted_kg_d(outfall: Mapping[Any, Any], item: str | None) -> float:
    """
    Compute the permitted load, kg/d: permitted concentration times discharge.

    Examples
    --------
    >>> row = {"permitted_discharge_m3_d": 1000.0, "permitted_nh3n_mg_l": 8.0}
    >>> permitted_kg_d(row, "NH3N"), permitted_kg_d(row, "TP")
    (8.0, nan)
    """
    if item is None:
        return float("nan")
    parts = (
        outfall.get("permitted_discharge_m3_d"),
        outfall.get(f"permitted_{item.lower()}_mg_l"),
    )
    if any(part is None or pd.isna(part) for part in parts):
        return float("nan")
    return float(np.prod([float(part) for part in parts if part is not None])) / 1000.0


# ---------------------------------------------------------------- the ranking
def ranking_rows(ranking: "Ranking") -> list[dict[str, Any]]:
    """List the first ranks: ``rank, name, id, probability, strength, …, reasons``."""
    rows = []
    for row in ranking.table.head(RANKED).to_dict("records"):
        name = cell_text(row["name"], str(row["outfall_id"]))
        rows.append(
            {
                "rank": str(row["rank"]),
                "id": str(row["outfall_id"]),
                "name": name,
                "probability": share_text(row["probability"]),
                "strength": str(row["strength"]),
                "share": share_text(row["contribution_share"]),
                "distance": distance_text(row["distance_m"]),
                "time": hours_text(row["travel_time_min_h"], row["travel_time_max_h"]),
                "relation": RELATION_ZH[row["relation"]],
                "head": (
                    f"{row['rank']}. {row['outfall_id']} {name}"
                    f"（{row['strength']}，{share_text(row['probability'])}）"
                ),
                "reasons": [str(text) for text in row["reasons"]],
            }
        )
    return rows


def stretch_rows(ranking: "Ranking") -> list[dict[str, str]]:
    """List the likeliest stretches with a source that is in no register."""
    return [
        {
            "label": str(row["label"]),
            "length": distance_text(row["length_m"]),
            "probability": share_text(row["probability"]),
        }
        for row in ranking.unregistered.head(STRETCHES).to_dict("records")
    ]


def rest_text(ranking: "Ranking") -> str:
    """Say what share of probability the ranks that are not listed have."""
    rest = ranking.table.iloc[RANKED:]
    if not len(rest):
        return ""
    share = share_text(float(rest["probability"].sum()))
    return f"其余 {len(rest)} 个排污口合计 {share}，见上游排污口清单。"


# ---------------------------------------------------------------- gates and stops
def gate_rows(
    trace: Trace, network: RiverNetwork, scenario: Scenario | None
) -> list[dict[str, str]]:
    """List the structures that the water passes or is held by: ``name, kind, state``."""
    shut = set(trace.stopped.loc[trace.stopped["kind"] == "closed_gate", "subject"])
    passed = {key for cell in trace.details()["structures"] for key in cell}
    given = dict(scenario.structures) if scenario is not None else {}
    states, kinds = class_words("structure_state"), class_words("structure_kind")
    rows = []
    for row in network.structures.to_dict("records"):
        key = str(row["structure_id"])
        if key not in passed | shut:
            continue
        state = states.get(str(given.get(key, row.get("state"))), states["unknown"])
        rows.append(
            {
                "id": key,
                "name": cell_text(row.get("name"), key),
                "kind": kinds.get(str(row.get("kind")), kinds["other"]),
                "state": f"{state}（情景）" if key in given else state,
                "effect": "隔断，其外侧来水不到断面" if key in shut else "来水经此",
                "order": 0 if key in shut else 1,
            }
        )
    rows.sort(key=lambda one: (one["order"], one["id"]))
    return [{key: str(cell) for key, cell in row.items()} for row in rows]


def stop_rows(trace: Trace) -> list[dict[str, str]]:
    """List where the search ended, without the plain ends of the network."""
    rows = trace.stopped[trace.stopped["kind"].isin(list(_STOP_ZH))]
    return [
        {
            "kind": _STOP_ZH[row["kind"]],
            "subject": cell_text(row["subject"], "—"),
            "reason": cell_text(row["reason"], "—"),
            "distance": distance_text(row["distance_m"]),
        }
        for row in rows.to_dict("records")
    ]


def load_header(item: str | None) -> str:
    """
    Name the column of permitted loads.

    Examples
    --------
    >>> load_header("NH3N"), load_header(None)
    ('氨氮许可负荷 kg/d', '许可负荷 kg/d')
    """
    name = item_table()[item].zh if item is not None else ""
    return f"{name}许可负荷 kg/d"


def finding_rows(findings: pd.DataFrame | None, ids: set[str]) -> list[dict[str, str]]:
    """List what was found of outfalls in protection zones, the gravest first."""
    if findings is None:
        return []
    column = layer_kind("outfalls").id_column
    own = findings[
        findings[column].astype(str).isin(ids) & (findings["grade"] != "clear")
    ]
    grave = {"conflict": 0, "attention": 1, "uncertain": 2}
    order = own["grade"].map(grave).fillna(3)
    own = own.loc[order.sort_values(kind="stable").index]
    return [
        {
            "id": str(row[column]),
            "name": cell_text(row.get("name"), "（无名称）"),
            "grade": cell_text(row["grade_zh"]),
            "reason": cell_text(row["reason"]),
        }
        for row in own.to_dict("records")
    ]
