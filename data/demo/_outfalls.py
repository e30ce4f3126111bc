"""Invented outfalls: along every canal some, a few put where a story needs them."""

import itertools
from dataclasses import dataclass, replace

import shapely

from demo._curves import chance, edge_line, way_nodes
from demo._layout import CANALS, LINES
from demo._places import OnEdge, township_at

INDUSTRY, PARK, TOWN_WORKS = (
    "工矿企业排污口",
    "工业及其他各类园区污水处理厂排污口",
    "城镇污水处理厂排污口",
)
INDUSTRY_RAIN, TOWN_RAIN = "工矿企业雨洪排口", "城镇雨洪排口"
LIVESTOCK, FISH, IRRIGATION = (
    "规模化畜禽养殖排污口",
    "规模化水产养殖排污口",
    "大中型灌区排口",
)
PORT, TOWN_SEWAGE, VILLAGE_WORKS, VILLAGE_SEWAGE, OTHER = (
    "港口码头排口",
    "城镇生活污水散排口",
    "农村污水处理设施排污口",
    "农村生活污水散排口",
    "其他排污口",
)
LEVEL_1 = {
    INDUSTRY: "工业排污口", INDUSTRY_RAIN: "工业排污口", PARK: "工业排污口",
    TOWN_WORKS: "城镇污水处理厂排污口", LIVESTOCK: "农业排口", FISH: "农业排口",
    IRRIGATION: "其他排口", PORT: "其他排口", TOWN_SEWAGE: "其他排口",
    VILLAGE_WORKS: "其他排口", VILLAGE_SEWAGE: "其他排口", TOWN_RAIN: "其他排口",
    OTHER: "其他排口",
}  # fmt: skip
"""Second-level class → first-level class (HJ 1312-2023)."""

# class → (least, most m³/d; permitted NH3-N, TP, COD in mg/L; COD as CODMn/COD 0.3)
_PERMITS: dict[str, tuple[float, float, float, float, float]] = {
    INDUSTRY: (300, 2600, 8, 0.5, 60),
    PARK: (9000, 16000, 5, 0.5, 50),
    TOWN_WORKS: (20000, 40000, 5, 0.5, 50),
    LIVESTOCK: (120, 420, 40, 5, 150),
    FISH: (800, 2500, 2, 0.5, 45),
    VILLAGE_WORKS: (60, 300, 15, 1, 60),
    PORT: (60, 200, 8, 1, 80),
}
# not permitted, measured by hand: m³/d, NH3-N, TP
_LOOSE: dict[str, tuple[float, float, float, float]] = {
    TOWN_SEWAGE: (25, 110, 22, 2.6),
    VILLAGE_SEWAGE: (8, 40, 18, 2.0),
    OTHER: (10, 80, 4, 0.5),
}
_MIX = {
    "中兴": (TOWN_RAIN, TOWN_RAIN, TOWN_SEWAGE, INDUSTRY, INDUSTRY_RAIN, OTHER, TOWN_SEWAGE),
    "小海": (INDUSTRY, TOWN_RAIN, INDUSTRY_RAIN, INDUSTRY, TOWN_SEWAGE, VILLAGE_WORKS, OTHER),
    "竹行": (INDUSTRY, VILLAGE_WORKS, INDUSTRY_RAIN, LIVESTOCK, VILLAGE_SEWAGE, IRRIGATION, INDUSTRY),
    "新开": (INDUSTRY, TOWN_RAIN, VILLAGE_WORKS, TOWN_SEWAGE, INDUSTRY_RAIN, FISH, VILLAGE_SEWAGE),
    "老洪港": (FISH, VILLAGE_WORKS, IRRIGATION, LIVESTOCK, VILLAGE_SEWAGE, FISH, INDUSTRY_RAIN),
}  # fmt: skip

_KEEP_CLEAR_M = 2700.0
"""No chance outfalls this near to the reservoir's intake: a few are put by hand."""
_EVERY_M = 1400.0


