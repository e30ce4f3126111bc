"""Compiled loops and numpy give the same network; both agree with brute force."""

import gc
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

import geotool as gt
from geotool.network import _engine, _plain
from geotool.network._contacts import contacts
from geotool.network._log import fixed, spots
from geotool.network._naming import natural_rank
from geotool.network._near import Places, _pairs_by_tree, near_pairs, west_to_east
from geotool.network._pieces import Pieces
from geotool.network._ragged import Ragged

X, Y = 500_000.0, 3_500_000.0


def compiled():
    pytest.importorskip("numba", reason="numba is an optional extra")
    from geotool.network import _kernels

    return _kernels


def crooked(seed, count, *, size=8, step=40.0):
    """Lines on a grid, some ends a little off, some closed, some with repeats."""
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        xy = rng.integers(0, size, (rng.integers(2, 7), 2)) * step
        xy[-1, 0] += rng.choice([0, 0, 0.3, 0.7, -0.7, 5e-4])
        xy[0, 1] += rng.choice([0, 0, 0, 0.4, 1e-4])
        if rng.random() < 0.1:
            xy = np.vstack([xy, xy[:1]])
        if rng.random() < 0.1:
            xy = np.repeat(xy, 2, axis=0)
        if rng.random() < 0.3:
            middle = (xy[:-1] + xy[1:]) / 2
            xy = np.vstack([np.stack([xy[:-1], middle], 1).reshape(-1, 2), xy[-1:]])
        moved = xy + np.array([X, Y])
        lines.append(shapely.LineString(moved))
    return np.array(lines, dtype=object)


def simple_ragged(seed, count, **options):
    lines = crooked(seed, count, **options)
    ragged = Ragged.of(lines)
    work = _plain.canonical(ragged.xy, ragged.stop - ragged.start)
    stop = np.cumsum(work[1])
    made = Ragged(work[0], stop - work[1], stop).at(work[1] > 0)
    return made.at(shapely.is_simple(made.lines(np.arange(len(made)))))


def rivers_of(lines, seed):
    rng = np.random.default_rng(seed)
    some = rng.random(len(lines)) < 0.8
    return gpd.GeoDataFrame(
        {
            "river_id": [f"R{rng.integers(9)}" if have else None for have in some],
            "name": [f"河{rng.integers(5)}" for _ in lines],
            "direction": rng.choice(
                ["digitized", "reversed", "both", None], len(lines)
            ),
            "width_m": rng.random(len(lines)),
        },
        geometry=lines,
        crs=4549,
    )


def gates(seed):
    rng = np.random.default_rng(seed)
    return gpd.GeoDataFrame(
        {
            "structure_id": [f"S{k}" for k in range(6)],
            "kind": rng.choice(["sluice", "siphon", "culvert"], 6),
            "river": rng.choice(["河1", "河2", ""], 6),
        },
        geometry=gpd.points_from_xy(*(rng.random((2, 6)) * 330 + [[X], [Y]])),
        crs=4549,
    )


# ---------------------------------------------------------------- engines agree
@pytest.mark.parametrize("seed", range(12))
def test_compiled_and_plain_builds_are_the_same_to_the_last_bit(seed, monkeypatch):
    compiled()
    rng = np.random.default_rng(seed)
    size = int(rng.integers(3, 10))
    rivers = rivers_of(crooked(seed, int(rng.integers(1, 60)), size=size), seed)
    options = {
        "structures": gates(seed) if seed % 2 else None,
        "snap_m": float(rng.choice([0.0, 0.5, 1.0, 5.0, 20.0])),
    }
    made = []
    for limit in (0, 10**18):
        monkeypatch.setattr(_engine, "COMPILED_FROM", limit)
        monkeypatch.setattr(_engine, "WARM_FROM", limit)
        made.append(gt.build_network(rivers, **options))
    fast, plain = made
    for table in ("reaches", "nodes", "structures", "log", "unplaced"):
        one, other = getattr(fast, table), getattr(plain, table)
        pd.testing.assert_frame_equal(
            pd.DataFrame(one), pd.DataFrame(other), check_exact=True
        )
    assert fast.hash == plain.hash


