"""The sheets of the workbook of a trace: codes in words, metres and hours rounded."""

from typing import Any

import pandas as pd

from geotool.trace import RELATION_ZH, SOURCES, Trace, alert_sheet, alert_table
from geotool.trace._show import ways_text

_POINT_HEADERS = {
    "rank": "序号",
    "id": "编号",
    "name": "名称",
    "relation": "可达性",
    "distance_m": "沿河距离（m）",
    "travel_time_min_h": "流经时间下限（h）",
    "travel_time_max_h": "流经时间上限（h）",
    "earliest_h": "最快可能到达（h）",
    "time_basis": "时间依据",
    "reach_id": "所在河段",
    "measure_m": "里程（m）",
    "offset_m": "距河距离（m）",
    "located": "上河定位",
    "path": "经过河段",
    "structures": "经过闸站",
    "n_ways": "可能路径数",
    "loops": "经过环路",
}
_REACH_HEADERS = {
    "reach_id": "河段编号",
    "name": "河流名称",
    "relation": "可达性",
    "distance_m": "沿河距离（m）",
    "travel_time_min_h": "流经时间下限（h）",
    "travel_time_max_h": "流经时间上限（h）",
    "length_m": "涉及长度（m）",
    "from_measure_m": "起里程（m）",
    "to_measure_m": "止里程（m）",
    "structures": "经过闸站",
    "n_ways": "可能路径数",
    "loops": "经过环路",
}
_STOP_HEADERS = {
    "kind": "类型",
    "subject": "对象",
    "reason": "原因",
    "reason_en": "Reason",
    "relation": "可达性",
    "distance_m": "沿河距离（m）",
    "travel_time_min_h": "流经时间下限（h）",
    "travel_time_max_h": "流经时间上限（h）",
}
_EXCLUDED_HEADERS = {
    "layer": "图层",
    "id": "编号",
    "name": "名称",
    "kind": "类型",
    "reason": "不在结果内的原因",
    "reason_en": "Reason",
    "at": "位置",
}
WORDS = {
    "time_basis": {
        "assumed": "缺省流速 [M]",
        "flow": "由流量推算",
        "given": "资料流速",
        "scenario": "情景流速",
    },
    "located": {"on": "已定位", "ambiguous": "有歧义"},
    "kind": {
        "closed_gate": "闸站关闭",
        "gap": "疑似断线",
        "boundary": "河网边界",
        "unknown_direction": "流向不明",
        "other_side": "在另一侧",
        "against_flow": "流向背离",
        "unconnected": "不连通",
        "limit": "超出范围",
        "far": "离河过远",
        "no_place": "没有坐标",
    },
}


def point_sheet(trace: Trace, *, sources: bool | None) -> pd.DataFrame:
    """Outfalls, other points, or all where None."""
    rows = trace.points
    if sources is not None:
        rows = rows[(rows["layer"] == SOURCES) == sources]
    table = trace.map_layers()["trace_points"].loc[rows.index].reset_index(drop=True)
    table["rank"] = range(1, len(table) + 1)
    keep = _POINT_HEADERS if sources else {"layer": "图层", **_POINT_HEADERS}
    return _sheet(table, keep)


def _sheet(table: pd.DataFrame, headers: dict[str, str]) -> pd.DataFrame:
    """Pick columns, put words for codes, round metres and hours."""
    made = pd.DataFrame(table)[list(headers)].copy()
    if "n_ways" in made.columns:
        made["n_ways"] = [
            int(n) if exact else ways_text(n, exact)
            for n, exact in zip(table["n_ways"], table["ways_exact"], strict=True)
        ]
    for column in made.columns:
        if column == "relation":
            made[column] = made[column].map(RELATION_ZH)
        elif column in WORDS:
            made[column] = made[column].map(lambda v, c=column: WORDS[c].get(v, v))
        elif column.endswith("_m"):
            made[column] = made[column].astype(float).round(1)
        elif column.endswith("_h"):
            made[column] = made[column].astype(float).round(2)
    return made.rename(columns=headers)


def trace_sheets(trace: Trace, document: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Make the sheets of the workbook of a trace, by name."""
    down = trace.settings["direction"] == "downstream"
    return {
        **({"预警": alert_sheet(alert_table(trace))} if down else {}),
        "排污口": point_sheet(trace, sources=True),
        "其他点位": point_sheet(trace, sources=False),
        "涉及河段": _sheet(trace.map_layers()["trace_reaches"], _REACH_HEADERS),
        "止点": _sheet(trace.stopped, _STOP_HEADERS),
        "未列入及原因": _sheet(trace.excluded, _EXCLUDED_HEADERS),
        "说明": _about(document),
    }


def _about(document: dict[str, Any]) -> pd.DataFrame:
    network, settings = document["network"], document["settings"]
    rows = [
        ("断面 section", document["section_id"] or settings["start"]),
        ("项目 item", document["item"] or ""),
        (
            "方向 direction",
            {"upstream": "上游", "downstream": "下游"}[document["direction"]],
        ),
        ("情景 scenario", document["scenario"]),
        ("最大距离 max distance (m)", settings["max_distance_m"]),
        ("最长时间 max time (h)", settings["max_time_h"]),
        ("河网 network", f"{network['reaches']} 河段，{network['length_km']} km"),
        ("河网指纹 network hash", network["hash"]),
        ("情景指纹 scenario hash", settings["scenario_hash"] or "（按登记状态）"),
        ("是否过期 stale", document["stale"] or "否（与写出时的河网一致）"),
        *(("注意 note", text) for text in document["warnings"]),
    ]
    return pd.DataFrame(rows, columns=["内容", "取值"])
