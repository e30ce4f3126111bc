"""Series: kernels, flows, ensemble and pulses, against closed forms and planted culprits."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geotool.attribution import Evidence, Problem, build_problem
from geotool.attribution._baseline import bumps, reading_sigma
from geotool.attribution._ensemble import _step, best_members, smooth_ensemble
from geotool.attribution._lags import lag_kernels, step_responses, travel_hours
from geotool.attribution._members import FlowModel, FlowPrior, Web
from geotool.attribution._multiples import summed_gain
from geotool.attribution._pulses import PulseGrid
from geotool.attribution._series import series_evidence
from geotool.attribution._weigh import averaged, candidate_likelihood
from geotool.network import build_network, orient_network

ITEMS = ("NH3N", "TP", "F")
DECAY = {"NH3N": 0.07, "TP": 0.13, "F": 0.0}


def one_member(start, end, flow, hours, head, sections, **options):
    """Kernels of a single flow."""
    one = flow[None], hours[None], head[None]
    return next(lag_kernels(start, end, *one, sections, **options))


# ---------------------------------------------------------------- kernels
def test_kernel_of_one_reach_is_the_closed_form():
    """One canal: the load arrives after its water's age, less decay, over the flow."""
    hours = travel_hours(
        np.array([5400.0]), np.array([10.0]), np.array([2.0]), np.array([3.0])
    )
    kernels = one_member(
        np.array([0]),
        np.array([1]),
        np.array([3.0]),
        hours,
        np.array([1.0, 0.0]),
        np.array([1]),
    )
    times = np.array([5.0, 8.9, 11.1, 200.0])
    found = step_responses(kernels, np.array([0]), times, np.array([0.24, 0.0]))
    assert hours[0] == pytest.approx(10.0)
    expected = np.exp(-0.24 * 10 / 24) / 3.0
    assert found[0, 0, :, 0] == pytest.approx([0, 0, expected, expected], rel=1e-5)
    assert found[1, 0, :, 0] == pytest.approx([0, 0, 1 / 3, 1 / 3], rel=1e-5)


def test_kernel_against_the_drawing_is_the_same():
    """How a line was drawn does not matter, only where water runs."""
    hours, head = np.array([7.0]), np.array([1.0, 0.0])
    along = one_member(
        np.array([0]), np.array([1]), np.array([3.0]), hours, head, np.array([1])
    )
    against = one_member(
        np.array([1]), np.array([0]), np.array([-3.0]), hours, head, np.array([1])
    )
    times = np.arange(0.0, 30.0)
    one, other = (
        step_responses(k, np.array([0]), times, np.array([0.1]))
        for k in (along, against)
    )
    assert np.array_equal(one, other)


def _random_web(seed: int, nodes: int = 14) -> tuple[np.ndarray, ...]:
    """Arcs from higher to lower nodes with flows that conserve water."""
    draw = np.random.default_rng(seed)
    head = np.arange(nodes, 0, -1, dtype=float)
    arcs = [(k, k + 1) for k in range(nodes - 1)]
    arcs += [
        (k, int(j))
        for k in range(nodes - 3)
        for j in draw.choice(np.arange(k + 2, nodes), 1)
        if draw.random() < 0.5
    ]
    start, end = np.array(arcs).T
    flow = np.zeros(len(arcs))
    for node in range(nodes):
        out = np.flatnonzero(start == node)
        water = flow[end == node].sum() + draw.uniform(0.1, 1.0)
        flow[out] = water * draw.dirichlet(np.ones(len(out))) if len(out) else []
    turned = draw.random(len(arcs)) < 0.5
    return (
        np.where(turned, end, start),
        np.where(turned, start, end),
        np.where(turned, -flow, flow),
        draw.uniform(1.0, 9.0, len(arcs)),
        head,
    )


