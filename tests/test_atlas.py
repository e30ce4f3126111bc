"""The atlas of water sources: right corners, right areas, and drafts that say so."""

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from shapely.geometry.polygon import orient

import geotool as gt
from geotool._angles import format_angle, parse_angles
from geotool.errors import LayerError, ReportError, SourceError
from geotool.maps.sheet_figures import Block, plot_sheet, wrap
from geotool.report import _atlas_page
from geotool.report._atlas_points import DMS_DECIMALS
from geotool.report._atlas_write import POINTS_BOOK, WHOLE_BOOK, file_names
from geotool.zones import ZonePlan

DATA = Path(__file__).parents[1] / "data"
DAY = dt.date(2026, 9, 1)
X0, Y0 = 587_000.0, 3_528_000.0


def zone(shape, level="1", *, status="draft", source="SY1", zone_id=None):
    return {
        "zone_id": zone_id or f"ZN-{source}-{level}",
        "name": f"东水源{level}",
        "kind": "protection",
        "level": level,
        "level_zh": {"1": "一级", "2": "二级", "3": "准"}.get(level, "级别不明"),
        "water_source_id": source,
        "status": status,
        "approval": "某复〔2020〕1号" if status == "approved" else None,
        "geometry": shape,
    }


def layer(*rows, crs=4549):
    return gpd.GeoDataFrame(list(rows), geometry="geometry", crs=crs)


def sources(*places, **columns):
    table = {
        "water_source_id": [f"SY{n + 1}" for n in range(len(places))],
        "name": [f"水源{n + 1}" for n in range(len(places))],
        "datum_status": "declared",
        **columns,
    }
    points = [None if place is None else shapely.Point(place) for place in places]
    return gpd.GeoDataFrame(table, geometry=points, crs=4549)


