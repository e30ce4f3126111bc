"""Where water enters and leaves a network: open ends and gates at its rim."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geotool.network._model import RiverNetwork
from geotool.network._scenario import Scenario
from geotool.network._structures import INWARD_M

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def node_degree(network: RiverNetwork) -> Ints:
    """Count the reaches at each node."""
    return np.bincount(network.ends.ravel(), minlength=len(network.nodes))


@dataclass(frozen=True)
class Sides:
    """
    The reaches at structures, one entry a side, structure by structure.

    Attributes
    ----------
    structure : array of int
        Row of the structure; the nearest side of each comes first.
    reach : array of int
    node, far : array of int
        The structure's node and the other end of the reach.
    leaves : array of bool
        Whether the reach is drawn from the structure to the far end.
    length_m : array of float
    is_open : array of bool
        Whether nothing else is at the far end.
    """

    structure: Ints
    reach: Ints
    node: Ints
    far: Ints
    leaves: Bools
    length_m: Floats
    is_open: Bools

    def at(self, chosen: Bools | Ints) -> "Sides":
        """Give some of the sides."""
        return Sides(**{name: part[chosen] for name, part in vars(self).items()})

    def nearest(self) -> "Sides":
        """Give the nearest side of each structure."""
        return self.at(np.unique(self.structure, return_index=True)[1])


def structure_sides(network: RiverNetwork, chosen: Bools) -> Sides:
    """Give the sides of the chosen structures."""
    row = np.flatnonzero(chosen)
    at = network.structures["node_id"].to_numpy(np.int64)[row]
    ends = network.ends
    # several structures may share a node: sides are found for nodes, then handed out
    has = np.zeros(len(network.nodes), dtype=bool)
    has[at] = True
    reach, column = np.nonzero(has[ends])
    node = ends[reach, column]
    by_node = np.argsort(node, kind="stable")
    first = np.searchsorted(node[by_node], at)
    count = np.searchsorted(node[by_node], at, side="right") - first
    start = np.cumsum(count) - count
    pick = by_node[np.repeat(first - start, count) + np.arange(count.sum())]
    structure, reach, column = np.repeat(row, count), reach[pick], column[pick]
    length = network.reaches["length_m"].to_numpy(float)[reach]
    far = ends[reach, 1 - column]
    order = np.lexsort((far, length, structure))
    degree = node_degree(network)
    return Sides(
        structure, reach, node[pick], far, column == 0, length, degree[far] == 1
    ).at(order)


def _of_role(network: RiverNetwork, role: str) -> Bools:
    return np.asarray(network.structures["role"] == role, dtype=bool)


def rim_sides(network: RiverNetwork, role: str) -> Sides:
    """Give the open side of each structure of a role; the nearer one of two."""
    sides = structure_sides(network, _of_role(network, role))
    return sides.at(sides.is_open).nearest()


def rim_ends(
    network: RiverNetwork, role: str, *, shut: Collection[int] = ()
) -> set[int]:
    """Give open ends just beyond a structure of a role; the nearer one of two."""
    sides = rim_sides(network, role)
    return set(sides.far[~np.isin(sides.node, sorted(shut))].tolist())


def inner_mouths(
    network: RiverNetwork, role: str, *, shut: Collection[int]
) -> set[int]:
    """
    Give nodes at structures of a role that have no open end beyond.

    Such a gate stands at a corner or junction and the water outside was not drawn. The
    junction it was moved in from is meant, else its own node. Shut gates have none.
    """
    sides = structure_sides(network, _of_role(network, role))
    outer = np.isin(sides.structure, sides.structure[sides.is_open])
    near = sides.at(~outer & ~np.isin(sides.node, sorted(shut))).nearest()
    is_beside_it = near.length_m <= INWARD_M + 0.01
    return set(np.where(is_beside_it, near.far, near.node).tolist())


def states_under(
    network: RiverNetwork, scenario: Scenario | None
) -> NDArray[np.object_]:
    """Give the state of each structure, under a scenario if given."""
    state = network.structures["state"].to_numpy(dtype=object).copy()
    if scenario and scenario.structures:
        ids = network.structures["structure_id"].astype(str).tolist()
        state[:] = [
            scenario.structures.get(key, old)
            for key, old in zip(ids, state.tolist(), strict=True)
        ]
    return state


def shut_nodes(network: RiverNetwork, scenario: Scenario | None) -> list[int]:
    """List the nodes of structures that are closed, under a scenario if given."""
    shut = states_under(network, scenario) == "closed"
    nodes: list[int] = network.structures["node_id"].to_numpy(np.int64)[shut].tolist()
    return nodes
