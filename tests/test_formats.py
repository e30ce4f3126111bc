"""Drawings, OpenStreetMap, GeoParquet, geodatabases: read as they come from others."""

import zipfile

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from _made_files import drawing, osm_pbf

from geotool import io
from geotool.errors import CrsError, LayerError, SourceError
from geotool.layers import export_layers, read_layer

# ---------------------------------------------------------------- drawings


@pytest.mark.parametrize(
    ("version", "encoding"),
    [("AC1009", "gbk"), ("AC1015", "gbk"), ("AC1021", "utf-8"), ("AC1032", "utf-8")],
)
def test_layers_of_a_drawing_by_their_chinese_names(tmp_path, version, encoding):
    path = tmp_path / "总图.dxf"
    path.write_bytes(drawing(version, encoding))
    assert io.list_layers(path) == ["河道", "排口"]
    rivers = io.read_table(path, layer="河道")
    assert rivers.geometry.iloc[0].length == pytest.approx(2**0.5 * 1000)
    points = io.read_table(path, layer="排口")
    assert points.cells["Text"].tolist() == ["东口", None]
    assert points.crs is None


def test_utf8_in_a_drawing_of_an_older_version_is_read_all_the_same(tmp_path):
    path = tmp_path / "a.dxf"
    path.write_bytes(drawing("AC1018", "utf-8", page="ANSI_1252"))
    assert io.list_layers(path) == ["河道", "排口"]


def test_encoding_of_one_drawing_does_not_stay_for_the_next_file(tmp_path):
    for name, version, encoding in (("a", "AC1021", "utf-8"), ("b", "AC1009", "gbk")):
        (tmp_path / f"{name}.dxf").write_bytes(drawing(version, encoding))
    for name in ("a", "b", "a", "b"):
        assert io.list_layers(tmp_path / f"{name}.dxf") == ["河道", "排口"]
    assert pyogrio.get_gdal_config_option("DXF_ENCODING") is None


def test_drawing_becomes_a_layer_when_its_system_is_declared(tmp_path):
    path = tmp_path / "a.dxf"
    path.write_bytes(drawing("AC1009", "gbk"))
    with pytest.raises(SourceError, match="河道、排口"):
        read_layer(path, "rivers", crs="EPSG:4549")
    with pytest.raises(CrsError, match="EPSG"):
        read_layer(path, "rivers", source_layer="河道")
    done = read_layer(path, "rivers", source_layer="河道", crs="EPSG:4549")
    assert len(done.layer) == 1
    assert done.layer.crs.to_epsg() == 4549
    assert "不带坐标系" in "；".join(done.notes["reason"])


@pytest.mark.parametrize(
    "data",
    [
        b"AutoCAD Binary DXF\r\n\x1a\0" + b"\0" * 99,
        b"no drawing at all",
        drawing("AC1009", "gbk")[:150],
    ],
)
def test_what_is_no_readable_drawing_is_refused(tmp_path, data):
    path = tmp_path / "a.dxf"
    path.write_bytes(data)
    with pytest.raises((SourceError, LayerError)):
        read_layer(path, "rivers", crs=4549)


# ---------------------------------------------------------------- OpenStreetMap


def test_waterways_of_an_osm_file_with_all_their_tags(tmp_path):
    path = osm_pbf(tmp_path / "通州.osm.pbf")
    done = read_layer(path, "rivers")
    assert done.layer["river_id"].tolist() == ["11", "12"]
    assert done.layer["name"].tolist()[0] == "老通扬运河"
    assert done.layer["name:en"].tolist()[0] == "Old canal"
    assert done.source["rows_read"] == 2
    assert "1 条线没有 waterway" in "；".join(done.notes["reason"])
    assert done.layer.crs.to_epsg() == 4326


def test_points_of_an_osm_file(tmp_path):
    path = osm_pbf(tmp_path / "a.osm.pbf")
    points = io.read_table(path, layer="points")
    assert points.cells["waterway"].tolist() == ["weir"]
    assert points.geometry.iloc[0].equals_exact(shapely.Point(119.83, 32.2), 1e-6)
    with pytest.raises(SourceError, match="lines"):
        io.read_table(path)


