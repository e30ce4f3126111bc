"""Cells of readings with a unit or a remark, values no water has, two names of a section."""

import pytest
from _workbooks import book

from geotool.layers import read_layer


def read_one(tmp_path, header, cell):
    rows = [["断面名称", "时间", header], ["东桥", "2026-05-01", cell]]
    return read_layer(book(tmp_path / "a.xlsx", rows), "readings")


@pytest.mark.parametrize(
    ("header", "cell", "value", "detected"),
    [
        ("氨氮(mg/L)", "0.31mg/L", 0.31, True),
        ("氨氮", "0.31 mg/l", 0.31, True),
        ("氨氮(mg/L)", "310μg/L", 0.31, True),
        ("氨氮", "＜0.025mg/L", 0.0125, False),
        ("氨氮", "0.05（mg/L）", 0.05, True),
        ("总磷(μg/L)", "1.2×10^-2mg/L", 0.012, True),
        ("水温", "12.5℃", 12.5, True),
        ("粪大肠菌群", "800个/L", 800, True),
        ("氨氮", "0.31（超标）", 0.31, True),
        ("氨氮", "1.31mg/L（超标0.3倍）", 1.31, True),
        ("高锰酸盐指数", "12.2(Ⅴ类)", 12.2, True),
        ("粪大肠菌群", "1.2万", 12000, True),
        ("粪大肠菌群(个/L)", "＞2.4万个/L", 24000, True),
        ("粪大肠菌群(个/L)", "1.1万MPN/L（超标）", 11000, True),
        ("藻密度", "0.35亿", 35000000, True),
        ("溶解氧", "5.2ppm", 5.2, True),
        ("氨氮(mg/L)", "310 ppb", 0.31, True),
    ],
)
def test_the_number_is_read_and_the_rest_is_told(
    tmp_path, header, cell, value, detected
):
    done = read_one(tmp_path, header, cell)
    assert done.rejected.empty
    row = done.layer.iloc[0]
    assert row["value_mg_l"] == pytest.approx(value)
    assert (row["detected"], row["value"]) == (detected, cell)
    note = done.notes[done.notes["before"] == cell].iloc[0]
    assert (note["row"], note["column"]) == (2, header)


@pytest.mark.parametrize(
    ("header", "cell", "reason"),
    [
        ("溶解氧", "8.1μS/cm", "单位不认识或不适用于该项目"),
        ("pH", "7.2mg/L", "单位不认识或不适用于该项目"),
        ("氨氮", "0.31（无效）", "监测值无法识别"),
        ("氨氮", "0.31(仪器故障)", "监测值无法识别"),
        ("氨氮", "0.01(检出限)", "监测值无法识别"),
        ("氨氮", "0.3~0.5mg/L", "是一个范围"),
        ("氨氮", "0,31mg/L", "监测值无法识别"),
        ("氨氮", "3级", "监测值无法识别"),
        ("氨氮", "1.2万级", "监测值无法识别"),
        ("氨氮", "5.2mg/kg", "单位不认识或不适用于该项目：氨氮的“mg/kg”"),
        ("氨氮", "0.3%", "单位不认识或不适用于该项目：氨氮的“%”"),
        ("pH", "7.2ppm", "单位不认识或不适用于该项目：pH的“ppm”"),
        ("pH", 17.2, "监测值不可能"),
        ("pH", -1, "监测值为负"),
        ("溶解氧", 70, "监测值不可能"),
        ("溶解氧", "70mg/L", "监测值不可能"),
        ("水温", 150, "监测值不可能"),
        ("水温", -10, "监测值不可能"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(tmp_path, header, cell, reason):
    done = read_one(tmp_path, header, cell)
    assert done.layer.empty
    assert done.rejected["reason"].str.startswith(reason).all()
    assert done.rejected["row"].tolist() == [2]
    assert not done.notes["before"].eq(cell).any()


@pytest.mark.parametrize(
    ("header", "cell", "doubtful"),
    [
        ("pH", 2.2, True),
        ("pH", 9.1, False),
        ("溶解氧", 35, True),
        ("水温", 60, True),
        ("水温", -0.5, False),
        ("氨氮", 310, True),
        ("氨氮(μg/L)", 310, False),
    ],
)
def test_what_is_seldom_is_kept_and_told(tmp_path, header, cell, doubtful):
    done = read_one(tmp_path, header, cell)
    assert len(done.layer) == 1
    assert done.notes["reason"].str.contains("可疑").any() == doubtful


def test_a_refused_unit_is_named_with_those_that_fit(tmp_path):
    done = read_one(tmp_path, "氨氮", "5.2mg/kg")
    row = done.rejected.iloc[0]
    assert (row["value"], row["remedy"]) == (
        "5.2mg/kg",
        "改用 mg/L、μg/L、ng/L、g/L",
    )
    row = read_one(tmp_path, "pH", "7.2mg/L").rejected.iloc[0]
    assert (row["value"], row["remedy"]) == ("7.2mg/L", "该项目没有单位，只写数字")


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [("溶解氧(ppm)", 5.2, 5.2), ("溶解氧", "5.2ppm", 5.2), ("总磷(ppb)", 20, 0.02)],
)
def test_ppm_is_read_as_milligrams_a_litre_and_said(tmp_path, header, cell, value):
    done = read_one(tmp_path, header, cell)
    assert done.layer["value_mg_l"].tolist() == [pytest.approx(value)]
    assert done.notes["reason"].str.contains("一升水按 1 kg 计").sum() == 1


def test_code_and_name_that_disagree_are_told(tmp_path):
    rows = [["断面编码", "断面名称", "时间", "氨氮"]]
    rows += [["A1", "东桥", "2026-05-01", 1], ["A2", "东桥", "2026-05-02", 1]]
    rows += [["A2", "西桥", "2026-05-03", 1], [33.0, "北桥", "2026-05-04", 1]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert done.layer["section_id"].tolist() == ["东桥", "东桥", "西桥", "北桥"]
    told = done.notes[["row", "column", "before"]].to_numpy().tolist()
    assert told == [
        [None, "断面编码", ""],
        [3, "断面编码", "A1、A2"],
        [4, "断面名称", "东桥、西桥"],
    ]


def test_stations_side_by_side_are_told_of_too(tmp_path):
    rows = [
        ["时间", "东桥", None, "西桥", None],
        [None, "氨氮", "总磷", "氨氮", "总磷"],
    ]
    rows += [["2026-05-01", "310μg/L", 0.1, 0.3, "0.1（超标）"]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert done.rejected.empty
    assert sorted(done.layer["value_mg_l"]) == [0.1, 0.1, 0.3, pytest.approx(0.31)]
    told = done.notes.loc[done.notes["row"].eq(3), "column"].tolist()
    assert told == ["东桥 / 氨氮", "西桥 / 总磷"]
