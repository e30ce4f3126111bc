"""The operator against closed forms, brute force and finite differences."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geotool.attribution._expected import amplitude_gain
from geotool.attribution._operator import Transport
from geotool.attribution._survival import (
    SECONDS_PER_DAY,
    lateral_survival,
    pool_survival,
    survival,
)
from geotool.errors import NetworkError

ANALYTIC = (
    Path(__file__).parents[2] / "shared" / "incidents" / "analytic" / "expected.json"
)
DAY = SECONDS_PER_DAY
CLOSE = {"rel": 1e-9}


def days(tail, head, share, tau_d, decay, nodes=None):
    "A transport whose times are given in days."
    time = np.asarray(tau_d, float) * DAY
    return Transport(
        nodes or int(max(max(tail), max(head))) + 1,
        np.array(tail),
        np.array(head),
        np.asarray(share, float),
        survival(decay, time),
        time,
    )


# ---------------------------------------------------------------- closed forms
def test_a_channel_decays_exponentially():
    T = 10_000 / 0.1
    channel = days([0], [1], [1.0], [T / DAY], 0.1)
    psi = channel.influence([1], [5.0])[0]
    left = np.exp(-0.1 * T / DAY)
    assert psi[0] == pytest.approx(left / 5, **CLOSE)
    assert channel.loads(np.array([2.0, 0.0]))[1] / 5 == pytest.approx(
        2 * left / 5, **CLOSE
    )
    assert channel.travel_time_s(psi[None])[0, 0] == pytest.approx(T, **CLOSE)


def test_a_lateral_load_is_integrated_exactly():
    T = 10_000 / 0.1
    kt = 0.1 * T / DAY
    z = (np.arange(200_000) + 0.5) / 200_000  # midpoint rule over the reach
    assert lateral_survival(0.1, T) == pytest.approx(np.exp(-kt * z).mean(), rel=1e-9)
    assert lateral_survival(0.0, T) == 1.0
    for tiny in (1e-7, 1e-9, 1e-11):  # no jump where the series takes over
        assert lateral_survival(tiny, DAY) == pytest.approx(1 - tiny / 2, rel=1e-15)


def test_waters_mix_by_flow():
    meet = days([0, 1], [2, 2], [1, 1], [0, 0], 0.0)
    part = meet.influence([2], [4.0])[0] * [1.5, 4.0, 0.0]
    assert part.sum() == pytest.approx((3 * 0.5 + 1 * 4.0) / 4, **CLOSE)
    assert part / part.sum() == pytest.approx(
        [1.5 / 5.5, 4.0 / 5.5, 0.0], rel=1e-9, abs=1e-15
    )


def test_two_arms_rejoin_with_their_own_decay_and_time():
    web = days(
        [0, 1, 0, 2], [1, 3, 2, 3], [0.25, 1, 0.75, 1], [1.5, 1.5, 0.25, 0.25], 0.2
    )
    slow, fast = 0.25 * np.exp(-0.2 * 3.0), 0.75 * np.exp(-0.2 * 0.5)
    psi = web.influence([3], [4.0])
    assert psi[0, 0] == pytest.approx((slow + fast) / 4, **CLOSE)
    assert web.travel_time_s(psi)[0, 0] / DAY == pytest.approx(
        (slow * 3.0 + fast * 0.5) / (slow + fast), **CLOSE
    )
    water = days(
        [0, 1, 0, 2], [1, 3, 2, 3], [0.25, 1, 0.75, 1], [1.5, 1.5, 0.25, 0.25], 0.0
    )
    assert water.travel_time_s(water.influence([3], [4.0]))[0, 0] / DAY == (
        pytest.approx(0.25 * 3.0 + 0.75 * 0.5, **CLOSE)
    )


def pumped():
    return days([0, 1, 1], [1, 0, 2], [1.0, 0.3, 0.7], [1.0, 2.0, 0.0], 0.1)


def test_a_pumped_loop_sums_its_rounds():
    loop = pumped()
    da, db = np.exp(-0.1), np.exp(-0.2)
    xa = 1 / (1 - 0.3 * da * db)
    x = loop.loads(np.array([1.0, 0.0, 0.0]))
    assert x == pytest.approx([xa, da * xa, 0.7 * da * xa], **CLOSE)
    psi = loop.influence([1], [10.0])[0]
    assert psi[:2] == pytest.approx([da * xa / 10, xa / 10], **CLOSE)
    assert loop.is_cyclic
    assert loop.rounds()[:2] == pytest.approx([xa, xa], **CLOSE)


def test_water_without_exit_is_refused_and_named():
    shut = Transport(
        3,
        np.array([0, 1, 2]),
        np.array([1, 0, 0]),
        np.ones(3),
        np.ones(3),
        names=["北桥", "南桥", "闸口"],
    )
    with pytest.raises(NetworkError, match="北桥、南桥") as error:
        shut.influence([1], [1.0])
    assert "闸口" not in str(error.value)
    # the least loss is an exit
    leak = Transport(
        2, np.array([0, 1]), np.array([1, 0]), np.ones(2), np.array([1, 0.5])
    )
    assert leak.loads(np.array([1.0, 0.0])) == pytest.approx([2.0, 2.0])


def test_an_exitless_loop_elsewhere_does_not_stop_an_answer_upstream_of_it():
    "Water that falls into the loop never comes back, so the section is not touched."
    web = Transport(
        4,
        np.array([0, 1, 2, 3]),
        np.array([1, 2, 3, 2]),
        np.array([1.0, 0.5, 1.0, 1.0]),
        np.ones(4),
    )
    part, kept = web.upstream_of([1])
    assert kept.tolist() == [0, 1]
    assert part.influence([1], [2.0]).tolist() == [[0.5, 0.5]]
    with pytest.raises(NetworkError, match="2、3"):
        web.influence([1], [2.0])


def test_a_stirred_pool():
    assert pool_survival(0.05, 5e6, 2.0) == pytest.approx(
        1 / (1 + 0.05 * 5e6 / 2 / DAY), **CLOSE
    )


def test_a_withdrawal_takes_its_share_of_the_load():
    from geotool.attribution._flow_transport import flow_transport

    leaving = np.array([0.0, 4.0, 6.0])
    river, _ = flow_transport(
        3,
        (np.array([0, 1]), np.array([1, 2])),
        np.array([10.0, 6.0]),
        leaving_m3_s=leaving,
        survival=np.ones(2),
        time_s=np.zeros(2),
    )
    x = river.loads(np.array([20.0, 0.0, 0.0]))
    assert x == pytest.approx([20.0, 20.0, 12.0], **CLOSE)
    assert x[1:] / [10.0, 6.0] == pytest.approx([2.0, 2.0], **CLOSE)


def test_states_are_averaged_over_time_or_over_load():
    p, c, q = np.array([0.7, 0.3]), np.array([0.4, 2.2]), np.array([3.0, 1.0])
    from geotool.attribution._operator import mean_over_states

    assert mean_over_states(c, p) == pytest.approx(0.94, **CLOSE)
    assert mean_over_states(c, p * q) == pytest.approx(
        (0.7 * 3 * 0.4 + 0.3 * 2.2) / 2.4, **CLOSE
    )


def test_two_sections_bracket_the_load_between_them():
    from geotool.attribution._expected import bracketed

    between, share = bracketed(1.8, 5.0, 0.6, 4.0, decay_per_d=0.1, time_s=1.5 * DAY)
    come = 0.6 * 4 * np.exp(-0.15)
    assert between == pytest.approx(9 - come, **CLOSE)
    assert share == pytest.approx(come / 9, **CLOSE)


def test_a_passing_section_exonerates_what_lies_above_it():
    spread = np.diag([0.04, 0.0025])
    miss = np.array([1.7, 0.0])
    above, gain_above = amplitude_gain(np.array([0.2, 0.15]), miss, spread)
    below, gain_below = amplitude_gain(np.array([0.2, 0.0]), miss, spread)
    # 0.2 x 1.7 / 0.04 over 0.2^2 / 0.04 + 0.15^2 / 0.0025, and without the second term
    assert (above, gain_above) == pytest.approx((8.5 / 10, 8.5**2 / 20), **CLOSE)
    assert (below, gain_below) == pytest.approx((8.5, 8.5**2 / 2), **CLOSE)


# ---------------------------------------------------------------- the file of cases
def _cases():
    if not ANALYTIC.exists():
        return {}
    return {
        case["id"]: case
        for case in json.loads(ANALYTIC.read_text(encoding="utf-8"))["cases"]
    }


def _network(case):
    net = case["network"]
    number = {name: k for k, name in enumerate(net["nodes"])}
    arcs = net["arcs"]
    time = [
        arc["tau_d"] * DAY
        if "tau_d" in arc
        else arc.get("length_m", 0.0) / arc.get("velocity_ms", 1.0)
        for arc in arcs
    ]
    decay = [arc.get("k_per_day", net.get("k_per_day", 0.0)) for arc in arcs]
    left = [
        arc.get("d", float(survival(k, t)))
        for arc, k, t in zip(arcs, decay, time, strict=True)
    ]
    transport = Transport(
        len(number),
        np.array([number[arc["tail"]] for arc in arcs]),
        np.array([number[arc["head"]] for arc in arcs]),
        np.array([arc["f"] for arc in arcs]),
        np.array(left),
        np.array(time),
        names=list(number),
    )
    source = np.zeros(len(number))
    for name, load in net.get("source_g_s", {}).items():
        source[number[name]] = load
    flow = np.array([net["flow"][name] for name in net["nodes"]])
    return transport, number, source, flow


@pytest.mark.skipif(not ANALYTIC.exists(), reason="the closed forms are not here")
@pytest.mark.parametrize(
    "name", ["channel_decay", "confluence", "diversion_rejoin", "pumped_loop"]
)
def test_the_cases_with_a_network_come_out(name):
    case = _cases()[name]
    transport, number, source, flow = _network(case)
    wanted = case["expected"]
    c = transport.loads(source) / flow
    for key, value in wanted.items():
        if key.startswith("C_"):
            assert c[number[key[2:]]] == pytest.approx(value, **CLOSE), key
    if name == "channel_decay":
        psi = transport.influence([1], flow[1:])
        assert psi[0, 0] == pytest.approx(wanted["psi_A"], **CLOSE)
        hours = transport.travel_time_s(psi)[0, 0] / 3600
        assert hours == pytest.approx(wanted["tau_h"], **CLOSE)
    if name == "confluence":
        part = transport.influence([2], flow[2:])[0] * source
        assert part[:2] / part.sum() == pytest.approx(
            [wanted["share_U1"], wanted["share_U2"]], **CLOSE
        )
    if name == "diversion_rejoin":
        psi = transport.influence([number["R"]], [4.0])
        assert transport.travel_time_s(psi)[0, 0] / DAY == pytest.approx(
            wanted["mean_travel_d_by_load"], **CLOSE
        )
        arcs = list(zip(transport.tail, transport.head, strict=True))
        last = arcs.index((number["B"], number["R"]))
        load = transport.loads(source)
        slow = load[number["B"]] * transport.weight[last] / load[number["R"]]
        assert slow == pytest.approx(wanted["share_slow_arm"], **CLOSE)
        water = replace(transport, survival=np.ones(len(transport.tail)))
        hours = water.travel_time_s(water.influence([number["R"]], [4.0]))
        assert hours[0, 0] / DAY == pytest.approx(
            wanted["mean_travel_d_by_water"], **CLOSE
        )
    if name == "pumped_loop":
        psi = transport.influence([1], [10.0])[0]
        assert psi[:2] == pytest.approx(
            [wanted["psi_A_at_B"], wanted["psi_B_at_B"]], **CLOSE
        )
        again = wanted["spectral_radius"] ** 2  # both arcs of the loop
        assert transport.rounds()[:2] == pytest.approx(1 / (1 - again), **CLOSE)


@pytest.mark.skipif(not ANALYTIC.exists(), reason="the closed forms are not here")
def test_the_other_cases_come_out():
    from geotool.attribution._expected import bracketed
    from geotool.attribution._flow_transport import flow_transport
    from geotool.attribution._operator import mean_over_states

    cases = _cases()
    assert len(cases) == 11
    T = 10_000 / 0.1
    lateral = 2.0 / 5.0 * lateral_survival(0.1, T)
    assert lateral == pytest.approx(
        cases["uniform_lateral"]["expected"]["C_B_exact"], **CLOSE
    )
    transport, *_ = _network(cases["closed_loop_no_exit"])
    with pytest.raises(NetworkError, match="A、B"):
        transport.influence([0], [1.0])
    pool = cases["stirred_pool"]["expected"]
    assert pool_survival(0.05, 5e6, 2.0) == pytest.approx(pool["d"], **CLOSE)
    drawn = cases["withdrawal"]["expected"]
    river, _ = flow_transport(
        3,
        (np.array([0, 1]), np.array([1, 2])),
        np.array([10.0, 6.0]),
        leaving_m3_s=np.array([0.0, 4.0, 6.0]),
        survival=np.ones(2),
        time_s=np.zeros(2),
    )
    x = river.loads(np.array([20.0, 0.0, 0.0]))
    assert river.share[1] == pytest.approx(drawn["f_onward"], **CLOSE)
    assert x[2] == pytest.approx(drawn["load_onward"], **CLOSE)
    assert x[1] / 10 == pytest.approx(drawn["C_node"], **CLOSE)
    assert x[2] / 6 == pytest.approx(drawn["C_onward"], **CLOSE)
    mix = cases["reversal_mix"]
    p = np.array([1 - mix["inputs"]["p_reversed"], mix["inputs"]["p_reversed"]])
    c = np.array([mix["inputs"]["C_normal"], mix["inputs"]["C_reversed"]])
    q = np.array([mix["inputs"]["Q_normal"], mix["inputs"]["Q_reversed"]])
    assert mean_over_states(c, p) == pytest.approx(
        mix["expected"]["time_mean"], **CLOSE
    )
    assert mean_over_states(c, p * q) == pytest.approx(
        mix["expected"]["flow_mean"], **CLOSE
    )
    between, share = bracketed(1.8, 5.0, 0.6, 4.0, decay_per_d=0.1, time_s=1.5 * DAY)
    wanted = cases["bracketing"]["expected"]
    assert between == pytest.approx(wanted["between_g_s"], **CLOSE)
    assert between * 0.0864 == pytest.approx(wanted["between_t_per_day"], **CLOSE)
    assert share == pytest.approx(wanted["upstream_share"], **CLOSE)
    assert 1 - share == pytest.approx(wanted["between_share"], **CLOSE)
    given_, wanted = (cases["exoneration"][key] for key in ("inputs", "expected"))
    miss = np.array(given_["y"]) - given_["background"]
    spread = np.diag(given_["sigma_diag"])
    gains = []
    for k in (0, 1):
        size, gain = amplitude_gain(np.array(given_["psi"])[:, k], miss, spread)
        assert size == pytest.approx(wanted[f"a_hat_{k}"], **CLOSE)
        assert gain == pytest.approx(wanted[f"log_lik_gain_{k}"], **CLOSE)
        gains.append(gain)
    assert gains[1] - gains[0] == pytest.approx(wanted["log_ratio_1_over_0"], **CLOSE)


# ---------------------------------------------------------------- whole networks
def web(seed, *, nodes=40, arcs=70, cyclic=False):
    "A random web with an exit for every node; acyclic, or with arcs back."
    rng = np.random.default_rng(seed)
    rank = rng.permutation(nodes)
    ends = rng.integers(0, nodes, (arcs, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    if not cyclic:
        back = rank[ends[:, 0]] > rank[ends[:, 1]]
        ends[back] = ends[back][:, ::-1]
    flow = rng.uniform(0.1, 3, len(ends))
    out = np.bincount(ends[:, 0], flow, minlength=nodes) + rng.uniform(0.1, 1, nodes)
    time = rng.uniform(0, 3, len(ends)) * DAY
    return Transport(
        nodes,
        ends[:, 0],
        ends[:, 1],
        flow / out[ends[:, 0]],
        survival(0.2, time),
        time,
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), cyclic=st.booleans())
def test_influence_equals_brute_force(seed, cyclic):
    "The dense inverse, one forward run per source, and the sum over all walks."
    net = web(seed, cyclic=cyclic)
    rng = np.random.default_rng(seed)
    at, flow = rng.choice(net.nodes, 3, replace=False), rng.uniform(1, 9, 3)
    psi = net.influence(at, flow)
    A = np.zeros((net.nodes, net.nodes))
    np.add.at(A, (net.head, net.tail), net.weight)
    inverse = np.linalg.inv(np.eye(net.nodes) - A)
    assert np.isfinite(psi).all()
    assert (psi >= 0).all()
    assert psi == pytest.approx(inverse[at] / flow[:, None], rel=1e-9, abs=1e-14)
    walks, term = np.zeros(net.nodes), np.eye(net.nodes)[at[0]] / flow[0]
    for _ in range(3000):
        walks, term = walks + term, A.T @ term
    assert psi[0] == pytest.approx(walks, rel=1e-9, abs=1e-14)
    # closure: what comes is the sum of what each source sends
    s = rng.lognormal(size=net.nodes)
    assert psi @ s == pytest.approx(net.loads(s)[at] / flow, rel=1e-9)
    # the cone alone gives the same
    part, kept = net.upstream_of(at)
    place = np.searchsorted(kept, at)
    assert part.influence(place, flow) == pytest.approx(psi[:, kept], rel=1e-9)
    assert np.delete(psi, kept, axis=1).max(initial=0.0) == 0.0


@pytest.mark.parametrize("cyclic", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_travel_time_is_the_slope_of_influence_by_decay(seed, cyclic):
    "theta / psi = -d ln psi / dk, by central differences."
    net = web(seed, cyclic=cyclic)
    at, flow = [int(net.head[0])], [2.0]
    step = 1e-5

    psi = net.influence(at, flow)
    there = psi[0] > 0
    assert there.sum() > 1

    def log_influence(k):
        moved = Transport(
            net.nodes, net.tail, net.head, net.share, survival(k, net.time_s)
        )
        return np.log(moved.influence(at, flow)[0, there])

    slope = (log_influence(0.2 + step) - log_influence(0.2 - step)) / (2 * step)
    found = net.travel_time_s(psi)[0] / DAY
    assert found[there] == pytest.approx(-slope, rel=1e-6, abs=1e-8)
    assert np.isnan(found[~there]).all()


@pytest.mark.parametrize("cyclic", [False, True])
def test_sensitivities_are_finite_differences(cyclic):
    net = web(3, cyclic=cyclic)
    at, flow = [int(net.head[0])], [2.0]
    rng = np.random.default_rng(1)
    s = rng.lognormal(size=net.nodes)
    psi, x = net.influence(at, flow)[0], net.loads(s)

    def c(*, share=net.share, k=0.2, source=s, factor=1.0):
        left = np.exp(-k * factor * net.time_s / DAY)
        moved = Transport(net.nodes, net.tail, net.head, share, left, net.time_s)
        return moved.loads(source)[at[0]] / flow[0]

    h = 1e-6
    for arc in range(0, len(net.tail), 7):
        unit = np.eye(len(net.tail))[arc] * h
        slope = (c(share=net.share + unit) - c(share=net.share - unit)) / (2 * h)
        assert net.by_share(psi, x)[arc] == pytest.approx(slope, rel=1e-6, abs=1e-9)
        slope = (c(factor=1 + unit) - c(factor=1 - unit)) / (2 * h)
        found = net.by_log_decay(psi, x, 0.2)[arc]
        assert found == pytest.approx(slope, rel=1e-6, abs=1e-9)
    slope = (c(k=0.2 * (1 + h)) - c(k=0.2 * (1 - h))) / (2 * h)
    assert net.by_log_decay(psi, x, 0.2).sum() == pytest.approx(slope, rel=1e-6)
    for node in range(0, net.nodes, 9):
        unit = np.eye(net.nodes)[node] * h
        slope = (c(source=s + unit) - c(source=s - unit)) / (2 * h)
        assert psi[node] == pytest.approx(slope, rel=1e-6, abs=1e-10)


def test_a_section_without_flow_is_refused():
    with pytest.raises(NetworkError, match="断面流量应为正数"):
        pumped().influence([1], [0.0])


def test_a_loop_that_hardly_loses_anything_is_counted():
    "1/(1 - r d) tells how much the answer hangs on the return share."
    tail, head = np.array([0, 1, 1]), np.array([1, 0, 2])
    tight = Transport(3, tail, head, np.array([1.0, 0.99, 0.01]), np.ones(3))
    assert tight.rounds()[:2] == pytest.approx([100.0, 100.0])
    assert tight.rounds()[2] == 1.0


def test_one_large_component_is_factored_not_inverted():
    n = 600
    tail = np.arange(n)
    head = (tail + 1) % n
    ring = Transport(n, tail, head, np.full(n, 0.999), np.ones(n))
    turn = 0.999**n
    assert ring.rounds().max() == pytest.approx(1 / (1 - turn))
    assert ring.influence([0], [1.0])[0, 0] == pytest.approx(1 / (1 - turn))
