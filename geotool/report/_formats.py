"""Endings of what is written, known before anything is loaded."""

INCIDENT_FORMATS = (".docx", ".xlsx", ".html", ".json")
"""Endings that :func:`geotool.report.write_incident` knows."""
