"""The GeoPackage as the SQLite file it is: is it sound, and whose is it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geotool.errors import WorkspaceError

FORMAT = 1
"""Version of the tables that geotool adds."""

SETTINGS, PROVENANCE, STYLES = "geotool_workspace", "geotool_provenance", "layer_styles"
_MAGIC = b"SQLite format 3\x00"


@contextmanager
def connected(path: Path, *, readonly: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the file, commit at the end, and close it in any case."""
    mode = "ro" if readonly else "rw"
    # percent, question mark and hash mean something in an URI
    name = path.resolve().as_uri()
    database = sqlite3.connect(f"{name}?mode={mode}", uri=True, timeout=10)
    try:
        yield database
        database.commit()
    finally:
        database.close()


def check_file(path: Path) -> None:
    """
    See that a file is a GeoPackage that this version can read.

    Raises
    ------
    WorkspaceError
        If it is missing, a folder, no GeoPackage, damaged, or newer than we are.
    """
    if not path.exists():
        raise WorkspaceError(
            f"找不到工作区 {path}；请先导入数据（geotool import … --into {path.name}）。",
            f"Workspace {path} not found; import data first (geotool import … --into).",
        )
    if path.is_dir():
        raise WorkspaceError(
            f"{path} 是文件夹，工作区是一个 .gpkg 文件。",
            f"{path} is a folder, a workspace is one .gpkg file.",
        )
    with path.open("rb") as stream:
        head = stream.read(len(_MAGIC))
    if head != _MAGIC:
        raise WorkspaceError(
            f"{path.name} 不是 GeoPackage；工作区需要 .gpkg 文件。",
            f"{path.name} is no GeoPackage; a workspace is a .gpkg file.",
        )
    try:
        with connected(path, readonly=True) as database:
            tables = table_names(database)
            version = _version(database, tables)
    except sqlite3.Error as error:
        raise WorkspaceError(
            f"{path.name} 已损坏（{error}）；请用备份，或重新导入。",
            f"{path.name} is damaged ({error}); use a copy, or import again.",
        ) from None
    if "gpkg_contents" not in tables:
        raise WorkspaceError(
            f"{path.name} 是 SQLite 数据库，但不是 GeoPackage（没有 gpkg_contents）。",
            f"{path.name} is an SQLite file but no GeoPackage (no gpkg_contents).",
        )
    if version > FORMAT:
        raise WorkspaceError(
            f"{path.name} 由更新的 geotool 写成（格式 {version}，本版只认 {FORMAT}）；"
            "请升级 geotool。",
            f"{path.name} was written by a newer geotool (format {version}, known "
            f"{FORMAT}); upgrade geotool.",
        )


def table_names(database: sqlite3.Connection) -> set[str]:
    """List all tables and views."""
    rows = database.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table','view')"
    )
    return {name for (name,) in rows}


def _version(database: sqlite3.Connection, tables: set[str]) -> int:
    if SETTINGS not in tables:
        return 0
    # the names of our own tables, no text from outside
    query = f'SELECT value FROM "{SETTINGS}" WHERE key = ?'  # noqa: S608
    row = database.execute(query, ("format_version",)).fetchone()
    return int(row[0]) if row and str(row[0]).isdigit() else 0


def log_of(path: Path) -> Path:
    """Give where SQLite keeps what another program has written and not yet settled."""
    return path.with_name(f"{path.name}-wal")


def settle_journal(path: Path) -> None:
    """
    See that nobody else has the file open with changes waiting in a journal.

    QGIS keeps such a journal (``-wal``) beside every GeoPackage it has open. Left
    beside a new file of the same name, it would be played into that one.
    """
    if not log_of(path).exists():
        return
    try:
        database = sqlite3.connect(path, timeout=1)
        try:
            mode = database.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        finally:
            database.close()
    except sqlite3.OperationalError:
        mode = "wal"
    if mode != "delete":
        raise WorkspaceError(
            f"{path.name} 正被别的程序（如 QGIS）打开；请在那里关闭后再写。",
            f"{path.name} is open in another program (QGIS?); close it there first.",
        )


def copy_database(source: Path, target: Path) -> None:
    """Copy a GeoPackage with everything that still waits in its journal."""
    with connected(source, readonly=True) as old:
        new = sqlite3.connect(target)
        try:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")
        finally:
            new.close()


def check_database(path: Path, rows: dict[str, int]) -> None:
    """
    See that a file just written is sound and holds what was meant.

    Parameters
    ----------
    path : Path
    rows : dict
        Table → number of rows it must have.
    """
    with connected(path) as database:
        free = database.execute("PRAGMA freelist_count").fetchone()[0]
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        if free > 0.25 * pages:
            database.execute("VACUUM")
        said = database.execute("PRAGMA integrity_check").fetchone()[0]
        found = {}
        for name in rows:
            quoted = name.replace('"', '""')
            query = f'SELECT count(*) FROM "{quoted}"'  # noqa: S608 - quoted above
            found[name] = database.execute(query).fetchone()[0]
    if said != "ok" or found != rows:
        raise WorkspaceError(
            f"写入后检查不通过（{said}，行数 {found}，应为 {rows}）；原文件未动。",
            f"The new file failed its check ({said}, rows {found}, wanted {rows}); the "
            "old one is as it was.",
        )


_STYLE_TABLE = """
CREATE TABLE IF NOT EXISTS layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))
"""


def write_styles(path: Path, styles: dict[str, tuple[str, str]]) -> None:
    """
    Put styles into the table that QGIS looks at.

    A style that somebody made in QGIS for the layer stays the one shown.

    Parameters
    ----------
    path : Path
    styles : dict
        Layer → (name of its geometry column, QML).
    """
    with connected(path) as database:
        database.execute(_STYLE_TABLE)
        database.execute(
            "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        for name, (column, qml) in styles.items():
            database.execute(
                "DELETE FROM layer_styles WHERE f_table_name = ? AND styleName = 'geotool'",
                (name,),
            )
            own = database.execute(
                "SELECT count(*) FROM layer_styles WHERE f_table_name = ? AND useAsDefault",
                (name,),
            ).fetchone()[0]
            row: tuple[Any, ...] = (name, column, qml, 0 if own else 1)
            database.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
                "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, "
                "description, owner) VALUES ('', '', ?, ?, 'geotool', ?, '', ?, "
                "'geotool', '')",
                row,
            )
