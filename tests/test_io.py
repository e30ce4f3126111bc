"""Files as bureaus keep them: what is read, which row is which, what is refused."""

import datetime as dt
import json
import struct
import zipfile

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
import xlsxwriter

from geotool import io
from geotool.errors import GeotoolError, LayerError, SourceError
from geotool.io import _sound


def book(path, sheets, merged=()):
    """Write a workbook; a cell is what stands there, None is blank."""
    made = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for area in merged:
            sheet.merge_range(area, "")
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, dt.date):
                    style = made.add_format({"num_format": "yyyy-mm-dd"})
                    sheet.write_datetime(row, column, cell, style)
                elif cell is not None:
                    sheet.write(row, column, cell)
    made.close()
    return path


def points(**columns):
    size = len(next(iter(columns.values())))
    shapes = [shapely.Point(119.8 + n / 100, 32.2) for n in range(size)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4490)


def reasons(table):
    return "；".join(table.notes["reason"])


# ---------------------------------------------------------------- workbooks


def test_register_with_title_blank_rows_and_footnotes(tmp_path):
    path = book(
        tmp_path / "台账.xlsx",
        {
            "台账": [
                ["扬中市入河排污口一览表"],
                ["填报单位：扬中市生态环境局", None, None, "2024年5月"],
                ["序号", "排污口编号", "排污口名称", "经度", "纬度"],
                [1, "P1", "东口", 119.81, 32.21],
                [],
                [2, "P2", "西口", 119.82, 32.22],
                ["合计", None, None, 2, None],
                ["注：坐标由现场测得"],
                ["填表人：某某", None, None, "审核：某某"],
            ]
        },
        merged=["A1:E1"],
    )
    table = io.read_table(path)
    assert list(table.cells.columns) == [
        "序号",
        "排污口编号",
        "排污口名称",
        "经度",
        "纬度",
    ]
    assert table.cells.index.tolist() == [4, 6]  # as Excel shows them
    assert table.cells["排污口编号"].tolist() == ["P1", "P2"]
    assert {1, 2, 7, 8, 9} == set(table.notes["row"].dropna())
    assert "空行 1 行" in reasons(table)


def test_two_header_rows_are_joined(tmp_path):
    path = book(
        tmp_path / "a.xlsx",
        {
            "a": [
                ["编号", "名称", "坐标", None, "许可浓度", None],
                [None, None, "经度", "纬度", "氨氮", "总磷"],
                ["P1", "东口", 119.8, 32.2, 5, 0.5],
            ]
        },
        merged=["A1:A2", "B1:B2", "C1:D1", "E1:F1"],
    )
    table = io.read_table(path)
    wanted = [
        "编号",
        "名称",
        "坐标 / 经度",
        "坐标 / 纬度",
        "许可浓度 / 氨氮",
        "许可浓度 / 总磷",
    ]
    assert list(table.cells.columns) == wanted
    assert table.cells.index.tolist() == [3]


def test_row_of_units_below_the_header_goes_into_it(tmp_path):
    text = "断面名称,监测时间,氨氮,总磷\n,,mg/L,μg/L\nA,2024-05-01,0.5,100\n"
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    table = io.read_table(path)
    assert list(table.cells.columns) == [
        "断面名称",
        "监测时间",
        "氨氮(mg/L)",
        "总磷(μg/L)",
    ]
    readings, rejected = io.read_readings(path)
    assert readings["value_mg_l"].tolist() == [0.5, 0.1]
    assert rejected.empty


def test_first_data_row_of_texts_is_no_second_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("编号,名称,类型\nP1,东口,工业\nP2,西口,生活\n", "utf-8")
    assert len(io.read_table(path)) == 2


def test_vertically_merged_cells_are_filled_and_told(tmp_path):
    path = book(
        tmp_path / "a.xlsx",
        {
            "a": [
                ["区县", "编号", "名称"],
                ["扬中", "P1", "甲"],
                [None, "P2", "乙"],
                ["江阴", "P3", "丙"],
            ]
        },
        merged=["A2:A3"],
    )
    table = io.read_table(path)
    assert table.cells["区县"].tolist() == ["扬中", "扬中", "江阴"]
    assert "合并单元格" in reasons(table)


