"""What leaves geotool as a table or a document: traces, assessments, issues."""

from geotool.report._assessment import write_assessment, write_findings
from geotool.report._issues import write_issues
from geotool.report._trace import TRACE_FORMATS, trace_document, write_trace

__all__ = [
    "TRACE_FORMATS",
    "trace_document",
    "write_assessment",
    "write_findings",
    "write_issues",
    "write_trace",
]
