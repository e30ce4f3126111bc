"""One GeoPackage that holds everything: layers, results, where they came from."""

from geotool.workspace._file import Workspace, create_workspace, open_workspace

__all__ = ["Workspace", "create_workspace", "open_workspace"]
