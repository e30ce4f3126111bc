"""One map and upstream tracing for river outfalls (入河排污口一张图与溯源).

This module is the table of contents. Everything loads when first used, so that
``import geotool`` costs no more than it must.
"""

from importlib import import_module
from typing import Any

from geotool import _environment as _environment  # first: see there why
from geotool._version import __version__ as __version__

_HOME = {
    "errors": ("GeotoolError",),
    "crs": ("to_metric", "metric_crs"),
    "io": ("read_mapping", "read_readings", "read_table", "write_table"),
    "layers": (
        "LayerImport",
        "build_layer",
        "check_places",
        "check_references",
        "compare_registers",
        "export_layers",
        "guess_datum",
        "match_registers",
        "read_layer",
        "summary_tables",
    ),
    "workspace": ("Workspace", "create_workspace", "open_workspace"),
    "network": (
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
    ),
    "locate": ("insert_nodes", "locate_candidates", "locate_points"),
    "trace": (
        "ScenarioComparison",
        "SectionCatchments",
        "Trace",
        "alert_sheet",
        "alert_table",
        "border_points",
        "compare_scenarios",
        "section_catchments",
        "trace_downstream",
        "trace_upstream",
        "workspace_points",
    ),
    "attribution": ("Ranking", "rank_sources"),
    "quality": (
        "assess_rivers",
        "assess_sections",
        "assess_supplementary",
        "class_changes",
        "class_limits",
        "classify",
        "ended_exceedances",
        "exceedances",
        "section_alerts",
        "section_trends",
        "sections_with_class",
        "summarise_sections",
        "trophic_state",
    ),
    "zones": (
        "ZonePlan",
        "buffer_distances",
        "buffer_zones",
        "protection_zones",
        "screen_lines",
        "screen_points",
        "screen_polygons",
        "screen_shore",
        "upstream_of_sources",
    ),
    "catchment": ("d8_catchments", "dem_catchments", "land_cover_shares"),
    "maps": (
        "one_map",
        "plot_class_calendar",
        "plot_class_shares",
        "plot_map",
        "plot_series",
        "save_map",
        "tianditu",
        "tile_folder",
    ),
    "report": (
        "Bulletin",
        "IncidentAlert",
        "incident_alert",
        "OutfallReport",
        "SectionReport",
        "SourceAtlas",
        "boundary_points",
        "bulletin",
        "outfall_report",
        "ranking_document",
        "section_report",
        "source_atlas",
        "trace_document",
        "write_assessment",
        "write_findings",
        "write_incident",
        "write_outfall_reports",
        "write_ranking",
        "write_sheets",
        "write_source_atlas",
        "write_template",
        "write_trace",
    ),
    "desk": ("TraceDesk", "trace_map"),
}
"""Where each public name lives."""

_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE)  # noqa: PLE0605 - one table names them all


def __getattr__(name: str) -> Any:
    if name in _MODULE:
        return getattr(import_module(f"geotool.{_MODULE[name]}"), name)
    raise AttributeError(f"module 'geotool' has no attribute {name!r}")


def __dir__() -> list[str]:
    # what a user completes with the tabulator: public names, not what we import
    return sorted([*(name for name in globals() if name.startswith("__")), *__all__])
