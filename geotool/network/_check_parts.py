"""Parts of a network that hang on nothing, and water that finds no way out."""

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geotool.network._issues import Facts, Row, groups, issue
from geotool.network._links import PART_M, main_part, parts_apart
from geotool.network._rim import inner_mouths, rim_ends, shut_nodes

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def parts(facts: Facts) -> Iterator[Row]:
    """Give parts that do not hang on the longest one."""
    main, near = main_part(facts), parts_apart(facts)
    water = np.bincount(facts.part, facts.length) / 1000
    ids, labels = facts.ids, facts.labels
    for rows in groups(facts.part):
        first, number = int(rows[0]), int(facts.part[rows[0]])
        if number == main:
            continue
        km, (zh, en) = water[number], _nearest(facts, near.get(number))
        yield issue(
            "isolated_part",
            "warning",
            ids[first],
            (
                (
                    f"{labels[first]} 等 {len(rows)} 个河段（{km:.2f} km）与主河网不连通，"
                    f"{zh}"
                ),
                (
                    f"{len(rows)} reaches ({km:.2f} km) do not hang on the main "
                    f"network; {en}"
                ),
            ),
            (
                "核对是否漏画涵管或连通河；确属独立水系可忽略",
                "look for a missing culvert or link, or leave it as a water of its own",
            ),
            facts.merged(rows),
        )


def _nearest(facts: Facts, near: tuple[int, int, float] | None) -> tuple[str, str]:
    if near is None:
        return (
            f"{PART_M / 1000:g} km 内没有其他水体",
            f"no other water lies within {PART_M / 1000:g} km",
        )
    own, other, gap = near
    return (
        f"离其他水最近 {gap:.1f} m（{facts.labels[own]} 至 {facts.labels[other]}，一处连通即可）",
        (
            f"the nearest water is {gap:.1f} m away (one link from {facts.ids[own]} "
            f"to {facts.ids[other]} would join it)"
        ),
    )


def without_outlet(facts: Facts) -> Iterator[Row]:
    """Give parts without a known outlet, and reaches whose water finds none."""
    told = _told_parts(facts)
    within = np.flatnonzero(np.isin(facts.part, list(told)))
    for here in groups(facts.part[within]):
        rows = within[here]
        yield _part_issue(facts, rows, told[int(facts.part[rows[0]])])
    stuck = ~_drains(facts) & ~np.isin(facts.part, list(told))
    rows = np.flatnonzero(stuck)
    ends, n = facts.ends[rows], facts.nodes
    graph = sp.coo_array((np.ones(len(rows)), (ends[:, 0], ends[:, 1])), (n, n))
    cluster = sp.csgraph.connected_components(graph, directed=False)[1]
    for here in groups(cluster[ends[:, 0]]):
        yield _stuck_issue(facts, rows[here])


def _told_parts(facts: Facts) -> dict[int, str]:
    """Parts that orienting found no outlet for, with the reach it named."""
    log = facts.network.log
    if "step" not in log:
        return {}
    subjects = log.loc[log["step"] == "no_outlet", "subject"].drop_duplicates()
    place = facts.network.reach_position.reindex(subjects.to_numpy())
    there = place.notna().to_numpy()
    reaches = place.to_numpy()[there].astype(np.int64)
    named = subjects.to_numpy(dtype=object)[there]
    return dict(zip(facts.part[reaches].tolist(), named.tolist(), strict=True))


def _part_issue(facts: Facts, rows: Ints, subject: str) -> Row:
    return issue(
        "no_outlet",
        "warning",
        subject,
        (
            f"{subject} 所在部分（{len(rows)} 个河段）没有已知出口，流向无法推断",
            (
                f"the part with {subject} ({len(rows)} reaches) has no known outlet; "
                "no direction was inferred"
            ),
        ),
        (
            (
                "指明水从哪里流出：geotool build --outlet 出境断面（或经度,纬度），"
                "进出水写“出水”的闸站，或 orient_network(outlets=…)"
            ),
            (
                "say where water leaves: geotool build --outlet PLACE, a structure with "
                "role outlet, or outlets=…"
            ),
        ),
        facts.merged(rows),
    )


def _stuck_issue(facts: Facts, rows: Ints) -> Row:
    km, names = facts.length[rows].sum() / 1000, facts.names(rows)
    return issue(
        "no_outlet",
        "warning",
        names,
        (
            f"{len(rows)} 个河段（{km:.2f} km）的水按现有流向流不到任何出口：{names}",
            (
                f"water of {len(rows)} reaches ({km:.2f} km) finds no way out by the "
                f"directions given: {names}"
            ),
        ),
        (
            "核对下游流向，或补充出口、开启的闸站",
            "check directions below, or add the outlet or the gate that opens",
        ),
        facts.merged(rows),
    )


def _drains(facts: Facts) -> Bools:
    """
    Whether water of each reach may find a way out, unknown reaches helping.

    Ways out are open ends that no known reach comes from, and outlet gates that are
    not shut. Shut gates let nothing through.
    """
    shut = np.array(shut_nodes(facts.network, None), dtype=np.int64)
    is_shut = np.zeros(facts.nodes, dtype=bool)
    is_shut[shut] = True
    is_exit = facts.degree == 1
    is_exit[facts.ends[facts.one_way, 0]] &= (
        facts.degree[facts.ends[facts.one_way, 0]] > 1
    )
    gates = rim_ends(facts.network, "outlet")
    gates |= inner_mouths(facts.network, "outlet", shut=set(shut.tolist()))
    is_exit[sorted(gates)] = True
    is_exit[facts.told["outlet"]] = True
    # water goes from reach to reach through nodes; a shut gate joins nothing
    goes = [facts.ends, facts.ends[~facts.one_way][:, ::-1]]
    tail, head = np.concatenate(goes).T
    inner = ~is_shut[tail] & ~is_shut[head]
    out = np.flatnonzero(is_exit & ~is_shut)
    n = facts.nodes
    # searched against the flow, from one node behind all ways out
    rows = np.concatenate([head[inner], np.full(len(out), n)])
    columns = np.concatenate([tail[inner], out])
    graph = sp.coo_array((np.ones(len(rows)), (rows, columns)), (n + 1, n + 1)).tocsr()
    reached = np.zeros(n + 1, dtype=bool)
    reached[sp.csgraph.breadth_first_order(graph, n, return_predecessors=False)] = True
    wet: Bools = reached[facts.ends[:, 1]] | (
        ~facts.one_way & reached[facts.ends[:, 0]]
    )
    return wet | is_shut[facts.ends].any(axis=1)