@pytest.mark.parametrize("seed", range(4))
def test_each_compiled_step_gives_what_the_plain_one_gives(seed):
    fast = compiled()
    shape = simple_ragged(seed, 150, size=12).packed()
    rng = np.random.default_rng(seed)
    three = (shape.xy, shape.start, shape.stop)
    np.testing.assert_allclose(fast.lengths(*three), _plain.lengths(*three), rtol=1e-14)
    np.testing.assert_array_equal(fast.is_tame(*three), _plain.is_tame(*three))
    line = rng.integers(0, len(shape), 500)
    at = rng.random((500, 2)) * 500 + (X, Y)
    np.testing.assert_array_equal(
        fast.locate(*three, line, at), _plain.locate(*three, line, at)
    )
    along = rng.random(500) * _plain.lengths(*three)[line]
    np.testing.assert_array_equal(
        fast.interpolate(*three, line, along), _plain.interpolate(*three, line, along)
    )
    found = [_in_order(work.contacts(*three)) for work in (fast, _plain)]
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    ends = rng.integers(0, 400, (len(shape), 2))
    node = rng.integers(0, 400, 500)
    near = [work.near_lines(at, node, ends, shape, 7.0) for work in (fast, _plain)]
    pairs = [sorted(zip(*map(np.ndarray.tolist, one), strict=True)) for one in near]
    assert pairs[0] == pairs[1]
    assert pairs[0]


def _in_order(found):
    spots, one, other, over, under = found
    order = np.lexsort((*spots.T, other, one))
    return spots[order], one[order], other[order], over, under


@pytest.mark.parametrize("seed", range(4))
def test_open_lines_are_brought_into_one_form_alike(seed):
    fast = compiled()
    rng = np.random.default_rng(seed)
    ragged = Ragged.of(crooked(seed, 300, size=5))
    noise = rng.choice([0.0, 1e-7, 3e-5, 0.2], (len(ragged.xy), 1))
    xy = ragged.xy + noise * rng.normal(size=ragged.xy.shape)
    open_ = ~_plain.closes(xy[ragged.start], xy[ragged.stop - 1])
    xy, number = Ragged(xy, ragged.start, ragged.stop).at(open_).vertices()
    size = np.bincount(number)
    for one, other in zip(
        fast.canonical(xy, size), _plain.canonical(xy, size), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_without_numba_numpy_does_all(monkeypatch):
    monkeypatch.setitem(sys.modules, "geotool.network._kernels", None)
    monkeypatch.delattr("geotool.network._kernels", raising=False)
    _engine._compiled.cache_clear()
    try:
        assert _engine.engine(10**9) is _plain
    finally:
        _engine._compiled.cache_clear()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_engines_agree_on_crowded_line_work(seed, monkeypatch):
    compiled()
    rng = np.random.default_rng(seed)
    towns = rng.integers(0, 6, (3000, 2)) * 5000.0 + rng.normal(0, 200, (3000, 2))
    steps = rng.integers(-2, 3, (3000, 6, 2)) * 15.0
    town = towns[:, None] + np.cumsum(steps, axis=1)
    land = rng.uniform(0, 30_000, (600, 1, 2)) + np.cumsum(
        rng.normal(40, 60, (600, 40, 2)), axis=1
    )
    every = [*town.round(1), *land]
    lines = np.array([shapely.LineString(xy + np.array([X, Y])) for xy in every])
    made = []
    for limit in (0, 10**18):
        monkeypatch.setattr(_engine, "COMPILED_FROM", limit)
        monkeypatch.setattr(_engine, "WARM_FROM", limit)
        made.append(gt.build_network(rivers_of(lines, seed), snap_m=2.0))
    assert made[0].hash == made[1].hash
    pd.testing.assert_frame_equal(made[0].log, made[1].log)


# ---------------------------------------------------------------- brute force
@pytest.mark.parametrize("seed", range(6))
def test_contacts_are_where_geos_says_that_lines_meet(seed):
    shape = simple_ragged(seed, 25, size=5)
    lines = shape.lines(np.arange(len(shape)))
    xy, part = contacts(shape)
    ends = np.vstack([shape.xy[shape.start], shape.xy[shape.stop - 1]])
    for k, line in enumerate(lines):
        mine = xy[part == k]
        if len(mine):
            assert shapely.distance(shapely.points(mine), line).max() <= 1.5e-3
        for j, other in enumerate(lines):
            shared = shapely.intersection(line, other)
            if j == k or shared.length:
                continue
            for point in shapely.get_coordinates(shared):
                gap = np.hypot(*(np.vstack([mine, ends]) - point).T)
                assert gap.min() <= 2e-3, "a meeting was missed"


points = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40
)