@dataclass(frozen=True)
class Outfall:
    """One outfall; ``share`` of the edge ``start → end`` says where."""

    outfall_id: str
    name: str
    category: str
    river: str
    river_id: str
    place: OnEdge
    permitted_m3_d: float | None = None
    nh3n_mg_l: float | None = None
    tp_mg_l: float | None = None
    cod_mg_l: float | None = None
    discharge_m3_d: float | None = None
    tale: str = ""

    @property
    def point(self) -> shapely.Point:
        """Place in metres."""
        return self.place.point

    @property
    def township(self) -> str:
        """District it lies in."""
        return township_at(self.point)

    def load_g_s(self, item: str) -> float:
        """Usual load: what is measured, or a class-wise share of the permit."""
        if self.permitted_m3_d:
            permitted = {"NH3N": self.nh3n_mg_l, "TP": self.tp_mg_l}[item] or 0.0
            share = 0.45 + 0.25 * chance("usual load", self.outfall_id)
            return share * permitted * self.permitted_m3_d / 86400
        if self.category in _LOOSE:
            place = {"NH3N": 2, "TP": 3}[item]
            return _LOOSE[self.category][place] * (self.discharge_m3_d or 0) / 86400
        return 0.0


INCIDENT = "incident"
"""Mark of the outfall that discharges too much in October."""

# id is given later; river line, share of its length, side, class, permit, tale
_BY_HAND: tuple[tuple[str, float, float, str, str, float | None, str], ...] = (
    ("TQ03", 0.42, 34, PARK, "示例新材料产业园污水处理厂（模拟）", 18000, INCIDENT),
    ("TQ01", 0.45, -33, PARK, "示例纺织园污水处理厂（模拟）", 10000, "decoy"),
    ("YC02", 0.30, -22, TOWN_WORKS, "示例第一污水处理厂（模拟）", 30000, "decoy"),
    ("CH03", 0.55, 26, TOWN_WORKS, "示例第二污水处理厂（模拟）", 12000, "decoy"),
    ("TX04", 0.50, 18, PARK, "示例装备园污水处理厂（模拟）", 9000, "behind gate"),
    ("TX03", 0.22, -17, INDUSTRY, "示例表面处理厂（模拟）", 1500, "behind gate"),
    ("TX04", 0.80, -18, INDUSTRY, "示例电子材料厂（模拟）", 1800, "behind gate"),
    ("XW01", 0.55, 9, TOWN_SEWAGE, "新圩浜东侧（模拟）", None, "behind gate"),
    ("XW01", 0.85, -10, TOWN_SEWAGE, "新圩浜南端（模拟）", None, "behind gate"),
    ("SI01", 0.40, 13, INDUSTRY, "示例印染二厂（模拟）", 1200, "possible"),
    ("YC01", 0.50, 20, INDUSTRY, "示例化纤厂（模拟）", 1600, "possible"),
    ("HX01", 0.35, 16, INDUSTRY, "示例食品厂（模拟）", 900, "possible"),
    # within the draft zones of the two water sources, and one just outside
    ("TQ07", 0.28, 46, TOWN_RAIN, "营船港闸上游左岸（模拟）", None, "zone"),
    ("LH01", 0.55, 18, FISH, "示例水产养殖场（模拟）", 900, "zone"),
    ("SC01", 0.90, 18, VILLAGE_WORKS, "石材市场南北河村庄（模拟）", 120, "zone"),
    ("CQ02", 0.60, -20, VILLAGE_SEWAGE, "长桥港河村庄（模拟）", None, "zone"),
    ("TH01", 0.10, 14, IRRIGATION, "团结横河灌区（模拟）", None, "zone"),
)  # fmt: skip
# on the bank of the Yangtze: along CJ02 (share), metres to the left, class, …
_ON_YANGTZE = (
    (0.375, 1215.0, PORT, "示例散货码头（模拟）", 120.0, "zone"),
    (0.640, 1330.0, PORT, "示例滚装码头（模拟）", 150.0, "just outside"),
)


def outfalls() -> list[Outfall]:
    """
    Make all outfalls, numbered from north to south along the river lines.

    Returns
    -------
    list of Outfall
        ``PK001`` … in the order of the river lines.
    """
    found = [*_hand_made(), *_along_lines()]
    order = {line.river_id: place for place, line in enumerate(LINES)}
    found.sort(key=lambda row: (order[row.river_id], row.place.left_m, row.name))
    return [
        replace(row, outfall_id=f"PK{number:03d}", name=_numbered(row, number))
        for number, row in enumerate(found, start=1)
    ]


