"""What lies above each section, as the sheets of a workbook."""

from typing import TYPE_CHECKING

import pandas as pd

from geotool.trace._show import RELATION_ZH, layer_zh

if TYPE_CHECKING:
    from geotool.trace._catchment import SectionCatchments

MOST_ROWS = 1_000_000
"""Rows that a sheet of a workbook holds, roughly."""


def catchment_sheets(found: "SectionCatchments") -> dict[str, pd.DataFrame]:
    """Give the tables of a workbook, under Chinese names and headers."""
    partition = found.partition()
    partition["sections"] = [
        "、".join(ids) or "（不到任何断面）" for ids in partition["sections"]
    ]
    sources = found.sources()
    notes = []
    if len(sources) > MOST_ROWS:
        notes = [
            (
                "上游清单",
                f"{len(sources)} 行，工作表放不下；请逐个断面用 above 导出",
            )
        ]
        sources = sources.iloc[:0]
    return {
        "断面汇水": shown_table(found.table),
        "分类统计": _headed(found.by_kind()),
        "上游清单": _headed(sources),
        # there `sections` are names; elsewhere, how many there are above
        "不重复分区": _headed(partition.rename(columns={"sections": "可到断面"})),
        "未列入及原因": _headed(found.excluded),
        "说明": pd.DataFrame(
            [
                *notes,
                ("情景 scenario", found.scenario),
                ("河网指纹 network hash", found.network_hash),
                ("情景指纹 scenario hash", found.scenario_hash or "（按登记状态）"),
                ("自有", "流到本断面、且不先经过更上游断面的部分（确定或情景）"),
                (
                    "不重复分区",
                    "每一段水、每个点只计一次，按它能流到的断面组合归类",
                ),
            ],
            columns=["内容", "取值"],
        ),
    }


def shown_table(table: pd.DataFrame) -> pd.DataFrame:
    """Give the table of sections with ids as text and numbers to the metre."""
    shown = table.copy()
    for column in ("next_upstream", "in_loop_with"):
        shown[column] = ["、".join(ids) for ids in shown[column]]
    numbers = [c for c in shown.columns if c.endswith(("_km", "_km2", "_m"))]
    return _headed(shown.round(dict.fromkeys(numbers, 3)))


_HEADERS = {
    "section_id": "断面编号",
    "name": "名称",
    "reach_id": "所在河段",
    "measure_m": "里程（m）",
    "length_certain_km": "确定（km）",
    "length_scenario_km": "情景（km）",
    "length_possible_km": "可能（km）",
    "length_km": "合计（km）",
    "own_length_km": "区间（km）",
    "area_km2": "汇水面积（km²）",
    "area_share": "面积占比",
    "own_area_km2": "区间面积（km²）",
    "next_upstream": "上一断面",
    "in_loop_with": "同环断面",
    "layer": "图层",
    "id": "编号",
    "kind": "类型",
    "relation": "可达性",
    "is_own": "属本区间",
    "located": "上河定位",
    "certain": "确定",
    "scenario": "情景",
    "possible": "可能",
    "total": "合计",
    "own": "区间",
    "points": "点位数",
    "reason": "原因",
    "reason_en": "Reason",
    "at": "位置",
}


def _headed(table: pd.DataFrame) -> pd.DataFrame:
    made = table.copy()
    if "relation" in made.columns:
        made["relation"] = made["relation"].map(RELATION_ZH)
    if "layer" in made.columns:
        made["layer"] = [layer_zh(key) for key in made["layer"]]
    names = {
        column: _HEADERS.get(column) or f"区间{layer_zh(column.removeprefix('own_'))}"
        if column.startswith("own_")
        else _HEADERS.get(column, layer_zh(column))
        for column in made.columns
    }
    return made.rename(columns=names)
