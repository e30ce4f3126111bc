"""What is wrong or doubtful in a network, as a layer to look at."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely

from geotool.network._check_lines import open_ends, short_reaches, twins
from geotool.network._check_log import mended
from geotool.network._issues import (
    ISSUE_COLUMNS,
    SEVERITIES,
    Row,
    ends_of,
    issue,
    label_of,
    names_of,
)
from geotool.network._model import RiverNetwork
from geotool.network._rim import inner_mouths


def check_network(network: RiverNetwork) -> gpd.GeoDataFrame:
    """
    List what is wrong or doubtful.

    Kinds, with their severity: ``directed_cycle`` (error: known directions run in a
    circle), ``only_inflow``, ``only_outflow`` (water vanishes or begins inside the
    network), ``dangling_near`` (an open end near other water), ``twin_line``,
    ``isolated_part``, ``no_outlet``, ``structure_off`` (warning), ``dead_end``
    (断头河), ``no_direction``, ``short_reach``, ``passes_over`` and ``mended`` (info:
    what building joined, split or left out).

    Parameters
    ----------
    network : RiverNetwork

    Returns
    -------
    GeoDataFrame
        :data:`ISSUE_COLUMNS`, errors first, in the network's system.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> lines = [
    ...     shapely.LineString([(0, 0), (100, 0)]),
    ...     shapely.LineString([(40, 60), (40, 5)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A", "B"]}, geometry=lines, crs=4549)
    >>> issues = check_network(build_network(rivers))
    >>> issues.loc[issues["kind"] == "dangling_near", "message_en"].tolist()
    ['B ends 5.0 m from A without joining it']
    """
    rows = [
        *_cycles(network),
        *_one_sided(network),
        *open_ends(network),
        *twins(network),
        *_parts(network),
        *_structures_off(network),
        *_no_direction(network),
        *short_reaches(network),
        *mended(network),
    ]
    table = pd.DataFrame(rows, columns=list(ISSUE_COLUMNS))
    order = table["severity"].map(SEVERITIES.index)
    table = table.iloc[np.argsort(order.to_numpy(int), kind="stable")]
    table = table.reset_index(drop=True)
    table["issue_id"] = [f"WT{k + 1:04d}" for k in range(len(table))]
    return gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)


def _cycles(network: RiverNetwork) -> Iterator[Row]:
    ends = ends_of(network)
    one_way = (network.reaches["flow_mode"] == "normal").to_numpy()
    graph = sp.coo_array(
        (np.ones(int(one_way.sum())), (ends[one_way, 0], ends[one_way, 1])),
        (len(network.nodes), len(network.nodes)),
    )
    part = sp.csgraph.connected_components(graph, connection="strong")[1]
    inside = one_way & (part[ends[:, 0]] == part[ends[:, 1]])
    for number in np.unique(part[ends[inside, 0]]):
        rows = np.flatnonzero(inside & (part[ends[:, 0]] == number))
        names = "、".join(network.reaches["reach_id"].iloc[rows].head(8))
        yield issue(
            "directed_cycle",
            "error",
            names,
            (
                f"{len(rows)} 个河段的流向首尾相接成环：{names}",
                f"directions of {len(rows)} reaches run in a circle: {names}",
            ),
            ("核对其中一段的流向", "check the direction of one of them"),
            shapely.union_all(np.asarray(network.reaches.geometry, object)[rows]),
        )


def _one_sided(network: RiverNetwork) -> Iterator[Row]:
    """Nodes inside the network where water only arrives or only leaves."""
    ends, n = ends_of(network), len(network.nodes)
    one_way = (network.reaches["flow_mode"] == "normal").to_numpy()
    degree = np.bincount(ends.ravel(), minlength=n)
    out = np.bincount(ends[one_way, 0], minlength=n)
    into = np.bincount(ends[one_way, 1], minlength=n)
    shut = set(
        network.structures.loc[network.structures["state"] == "closed", "node_id"]
    )
    # at these gates water enters or leaves what was drawn
    mouths = inner_mouths(network, "inlet", shut=shut)
    mouths |= inner_mouths(network, "outlet", shut=shut)
    for node in np.flatnonzero((degree >= 2) & ((out == degree) | (into == degree))):
        if int(node) in shut | mouths:
            continue  # water turns back on both sides of a shut gate
        beside = np.flatnonzero((ends == node).any(axis=1))
        names = "、".join(network.reaches["reach_id"].iloc[beside])
        sink = into[node] == degree[node]
        yield issue(
            "only_inflow" if sink else "only_outflow",
            "warning",
            names,
            (
                f"节点处各河段{'只进不出' if sink else '只出不进'}：{names}",
                f"water only {'arrives at' if sink else 'leaves'} this node: {names}",
            ),
            (
                "核对流向；如有泵站或出口请补充水工建筑物",
                "check directions; add the pump or outlet if there is one",
            ),
            network.nodes.geometry.iloc[node],
        )


def _parts(network: RiverNetwork) -> Iterator[Row]:
    """Parts that hang on nothing, and parts nobody knows the outlet of."""
    part = network.component
    of_reach = part[ends_of(network)[:, 0]]
    length = np.bincount(of_reach, network.reaches["length_m"].to_numpy(float))
    main = int(np.argmax(length))
    lines = np.asarray(network.reaches.geometry, dtype=object)
    gaps = _gaps(lines, of_reach, main)
    order = np.argsort(of_reach, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(of_reach[order])) + 1):
        number = int(of_reach[rows[0]])
        if number == main:
            continue
        first, km = label_of(network, int(rows[0])), length[number] / 1000
        yield issue(
            "isolated_part",
            "warning",
            str(network.reaches["reach_id"].iloc[int(rows[0])]),
            (
                (
                    f"{first} 等 {len(rows)} 个河段（{km:.2f} km）与主河网不连通，"
                    f"离其他水最近 {gaps[number]:.1f} m"
                ),
                (
                    f"{len(rows)} reaches ({km:.2f} km) do not hang on the main "
                    f"network; the nearest water is {gaps[number]:.1f} m away"
                ),
            ),
            (
                "核对是否漏画涵管或连通河；确属独立水系可忽略",
                "look for a missing culvert or link, or leave it as a water of its own",
            ),
            shapely.multilinestrings(list(lines[rows])),
        )
    yield from _without_outlet(network, of_reach, lines)


def _gaps(lines: np.ndarray, part: np.ndarray, main: int) -> np.ndarray:
    """Metres from each part but the main one to the nearest line of another."""
    gap = np.full(int(part.max()) + 1, np.inf)
    tree, reach_m = shapely.STRtree(lines), 50.0
    while True:
        left = np.flatnonzero((part != main) & np.isinf(gap[part]))
        if len(left) == 0:
            return gap
        which, other = tree.query(lines[left], predicate="dwithin", distance=reach_m)
        one = left[which]
        strange = part[one] != part[other]
        one, other = one[strange], other[strange]
        np.minimum.at(gap, part[one], shapely.distance(lines[one], lines[other]))
        reach_m *= 4


def _without_outlet(
    network: RiverNetwork, of_reach: np.ndarray, lines: np.ndarray
) -> Iterator[Row]:
    rows = network.log
    if "step" not in rows:
        return
    for subject in dict.fromkeys(rows.loc[rows["step"] == "no_outlet", "subject"]):
        if subject not in network.reach_position.index:
            continue
        number = of_reach[int(network.reach_position[subject])]
        inside = np.flatnonzero(of_reach == number)
        yield issue(
            "no_outlet",
            "warning",
            subject,
            (
                f"{subject} 所在部分（{len(inside)} 个河段）没有已知出口，流向无法推断",
                (
                    f"the part with {subject} ({len(inside)} reaches) has no known outlet; "
                    "no direction was inferred"
                ),
            ),
            (
                "补充出水口（role=outlet 的闸站，或 orient_network 的 outlets）",
                "add an outlet (a structure with role outlet, or outlets=…)",
            ),
            shapely.multilinestrings(list(lines[inside])),
        )


def _structures_off(network: RiverNetwork) -> Iterator[Row]:
    for row in network.unplaced.to_dict("records"):
        name = row["name"] or row["structure_id"]
        gap = row["distance_m"]
        far = "没有坐标" if pd.isna(gap) else f"离最近河段 {gap:.0f} m"
        yield issue(
            "structure_off",
            "warning",
            row["structure_id"],
            (
                f"{name} 不在河网上（{far}），追踪时不起作用",
                f"{row['structure_id']} stands on no reach; traces ignore it",
            ),
            ("核对坐标，或补画所在河道", "check its place, or draw its canal"),
            row["geometry"],
        )


def _no_direction(network: RiverNetwork) -> Iterator[Row]:
    """Waters of unknown direction, one row for reaches that hang together."""
    unknown = np.flatnonzero((network.reaches["flow_mode"] == "unknown").to_numpy())
    if len(unknown) == 0:
        return
    ends, n = ends_of(network)[unknown], len(network.nodes)
    graph = sp.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (n, n))
    part = sp.csgraph.connected_components(graph, directed=False)[1][ends[:, 0]]
    lines = np.asarray(network.reaches.geometry, dtype=object)
    length = network.reaches["length_m"].to_numpy(float)
    order = np.argsort(part, kind="stable")
    for here in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        rows = unknown[here]
        km, names = length[rows].sum() / 1000, names_of(network, rows)
        yield issue(
            "no_direction",
            "info",
            names,
            (
                f"{len(rows)} 个河段（{km:.2f} km）流向不明：{names}",
                f"direction of {len(rows)} reaches ({km:.2f} km) is unknown: {names}",
            ),
            (
                "先运行 orient_network；仍不明者现场核实后用 fixed={…} 指定",
                "run orient_network; survey what stays unknown and give it as fixed={…}",
            ),
            shapely.multilinestrings(list(lines[rows])),
        )
