"""The tables of an alert under Chinese headers, one a sheet."""

from typing import TYPE_CHECKING

import pandas as pd

from geotool._items import item_table
from geotool.report._ranking import rank_sheet, stretch_sheet
from geotool.trace import alert_sheet

if TYPE_CHECKING:
    from geotool.report._incident_result import IncidentAlert

_EXCEEDING = {
    "section_id": "断面编号",
    "name": "断面名称",
    "river": "水体",
    "target_class": "水质目标",
    "item_name": "项目",
    "limit": "限值",
    "since": "开始超标",
    "last": "最近读数",
    "n_readings": "超标次数",
    "latest": "最新值",
    "peak": "峰值",
    "multiple": "超标倍数",
    "item_class": "项目类别",
    "standard": "标准",
    "note": "说明",
}
_INSPECT = {
    "order": "序号",
    "outfall_id": "排污口编号",
    "name": "名称",
    "category": "类型",
    "probability": "概率",
    "strength": "判断",
    "section_id": "依据断面",
    "item": "依据项目",
    "rank": "在该断面的位次",
    "sections": "居前的断面",
    "reach_id": "所在河段",
    "measure_m": "里程（m）",
}
_ENDED = {
    "section_id": "断面编号",
    "name": "断面名称",
    "target_class": "水质目标",
    "item_name": "项目",
    "since": "开始超标",
    "last": "最后超标",
    "over_since": "恢复",
    "n_readings": "超标次数",
    "peak": "峰值",
}
_UNJUDGED = {"section_id": "断面编号", "name": "断面名称", "note": "原因"}
_MET = {
    "section_id": "断面编号",
    "name": "断面名称",
    "last": "最近读数",
    "items": "项目",
}
_UNTOLD = {"section_id": "断面编号", "what": "未能查明", "reason": "原因"}


def incident_sheets(alert: "IncidentAlert") -> dict[str, pd.DataFrame]:
    """
    Make the sheets; one that would be empty is left out.

    Parameters
    ----------
    alert : IncidentAlert
    """
    sheets = {
        "预警": _page(alert),
        "超标断面": _worded(_told(alert, alert.exceeding), _EXCEEDING, multiple=2),
        "检查名单": _inspect(alert),
        "来源排序": _stacked(
            {key: rank_sheet(one) for key, one in alert.rankings.items()}
        ),
        "不在名录的河段": _stacked(
            {key: stretch_sheet(one) for key, one in alert.rankings.items()}
        ),
        "下游预警": _stacked(
            {
                key: alert_sheet(_told(alert, table.assign(section_id=key)))
                for key, table in alert.downstream.items()
            }
        ),
        "未能查明": _worded(alert.untold, _UNTOLD),
        "达标断面": _worded(_told(alert, alert.met), _MET),
        "已恢复": _worded(_told(alert, alert.ended), _ENDED),
        "未判断": _worded(alert.unjudged, _UNJUDGED),
        "未用的读数": alert.unused,
    }
    return {
        name: table for name, table in sheets.items() if name == "预警" or len(table)
    }


def _page(alert: "IncidentAlert") -> pd.DataFrame:
    """Give the sentences of the page, one a row."""
    rows = []
    head = ""
    for block in alert.blocks():
        if block.kind in ("head", "table") and block.text[0]:
            head = block.text[0]
        said = [block.text[0]] if block.kind not in ("head", "table", "list") else []
        rows += [(head, text) for text in [*said, *(zh for zh, _ in block.lines)]]
    return pd.DataFrame(rows, columns=["部分", "内容"])


def _inspect(alert: "IncidentAlert") -> pd.DataFrame:
    table = alert.inspect
    table["item"] = [item_table()[key].zh for key in table["item"]]
    return _worded(table, _INSPECT, probability=3, measure_m=0)


def _told(alert: "IncidentAlert", table: pd.DataFrame) -> pd.DataFrame:
    """Write the times of sections whose readings have no hours as text, without any."""
    coarse = [alert.precision(key) != "minute" for key in table["section_id"]]
    if not any(coarse):
        return table
    made = table.copy()
    for column in {"since", "last", "over_since", "act_by"} & {*table.columns}:
        made[column] = [
            alert.when(moment, key, with_year=True) if rough else moment
            for moment, key, rough in zip(
                table[column], table["section_id"], coarse, strict=True
            )
        ]
    return made


def _worded(
    table: pd.DataFrame, headers: dict[str, str], **digits: int
) -> pd.DataFrame:
    made = table[list(headers)].copy()
    for column, places in digits.items():
        made[column] = made[column].astype(float).round(places)
    return made.rename(columns=headers)


def _stacked(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of the sections one below the other."""
    parts = []
    for section_id, table in tables.items():
        if len(table):
            made = table.copy()
            made.insert(0, "断面", section_id)
            parts.append(made)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
