"""The schematic canal town: where canals run, as drawn, and what stands in them.

Kilometres east and north of (580 km, 3520 km) in EPSG:4549. 横河 run east to west,
竖河 north to south, 港 lead through a gate to the Yangtze, which flows by in the
south-west. Names marked * below are invented, the others stand in the plans.
"""

from dataclasses import dataclass

ORIGIN_M = (580_000.0, 3_520_000.0)
CRS = "EPSG:4549"

NODES: dict[str, tuple[float, float]] = {
    # 长江: ends and the mouths of the canals, on the centreline
    "Y-N": (3.40, 16.20), "M-富民": (4.55, 13.70), "M-裤子": (5.75, 11.55),
    "M-营船": (7.30, 9.20), "M-新开": (8.95, 7.05), "M-长桥": (10.55, 5.25),
    "M-团结": (12.30, 3.60), "M-南农": (14.30, 2.15), "M-东方": (16.50, 0.90),
    "Y-S": (18.60, 0.10),
    # where the canals pass the dyke
    "G-富民": (5.60, 14.30), "G-裤子": (6.80, 12.20), "G-营船": (8.30, 9.90),
    "G-新开": (9.90, 7.80), "G-长桥": (11.40, 6.10), "G-团结": (13.10, 4.50),
    "G-南农": (14.90, 3.20), "G-东方": (17.00, 2.00),
    # 通启运河
    "T0": (19.30, 16.50), "T1": (18.60, 16.40), "T2": (16.90, 16.10),
    "T3": (14.10, 15.95), "T4": (12.30, 16.20), "T5": (10.60, 15.80),
    "T6": (10.15, 15.00), "T7": (9.95, 14.00), "T8": (9.75, 12.95),
    "T9": (9.50, 11.90), "T10": (9.10, 11.00),
    # 裤子港河, 富民港
    "K0": (8.30, 17.30), "K1": (8.00, 15.20), "K2": (7.80, 14.20), "K3": (7.60, 13.30),
    "F0": (6.90, 16.60), "F1": (6.40, 15.30),
    "SI": (8.85, 14.15), "XW": (8.75, 13.62),
    # 营船港河 and the 横河 east of it
    "Y1": (12.10, 14.70), "Y2": (11.75, 13.40), "Y3": (11.20, 12.15),
    "Y4": (10.20, 11.35), "J1": (13.00, 10.85), "J2": (11.50, 10.45),
    "H1": (14.00, 14.55), "H2": (16.75, 14.70), "HZ": (17.75, 14.82),
    "ZB": (17.80, 15.60), "H3": (18.55, 14.90),
    "Q1": (13.85, 13.20), "QX": (15.25, 13.25), "XB": (15.20, 12.55),
    "Q2": (16.65, 13.35), "Q3": (18.50, 13.55),
    "X1": (13.30, 11.95), "X2": (15.10, 11.85), "X3": (16.50, 11.95),
    "X4": (18.40, 12.10),
    "D0": (17.00, 17.30), "S0": (14.20, 17.30),
    # 长洪河 and the south
    "C0": (19.20, 10.70), "C5": (18.30, 10.55), "W0": (17.15, 10.38),
    "C4": (16.40, 10.20), "C3": (15.00, 9.80), "C2": (13.20, 9.45), "C1": (11.40, 8.75),
    "B1": (12.90, 8.30), "B2": (12.20, 7.25),
    "P1": (14.90, 8.20), "P2": (16.30, 8.35), "P3": (18.90, 8.65),
    "N0": (19.00, 6.95), "N1": (18.15, 6.70), "N2": (16.35, 6.30), "N3": (15.25, 5.40),
    "N4": (15.05, 4.30), "W3": (16.75, 4.05), "E1": (18.50, 4.30),
    "S1": (14.15, 6.45),
    "L0": (12.40, 6.45), "L1": (12.95, 5.85), "L2": (13.35, 5.40),
}  # fmt: skip
"""Junctions, ends and bends by name."""


@dataclass(frozen=True)
class Canal:
    """A water course: what it is called, how big it is, the way it takes."""

    rank: str
    width_m: float
    depth_m: float
    nodes: tuple[str, ...]
    invented: bool = False


