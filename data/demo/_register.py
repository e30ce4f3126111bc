"""The register of outfalls as a bureau keeps it, with the faults such tables have."""

from dataclasses import dataclass

import pandas as pd

from demo import INVENTED, NOTE
from demo._curves import chance
from demo._outfalls import LEVEL_1, Outfall
from demo._places import degrees

TITLE = f"南通经济技术开发区入河排污口登记表（{INVENTED}）"
REMARK = (
    f"{NOTE}：排污口、许可量、责任主体、联系方式均为虚构；坐标为 CGCS2000 示意坐标。"
)
FOOTNOTE = "注：1. 本表数据为模拟。2. “/”表示无许可排水量。"
COLUMNS = (
    "序号",
    "排污口编号",
    "排污口名称",
    "一级分类",
    "排污口类型",
    "受纳水体",
    "乡镇街道",
    "经度",
    "纬度",
    "责任主体",
    "排污许可证号",
    "许可排水量（m³/d）",
    "日排水量（m³/d）",
    "许可氨氮浓度（mg/L）",
    "许可总磷浓度（mg/L）",
    "许可COD浓度（mg/L）",
    "存在问题",
    "整治类别",
    "整治阶段",
    "整治期限",
    "联系人",
    "联系电话",
    "备注",
)
MARK = f"（{INVENTED}）"
HEADER_ROW = 3
"""Row of the headers as Excel counts; the title and the remark stand above."""

_STAGES = ("未整治", "整治中", "完成整治", "销号")
_PROBLEMS = {
    "规范整治": "排污口标志牌缺失",
    "清理合并": "位于污水管网覆盖区内的散排口",
    "依法取缔": "未经审批设置",
    "无需整治": "",
}


@dataclass(frozen=True)
class Faults:
    """Which outfall has which planted fault."""

    digit_missing: str = "PK088"
    swapped: str = "PK099"
    same_id_as_before: str = "PK095"
    row_twice: str = "PK076"
    blank_row_after: str = "PK084"
    full_width: str = "PK023"
    thousands: str = "PK075"
    outfalls_in_dms: int = 7
    """Every so many outfalls write degrees, minutes, seconds."""


FAULTS = Faults()


def register(outfalls: list[Outfall]) -> pd.DataFrame:
    """Make the rows below the header; a row without any cell is the blank one."""
    rows: list[dict[str, object]] = []
    for number, outfall in enumerate(outfalls, start=1):
        row = _row(number, outfall)
        if outfall.outfall_id == FAULTS.same_id_as_before:
            row["排污口编号"] = outfalls[number - 2].outfall_id
        rows.append(row)
        if outfall.outfall_id == FAULTS.row_twice:
            rows.append(dict(row))
        if outfall.outfall_id == FAULTS.blank_row_after:
            rows.append({})
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _row(number: int, outfall: Outfall) -> dict[str, object]:
    lon, lat = _coordinates(number, outfall)
    remedy = _remedy(outfall)
    works = MARK in outfall.name and bool(outfall.permitted_m3_d)
    party = outfall.name if outfall.tale and works else f"示例责任单位{number}（模拟）"
    return {
        "序号": number,
        "排污口编号": outfall.outfall_id,
        "排污口名称": f"{outfall.township}街道{_short_name(outfall)}",
        "一级分类": LEVEL_1[outfall.category],
        "排污口类型": outfall.category,
        "受纳水体": outfall.river,
        "乡镇街道": f"{outfall.township}街道",
        "经度": lon,
        "纬度": lat,
        "责任主体": party,
        "排污许可证号": f"MN-XK-{number:04d}" if outfall.permitted_m3_d else "",
        "许可排水量（m³/d）": _amount(outfall),
        "日排水量（m³/d）": _or_empty(outfall.discharge_m3_d),
        "许可氨氮浓度（mg/L）": _or_empty(outfall.nh3n_mg_l),
        "许可总磷浓度（mg/L）": _or_empty(outfall.tp_mg_l),
        "许可COD浓度（mg/L）": _or_empty(outfall.cod_mg_l),
        "存在问题": _PROBLEMS[remedy],
        "整治类别": remedy,
        "整治阶段": "" if remedy == "无需整治" else _stage(outfall),
        "整治期限": "" if remedy == "无需整治" else "2026-12-31",
        "联系人": f"虚构某{number:03d}",
        "联系电话": f"000-0000-{number:04d}",
        "备注": f"{INVENTED}，{NOTE}",
    }


def _short_name(outfall: Outfall) -> str:
    if "口" in outfall.name:
        return outfall.name
    return f"{outfall.name.removesuffix(MARK)}{outfall.category}{MARK}"


def _remedy(outfall: Outfall) -> str:
    draw = chance("remedy", outfall.outfall_id)
    if outfall.category.endswith("散排口"):
        return "清理合并" if draw < 0.8 else "依法取缔"
    return "规范整治" if draw < 0.55 else "无需整治"


def _stage(outfall: Outfall) -> str:
    return _STAGES[int(4 * chance("stage", outfall.outfall_id))]


def _or_empty(value: float | None) -> object:
    if value is None:
        return ""
    return int(value) if float(value).is_integer() else value


def _amount(outfall: Outfall) -> object:
    """Permitted amount; some are typed as text, as registers have it."""
    if outfall.permitted_m3_d is None:
        return "/"
    amount = f"{outfall.permitted_m3_d:.0f}"
    if outfall.outfall_id == FAULTS.full_width:
        return "".join(chr(ord(digit) + 0xFEE0) for digit in amount)
    if outfall.outfall_id == FAULTS.thousands:
        return f"{int(amount):,}"
    if chance("as text", outfall.outfall_id) < 0.15:
        return amount
    return int(amount)


def _coordinates(number: int, outfall: Outfall) -> tuple[object, object]:
    lon, lat = degrees(outfall.point)
    if outfall.outfall_id == FAULTS.digit_missing:
        return float(f"{lon:.6f}"[1:]), lat  # 120.9… became 20.9…
    if outfall.outfall_id == FAULTS.swapped:
        return lat, lon
    if number % FAULTS.outfalls_in_dms == 3:
        form = ("{}°{}′{}″", "{}°{}'{}\"", "{}度{}分{}秒")[number % 3]
        return _dms(lon, form), _dms(lat, form)
    return lon, lat


def _dms(value: float, form: str) -> str:
    seconds = round(value * 3600, 2)
    degree, rest = divmod(seconds, 3600)
    minute, second = divmod(rest, 60)
    return form.format(int(degree), f"{int(minute):02d}", f"{second:05.2f}")
