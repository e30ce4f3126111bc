"""Where a command may write: told before any work is done."""

import argparse
from pathlib import Path

from geotool.errors import SourceError
from geotool.io._write import WRITABLE
from geotool.report._formats import INCIDENT_FORMATS, TRACE_FORMATS
from geotool.schema import layer_kinds
from geotool.workspace import open_workspace

INPUTS = (
    "file",
    "workspace",
    "into",
    "readings",
    "elevation",
    "scenario",
    "scenarios",
    "rule",
    "standard",
    "template",
    "outfalls",
    "water",
    "dykes",
    "catchments",
    "clip",
)
OUTPUTS = ("out", "rejects", "png")

_ENDINGS = {
    ("trace", "out"): TRACE_FORMATS,
    ("compare", "out"): (".xlsx",),
    ("catchments", "out"): (".xlsx",),
    ("alert", "out"): INCIDENT_FORMATS,
    ("check", "out"): WRITABLE,
    ("zones", "out"): WRITABLE,
    ("assess", "out"): (".xlsx", ".csv", ".json"),
    ("map", "out"): (".html", ".htm"),
    ("map", "png"): (".png", ".pdf", ".svg"),
    ("import", "rejects"): (".xlsx",),
    ("report", "out"): (".docx",),
}


def check_outputs(name: str, chosen: argparse.Namespace) -> None:
    """
    See that the files a command is told to write are none that it reads.

    Parameters
    ----------
    name : str
        Of the command.
    chosen : Namespace
        As it was parsed.

    Raises
    ------
    SourceError
        If an ending is none the command can write, the folder is not there, the
        name is a folder, or the file is one of those that are read.

    Examples
    --------
    >>> chosen = argparse.Namespace(workspace="a.gpkg", out="a.gpkg")
    >>> check_outputs("trace", chosen)
    Traceback (most recent call last):
        ...
    geotool.errors.SourceError: --out a.gpkg 是要读取的文件...
    """
    given = [getattr(chosen, key, None) or [] for key in INPUTS]
    taken = {
        Path(text).resolve()
        for texts in given
        for text in ([texts] if isinstance(texts, str) else texts)
    }
    if getattr(chosen, "atlas", None):
        check_folder(Path(chosen.atlas), chosen.atlas, key="atlas")
    for key in OUTPUTS:
        text = getattr(chosen, key, None)
        if text is None:
            continue
        path = Path(text)
        if name == "report" and chosen.outfalls:
            check_folder(path, text, key=key)
            continue
        _check_ending(path, text, key, _ENDINGS[(name, key)])
        if path.resolve() in taken:
            raise SourceError(
                f"--{key} {text} 是要读取的文件（或另一个输出），不能覆盖；请换一个名字。",
                f"--{key} {text} is a file that is read, or another output; choose "
                "another name.",
            )
        taken.add(path.resolve())
        _check_workspace(path, key)


def check_folder(path: Path, text: str, *, key: str) -> None:
    """
    See that many files can be written into a folder that is there or can be made.

    Raises
    ------
    SourceError
        If the name is a file, or the folder it would lie in is not there.
    """
    if path.exists() and not path.is_dir():
        raise SourceError(
            f"--{key} 应是文件夹（要写多个文件），{text} 是文件；请换一个名字。",
            f"--{key} is a folder for many files, but {text} is a file; choose another "
            "name.",
        )
    if not path.parent.is_dir():
        raise SourceError(
            f"--{key} 的上级文件夹 {path.parent} 不存在；请先建立。",
            f"The folder {path.parent} of --{key} does not exist; make it first.",
        )


def _check_workspace(path: Path, key: str) -> None:
    """Spare a GeoPackage that holds layers, if another command's output has its name."""
    if path.suffix.lower() != ".gpkg" or not path.is_file():
        return
    kept = [name for name in open_workspace(path).layers() if name in layer_kinds()]
    if kept:
        raise SourceError(
            f"--{key} {path.name} 里已有图层 {'、'.join(kept)}，不能覆盖；请换一个名字。",
            f"--{key} {path.name} holds the layers {', '.join(kept)}; choose another "
            "name.",
        )


def _check_ending(path: Path, text: str, key: str, endings: tuple[str, ...]) -> None:
    if path.suffix.lower() not in endings:
        raise SourceError(
            f"--{key} 的后缀应为 {'、'.join(endings)}，得到 {text}。",
            f"--{key} must end in one of {', '.join(endings)}, got {text}.",
        )
    if not path.parent.is_dir():
        raise SourceError(
            f"--{key} 的文件夹 {path.parent} 不存在；请先建立。",
            f"The folder {path.parent} of --{key} does not exist; make it first.",
        )
    if path.is_dir():
        raise SourceError(
            f"--{key} {text} 是文件夹，不能写成文件。",
            f"--{key} {text} is a folder, not a file.",
        )
