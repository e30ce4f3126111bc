"""The workbook of an assessment as a bureau sends it: sections, rivers, districts, alerts."""

from typing import Any

import pandas as pd

from geotool._items import item_table
from geotool._version import __version__
from geotool.errors import LayerError
from geotool.io import SheetLook
from geotool.quality import (
    CLASSES,
    assess_rivers,
    class_changes,
    section_alerts,
    section_trends,
    summarise_sections,
)
from geotool.tables import load_table

CLASS_HEADERS = ("水质类别", "水质目标", "上期类别", "上年同期类别")
_RIVERS = {
    "river": "水体",
    "water_type": "水体类型",
    "period": "时段",
    "n_sections": "断面数",
    "n_unknown": "无类别断面数",
    "method": "评价方法",
    "good_share": "Ⅰ~Ⅲ类比例",
    "worst_share": "劣Ⅴ类比例",
    "grade": "水质状况",
    "water_class": "水质类别",
    "main_pollutants": "主要污染指标",
    "change_before": "环比",
    "change_last_year": "同比",
    "note": "说明",
}
_SUMMARY = {
    "period": "时段",
    "district": "区域",
    "level": "断面属性",
    "n_sections": "断面数",
    "n_assessed": "有类别断面数",
    "n_good": "优Ⅲ断面数",
    "good_share": "优Ⅲ比例",
    "n_worst": "劣Ⅴ断面数",
    "worst_share": "劣Ⅴ比例",
    "n_with_target": "参与考核断面数",
    "n_reached": "达标断面数",
    "reached_share": "达标率",
    **{f"n_{name}": f"{name}类" for name in CLASSES},
}
_CHANGES = {
    "section_id": "断面编号",
    "name": "断面名称",
    "period": "时段",
    "water_class": "水质类别",
    "class_before": "上期类别",
    "change_before": "环比",
    "class_last_year": "上年同期类别",
    "change_last_year": "同比",
}
_ALERTS = {
    "section_id": "断面编号",
    "name": "断面名称",
    "period": "时段",
    "severity": "程度",
    "message": "预警内容",
    "message_en": "Alert",
}
_TRENDS = {
    "section_id": "断面编号",
    "name": "断面名称",
    "item": "项目",
    "first": "首期",
    "last": "末期",
    "n_periods": "期数",
    "spearman": "秩相关系数",
    "critical_05": "临界值（0.05）",
    "trend": "趋势",
    "seasonal_trend": "季节性检验",
    "slope_per_year": "年变化（mg/L）",
    "note": "说明",
}
_SEVERITY = {"high": "高", "medium": "中", "low": "低"}
_METHODS = {"ratio": "断面比例法", "mean": "均值法"}
_TYPES = {"river": "河流", "lake": "湖库"}
_TREND_ITEMS = ("NH3N", "TP", "CODMN", "COD")


