"""The desk answers a click as the trace does, and tells what is wrong."""

import itertools
import json
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geotool as gt
from geotool.desk import TraceDesk, trace_map
from geotool.desk._answer import LEVELS
from geotool.desk._lines import MICRO, pack_lines
from geotool.errors import LocateError, MapError, NetworkError
from geotool.network import build_network
from geotool.trace import trace_downstream, trace_upstream


def points(column, ids, places, **others):
    return gpd.GeoDataFrame(
        {column: ids, **others},
        geometry=[shapely.Point(*place) for place in places],
        crs=4549,
    )


def small_case():
    """Two branches join above S1; a gate shuts the second.

    A ─────P1─┐
              J──S1──►
    B ─P3─G─P2┘
    """
    x, y = 500_000, 3_500_000
    rivers = gpd.GeoDataFrame(
        {"river_id": ["A", "B", "C"], "direction": ["digitized"] * 3},
        geometry=[
            shapely.LineString([(x, y + 1000), (x + 2000, y)]),
            shapely.LineString([(x, y - 2000), (x + 2000, y)]),
            shapely.LineString([(x + 2000, y), (x + 5000, y)]),
        ],
        crs=4549,
    )
    gates = points(
        "structure_id", ["G"], [(x + 1000, y - 1000)],
        kind=["sluice"], state=["open"], name=["<b>南闸</b>"],
    )  # fmt: skip
    network = build_network(rivers, structures=gates)
    layers = {
        "sections": points(
            "section_id", ["S1"], [(x + 4000, y)], name=["东桥"], target_class=["III"]
        ),
        "outfalls": points(
            "outfall_id",
            ["P1", "P2", "P3"],
            [(x + 1000, y + 500), (x + 1500, y - 500), (x + 500, y - 1500)],
            name=["北口", "<img src=x onerror=alert(1)>", None],
            permitted_discharge_m3_d=[4000.0] * 3,
            permitted_nh3n_mg_l=[8.0] * 3,
        ),
    }
    return network, layers


@pytest.fixture
def desk():
    return TraceDesk(*small_case())


def test_a_click_gives_what_the_trace_gives(desk):
    answer = desk.from_point("sections", "S1")
    alone = trace_upstream(desk.network, desk.points["sections"], points=desk.points)
    assert [row["id"] for row in answer.rows] == alone.points["id"].tolist()
    assert (
        desk.trace.points["distance_m"].tolist() == alone.points["distance_m"].tolist()
    )
    down = desk.turn("downstream")
    other = trace_downstream(desk.network, desk.points["sections"], points=desk.points)
    assert [row["id"] for row in down.rows] == other.points["id"].tolist()


def test_a_gate_shut_on_the_map_is_a_scenario(desk):
    before = desk.from_point("sections", "S1")
    assert {row["id"] for row in before.rows} == {"P1", "P2", "P3"}
    after = desk.set_gate("G", "closed")
    assert {row["id"] for row in after.rows} == {"P1", "P2"}
    assert any("关闭" in text for text in after.stops)
    assert desk.gates()[0]["state"] == "closed"
    assert desk.scenario.structures == {"G": "closed"}
    again = desk.set_gate("G", "open")
    assert [row["id"] for row in again.rows] == [row["id"] for row in before.rows]


def test_a_place_clicked_is_that_place(desk):
    at = desk.points["sections"].to_crs(4490).geometry.iloc[0]
    answer = desk.from_place(at.x, at.y)
    assert {row["id"] for row in answer.rows} >= {"P1", "P2", "P3"}


def test_lines_found_are_those_of_the_trace(desk):
    answer = desk.from_point("sections", "S1")
    starts = np.frombuffer(answer.lines.starts, np.uint32)
    kinds = [LEVELS[k] for k in answer.lines.classes]
    assert len(starts) - 1 == len(desk.trace.reaches)
    assert kinds == desk.trace.reaches["relation"].tolist()
    xy = np.frombuffer(answer.lines.coords, np.int32).reshape(-1, 2) / MICRO
    box = desk.trace.reaches.to_crs(4490).total_bounds
    assert np.allclose([*xy.min(0), *xy.max(0)], box, atol=2e-6)