def test_repeated_header_and_column_numbers_are_no_data(tmp_path):
    rows = [["编号", "名称", "经度", "纬度"], [1, 2, 3, 4], ["P1", "甲", 119.8, 32.2]]
    rows += [["编号", "名称", "经度", "纬度"], ["P2", "乙", 119.9, 32.3]]
    table = io.read_table(book(tmp_path / "a.xlsx", {"a": rows}))
    assert table.cells["编号"].tolist() == ["P1", "P2"]
    assert table.cells.index.tolist() == [3, 5]


def test_rows_numbered_beforehand_are_blank(tmp_path):
    rows = [["序号", "编号", "名称"], [1, "P1", "甲"], [2, None, None], [3, None, None]]
    table = io.read_table(book(tmp_path / "a.xlsx", {"a": rows}))
    assert len(table) == 1
    assert "空行 2 行" in reasons(table)


def test_headers_used_twice_or_missing_are_told(tmp_path):
    rows = [["编号", "名称", "名称", None], ["P1", "甲", "乙", "丙"]]
    table = io.read_table(book(tmp_path / "a.xlsx", {"a": rows}))
    assert list(table.cells.columns) == ["编号", "名称", "名称_2", "列D"]
    assert "列名重复" in reasons(table)
    assert "没有列名" in reasons(table)


def test_only_sheet_with_a_table_is_read_and_others_are_named(tmp_path):
    register = [["编号", "名称", "经度", "纬度"], ["P1", "甲", 119.8, 32.2]]
    path = book(tmp_path / "a.xlsx", {"说明": [["请先看这里"]], "数据": register})
    table = io.read_table(path)
    assert table.source["sheet"] == "数据"
    assert "说明" in reasons(table)


def test_two_sheets_with_tables_are_a_question(tmp_path):
    register = [["编号", "名称", "经度", "纬度"], ["P1", "甲", 119.8, 32.2]]
    path = book(tmp_path / "a.xlsx", {"扬中": register, "江阴": register})
    with pytest.raises(SourceError, match=r"扬中、江阴.*--sheet"):
        io.read_table(path)
    assert io.read_table(path, sheet="江阴").source["sheet"] == "江阴"
    assert io.read_table(path, sheet=2).source["sheet"] == "江阴"
    with pytest.raises(SourceError, match="没有工作表 '南通'"):
        io.read_table(path, sheet="南通")


