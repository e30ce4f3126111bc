"""Which system is measured in, what is refused, and the shifted datums' own rules."""

import geopandas as gpd
import numpy as np
import prcoords
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geotool.crs import (
    CHINA_LATITUDE,
    CHINA_LONGITUDE,
    DATUMS,
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    metric_crs,
    reproject,
    require_crs,
    require_metric,
    to_degrees,
    to_metric,
    to_wgs84,
    transformer_to_degrees,
    wgs84_to_gcj02,
)
from geotool.errors import CrsError

LON = np.linspace(73.6, 134.9, 60)
LAT = np.linspace(18.1, 53.4, 60)[np.random.default_rng(5).permutation(60)]


def points(*places, crs=4490):
    x, y = zip(*places, strict=True)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=crs)


def parameters(crs):
    return {p.name: p.value for p in crs.coordinate_operation.params}


def meridian(crs):
    return parameters(crs)["Longitude of natural origin"]


def test_the_bounds_hold_all_of_china_and_a_swapped_pair_shows():
    for lon, lat in ((73.50, 39.4), (135.09, 48.4), (123.4, 53.56), (112.3, 3.86)):
        assert CHINA_LONGITUDE[0] < lon < CHINA_LONGITUDE[1]
        assert CHINA_LATITUDE[0] < lat < CHINA_LATITUDE[1]
    assert CHINA_LATITUDE[1] < CHINA_LONGITUDE[0]


@settings(deadline=None)
@given(st.floats(73.51, 136.49))
def test_in_china_the_zone_of_the_nearest_third_meridian_is_chosen(longitude):
    crs = metric_crs(longitude)
    assert crs.geodetic_crs.to_epsg() == 4490
    assert abs(meridian(crs) - longitude) <= 1.5 + 1e-9
    assert parameters(crs)["False easting"] == 500_000, "no zone number before it"
    assert parameters(crs)["Scale factor at natural origin"] == 1


@settings(deadline=None)
@given(st.floats(-180, 73.49) | st.floats(136.51, 360))
def test_elsewhere_the_utm_zone_around_the_longitude_is_chosen(longitude):
    crs = metric_crs(longitude)
    assert crs.geodetic_crs.to_epsg() == 4326
    assert crs.utm_zone.endswith("N")
    away = (meridian(crs) - longitude + 180) % 360 - 180
    assert abs(away) <= 3 + 1e-9


def test_the_zones_of_china_go_from_75_to_135_degrees():
    for lon in range(75, 136, 3):
        assert meridian(metric_crs(lon)) == lon
        assert metric_crs(lon).geodetic_crs.to_epsg() == 4490
    for outside in (73.4, 136.6):
        assert metric_crs(outside).geodetic_crs.to_epsg() == 4326


@pytest.mark.parametrize("longitude", [-180.1, 360.1, 481152.8, float("nan")])
def test_a_longitude_that_is_no_degree_is_refused(longitude):
    with pytest.raises(CrsError, match=r"Longitude .* is not in degrees"):
        metric_crs(longitude)


def test_the_ends_of_the_circle_are_degrees():
    assert meridian(metric_crs(-180)) == meridian(metric_crs(180)) == -177
    assert meridian(metric_crs(360)) == meridian(metric_crs(0)) == 3


def test_a_layer_without_a_system_is_refused_by_name():
    with pytest.raises(CrsError, match="断面 has no CRS"):
        require_crs(points((1, 2), crs=None), "断面")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (4490, "in degrees"),
        (4326, "in degrees"),
        (3857, "cannot be measured"),  # too long by 1/cos(latitude)
        (2263, "cannot be measured"),  # feet
        (None, "no CRS"),
    ],
)
def test_what_cannot_be_measured_in_is_refused_by_name(code, why):
    with pytest.raises(CrsError, match=f"rivers.*{why}") as caught:
        require_metric(points((120, 32), crs=code), "rivers")
    if code:
        assert f"EPSG:{code}" in str(caught.value)