def test_damaged_osm_file_is_refused(tmp_path):
    path = osm_pbf(tmp_path / "a.osm.pbf")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises((SourceError, LayerError)):
        read_layer(path, "rivers")


# ---------------------------------------------------------------- GeoParquet


@pytest.fixture
def outfalls():
    return gpd.GeoDataFrame(
        {
            "outfall_id": ["P1", "P2"],
            "name": ["东口", None],
            "discharge_m3_d": [12.5, None],
            "deadline": pd.to_datetime(["2026-05-01", None]),
        },
        geometry=gpd.points_from_xy([119.8, 119.9], [32.2, 32.3]),
        crs=4490,
    )


def test_geoparquet_there_and_back(tmp_path, outfalls):
    pytest.importorskip("pyarrow", reason="needs the extra big")
    [path] = export_layers({"outfalls": outfalls}, tmp_path / "排口.parquet")
    done = read_layer(path, "outfalls")
    assert done.layer["outfall_id"].tolist() == ["P1", "P2"]
    assert done.layer["name"].tolist() == ["东口", None]
    assert done.layer["deadline"].iloc[0] == pd.Timestamp("2026-05-01")
    assert done.layer["deadline"].isna().tolist() == [False, True]
    assert done.layer.geometry.geom_equals(outfalls.geometry).all()
    assert done.layer.crs == outfalls.crs
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SourceError, match="读不出来"):
        read_layer(path, "outfalls")


def test_parquet_without_shapes_is_a_table(tmp_path):
    pytest.importorskip("pyarrow", reason="needs the extra big")
    path = tmp_path / "a.parquet"
    pd.DataFrame({"编号": ["P1"], "经度": [119.8], "纬度": [32.2]}).to_parquet(path)
    assert len(read_layer(path, "outfalls").layer) == 1


def test_without_pyarrow_the_extra_is_named(tmp_path, outfalls, monkeypatch):
    monkeypatch.setattr("geotool.io._parquet.find_spec", {}.get)
    path = tmp_path / "a.parquet"
    with pytest.raises(SourceError, match=r"geotool\[big\]"):
        export_layers({"outfalls": outfalls}, path)
    assert not path.exists()
    path.write_bytes(b"PAR1 anything")
    with pytest.raises(SourceError, match=r"geotool\[big\]"):
        io.read_table(path)


# ---------------------------------------------------------------- geodatabases, FlatGeobuf


def test_one_layer_of_a_geodatabase_with_chinese_names(tmp_path, outfalls):
    place = tmp_path / "台账.gdb"
    for name in ("入河排污口", "其他"):
        pyogrio.write_dataframe(
            outfalls.rename(columns={"name": "排污口名称"}).drop(columns="deadline"),
            place,
            layer=name,
            driver="OpenFileGDB",
        )
    assert io.list_layers(place) == ["入河排污口", "其他"]
    done = read_layer(place, "outfalls", source_layer="入河排污口")
    assert done.layer["name"].tolist() == ["东口", None]
    assert done.layer.crs.to_epsg() == 4490


def test_geodatabase_and_flatgeobuf_in_a_zip_of_a_folder(tmp_path, outfalls):
    frame = outfalls.drop(columns="deadline")
    pyogrio.write_dataframe(frame, tmp_path / "a.gdb", driver="OpenFileGDB", layer="口")
    pyogrio.write_dataframe(frame, tmp_path / "b.fgb", driver="FlatGeobuf")
    for name in ("a.gdb", "b.fgb"):
        archive = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(archive, "w") as writer:
            source = tmp_path / name
            for part in [source, *source.rglob("*")] if source.is_dir() else [source]:
                if part.is_file():
                    writer.write(part, f"成果/数据/{part.relative_to(tmp_path)}")
        assert len(read_layer(archive, "outfalls").layer) == 2
