"""The analyst's desk: a map in JupyterLab that traces where one clicks."""

from geotool.desk._answer import Answer, TraceDesk
from geotool.desk._open import trace_map

__all__ = ["Answer", "TraceDesk", "trace_map"]
