"""Catchments from heights and D8 grids: the same cells as a walk by hand, or a plain no."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geotool as gt
from geotool.catchment import _delineate
from geotool.errors import CrsError, LayerError, SourceError
from geotool.network import ElevationGrid

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("pyflwdir")

RHINE = Path(__file__).parents[2] / "shared/data/dem_rhine_d8"
rhine = pytest.mark.skipif(not RHINE.exists(), reason="real data are not here")

STEPS = {
    1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1),
    16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1),
}  # fmt: skip


def write(path, values, *, crs=4549, transform=None, nodata=None):
    from affine import Affine

    transform = transform or Affine(100, 0, 500_000, 0, -100, 3_540_000)
    values = np.asarray(values)
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1],
        count=1, dtype=values.dtype, crs=rasterio.crs.CRS.from_epsg(crs),
        transform=transform, nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(values, 1)
    return path


def at_cells(cells, *, crs=4549, left=500_000, top=3_540_000, size=100):
    xy = [(left + (c + 0.5) * size, top - (r + 0.5) * size) for r, c in cells]
    return gpd.GeoDataFrame(
        {"section_id": [f"S{n}" for n in range(len(xy))]},
        geometry=[shapely.Point(one) for one in xy],
        crs=crs,
    )


def heights(values, size=100.0):
    return ElevationGrid(
        np.asarray(values, float), 500_000, 3_540_000, size, -size, 4549
    )


def walked(codes, cell):
    """Every cell from which a walk along the codes comes to a cell: by brute force."""
    found = np.zeros(codes.shape, dtype=bool)
    for start in np.ndindex(codes.shape):
        here, seen = start, set()
        while here not in seen:
            if here == cell:
                found[start] = True
                break
            seen.add(here)
            step = STEPS.get(int(codes[here]))
            if step is None:
                break
            there = here[0] + step[0], here[1] + step[1]
            inside = 0 <= there[0] < codes.shape[0] and 0 <= there[1] < codes.shape[1]
            if not inside or codes[there] in (247, 255):
                break
            here = there
    return found


def covered(shape, grid_shape, *, left=500_000, top=3_540_000, size=100):
    """Cells whose middle a polygon covers."""
    r, c = np.indices(grid_shape)
    x, y = left + (c + 0.5) * size, top - (r + 0.5) * size
    return shapely.contains_xy(shape, x.ravel(), y.ravel()).reshape(grid_shape)


# ---------------------------------------------------------------- ready directions
codes_strategy = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).choice(
        np.array([0, 1, 2, 4, 8, 16, 32, 64, 128, 247], dtype=np.uint8),
        size=(9, 8),
        p=[0.04, *[0.115] * 8, 0.04],
    )
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(codes=codes_strategy, row=st.integers(0, 8), column=st.integers(0, 7))
def test_a_basin_is_what_a_walk_finds(tmp_path, codes, row, column):
    path = write(tmp_path / "d8.tif", codes)
    found = gt.d8_catchments(
        at_cells([(row, column)]), path, max_snap_m=0, min_line_km2=0
    ).iloc[0]
    expected = walked(codes, (row, column))
    if codes[row, column] == 247:
        assert found["issues"] == "no_data"
    elif found["issues"] == "loop":
        # its water comes back to it, or runs into a circle
        here, seen = (row, column), set()
        while here not in seen:
            seen.add(here)
            step = STEPS[int(codes[here])]
            here = here[0] + step[0], here[1] + step[1]
    else:
        assert found["cells"] == expected.sum()
        assert (covered(found.geometry, codes.shape) == expected).all()
        assert found["area_km2"] == pytest.approx(expected.sum() * 0.01, rel=1e-3)
        on_rim = expected[[0, -1]].any() or expected[:, [0, -1]].any()
        assert ("raster_edge" in found["issues"]) == on_rim


def random_forest(seed, shape=(40, 40)):
    """Directions down a random surface, as a real grid has them: few, long trees."""
    from geotool.catchment._flow import directions_from_heights

    rng = np.random.default_rng(seed)
    surface = (rng.random(shape) * 30 + np.indices(shape).sum(axis=0)).astype("f4")
    step = np.full(shape[0], 100.0)
    return directions_from_heights(surface, step, step)


@pytest.mark.parametrize("seed", range(6))
def test_growing_windows_give_the_cells_of_the_whole_grid(tmp_path, monkeypatch, seed):
    monkeypatch.setattr(_delineate, "_FIRST_CELLS", 2)
    codes = random_forest(seed)
    path = write(tmp_path / "d8.tif", codes)
    rng = np.random.default_rng(seed)
    points = at_cells(rng.integers(0, 40, (12, 2)).tolist())
    wants = {"max_snap_m": 250, "min_line_km2": 0.05}
    whole = gt.d8_catchments(points, path, **wants)
    grown = gt.d8_catchments(points, path, most_cells=1599, **wants)
    settled = ~grown["issues"].str.contains("too_large")
    assert settled.any()
    columns = ["cells", "state", "issues", "snap_distance_m", "lines_near"]
    assert whole.loc[settled, columns].equals(grown.loc[settled, columns])
    same = whole.geometry[settled].geom_equals(grown.geometry[settled])
    assert (same | whole.geometry[settled].isna()).all()


def test_every_walk_of_a_random_forest_ends_at_the_rim():
    codes = random_forest(1, (15, 15))
    ends = np.zeros(codes.shape, dtype=bool)
    for cell in zip(*np.where(codes == 0), strict=True):
        ends |= walked(codes, tuple(int(n) for n in cell))
    assert ends.all(), "no cell runs in a circle, and pits are at the rim"
    r, c = np.where(codes == 0)
    assert ((r == 0) | (r == 14) | (c == 0) | (c == 14)).all()


def test_other_codes_and_other_files_are_refused(tmp_path):
    points = at_cells([(1, 1)])
    ldd = write(tmp_path / "ldd.tif", np.full((3, 3), 5, dtype=np.uint8))
    with pytest.raises(LayerError, match="ESRI"):
        gt.d8_catchments(points, ldd)
    (tmp_path / "no.tif").write_bytes(b"not a raster")
    with pytest.raises(SourceError, match=r"no\.tif"):
        gt.d8_catchments(points, tmp_path / "no.tif")
    with pytest.raises(SourceError, match="找不到"):
        gt.d8_catchments(points, tmp_path / "none.tif")
    with pytest.raises(CrsError):
        gt.d8_catchments(points.set_crs(None, allow_override=True), ldd)


def test_a_grid_upside_down_would_misread_its_codes(tmp_path):
    from affine import Affine

    codes = np.full((9, 9), 4, dtype=np.uint8)
    turned = Affine(100, 0, 500_000, 0, 100, 3_539_100)
    path = write(tmp_path / "d8.tif", codes, transform=turned)
    with pytest.raises(LayerError, match="上北下南"):
        gt.d8_catchments(at_cells([(4, 4)]), path)


def test_heights_in_decimetres_and_a_system_with_heights_are_read_as_metres(tmp_path):
    from affine import Affine

    transform = Affine(0.001, 0, 120.0, 0, -0.001, 32.0)
    where = {"crs": 4490, "transform": transform}
    plain = write(tmp_path / "m.tif", valley().astype("f4"), **where)
    scaled = write(tmp_path / "dm.tif", (valley() * 10).astype("int16"), **where)
    with rasterio.open(scaled, "r+") as raster:
        raster.scales = (0.1,)
    both = tmp_path / "compound.tif"
    with rasterio.open(plain) as raster:
        profile = raster.profile | {"crs": rasterio.CRS.from_string("EPSG:4326+5773")}
        with rasterio.open(both, "w", **profile) as other:
            other.write(raster.read())
    points = at_cells([(30, 20)], crs=4490, left=120.0, top=32.0, size=0.001)
    found = [
        gt.dem_catchments(points, path, min_line_km2=0.1).iloc[0]
        for path in (plain, scaled, both)
    ]
    assert len({one["cells"] for one in found}) == 1
    assert [one["relief_m"] for one in found] == pytest.approx(
        [found[0]["relief_m"]] * 3
    )
    assert found[2]["area_km2"] == pytest.approx(found[0]["area_km2"], rel=1e-6)


def test_a_missing_library_is_named(monkeypatch):
    from geotool.catchment import _flow

    monkeypatch.setattr(_flow, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match=r"geotool\[dem\]"):
        gt.dem_catchments(at_cells([(1, 1)]), heights(np.ones((3, 3))))


# ---------------------------------------------------------------- heights
def test_a_tilted_plane_drains_in_straight_strips():
    "what drains to a cell is the strip above it, up to the edge"
    plane = np.indices((30, 20))[1] * 5.0
    found = gt.dem_catchments(
        at_cells([(12, 6)]), heights(plane), max_snap_m=0, min_line_km2=0
    ).iloc[0]
    expected = np.zeros((30, 20), dtype=bool)
    expected[12, 6:] = True
    assert (covered(found.geometry, (30, 20)) == expected).all()
    assert "raster_edge" in found["issues"]
    assert found["state"] == "incomplete"


def valley(rows=41, columns=41, side=10.0, fall=2.0):
    """A V-shaped valley that falls to the south, closed by a ridge all round."""
    down, across = np.indices((rows, columns))
    land = 300 - fall * down + side * abs(across - columns // 2)
    land[0], land[:, 0], land[:, -1] = 900, 900, 900
    return land.astype(float)


def test_a_valley_has_the_area_above_its_line():
    "slopes run straight down the sides: the cells above a place are all rows above it"
    found = gt.dem_catchments(at_cells([(30, 20)]), heights(valley()), min_line_km2=0.5)
    one = found.iloc[0]
    mask = covered(one.geometry, (41, 41))
    # the steepest way off a side is across and down: a diagonal strip per row
    assert mask[:20, 3:-3].sum() == mask[1:20, 3:-3].size + mask[0, 3:-3].sum()
    assert not mask[31:].any()
    assert one["snap_distance_m"] < 1
    assert one["level_share"] < 0.05


def test_a_point_beside_the_line_is_moved_to_it_and_told_how_far():
    land = heights(valley())
    points = at_cells([(30, 23), (30, 33)])
    found = gt.dem_catchments(points, land, max_snap_m=500, min_line_km2=2)
    near, far = found.iloc[0], found.iloc[1]
    assert near["snap_distance_m"] == pytest.approx(300, rel=1e-3)
    assert far["issues"] == "no_line"
    assert far["state"] == "refused"
    assert far.geometry is None
    assert "500 m" in far["note"]
    on_line = gt.dem_catchments(at_cells([(30, 20)]), land, min_line_km2=2)
    assert near["cells"] == on_line["cells"].iloc[0]


def test_two_basins_share_no_cell_and_nested_ones_do():
    across = np.indices((30, 61))[1]
    down = np.indices((30, 61))[0]
    land = 200 - 3 * down + 8.0 * np.minimum(abs(across - 15), abs(across - 45))
    found = gt.dem_catchments(
        at_cells([(28, 15), (28, 45), (10, 15)]), heights(land), min_line_km2=0.3
    )
    west, east, upper = (covered(s, (30, 61)) for s in found.geometry)
    assert not (west & east).any()
    assert (upper & ~west).sum() == 0
    assert 0 < upper.sum() < west.sum()
    # the divide runs halfway
    assert not west[:, 31:].any()
    assert not east[:, :30].any()


def test_a_pit_is_filled_and_drains_on():
    land = valley()
    land[15:18, 19:22] -= 60
    clean = gt.dem_catchments(at_cells([(38, 20)]), heights(valley()), min_line_km2=1)
    pitted = gt.dem_catchments(at_cells([(38, 20)]), heights(land), min_line_km2=1)
    assert pitted["cells"].iloc[0] == clean["cells"].iloc[0]


def test_level_water_never_runs_in_a_circle():
    "heights whose differences are no round numbers in binary, many of them equal"
    from geotool.catchment._flow import Flow, directions_from_heights

    rng = np.random.default_rng(3)
    land = (rng.integers(0, 4, (60, 60)) * 0.1 + 10.1).astype("f4")
    step = np.full(60, 30.0)
    assert not Flow(directions_from_heights(land, step, step)).in_loop.any()


def test_windows_of_heights_give_the_cells_of_the_whole_grid(tmp_path, monkeypatch):
    monkeypatch.setattr(_delineate, "_FIRST_CELLS", 4)
    rng = np.random.default_rng(0)
    down, across = np.indices((80, 80))
    hills = (
        60 * np.sin(down / 7) * np.cos(across / 6) + 2.0 * down + rng.random((80, 80))
    )
    path = write(tmp_path / "dem.tif", hills.astype("f4"))
    points = at_cells(rng.integers(5, 75, (10, 2)).tolist())
    wants = {"max_snap_m": 300, "min_line_km2": 0.2}
    whole = gt.dem_catchments(points, path, **wants)
    grown = gt.dem_catchments(points, path, most_cells=6399, **wants)
    settled = ~grown["issues"].str.contains("too_large|unsettled")
    assert settled.sum() >= 5
    assert whole.loc[settled, "cells"].equals(grown.loc[settled, "cells"])
    assert whole.loc[settled, "issues"].equals(grown.loc[settled, "issues"])


def test_a_basin_beyond_memory_is_a_lower_bound_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(_delineate, "_FIRST_CELLS", 4)
    path = write(tmp_path / "dem.tif", valley().astype("f4"))
    whole = gt.dem_catchments(at_cells([(38, 20)]), path).iloc[0]
    part = gt.dem_catchments(at_cells([(38, 20)]), path, most_cells=700).iloc[0]
    assert "too_large" in part["issues"]
    assert part["state"] in ("incomplete", "refused")
    assert not part["area_km2"] > whole["area_km2"]


# ---------------------------------------------------------------- where it does not apply
def test_a_plain_is_refused_in_plain_words():
    rng = np.random.default_rng(0)
    flat = 3.0 + rng.random((60, 60))  # a metre of noise
    found = gt.dem_catchments(at_cells([(30, 30)]), heights(flat), min_line_km2=0.01)
    one = found.iloc[0]
    assert one["state"] == "refused"
    assert one["issues"] == "flat"
    assert "平坦" in one["note"]
    assert "flat" in one["note_en"]
    assert one.geometry is None
    assert np.isnan(one["area_km2"])


def test_a_noisy_plain_has_no_confident_answer():
    "noise well above the height error: pits everywhere, and the share of level cells shows"
    rng = np.random.default_rng(0)
    noisy = rng.normal(20, 12, (80, 80)) + 0.02 * np.indices((80, 80))[1]
    found = gt.dem_catchments(
        at_cells([(40, 40)]), heights(noisy), max_snap_m=2000, min_line_km2=0.5
    )
    assert "level" in found["issues"].iloc[0]
    assert found["state"].iloc[0] != "ok"


def test_a_point_on_the_plain_before_hills_is_not_believed():
    "the hills have relief enough for a basin; where it meets the plain, nobody knows"
    rng = np.random.default_rng(0)
    down, across = np.indices((90, 60))
    hills = np.clip(40 - down, 0, None) * 5.0 + 4.0 * abs(across - 30) * (down < 40)
    land = heights(3 + hills + rng.random((90, 60)))
    found = gt.dem_catchments(
        at_cells([(30, 30), (70, 30)]), land, max_snap_m=3000, min_line_km2=6
    )
    assert "level_here" not in found["issues"].iloc[0]
    assert "level_here" in found["issues"].iloc[1]
    assert found["state"].iloc[1] != "ok"
    assert "别处" in found["note"].iloc[1]


def test_a_point_in_a_polder_takes_the_polygon_of_the_data():
    polder = gpd.GeoDataFrame(
        {"name": ["民生圩"]}, geometry=[shapely.box(501_500, 3_536_500, 502_500, 3_537_500)],
        crs=4549,
    )  # fmt: skip
    points = at_cells([(30, 20), (38, 20)])
    found = gt.dem_catchments(points, heights(valley()), polders=polder)
    inside, below = found.iloc[0], found.iloc[1]
    assert inside["state"] == "given"
    assert inside.geometry.equals(polder.geometry[0])
    assert inside["area_km2"] == pytest.approx(1.0, rel=1e-3)
    assert np.isnan(inside["snap_distance_m"])
    assert "polders" in below["issues"]
    assert "民生圩" in below["note"]


def test_a_pump_in_the_catchment_makes_it_doubtful():
    structures = gpd.GeoDataFrame(
        {"structure_id": ["Z1", "Z2"], "name": ["北泵站", "北闸"], "kind": ["泵站", "sluice"]},
        geometry=at_cells([(20, 20), (21, 20)]).geometry, crs=4549,
    )  # fmt: skip
    found = gt.dem_catchments(
        at_cells([(30, 20)]), heights(valley()), structures=structures
    ).iloc[0]
    assert "pumps" in found["issues"]
    assert "北泵站" in found["note"]
    assert "北闸" not in found["note"]


def test_no_data_beside_and_voids_are_told():
    land = valley()
    land[10:12, 10:12] = np.nan
    holed = gt.dem_catchments(at_cells([(30, 20)]), heights(land)).iloc[0]
    assert "voids" in holed["issues"]
    cut = valley()
    cut[:, :8] = np.nan
    beside = gt.dem_catchments(at_cells([(30, 20)]), heights(cut)).iloc[0]
    assert "no_data_beside" in beside["issues"]
    assert beside["state"] != "ok"


def test_two_lines_within_reach_are_told():
    across, down = np.indices((30, 61))[1], np.indices((30, 61))[0]
    land = 200 - 3 * down + 8.0 * np.minimum(abs(across - 28), abs(across - 34))
    points = at_cells([(28, 29)])
    apart = gt.dem_catchments(points, heights(land), max_snap_m=150, min_line_km2=0.6)
    both = gt.dem_catchments(points, heights(land), max_snap_m=700, min_line_km2=0.6)
    assert apart["lines_near"].iloc[0] == 1
    assert both["lines_near"].iloc[0] == 2
    assert "several_lines" in both["issues"].iloc[0]
    assert apart["cells"].iloc[0] == both["cells"].iloc[0]


def test_off_the_grid_no_place_and_nothing_there():
    land = valley()
    land[38:, :8] = np.nan
    points = at_cells([(30, 20), (-50, 20), (40, 2)])
    points.loc[3] = ["S3", None]
    found = gt.dem_catchments(points, heights(land))
    assert found["issues"].tolist()[1:] == ["outside", "no_data", "no_place"]
    assert found["state"].tolist()[1:] == ["refused"] * 3
    assert found["section_id"].tolist() == ["S0", "S1", "S2", "S3"]
    with pytest.raises(LayerError, match="都在栅格范围外"):
        gt.dem_catchments(points.iloc[[1]], heights(land))
    with pytest.raises(LayerError, match="Polygon"):
        gt.dem_catchments(
            points.iloc[[0]].buffer(9).to_frame("geometry"), heights(land)
        )
    with pytest.raises(LayerError, match="max_snap_m"):
        gt.dem_catchments(points, heights(land), max_snap_m=-1)


# ---------------------------------------------------------------- areas
@pytest.mark.parametrize("latitude", [2.0, 32.0, 68.0])
def test_areas_in_degrees_are_those_of_the_ellipsoid(tmp_path, latitude):
    from affine import Affine
    from pyproj import Geod

    size = 0.001
    transform = Affine(size, 0, 120.0, 0, -size, latitude)
    path = write(
        tmp_path / "g.tif", valley().astype("f4"), crs=4490, transform=transform
    )
    points = at_cells([(30, 20)], crs=4490, left=120.0, top=latitude, size=size)
    found = gt.dem_catchments(points, path, min_line_km2=0.1, max_snap_m=50).iloc[0]
    by_hand, _ = Geod(ellps="GRS80").geometry_area_perimeter(
        shapely.segmentize(found.geometry, size / 10)
    )
    assert found["area_km2"] == pytest.approx(abs(by_hand) / 1e6, rel=1e-7)


def test_web_mercator_is_not_believed():
    "its metres are too long by 1/cos(latitude): at 32 degrees areas by 39 %"
    grid = ElevationGrid(valley(), 13_358_338, 3_800_000, 100, -100, 3857)
    points = at_cells([(30, 20)], crs=3857, left=13_358_338, top=3_800_000)
    found = gt.dem_catchments(points, grid, min_line_km2=0.1).iloc[0]
    latitude = found["pour_lat"]
    assert found["area_km2"] == pytest.approx(
        found["cells"] * 0.01 * np.cos(np.radians(latitude)) ** 2, rel=0.01
    )


def test_the_result_follows_the_points_to_their_system():
    land = heights(valley())
    here = gt.dem_catchments(at_cells([(30, 20)]), land)
    there = gt.dem_catchments(at_cells([(30, 20)]).to_crs(4490), land)
    assert there.crs.to_epsg() == 4490
    assert there["cells"].equals(here["cells"])
    back = there.to_crs(4549).geometry.iloc[0]
    assert back.symmetric_difference(here.geometry.iloc[0]).area < 1.0


# ---------------------------------------------------------------- land cover
def test_shares_of_land_cover_add_up_and_gaps_are_told(tmp_path):
    cover = np.full((41, 41), 10, dtype=np.uint8)
    cover[:, 20:] = 50
    cover[:5] = 0
    path = write(tmp_path / "cover.tif", cover, nodata=0)
    found = gt.dem_catchments(at_cells([(30, 20)]), heights(valley()))
    table = gt.land_cover_shares(found, path, classes={10: "林地"})
    mask = covered(found.geometry.iloc[0], (41, 41))
    known = mask & (cover > 0)
    shares = table.set_index("class_name")["share"]
    assert shares.sum() == pytest.approx(1)
    assert shares["林地"] == pytest.approx(
        (known & (cover == 10)).sum() / known.sum(), rel=1e-3
    )
    assert table["covered_share"].iloc[0] == pytest.approx(
        known.sum() / mask.sum(), rel=1e-3
    )
    assert table["section_id"].unique().tolist() == ["S0"]
    assert table["area_km2"].sum() == pytest.approx(known.sum() * 0.01, rel=1e-3)


def test_land_cover_read_in_strips_is_the_same(tmp_path, monkeypatch):
    from geotool.catchment import _land_cover

    rng = np.random.default_rng(0)
    path = write(tmp_path / "c.tif", rng.integers(1, 5, (41, 41)).astype(np.uint8))
    areas = gpd.GeoDataFrame(
        {"name": ["甲"]}, geometry=[shapely.Point(502_000, 3_538_000).buffer(3000)], crs=4549
    )  # fmt: skip
    once = gt.land_cover_shares(areas, path)
    monkeypatch.setattr(_land_cover, "_ROWS_CELLS", 90)
    assert gt.land_cover_shares(areas, path).round(9).equals(once.round(9))
    assert once["covered_share"].iloc[0] < 1, "the circle reaches beyond the raster"
    with pytest.raises(LayerError, match="不在土地利用栅格"):
        gt.land_cover_shares(areas.translate(1e5).to_frame("geometry"), path)


# ---------------------------------------------------------------- the Rhine
@rhine
def test_the_rhine_has_the_cells_of_its_own_d8_grid():
    "the grid's mouth, and places along it, against a walk in plain numpy"
    path = RHINE / "rhine_d8.tif"
    with rasterio.open(path) as raster:
        codes, transform = raster.read(1), raster.transform
    target = np.full(codes.size, -1)
    for code, (down, right) in STEPS.items():
        r, c = np.where(codes == code)
        there = r + down, c + right
        inside = (there[0] >= 0) & (there[0] < codes.shape[0])
        inside &= (there[1] >= 0) & (there[1] < codes.shape[1])
        target[(r * codes.shape[1] + c)[inside]] = (
            there[0] * codes.shape[1] + there[1]
        )[inside]
    above = np.full(codes.size, -1)
    cells = [(21, 57), (300, 400), (500, 500), (250, 350)]
    cells = [one for one in cells if codes[one] != 247]
    assert (21, 57) in cells
    xy = [transform @ (c + 0.5, r + 0.5) for r, c in cells]
    points = gpd.GeoDataFrame(
        {"name": [str(one) for one in cells]},
        geometry=[shapely.Point(one) for one in xy], crs=4326,
    )  # fmt: skip
    wants = {"max_snap_m": 0, "min_line_km2": 0}
    whole = gt.d8_catchments(points, path, **wants)
    grown = gt.d8_catchments(points, path, most_cells=600_000, **wants)
    for place, (row, column) in enumerate(cells):
        above[:] = -1
        mouth = row * codes.shape[1] + column
        above[mouth], open_ = 1, np.array([mouth])
        while len(open_):
            open_ = np.flatnonzero(np.isin(target, open_) & (above < 0))
            above[open_] = 1
        assert whole["cells"].iloc[place] == (above > 0).sum()
        if "too_large" not in grown["issues"].iloc[place]:
            assert grown["cells"].iloc[place] == whole["cells"].iloc[place]
    assert whole["cells"].iloc[0] == 349_847
    # known size of the Rhine basin: about 185 000 km² with its delta
    assert 150_000 < whole["area_km2"].iloc[0] < 200_000


GAUGES = {  # longitude, latitude, km² above it: the gauges' figures, from memory (not looked up)
    "Köln": (6.963, 50.937, 144_232),
    "Cochem": (7.165, 50.148, 27_088),
    "Frankfurt": (8.700, 50.108, 24_764),
    "Rockenau": (9.006, 49.439, 12_710),
    "Basel": (7.617, 47.559, 35_897),
}


@rhine
@pytest.mark.parametrize(
    ("function", "name", "within"),
    [(gt.d8_catchments, "rhine_d8", 0.01), (gt.dem_catchments, "rhine_elv0", 0.04)],
)
def test_gauges_of_the_rhine_have_about_their_known_areas(function, name, within):
    places = list(GAUGES.values())
    points = gpd.GeoDataFrame(
        {"name": list(GAUGES)},
        geometry=[shapely.Point(lon, lat) for lon, lat, _ in places],
        crs=4326,
    )
    found = function(points, RHINE / f"{name}.tif", max_snap_m=3000, min_line_km2=8000)
    areas = found["area_km2"].to_numpy()
    assert areas == pytest.approx([area for _, _, area in places], rel=within)


@rhine
def test_the_rhine_by_its_heights_in_windows_and_at_once():
    path = RHINE / "rhine_elv0.tif"
    points = gpd.GeoDataFrame(
        {"name": ["Neckar", "Main", "Mosel"]},
        geometry=gpd.points_from_xy([8.9, 9.9, 6.9], [48.7, 49.9, 48.9]),
        crs=4326,
    )
    wants = {"max_snap_m": 15_000, "min_line_km2": 100}
    whole = gt.dem_catchments(points, path, **wants)
    grown = gt.dem_catchments(points, path, most_cells=500_000, **wants)
    assert (whole["cells"] > 50).all()
    settled = ~grown["issues"].str.contains("too_large|unsettled")
    assert settled.any()
    assert whole.loc[settled, "cells"].equals(grown.loc[settled, "cells"])