def assessment_sheets(
    assessment: pd.DataFrame, sections: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    """
    Make the further sheets of the workbook; one that would be empty is left out.

    Parameters
    ----------
    assessment : DataFrame
        As :func:`geotool.assess_sections` gives it.
    sections : DataFrame or None
        Layer ``sections``, for districts and levels.
    """
    standard = str(assessment["standard"].iloc[0]) if len(assessment) else ""
    sheets = {
        "河流评价": _rivers(assessment, standard),
        "区域汇总": _summary(assessment, sections),
        "逐期达标率": _worded(summarise_sections(assessment, by=[]), _SUMMARY),
        "类别变化": _worded(class_changes(assessment), _CHANGES),
        "预警": _alerts(assessment, standard),
        "趋势": _trends(assessment),
    }
    made = {name: table for name, table in sheets.items() if len(table)}
    return {**made, "说明": _about(assessment)}


def sheet_looks() -> SheetLook:
    """Colours of the classes and formats of shares, for every sheet."""
    entries = load_table("styles")["classes"]["water_class"]["entries"]
    fills = {name: row["print"] for name, row in zip(CLASSES, entries, strict=True)}
    shares = ("Ⅰ~Ⅲ类比例", "劣Ⅴ类比例", "优Ⅲ比例", "劣Ⅴ比例", "达标率")
    return SheetLook(
        colors={
            **dict.fromkeys(CLASS_HEADERS, fills),
            "是否达标": {"未达标": "#f8c9c4"},
            "程度": {"高": "#f8c9c4", "中": "#fdebd0"},
        },
        formats=dict.fromkeys(shares, "0.0%"),
    )


def _worded(table: pd.DataFrame, headers: dict[str, str]) -> pd.DataFrame:
    kept = [name for name in headers if name in table]
    return table[kept].rename(columns=headers)


def _rivers(assessment: pd.DataFrame, standard: str) -> pd.DataFrame:
    if not len(assessment) or not assessment["river"].astype(bool).any():
        return pd.DataFrame()
    table = assess_rivers(assessment, standard=standard)
    table["method"] = [_METHODS.get(one, "") for one in table["method"]]
    table["water_type"] = [_TYPES.get(one, one) for one in table["water_type"]]
    return _worded(table, _RIVERS)


def _summary(assessment: pd.DataFrame, sections: pd.DataFrame | None) -> pd.DataFrame:
    if sections is None:
        return pd.DataFrame()
    by = [name for name in ("district", "level") if name in sections]
    try:
        table = (
            summarise_sections(assessment, sections, by=by) if by else pd.DataFrame()
        )
    except LayerError:  # the list of sections carries neither
        return pd.DataFrame()
    return _worded(table, _SUMMARY)


def _alerts(assessment: pd.DataFrame, standard: str) -> pd.DataFrame:
    if not len(assessment):
        return pd.DataFrame()
    table = section_alerts(assessment, standard=standard)
    table["severity"] = [_SEVERITY[one] for one in table["severity"]]
    return _worded(table, _ALERTS)


def _trends(assessment: pd.DataFrame) -> pd.DataFrame:
    least = load_table("assessment")["trend"]["min_periods"]
    if assessment["period"].nunique() < least:
        return pd.DataFrame()
    parts = []
    for key in _TREND_ITEMS:
        if item_table()[key].column in assessment:
            part = section_trends(assessment, item=key)
            part["item"] = item_table()[key].zh
            parts.append(part[part["n_periods"] >= least])
    return _worded(pd.concat(parts), _TRENDS) if parts else pd.DataFrame()


def _about(assessment: pd.DataFrame) -> pd.DataFrame:
    """Say by what it was judged, and how sure the rules are."""
    rules = load_table("assessment")
    first: dict[Any, Any] = (
        assessment.iloc[0].to_dict() if len(assessment) else {"standard": ""}
    )
    periods = sorted(assessment["period"].dropna().unique())
    words = {"V": "两处来源", "1": "一处来源", "M": "据记忆，请核对"}
    lines = [
        ("评价标准", str(first["standard"])),
        ("评价方法", "单因子评价；水温、总氮、粪大肠菌群不参与定类"),
        ("类别的来源", "由平均浓度定类，不由类别平均；未检出按检出限一半计"),
        ("修约", "定类前按标准小数位修约" if first.get("rounding") == "decimals" else "定类前不修约；修约后类别不同的在说明中列出"),
        ("时段", f"{periods[0]} 至 {periods[-1]}" if periods else ""),
        ("断面数", str(assessment["section_id"].nunique())),
        ("生成", f"geotool {__version__}"),
        ("规则的把握：时段平均", words[rules["periods"]["confidence"]]),
        ("规则的把握：主要污染指标", words[rules["main_pollutants"]["confidence"]]),
        ("规则的把握：河流状况", words[rules["rivers"]["confidence"]]),
        ("规则的把握：变化", words[rules["change"]["confidence"]]),
        ("规则的把握：趋势临界值", words[rules["trend"]["confidence"]]),
        ("预警阈值", "接近限值的比例和连续期数为 geotool 设定，不是标准规定"),
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=["项目", "内容"])
