"""The river network: line work made into reaches and nodes, directed and checked."""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.network._build import build_network
    from geotool.network._check import check_network
    from geotool.network._elevation import ElevationGrid
    from geotool.network._links import missing_links
    from geotool.network._model import (
        CONTROLLABLE_KINDS,
        FLOW_MODES,
        KNOWN_CONFIDENCE,
        RiverNetwork,
    )
    from geotool.network._orient import orient_network
    from geotool.network._repair import REPAIRABLE, apply_repairs
    from geotool.network._scenario import (
        Scenario,
        scenario_table,
        scenarios_from_table,
    )
    from geotool.network._stored import workspace_network
    from geotool.network._tables import (
        NETWORK_TABLES,
        network_from_tables,
        network_tables,
        read_scenario,
    )
    from geotool.network._topology import network_from_topology
    from geotool.network._votes import OSM_DRAWN_WITH_FLOW

__all__ = [
    "CONTROLLABLE_KINDS",
    "FLOW_MODES",
    "KNOWN_CONFIDENCE",
    "NETWORK_TABLES",
    "OSM_DRAWN_WITH_FLOW",
    "REPAIRABLE",
    "ElevationGrid",
    "RiverNetwork",
    "Scenario",
    "apply_repairs",
    "build_network",
    "check_network",
    "missing_links",
    "network_from_tables",
    "network_from_topology",
    "network_tables",
    "orient_network",
    "read_scenario",
    "scenario_table",
    "scenarios_from_table",
    "workspace_network",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_build": ("build_network",),
        "_check": ("check_network",),
        "_elevation": ("ElevationGrid",),
        "_links": ("missing_links",),
        "_model": (
            "CONTROLLABLE_KINDS",
            "FLOW_MODES",
            "KNOWN_CONFIDENCE",
            "RiverNetwork",
        ),
        "_orient": ("orient_network",),
        "_repair": ("REPAIRABLE", "apply_repairs"),
        "_scenario": ("Scenario", "scenario_table", "scenarios_from_table"),
        "_stored": ("workspace_network",),
        "_tables": (
            "NETWORK_TABLES",
            "network_from_tables",
            "network_tables",
            "read_scenario",
        ),
        "_topology": ("network_from_topology",),
        "_votes": ("OSM_DRAWN_WITH_FLOW",),
    },
)
