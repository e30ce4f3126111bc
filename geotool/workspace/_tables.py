"""Tables of a workspace: how one is written, and what is kept beside it."""

import datetime as dt
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool._marks import CHINA_TIME
from geotool._version import __version__
from geotool.errors import SourceError, WorkspaceError
from geotool.io import storable, write_vector
from geotool.layers import LayerImport
from geotool.schema import layer_kind, layer_kinds
from geotool.workspace import _database as db
from geotool.workspace._styles import style_qml

OURS = (db.SETTINGS, db.PROVENANCE, db.STYLES)
BESIDE = ("rejected_", "notes_")
"""Tables of geotool's own, and how names of tables beside a layer begin."""

_GEOMETRY = "geom"
PROVENANCE_COLUMNS = (
    "layer",
    "source_name",
    "sha256",
    "options",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "time",
    "written_by",
)


@contextmanager
def quiet() -> Iterator[None]:
    """Let GDAL keep details of foreign files to itself that change nothing here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def check_name(name: Any) -> None:
    """See that a layer can bear a name."""
    reserved = ("gpkg_", "rtree_", "sqlite_", "geotool_", *BESIDE)
    good = isinstance(name, str) and 0 < len(name.strip()) <= 60
    if not good or name.lower().startswith(reserved) or name in OURS:
        raise WorkspaceError(
            f"图层不能叫 {name!r}（空、过长，或是保留的名字）。",
            f"A layer cannot be named {name!r} (empty, too long, or reserved).",
        )


def tables_beside(source: Any) -> dict[str, pd.DataFrame]:
    """Give refused rows and notes as tables of their own."""
    if not isinstance(source, LayerImport):
        return {}
    name = source.source["kind"]
    return {f"rejected_{name}": source.rejected, f"notes_{name}": source.notes}


def provenance_table(
    old: pd.DataFrame, tables: Mapping[str, pd.DataFrame], source: Any
) -> pd.DataFrame:
    """Say of the tables where they came from; lines of other layers stay."""
    facts: Mapping[str, Any] = {}
    if isinstance(source, LayerImport):
        facts = source.source
    elif source is not None:
        facts = source
    ours = (
        "crs",
        "source_crs",
        "datum",
        "datum_status",
        "encoding",
        "sheet",
        "columns",
    )
    options = {key: facts[key] for key in ours if facts.get(key) is not None}
    now = dt.datetime.now(CHINA_TIME).replace(microsecond=0).isoformat()
    lines = [
        {
            "layer": name,
            "source_name": facts.get("name"),
            "sha256": facts.get("sha256"),
            "options": json.dumps(options, ensure_ascii=False, default=str),
            "rows_read": facts.get("rows_read", len(table)),
            "rows_accepted": facts.get("rows_accepted", len(table)),
            "rows_rejected": facts.get("rows_rejected", 0),
            "time": now,
            "written_by": f"geotool {__version__}",
        }
        for name, table in tables.items()
    ]
    kept = old[~old["layer"].isin(list(tables))].to_dict("records") if len(old) else []
    return pd.DataFrame([*kept, *lines], columns=list(PROVENANCE_COLUMNS))


def write_settings(path: Path, old: Mapping[str, str]) -> None:
    """Write what the workspace says of itself."""
    now = dt.datetime.now(CHINA_TIME).replace(microsecond=0).isoformat()
    facts = {
        "created": now,
        **old,
        "format_version": str(db.FORMAT),
        "written_by": f"geotool {__version__}",
    }
    table = pd.DataFrame({"key": list(facts), "value": list(facts.values())})
    write_layer(table, path, db.SETTINGS)


def layer_qml(name: str, table: pd.DataFrame) -> str | None:
    """Make the QGIS style of a layer; None where there is none."""
    if not isinstance(table, gpd.GeoDataFrame):
        return None
    kinds = [
        str(kind).removeprefix("Multi") for kind in table.geom_type.dropna().unique()
    ]
    if not kinds and name in layer_kinds():
        kinds = [layer_kind(name).geometry[0]]
    # one style draws one kind of shape
    if len(set(kinds)) != 1 or kinds[0] not in ("Point", "LineString", "Polygon"):
        return None
    columns = [str(c) for c in table.columns if c != table.geometry.name]
    return style_qml(name, columns, kinds[0])


def write_layer(table: pd.DataFrame, path: Path, name: str) -> str:
    """Write one layer into the copy; gives the name of its geometry column."""
    made = _unique_columns(storable(table))
    taken = {str(column).casefold() for column in made.columns}
    # names of our own, so that a column fid or geom of the source stays a column
    geometry = _GEOMETRY if _GEOMETRY not in taken else "geotool_geom"
    fid = "fid" if "fid" not in taken else "geotool_fid"
    options: dict[str, Any] = {"FID": fid}
    if isinstance(made, gpd.GeoDataFrame):
        options["GEOMETRY_NAME"] = geometry
        if len(made) == 0 and name in layer_kinds():
            options["geometry_type"] = layer_kind(name).geometry[0]
    try:
        with warnings.catch_warnings():
            # "crs was not provided": a layer without one is told by who measures in it
            warnings.filterwarnings("ignore", message=".*crs.*", category=UserWarning)
            write_vector(made, path, layer=name, driver="GPKG", **options)
    except SourceError as error:
        raise WorkspaceError(error.zh, error.en) from None
    return geometry


def _unique_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Give columns that differ only by case names that SQLite can tell apart."""
    seen: set[str] = set()
    names = []
    for column in table.columns:
        name, number = str(column), 2
        while name.casefold() in seen:
            name, number = f"{column}_{number}", number + 1
        seen.add(name.casefold())
        names.append(name)
    if names == list(table.columns):
        return table
    if isinstance(table, gpd.GeoDataFrame):
        shapes = names[list(table.columns).index(str(table.geometry.name))]
        renamed = pd.DataFrame(table).set_axis(names, axis=1)
        return gpd.GeoDataFrame(renamed, geometry=shapes, crs=table.crs)
    return table.set_axis(names, axis=1)