def blob(seed, corners=40, radius=900.0):
    """A crooked outline, star-shaped so that it is valid."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.random(corners)) * 2 * np.pi
    far = radius * (0.4 + 0.6 * rng.random(corners))
    shape = shapely.Polygon(
        np.column_stack([X0 + far * np.cos(angle), Y0 + far * np.sin(angle)])
    )
    return shapely.make_valid(shape)


def rings_of(points):
    """Put the areas together again from the listed X and Y."""
    parts = []
    for _, part in points.groupby(["zone_id", "part"], sort=False):
        lines = [
            ring[["y_east_m", "x_north_m"]].to_numpy(float)
            for _, ring in part.groupby("ring", sort=True)
        ]
        parts.append(shapely.Polygon(lines[0], lines[1:]))
    return parts


# ---------------------------------------------------------------- boundary points
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), tolerance_m=st.sampled_from([0.0, 1.0, 5.0, 40.0]))
def test_the_listed_corners_give_the_outline_back_within_the_tolerance(
    seed, tolerance_m
):
    shape = blob(seed)
    points, told = gt.boundary_points(layer(zone(shape)), tolerance_m=tolerance_m)
    back = shapely.union_all(rings_of(points))
    off = shapely.hausdorff_distance(shapely.boundary(shape), shapely.boundary(back))
    assert off <= tolerance_m + 0.01
    assert told["max_offset_m"].iloc[0] == pytest.approx(off, abs=0.02)
    assert told["n_points"].iloc[0] == len(points) <= told["n_before"].iloc[0]
    assert back.is_valid
    change = (back.area - shape.area) / shape.area
    assert told["area_change_share"].iloc[0] == pytest.approx(change, abs=1e-5)


def test_corners_are_numbered_clockwise_and_the_first_is_not_repeated():
    island = shapely.Polygon(
        shapely.box(X0, Y0, X0 + 900, Y0 + 900).exterior,
        [shapely.box(X0 + 300, Y0 + 300, X0 + 500, Y0 + 500).exterior],
    )
    far = shapely.box(X0 + 2000, Y0, X0 + 2100, Y0 + 100)
    both = shapely.MultiPolygon([far, island])
    points, _ = gt.boundary_points(layer(zone(both)))
    assert points["label"].tolist() == [f"1-{n}" for n in range(1, 13)]
    assert points["part"].tolist() == [1] * 8 + [2] * 4, "the largest part comes first"
    assert points["ring"].tolist() == [0] * 4 + [1] * 4 + [0] * 4
    first = points[points["ring"] == 0].head(4)
    assert first[["y_east_m", "x_north_m"]].iloc[0].tolist() == [X0, Y0 + 900]
    ring = shapely.LinearRing(first[["y_east_m", "x_north_m"]].to_numpy(float))
    assert not ring.is_ccw
    assert shapely.union_all(rings_of(points)).equals(
        orient(both.geoms[0]).union(island)
    )


def test_an_approved_outline_loses_no_corner():
    shape = blob(1, 200)
    rows = zone(shape, status="approved"), zone(blob(2, 200), "2")
    points, told = gt.boundary_points(layer(*rows), tolerance_m=30)
    assert told["n_points"].iloc[0] == told["n_before"].iloc[0]
    assert told["max_offset_m"].iloc[0] == 0
    assert told["n_points"].iloc[1] < told["n_before"].iloc[1]
    assert points["label"].is_unique


@pytest.mark.parametrize("crs", [4549, 4490, 4326, 32651])
def test_coordinates_are_those_of_cgcs2000(crs):
    shape = layer(zone(blob(3))).to_crs(crs)
    points, _ = gt.boundary_points(shape, tolerance_m=0)
    assert points.crs.to_epsg() == 4490
    move = pyproj.Transformer.from_crs(4490, 4549, always_xy=True)
    east, north = move.transform(points["lon"].to_numpy(), points["lat"].to_numpy())
    assert np.abs(points["y_east_m"] - east).max() < 0.02
    assert np.abs(points["x_north_m"] - north).max() < 0.02
    corners = shapely.get_coordinates(layer(zone(blob(3))).geometry.iloc[0])
    nearest = [
        np.hypot(*(corners - one).T).min() for one in np.column_stack([east, north])
    ]
    assert max(nearest) < 0.02


@given(st.floats(0, 179.99999, allow_nan=False))
def test_degrees_minutes_and_seconds_can_be_read_back(value):
    text = format_angle(value, decimals=DMS_DECIMALS)
    assert "60.00″" not in text
    assert "60′" not in text
    assert parse_angles([text]).value[0] == pytest.approx(value, abs=0.0051 / 3600)


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf")])
def test_a_tolerance_must_be_metres(bad):
    with pytest.raises(LayerError, match="容差"):
        gt.boundary_points(layer(zone(blob(1))), tolerance_m=bad)


# ---------------------------------------------------------------- sheets
def nested(source="SY1", at=(X0, Y0), *, status="draft"):
    spot = shapely.Point(at)
    one, two, three = spot.buffer(500), spot.buffer(1500), spot.buffer(2500)
    shapes = one, two.difference(one), three.difference(two)
    return [
        zone(shape, level, source=source, status=status)
        for shape, level in zip(shapes, "123", strict=True)
    ]


def test_areas_are_rings_and_sums_on_the_ellipsoid():
    atlas = gt.source_atlas(sources((X0, Y0)), layer(*nested()))
    zones = atlas["SY1"].zones
    geod = pyproj.Geod(ellps="GRS80")
    for row in zones.to_crs(4490).itertuples():
        area, _ = geod.geometry_area_perimeter(row.geometry)
        assert row.area_km2 == pytest.approx(abs(area) / 1e6, rel=1e-5)
    assert zones["ring_km2"].cumsum().to_numpy() == pytest.approx(
        zones["area_km2"].to_numpy(), rel=1e-6
    )
    assert zones["area_km2"].is_monotonic_increasing


def outfalls(*places, **columns):
    return gpd.GeoDataFrame(
        {
            "outfall_id": [f"PK{n + 1}" for n in range(len(places))],
            "name": [f"排口{n + 1}" for n in range(len(places))],
            "datum_status": "known",
            **columns,
        },
        geometry=[None if p is None else shapely.Point(p) for p in places],
        crs=4549,
    )


def test_conflicts_are_those_of_each_source_also_where_zones_overlap():
    "screened all at once, an outfall in two zones would be named under one of them"
    zones = layer(*nested("SY1"), *nested("SY2", (X0 + 1200, Y0)))
    points = outfalls((X0 + 600, Y0), (X0 - 1000, Y0), (X0 + 9000, Y0), None)
    atlas = gt.source_atlas(
        sources((X0, Y0), (X0 + 1200, Y0)), zones, screened={"outfalls": points}, on=DAY
    )
    found = {sheet.source_id: sheet.conflicts for sheet in atlas}
    assert found["SY1"]["id"].tolist() == ["PK1", "PK2"]
    assert found["SY2"].set_index("id")["grade"].to_dict() == {
        "PK1": "conflict",
        "PK2": "attention",
    }
    assert "三百一十八" in found["SY1"]["clause"].iloc[0]
    old = gt.source_atlas(
        sources((X0, Y0)), layer(*nested()), screened={"outfalls": points},
        on=dt.date(2025, 1, 1),
    )  # fmt: skip
    assert "水污染防治法" in old["SY1"].conflicts["clause"].iloc[0]


def test_lines_and_areas_tell_how_much_of_them_lies_inside():
    box = shapely.box(X0 + 300, Y0 - 100, X0 + 700, Y0 + 100)
    plant = gpd.GeoDataFrame(
        {"source_id": ["WR1"], "name": ["某厂"], "datum_status": "known"},
        geometry=[box], crs=4549,
    )  # fmt: skip
    pipe = gpd.GeoDataFrame(
        {"name": ["管线"], "datum_status": "known"},
        geometry=[shapely.LineString([(X0 - 4000, Y0), (X0 + 4000, Y0)])], crs=4549,
    )  # fmt: skip
    sheet = gt.source_atlas(
        sources((X0, Y0)), layer(*nested()), screened={"sources": plant, "管线": pipe},
        on=DAY,
    )["SY1"]  # fmt: skip
    found = sheet.conflicts.set_index("name")
    assert found["overlap_m2"]["某厂"] == pytest.approx(80_000, rel=1e-3)
    assert found["overlap_m"]["管线"] == pytest.approx(3000, rel=1e-3)
    words = {row[0]: row[2] for row in _atlas_page.conflict_rows(sheet)}
    assert words["WR1 某厂"].startswith("重叠 ")
    assert words["WR1 某厂"].endswith(" m²")


def test_nothing_screened_is_not_no_conflict():
    register, zones = sources((X0, Y0)), layer(*nested())
    silent = gt.source_atlas(register, zones)["SY1"]
    clear = gt.source_atlas(
        register, zones, screened={"outfalls": outfalls((X0 + 9000, Y0))}
    )["SY1"]
    assert silent.conflicts is None
    assert "未做筛查" in _atlas_page.conflict_words(silent)
    assert len(clear.conflicts) == 0
    assert "都在本水源地保护区外" in _atlas_page.conflict_words(clear)


@pytest.mark.parametrize(
    ("statuses", "word", "is_draft"),
    [
        (("draft", "draft"), "草案", True),
        (("approved", "approved"), "已批复", False),
        (("approved", "draft"), "含草案", True),
        ((None, None), "草案", True),
    ],
)
def test_every_sheet_says_whether_it_is_a_draft(statuses, word, is_draft):
    rows = nested()[:2]
    for row, status in zip(rows, statuses, strict=True):
        row["status"] = status
    sheet = gt.source_atlas(sources((X0, Y0)), layer(*rows))["SY1"]
    assert sheet.notice.startswith(word)
    assert sheet.is_draft == is_draft
    assert ("草案" in sheet.title) == is_draft
    texts = [text.get_text() for text in sheet.figure().findobj(Text)]
    assert any(word in text for text in texts)


def test_sources_without_zones_and_zones_without_source_are_told():
    rows = [*nested()[:1], zone(blob(1), source="SY9"), zone(blob(2), source="")]
    rows.append({**zone(blob(3), source="SY1"), "kind": "buffer"})
    atlas = gt.source_atlas(sources((X0, Y0), (X0, Y0), None), layer(*rows))
    assert [sheet.source_id for sheet in atlas] == ["SY1", "SY2", "SY3", "SY9"]
    assert len(atlas["SY1"].zones) == 1, "a buffer is no protection zone"
    assert atlas["SY2"].notice.startswith("未划出")
    assert atlas["SY2"].points.empty
    assert not atlas["SY2"].is_draft
    assert dict(atlas["SY3"].facts)["取水口"] == "没有坐标"
    assert "没有此编号" in dict(atlas["SY9"].facts)["登记"]
    assert "1 个保护区没有水源地编号" in atlas.notes[0]
    for sheet in atlas:
        sheet.figure()
    with pytest.raises(ReportError, match="SY7"):
        atlas["SY7"]


def test_an_unknown_datum_and_the_rule_are_on_the_sheet():
    plan = ZonePlan(
        zones=layer(*nested()),
        notes=pd.DataFrame(
            [
                ("SY1", "info", "小事", "a trifle"),
                ("SY1", "warning", "河宽缺失", "no width"),
                ("", "info", "江苏规则：草案说明", "rule"),
            ],
            columns=["water_source_id", "severity", "note", "note_en"],
        ),
        rule="jiangsu",
    )
    sheet = gt.source_atlas(sources((X0, Y0), datum_status="unknown"), plan)["SY1"]
    assert "基准不明" in sheet.notes[1]
    assert sheet.notes.index("河宽缺失") < sheet.notes.index("小事")
    assert sheet.notes[-1] == "江苏规则：草案说明"
    assert any("容差 5 m" in note and "最大偏移" in note for note in sheet.notes)


def test_wrong_layers_are_refused():
    with pytest.raises(LayerError, match="唯一"):
        gt.source_atlas(
            sources((X0, Y0), (X0, Y0), water_source_id=["A", "A"]), layer(*nested())
        )
    areas = (
        outfalls((X0, Y0)).set_geometry([blob(1)], crs=4549).drop(columns="geometry")
    )
    areas = gpd.GeoDataFrame(areas.assign(geometry=[None]), crs=4549)
    found = gt.source_atlas(
        sources((X0, Y0)), layer(*nested()), screened={"outfalls": areas}
    )
    assert len(found["SY1"].conflicts) == 0, "a point without a place meets no zone"


# ---------------------------------------------------------------- the drawn sheet
def test_what_does_not_fit_is_told_and_nothing_leaves_the_page():
    rows = [(f"{n}", "120°00′00.00″", "31°00′00.00″") for n in range(900)]
    long = [("很长的名字" * 30, "判定", "条款" * 40)] * 12
    figure = plot_sheet(
        {"water_sources": sources((X0, Y0))},
        [
            Block("冲突", long, (0.5, 0.1, 0.4), most_rows=4, more="，见表"),
            Block(
                "拐点",
                rows,
                (0.18, 0.42, 0.4),
                header=("点", "经", "纬"),
                across=3,
                size=7,
            ),
            Block("放不下的", [("某",)] * 3),
        ],
        title="长" * 200,
        extent=(120.8, 31.8, 121.0, 32.0),
    )
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    rest = [text.get_text() for text in texts if "其余" in text.get_text()]
    assert rest[0] == "（其余 8 行，见表）"
    shown = sum(text.get_text() == "120°00′00.00″" for text in texts)
    assert f"（其余 {900 - shown} 行）" in rest
    assert "放不下的" in [text.get_text() for text in texts]
    assert 100 < shown < 900
    canvas = figure.canvas.get_renderer()
    wide, high = figure.bbox.width, figure.bbox.height
    for text in texts:
        box = text.get_window_extent(canvas)
        assert box.x0 >= -1, text
        assert box.x1 <= wide + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= high + 1, text


@given(st.text(alphabet="通江河口，。AB 12", max_size=60), st.integers(20, 200))
def test_wrapping_loses_no_letter(text, room):
    lines = wrap(text, 8.0, room, most=1000)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_text_is_data():
    name = "<b>$x^2$</b>&=1+1㙦"
    register = sources((X0, Y0), name=[name], plant=["../../etc"])
    sheet = gt.source_atlas(register, layer(*nested()))["SY1"]
    texts = [text.get_text() for text in sheet.figure().findobj(Text)]
    assert any("<b>$x^2$</b>&=1+1" in text for text in texts)
    html = gt.source_atlas(register, layer(*nested()))._repr_html_()
    assert "<b>" not in html


# ---------------------------------------------------------------- files
def demo_atlas():
    register = pd.concat(
        [
            gt.read_layer(DATA / name, "water_sources", datum="cgcs2000").layer
            for name in ("water_sources_nantong.csv", "water_sources_yangzhong.csv")
        ],
        ignore_index=True,
    )
    rivers = gt.read_layer(DATA / "rivers_schematic.shp", "rivers").layer
    approved = gt.read_layer(DATA / "approved_zones_example.geojson", "zones").layer
    points = gt.read_layer(
        DATA / "outfall_register.xlsx", "outfalls", datum="cgcs2000"
    ).layer
    plan = gt.protection_zones(
        register, gt.orient_network(gt.build_network(rivers)), approved=approved
    )
    return (
        gt.source_atlas(
            register, plan, screened={"outfalls": points}, context={"rivers": rivers},
            on=DAY, source="示意数据", date="2026-09-01",
        ),
        points,
    )  # fmt: skip


@pytest.fixture(scope="module")
def demo():
    return demo_atlas()


def test_the_demo_sources_each_have_a_sheet(demo):
    atlas, points = demo
    assert [sheet.source_id for sheet in atlas] == ["SY01", "SY02", "SY11", "SY12"]
    assert atlas["SY02"].notice.startswith("已批复")
    assert atlas["SY01"].notice.startswith("草案")
    for sheet in atlas:
        # by brute force: every outfall in levels 1 and 2, well inside, is a conflict
        inner = sheet.zones[sheet.zones["level"].isin(["1", "2"])]
        area = shapely.union_all(inner.to_crs(4549).geometry.to_numpy())
        places = points.to_crs(4549)
        inside = places[places.within(area.buffer(-15))] if not area.is_empty else []
        listed = set(sheet.conflicts.query("grade == 'conflict'")["id"])
        assert listed >= set(inside["outfall_id"] if len(inside) else [])
        for one in listed:
            spot = places.set_index("outfall_id").geometry[one]
            assert spot.within(area.buffer(0.5))


@pytest.fixture(scope="module")
def small():
    "two sources and an outfall whose contact must stay behind"
    point = outfalls((X0 + 600, Y0), contact="王某某", phone="13900000000")
    return gt.source_atlas(
        sources((X0, Y0), (X0 + 9000, Y0), name=["=1+1", "东<水>源"]),
        layer(*nested(), *nested("SY2", (X0 + 9000, Y0), status="approved")),
        screened={"outfalls": point}, on=DAY,
    )  # fmt: skip


def test_the_atlas_is_written_whole(small, tmp_path):
    docx = pytest.importorskip("docx")
    import openpyxl

    folder = tmp_path / "图集"
    made = gt.write_source_atlas(small, folder)
    names = {path.name for path in made}
    for sheet in small:
        assert {f"{sheet.source_id}.{end}" for end in ("pdf", "png", "docx")} <= names
    assert {POINTS_BOOK, WHOLE_BOOK} <= names
    assert {path.name for path in folder.iterdir()} == names, "nothing is left beside"
    whole = (folder / WHOLE_BOOK).read_bytes()
    assert whole.startswith(b"%PDF")
    assert whole.count(b"/Type /Page ") == len(small)
    assert (folder / "SY1.png").read_bytes().startswith(b"\x89PNG")

    book = openpyxl.load_workbook(folder / POINTS_BOOK)
    assert book.sheetnames == ["拐点坐标", "面积", "冲突筛查", "说明"]
    rows = list(book["拐点坐标"].values)[1:]
    assert len(rows) == sum(len(sheet.points) for sheet in small)
    assert {cell.data_type for cell in book["拐点坐标"]["B"]} == {"s"}, "no formula"
    document = docx.Document(str(folder / "SY1.docx"))
    words = "\n".join(one.text for one in document.paragraphs)
    cells = [cell.text for table in document.tables for cell in table._cells]
    assert "草案" in words
    assert "EPSG:4549" in words
    assert set(small["SY1"].points["lon_dms"]) <= set(cells)
    assert "《生态环境法典》第三百一十八条" in cells
    assert len(document.inline_shapes) == 1
    said = words + "".join(cells) + str([list(sheet.values) for sheet in book])
    assert "王某某" not in said
    assert "1390000" not in said


def test_a_picture_only_needs_no_word_library(small, tmp_path):
    one = gt.SourceAtlas(small.sheets[:1])
    made = gt.write_source_atlas(one, tmp_path, formats=["png"])
    assert {path.suffix for path in made} == {".png", ".xlsx"}


def test_a_missing_word_library_is_named_before_any_work(small, tmp_path, monkeypatch):
    from geotool.report import _formats

    monkeypatch.setattr(_formats, "find_spec", lambda _: None)
    with pytest.raises(ReportError, match=r"geotool\[report\]"):
        gt.write_source_atlas(small, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_what_cannot_be_written_is_refused_before_any_work(small, tmp_path):
    with pytest.raises(ReportError, match="odt"):
        gt.write_source_atlas(small, tmp_path / "a", formats=["odt"])
    with pytest.raises(ReportError, match="pdf"):
        gt.write_source_atlas(small, tmp_path / "a", formats=[])
    with pytest.raises(ReportError, match="没有水源地"):
        gt.write_source_atlas(gt.SourceAtlas(()), tmp_path / "a")
    (tmp_path / "file").write_text("x")
    with pytest.raises(SourceError, match="是文件"):
        gt.write_source_atlas(small, tmp_path / "file")
    with pytest.raises(SourceError, match="上级"):
        gt.write_source_atlas(small, tmp_path / "no" / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_file_names_are_names_and_all_different(ids):
    names = file_names(ids)
    assert len({name.casefold() for name in names}) == len(ids)
    for name in names:
        assert name
        assert not set(name) & set('/\\:*?"<>|.\0\n ')


def test_the_command_line_writes_the_atlas(tmp_path, capsys):
    from geotool.cli import main

    path = tmp_path / "ws.gpkg"
    workspace = gt.create_workspace(path)
    workspace.write(
        {
            "water_sources": gt.read_layer(
                DATA / "water_sources_nantong.csv", "water_sources", datum="cgcs2000"
            ).layer.iloc[[1]],
            "zones": gt.read_layer(
                DATA / "approved_zones_example.geojson", "zones"
            ).layer,
            "rivers": gt.read_layer(DATA / "rivers_schematic.shp", "rivers").layer,
        }
    )
    assert main(["zones", str(path), "--atlas", str(path)]) == 2
    assert main(["zones", str(path), "--atlas", str(tmp_path / "no" / "a")]) == 2
    capsys.readouterr()
    assert main(["zones", str(path), "--atlas", str(tmp_path / "图集")]) == 0
    said = capsys.readouterr().out
    assert "1 处，其中草案 0 处" in said
    assert {one.name for one in (tmp_path / "图集").iterdir()} == {
        "SY02.pdf", "SY02.png", "SY02.docx", POINTS_BOOK, WHOLE_BOOK,
    }  # fmt: skip