def test_locked_workbook_is_named_as_such(tmp_path):
    # an encrypted xlsx is an old-style container with this stream in its directory
    path = tmp_path / "a.xlsx"
    name = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1016 + name + b"\0" * 2000
    )
    with pytest.raises(SourceError, match="密码"):
        io.read_table(path)


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_texts_in_every_usual_encoding(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("编号,名称\nP1,东口\n".encode(encoding))
    assert io.read_table(path).cells["名称"].tolist() == ["东口"]


def test_big5_needs_to_be_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("編號,名稱,經度\nP1,東口,120.1\n".encode("big5"))
    assert io.read_table(path, encoding="big5").cells["名稱"].tolist() == ["東口"]
    with pytest.raises(SourceError, match="不能按 utf-8 读出"):
        io.read_table(path, encoding="utf-8")
    with pytest.raises(SourceError, match="没有编码"):
        io.read_table(path, encoding="utf-99")


@pytest.mark.parametrize("separator", [",", "\t", ";", "，"])
def test_separators_are_found(tmp_path, separator):
    path = tmp_path / "a.txt"
    rows = [["编号", "名称", "备注"], ["P1", "甲", "x"], ["P2", "乙", "y"]]
    path.write_text("\n".join(separator.join(row) for row in rows), "utf-8")
    assert io.read_table(path).cells.shape == (2, 3)


def test_line_break_inside_a_cell_is_one_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('编号,名称\nP1,"东\n口"\nP2,西口\n', "utf-8")
    assert io.read_table(path).cells.index.tolist() == [2, 3]


def test_destroyed_text_is_said_to_be(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("编号,名称\nP1,锟斤拷锟斤拷\n", "utf-8")
    assert "无法还原" in reasons(io.read_table(path))


# ---------------------------------------------------------------- shapefiles


def shapefile(folder, frame, *, encoding="GBK", keep=(".shp", ".shx", ".dbf", ".prj")):
    folder.mkdir(exist_ok=True)
    path = folder / "口.shp"
    pyogrio.write_dataframe(frame, path, encoding=encoding)
    for part in folder.iterdir():
        if part.suffix not in keep:
            part.unlink()
    return path


def clear_language_byte(path):
    data = bytearray(path.read_bytes())
    data[29] = 0
    path.write_bytes(data)


def test_gbk_shapefile_without_cpg(tmp_path):
    path = shapefile(tmp_path / "a", points(排口名称=["东口", "西口"]))
    clear_language_byte(path.with_suffix(".dbf"))
    table = io.read_table(path)
    assert table.cells["排口名称"].tolist() == ["东口", "西口"]
    assert table.crs.to_epsg() == 4490
    assert "没有可用的 .cpg" in reasons(table)


@pytest.mark.parametrize("lie", ["UTF-8", "OEM 936", "ANSI 936", "65001", "nonsense"])
def test_cpg_that_lies_or_is_unknown(tmp_path, lie):
    path = shapefile(tmp_path / "a", points(名称=["东口", "西口"]))
    clear_language_byte(path.with_suffix(".dbf"))
    path.with_suffix(".cpg").write_text(lie)
    assert io.read_table(path).cells["名称"].tolist() == ["东口", "西口"]


def test_utf8_shapefile_that_claims_gbk(tmp_path):
    path = shapefile(tmp_path / "a", points(名=["东口", "西口"]), encoding="UTF-8")
    path.with_suffix(".cpg").write_text("GBK")
    table = io.read_table(path)
    assert table.cells["名"].tolist() == ["东口", "西口"]
    assert "其实是 UTF-8" in reasons(table)


def test_field_name_cut_in_mid_character(tmp_path):
    "what geopandas' own to_file writes for a name of four Chinese characters"
    path = tmp_path / "a.shp"
    with pytest.warns(RuntimeWarning):
        pyogrio.write_dataframe(
            points(排口名称=["东口", "西口"]), path, encoding="UTF-8"
        )
    table = io.read_table(path)
    assert list(table.cells.columns) == ["排口名"]
    assert table.cells["排口名"].tolist() == ["东口", "西口"]


def test_missing_index_is_made_anew_elsewhere(tmp_path):
    path = shapefile(tmp_path / "a", points(名=["东口"]), keep=(".shp", ".dbf", ".prj"))
    before = sorted(part.name for part in path.parent.iterdir())
    table = io.read_table(path)
    assert table.cells["名"].tolist() == ["东口"]
    assert "重建索引" in reasons(table)
    assert sorted(part.name for part in path.parent.iterdir()) == before


def test_missing_dbf_gives_shapes_and_says_so(tmp_path):
    path = shapefile(tmp_path / "a", points(名=["东口"]), keep=(".shp", ".shx", ".prj"))
    table = io.read_table(path)
    assert len(table.geometry) == 1
    assert "缺少 .dbf" in reasons(table)


def test_missing_prj_gives_no_crs(tmp_path):
    path = shapefile(tmp_path / "a", points(名=["东口"]), keep=(".shp", ".shx", ".dbf"))
    assert io.read_table(path).crs is None


def test_prj_with_a_chinese_name_in_gbk(tmp_path):
    path = shapefile(tmp_path / "a", points(名=["东口"]))
    prj = path.with_suffix(".prj")
    prj.write_bytes(prj.read_text("utf-8").replace("China", "中国").encode("gbk"))
    assert b"\xd6\xd0" in prj.read_bytes()
    table = io.read_table(path)
    assert table.cells["名"].tolist() == ["东口"]
    assert table.crs.is_geographic
    assert table.crs.ellipsoid.semi_major_metre == 6378137


def test_part_of_a_shapefile_alone_is_refused(tmp_path):
    path = shapefile(tmp_path / "a", points(名=["东口"]), keep=(".prj",))
    with pytest.raises(SourceError, match=r"缺少同名 \.shp"):
        io.read_table(path.with_suffix(".prj"))


def test_shapefile_in_a_folder_of_a_windows_zip(tmp_path):
    path = shapefile(tmp_path / "a", points(名=["东口"]))
    archive = tmp_path / "排口.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for part in path.parent.iterdir():
            # Windows: names in GBK, and no flag that says so
            name = f"数据/{part.name}".encode("gbk").decode("cp437")
            info = zipfile.ZipInfo(name)
            made.writestr(info, part.read_bytes())
    data = archive.read_bytes()  # zipfile marks every such name as UTF-8: undo it
    utf8 = "数据/".encode("gbk").decode("cp437").encode("utf-8")
    assert utf8 in data
    assert io.read_table(archive).cells["名"].tolist() == ["东口"]


def test_zip_with_several_tables_asks_which(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("x/东.csv", "编号,名称\nP1,甲\n")
        made.writestr("x/西.csv", "编号,名称\nP2,乙\n")
        made.writestr("__MACOSX/x/._东.csv", "junk")
    with pytest.raises(SourceError, match="多个数据文件"):
        io.read_table(archive)
    assert io.read_table(archive, layer="西").cells["编号"].tolist() == ["P2"]


def test_name_in_a_zip_is_no_path(tmp_path):
    archive = tmp_path / "sub" / "a.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("../../escape.csv", "编号,名称\nP1,甲\n")
    assert len(io.read_table(archive)) == 1
    assert not list(tmp_path.rglob("escape.csv"))


def test_encrypted_or_broken_zip(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.csv", "编号,名称\nP1,甲\n")
    data = bytearray(archive.read_bytes())
    locked = bytearray(data)
    locked[6] |= 1
    locked[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(locked)
    with pytest.raises(SourceError, match="加密"):
        io.read_table(archive)
    archive.write_bytes(data[: len(data) // 2])
    with pytest.raises(SourceError, match="不是完好的 zip"):
        io.read_table(archive)


# ---------------------------------------------------------------- other spatial files


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        ("a.gpkg", "GPKG"),
        ("a.fgb", "FlatGeobuf"),
        ("a.geojson", "GeoJSON"),
        ("a.gdb", "OpenFileGDB"),
    ],
)
def test_spatial_formats(tmp_path, name, driver):
    frame = points(排污口名称=["东口", "西口"]).to_crs(4326)
    pyogrio.write_dataframe(frame, tmp_path / name, driver=driver)
    table = io.read_table(tmp_path / name)
    # FlatGeobuf puts features into the order of its index
    assert sorted(table.cells["排污口名称"]) == ["东口", "西口"]
    assert table.crs.to_epsg() == 4326
    assert table.cells.index.tolist() == [1, 2]


def test_geojson_in_gbk(tmp_path):
    feature = {
        "type": "Feature",
        "properties": {"名称": "东口"},
        "geometry": {"type": "Point", "coordinates": [119.8, 32.2]},
    }
    content = {"type": "FeatureCollection", "features": [feature]}
    path = tmp_path / "a.geojson"
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode("gbk"))
    assert io.read_table(path).cells["名称"].tolist() == ["东口"]


def test_several_layers_are_a_question(tmp_path):
    for layer in ("一", "二"):
        pyogrio.write_dataframe(points(a=[1]), tmp_path / "a.gpkg", layer=layer)
    with pytest.raises(SourceError, match="一、二"):
        io.read_table(tmp_path / "a.gpkg")
    assert io.list_layers(tmp_path / "a.gpkg") == ["一", "二"]
    assert len(io.read_table(tmp_path / "a.gpkg", layer="二")) == 1
    with pytest.raises(SourceError, match="没有图层 '三'"):
        io.read_table(tmp_path / "a.gpkg", layer="三")


KML = """<?xml version="1.0" encoding="{encoding}"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>全部</name>{extra}
<Folder><name>东片</name>
<Placemark><name>一号</name><ExtendedData><Data name="流量"><value>12</value></Data>
</ExtendedData><Point><coordinates>119.81,32.21,0</coordinates></Point></Placemark>
</Folder></Document>
<Folder><name>西片</name>
<Placemark><name>二号</name><LineString><coordinates>119.8, 32.2,0 119.9, 32.3,0
</coordinates></LineString></Placemark>
<Placemark><name>三号</name></Placemark></Folder></kml>"""


@pytest.mark.parametrize("encoding", ["UTF-8", "GB2312"])
def test_kml_of_many_folders_with_chinese_fields(tmp_path, encoding):
    path = tmp_path / "a.kml"
    path.write_bytes(KML.format(encoding=encoding, extra="").encode(encoding))
    table = io.read_table(path)
    assert table.cells["name"].tolist() == ["一号", "二号", "三号"]
    assert table.cells["流量"].tolist() == ["12", None, None]
    assert table.cells["folder"].tolist() == ["全部/东片", "西片", "西片"]
    assert table.geometry.iloc[0].equals(shapely.Point(119.81, 32.21))
    assert table.geometry.iloc[2] is None
    assert table.source["datum"] is None


def test_ovital_files_are_in_gcj02_unless_they_say_otherwise(tmp_path):
    path = tmp_path / "a.ovkml"
    path.write_text(KML.format(encoding="UTF-8", extra=""), "utf-8")
    assert io.read_table(path).source["datum"] == "gcj02"
    stated = "<OvCoordType>WGS84</OvCoordType>"
    path.write_text(KML.format(encoding="UTF-8", extra=stated), "utf-8")
    assert io.read_table(path).source["datum"] == "wgs84"


def test_kmz_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as made:
        made.writestr("doc.kml", KML.format(encoding="UTF-8", extra=""))
        made.writestr("files/icon.png", b"x")
    assert len(io.read_table(tmp_path / "a.kmz")) == 3


def test_kml_with_entities_is_not_read(tmp_path):
    path = tmp_path / "a.kml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><kml>&b;</kml>')
    with pytest.raises(SourceError, match="DOCTYPE"):
        io.read_table(path)


# ---------------------------------------------------------------- bad inputs


def bad_inputs(folder):
    """Name → (file, what the message says)."""
    (folder / "dir.csv").mkdir()
    contents = {
        "empty.csv": b"",
        "empty.xlsx": b"",
        "blank.csv": b"\n\n\n",
        "numbers.csv": b"1,2,3\n4,5,6\n",
        "text.xlsx": b"hello",
        "page.xls": b"<html><table><tr><td>1</td></tr></table></html>",
        "cut.xlsx": b"PK\x03\x04" + b"\0" * 200,
        "cut.gpkg": b"SQLite format 3\0" + b"\0" * 100,
        "cut.shp": struct.pack(">i", 9994) + b"\0" * 96,
        "cut.geojson": b'{"type": "FeatureCollection", "features": [',
        "no.geojson": b'{"a": 1}',
        "no.kml": b"<kml></kml>",
        "cut.kml": b"<kml><Placemark>",
        "binary.csv": b"\0\1\2\3" * 50,
        "neither.csv": b"a,b\n\xff\xff\xff,1\n",
        "no.zip": b"hello",
        "letter.doc": b"hello",
        "cut.fgb": b"fgb\3fgb\0" + b"\0" * 20,
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return ["missing.csv", "dir.csv", *contents]


def test_every_bad_input_is_one_clear_line(tmp_path):
    for name in bad_inputs(tmp_path):
        with pytest.raises(GeotoolError) as caught:
            io.read_table(tmp_path / name)
        assert isinstance(caught.value, SourceError), name
        assert name in str(caught.value), name
        assert "\n" not in str(caught.value)
        assert caught.value.zh != caught.value.en


@pytest.mark.parametrize("path", [None, 3.5, "a\0b", ""])
def test_what_is_no_path(path):
    with pytest.raises(SourceError):
        io.read_table(path)


def test_workbook_without_any_cell(tmp_path):
    with pytest.raises(SourceError, match="空"):
        io.read_table(book(tmp_path / "a.xlsx", {"a": []}))


def test_sheet_of_a_text_and_layer_of_a_workbook_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("编号,名称\n1,2\n", "utf-8")
    with pytest.raises(SourceError, match="没有工作表"):
        io.read_table(tmp_path / "a.csv", sheet="x")
    with pytest.raises(SourceError, match="没有图层"):
        io.read_table(tmp_path / "a.csv", layer="x")


def test_workbook_named_csv_is_read_as_a_workbook(tmp_path):
    book(tmp_path / "a.xlsx", {"a": [["编号", "名称"], ["P1", "甲"]]}).rename(
        tmp_path / "a.csv"
    )
    table = io.read_table(tmp_path / "a.csv")
    assert table.cells["名称"].tolist() == ["甲"]
    assert "按 Excel 读" in reasons(table)


# ---------------------------------------------------------------- readings, settings


def test_readings_of_one_column_an_item(tmp_path):
    path = book(
        tmp_path / "a.xlsx",
        {
            "a": [
                ["2024年监测结果"],
                ["断面名称", "监测时间", "氨氮(mg/L)", "总磷(mg/L)"],
                ["扬子桥", dt.date(2024, 5, 1), 0.31, "<0.01"],
                ["扬子桥", "5月2日", 0.4, 0.1],
            ]
        },
    )
    readings, rejected = io.read_readings(path)
    assert readings[["item", "value_mg_l"]].to_numpy().tolist() == [
        ["NH3N", 0.31],
        ["TP", 0.005],
    ]
    assert rejected["row"].tolist() == [4]


def test_year_and_month_in_columns_of_their_own(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("断面名称,年份,月份,氨氮\nA,2024,5,0.5\n", "utf-8")
    readings, _ = io.read_readings(path)
    assert readings["time"].tolist() == [pd.Timestamp(2024, 5, 1)]


def test_times_without_a_year_take_the_one_that_is_stated(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "断面,时间,氨氮\nA,08-21 20:00,0.5\nA,8月22日,0.6\nA,02-30,0.7\n", "utf-8"
    )
    assert len(io.read_readings(path)[0]) == 0
    tidy, rejected = io.read_readings(path, year=2026)
    assert tidy["time"].tolist() == [
        pd.Timestamp("2026-08-21 20:00"),
        pd.Timestamp("2026-08-22"),
    ]
    assert rejected["reason"].tolist() == ["监测时间无法识别"]
    path.write_text("断面,时间,氨氮\nA,2024-08-21,0.5\n", "utf-8")
    assert io.read_readings(path, year=2026)[0]["time"].dt.year.tolist() == [2024]


@pytest.mark.parametrize(
    ("cells", "vast"),
    [
        (["A1", "P100002"], False),
        (["A1", "Z1048576"], True),
        (["A1", "AA1", "B99999"], False),
        (["A1", "ZZ5", "B100000"], True),
        (["A1", "AAA5"], True),
        (["A1", "A9999999"], True),
    ],
)
def test_only_sheets_that_may_be_vast_are_counted_cell_by_cell(tmp_path, cells, vast):
    path = tmp_path / "a.xlsx"
    text = "".join(f'<c r="{cell}"><v>1</v></c>' for cell in cells)
    for filler in ("", " " * ((1 << 22) - 10)):  # a cell cut in two by a block, too
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", f"{filler}{text}")
        [size], _ = _sound._zipped(path)
        assert _sound.scan_sheet(f"{filler}{text}".encode())[0] is vast
        assert (size == (0, 0)) is not vast
        if vast:
            rows = max(int("".join(filter(str.isdigit, cell))) for cell in cells)
            assert size[0] == rows


def test_readings_without_a_time_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("断面名称,氨氮\nA,0.5\n", "utf-8")
    with pytest.raises(LayerError, match="监测时间"):
        io.read_readings(path)


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", 'name = "排涝"\n'), ("a.json", '{"name": "排涝"}')]
)
def test_settings(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    assert io.read_mapping(tmp_path / name) == {"name": "排涝"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.toml", "name = "), ("a.json", "{"), ("a.json", "[1]"), ("a.yaml", "a: 1")],
)
def test_broken_settings(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(SourceError):
        io.read_mapping(tmp_path / name)


# ---------------------------------------------------------------- writing

EVIL = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "http://a.b/c",
    "普通",
]


def test_no_text_is_a_formula_in_csv_and_numbers_stay(tmp_path):
    table = pd.DataFrame({"a": EVIL, "b": range(7), "c": [-1.5] * 7, "d": ["-1.5"] * 7})
    path = io.write_table(table, tmp_path / "a.csv")
    lines = path.read_text("utf-8-sig").splitlines()
    assert all(not line.startswith(tuple("=+-@\t")) for line in lines)
    assert "普通,6,-1.5,-1.5" in lines[-1]
    again = io.read_table(path).cells
    assert again["a"].tolist() == EVIL  # our apostrophe is taken off again


def test_no_text_is_a_formula_or_link_in_xlsx(tmp_path):
    path = io.write_table(
        pd.DataFrame({"a": EVIL, "b": [1.5] * 7}), tmp_path / "a.xlsx"
    )
    sheet = openpyxl.load_workbook(path).active
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == EVIL
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)
    assert sheet["B2"].value == 1.5


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".json", ".geojson", ".gpkg"])
def test_written_table_can_be_read_again(tmp_path, suffix):
    frame = points(编号=["P1", "P2"], 流量=[1.5, 2.5])
    table = io.read_table(io.write_table(frame, tmp_path / f"a{suffix}"))
    assert table.cells["编号"].tolist() == ["P1", "P2"]
    assert [float(value) for value in table.cells["流量"]] == [1.5, 2.5]
    assert [part.name for part in tmp_path.iterdir()] == [f"a{suffix}"]


def test_old_file_stays_when_writing_fails(tmp_path):
    path = tmp_path / "a.xlsx"
    io.write_table(pd.DataFrame({"a": [1]}), path)
    before = path.read_bytes()
    with pytest.raises(SourceError, match="超过 Excel"):
        io.write_table(pd.DataFrame({"a": ["长" * 40_000]}), path)
    assert path.read_bytes() == before
    assert [part.name for part in tmp_path.iterdir()] == ["a.xlsx"]


def test_where_nothing_can_be_written(tmp_path):
    table = pd.DataFrame({"a": [1]})
    for path in ("no/a.csv", "a.doc", "a.gpkg"[:0] + "a.geojson"):
        with pytest.raises(SourceError):
            io.write_table(table, tmp_path / path)


def test_missing_values_are_blank_everywhere(tmp_path):
    table = pd.DataFrame(
        {"a": ["x", None], "b": [1.0, None], "t": [pd.NaT, pd.Timestamp(2024, 5, 1)]}
    )
    text = io.write_table(table, tmp_path / "a.csv").read_text("utf-8-sig")
    assert text.splitlines() == ["a,b,t", "x,1.0,", ",,2024-05-01"]
    rows = json.loads(io.write_table(table, tmp_path / "a.json").read_text("utf-8"))
    assert rows == [
        {"a": "x", "b": 1.0, "t": None},
        {"a": None, "b": None, "t": "2024-05-01"},
    ]


def test_a_table_parted_by_tabs_is_read_as_one_parted_by_commas(tmp_path):
    rows = [
        ["排污口编号", "名称", "备注"],
        ["PW1", "东口", "甲,乙"],
        ["PW2", "西口", ""],
    ]
    path = tmp_path / "登记.tsv"
    path.write_text("\n".join("\t".join(row) for row in rows), encoding="gb18030")
    cells = io.read_table(path).cells
    assert list(cells.columns) == rows[0]
    assert cells["备注"].iloc[0] == "甲,乙"
    assert cells["名称"].tolist() == ["东口", "西口"]