@pytest.mark.parametrize("code", [4549, 4528, 32651, 28992])
def test_metres_are_taken_as_they_are(code):
    layer = points((500_000, 3_500_000), crs=code)
    assert require_metric(layer, "rivers").to_epsg() == code
    assert to_metric(layer) is layer


def test_a_system_without_a_code_is_called_by_its_name():
    local = pyproj.CRS("+proj=tmerc +lon_0=120.3 +x_0=50000 +ellps=GRS80 +units=us-ft")
    with pytest.raises(CrsError, match=f"measured in {local.name}"):
        require_metric(points((1, 2), crs=local), "rivers")


@pytest.mark.parametrize("code", [4490, 4326, 3857])
def test_the_middle_of_a_layer_chooses_the_zone_and_lengths_are_true(code):
    degrees = points((119.0, 31.0), (122.4, 33.0), (121.0, 32.0))
    metres = to_metric(degrees.to_crs(code))
    assert meridian(metres.crs) == 120 + 3 * round((120.7 - 120) / 3)
    geod = pyproj.Geod(ellps="GRS80")
    near = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(120.9, 32.0), (120.92, 32.01)])], crs=4490
    )
    true = geod.geometry_length(near.geometry.iloc[0])
    assert to_metric(near).length.iloc[0] == pytest.approx(true, rel=2e-4)


def test_feet_of_another_country_become_metres_of_its_own_zone():
    feet = points((984_250.0, 212_000.0), crs=2263)  # New York
    metres = to_metric(feet)
    assert metres.crs.utm_zone == "18N"
    back = metres.to_crs(2263).geometry.iloc[0]
    assert (back.x, back.y) == pytest.approx((984_250.0, 212_000.0), abs=5)


@pytest.mark.parametrize("empty", [[], [None], [shapely.Point()]])
def test_a_layer_without_geometry_chooses_no_zone(empty):
    layer = gpd.GeoDataFrame(geometry=gpd.GeoSeries(empty, crs=4490), crs=4490)
    with pytest.raises(CrsError, match="空层 has no geometry"):
        to_metric(layer, "空层")


def test_a_system_that_is_the_same_changes_nothing():
    layer = points((120, 32))
    assert reproject(layer, "EPSG:4490") is layer


@pytest.mark.parametrize(
    "pair", [(4214, 4490), (4490, 4214), (4610, 4326), (2364, 4549)]
)
def test_old_datums_are_moved_neither_way_by_a_guess(pair):
    source, target = pair
    place = (40_500_000, 3_500_000) if source == 2364 else (119.0, 32.0)
    with pytest.raises(CrsError, match=rf"EPSG:{source} to EPSG:{target} is public"):
        reproject(points(place, crs=source), target)


@pytest.mark.parametrize("pair", [(4490, 4326), (4326, 4549), (4549, 32651)])
def test_systems_that_agree_to_decimetres_are_changed_freely(pair):
    source, target = pair
    start = points(
        (500_000, 3_500_000) if source == 4549 else (120.0, 32.0), crs=source
    )
    moved = reproject(start, target)
    assert moved.crs.to_epsg() == target
    there_and_back = reproject(moved, source)
    assert there_and_back.geometry.iloc[0].equals_exact(start.geometry.iloc[0], 1e-3)


def test_known_ways_of_other_countries_are_gone():
    dutch = points((155_000, 463_000), crs=28992)
    x, y = pyproj.Transformer.from_crs(28992, 4326, always_xy=True).transform(
        155_000, 463_000
    )
    place = reproject(dutch, 4326).geometry.iloc[0]
    assert (place.x, place.y) == pytest.approx((x, y))


