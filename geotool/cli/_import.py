"""The command ``import``: a file becomes a layer of a workspace."""

import argparse
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

import geotool as gt
from geotool.cli._given import refuse_year, sections_of
from geotool.cli._say import counted_notes, say
from geotool.crs import reproject, require_crs
from geotool.errors import LayerError, SourceError
from geotool.io import list_layers
from geotool.schema import LayerKind, layer_kind
from geotool.workspace import Workspace, create_workspace, open_workspace


def run_import(chosen: argparse.Namespace) -> None:
    """Read a file as a layer into a workspace."""
    kind = layer_kind(chosen.kind)  # an unknown one is told before the file is opened
    columns = dict(_pair(text, kind) for text in chosen.columns)
    into = Path(chosen.into)
    if chosen.kind == "readings":
        _refuse_options(chosen)
        _import_readings(chosen, columns, into)
        return
    refuse_year(chosen)
    done = gt.read_layer(
        chosen.file,
        chosen.kind,
        crs=chosen.crs,
        datum=chosen.datum,
        encoding=chosen.encoding,
        sheet=_sheet(chosen),
        source_layer=chosen.layer,
        columns=columns or None,
    )
    _refuse_nothing(done, chosen)
    workspace = open_or_create(into)
    done = with_places(done, workspace, chosen.kind)
    layer = done.layer
    if chosen.append and workspace.has(chosen.kind):
        layer = appended(workspace.read(chosen.kind), layer, chosen.kind)
    workspace.write({chosen.kind: layer}, source=done)
    say(done.summary)
    if chosen.append:
        say(f"  已有图层 {chosen.kind} 现共 {len(layer)} 行")
    for header, column in done.proposals[["header", "column"]].head(6).to_numpy():
        say(f"  可能对应：--map {header}={column} maybe this column is that")
    _say_notes(done.notes)
    if chosen.rejects and len(done.rejected):
        done.write_rejects(chosen.rejects)
        say(f"  退回行已写入 {chosen.rejects}，改正后可再次导入")
    elif len(done.rejected):
        first = done.rejected.iloc[0]
        say(
            f"  退回 {len(done.rejected)} 行，如第 {first['row']} 行“{first['column']}”："
            f"{first['reason']}；{first['remedy']}（--rejects FILE.xlsx 可全部写出）"
        )
    if chosen.kind in ("rivers", "structures") and workspace.has("reaches"):
        say("  河流或闸站已变，请重新 geotool build")


def with_places(done: Any, workspace: Workspace, kind: str) -> Any:
    """Note the points that lie outside the district or township their row names."""
    if kind not in _PLACED_KINDS or not workspace.has("admin"):
        return done
    admin = workspace.read("admin")
    for column in ("district", "township"):
        if column in done.layer.columns:
            names = set(done.layer[column].dropna().astype(str))
            if names & set(admin["name"].dropna().astype(str)):
                notes = gt.check_places(done.layer, admin, kind=kind, column=column)
                who = notes["id"].astype(str)
                notes["reason"] = who + "：" + notes["reason"]
                notes["reason_en"] = who + ": " + notes["reason_en"]
                done = done.with_notes(notes)
    return done


_PLACED_KINDS = ("outfalls", "sections", "sources", "water_sources")


def _refuse_nothing(done: Any, chosen: argparse.Namespace) -> None:
    """Keep a layer from being replaced by one without rows."""
    if len(done.layer) or not len(done.rejected):
        return
    if chosen.rejects:
        done.write_rejects(chosen.rejects)
    first = done.rejected.iloc[0]
    count = len(done.rejected)
    back = (
        f"；退回行已写入 {chosen.rejects}"
        if chosen.rejects
        else "；加 --rejects 可写出"
    )
    raise LayerError(
        f"{count} 行全部不合格，没有写入（如第 {first['row']} 行：{first['reason']}；"
        f"{first['remedy']}）{back}。",
        f"All {count} rows were refused and nothing was written (row {first['row']}: "
        f"{first['reason_en']}; {first['remedy_en']}).",
    )