@pytest.mark.parametrize("seed", range(5))
def test_kernels_conserve_mass(seed):
    """All of a load passes the section at the only way out, whatever the ways between."""
    start, end, flow, hours, head = _random_web(seed)
    kernels = one_member(start, end, flow, hours, head, np.array([len(head) - 1]))
    last = end if False else np.where(flow > 0, end, start)
    passing = np.abs(flow[last == len(head) - 1]).sum()
    share = kernels.kernel[kernels.root, :, 0].sum(axis=1) * passing
    assert share == pytest.approx(np.ones(len(head)), rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_mean_lag_is_the_share_weighted_mean_over_all_paths(seed):
    """The first moment survives the rounding to the grid, and matches every path."""
    start, end, flow, hours, head = _random_web(seed)
    tail, tip = np.where(flow > 0, start, end), np.where(flow > 0, end, start)
    size = np.abs(flow)

    def mean(node: int) -> float:
        out = np.flatnonzero(tail == node)
        total = size[out].sum()
        return sum(size[k] / total * (hours[k] + mean(int(tip[k]))) for k in out)

    kernels = one_member(start, end, flow, hours, head, np.array([len(head) - 1]))
    for node in range(len(head)):
        one = kernels.kernel[kernels.root[node], :, 0]
        lag = np.arange(len(one)) * kernels.step_h + kernels.delay_h[node]
        assert (one * lag).sum() / one.sum() == pytest.approx(mean(node), rel=1e-4)


def test_arrivals_beyond_the_last_lag_are_left_out():
    """Water that takes longer than the grid is long shows nothing, and no error."""
    kernels = one_member(
        np.array([0]),
        np.array([1]),
        np.array([1e-9]),
        np.array([1e6]),
        np.array([1.0, 0.0]),
        np.array([1]),
    )
    found = step_responses(kernels, np.array([0]), np.array([1e4]), np.zeros(1))
    assert found.max() == 0


# ---------------------------------------------------------------- flow
def _web(**changes) -> Web:
    """Two canals side by side from node 0 to node 1, then one to the outlet 2."""
    one = Web(
        start=np.array([0, 0, 1]),
        end=np.array([1, 1, 2]),
        length_m=np.array([1000.0, 4000.0, 500.0]),
        width_m=np.array([20.0, 20.0, 20.0]),
        depth_m=np.full(3, 2.0),
        group=np.array([0, 1, 2]),
        known=np.array([1, 1, 1]),
        nodes=3,
        inflow_m3_s=np.zeros(3),
        inlets=np.array([0]),
        inlet_m3_s=np.array([6.0]),
        inlet_sigma=np.array([1.0]),
        outlets=np.array([2]),
        gauge=np.array([0]),
        gauge_m3_s=np.array([4.0]),
        gauge_sigma=np.array([0.25]),
    )
    return replace(one, **changes)


def test_flow_parts_as_manning_has_it():
    """Canals alike but for length share as the inverse root of their lengths."""
    model = FlowModel(_web(), FlowPrior(), np.array([0.1]))
    flow = model.flow(model.mean[None]).flow_m3_s[0]
    assert flow[2] == pytest.approx(6.0, rel=1e-6)
    assert flow[0] / flow[1] == pytest.approx(2.0, rel=0.02)


def test_flow_conserves_water_in_every_member():
    """What enters a node leaves it, whatever the parameters."""
    web = _web(inflow_m3_s=np.array([0.0, 0.7, 0.0]))
    model = FlowModel(web, FlowPrior(), np.array([0.1]))
    draw = np.random.default_rng(0)
    flow = model.flow(
        model.mean + model.sd * draw.standard_normal((40, len(model.mean)))
    )
    out = flow.flow_m3_s[:, 0] + flow.flow_m3_s[:, 1]
    assert out == pytest.approx(flow.inlet_m3_s[:, 0], rel=1e-6)
    assert flow.flow_m3_s[:, 2] == pytest.approx(out + 0.7, rel=1e-6)


def test_flow_against_a_known_direction_counts_against_a_member():
    """The residual of a direction is nought along it and not against it."""
    along = FlowModel(
        _web(gauge=np.zeros(0, int), gauge_m3_s=np.zeros(0)),
        FlowPrior(),
        np.array([0.1]),
    )
    against = FlowModel(
        _web(
            known=np.array([1, 1, -1]), gauge=np.zeros(0, int), gauge_m3_s=np.zeros(0)
        ),
        FlowPrior(),
        np.array([0.1]),
    )
    first, second = (m.residuals(m.flow(m.mean[None]))[0] for m in (along, against))
    assert np.abs(first).max() == 0
    assert second[2] < -1


def test_smoother_finds_the_gaussian_posterior():
    """Of a linear problem the ensemble's mean is the exact one."""
    draw = np.random.default_rng(4)
    matrix, truth = draw.normal(size=(30, 5)), draw.normal(size=5)
    data = matrix @ truth + 0.3 * draw.normal(size=30)
    exact = np.linalg.solve(
        matrix.T @ matrix / 0.09 + np.eye(5), matrix.T @ data / 0.09
    )
    found = smooth_ensemble(
        lambda x: (x @ matrix.T - data) / 0.3,
        np.zeros(5),
        np.ones(5),
        members=150,
        rounds=12,
        seed=2,
        renewed=0.0,
    )
    assert found.states.mean(axis=0) == pytest.approx(exact, abs=0.08)
    order = best_members(found, 10)
    assert (np.diff(found.misfit[order]) >= 0).all()


def test_a_step_of_the_smoother_is_the_kalman_gain_of_its_sample():
    "Worked out among the data instead of the members (Evensen 2009, 9)."
    draw = np.random.default_rng(8)
    values, found = draw.normal(size=(6, 3)), 2.0 * draw.normal(size=(6, 4))
    sd = np.array([1.0, 2.0, 0.5])
    both = np.cov((values / sd).T, found.T)
    slow = 3.0 * (found**2).mean()
    gain = both[:3, 3:] @ np.linalg.inv(both[3:, 3:] + slow * np.eye(4))
    noise = np.random.default_rng(1).standard_normal(found.shape) * np.sqrt(slow)
    np.testing.assert_allclose(
        _step(values, found, sd, np.random.default_rng(1)),
        -(found + noise) @ gain.T,
    )


def test_smoother_is_the_same_for_the_same_seed():
    """Same seed, same members; another seed, others."""
    make = lambda seed: (
        smooth_ensemble(
            lambda x: x - 1.0, np.zeros(3), np.ones(3), members=20, rounds=3, seed=seed
        ).states
    )
    assert np.array_equal(make(1), make(1))
    assert not np.array_equal(make(1), make(2))


# ---------------------------------------------------------------- readings
def test_a_front_is_no_bump_and_a_pulse_is():
    """What rises and stays tells of the flow; what rises and falls is set aside."""
    draw = np.random.default_rng(0)
    noise = 1 + 0.05 * draw.standard_normal(60)
    front = np.where(np.arange(60) < 30, 0.3, 0.9) * noise
    pulse = np.where(np.abs(np.arange(60) - 30) < 5, 0.9, 0.3) * noise
    found = bumps(np.stack([front, pulse])[:, :, None], np.ones(2))
    assert not found[0].any()
    assert found[1, 26:35].all()
    assert not found[1, :20].any()


def test_sigma_of_readings_survives_gaps():
    """A series with holes, or without any reading, gets finite errors."""
    value = np.full((2, 20, 1), np.nan)
    value[0, ::3] = 0.5
    sigma = reading_sigma(value, np.ones(2), share=0.07, model_share=0.05)
    assert np.isfinite(sigma).all()
    assert (sigma > 0).all()


def test_a_reading_at_the_reporting_limit_is_unsure_by_that_limit():
    """A clean section that reads 0.01 again and again may as well hold nothing."""
    draw = np.random.default_rng(0)
    clean = np.maximum(0.01, 0.004 * draw.random(40))
    dirty = 0.5 + 0.05 * draw.standard_normal(40)
    value = np.stack([clean, dirty], axis=1)[None]
    found = reading_sigma(value, np.ones(1), share=0.07, model_share=0.0)
    assert (found[0, :, 0] >= 0.01).all()
    assert found[0, :, 1].max() < 0.2


def test_a_coarse_scale_is_no_reporting_limit():
    """Readings rounded to a tenth are equal often, and are readings all the same."""
    value = np.full((1, 40, 1), 0.5)
    found = reading_sigma(value, np.ones(1), share=0.07, model_share=0.0)
    assert found.max() < 0.1


# ---------------------------------------------------------------- weighing
def test_summed_gain_is_the_integral_by_brute_force():
    """Common multiple and each item's own, summed on a grid twenty times finer."""
    on, size = np.array([40.0, 3.0]), np.array([9.0, 4.0])
    grid = PulseGrid()
    shape = (2, 1, 1)
    found, _, _ = summed_gain(
        on.reshape(shape), size.reshape(shape), np.array([0.5]), grid.trials
    )
    common = np.log(np.geomspace(1.0, 60.0, 14))
    np.testing.assert_allclose(np.log(grid.trials), common)
    own = np.linspace(common[0] - 2.5, common[-1] + 2.5, 20_001)
    each = np.exp(on[:, None] * np.exp(own) - size[:, None] * np.exp(2 * own) / 2)
    total = 0.0
    for a in common:
        parts = [np.exp(-(((own - a) / s) ** 2) / 2) for s in (0.5, 1.25)]
        weight = 0.9 * parts[0] / parts[0].sum() + 0.1 * parts[1] / parts[1].sum()
        total += np.prod((each * weight).sum(axis=1)) / len(common)
    assert found[0, 0] == pytest.approx(np.log(total), abs=0.05)


@given(
    gain=arrays(float, (3, 6), elements=st.floats(-50, 50)),
    temper=st.floats(0.05, 1.0),
)
def test_tempering_never_changes_the_order(gain, temper):
    """A member's tempered order is its own; the leader's lead only shrinks."""
    owner = np.arange(6)
    for one in gain:
        (full,), _ = candidate_likelihood(
            [one[:, None]], owner, np.ones(6), temper=1.0, candidates=len(owner)
        )
        (found,), _ = candidate_likelihood(
            [one[:, None]], owner, np.ones(6), temper=temper, candidates=len(owner)
        )
        assert (np.diff(found[np.argsort(full, kind="stable")]) >= -1e-9).all()
        assert np.ptp(found) <= np.ptp(full) + 1e-9


@given(
    gain=arrays(float, (4, 5, 3), elements=st.floats(-200, 200)),
    order=st.permutations(range(5)),
    members=st.permutations(range(4)),
    trust=st.floats(0.0, 1.0),
)
def test_likelihood_knows_no_order(gain, order, members, trust):
    """Neither the order of candidates nor that of members; twins are equal."""
    gain[:, 1] = gain[:, 0]
    owner = np.arange(5)

    def weighed(gains):
        each, _ = candidate_likelihood(
            list(gains), owner, np.ones(5), temper=0.7, candidates=5
        )
        return averaged(each, np.zeros(5), trust)

    found, turned = weighed(gain), weighed(gain[members][:, order])
    assert turned == pytest.approx(found[order], rel=1e-9, abs=1e-9)
    assert found[0] == pytest.approx(found[1])


# ---------------------------------------------------------------- a planted culprit
KM = 1000.0
PLACES = {
    "P1": (1.0, 0),
    "P2": (3.0, 0),
    "P3": (1.0, 1),
    "P4": (3.5, 1),
    "P5": (6.0, 0),
}
SECTIONS = {"S1": (4.5, 0), "S2": (4.5, 1), "S3": (8.0, 0)}
PROFILE = {
    "P1": (6.0, 0.5, 8.0),
    "P2": (6.0, 0.5, 8.0),
    "P3": (6.0, 0.5, 8.0),
    "P4": (30.0, 5.0, 0.4),
    "P5": (4.0, 0.5, 0.6),
}
DISCHARGE_M3_D = 3000.0
FLOW, WIDTH, DEPTH = (2.0, 1.5), 15.0, 2.0


def _place(at: tuple[float, int]) -> tuple[float, float]:
    """Two arms, 5 km each; they meet at x = 5 km, y = 0; arm 1 comes from the north."""
    km, arm = at
    return (km * KM, 0.0) if arm == 0 else (5 * KM, (5.0 - km) * KM)


def _lag_h(source: str, section: str) -> float | None:
    """Hours from source to section by hand, None where no water goes."""
    (a, arm), (b, other) = PLACES[source], SECTIONS[section]
    speed = [q / WIDTH / DEPTH * 3.6 for q in (*FLOW, sum(FLOW))]
    if arm == other and a < b <= 5.0:
        return (b - a) / speed[arm]
    if other == 0 and b > 5.0:
        first = 0.0 if arm == 0 and a > 5.0 else (5.0 - a) / speed[arm]
        return first + (b - max(a, 5.0) if arm == 0 else b - 5.0) / speed[2]
    return None


def _layer(column: str, places: dict, **others) -> gpd.GeoDataFrame:
    points = [shapely.Point(_place(at)) for at in places.values()]
    return gpd.GeoDataFrame({column: list(places), **others}, geometry=points, crs=4549)


def _readings(culprit: str | None, *, noise: float = 0.07, start=70.0, hours=24.0):
    """Plug flow by hand: background water, steady loads, one pulse, noise."""
    draw = np.random.default_rng(3)
    times = np.arange(0.0, 240.0, 4.0)
    rows = []
    for section, (_, arm) in SECTIONS.items():
        flow = sum(FLOW) if section == "S3" else FLOW[arm]
        for k, item in enumerate(ITEMS):
            value = np.full(len(times), (0.25, 0.06, 0.35)[k])
            for source in PLACES:
                lag = _lag_h(source, section)
                if lag is None:
                    continue
                load = DISCHARGE_M3_D / 86400 * PROFILE[source][k]
                keep = np.exp(-DECAY[item] * lag / 24) / flow
                on = (times >= start + lag) & (times < start + lag + hours)
                extra = 8.0 * on if source == culprit else 0.0
                value = value + load * keep * (1.0 + extra)
            value = value * np.exp(noise * draw.standard_normal(len(times)))
            stamp = pd.Timestamp("2026-05-04") + pd.to_timedelta(times, unit="h")
            rows.append(
                pd.DataFrame(
                    {
                        "section_id": section,
                        "time": stamp,
                        "item": item,
                        "value_mg_l": value,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


def _problem(
    readings: pd.DataFrame,
    *,
    without: str | None = None,
    order: list[int] | None = None,
) -> Problem:
    lines = [
        shapely.LineString([(0, 0), (5 * KM, 0)]),
        shapely.LineString([(5 * KM, 5 * KM), (5 * KM, 0)]),
        shapely.LineString([(5 * KM, 0), (9 * KM, 0)]),
    ]
    rivers = gpd.GeoDataFrame(
        {
            "river_id": ["A", "B", "C"],
            "direction": ["digitized"] * 3,
            "width_m": [WIDTH] * 3,
        },
        geometry=lines,
        crs=4549,
    )
    sections = _layer(
        "section_id", SECTIONS, target_class=["III"] * 3, flow_m3_s=[*FLOW, sum(FLOW)]
    )
    permitted = {
        f"permitted_{item.lower()}_mg_l": [PROFILE[p][k] for p in PLACES]
        for k, item in enumerate(ITEMS)
    }
    outfalls = _layer(
        "outfall_id",
        PLACES,
        category=["工矿企业排污口"] * len(PLACES),
        permitted_discharge_m3_d=[DISCHARGE_M3_D] * len(PLACES),
        **permitted,
    )
    outfalls = outfalls.iloc[order or range(len(outfalls))]
    outfalls = outfalls[outfalls["outfall_id"] != without]
    return build_problem(
        orient_network(build_network(rivers)),
        "S3",
        readings,
        outfalls,
        item="NH3N",
        sections=sections,
    ).problem


def _probability(problem: Problem) -> tuple[Evidence, pd.Series]:
    found = series_evidence(problem)
    assert found is not None
    weight = found.log_likelihood + found.log_prior
    chance = np.exp(weight - np.logaddexp.reduce(weight))
    return found, pd.Series(chance, index=problem.candidates)


@pytest.mark.parametrize("culprit", ["P3", "P4", "P5"])
def test_a_planted_culprit_is_found(culprit):
    """Plug flow by hand, not by geotool: time, place and mixture give it away."""
    problem = _problem(_readings(culprit))
    found, chance = _probability(problem)
    registered = chance[: problem.n]
    assert registered.idxmax() == culprit
    assert chance.sum() == pytest.approx(1.0)
    facts = found.facts[problem.candidates.index(culprit)]
    told = (facts["onset"] - pd.Timestamp("2026-05-04")) / pd.Timedelta(hours=1)
    assert told == pytest.approx(70.0, abs=10.0)
    assert 2.0 < facts["amplitude"] < 30.0


@pytest.mark.parametrize("culprit", ["P1", "P2"])
def test_twins_share_the_probability(culprit):
    """
    Two sources of one mixture on one arm, both above every section.

    The one upstream, having begun as much earlier as its water takes, makes the same
    readings: no evidence tells them apart, and none may be claimed to.
    """
    _, chance = _probability(_problem(_readings(culprit)))
    assert chance[["P1", "P2"]].sum() > 0.9
    assert chance[["P1", "P2"]].min() > 0.3
    assert set(chance.nlargest(2).index) == {"P1", "P2"}


def test_the_order_of_the_rows_does_not_matter():
    """Register and readings may come in any order: every probability is the same."""
    readings = _readings("P4")
    _, one = _probability(_problem(readings))
    mixed = readings.sample(frac=1.0, random_state=2)
    _, other = _probability(_problem(mixed, order=[3, 0, 4, 2, 1]))
    assert other[one.index].to_numpy() == pytest.approx(one.to_numpy(), abs=1e-6)


def test_who_lies_below_or_beside_a_clean_section_is_cleared():
    """A pulse seen at S2 and S3 came down arm B: arm A's outfalls are out."""
    problem = _problem(_readings("P3"))
    _, chance = _probability(problem)
    assert chance[["P1", "P2", "P5"]].max() < 0.02


def test_the_answer_is_the_same_twice():
    """A seed is set: nothing hangs on chance or on the order of the readings."""
    readings = _readings("P2")
    _, one = _probability(_problem(readings))
    _, other = _probability(_problem(readings.sample(frac=1.0, random_state=1)))
    assert one.to_numpy() == pytest.approx(other.to_numpy(), abs=1e-12)


def test_the_last_digit_of_a_discharge_tells_nothing():
    """Permitted water a trifle off, as another way of computing it leaves it."""
    problem = _problem(_readings("P2"))
    more = 1.0 + 1e-13
    canals = replace(problem.canals, inflow_m3_s=problem.canals.inflow_m3_s * more)
    water = problem.sources["discharge_m3_s"] * more
    other = replace(
        problem,
        canals=canals,
        load_g_s=problem.load_g_s * more,
        others_load_g_s=problem.others_load_g_s * more,
        sources=problem.sources.assign(discharge_m3_s=water),
    )
    assert (other.load_g_s != problem.load_g_s).any()
    _, one = _probability(problem)
    _, two = _probability(other)
    assert one.to_numpy() == pytest.approx(two.to_numpy(), abs=1e-9)


def test_a_source_in_no_register_is_given_its_stretch():
    """Without P4 in the register its stretch gains, and holds the true place."""
    full, _ = _problem(_readings("P4")), None
    _, known = _probability(full)
    problem = _problem(_readings("P4"), without="P4")
    _, chance = _probability(problem)
    assert chance[problem.n :].sum() > 3 * known[full.n :].sum()
    best = problem.groups[int(np.argmax(chance[problem.n :].to_numpy()))]
    assert set(problem.network.reaches["river_id"].iloc[best.rows]) == {"B"}


def test_no_pulse_no_series_evidence():
    """Steady loads alone: the steady half is to judge."""
    problem = _problem(_readings(None))
    assert series_evidence(problem) is None


def test_few_times_are_no_series():
    """With a handful of readings the steady half is to judge."""
    readings = _readings("P2")
    few = readings[readings["time"] < readings["time"].min() + pd.Timedelta(hours=30)]
    problem = _problem(few)
    assert series_evidence(problem) is None


def test_gaps_do_not_stop_it():
    """A third of the readings missing, one item missing altogether at a section."""
    readings = _readings("P4").sample(frac=0.67, random_state=5)
    gone = (readings["section_id"] == "S1") & (readings["item"] == "TP")
    problem = _problem(readings[~gone])
    _, chance = _probability(problem)
    assert chance[: problem.n].idxmax() == "P4"
