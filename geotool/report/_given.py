"""What a report is made from: a workspace, a file of one, or layers by name."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.crs import to_degrees
from geotool.errors import LayerError, ReportError
from geotool.network import RiverNetwork, workspace_network
from geotool.schema import layer_kind, layer_kinds
from geotool.trace import workspace_points
from geotool.workspace import Workspace, open_workspace

Workspaces = Workspace | Mapping[str, pd.DataFrame] | str | PathLike[str]
"""What a report can be made from."""


class Given:
    """
    Layers by name, whatever they were handed over in; each is read once.

    Parameters
    ----------
    workspace : Workspace, path of one, or mapping of name to table

    Examples
    --------
    >>> given = Given({"sections": pd.DataFrame({"section_id": ["DM1"]})})
    >>> given.has("sections"), given.table("projects") is None
    (True, True)
    """

    def __init__(self, workspace: Workspaces) -> None:
        if isinstance(workspace, str | PathLike):
            workspace = open_workspace(workspace)
        if not isinstance(workspace, Workspace | Mapping):
            raise ReportError(
                f"报告要用工作空间（open_workspace）或图层字典，得到 "
                f"{type(workspace).__name__}。",
                "A report needs a workspace (open_workspace) or a mapping of layers, "
                f"got {type(workspace).__name__}.",
            )
        self._source = workspace
        self._read: dict[str, Any] = {}

    @property
    def folder(self) -> Path | None:
        """Where the workspace lies; None for layers in memory."""
        source = self._source
        return source.path.resolve().parent if isinstance(source, Workspace) else None

    @property
    def name(self) -> str:
        """Name of the file, to be told as the source."""
        source = self._source
        return source.path.name if isinstance(source, Workspace) else "内存图层"

    def has(self, name: str) -> bool:
        """Whether there is such a layer."""
        source = self._source
        return source.has(name) if isinstance(source, Workspace) else name in source

    def read(self, name: str) -> Any:
        """
        Give a layer.

        Raises
        ------
        ReportError
            If there is none.
        """
        if name not in self._read:
            if not self.has(name):
                zh = layer_kind(name).zh if name in _needed() else name
                raise ReportError(
                    f"{self.name} 里没有{zh}图层（{name}），写不了报告；请先导入。",
                    f"{self.name} has no layer {name}: no report without it; import it "
                    "first.",
                )
            source = self._source
            table = source.read(name) if isinstance(source, Workspace) else source[name]
            _check_id(table, name)
            self._read[name] = table
        return self._read[name]

    def read_stored(self, name: str) -> Any:
        """Give a table just as a workspace stores it."""
        source = self._source
        if isinstance(source, Workspace):
            return source.read_stored(name)
        return self.read(name)

    def table(self, name: str) -> Any:
        """Give a layer, or None where there is none or it is empty."""
        found = self.read(name) if self.has(name) else None
        return found if found is not None and len(found) else None

    def in_degrees(self, name: str) -> gpd.GeoDataFrame | None:
        """Give a layer in degrees, made once; None where there is none to draw."""
        key = f"{name} in degrees"
        if key not in self._read:
            found = self.table(name)
            is_drawn = isinstance(found, gpd.GeoDataFrame) and found.crs is not None
            self._read[key] = to_degrees(found) if is_drawn else None
        return self._read[key]

    def provenance(self) -> pd.DataFrame:
        """Say where each layer came from; empty for layers in memory."""
        source = self._source
        if isinstance(source, Workspace):
            return source.provenance()
        return pd.DataFrame({"layer": []}, dtype=object)

    def network(
        self, network: RiverNetwork | None
    ) -> tuple[RiverNetwork, tuple[str, ...]]:
        """Give the network that was handed over, or else that of the workspace."""
        if network is not None:
            return network, ()
        key = "network of the workspace"
        if key not in self._read:
            self.read("rivers")  # says what is missing in the words of a report
            self._read[key] = workspace_network(self)  # type: ignore[arg-type]
        return self._read[key]

    def points(self) -> dict[str, gpd.GeoDataFrame]:
        """Give the points that a trace may meet."""
        return workspace_points(self)  # type: ignore[arg-type]


def _check_id(table: Any, name: str) -> None:
    """See that a layer has columns by key: one as it came from a file has not."""
    column = layer_kind(name).id_column if name in layer_kinds() else ""
    if not isinstance(table, pd.DataFrame) or (column and column not in table):
        raise ReportError(
            f"图层 {name} 没有“{column}”列；请先用 gt.read_layer 或 gt.build_layer 读入。",
            f"The layer {name} has no column {column}; read it with gt.read_layer or "
            "gt.build_layer first.",
        )


def _needed() -> tuple[str, ...]:
    return ("rivers", "sections", "outfalls", "readings")


def one_row(layer: gpd.GeoDataFrame, kind: str, key: str) -> gpd.GeoDataFrame:
    """
    Find a row by its id, or by its name where only one has it.

    Raises
    ------
    LayerError
        If there is none, or the name is that of several.

    Examples
    --------
    >>> sections = pd.DataFrame({"section_id": ["DM1", "DM2"], "name": ["东桥", "西桥"]})
    >>> one_row(sections, "sections", "西桥")["section_id"].tolist()
    ['DM2']
    """
    column = layer_kind(kind).id_column
    found = layer[layer[column].astype(str) == key]
    if found.empty and "name" in layer:
        found = layer[layer["name"].astype(str) == key]
    zh = layer_kind(kind).zh
    if found.empty:
        some = "、".join(layer[column].astype(str).head(6))
        raise LayerError(
            f"{zh}里没有编号或名称为 {key!r} 的；有：{some}{'…' if len(layer) > 6 else ''}。",
            f"No {kind} with the id or name {key!r}; there are {some}.",
        )
    if len(found) > 1:
        raise LayerError(
            f"{zh}里有 {len(found)} 个叫 {key!r}；请改用编号："
            f"{'、'.join(found[column].astype(str))}。",
            f"{len(found)} {kind} are named {key!r}; use an id: "
            f"{', '.join(found[column].astype(str))}.",
        )
    return found


def place_text(row: gpd.GeoDataFrame, note: str = "") -> str:
    """
    Write the place of one point in degrees.

    Examples
    --------
    >>> import shapely
    >>> place_text(gpd.GeoDataFrame(geometry=[shapely.Point(120.9, 31.9)], crs=4490))
    '120.900000°E，31.900000°N（CGCS2000）'
    """
    place: Any = to_degrees(row).geometry.iloc[0]
    if place is None or place.is_empty:
        return "没有坐标"
    more = f"；{note}" if note else ""
    return f"{place.x:.6f}°E，{place.y:.6f}°N（CGCS2000{more}）"