@settings(max_examples=80, deadline=None)
@given(points, st.sampled_from([0.001, 0.5, 1.0, 2.5, 40.0]))
def test_near_pairs_are_those_a_tree_finds(places, reach_m):
    xy = np.array(places, dtype=float) / 3 + (X, Y)
    wanted = np.arange(len(xy)) % 3 == 0
    every = cKDTree(xy).query_pairs(reach_m * (1 + 1e-12))
    assert set(map(tuple, near_pairs(xy, reach_m).tolist())) == every
    same = cKDTree(xy).query_pairs(1e-3)
    some = {pair for pair in every if wanted[list(pair)].any() or pair in same}
    assert set(map(tuple, near_pairs(xy, reach_m, wanted).tolist())) == some
    by_tree = np.sort(_pairs_by_tree(xy, reach_m, wanted), axis=1).tolist()
    assert len(by_tree) == len(some)
    assert set(map(tuple, by_tree)) == some


@settings(max_examples=80, deadline=None)
@given(points, st.sampled_from([0.001, 0.5, 1.0, 2.5, 40.0]), st.sampled_from([1, 20]))
def test_points_from_west_to_east_have_the_same_pairs(places, reach_m, stretch):
    xy = np.array(places, dtype=float) / 3 * (stretch, 1) + (X, Y)
    xy = xy[west_to_east(xy)]
    wanted = np.arange(len(xy)) % 3 == 0
    every = cKDTree(xy).query_pairs(reach_m * (1 + 1e-12))
    pairs = near_pairs(xy, reach_m)
    assert pairs.tolist() == sorted(map(list, every))
    same = cKDTree(xy).query_pairs(1e-3)
    some = [list(p) for p in every if wanted[list(p)].any() or p in same]
    assert near_pairs(xy, reach_m, wanted).tolist() == sorted(some)


@settings(max_examples=60, deadline=None)
@given(points)
def test_points_are_sorted_from_west_to_east(places):
    xy = np.array(places, dtype=float)
    assert xy[west_to_east(xy)].tolist() == sorted(xy.tolist())


@settings(max_examples=80, deadline=None)
@given(points, st.sampled_from([1.0, 1e-9, 1e9]), st.sampled_from([0, 1e15]))
def test_what_is_put_in_order_stays_as_it_came_where_it_is_alike(places, scale, far):
    xy = np.array([*places, (far, 0)], dtype=float) * scale
    order = sorted(range(len(xy)), key=lambda k: tuple(xy[k]))
    for work in (_plain, compiled()):
        assert work.ascending(xy[:, 0], xy[:, 1]).tolist() == order
        assert work.eastward(xy)[0].tolist() == order
        assert work.eastward(xy)[1].tolist() == xy[order].tolist()


@pytest.mark.parametrize("rows", [30_000, 300])
def test_points_on_a_few_lines_to_the_north_are_put_in_order(rows):
    rng = np.random.default_rng(3)
    xy = np.column_stack([rng.integers(0, 2, rows), rng.integers(0, rows, rows)]) * 1.0
    order, point = compiled().eastward(xy)
    assert order.tolist() == np.lexsort((xy[:, 1], xy[:, 0])).tolist()
    assert (point == xy[order]).all()
    assert compiled().ascending(xy[:0, 0], xy[:0, 1]).tolist() == []


