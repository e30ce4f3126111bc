"""How lines lie in memory changes nothing but the time that building takes."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from test_network_engines import (
    X,
    Y,
    compiled,
    crooked,
    gates,
    rivers_of,
    simple_ragged,
)

import geotool as gt
from geotool.network import _engine, _layout, _plain
from geotool.network._canonical import canonical_parts
from geotool.network._contacts import contacts
from geotool.network._ragged import Ragged

TABLES = ("reaches", "nodes", "structures", "log", "unplaced")


def use(monkeypatch, *, compiled_from):
    monkeypatch.setattr(_engine, "COMPILED_FROM", compiled_from)
    monkeypatch.setattr(_engine, "WARM_FROM", compiled_from)


def lonely(rng):
    """Lines that meet no other: some plain, some rings, some that cross themselves."""
    shapes = [
        [(0, 0), (9, 4), (20, 3)],
        [(0, 0), (9, 0), (9, 9), (0, 0)],
        [(0, 0), (20, 20), (20, 0), (0, 20)],
        [(30, 5), (20, 6), (3, 8)],
    ]
    place = rng.permutation(40)[:, None] * (90.0, 0.0) + (X, Y + 5000)
    made = [
        shapely.LineString(np.array(shapes[k % 4], dtype=float) + xy)
        for k, xy in enumerate(place)
    ]
    return np.array(made, dtype=object)


@pytest.mark.parametrize("from_vertices", [0, 10**18])
@pytest.mark.parametrize("seed", range(8))
def test_networks_are_the_same_wherever_lines_lie(seed, from_vertices, monkeypatch):
    if from_vertices == 0:
        compiled()
    use(monkeypatch, compiled_from=from_vertices)
    rng = np.random.default_rng(seed)
    tangled = crooked(seed, 40, size=int(rng.integers(4, 10)))
    rivers = rivers_of(np.concatenate([tangled, lonely(rng)]), seed)
    options = {
        "structures": gates(seed) if seed % 2 else None,
        "snap_m": float(rng.choice([0.0, 0.5, 1.0, 5.0, 20.0])),
    }
    still = gt.build_network(rivers, **options)
    monkeypatch.setattr(_layout, "BEYOND_CACHE", 0)
    moved = gt.build_network(rivers, **options)
    for table in TABLES:
        pd.testing.assert_frame_equal(
            pd.DataFrame(getattr(still, table)),
            pd.DataFrame(getattr(moved, table)),
            check_exact=True,
        )
    assert still.hash == moved.hash


@pytest.mark.parametrize("seed", range(3))
def test_lines_are_laid_out_as_they_lie_on_the_ground(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    short = rng.random((3000, 1, 2)) * 5000 + rng.random((3000, 3, 2)) * 50
    parts = canonical_parts(shapely.linestrings(short))
    monkeypatch.setattr(_layout, "BEYOND_CACHE", 0)
    made, rank, home = _layout.laid_out(parts)
    assert sorted(rank.tolist()) == list(range(len(parts.row)))
    np.testing.assert_array_equal(made.row, parts.row[rank])
    np.testing.assert_array_equal(made.flipped, parts.flipped[rank])
    every = np.arange(len(rank))
    want = parts.shape.lines(rank)
    assert shapely.equals_exact(made.shape.lines(every), want).all()
    assert shapely.equals_exact(home.lines(every), want).all()
    # one after the other in memory, without a gap, and near each other on the ground
    assert made.shape.start.tolist() == [0, *made.shape.stop[:-1].tolist()]
    step = np.hypot(*np.diff(made.shape.xy[made.shape.start], axis=0).T).mean()
    before = np.hypot(*np.diff(parts.shape.xy[parts.shape.start], axis=0).T).mean()
    assert step < before / 3


def test_few_lines_stay_where_they_are():
    parts = canonical_parts(crooked(1, 20))
    made, rank, home = _layout.laid_out(parts)
    assert made is parts
    assert home is None
    assert rank.tolist() == list(range(len(parts.row)))


@pytest.mark.parametrize("engine", ["compiled", "plain"])
def test_the_rank_of_lines_decides_from_which_a_crossing_is_measured(
    engine, monkeypatch
):
    if engine == "compiled":
        compiled()
    use(monkeypatch, compiled_from=0 if engine == "compiled" else 10**18)
    rng = np.random.default_rng(2)
    shape = Ragged.of(shapely.linestrings(rng.random((100, 3, 2)) * 500 + (X, Y)))
    turned = np.arange(len(shape))[::-1]
    xy, line = contacts(shape)
    other_xy, other_line = contacts(shape.at(turned), turned)
    order = np.lexsort((*other_xy.T[::-1], turned[other_line]))
    np.testing.assert_array_equal(line, turned[other_line][order])
    np.testing.assert_array_equal(xy, other_xy[order])
    # and without a rank the last bits are others, or this would show nothing
    bare_xy, bare_line = contacts(shape.at(turned))
    order = np.lexsort((*bare_xy.T[::-1], turned[bare_line]))
    assert not np.array_equal(xy, bare_xy[order])


def test_lines_far_from_the_origin_meet_though_their_boxes_are_rounded(monkeypatch):
    """Boxes are short floats, which are half a metre apart out there."""
    compiled()
    rng = np.random.default_rng(4)
    for far in (0.0, 4.0e6, 3.9e7):
        start = rng.random((400, 2)) * 60 + far
        lines = shapely.linestrings(
            np.stack([start, start + rng.normal(size=(400, 2))], 1)
        )
        found = []
        for limit in (0, 10**18):
            use(monkeypatch, compiled_from=limit)
            found.append(contacts(Ragged.of(lines)))
        assert len(found[0][1]) > 20
        np.testing.assert_array_equal(found[0][1], found[1][1])
        np.testing.assert_array_equal(found[0][0], found[1][0])


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.sampled_from([0.0, -0.0, 1.5, -2.0, 1e9]),
            st.integers(-2, 2),
        ),
        max_size=200,
    )
)
def test_things_are_ordered_alike(rows):
    fast = compiled()
    key, first, second = np.array(rows, dtype=float).reshape(-1, 3).T
    key = key.astype(np.int64)
    np.testing.assert_array_equal(
        fast.ordered(key, first, second), _plain.ordered(key, first, second)
    )


@pytest.mark.parametrize("seed", range(4))
def test_pieces_have_the_same_ends_and_vertices(seed):
    fast = compiled()
    rng = np.random.default_rng(seed)
    shape = simple_ragged(seed, 150, size=12).packed()
    three = (shape.xy, shape.start, shape.stop)
    count = len(shape)
    order = rng.permutation(count)[: count - 5]
    for one, other in zip(
        fast.packed(*three, order), _plain.packed(*three, order), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    near = shape.xy.copy()
    some = rng.choice(shape.start, 20)
    near[some] = near[some + 1] + rng.choice([1e-4, 9e-4, 2e-3], (20, 1))
    crowded = [work.is_crowded(near, *three[1:]) for work in (fast, _plain)]
    np.testing.assert_array_equal(*crowded)
    assert crowded[0].any()
    assert not crowded[0].all()
    nodes = np.vstack([shape.xy[shape.start], shape.xy[shape.stop - 1]])
    nodes += rng.choice([0.0, 5e-4, 0.4], (len(nodes), 1))
    number = np.arange(count)
    stretch = [
        work.inside(*three, number, number + count, nodes) for work in (fast, _plain)
    ]
    np.testing.assert_array_equal(stretch[0][0], stretch[1][0])
    np.testing.assert_array_equal(stretch[0][1], stretch[1][1])
    turned, own = rng.random(len(order)) < 0.5, rng.random(count) < 0.3
    xy, of = fast.pieces_of(
        order, turned, *stretch[0], own, (number, number + count, nodes),
        (shape.xy, shape.xy + 7),
    )  # fmt: skip
    plain = _plain.pieces_of(
        order, turned, *stretch[0], own, (number, number + count, nodes),
        (shape.xy, shape.xy + 7),
    )  # fmt: skip
    np.testing.assert_array_equal(xy, plain[0])
    np.testing.assert_array_equal(of, plain[1])


def test_lines_are_measured_to_the_last_bit_as_geos_does():
    fast = compiled()
    lines = crooked(3, 400, size=60)
    xy, of = shapely.get_coordinates(lines, return_index=True)
    xy = xy + np.random.default_rng(3).normal(size=xy.shape)
    lines = shapely.linestrings(xy, indices=of)
    made = fast.lengths_of(lines, xy, of)
    np.testing.assert_array_equal(made, shapely.length(lines))
    np.testing.assert_array_equal(_plain.lengths_of(lines, xy, of), made)


def test_an_id_made_for_a_piece_yields_to_one_that_was_given():
    lines = [
        shapely.LineString([(0, 0), (100, 0)]),
        shapely.LineString([(40, -50), (40, 50)]),
        shapely.LineString([(900, 0), (950, 0)]),
    ]
    rivers = gpd.GeoDataFrame({"river_id": ["A", "B", "A-1"]}, geometry=lines, crs=4549)
    ids = gt.build_network(rivers).reaches["reach_id"].tolist()
    assert sorted(ids) == ["A-1", "A-1'", "A-2", "B-1", "B-2"]