def test_a_place_outside_the_system_is_refused_and_not_lost_at_infinity():
    with pytest.raises(CrsError, match="outside EPSG:3857"):
        reproject(points((120, 32), (120, 95)), 3857)
    nothing = points((120, 32)).iloc[:0]
    assert len(reproject(nothing, 4549)) == 0


@pytest.mark.parametrize(
    ("code", "degrees"),
    [
        (4490, 4490),
        (4549, 4490),
        (32651, 4490),
        (3857, 4490),
        (28992, 4326),
        (4289, 4326),
    ],
)
def test_degrees_are_chinas_own_where_the_datum_is_modern(code, degrees):
    layer = gpd.GeoDataFrame(geometry=gpd.points_from_xy([5.4], [52.2]), crs=4326)
    assert to_degrees(layer.to_crs(code)).crs.to_epsg() == degrees


@pytest.mark.parametrize("code", [4549, 4490, 28992, 4214])
def test_the_way_to_degrees_gives_east_first_and_is_made_once(code):
    crs = pyproj.CRS.from_epsg(code)
    way = transformer_to_degrees(crs)
    assert way is transformer_to_degrees(pyproj.CRS.from_epsg(code))
    x, y = pyproj.Transformer.from_crs(4326, code, always_xy=True).transform(
        119.4, 32.1
    )
    assert way.transform(x, y) == pytest.approx((119.4, 32.1), abs=1e-3)


def test_shifted_datums_agree_with_another_implementation():
    gcj = np.array(
        [prcoords.wgs_gcj(pair, False) for pair in zip(LAT, LON, strict=True)]
    )
    lon, lat = wgs84_to_gcj02(LON, LAT)
    np.testing.assert_allclose((lon, lat), (gcj[:, 1], gcj[:, 0]), rtol=0, atol=1e-10)
    bd = np.array([prcoords.gcj_bd(pair, False) for pair in gcj])
    lon, lat = gcj02_to_bd09(lon, lat)
    np.testing.assert_allclose((lon, lat), (bd[:, 1], bd[:, 0]), rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("there", "back"),
    [(wgs84_to_gcj02, gcj02_to_wgs84), (gcj02_to_bd09, bd09_to_gcj02)],
)
def test_undoing_is_exact_and_leaves_what_came_in(there, back):
    lon, lat = there(LON, LAT)
    given_lon, given_lat = lon.copy(), lat.copy()
    np.testing.assert_allclose(back(lon, lat), (LON, LAT), rtol=0, atol=1e-9)
    assert (lon == given_lon).all()
    assert (lat == given_lat).all()


def test_the_shift_is_some_hundred_metres_and_undoing_goes_the_other_way():
    lon, lat = wgs84_to_gcj02(LON, LAT)
    _, _, away_m = pyproj.Geod(ellps="WGS84").inv(LON, LAT, lon, lat)
    assert (away_m > 50).all()
    assert (away_m < 1000).all()
    assert np.sign(gcj02_to_wgs84(LON, LAT)[0] - LON).tolist() == (
        np.sign(LON - lon).tolist()
    )


def test_every_stated_datum_is_brought_to_wgs84_by_its_own_way():
    gcj = wgs84_to_gcj02(LON, LAT)
    given_as = {
        "wgs84": (LON, LAT),
        "cgcs2000": (LON, LAT),
        "unknown": (LON, LAT),
        "gcj02": gcj,
        "bd09": gcj02_to_bd09(*gcj),
    }
    assert set(given_as) == set(DATUMS)
    for datum, (lon, lat) in given_as.items():
        plain = to_wgs84(lon.tolist(), lat.tolist(), datum=datum)
        np.testing.assert_allclose(plain, (LON, LAT), rtol=0, atol=1e-9)


@pytest.mark.parametrize("datum", ["mars", "GCJ02", ""])
def test_a_datum_of_another_name_is_refused_and_the_names_are_told(datum):
    with pytest.raises(CrsError, match="bd09, unknown"):
        to_wgs84(LON, LAT, datum=datum)
