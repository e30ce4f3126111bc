"""What makes a ranking fast gives the same as what it stands for."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from geotool.attribution import _solver
from geotool.attribution._band import Band
from geotool.attribution._ensemble import smooth_ensemble
from geotool.attribution._expected import student
from geotool.attribution._groups import BANDS, _bands
from geotool.attribution._logs import logsumexp
from geotool.attribution._operator import Transport
from geotool.layers import _identity


def braided(nodes, seed):
    """Water that runs from high numbers to low ones, parted at many nodes."""
    rng = np.random.default_rng(seed)
    tail = np.concatenate([np.arange(1, nodes), rng.integers(1, nodes, nodes // 2)])
    head = (tail * rng.random(len(tail))).astype(np.int64)
    number = rng.permutation(nodes)
    flow = rng.uniform(0.2, 2.0, len(tail))
    share = flow / (np.bincount(tail, flow, minlength=nodes)[tail] + 0.1)
    left = rng.uniform(0.5, 1.0, len(tail))
    return Transport(nodes, number[tail], number[head], share, left, -np.log(left))


def test_compiled_sweeps_solve_what_scipy_solves():
    pytest.importorskip("numba")
    transport = braided(500, 1)
    whole = np.eye(500) - transport.matrix(transport.weight).toarray()
    rng = np.random.default_rng(2)
    right, load = rng.random((500, 3)), rng.random(500)
    for compiled in (True, False):
        sweep = _solver.Sweep(transport, compiled=compiled)
        assert sweep.up(right) == pytest.approx(np.linalg.solve(whole.T, right))
        assert sweep.down(load) == pytest.approx(np.linalg.solve(whole, load))
        assert sweep.down(right) == pytest.approx(np.linalg.solve(whole, right))


def test_another_survival_keeps_the_order_and_changes_the_answer():
    transport = braided(200, 3)
    before = transport.influence([5], [1.0])
    other = transport.with_survival(transport.survival**2)
    assert other.order is transport.order
    fresh = Transport(
        200, other.tail, other.head, other.share, other.survival, other.time_s
    )
    assert other.influence([5], [1.0]) == pytest.approx(fresh.influence([5], [1.0]))
    assert (other.influence([5], [1.0]) <= before + 1e-15).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_band_gives_the_heads_of_every_member(seed):
    rng = np.random.default_rng(seed)
    start, end = np.arange(40), np.arange(1, 41)
    # parallel segments, segments between held nodes, one that comes back to its node
    start = np.concatenate([start, rng.integers(0, 41, 30), [7, 7]])
    end = np.concatenate([end, rng.integers(0, 41, 30), [7, 8]])
    held = np.array([3, 40])
    free = np.setdiff1d(np.arange(41), held)
    gain = np.exp(rng.normal(0.0, 2.0, (5, len(start))))
    right = rng.random((5, len(free)))
    found = Band(start, end, 41, free).solve(gain, right)
    for member in range(5):
        drop = np.zeros((41, len(start)))
        np.add.at(drop, (start, np.arange(len(start))), 1.0)
        np.add.at(drop, (end, np.arange(len(start))), -1.0)
        whole = (drop[free] * gain[member]) @ drop[free].T
        assert found[member] == pytest.approx(np.linalg.solve(whole, right[member]))


def test_nodes_that_hang_on_held_ones_alone_need_no_band():
    band = Band(np.array([0, 2]), np.array([1, 3]), 4, np.array([0, 2]))
    heads = band.solve(np.array([[4.0, 0.5]]), np.array([[2.0, 2.0]]))
    np.testing.assert_allclose(heads, [[0.5, 4.0]])


def test_loops_are_compiled_where_numba_is_and_only_there(monkeypatch):
    pytest.importorskip("numba")
    assert hasattr(_solver._compiled.__wrapped__(), "__file__")
    monkeypatch.setattr(_solver, "find_spec", lambda _: None)
    assert _solver._compiled.__wrapped__() is None


def test_a_band_that_rounding_makes_singular_is_solved_all_the_same():
    band = Band(np.array([0, 1, 2]), np.array([1, 2, 3]), 4, np.array([0, 1, 2]))
    heads = band.solve(np.array([[1e3, 1e3, 1e-17]]), np.array([[1e-17, 0.0, 0.0]]))
    assert np.isfinite(heads).all()
    assert heads[0] == pytest.approx(heads[0, 0])


def test_small_networks_are_solved_as_large_ones_are(monkeypatch):
    transport = braided(120, 5)
    rng = np.random.default_rng(6)
    right, load = rng.random((120, 3)), rng.random(120)
    small = _solver.Sweep(transport, compiled=False)
    monkeypatch.setattr(_solver, "DENSE_NODES", 0)
    large = _solver.Sweep(transport, compiled=False)
    np.testing.assert_allclose(small.up(right), large.up(right), rtol=1e-12)
    np.testing.assert_allclose(small.down(load), large.down(load), rtol=1e-12)


def test_a_search_ends_when_it_has_settled_and_goes_on_with_fewer():
    met = []

    def residuals(values):
        met.append(len(values))
        return (values - 2.0) / 0.1

    def search(**more):
        met.clear()
        return smooth_ensemble(
            residuals, np.zeros(1), np.ones(1), members=80, rounds=10, seed=2, **more
        )

    search()
    assert met == [80] * 11
    found = search(later=50)
    assert met == [80, 80, *[50] * 9]
    assert len(found.states) == len(found.misfit) == 50
    ended = search(later=50, settled=(12, 0.1))
    assert 3 <= len(met) < 11
    assert abs(ended.states.mean() - 1.98) < 0.1
    search(settled=(12, np.inf))
    assert met == [80, 80]


@pytest.mark.parametrize("sections", [1, 5, 12])
def test_a_density_of_many_misses_is_that_of_each(sections):
    rng = np.random.default_rng(sections)
    half = rng.normal(size=(7, 3, sections, sections))
    spread = half @ half.swapaxes(-1, -2) + 0.1 * np.eye(sections)
    miss = rng.normal(size=(7, 3, sections))

    def density(spread):
        first = np.moveaxis(spread, (-2, -1), (0, 1)).copy()
        return student(np.moveaxis(miss, -1, 0).copy(), first, 5.0)

    found = density(spread)
    for at in np.ndindex(7, 3):
        square = miss[at] @ np.linalg.solve(spread[at], miss[at])
        size = np.linalg.slogdet(spread[at])[1]
        expected = -(5.0 + sections) / 2 * np.log1p(square / 5.0) - size / 2
        assert found[at] == pytest.approx(expected)
    with pytest.raises(np.linalg.LinAlgError):
        density(-spread)


@pytest.mark.parametrize("count", [1, 5, 8, 1001])
@pytest.mark.parametrize("kinds", [3, 100_000])
def test_bands_of_distance_are_those_of_ranks(count, kinds):
    distance = np.random.default_rng(count).integers(0, kinds, count).astype(float)
    rank = pd.Series(distance).rank(method="min").to_numpy() - 1
    assert _bands(distance).tolist() == (rank * BANDS // count).astype(int).tolist()


def test_a_sum_of_logarithms_is_that_of_scipy():
    from scipy.special import logsumexp as theirs

    values = np.random.default_rng(0).normal(0.0, 300.0, (6, 9))
    values[2], values[3, 4] = -np.inf, -np.inf
    for axis in (None, 0, 1):
        assert logsumexp(values, axis=axis) == pytest.approx(theirs(values, axis=axis))


def test_near_points_are_the_same_by_pairs_and_by_the_tree(monkeypatch):
    spots = np.random.default_rng(4).uniform(0.0, 60.0, (300, 3))
    few = _identity._near_pairs(spots)
    monkeypatch.setattr(_identity, "FEW_SPOTS", 0)
    many = _identity._near_pairs(spots)
    assert len(few)
    assert sorted(map(tuple, few.tolist())) == sorted(map(tuple, many.tolist()))


def test_a_ranking_loads_nothing_that_it_does_not_use():
    """A fifth of a second each: what a trace in a new process must not wait for."""
    code = (
        "import sys\n"
        "from geotool.cli._later import load_later\n"
        "load_later()\n"
        "import geotool.cli._paths, geotool.cli._trace, geotool.attribution._rank\n"
        "heavy = ('scipy.spatial', 'scipy.special', 'scipy.stats', 'xlsxwriter',\n"
        "         'numba', 'matplotlib', 'docx', 'openpyxl', 'rasterio', 'unittest',\n"
        "         'numpy.f2py.crackfortran', 'geotool.zones', 'geotool.maps')\n"
        "print([name for name in heavy if name in sys.modules])\n"
        "import numpy\n"
        "print(callable(numpy.testing.assert_allclose), callable(numpy.f2py.get_include))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "True True"]
