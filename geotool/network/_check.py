"""What is wrong or doubtful in a network, as a layer to look at."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely

from geotool.network._model import RiverNetwork

ISSUE_COLUMNS = (
    "issue_id",
    "kind",
    "severity",
    "subject",
    "message",
    "message_en",
    "repair",
    "repair_en",
    "geometry",
)
SEVERITIES = ("error", "warning", "info")
NEAR_M = 10.0
"""An open end this near to other water is likely meant to join it."""

TWIN_M = 2.0
"""Two lines that run this close from end to end are likely one river drawn twice."""

SHORT_M = 1.0

_Row = dict[Any, Any]


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
        *_dangling(network),
        *_twins(network),
        *_parts(network),
        *_structures_off(network),
        *_no_direction(network),
        *_short(network),
        *_from_log(network),
    ]
    table = pd.DataFrame(rows, columns=list(ISSUE_COLUMNS))
    order = table["severity"].map(SEVERITIES.index)
    table = table.iloc[np.argsort(order.to_numpy(int), kind="stable")]
    table = table.reset_index(drop=True)
    table["issue_id"] = [f"WT{k + 1:04d}" for k in range(len(table))]
    return gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)


def _row(
    kind: str,
    severity: str,
    subject: str,
    texts: tuple[str, str],
    repair: tuple[str, str],
    geometry: Any,
) -> _Row:
    return {
        "kind": kind,
        "severity": severity,
        "subject": subject,
        "message": texts[0],
        "message_en": texts[1],
        "repair": repair[0],
        "repair_en": repair[1],
        "geometry": geometry,
    }


def _label(network: RiverNetwork, reach: int) -> str:
    row = network.reaches.iloc[reach]
    name, key = row["name"], str(row["reach_id"])
    return f"{name}（{key}）" if name else key


def _ends(network: RiverNetwork) -> np.ndarray:
    return network.reaches[["from_node", "to_node"]].to_numpy(dtype=np.int64)


def _cycles(network: RiverNetwork) -> Iterator[_Row]:
    ends = _ends(network)
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
        yield _row(
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


def _one_sided(network: RiverNetwork) -> Iterator[_Row]:
    """Nodes inside the network where water only arrives or only leaves."""
    ends, n = _ends(network), len(network.nodes)
    one_way = (network.reaches["flow_mode"] == "normal").to_numpy()
    degree = np.bincount(ends.ravel(), minlength=n)
    out = np.bincount(ends[one_way, 0], minlength=n)
    into = np.bincount(ends[one_way, 1], minlength=n)
    for node in np.flatnonzero((degree >= 2) & ((out == degree) | (into == degree))):
        beside = np.flatnonzero((ends == node).any(axis=1))
        names = "、".join(network.reaches["reach_id"].iloc[beside])
        sink = into[node] == degree[node]
        yield _row(
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


def _dangling(network: RiverNetwork) -> Iterator[_Row]:
    ends = _ends(network)
    degree = np.bincount(ends.ravel(), minlength=len(network.nodes))
    lines = np.asarray(network.reaches.geometry, dtype=object)
    tree = shapely.STRtree(lines)
    open_nodes = np.flatnonzero(degree == 1)
    places = np.asarray(network.nodes.geometry, dtype=object)[open_nodes]
    which, other = tree.query(places, predicate="dwithin", distance=NEAR_M)
    distance = shapely.distance(places[which], lines[other])
    mode = network.reaches["flow_mode"].to_numpy(dtype=object)
    for k, node in enumerate(open_nodes):
        own = int(np.flatnonzero((ends == node).any(axis=1))[0])
        mine = np.flatnonzero((which == k) & (other != own))
        if len(mine):
            best = mine[np.argmin(distance[mine])]
            gap, near = float(distance[best]), int(other[best])
            yield _row(
                "dangling_near",
                "warning",
                str(network.reaches["reach_id"].iloc[own]),
                (
                    (
                        f"{_label(network, own)} 的端点距 {_label(network, near)} "
                        f"{gap:.1f} m，未连通"
                    ),
                    (
                        f"{network.reaches['reach_id'].iloc[own]} ends {gap:.1f} m from "
                        f"{network.reaches['reach_id'].iloc[near]} without joining it"
                    ),
                ),
                (
                    f"若实际相通，把端点延长 {gap:.1f} m，或以 snap_m={np.ceil(gap):g} 重建",
                    f"if they join, extend the end, or build with snap_m={np.ceil(gap):g}",
                ),
                places[k],
            )
        elif mode[own] != "normal":
            yield _dead_end(network, own, places[k])


def _dead_end(network: RiverNetwork, own: int, place: Any) -> _Row:
    length = network.reaches["length_m"].iloc[own]
    return _row(
        "dead_end",
        "info",
        str(network.reaches["reach_id"].iloc[own]),
        (
            f"{_label(network, own)} 一端不通（断头），本段长 {length:.0f} m",
            (
                f"one end of {network.reaches['reach_id'].iloc[own]} is open "
                f"({length:.0f} m long)"
            ),
        ),
        (
            "若为断头河可列入连通整治；若是河网边界可忽略",
            "a dead-end river to be connected, or just the rim of the data",
        ),
        place,
    )


def _twins(network: RiverNetwork) -> Iterator[_Row]:
    lines = np.asarray(network.reaches.geometry, dtype=object)
    length = network.reaches["length_m"].to_numpy(float)
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    tree = shapely.STRtree(lines)
    one, other = tree.query(middle, predicate="dwithin", distance=TWIN_M)
    close = (one != other) & (length[one] > 2 * TWIN_M) & (length[other] > 2 * TWIN_M)
    one, other = one[close], other[close]
    alike = shapely.hausdorff_distance(lines[one], lines[other]) <= TWIN_M
    for a, b in sorted(
        {
            tuple(sorted(pair))
            for pair in zip(one[alike].tolist(), other[alike].tolist(), strict=True)
        }
    ):
        yield _row(
            "twin_line",
            "warning",
            f"{network.reaches['reach_id'].iloc[a]}、{network.reaches['reach_id'].iloc[b]}",
            (
                f"{_label(network, a)} 与 {_label(network, b)} 几乎重合，可能重复绘制",
                (
                    f"{network.reaches['reach_id'].iloc[a]} and "
                    f"{network.reaches['reach_id'].iloc[b]} almost coincide"
                ),
            ),
            ("保留一条", "keep one of them"),
            lines[b],
        )


def _parts(network: RiverNetwork) -> Iterator[_Row]:
    """Parts that hang on nothing, and parts nobody knows the outlet of."""
    part = network.component
    ends = _ends(network)
    of_reach = part[ends[:, 0]]
    length = np.bincount(of_reach, network.reaches["length_m"].to_numpy(float))
    main = int(np.argmax(length))
    lines = np.asarray(network.reaches.geometry, dtype=object)
    for number in np.unique(of_reach):
        if number == main:
            continue
        rows = np.flatnonzero(of_reach == number)
        others = lines[of_reach != number]
        shape = shapely.multilinestrings(list(lines[rows]))
        tree = shapely.STRtree(others)
        _, gap = tree.query_nearest(shape, return_distance=True, all_matches=False)
        first = _label(network, int(rows[0]))
        yield _row(
            "isolated_part",
            "warning",
            str(network.reaches["reach_id"].iloc[int(rows[0])]),
            (
                (
                    f"{first} 等 {len(rows)} 个河段（{length[number] / 1000:.2f} km）与主河网"
                    f"不连通，最近相距 {gap[0]:.1f} m"
                ),
                (
                    f"{len(rows)} reaches ({length[number] / 1000:.2f} km) do not hang on "
                    f"the main network; the nearest water is {gap[0]:.1f} m away"
                ),
            ),
            (
                "核对是否漏画涵管或连通河；确属独立水系可忽略",
                "look for a missing culvert or link, or leave it as a water of its own",
            ),
            shape,
        )
    yield from _without_outlet(network, of_reach, lines)


def _without_outlet(
    network: RiverNetwork, of_reach: np.ndarray, lines: np.ndarray
) -> Iterator[_Row]:
    rows = network.log
    if "step" not in rows:
        return
    for subject in dict.fromkeys(rows.loc[rows["step"] == "no_outlet", "subject"]):
        if subject not in network.reach_position.index:
            continue
        number = of_reach[int(network.reach_position[subject])]
        inside = np.flatnonzero(of_reach == number)
        yield _row(
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


def _structures_off(network: RiverNetwork) -> Iterator[_Row]:
    for row in network.unplaced.to_dict("records"):
        name = row["name"] or row["structure_id"]
        gap = row["distance_m"]
        far = "没有坐标" if pd.isna(gap) else f"离最近河段 {gap:.0f} m"
        yield _row(
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


def _no_direction(network: RiverNetwork) -> Iterator[_Row]:
    unknown = (network.reaches["flow_mode"] == "unknown").to_numpy()
    for k in np.flatnonzero(unknown):
        reach = network.reaches.iloc[k]
        yield _row(
            "no_direction",
            "info",
            reach["reach_id"],
            (
                f"{_label(network, int(k))} 流向不明",
                f"direction of {reach['reach_id']} is unknown",
            ),
            (
                "现场核实后用 orient_network(fixed={…}) 指定",
                "survey it and give it with orient_network(fixed={…})",
            ),
            reach["geometry"],
        )


def _short(network: RiverNetwork) -> Iterator[_Row]:
    length = network.reaches["length_m"].to_numpy(float)
    gates = set(network.structures["node_id"])
    ends = _ends(network)
    for k in np.flatnonzero(length < SHORT_M):
        if set(ends[k].tolist()) & gates:
            continue  # a bit between a gate and its junction is meant
        reach = network.reaches.iloc[k]
        yield _row(
            "short_reach",
            "info",
            reach["reach_id"],
            (
                f"{_label(network, int(k))} 只有 {length[k]:.2f} m",
                f"{reach['reach_id']} is only {length[k]:.2f} m long",
            ),
            ("核对两端是否本为一点", "check whether its ends are one point"),
            reach["geometry"],
        )


_MENDED = {
    "snap": "端点捕捉 ends joined",
    "t_junction": "端点接线 end joined to a line",
    "split": "打断 split",
    "stub": "线头 stub",
    "double": "重复线 double line",
    "drop": "未用 left out",
    "pass_over": "立交 passes over",
    "conflict": "流向矛盾 conflict",
}


def _from_log(network: RiverNetwork) -> Iterator[_Row]:
    """Tell what building did by itself, at its place."""
    if "step" not in network.log:
        return
    for row in network.log.to_dict("records"):
        if row["step"] not in _MENDED:
            continue
        kind = {"pass_over": "passes_over", "conflict": "conflict"}.get(
            row["step"], "mended"
        )
        place = _place(network, row)
        head = _MENDED[row["step"]]
        yield _row(
            kind,
            "warning" if kind == "conflict" else "info",
            row["subject"],
            (f"{head}：{row['note']}", f"{head}: {row['note']}"),
            ("已自动处理，请核对", "done while building; check it"),
            place,
        )


def _place(network: RiverNetwork, row: _Row) -> Any:
    for text in (row["after"], row["before"], row["subject"]):
        bits = str(text).split(" ")
        try:
            return shapely.Point(float(bits[0]), float(bits[1]))
        except (ValueError, IndexError):
            continue
    position = network.reach_position.get(row["subject"])
    if position is not None:
        line = network.reaches.geometry.iloc[int(position)]
        return line.interpolate(0.5, normalized=True)
    return shapely.Point()
