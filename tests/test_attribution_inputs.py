"""The section that failed, and the problem it makes."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from test_attribution_ranking import BETWEEN, TWO, points, readings, stem_network

from geotool.attribution._inputs import (
    _check_outfalls,
    _excluded,
    _held,
    _met,
    _rows_of,
    _source_table,
    build_problem,
)
from geotool.attribution._loads import (
    decay_of,
)
from geotool.attribution._measured import (
    Notes,
)
from geotool.attribution._sections import (
    find_section,
    named_sections,
    placed_sections,
)
from geotool.errors import LayerError, LocateError, NetworkError
from geotool.network import Scenario

NAN = np.nan
G_S = 1 / 86_400


# ---------------------------------------------------------------- sections
@pytest.fixture
def stem():
    return stem_network()


def layer(**more):
    facts = {"S1": (4000, 0, {"name": "桥"}), "S2": (8000, 0, {"name": "河口"})}
    return points("section_id", {**facts, **more})


def test_a_section_is_found_by_id_by_name_by_row_or_by_place(stem):
    rows = pd.DataFrame({"section_id": ["S1", "x"]})
    register, name = find_section(stem, "河口", layer(), rows)
    assert (len(register), name) == (2, "S2")
    assert find_section(stem, "S1", layer(), rows)[1] == "S1"
    one = points("section_id", {"S3": (6000, 0, {})})
    register, name = find_section(stem, one, layer(), rows)
    assert (register["section_id"].tolist(), name) == (["S1", "S2", "S3"], "S3")
    assert find_section(stem, one, None, rows)[0]["section_id"].tolist() == ["S3"]
    same = find_section(stem, layer().tail(1), layer(), rows)
    assert (len(same[0]), same[1]) == (2, "S2")
    for at in (3950.0, 4050.0):
        assert find_section(stem, ("A", at), layer(), rows)[1] == "S1"
    register, name = find_section(stem, ("A", 3949.9), layer(), rows)
    assert (register["section_id"].tolist(), name) == (["S1", "S2", "x"], "x")
    assert register.geometry.iloc[2].x == pytest.approx(3949.9)
    alone, name = find_section(stem, ("A", 10.0), None, rows.tail(1))
    assert (alone["section_id"].tolist(), name) == (["x"], "x")
    degrees = points("section_id", {"S3": (6000, 0, {})}).to_crs(4490)
    moved, _ = find_section(stem, degrees, layer(), rows)
    assert moved.geometry.iloc[2].x == pytest.approx(6000, abs=0.01)
    assert moved.crs == layer().crs


def test_a_section_that_cannot_be_told_is_refused(stem):
    rows = pd.DataFrame({"section_id": ["x", "y"]})
    twice = layer(S3=(1000, 0, {"name": "河口"}))
    for at, register, told in (
        ("河口", twice, "没有断面 '河口'；现有：S1、S2、S3。"),
        ("S1", None, "还需要断面图层"),
        (layer(), layer(), "一次只排一个断面，得到 2 个"),
        (("A", 100.0), None, "起点处没有断面"),
        (("A", 100.0), layer(), "起点处没有断面"),
    ):
        with pytest.raises(LocateError, match=told):
            find_section(stem, at, register, rows)


def test_sections_are_named_by_id_else_by_name_each_once():
    made = named_sections(gpd.GeoDataFrame(
        {"断面名称": [" a  b ", "c"]}, geometry=[shapely.Point(0, 0)] * 2, crs=4549,
        index=[7, 8],
    ))  # fmt: skip
    assert made["section_id"].tolist() == ["a b", "c"]
    assert made.index.tolist() == [0, 1]
    bare = gpd.GeoDataFrame({"q": [1]}, geometry=[shapely.Point(0, 0)], crs=4549)
    with pytest.raises(LayerError, match="没有断面编号"):
        named_sections(bare)
    with pytest.raises(LayerError, match="断面编号重复：S1"):
        named_sections(pd.concat([layer(), layer()]))


def test_sections_with_readings_are_placed_by_id_and_the_lost_are_told(stem):
    register = named_sections(
        layer(S0=(2000, 900, {"name": "远"}), S9=(100, 0, {}), S7=(7000, 0, {}))
    )
    rows = pd.DataFrame({"section_id": ["S7", "桥", "S0"]})
    notes = Notes()
    placed = placed_sections(stem, register, "S2", rows, notes, 200.0)
    assert placed["section_id"].tolist() == ["S1", "S2", "S7"]
    assert notes.words == [
        ("断面 S0 不在河网上，其监测值未用",
         "sections S0 are not on the network: readings not used"),
    ]  # fmt: skip
    with pytest.raises(LocateError, match="断面 S0 不在河网上（没有坐标或超过 200 m）"):
        placed_sections(stem, register, "S0", rows, notes, 200.0)
    nameless = register.drop(columns="name")
    placed = placed_sections(stem, nameless, "S2", rows, Notes(), 200.0)
    assert placed["section_id"].tolist() == ["S2", "S7"]


# ---------------------------------------------------------------- the problem
def test_states_share_the_time_and_are_refused_without_any():
    one, two = Scenario("甲"), Scenario("乙")
    assert _held(None, ()) == [(None, 1.0)]
    assert _held(one, ()) == [(one, 1.0)]
    assert _held(None, [(one, 3.0), (two, 1.0)]) == [(one, 0.75), (two, 0.25)]
    for shares in ((0.0, 1.0), (-1.0, 2.0), (NAN, 1.0), (np.inf, 1.0)):
        with pytest.raises(NetworkError, match="应为正数"):
            _held(None, list(zip((one, two), shares, strict=True)))


def test_candidates_of_all_states_count_once_where_they_are_nearest():
    tables = [
        pd.DataFrame({"id": ["b", "a"], "distance_m": [5.0, 5.0], "state": 0}),
        pd.DataFrame({"id": ["a", "c"], "distance_m": [3.0, 9.0], "state": 1}),
    ]
    found = _met(tables)
    assert found["id"].tolist() == ["a", "b", "c"]
    assert found["state"].tolist() == [1, 0, 1]
    out = [
        SimpleNamespace(excluded=pd.DataFrame(
            {"id": ids, "name": "n", "kind": "k", "reason": "r", "reason_en": "e", "x": 1}
        ))
        for ids in (["p", "q"], ["q", "s"])
    ]  # fmt: skip
    left = _excluded(out)
    assert left["outfall_id"].tolist() == ["q"]
    assert left.columns.tolist() == [
        "outfall_id",
        "name",
        "kind",
        "reason",
        "reason_en",
    ]
    assert left.index.tolist() == [0]


def test_outfalls_are_told_apart_by_id():
    register = points("outfall_id", TWO)
    _check_outfalls(register)
    empty = register.assign(outfall_id=["P1", None])
    with pytest.raises(LayerError, match="没有编号"):
        _check_outfalls(empty)
    rows = _rows_of(register, pd.Series(["P2", "P1"]))
    assert rows["outfall_id"].tolist() == ["P2", "P1"]
    assert "geometry" not in rows.columns
    with pytest.raises(LayerError, match="排污口 P3 在登记表中找不到"):
        _rows_of(register, pd.Series(["P1", "P3"]))
    numbers = register.assign(outfall_id=[7, 8])
    assert _rows_of(numbers, pd.Series(["8"]))["outfall_id"].tolist() == [8]


def test_the_table_of_sources_takes_the_finer_category():
    met = pd.DataFrame(
        {"id": [1, 2], "name": ["厂", None], "reach_id": ["A", "A"], "measure_m": [5.0, 6.0],
         "located": "on", "relation": "certain", "distance_m": [1.0, 2.0],
         "travel_time_min_h": 1.0, "travel_time_max_h": 2.0, "structures": [[], []],
         "path": [[], []]}
    )  # fmt: skip
    rows = pd.DataFrame({"category_1": ["工业", "农业"], "category": ["工矿", None]})
    found = _source_table(
        met, rows, np.array([4, 5]), SimpleNamespace(discharge_m3_d=np.array([86_400.0, NAN])),
        SimpleNamespace(reach_position=pd.Series([3], index=["A"])),
    )  # fmt: skip
    assert found["category"].tolist() == ["工矿", "农业"]
    assert found["outfall_id"].tolist() == ["1", "2"]
    assert found["name"].tolist() == ["厂", ""]
    assert found["discharge_m3_s"].tolist() == [1.0, 0.0]
    assert found["reach"].tolist() == [3, 3]
    bare = _source_table(
        met, rows[[]], np.array([4, 5]), SimpleNamespace(discharge_m3_d=np.zeros(2)),
        SimpleNamespace(reach_position=pd.Series([3], index=["A"])),
    )  # fmt: skip
    assert bare["category"].tolist() == ["", ""]


def test_a_problem_holds_each_number_where_it_belongs(stem):
    table = pd.concat(
        [readings({"S1": 0.4, "S2": 2.2}), readings({"S2": 26.0}, item="WT"),
         readings({"S2": "坏"}, item="TP")]
    )  # fmt: skip
    made = build_problem(
        stem, "S2", table, points("outfall_id", {**TWO, "P9": (8500, 3, {})}),
        item="氨氮", limit_mg_l=0.8,
        sections=points("section_id", {**BETWEEN, "S1": (4000, 0, {"target_class": "III"})}),
    )  # fmt: skip
    problem = made.problem
    assert problem.sections["section_id"].tolist() == ["S1", "S2"]
    assert problem.target == 1
    assert problem.items == ("NH3N",)
    np.testing.assert_allclose(problem.limits[:, 0], [1.0, 0.8])
    np.testing.assert_allclose(problem.background_mg_l[:, 0], [0.25, 0.2])
    np.testing.assert_array_equal(problem.sections["flow_m3_s"], [NAN, 2.0])
    assert problem.sections["name"].tolist() == ["S1", "S2"]
    assert problem.decay_per_d.tolist() == [decay_of("NH3N", temperature_c=26.0).per_d]
    assert problem.decay_sigma.tolist() == [0.8]
    assert problem.sources["outfall_id"].tolist() == ["P2", "P1"]
    np.testing.assert_allclose(problem.sources["discharge_m3_s"], 4000 * G_S)
    assert problem.others["outfall_id"].tolist() == ["P9"]
    assert problem.others["discharge_m3_s"].tolist() == [0.0]
    assert problem.excluded["outfall_id"].tolist() == ["P9"]
    inflow = problem.canals.inflow_m3_s
    np.testing.assert_allclose(inflow[problem.sources["node"]], 4000 * G_S)
    assert inflow.sum() == pytest.approx(8000 * G_S)
    (state,) = problem.states
    assert (state.name, state.weight) == ("现状", 1.0)
    assert state.section_nodes.tolist() == problem.sections["node"].tolist()
    assert state.source_nodes.tolist() == problem.sources["node"].tolist()
    assert state.other_nodes.tolist() == problem.others["node"].tolist()
    assert len(made.rejected) == 1
    assert problem.notes[0] == (
        "1 条监测值无法使用（见 .unused）", "1 readings cannot be used (see .unused)",
    )  # fmt: skip
    assert made.trace.settings["scenario"] is not None