@settings(max_examples=60, deadline=None)
@given(points, st.randoms())
def test_places_do_not_depend_on_the_order_of_points(places, random):
    xy = np.array(places, dtype=float) * 4e-4
    made = Places(xy)
    order = list(range(len(xy)))
    random.shuffle(order)
    assert Places(xy[order]).number.tolist() == made.number[order].tolist()
    gap = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    near = gap <= 1e-3
    assert (made.number[:, None] == made.number[None])[near].all()
    # sorted by place, and nothing lost
    assert (np.diff(made.number[made.order]) >= 0).all()
    assert sorted(made.order.tolist()) == list(range(len(xy)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e13, 1e13), min_size=1, max_size=90),
    st.sampled_from([2, 3]),
    st.sampled_from([0.0, 8.0, 1000.0, 2000.0]),
)
def test_numbers_are_written_as_python_writes_them(values, places, share):
    numbers = np.array([*values, 0.125, 1.005, 2.675, 0.0005, -0.0])
    if share:  # many right between two decimals, or next to it
        numbers = np.round(numbers * share) / share
    said = [f"{v:.{places}f}" for v in numbers.tolist()]
    assert fixed(numbers, places) == said
    assert compiled().written(numbers[:, None], places) == said


def test_places_are_written_to_the_centimetre():
    xy = np.array([[481152.8141, 3569592.237], [3.005, -0.004]] * 40)
    said = [f"{x:.2f} {y:.2f}" for x, y in xy.tolist()]
    assert spots(xy) == said
    assert compiled().written(xy, 2) == said


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("A1290-河٣²", max_size=5), min_size=1, max_size=9))
def test_ids_are_ranked_with_their_numbers_as_numbers(texts):
    rank = natural_rank(texts)
    assert sorted(set(rank.tolist())) == list(range(len(set(texts))))
    for text, k in zip(texts, rank.tolist(), strict=True):
        for other, j in zip(texts, rank.tolist(), strict=True):
            assert (text == other) == (k == j)
            numbers = [t for t in (text, other) if t.isascii() and t.isdecimal()]
            if len(numbers) == 2 and int(text) < int(other):
                assert k < j


def test_ids_that_count_up_keep_their_order():
    assert natural_rank([f"R{k:05d}-7" for k in range(50)]).tolist() == list(range(50))
    assert natural_rank(["B2", "B1", "A9", "A10"]).tolist() == [3, 2, 0, 1]


def test_pieces_can_be_taken_from_their_end():
    lines = crooked(3, 40)
    lines = lines[shapely.length(lines) > 0]
    nodes = np.zeros(len(lines), dtype=np.int64)
    pieces = Pieces.of(lines, nodes, nodes, np.zeros((1, 2)))
    index = np.arange(len(lines))
    turned = index % 2 == 1
    made = pieces.lines(index, turned)
    assert shapely.equals_exact(made[~turned], lines[~turned]).all()
    assert shapely.equals_exact(made[turned], shapely.reverse(lines[turned])).all()
    box = pieces.bounds(index)
    np.testing.assert_array_equal(box, shapely.bounds(lines))


# ---------------------------------------------------------------- many lines at once
def test_garbage_collection_is_left_as_it_was():
    rivers = rivers_of(crooked(1, 9), 1)
    for wanted in (False, True):
        (gc.enable if wanted else gc.disable)()
        try:
            gt.build_network(rivers)
            assert gc.isenabled() == wanted
        finally:
            gc.enable()


def test_the_order_of_rows_does_not_matter_to_compiled_code(monkeypatch):
    compiled()
    monkeypatch.setattr(_engine, "COMPILED_FROM", 0)
    monkeypatch.setattr(_engine, "WARM_FROM", 0)  # else small work is done by numpy
    assert _engine.engine(1) is compiled()
    rivers = rivers_of(crooked(8, 80, size=12), 8)
    one = gt.build_network(rivers)
    two = gt.build_network(rivers.iloc[::-1].reset_index(drop=True))
    pd.testing.assert_frame_equal(one.log, two.log)
    assert one.hash == two.hash
