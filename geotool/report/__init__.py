"""What leaves geotool as a table or a document: traces, assessments, issues."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geotool.report._formats import INCIDENT_FORMATS
from geotool.report._ranking import ranking_document, write_ranking
from geotool.report._results import write_sheets
from geotool.report._trace import TRACE_FORMATS, trace_document, write_trace

__all__ = [
    "INCIDENT_FORMATS",
    "TRACE_FORMATS",
    "AtlasSheet",
    "Bulletin",
    "IncidentAlert",
    "OutfallReport",
    "SectionReport",
    "SourceAtlas",
    "boundary_points",
    "bulletin",
    "incident_alert",
    "outfall_report",
    "ranking_document",
    "section_report",
    "source_atlas",
    "template_kinds",
    "trace_document",
    "write_assessment",
    "write_findings",
    "write_incident",
    "write_issues",
    "write_outfall_reports",
    "write_ranking",
    "write_sheets",
    "write_source_atlas",
    "write_template",
    "write_trace",
]

if TYPE_CHECKING:
    from geotool.report._assessment import write_assessment, write_findings
    from geotool.report._atlas import AtlasSheet, SourceAtlas, source_atlas
    from geotool.report._atlas_points import boundary_points
    from geotool.report._atlas_write import write_source_atlas
    from geotool.report._bulletin import Bulletin, bulletin
    from geotool.report._incident import incident_alert
    from geotool.report._incident_page import write_incident
    from geotool.report._incident_result import IncidentAlert
    from geotool.report._issues import write_issues
    from geotool.report._outfall_sheet import (
        OutfallReport,
        outfall_report,
        write_outfall_reports,
    )
    from geotool.report._section_report import SectionReport, section_report
    from geotool.report._word_templates import template_kinds, write_template

_LATER = {
    "AtlasSheet": "_atlas",
    "SourceAtlas": "_atlas",
    "boundary_points": "_atlas_points",
    "source_atlas": "_atlas",
    "write_source_atlas": "_atlas_write",
    "Bulletin": "_bulletin",
    "IncidentAlert": "_incident_result",
    "OutfallReport": "_outfall_sheet",
    "SectionReport": "_section_report",
    "bulletin": "_bulletin",
    "incident_alert": "_incident",
    "outfall_report": "_outfall_sheet",
    "section_report": "_section_report",
    "template_kinds": "_word_templates",
    "write_assessment": "_assessment",
    "write_findings": "_assessment",
    "write_incident": "_incident_page",
    "write_issues": "_issues",
    "write_outfall_reports": "_outfall_sheet",
    "write_template": "_word_templates",
}
"""Loaded when asked for: a trace need not load what ranks."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"geotool.report.{_LATER[name]}"), name)
    raise AttributeError(f"module 'geotool.report' has no attribute {name!r}")
