"""A small synthetic town in Chinese: all kinds of layers a map draws."""

import geopandas as gpd
import numpy as np
import shapely

WEST, SOUTH = 120.80, 31.90
TYPES = [
    "工业排污口",
    "城镇污水处理厂排污口",
    "农业排口",
    "其他排口",
    "工业排污口",
    None,
]
STAGES = ["未整治", "整治中", "完成整治", "验收销号", None]
REMEDIES = ["依法取缔", "清理合并", "规范整治"]
TOWNS = ["东港镇", "西溪街道", "南浦镇", "北桥镇"]


def frame(columns, geometry):
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs=4490)


def at(x, y):
    """A place in the town, 0 to 1 both ways."""
    return (WEST + 0.22 * x, SOUTH + 0.14 * y)


def wavy(y, phase, start=0.02, end=0.98):
    xs = np.linspace(start, end, 40)
    return shapely.LineString([at(x, y + 0.03 * np.sin(9 * x + phase)) for x in xs])


def upright(x, start, end):
    ys = np.linspace(start, end, 24)
    return shapely.LineString([at(x + 0.015 * np.sin(11 * y + x), y) for y in ys])


def make_rivers():
    names = [
        "通江河",
        "团结河",
        "幸福河",
        "新开河",
        "友谊港",
        "东风港",
        "横港",
        "老界河",
    ]
    lines = [
        wavy(0.5, 0.0),
        wavy(0.78, 1.0),
        wavy(0.22, 2.0),
        upright(0.2, 0.22, 0.97),
        upright(0.42, 0.05, 0.78),
        upright(0.63, 0.22, 0.97),
        upright(0.83, 0.04, 0.8),
        upright(0.31, 0.03, 0.24),
    ]
    ranks = ["骨干河道", "县级", "县级", "镇级", "县级", "镇级", "镇级", "村级"]
    return frame(
        {
            "river_id": [f"HD{i:03d}" for i in range(len(lines))],
            "河道名称": names,
            "河道等级": ranks,
        },
        lines,
    )


def make_outfalls(count=160, seed=7):
    rng = np.random.default_rng(seed)
    rivers = make_rivers()
    which = rng.integers(0, len(rivers), count)
    spots = [
        rivers.geometry.iloc[w].interpolate(t, normalized=True)
        for w, t in zip(which, rng.random(count), strict=True)
    ]
    spots = [
        shapely.Point(p.x + dx, p.y + dy)
        for p, dx, dy in zip(spots, *rng.normal(0, 0.0006, (2, count)), strict=True)
    ]
    return frame(
        {
            "排口编号": [f"PW-{i:05d}" for i in range(count)],
            "排口名称": [f"{TOWNS[i % 4]}{i + 1}号排口" for i in range(count)],
            "排口类型": [TYPES[i] for i in rng.integers(0, len(TYPES), count)],
            "所在河流": rivers["河道名称"].to_numpy()[which],
            "责任单位": [f"江城{'甲乙丙丁'[i % 4]}业有限公司" for i in range(count)],
            "整治类型": [REMEDIES[i] for i in rng.integers(0, 3, count)],
            "整治状态": [STAGES[i] for i in rng.integers(0, 5, count)],
            "区县": [TOWNS[i % 4] for i in range(count)],
            "许可排水量": np.round(rng.gamma(2, 150, count), 1),
            "联系电话": ["13800000000"] * count,
        },
        spots,
    )


def on_rivers(places):
    """Points on rivers: which one, and how far along it from 0 to 1."""
    rivers = make_rivers().geometry
    return [rivers.iloc[i].interpolate(t, normalized=True) for i, t in places]


def make_sections():
    return frame(
        {
            "section_id": ["DM01", "DM02", "DM03", "DM04"],
            "name": ["通江桥", "西溪桥", "北桥闸口", "南浦大桥"],
            "river": ["通江河", "新开河", "团结河", "友谊港"],
            "target_class": ["III", "III", "IV", "III"],
            "water_class": ["V", "III", "IV", None],
            "reached": [False, True, True, None],
            "exceeded": ["氨氮 0.82倍", None, None, None],
        },
        on_rivers([(0, 0.92), (3, 0.5), (1, 0.5), (4, 0.35)]),
    )


def make_structures():
    return frame(
        {
            "structure_id": ["Z1", "Z2", "Z3", "Z4"],
            "name": ["横港闸", "东风泵站", "老界河涵", "友谊港闸"],
            "kind": ["sluice", "pump", "culvert", "sluice"],
            "state": ["closed", "open", "unknown", "one_way"],
        },
        [
            shapely.Point(at(*p))
            for p in [(0.83, 0.7), (0.63, 0.9), (0.31, 0.1), (0.42, 0.6)]
        ],
    )