def _pair(text: str, kind: LayerKind) -> tuple[str, str]:
    """Read ``header=column``; a column may be called by its Chinese name, too."""
    header, sign, column = text.rpartition("=")
    if not sign or not header or not column:
        raise SourceError(
            f"--map 应写成 列名=column，得到 {text!r}。",
            f"--map takes header=column, got {text!r}.",
        )
    by_name = {facts.zh: key for key, facts in kind.columns.items()}
    return header, by_name.get(column, column)


def _refuse_options(chosen: argparse.Namespace) -> None:
    """Tell of an option that does nothing for readings: they have no place."""
    given = {
        "--crs": chosen.crs,
        "--datum": chosen.datum,
        "--layer": chosen.layer,
    }
    useless = [name for name, value in given.items() if value]
    if useless:
        raise SourceError(
            f"{'、'.join(useless)} 对监测数据（readings）不起作用；请去掉。",
            f"{', '.join(useless)} does nothing for readings; leave it out.",
        )


def _sheet(chosen: argparse.Namespace) -> str | int | None:
    """Take digits for the place of a sheet, unless a sheet is named so: 2025."""
    text: str | None = chosen.sheet
    if text is None or not text.isdigit() or text in list_layers(chosen.file):
        return text
    return int(text)


def open_or_create(path: Path) -> Workspace:
    """Open a workspace, or make a new one where there is none."""
    return open_workspace(path) if path.exists() else create_workspace(path)


def appended(old: Any, new: Any, kind: str) -> Any:
    """
    Put new rows under those that are there.

    Raises
    ------
    LayerError
        If an id occurs in both.
    """
    key = layer_kind(kind).id_column
    both = sorted(set(old[key]) & set(new[key])) if key else []
    if both:
        raise LayerError(
            f"编号 {both[0]} 等 {len(both)} 个在已有图层里也有，未并入；请先改正，"
            "或去掉 --append 整体替换。",
            f"{len(both)} ids such as {both[0]} are in the layer already; nothing was "
            "added. Correct them, or leave --append out to replace the layer.",
        )
    if isinstance(old, gpd.GeoDataFrame) and isinstance(new, gpd.GeoDataFrame):
        new = reproject(new, require_crs(old, kind))
    return pd.concat([old, new], ignore_index=True)


def _say_notes(notes: pd.DataFrame) -> None:
    for zh, _ in counted_notes(notes):
        say(f"  说明：{zh}")


def _import_readings(
    chosen: argparse.Namespace, columns: dict[str, str], into: Path
) -> None:
    done = gt.read_layer(
        chosen.file,
        "readings",
        sheet=_sheet(chosen),
        encoding=chosen.encoding,
        columns=columns or None,
        year=chosen.year,
        sections=sections_of(open_workspace(into)) if into.exists() else None,
    )
    readings, rejected = done.layer, done.rejected
    _refuse_nothing(done, chosen)
    workspace = open_or_create(into)
    table, again = readings, 0
    if chosen.append and workspace.has("readings"):
        table, again = _added_readings(workspace.read("readings"), readings)
    workspace.write({"readings": table}, source=done)
    say(
        f"监测数据 {Path(chosen.file).name}：采用 {len(readings)} 个监测值，"
        f"退回 {len(rejected)} 条"
    )
    if chosen.append:
        say(f"  与已有完全相同、未重复计入 {again} 个；现共 {len(table)} 个监测值")
    for reason, count in rejected["reason"].value_counts().head(6).items():
        say(f"  退回：{reason}（{count} 条）")
    _say_notes(done.notes)
    if chosen.rejects and len(rejected):
        done.write_rejects(chosen.rejects)
        say(f"  退回行已写入 {chosen.rejects}，改正后可再次导入")


def _added_readings(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Put new readings under the old; one that is there already counts once."""
    keys = [c for c in ("section_id", "time", "item", "value", "unit") if c in new]
    known = set(old[keys].astype(str).itertuples(index=False, name=None))
    fresh = [
        row not in known
        for row in new[keys].astype(str).itertuples(index=False, name=None)
    ]
    joined = pd.concat([old, new[fresh]], ignore_index=True)
    return joined, len(new) - sum(fresh)