def _way(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CANALS: dict[str, Canal] = {
    "长江": Canal("一级", 2400, 12.0, _way(
        "Y-N M-富民 M-裤子 M-营船 M-新开 M-长桥 M-团结 M-南农 M-东方 Y-S")),
    "通启运河": Canal("二级", 32, 2.0, _way(
        "T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 G-营船 M-营船")),
    "裤子港河": Canal("三级", 24, 1.8, _way("K0 K1 K2 K3 G-裤子 M-裤子")),
    "富民港": Canal("三级", 16, 1.6, _way("F0 F1 G-富民 M-富民")),
    "中兴横河": Canal("四级", 10, 1.3, _way("F1 K1"), invented=True),
    "三圩横河": Canal("四级", 12, 1.5, _way("T6 K1")),
    "四圩横河": Canal("四级", 10, 1.3, _way("T7 SI K2")),
    "五圩横河": Canal("四级", 10, 1.3, _way("T8 K3")),
    "新圩浜": Canal("五级", 6, 1.0, _way("SI XW"), invented=True),
    "营船港河": Canal("三级", 22, 1.8, _way("T4 Y1 Y2 Y3 Y4 T10")),
    "宏兴路北横河": Canal("四级", 14, 1.5, _way("H3 HZ H2 H1 Y1")),
    "竹行浜": Canal("五级", 6, 1.0, _way("ZB HZ"), invented=True),
    "汽车城北横河": Canal("四级", 14, 1.5, _way("Q3 Q2 QX Q1 Y2")),
    "小海浜": Canal("五级", 6, 1.0, _way("XB QX"), invented=True),
    "天星横河": Canal("四级", 16, 1.6, _way("X4 X3 X2 X1 Y3 T9")),
    "天星南横河": Canal("五级", 9, 1.2, _way("X1 J1 J2 Y4"), invented=True),
    "汤家窑竖河": Canal("四级", 12, 1.4, _way("T3 H1 Q1")),
    "东方竖河": Canal("四级", 16, 1.6, _way("D0 T2 H2 Q2 X3 C4")),
    "竹行竖河": Canal("四级", 14, 1.5, _way("T1 H3 Q3 X4 C5"), invented=True),
    "国核西竖河": Canal("五级", 10, 1.3, _way("X2 C3")),
    "小海竖河": Canal("四级", 14, 1.5, _way("S0 T3"), invented=True),
    "长洪河": Canal("三级", 28, 2.0, _way("C0 C5 W0 C4 C3 C2 C1 G-新开 M-新开")),
    "长桥港河": Canal("四级", 16, 1.6, _way("C2 B1 B2 G-长桥 M-长桥")),
    "民生圩北横河": Canal("四级", 12, 1.4, _way("B1 P1 P2 P3")),
    "王子竖河": Canal("四级", 16, 1.6, _way("W0 P2 N2 W3 G-东方 M-东方")),
    "新开竖河": Canal("四级", 12, 1.4, _way("C5 N1"), invented=True),
    "农场中心河": Canal("三级", 20, 1.7, _way("N0 N1 N2 N3 N4 G-南农 M-南农")),
    "南农横河": Canal("五级", 9, 1.2, _way("N4 W3"), invented=True),
    "东方红横河": Canal("五级", 9, 1.2, _way("E1 W3"), invented=True),
    "石材市场南北河": Canal("四级", 12, 1.4, _way("P1 S1 G-团结 M-团结")),
    "团结横河": Canal("五级", 9, 1.2, _way("N3 S1"), invented=True),
    "老洪港引水河": Canal("四级", 12, 1.5, _way("B2 L0"), invented=True),
    "星湖": Canal("湖库", 320, 3.0, _way("L0 L1")),
    "云湖": Canal("湖库", 240, 3.0, _way("L1 L2")),
}  # fmt: skip

WITH, AGAINST, BOTH, BLANK = "顺流", "逆流", "双向", ""


@dataclass(frozen=True)
class Line:
    """A river line as the bureau has it: part of a canal, first to last node drawn."""

    river_id: str
    canal: str
    start: str
    end: str
    direction: str
    township: str
    has_velocity: bool = False


def _lines(*rows: str) -> tuple[Line, ...]:
    """Read ``id canal start end direction township [v]``; ``-`` is a blank direction."""
    found = []
    for row in rows:
        river_id, canal, start, end, direction, township, *more = row.split()
        direction = BLANK if direction == "-" else direction
        found.append(Line(river_id, canal, start, end, direction, township, bool(more)))
    return tuple(found)


LINES = _lines(
    "CJ01 长江 Y-N M-裤子 顺流 长江 v", "CJ02 长江 M-裤子 M-长桥 顺流 长江 v",
    "CJ03 长江 M-长桥 Y-S 顺流 长江 v",
    "TQ01 通启运河 T0 T2 顺流 竹行 v", "TQ02 通启运河 T3 T2 逆流 小海 v",
    "TQ03 通启运河 T3 T4 顺流 小海 v", "TQ04 通启运河 T4 T6 顺流 中兴 v",
    "TQ05 通启运河 T6 T8 顺流 中兴 v", "TQ06 通启运河 T8 T10 顺流 中兴",
    "TQ07 通启运河 T10 M-营船 顺流 中兴",
    "KZ01 裤子港河 K0 K1 顺流 中兴 v", "KZ02 裤子港河 K1 K2 顺流 中兴",
    "KZ03 裤子港河 K3 K2 逆流 中兴", "KZ04 裤子港河 K3 M-裤子 顺流 中兴",
    "FM01 富民港 F0 F1 顺流 中兴", "FM02 富民港 F1 M-富民 顺流 中兴",
    "ZX01 中兴横河 F1 K1 双向 中兴", "SW01 三圩横河 T6 K1 顺流 中兴",
    "SI01 四圩横河 T7 K2 双向 中兴", "WU01 五圩横河 K3 T8 - 中兴",
    "XW01 新圩浜 SI XW - 中兴",
    "YC01 营船港河 T4 Y1 - 小海", "YC02 营船港河 Y1 Y3 顺流 小海",
    "YC03 营船港河 Y3 T10 顺流 中兴 v",
    "HX01 宏兴路北横河 H1 Y1 - 小海", "HX02 宏兴路北横河 H2 H1 - 小海",
    "HX03 宏兴路北横河 H2 H3 - 竹行", "ZB01 竹行浜 ZB HZ - 竹行",
    "QC01 汽车城北横河 QX Y2 顺流 小海", "QC02 汽车城北横河 Q3 QX - 竹行",
    "XB01 小海浜 XB QX 顺流 小海",
    "TX01 天星横河 Y3 T9 顺流 中兴", "TX02 天星横河 X1 Y3 - 新开",
    "TX03 天星横河 X2 X1 - 新开", "TX04 天星横河 X3 X2 顺流 新开",
    "TX05 天星横河 X4 X3 - 新开",
    "TN01 天星南横河 X1 J2 顺流 新开", "TN02 天星南横河 Y4 J2 逆流 新开",
    "TJ01 汤家窑竖河 T3 H1 顺流 小海", "TJ02 汤家窑竖河 H1 Q1 顺流 小海",
    "DF01 东方竖河 D0 T2 顺流 竹行", "DF02 东方竖河 T2 H2 - 竹行",
    "DF03 东方竖河 H2 X3 顺流 竹行", "DF04 东方竖河 X3 C4 顺流 新开",
    "ZH01 竹行竖河 T1 H3 顺流 竹行", "ZH02 竹行竖河 Q3 H3 - 竹行",
    "ZH03 竹行竖河 Q3 X4 顺流 竹行", "ZH04 竹行竖河 X4 C5 顺流 新开",
    "GH01 国核西竖河 X2 C3 顺流 新开", "XH01 小海竖河 S0 T3 顺流 小海",
    "CH01 长洪河 C0 C5 顺流 新开 v", "CH02 长洪河 C5 C4 顺流 新开",
    "CH03 长洪河 C4 C2 顺流 新开", "CH04 长洪河 C2 C1 顺流 新开 v",
    "CH05 长洪河 C1 M-新开 顺流 老洪港",
    "CQ01 长桥港河 C2 B1 - 老洪港", "CQ02 长桥港河 B1 B2 双向 老洪港",
    "CQ03 长桥港河 B2 M-长桥 顺流 老洪港",
    "MS01 民生圩北横河 B1 P1 - 老洪港", "MS02 民生圩北横河 P1 P2 - 老洪港",
    "MS03 民生圩北横河 P2 P3 - 老洪港",
    "WZ01 王子竖河 W0 P2 顺流 老洪港", "WZ02 王子竖河 P2 N2 顺流 老洪港",
    "WZ03 王子竖河 N2 W3 - 老洪港", "WZ04 王子竖河 W3 M-东方 顺流 老洪港",
    "XK01 新开竖河 C5 N1 - 新开",
    "NC01 农场中心河 N0 N1 顺流 老洪港", "NC02 农场中心河 N2 N1 逆流 老洪港",
    "NC03 农场中心河 N2 N3 顺流 老洪港", "NC04 农场中心河 N3 M-南农 顺流 老洪港",
    "NH01 南农横河 N4 W3 双向 老洪港", "DH01 东方红横河 E1 W3 - 老洪港",
    "SC01 石材市场南北河 P1 S1 顺流 老洪港",
    "SC02 石材市场南北河 S1 M-团结 顺流 老洪港",
    "TH01 团结横河 N3 S1 - 老洪港", "LH01 老洪港引水河 B2 L0 - 老洪港",
    "XL01 星湖 L0 L1 双向 老洪港", "YL01 云湖 L1 L2 双向 老洪港",
)  # fmt: skip

# Faults a drawn river layer has; each is listed in the README.
T_WITHOUT_NODE = ("GH01", "CH03", "C3")
"""GH01 ends on CH03 where CH03 has no vertex."""
CROSSING_WITHOUT_NODE = ("QC02", "DF03", "Q2")
"""Both lines pass the crossing without a vertex there."""
NEAR_MISS = ("TJ02", "Q1", 0.7)
"""TJ02 ends this many metres before it reaches the other canal."""


@dataclass(frozen=True)
class Structure:
    """A gate or pump: on the edge ``start → end`` at ``share`` of its length."""

    structure_id: str
    name: str
    kind: str
    role: str
    state: str
    river: str
    start: str
    end: str
    share: float
    capacity_m3_s: float | None
    note: str = ""


_INVENTED = "模拟，名称虚构"
STRUCTURES = tuple(
    Structure(*row)  # type: ignore[arg-type]
    for row in (
        ("Z01", "富民港涵闸", "涵闸", "出江", "只排不引", "富民港", "F1", "G-富民", 0.97, 10),
        ("Z02", "裤子港闸", "水闸", "出江", "只排不引", "裤子港河", "K3", "G-裤子", 0.97, 30),
        ("Z03", "营船港闸", "水闸", "出江", "只排不引", "通启运河", "T10", "G-营船", 0.97, 80),
        ("Z04", "新开港闸", "水闸", "出江", "常开", "长洪河", "C1", "G-新开", 0.97, 40),
        ("Z05", "长桥港闸", "水闸", "出江", "关闭", "长桥港河", "B2", "G-长桥", 0.95, 15, _INVENTED),
        ("Z06", "团结闸", "水闸", "出江", "开启", "石材市场南北河", "S1", "G-团结", 0.97, 20),
        ("Z07", "南农闸", "水闸", "出江", "开启", "农场中心河", "N4", "G-南农", 0.96, 20),
        ("Z08", "东方红闸", "水闸", "出江", "开启", "王子竖河", "W3", "G-东方", 0.97, 20),
        ("Z09", "天星横河东闸", "节制闸", "节制", "关闭", "天星横河", "X2", "X1", 0.45, 8,
         "计划加泵（2021 工程第24项）"),
        ("Z10", "三圩横河控导", "节制闸", "控制", "开启", "三圩横河", "T6", "K1", 0.97, 4),
        ("Z11", "四圩横河控导", "节制闸", "控制", "不详", "四圩横河", "SI", "K2", 0.96, 4),
        ("Z12", "五圩横河控导", "节制闸", "控制", "关闭", "五圩横河", "T8", "K3", 0.97, 4),
        ("Z13", "江韵路国核西竖河箱涵", "箱涵", "内部", "常开", "国核西竖河", "X2", "C3", 0.40, 3),
        ("Z14", "小海引水闸", "水闸", "引水", "开启", "小海竖河", "S0", "T3", 0.15, 5, _INVENTED),
        ("Z15", "竹行翻水站", "泵站", "引水", "开启", "东方竖河", "D0", "T2", 0.20, 3, _INVENTED),
        ("Z16", "新圩浜闸", "涵闸", "控制", "关闭", "新圩浜", "SI", "XW", 0.15, 1, _INVENTED),
        ("Z17", "老洪港水库进水闸", "水闸", "控制", "关闭", "老洪港引水河", "B2", "L0", 0.80, 6, _INVENTED),
        ("Z18", "民生圩倒虹吸", "倒虹吸", "内部", "常开", "民生圩北横河", "P2", "P3", -1.0, 2,
         "模拟，名称虚构；民生圩北横河在新开竖河下穿过，不连通"),
        ("Z19", "小海排涝泵站", "排涝泵站", "控制", "不详", "小海浜", "XB", "QX", 0.80, 2, _INVENTED),
        ("Z20", "东方红横河堰", "堰", "内部", "", "东方红横河", "E1", "W3", 0.50, None, _INVENTED),
    )
)  # fmt: skip
"""Sorted by id. A share of -1 stands for the crossing with 新开竖河."""

OPERATOR = "示例闸站管理所（模拟）"

INFLOWS_M3_S = {
    "T0": 2.8, "K0": 1.0, "F0": 1.7, "S0": 0.5, "D0": 0.4, "C0": 0.9, "N0": 0.6,
}  # fmt: skip
"""Water that enters at the edge of the map (invented)."""
