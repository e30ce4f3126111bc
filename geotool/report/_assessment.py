"""Assessments and screening findings as files."""

from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from geotool._items import item_table
from geotool.io import replacing, write_book, write_table
from geotool.report._assessment_book import assessment_sheets, sheet_looks

_HEADERS = {
    "section_id": "断面编号",
    "name": "断面名称",
    "river": "水体",
    "period": "时段",
    "water_type": "水体类型",
    "target_class": "水质目标",
    "water_class": "水质类别",
    "grade": "水质状况",
    "reached": "是否达标",
    "determining": "定类因子",
    "exceedances": "超标项目（超目标倍数）",
    "main_pollutants": "主要污染指标（超Ⅲ类倍数）",
    "items_assessed": "参评项目",
    "below_detection": "低于检出限",
    "n_readings": "数据个数",
    "n_days": "监测天数",
    "n_months": "监测月数",
    "standard": "评价标准",
    "rounding": "修约",
    "note": "说明",
    "note_en": "Note",
}
_FINDING_HEADERS = {
    "outfall_id": "排污口编号",
    "name": "名称",
    "grade_zh": "判定",
    "zone_name": "分区",
    "zone_status": "划定状态",
    "water_name": "水体",
    "distance_m": "距边界（m，内为负）",
    "limit_m": "限值（m，自岸线）",
    "basis": "岸线依据",
    "overlap_m": "重叠长度（m）",
    "overlap_m2": "重叠面积（m²）",
    "clause": "条款",
    "datum_status": "坐标基准",
    "uncertainty_m": "坐标误差（m）",
    "confidence": "可信度（V、1、M）",
    "reason": "理由",
    "reason_en": "Reason",
}


def write_assessment(
    table: pd.DataFrame,
    path: str | PathLike[str],
    *,
    sections: pd.DataFrame | None = None,
) -> Path:
    """
    Write an assessment; a workbook or csv gets Chinese headers, json keeps the keys.

    Parameters
    ----------
    table : DataFrame
        As :func:`geotool.assess_sections` gives it.
    path : path
        ``.xlsx``, ``.csv`` or ``.json``. A workbook also has sheets for rivers,
        districts, target rates, changes, alerts, trends, and what it was judged by.
    sections : DataFrame, optional
        Layer ``sections``: its districts and levels are summarised in the workbook.
    """
    target = Path(path)
    if target.suffix.lower() == ".json":
        return write_table(table, target)
    sheet = _with_words(table)
    if target.suffix.lower() == ".xlsx":
        with replacing(target) as beside:
            sheets = {"断面评价": sheet, **assessment_sheets(table, sections)}
            write_book(sheets, beside, looks=dict.fromkeys(sheets, sheet_looks()))
        return target
    return write_table(sheet, target)


def _with_words(table: pd.DataFrame) -> pd.DataFrame:
    words: dict[Any, str] = {True: "达标", False: "未达标"}
    made = table.copy()
    made["reached"] = [words.get(cell, "未评价") for cell in made["reached"]]
    if "rounding" in made:
        ways = {"none": "不修约", "decimals": "按标准小数位"}
        made["rounding"] = [ways.get(cell, cell) for cell in made["rounding"]]
    kinds = {"river": "河流", "lake": "湖库"}
    made["water_type"] = [kinds.get(cell, cell) for cell in made["water_type"]]
    for item in item_table().values():
        if item.column in made:
            # a laboratory reports no more; json keeps every digit
            made[item.column] = [float(f"{cell:.4g}") for cell in made[item.column]]
    means = {
        item.column: f"{item.zh}均值（{item.unit}）" if item.unit else f"{item.zh}均值"
        for item in item_table().values()
    }
    return made.rename(columns={**_HEADERS, **means})


def write_findings(table: pd.DataFrame, path: str | PathLike[str]) -> Path:
    """
    Write what was found of points in zones; contacts never go along.

    Parameters
    ----------
    table : DataFrame or GeoDataFrame
        As :func:`geotool.screen_points` gives it.
    path : path
        ``.xlsx`` or ``.csv`` with Chinese headers, or any other ending that
        ``geotool.io.write_table`` knows.
    """
    target = Path(path)
    if target.suffix.lower() not in (".xlsx", ".csv"):
        return write_table(table, target)
    keep = [column for column in _FINDING_HEADERS if column in table.columns]
    sheet = pd.DataFrame(table)[keep].copy()
    for column in ("distance_m", "uncertainty_m", "overlap_m", "overlap_m2"):
        if column in sheet:
            sheet[column] = sheet[column].astype(float).round(1)
    if "zone_status" in sheet:
        status = {"draft": "草案", "approved": "已批复"}
        sheet["zone_status"] = [status.get(cell, cell) for cell in sheet["zone_status"]]
    sheet = sheet.rename(columns=_FINDING_HEADERS)
    return write_table(sheet, target, layer="筛查结果")
