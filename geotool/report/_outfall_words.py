"""The sentences of an outfall's sheet: what the register says, and what is overdue."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from geotool.report._phrases import (
    amount_text,
    cell_text,
    distance_text,
    hours_text,
)
from geotool.schema import layer_kind, layer_kinds
from geotool.trace import RELATION_ZH, Trace, alert_table

REMEDY = ("problem", "remedy", "stage", "deadline", "closed_out")
"""Columns of the remedy; the others are facts of the register."""

_DONE = ("完成整治", "已完成", "完成", "销号", "已销号")
_BESIDE = (*REMEDY, "photo", "review")
_ALWAYS = ("outfall_id", "name", "category", "river", "party")
_MOST_DOWNSTREAM = 40

_DATUM_ZH = {
    "known": "坐标基准由文件给出",
    "declared": "坐标基准由使用者申明",
    "unknown": "坐标基准不明，可能偏移约 500 m，请核实",
}


def register_facts(row: Mapping[Any, Any], place: str) -> list[list[str]]:
    """List what the register says of an outfall; contacts never go along."""
    facts = []
    for column in layer_kind("outfalls").columns.values():
        if column.personal or column.key in _BESIDE:
            continue
        text = cell_text(row.get(column.key))
        if text != "未填" or column.key in _ALWAYS:
            facts.append([column.label, text])
    return [*facts, ["经纬度", place]]


def place_note(row: Mapping[Any, Any]) -> str:
    """Say how sure the coordinates are."""
    status = cell_text(row.get("datum_status"), "unknown")
    return _DATUM_ZH.get(status, _DATUM_ZH["unknown"])


def remedy_facts(row: Mapping[Any, Any]) -> list[list[str]]:
    """List what is wrong with an outfall and what is done about it."""
    columns = layer_kind("outfalls").columns
    return [[columns[key].zh, cell_text(row.get(key))] for key in REMEDY]


def deadline_sentence(row: Mapping[Any, Any], on: dt.date) -> str:
    """
    Say whether the remedy is overdue on a day, or why that cannot be said.

    Examples
    --------
    >>> row = {"remedy": "规范整治", "stage": "整治中", "deadline": "2026-09-30"}
    >>> deadline_sentence(row, dt.date(2026, 11, 1))
    '整治期限 2026-09-30 已过 32 天，登记的阶段是“整治中”，逾期。'
    >>> deadline_sentence({**row, "stage": "销号"}, dt.date(2026, 11, 1))
    '登记的阶段是“销号”，销号日期没有登记。'
    """
    stage = cell_text(row.get("stage"), "")
    if stage in _DONE or cell_text(row.get("closed_out"), ""):
        closed = cell_text(row.get("closed_out"), "没有登记")
        return f"登记的阶段是“{stage or '未填'}”，销号日期{closed}。"
    if cell_text(row.get("remedy"), "") == "无需整治":
        return "登记为无需整治。"
    due = _day(row.get("deadline"))
    told = f"登记的阶段是“{stage}”" if stage else "没有登记整治阶段"
    if due is None:
        text = cell_text(row.get("deadline"), "")
        why = f"整治期限 {text} 不是日期" if text else "没有登记整治期限"
        return f"{why}，{told}，无法判断是否逾期。"
    days = (on - due).days
    if days > 0:
        return f"整治期限 {due} 已过 {days} 天，{told}，" + (
            "逾期。" if stage else "请核实。"
        )
    return f"距整治期限 {due} 还有 {-days} 天，{told}。"


def is_overdue(row: Mapping[Any, Any], on: dt.date) -> bool:
    """Whether the deadline is over and the register does not say the work is done."""
    return "已过" in deadline_sentence(row, on)


def _day(value: Any) -> dt.date | None:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    try:
        moment: Any = pd.Timestamp(value)
    except (ValueError, TypeError):
        return None
    return None if pd.isna(moment) else moment.date()


def downstream_rows(trace: Trace | None) -> list[dict[str, str]]:
    """List sections and intakes downstream in the order of time."""
    if trace is None:
        return []
    table = alert_table(trace)
    table = table[table["layer"].isin(["sections", "water_sources"])]
    return [
        {
            "kind": _kind(str(row["layer"])),
            "name": f"{row['id']} {cell_text(row['name'], '')}".strip(),
            "relation": RELATION_ZH[row["relation"]],
            "distance": distance_text(row["distance_m"]),
            "time": hours_text(row["peak_min_h"], row["peak_max_h"]),
            "arrival": f"{row['first_arrival_min_h']:.1f} h",
        }
        for row in table.head(_MOST_DOWNSTREAM).to_dict("records")
    ]


def _kind(layer: str) -> str:
    return layer_kind(layer).zh if layer in layer_kinds() else layer


def downstream_sentence(rows: list[dict[str, str]], trace: Trace | None) -> str:
    """Say what lies downstream, or why nobody knows."""
    if trace is None:
        return ""
    if not rows:
        return "沿河网向下游没有遇到登记的断面和水源地。"
    return (
        f"沿河网向下游遇到 {len(rows)} 处断面和水源地，按到达先后排列；"
        "“可能”表示途中流向未定，情景按登记的闸况。"
    )


def outfall_summary(
    row: Mapping[Any, Any],
    on: dt.date,
    downstream: list[dict[str, str]],
    finding: str,
) -> list[str]:
    """Give the sheet in a few lines."""
    kind = cell_text(row.get("category"), "类型未填")
    size = amount_text(row.get("permitted_discharge_m3_d"), "")
    lines = [
        f"{kind}，受纳水体 {cell_text(row.get('river'))}"
        + (f"，许可排水量 {size} m3/d。" if size else "，许可排水量未填。")
    ]
    problem = cell_text(row.get("problem"), "")
    remedy = cell_text(row.get("remedy"), "")
    if problem or remedy:
        lines.append(
            f"问题：{problem or '未填'}；整治：{remedy or '未填'}。{deadline_sentence(row, on)}"
        )
    else:
        lines.append(f"没有登记问题和整治类别。{deadline_sentence(row, on)}")
    if cell_text(row.get("review"), ""):
        lines.append(f"需核实：{cell_text(row.get('review'))}。")
    first = next(iter(downstream), None)
    if first is not None:
        lines.append(
            f"最先到达 {first['kind']} {first['name']}：沿河 {first['distance']}，最早 "
            f"{first['arrival']}（{first['relation']}）。"
        )
    return [*lines, finding] if finding else lines
