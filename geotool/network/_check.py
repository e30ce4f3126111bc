"""What is wrong or doubtful in a network, as a layer to look at."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp

from geotool._progress import long_step
from geotool.network._check_ends import open_ends
from geotool.network._check_lines import crossings, faulty_lines, twins
from geotool.network._check_log import mended
from geotool.network._check_parts import parts, without_outlet
from geotool.network._faults import one_sided
from geotool.network._issues import (
    ISSUE_COLUMNS,
    SEVERITIES,
    Facts,
    Row,
    groups,
    issue,
)
from geotool.network._model import RiverNetwork
from geotool.network._rim import inner_mouths, shut_nodes


@long_step("检查河网", "checking the network")
def check_network(network: RiverNetwork) -> gpd.GeoDataFrame:
    """
    List what is wrong or doubtful.

    Kinds, with their severity: ``directed_cycle`` (directions run in a circle),
    ``zero_length`` (error); ``only_inflow``, ``only_outflow`` (water vanishes or begins
    inside the network), ``no_outlet`` (water that reaches no way out),
    ``dangling_near`` (an open end near other water), ``crossing`` (lines that meet
    without a node), ``twin_line``, ``self_overlap``, ``isolated_part``,
    ``structure_off``, ``conflict`` (evidence that differs; warning); ``dead_end``
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
    >>> import shapely
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
    facts = Facts(network)
    rows = [
        *_cycles(facts),
        *_one_sided(facts),
        *open_ends(facts),
        *crossings(facts),
        *twins(facts),
        *parts(facts),
        *without_outlet(facts),
        *_structures_off(network),
        *_no_direction(facts),
        *faulty_lines(facts),
        *mended(facts),
    ]
    table = pd.DataFrame(rows, columns=list(ISSUE_COLUMNS))
    order = table["severity"].map(SEVERITIES.index)
    table = table.iloc[np.argsort(order.to_numpy(int), kind="stable")]
    table = table.reset_index(drop=True)
    table["issue_id"] = [f"WT{k + 1:04d}" for k in range(len(table))]
    return gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)


def _cycles(facts: Facts) -> Iterator[Row]:
    ends, one_way = facts.ends, facts.one_way
    graph = sp.coo_array(
        (np.ones(int(one_way.sum())), (ends[one_way, 0], ends[one_way, 1])),
        (facts.nodes, facts.nodes),
    )
    part = sp.csgraph.connected_components(graph, connection="strong")[1]
    inside = np.flatnonzero(one_way & (part[ends[:, 0]] == part[ends[:, 1]]))
    for here in groups(part[ends[inside, 0]]):
        rows = inside[here]
        names, (zh, en) = facts.names(rows), facts.sources(rows)
        yield issue(
            "directed_cycle",
            "error",
            names,
            (
                f"{len(rows)} 个河段的流向首尾相接成环：{names}（流向依据：{zh}）",
                f"directions of {len(rows)} reaches run in a circle: {names} ({en})",
            ),
            ("核对其中一段的流向", "check the direction of one of them"),
            facts.merged(rows),
        )


def _one_sided(facts: Facts) -> Iterator[Row]:
    """Nodes inside the network where water only arrives or only leaves."""
    network, ends = facts.network, facts.ends
    sign = np.where(facts.one_way, 1, 0)
    fault = one_sided(ends[:, 0], ends[:, 1], sign, facts.nodes)
    shut = set(shut_nodes(network, None))
    # at these gates water enters or leaves what was drawn
    mouths = inner_mouths(network, "inlet", shut=shut)
    mouths |= inner_mouths(network, "outlet", shut=shut)
    # and at shut ones it turns back on both sides
    fault[sorted(shut | mouths)] = False
    for nodes in facts.told.values():
        fault[nodes] = False
    into = np.bincount(ends[facts.one_way, 1], minlength=facts.nodes)
    for node in np.flatnonzero(fault).tolist():
        beside = facts.beside(node)
        names, (zh, en) = facts.names(beside), facts.sources(beside)
        sink = into[node] > 0
        yield issue(
            "only_inflow" if sink else "only_outflow",
            "warning",
            names,
            (
                f"节点处各河段{'只进不出' if sink else '只出不进'}：{names}（流向依据：{zh}）",
                (
                    f"water only {'arrives at' if sink else 'leaves'} this node: "
                    f"{names} ({en})"
                ),
            ),
            (
                "核对流向；如有泵站或出口请补充水工建筑物",
                "check directions; add the pump or outlet if there is one",
            ),
            facts.places[node],
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


def _no_direction(facts: Facts) -> Iterator[Row]:
    """Waters of unknown direction, one row for reaches that hang together."""
    unknown = np.flatnonzero(facts.mode == "unknown")
    ends, n = facts.ends[unknown], facts.nodes
    graph = sp.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (n, n))
    part = sp.csgraph.connected_components(graph, directed=False)[1]
    for here in groups(part[ends[:, 0]]):
        rows = unknown[here]
        km, names = facts.length[rows].sum() / 1000, facts.names(rows)
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
            facts.merged(rows),
        )
