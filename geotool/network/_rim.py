"""Where water enters and leaves a network: open ends and gates at its rim."""

import numpy as np
from numpy.typing import NDArray

from geotool.network._model import RiverNetwork
from geotool.network._scenario import Scenario
from geotool.network._structures import INWARD_M

Ints = NDArray[np.int64]


def node_degree(network: RiverNetwork) -> Ints:
    """Count the reaches at each node."""
    ends = network.reaches[["from_node", "to_node"]].to_numpy().ravel()
    return np.bincount(ends, minlength=len(network.nodes))


def rim_ends(network: RiverNetwork, role: str) -> set[int]:
    """Give open ends just beyond a structure of a role; the nearer one of two."""
    table = network.structures
    at = table.loc[table["role"] == role, "node_id"].to_numpy(int)
    degree = node_degree(network)
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    length = network.reaches["length_m"].to_numpy(float)
    found = set()
    for node in at:
        beside = np.flatnonzero((ends == node).any(axis=1))
        far = ends[beside].sum(axis=1) - node
        is_open = degree[far] == 1
        if is_open.any():
            found.add(int(far[is_open][np.argmin(length[beside][is_open])]))
    return found


def inner_mouths(network: RiverNetwork, role: str, *, shut: set[int]) -> set[int]:
    """
    Give nodes at structures of a role that have no open end beyond.

    Such a gate stands at a corner or junction and the water outside was not drawn. The
    junction it was moved in from is meant, else its own node. Shut gates have none.
    """
    table = network.structures
    at = table.loc[table["role"] == role, "node_id"].to_numpy(int)
    degree = node_degree(network)
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    length = network.reaches["length_m"].to_numpy(float)
    found = set()
    for node in at:
        beside = np.flatnonzero((ends == node).any(axis=1))
        far = ends[beside].sum(axis=1) - node
        if node in shut or not len(beside) or (degree[far] == 1).any():
            continue
        near = int(np.argmin(length[beside]))
        is_beside_it = length[beside[near]] <= INWARD_M + 0.01
        found.add(int(far[near]) if is_beside_it else int(node))
    return found


def shut_nodes(network: RiverNetwork, scenario: Scenario | None) -> list[int]:
    """List the nodes of structures that are closed, under a scenario if given."""
    states = scenario.structures if scenario else {}
    table = network.structures
    return [
        int(node)
        for key, node, state in zip(
            table["structure_id"], table["node_id"], table["state"], strict=True
        )
        if states.get(str(key), state) == "closed"
    ]