@given(
    st.lists(
        st.lists(
            st.tuples(st.floats(-179, 179), st.floats(-89, 89)),
            min_size=2, max_size=6, unique=True,
        ),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_packed_lines_come_back(drawn):
    packed = pack_lines(gpd.GeoSeries(map(shapely.LineString, drawn), crs=4490))
    starts = np.frombuffer(packed.starts, np.uint32)
    xy = np.frombuffer(packed.coords, np.int32).reshape(-1, 2) / MICRO
    back = [xy[a:b] for a, b in itertools.pairwise(starts)]
    assert len(back) == len(drawn)
    for one, other in zip(back, drawn, strict=True):
        assert np.abs(one - np.array(other)).max() <= 0.5 / MICRO + 1e-12


def test_ranking_needs_a_section_readings_and_an_item(desk):
    desk.from_point("outfalls", "P1")
    with pytest.raises(LocateError, match="先点一个断面"):
        desk.rank()


def test_ranking_comes_in_the_order_of_probability(desk):
    desk.readings = pd.DataFrame(
        {"section_id": ["S1"], "time": ["2026-05-03 08:00"], "NH3N": [2.1]}
    )
    desk.item = "NH3N"
    desk.from_point("sections", "S1")
    answer = desk.rank()
    alone = gt.rank_sources(
        desk.network, "S1", desk.readings, desk.points["outfalls"],
        item="NH3N", sections=desk.points["sections"],
    )  # fmt: skip
    odds = dict(zip(alone.table["outfall_id"], alone.table["probability"], strict=True))
    assert sorted(odds.values(), reverse=True) == [
        odds[row["id"]] for row in answer.rows
    ]
    assert desk.ranking.unregistered_probability == alone.unregistered_probability
    desk.from_point("sections", "S1")
    assert desk.ranking is None, "another question, no old ranking"


def test_what_is_wrong_is_told(desk):
    with pytest.raises(LocateError, match="没有图层"):
        desk.from_point("nothing", "S1")
    with pytest.raises(LocateError, match="0 个"):
        desk.from_point("sections", "S9")
    with pytest.raises(NetworkError, match="没有闸站"):
        desk.set_gate("Z", "open")
    with pytest.raises(NetworkError, match="half"):
        desk.set_gate("G", "half")
    with pytest.raises(NetworkError, match="方向"):
        desk.turn("sideways")
    with pytest.raises(LocateError):
        desk.from_place(0.0, 0.0)


def test_widget_answers_messages_and_tells_errors(desk):
    made = trace_map(desk.network, desk.points)
    made._heard(made, {"kind": "point", "layer": "sections", "id": "S1"}, [])
    assert made.answer["title"].startswith("S1 上游")
    assert made.trace is made.desk.trace
    for message in (
        {"kind": "point", "layer": "sections", "id": "<script>"},
        {"kind": "place", "lon": 0, "lat": 0},
        {"kind": "gate", "id": "G", "state": "half"},
        {"kind": "nonsense"},
        {"kind": "rank"},
    ):
        made._heard(made, message, [])
        assert made.answer["error"], message
    json.dumps(made.answer)


def test_widget_fetches_nothing(desk):
    made = trace_map(desk.network, desk.points)
    for text in (made._esm, made._css):
        assert "url(http" not in text
        assert (
            "import " not in text.split("export default")[0].split("geotool-desk")[-1]
        )


def test_missing_extra_is_one_clear_line(desk, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "geotool.desk._widget", raising=False)
    with pytest.raises(MapError, match="anywidget"):
        trace_map(desk.network, desk.points)