def _numbered(row: Outfall, number: int) -> str:
    return row.name if row.tale else row.name.replace("#", f"{number}#")


def _hand_made() -> list[Outfall]:
    made = [
        _permitted(_on_line(river, share, left), river, category, name, amount, tale)
        for river, share, left, category, name, amount, tale in _BY_HAND
    ]
    for share, left, category, name, amount, tale in _ON_YANGTZE:
        place = _on_line("CJ02", share, left)
        made.append(_permitted(place, "CJ02", category, name, amount, tale))
    return made


def _along_lines() -> list[Outfall]:
    made = []
    reservoir = OnEdge("L0", "L1", 0.95).point
    for line in LINES:
        if line.canal in ("长江", "星湖", "云湖", "新圩浜"):
            continue
        length = sum(edge_line(a, b).length for a, b in _pairs(way_nodes(line)))
        wanted = length / _EVERY_M + chance("count", line.river_id)
        for k in range(int(wanted)):
            key = (line.river_id, k)
            share = (k + 0.2 + 0.6 * chance("share", *key)) / int(wanted)
            half = CANALS[line.canal].width_m / 2
            left = (half + 4 + 14 * chance("offset", *key)) * _side(*key)
            if line.river_id in ("TQ07", "KZ04", "FM02", "CH05", "NC04", "WZ04"):
                share *= 0.42  # stay inland of the gate
            place = _on_line(line.river_id, share, round(left, 1))
            if place.point.distance(reservoir) < _KEEP_CLEAR_M:
                continue
            if line.river_id == "TQ07":
                continue
            mix = _MIX[township_at(place.point)]
            category = mix[int(len(mix) * chance("class", *key))]
            name = f"{line.canal}#{_KIND_NAME.get(category, category)}（模拟）"
            made.append(
                _permitted(place, line.river_id, category, name, None, "", *key)
            )
    return made


_KIND_NAME = {
    INDUSTRY: "工业企业排污口",
    INDUSTRY_RAIN: "工业企业雨洪排口",
    LIVESTOCK: "畜禽养殖排污口",
    FISH: "水产养殖排污口",
    IRRIGATION: "灌区排口",
}


def _side(*key: object) -> int:
    return 1 if chance("side", *key) < 0.5 else -1


def _pairs(nodes: list[str]) -> list[tuple[str, str]]:
    return list(itertools.pairwise(nodes))


def _on_line(river_id: str, share: float, left_m: float) -> OnEdge:
    """Turn a share of a river line into a share of one of its edges."""
    line = next(line for line in LINES if line.river_id == river_id)
    pairs = _pairs(way_nodes(line))
    lengths = [edge_line(a, b).length for a, b in pairs]
    left = share * sum(lengths)
    for (a, b), length in zip(pairs, lengths, strict=True):
        if left <= length or (a, b) == pairs[-1]:
            return OnEdge(a, b, min(left / length, 1.0), left_m)
        left -= length
    raise AssertionError(river_id)


def _permitted(
    place: OnEdge,
    river_id: str,
    category: str,
    name: str,
    amount: float | None,
    tale: str,
    *key: object,
) -> Outfall:
    river = next(line.canal for line in LINES if line.river_id == river_id)
    row = Outfall("", name, category, river, river_id, place, tale=tale)
    key = key or (name,)
    if category in _PERMITS:
        low, high, nh3n, tp, cod = _PERMITS[category]
        chosen = low + (high - low) * chance("amount", *key)
        amount = amount or round(chosen, -1)
        return replace(
            row,
            permitted_m3_d=amount,
            nh3n_mg_l=nh3n,
            tp_mg_l=tp,
            cod_mg_l=cod,
            discharge_m3_d=round(amount * (0.6 + 0.3 * chance("flow", *key)), -1),
        )
    if category in _LOOSE:
        low, high, *_ = _LOOSE[category]
        chosen = low + (high - low) * chance("amount", *key)
        return replace(row, discharge_m3_d=round(chosen))
    return row
