"""Where water enters and leaves a network: open ends and gates at its rim."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geotool.network._model import RiverNetwork
from geotool.network._scenario import Scenario
from geotool.network._structures import INWARD_M

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def node_degree(network: RiverNetwork) -> Ints:
    """Count the reaches at each node."""
    ends = network.reaches[["from_node", "to_node"]].to_numpy().ravel()
    return np.bincount(ends, minlength=len(network.nodes))


@dataclass(frozen=True)
class _Mouth:
    """A structure of some role, and the reaches on its sides."""

    node: int
    far: Ints
    length_m: Floats
    is_open: NDArray[np.bool_]


def _mouths(network: RiverNetwork, role: str) -> Iterator[_Mouth]:
    """Give each structure of a role with the far nodes of its reaches."""
    table = network.structures
    degree = node_degree(network)
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    length = network.reaches["length_m"].to_numpy(float)
    for node in table.loc[table["role"] == role, "node_id"].to_numpy(int).tolist():
        beside = np.flatnonzero((ends == node).any(axis=1))
        far = ends[beside].sum(axis=1) - node
        yield _Mouth(node, far, length[beside], degree[far] == 1)


def rim_ends(network: RiverNetwork, role: str) -> set[int]:
    """Give open ends just beyond a structure of a role; the nearer one of two."""
    return {
        int(mouth.far[mouth.is_open][np.argmin(mouth.length_m[mouth.is_open])])
        for mouth in _mouths(network, role)
        if mouth.is_open.any()
    }


def inner_mouths(network: RiverNetwork, role: str, *, shut: set[int]) -> set[int]:
    """
    Give nodes at structures of a role that have no open end beyond.

    Such a gate stands at a corner or junction and the water outside was not drawn. The
    junction it was moved in from is meant, else its own node. Shut gates have none.
    """
    found = set()
    for mouth in _mouths(network, role):
        if mouth.node in shut or not len(mouth.far) or mouth.is_open.any():
            continue
        near = int(np.argmin(mouth.length_m))
        is_beside_it = mouth.length_m[near] <= INWARD_M + 0.01
        found.add(int(mouth.far[near]) if is_beside_it else mouth.node)
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
