"""Opening, reading and writing a workspace; never in place."""

import html
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio

from geotool.errors import WorkspaceError
from geotool.io import replacing
from geotool.layers import LayerImport
from geotool.schema import align_names, fold_name, layer_kind, layer_kinds
from geotool.workspace import _database as db
from geotool.workspace._tables import (
    BESIDE,
    OURS,
    PROVENANCE_COLUMNS,
    check_name,
    layer_qml,
    provenance_table,
    quiet,
    tables_beside,
    write_layer,
    write_settings,
)


def create_workspace(path: Any) -> "Workspace":
    """
    Make a new, empty workspace.

    Parameters
    ----------
    path : path
        Ending ``.gpkg``; nothing may be there yet.

    Returns
    -------
    Workspace

    Raises
    ------
    WorkspaceError
        If there is a file already, or the name has another ending.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     create_workspace(Path(folder) / "扬中.gpkg").layers()
    []
    """
    target = Path(path)
    if target.suffix.lower() != ".gpkg":
        raise WorkspaceError(
            f"工作区应以 .gpkg 结尾：{target.name}。",
            f"A workspace ends in .gpkg: {target.name}.",
        )
    if target.exists():
        raise WorkspaceError(
            f"{target} 已经存在；请用 open_workspace 打开，或换一个名字。",
            f"{target} exists; open it with open_workspace, or choose another name.",
        )
    with _replacing(target) as beside:
        write_settings(beside, {})
    return open_workspace(target)


def open_workspace(path: Any) -> "Workspace":
    """
    Open a workspace, or any GeoPackage whose layers are named as geotool's are.

    Parameters
    ----------
    path : path

    Returns
    -------
    Workspace

    Raises
    ------
    WorkspaceError
        If it is missing, no GeoPackage, damaged, or written by a newer geotool.
    """
    return Workspace(path)


def _replacing(path: Path) -> Any:
    if not path.parent.is_dir():
        raise WorkspaceError(
            f"文件夹 {path.parent} 不存在；请先建立。",
            f"Folder {path.parent} does not exist; make it first.",
        )
    return replacing(path)


