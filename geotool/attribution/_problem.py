"""What a ranking works on, as frozen values: canals, candidates, readings, evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.network import RiverNetwork, Scenario

Floats = NDArray[Any]  # floating point: single precision where there are millions
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

Words = tuple[str, str]
"""A sentence in Chinese and in English."""


@dataclass(frozen=True, eq=False)
class Canals:
    """
    The network cut at every source and section, shut gates parted.

    Attributes
    ----------
    reach : array of int, one a segment
        Row in ``network.reaches``.
    low_m, high_m : array of float
        Measures of both ends on that reach.
    start, end : array of int
        Nodes at ``low_m`` and ``high_m``.
    nodes : int
        How many nodes there are.
    inlets, outlets : array of int
        Nodes where water enters and leaves.
    mouths : array of int
        Nodes at gates inside where water may leave to what is not drawn.
    inlet_weight : array of float, one an inlet
        Relative inflow: gates that let water in before mere open ends.
    inflow_m3_s : array of float, one a node
        Discharge of the outfalls there.
    width_m, is_width_known : array
        A missing width is the median.
    depth_m : array of float
        NaN where unknown.
    known : array of int
        +1 where water surely runs as drawn, -1 against, 0 where nobody knows or it was
        only inferred.
    inferred : array of int
        +1, -1 or 0: the direction as the network has it, inferred or known.
    speed_low_m_s, speed_high_m_s, speed_basis : array
        As :func:`geotool.trace.velocity_ranges` gives them.
    flow_m3_s : array of float
        As the layer gives it, along the drawing; NaN where unknown.
    """

    reach: Ints
    low_m: Floats
    high_m: Floats
    start: Ints
    end: Ints
    nodes: int
    inlets: Ints
    outlets: Ints
    mouths: Ints
    inlet_weight: Floats
    inflow_m3_s: Floats
    width_m: Floats
    is_width_known: Bools
    depth_m: Floats
    known: Ints
    inferred: Ints
    speed_low_m_s: Floats
    speed_high_m_s: Floats
    speed_basis: NDArray[np.object_]
    flow_m3_s: Floats

    @property
    def length_m(self) -> Floats:
        """Length of each segment."""
        return self.high_m - self.low_m


@dataclass(frozen=True, eq=False)
class ReachGroup:
    """
    A stretch of water in which a source that is in no register may lie.

    Attributes
    ----------
    group_id : str
    segments : array of int
        Segments of the canals.
    length_m : float
    rows : array of int
        Of its reaches in ``network.reaches``.
    label : Words
    """

    group_id: str
    segments: Ints
    length_m: float
    rows: Ints
    label: Words


@dataclass(frozen=True, eq=False)
class State:
    """
    A flow state: gates and directions, and the share of time they hold.

    Attributes
    ----------
    name : str
    weight : float
    canals : Canals
        The same segments in every state; only nodes and directions differ.
    section_nodes, source_nodes, other_nodes : array of int
    """

    name: str
    weight: float
    canals: Canals
    section_nodes: Ints
    source_nodes: Ints
    other_nodes: Ints


@dataclass(frozen=True, eq=False)
class Problem:
    """
    Everything known of an exceedance before the evidence is weighed.

    Candidates are the sources in the register first (``n`` of them), then the groups of
    reaches in which an unregistered one may lie; all arrays "per candidate" keep that
    order.

    Attributes
    ----------
    network, scenario : RiverNetwork, Scenario or None
    canals : Canals
    sections : DataFrame
        ``section_id, name, node, reach, measure_m, segment_in, flow_m3_s``; the row is
        the number of the section.
    target : int
        Row of the failing section.
    sources : DataFrame
        Candidates in the register: ``outfall_id, name, category, node, reach,
        measure_m, discharge_m3_s, relation, distance_m, travel_time_min_h,
        travel_time_max_h``.
    groups : tuple of ReachGroup
    item, items : str, tuple of str
        What failed; all items in play, that one first.
    limits : array of float, sections x items
        NaN where there is none.
    load_g_s, load_sigma : array of float, sources x items
        Declared mean load and the standard deviation of its logarithm.
    load_basis : array of str, sources x items
    others : DataFrame
        Outfalls on the network that are no candidates but feed other sections:
        ``outfall_id, node, discharge_m3_s``.
    others_load_g_s, others_sigma : array of float, others x items
    profile_mg_l : array of float, candidates x items
        Concentrations of the effluent, declared or of the class.
    profile_sigma : array of float, one a candidate
    decay_per_d, decay_sigma : array of float, one an item
        Decay at the water's temperature and the standard deviation of its logarithm.
    background_mg_l : array of float, sections x items
    readings : DataFrame
        ``section`` (row), ``time``, ``item``, ``value_mg_l``, ``detected``.
    excluded : DataFrame
        Outfalls that are no candidates: ``outfall_id, name, kind, reason, reason_en``.
    states : tuple of State
        At least one; ``canals`` is that of the first.
    notes : tuple of Words
        What was not used, and what was assumed.
    """

    network: RiverNetwork
    scenario: Scenario | None
    canals: Canals
    sections: pd.DataFrame
    target: int
    sources: pd.DataFrame
    groups: tuple[ReachGroup, ...]
    item: str
    items: tuple[str, ...]
    limits: Floats
    load_g_s: Floats
    load_sigma: Floats
    load_basis: NDArray[np.object_]
    others: pd.DataFrame
    others_load_g_s: Floats
    others_sigma: Floats
    profile_mg_l: Floats
    profile_sigma: Floats
    decay_per_d: Floats
    decay_sigma: Floats
    background_mg_l: Floats
    readings: pd.DataFrame
    excluded: pd.DataFrame
    states: tuple[State, ...]
    notes: tuple[Words, ...] = ()

    @property
    def n(self) -> int:
        """How many candidates are in the register."""
        return len(self.sources)

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        return {str(k): self.sources[k].to_numpy() for k in self.sources.columns}

    def source(self, k: int) -> dict[str, Any]:
        """Give row ``k`` of ``sources``, without pandas between: it is asked often."""
        return {name: column[k] for name, column in self._columns.items()}

    @property
    def candidates(self) -> list[str]:
        """Ids of all candidates, sources first."""
        return [*self.sources["outfall_id"], *(g.group_id for g in self.groups)]

    @property
    def is_group(self) -> Bools:
        """Which candidates are groups of reaches."""
        return np.arange(self.n + len(self.groups)) >= self.n


@dataclass(frozen=True, eq=False)
class Evidence:
    """
    What a kind of evidence says of each candidate.

    Attributes
    ----------
    name : str
        ``steady``, ``series`` or ``distance``.
    log_likelihood : array of float, one a candidate
        Natural logarithm, up to a common constant; -inf where it cannot be.
    level : int
        Level of the data, 0 to 5 (attribution.md 2.9).
    facts : tuple of dict, one a candidate
        What the reasons speak of; see ``_reasons``.
    notes : tuple of Words
    log_prior : array of float, optional
        Used instead of the usual prior where given.
    flow_m3_s : array of float, one a segment, optional
        Better flows than the canal solve, along the drawing.
    left_out : tuple of array
        ``log_likelihood`` with each of several draws left out; how these differ tells
        how far the answer hangs on the draw.
    """

    name: str
    log_likelihood: Floats
    level: int
    facts: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[Words, ...] = ()
    log_prior: Floats | None = None
    flow_m3_s: Floats | None = field(default=None)
    left_out: tuple[Floats, ...] = ()
