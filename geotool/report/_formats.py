"""What can be written: endings, known before anything is loaded, and Word documents."""

from importlib.util import find_spec

from geotool.errors import ReportError

TRACE_FORMATS = (".json", ".csv", ".xlsx", ".gpkg", ".geojson")
"""Endings that :func:`geotool.report.write_trace` knows."""

INCIDENT_FORMATS = (".docx", ".xlsx", ".html", ".json")
"""Endings that :func:`geotool.report.write_incident` knows."""

_WORD_PACKAGES = ("docx", "docxtpl")


def require_word() -> None:
    """
    See that what writes Word documents is installed.

    Raises
    ------
    ReportError
        If it is not: the message names the extra.
    """
    if not all(find_spec(name) for name in _WORD_PACKAGES):
        raise ReportError(
            '写 Word 文档需要 python-docx 和 docxtpl：请运行 pip install "geotool[report]"。',
            'Word documents need python-docx and docxtpl: pip install "geotool[report]".',
        )
