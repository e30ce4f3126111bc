"""What leaves geotool as a table or a document: traces, assessments, issues."""

from geotool.report._assessment import write_assessment, write_findings
from geotool.report._issues import write_issues
from geotool.report._ranking import ranking_document, write_ranking
from geotool.report._results import write_sheets
from geotool.report._trace import TRACE_FORMATS, trace_document, write_trace

__all__ = [
    "TRACE_FORMATS",
    "ranking_document",
    "trace_document",
    "write_assessment",
    "write_findings",
    "write_issues",
    "write_ranking",
    "write_sheets",
    "write_trace",
]