class Workspace:
    """
    One GeoPackage with layers, results and where they came from.

    Attributes
    ----------
    path : Path
    is_ours : bool
        False for a GeoPackage that geotool has not written to yet. Its layers are
        read through the checks of their kind; headers may be aliases.
    """

    def __init__(self, path: Any) -> None:
        self.path = Path(path)
        self._listed: tuple[Any, list[str]] = (None, [])
        db.check_file(self.path)

    @property
    def is_ours(self) -> bool:
        """Whether geotool has written this file."""
        return db.SETTINGS in self._names()

    def _names(self) -> list[str]:
        """List everything; GDAL opens the whole file for it, so once a change."""
        stamps = [_stamp(path) for path in (self.path, db.log_of(self.path))]
        if stamps[0] is not None and stamps == self._listed[0]:
            return self._listed[1]
        try:
            with quiet():
                names = [str(name) for name, _ in pyogrio.list_layers(self.path)]
            self._listed = stamps, names
            return names
        except pyogrio.errors.DataSourceError as error:
            db.check_file(self.path)  # missing by now, or replaced by something else
            raise WorkspaceError(
                f"{self.path.name} 打不开（{error}）。", f"{self.path.name}: {error}."
            ) from None

    def layers(self) -> list[str]:
        """List the layers and tables, without geotool's own."""
        return [
            name
            for name in self._names()
            if name not in OURS and not name.startswith(BESIDE)
        ]

    def _found(self, name: str) -> str | None:
        """Find a layer by its name, by case, or by the Chinese name of its kind."""
        names = self._names()
        if name in names:
            return name
        wanted = {fold_name(name)}
        if name in layer_kinds():
            wanted.add(fold_name(layer_kind(name).zh))
        return next((other for other in names if fold_name(other) in wanted), None)

    def has(self, name: str) -> bool:
        """Whether there is such a layer."""
        return self._found(name) is not None

    def read(self, name: str) -> Any:
        """
        Read a layer.

        Parameters
        ----------
        name : str
            Such as ``"outfalls"`` or ``"reaches"``.

        Returns
        -------
        GeoDataFrame or DataFrame
            Columns by key.

        Raises
        ------
        WorkspaceError
            If there is no such layer.

        Warns
        -----
        UserWarning
            If rows of a GeoPackage of somebody else are refused: see
            :meth:`rejected`.
        """
        table = self._read(name)
        if name not in layer_kinds() or self._is_clean(name, table):
            return table
        done = self._checked(name, table)
        if len(done.rejected):
            warnings.warn(
                f"{self.path.name} 的图层 {name} 有 {len(done.rejected)} 行不合格，没有采用"
                f"（如第 {done.rejected['row'].iloc[0]} 行：{done.rejected['reason'].iloc[0]}）",
                UserWarning,
                stacklevel=2,
            )
        return done.layer

    def read_stored(self, name: str) -> Any:
        """
        Read a table just as it is stored, by Arrow where that is installed.

        Four times as fast as :meth:`read`; a column without values may come as text or
        as numbers.

        Raises
        ------
        WorkspaceError
            If there is no such table.
        """
        return self._read(name, by_arrow=find_spec("pyarrow") is not None)

    def _read(self, name: str, *, by_arrow: bool = False) -> Any:
        found = self._found(name)
        if found is None:
            have, ours = self.layers(), name in layer_kinds()
            raise WorkspaceError(
                f"{self.path.name} 里没有图层 {name}；有：{'、'.join(have) or '（空）'}。"
                + (f"可用 geotool import … --as {name} 导入。" if ours else ""),
                f"No layer {name} in {self.path.name}; there are: "
                f"{', '.join(have) or 'none'}."
                + (f" Import it: geotool import … --as {name}." if ours else ""),
            )
        with quiet():
            return pyogrio.read_dataframe(self.path, layer=found, use_arrow=by_arrow)

    def _is_clean(self, name: str, table: pd.DataFrame) -> bool:
        """Whether a layer was written by geotool, columns by key."""
        kind = layer_kind(name)
        if not self.is_ours or (kind.is_spatial and "datum_status" not in table):
            return self.is_ours and not kind.is_spatial
        return not kind.id_column or kind.id_column in table

    def _checked(self, name: str, table: pd.DataFrame) -> LayerImport:
        # our own workspaces need nothing of all that reads the registers of others
        from geotool.layers import build_layer

        rows = table.set_axis(pd.RangeIndex(1, len(table) + 1), axis=0)
        if name == "readings":
            headers = [str(column) for column in table.columns]
            keys = align_names(headers, name)
            if {"section_id", "time", "item", "value"} <= set(keys.values()):
                rows = rows.rename(columns=keys)
        return build_layer(rows, name)

    def rejected(self, name: str) -> pd.DataFrame:
        """
        Give the refused rows of the last import of a layer.

        For a layer of a foreign GeoPackage, the rows that :meth:`read` leaves out.
        """
        if self.has(f"rejected_{name}"):
            return self._read(f"rejected_{name}")
        table = self._read(name)
        if name not in layer_kinds() or self._is_clean(name, table):
            return pd.DataFrame()
        return self._checked(name, table).rejected

    def notes(self, name: str) -> pd.DataFrame:
        """Give the notes of the last import of a layer."""
        return (
            self._read(f"notes_{name}") if self.has(f"notes_{name}") else pd.DataFrame()
        )

    def settings(self) -> dict[str, str]:
        """Give what the workspace says of itself: format version, who wrote it."""
        if not self.is_ours:
            return {}
        table = self._read(db.SETTINGS)
        return dict(zip(table["key"], table["value"], strict=True))

    def provenance(self) -> pd.DataFrame:
        """
        Say where each layer came from.

        Returns
        -------
        DataFrame
            ``layer, source_name, sha256, options, rows_read, rows_accepted,
            rows_rejected, time, written_by``.
        """
        if not self.has(db.PROVENANCE):
            return pd.DataFrame(columns=list(PROVENANCE_COLUMNS), dtype=object)
        return self._read(db.PROVENANCE)

    def write(
        self,
        tables: Mapping[str, pd.DataFrame],
        source: LayerImport | Mapping[str, Any] | None = None,
    ) -> None:
        """
        Write layers, all of them or none.

        The file is copied, the copy changed and checked, then put in its place: a kill
        at any moment leaves the old workspace or the new one.

        Parameters
        ----------
        tables : mapping
            Layer → table; a layer of that name is replaced.
        source : LayerImport or mapping, optional
            Where they came from; refused rows and notes of a ``LayerImport`` are kept
            beside its layer.

        Raises
        ------
        WorkspaceError
            If a name cannot be used, the new file fails its check, or somebody else
            has changed the workspace meanwhile.
        """
        for name in tables:
            check_name(name)
        everything = {**tables, **tables_beside(source)}
        db.settle_journal(self.path)
        settings = self.settings()
        provenance = provenance_table(self.provenance(), tables, source)
        rows = {name: len(table) for name, table in everything.items()}
        with _replacing(self.path) as beside:
            db.copy_database(self.path, beside)
            before = _stamp(self.path)
            styles = {}
            for name, table in everything.items():
                column = write_layer(table, beside, name)
                qml = layer_qml(name, table)
                if qml is not None:
                    styles[name] = (column, qml)
            write_settings(beside, settings)
            write_layer(provenance, beside, db.PROVENANCE)
            db.write_styles(beside, styles)
            db.check_database(beside, {**rows, db.PROVENANCE: len(provenance)})
            if _stamp(self.path) != before:
                raise WorkspaceError(
                    f"{self.path.name} 在写入期间被别的程序改动；请重试。",
                    f"{self.path.name} was changed by somebody else meanwhile; try again.",
                )

    def __repr__(self) -> str:
        return f"<Workspace {self.path.name}: {'、'.join(self.layers()) or '空'}>"

    def _repr_html_(self) -> str:
        origin = self.provenance()
        origin = origin[origin["source_name"].notna()]
        names = dict(zip(origin["layer"], origin["source_name"], strict=True))
        lines = []
        for name in self.layers():
            with quiet():
                count = pyogrio.read_info(self.path, layer=name)["features"]
            kind = layer_kind(name).zh if name in layer_kinds() else ""
            cells = (name, kind, str(count), str(names.get(name, "")))
            row = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            lines.append(f"<tr>{row}</tr>")
        head = "<tr><th>图层</th><th></th><th>行数</th><th>来源</th></tr>"
        title = f"<p><b>{html.escape(self.path.name)}</b></p>"
        return f"{title}<table>{head}{''.join(lines)}</table>"


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Tell one state of a file from another; None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