def make_zones():
    centre = shapely.Point(at(0.2, 0.9))
    rings = [centre.buffer(r) for r in (0.006, 0.014)]
    return frame(
        {
            "zone_id": ["BH1", "BH2"],
            "name": ["北桥水源地一级保护区", "北桥水源地二级保护区"],
            "kind": ["protection"] * 2,
            "level": ["1", "2"],
            "status": ["approved", "draft"],
        },
        [rings[0], rings[1].difference(rings[0])],
    )


def make_admin():
    corners = [(0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1)]
    boxes = [shapely.box(*at(a, b), *at(c, d)) for a, b, c, d in corners]
    return frame(
        {"admin_id": ["320601", "320602", "320603", "320604"], "name": TOWNS}, boxes
    )


def make_trace():
    rivers = make_rivers().geometry
    main = rivers.iloc[0]
    reaches = frame(
        {
            "reach_id": ["R1", "R2", "R3", "R4"],
            "name": ["通江河", "东风港", "友谊港", "横港"],
            "relation": ["certain", "scenario", "possible", "certain"],
            "distance_m": [0.0, 3120.4567, 6520.1, 980.0],
            "travel_time_min_h": [0.0, 2.1, 6.0, 0.6],
            "travel_time_max_h": [0.0, 5.4, 14.0, 1.9],
        },
        [
            shapely.ops.substring(main, 0.35, 0.92, normalized=True),
            shapely.ops.substring(rivers.iloc[5], 0.0, 0.7, normalized=True),
            shapely.ops.substring(rivers.iloc[4], 0.2, 0.62, normalized=True),
            shapely.ops.substring(rivers.iloc[6], 0.25, 0.62, normalized=True),
        ],
    )
    spots = on_rivers(
        [(0, 0.82), (0, 0.7), (5, 0.62), (5, 0.3), (0, 0.5), (4, 0.45), (6, 0.4)]
    )
    count = len(spots)
    points = frame(
        {
            "layer": ["outfalls"] * count,
            "id": [f"PW-{i:05d}" for i in range(count)],
            "name": [f"{TOWNS[i % 4]}{i + 1}号排口" for i in range(count)],
            "relation": [
                "certain",
                "certain",
                "scenario",
                "scenario",
                "certain",
                "possible",
                "certain",
            ],
            "distance_m": [950.2, 2130.0, 3300.9, 3900.0, 4400.0, 6800.7, 1500.0],
            "travel_time_min_h": [0.8, 1.5, 2.2, 2.9, 3.1, 6.4, 1.1],
            "travel_time_max_h": [1.9, 3.4, 5.0, 6.1, 7.7, 15.0, 2.6],
            "probability": [0.41, 0.22, 0.12, 0.09, 0.06, 0.04, 0.03],
            "rank": [1, 2, 3, 4, 5, 6, 7],
        },
        spots,
    )
    return {"trace_reaches": reaches, "trace_points": points}


def make_town(*, trace=True):
    """Every layer with a style of its own, and one of the user's."""
    rivers = make_rivers()
    layers = {
        "admin": make_admin(),
        "zones": make_zones(),
        "rivers": rivers,
        "reaches": frame(
            {
                "reach_id": [f"H{i}" for i in range(len(rivers))],
                "flow_mode": ["normal"] * 6 + ["unknown"] * 2,
            },
            rivers.geometry,
        ),
        "projects": frame(
            {
                "project_id": ["GC1"],
                "name": ["通江河清淤工程"],
                "amount_10k_cny": [860.5],
            },
            [
                shapely.ops.substring(
                    rivers.geometry.iloc[0], 0.05, 0.2, normalized=True
                )
            ],
        ),
        "sources": frame(
            {
                "source_id": ["WR1", "WR2"],
                "name": ["江城印染厂", "南浦养殖场"],
                "kind": ["印染", "畜禽养殖"],
            },
            [shapely.Point(at(0.7, 0.6)), shapely.box(*at(0.5, 0.1), *at(0.55, 0.15))],
        ),
        "structures": make_structures(),
        "outfalls": make_outfalls(),
        "water_sources": frame(
            {"water_source_id": ["SY1"], "name": ["北桥水源地"], "river": ["新开河"]},
            [shapely.Point(at(0.2, 0.9))],
        ),
        "sections": make_sections(),
        "issues": frame(
            {
                "issue_id": ["W1"],
                "kind": ["dangling"],
                "severity": ["warning"],
                "subject": ["HD003"],
                "message": ["断头靠近另一条线"],
                "message_en": ["dangling end"],
                "repair": ["接上"],
                "repair_en": ["snap"],
            },
            [shapely.Point(at(0.2, 0.23))],
        ),
        "雨水泵房": frame({"名称": ["一号泵房"]}, [shapely.Point(at(0.15, 0.35))]),
    }
    return layers | (make_trace() if trace else {})
