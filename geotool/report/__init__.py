"""What leaves geotool as a table or a document: traces, assessments, issues."""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.report._assessment import write_assessment, write_findings
    from geotool.report._atlas import AtlasSheet, SourceAtlas, source_atlas
    from geotool.report._atlas_points import boundary_points
    from geotool.report._atlas_write import write_source_atlas
    from geotool.report._bulletin import Bulletin, bulletin
    from geotool.report._formats import INCIDENT_FORMATS, TRACE_FORMATS
    from geotool.report._incident import incident_alert
    from geotool.report._incident_page import write_incident
    from geotool.report._incident_result import IncidentAlert
    from geotool.report._issues import write_issues
    from geotool.report._outfall_sheet import (
        OutfallReport,
        outfall_report,
        write_outfall_reports,
    )
    from geotool.report._ranking import ranking_document, write_ranking
    from geotool.report._results import write_sheets
    from geotool.report._section_report import SectionReport, section_report
    from geotool.report._trace import trace_document, write_trace
    from geotool.report._word_templates import template_kinds, write_template

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

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_assessment": ("write_assessment", "write_findings"),
        "_atlas": ("AtlasSheet", "SourceAtlas", "source_atlas"),
        "_atlas_points": ("boundary_points",),
        "_atlas_write": ("write_source_atlas",),
        "_bulletin": ("Bulletin", "bulletin"),
        "_formats": ("INCIDENT_FORMATS", "TRACE_FORMATS"),
        "_incident": ("incident_alert",),
        "_incident_page": ("write_incident",),
        "_incident_result": ("IncidentAlert",),
        "_issues": ("write_issues",),
        "_outfall_sheet": ("OutfallReport", "outfall_report", "write_outfall_reports"),
        "_ranking": ("ranking_document", "write_ranking"),
        "_results": ("write_sheets",),
        "_section_report": ("SectionReport", "section_report"),
        "_trace": ("trace_document", "write_trace"),
        "_word_templates": ("template_kinds", "write_template"),
    },
)
