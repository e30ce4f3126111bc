"""Where a search ends: open ends, gaps, gates and limits, each at its place."""

import drawn
import geopandas as gpd
import pandas as pd
import pytest
import shapely
from test_trace_exact import network_of

import geotool as gt

CHAIN = "A--->B--->C--->D"  # 250 m each


@pytest.mark.parametrize(
    ("metres", "kind"), [(29.9, "gap"), (30.5, "boundary"), (31.5, "boundary")]
)
@pytest.mark.parametrize("far", [0, 40])
def test_an_open_end_near_other_water_is_a_gap_up_to_thirty_metres(metres, kind, far):
    x, y = drawn.ORIGIN
    lines = [
        [(x, y), (x + 250, y)],
        [(x - metres, y - 50), (x - metres, y + 50)],
        *([(x + 100 * k, y - 9e4), (x + 100 * k + 100, y - 9e4)] for k in range(far)),
    ]
    ids = ["A", "B", *(f"X{k}" for k in range(far))]
    rivers = gpd.GeoDataFrame(
        {"river_id": ids, "direction": "digitized", "name": ["甲河", "乙河", *ids[2:]]},
        geometry=[shapely.LineString(line) for line in lines],
        crs=drawn.CRS,
    )
    network = gt.build_network(rivers)
    (stop,) = gt.trace_upstream(network, ("A", 250.0)).stopped.to_dict("records")
    assert (stop["kind"], stop["subject"]) == (kind, "A")
    assert (stop["distance_m"], stop["relation"]) == (250.0, "certain")
    assert (stop["geometry"].x, stop["geometry"].y) == (x, y)
    if kind == "gap":
        assert (
            stop["reason"] == "甲河 的端点距 乙河 只有 29.9 m，未连通；请核对是否断线"
        )
        assert "29.9 m" in stop["reason_en"]


def test_a_one_way_gate_is_a_stop_on_its_wrong_side_only():
    network = network_of([(0, 1, "bidirectional", 100.0, "one_way")], 2)
    (stop,) = (
        gt.trace_downstream(network, ("R0b", 40.0))
        .stopped.query("kind == 'closed_gate'")
        .to_dict("records")
    )
    assert stop["reason"] == "闸0 只向另一侧过水，到此为止"
    assert stop["reason_en"] == "闸0 lets water through the other way only"
    assert (stop["distance_m"], stop["relation"]) == (40.0, "scenario")
    up = gt.trace_upstream(network, ("R0b", 40.0))
    assert "closed_gate" not in set(up.stopped["kind"])
    near = gt.trace_downstream(network, ("R0b", 40.0), max_distance_m=39.0)
    assert "closed_gate" not in set(near.stopped["kind"])


@pytest.mark.parametrize("limit_m", [249.6, 130.0])
def test_a_stop_at_a_limit_says_where_and_when(limit_m):
    network = gt.build_network(drawn.rivers(CHAIN, velocity_m_s=0.1))
    trace = gt.trace_downstream(network, ("AB", 0.0), max_distance_m=limit_m)
    (stop,) = trace.stopped.to_dict("records")
    assert (stop["kind"], stop["subject"], stop["relation"]) == (
        "limit",
        "AB",
        "certain",
    )
    assert stop["reason"] == "AB 上到达设定的范围，水面仍在延伸"
    assert stop["reason_en"] == "the limit is reached on AB, the water goes on"
    assert stop["distance_m"] == pytest.approx(limit_m)
    for time in ("travel_time_min_h", "travel_time_max_h"):
        assert stop[time] == pytest.approx(limit_m / 0.1 / 3600)
    assert stop["geometry"].x - drawn.ORIGIN[0] == pytest.approx(limit_m)
    by_time = gt.trace_downstream(network, ("AB", 0.0), max_time_h=limit_m / 360)
    pd.testing.assert_frame_equal(
        pd.DataFrame(by_time.stopped.drop(columns="geometry")),
        pd.DataFrame(trace.stopped.drop(columns="geometry")),
    )


def test_a_ring_that_two_ways_close_just_within_the_limit_has_no_stop():
    edges = [(0, 1, "bidirectional", 100.0, None), (0, 1, "bidirectional", 60.0, None),
             (1, 2, "known", 50.0, None)]  # fmt: skip
    network = network_of(edges, 3)
    for limit_m, kinds in ((131.0, []), (129.0, ["limit", "limit"])):
        trace = gt.trace_upstream(network, ("R2", 50.0), max_distance_m=limit_m)
        assert trace.stopped["kind"].tolist() == kinds
    assert trace.stopped["distance_m"].tolist() == pytest.approx([129, 129])
    assert trace.reaches["length_m"].sum() == pytest.approx(208)
