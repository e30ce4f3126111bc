"""Shapefiles: which encoding the texts are in, and parts that are not there."""

import codecs
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyogrio

from geotool._notes import note
from geotool.errors import SourceError

CHINESE, UTF8, BIG5 = "GB18030", "UTF-8", "CP950"
_BY_NAME = {
    CHINESE: ("936", "cp936", "gbk", "gb2312", "gb18030", "ansi936", "oem936", "euccn"),
    UTF8: ("65001", "utf8", "utf8bom"),
    BIG5: ("950", "cp950", "big5", "ansi950", "oem950"),
}
_LDID = {0x4D: CHINESE, 0x7A: CHINESE, 0x4F: BIG5, 0x78: BIG5}
_LIMIT = 32 * 1024 * 1024
"""Bytes of a .dbf that are looked at to tell its encoding."""


def part(path: Path, suffix: str) -> Path | None:
    """Find a part of a shapefile, whatever the case of its ending."""
    for found in path.parent.iterdir():
        if found.stem == path.stem and found.suffix.lower() == suffix:
            return found
    return None


def _stated(path: Path) -> str | None:
    """Read what the .cpg says; None when it is not there or unknown."""
    cpg = part(path, ".cpg")
    if cpg is None:
        return None
    text = cpg.read_bytes()[:64].decode("ascii", "ignore").casefold()
    folded = "".join(character for character in text if character.isalnum())
    for encoding, names in _BY_NAME.items():
        if folded in names:
            return encoding
    return None


def _dbf_texts(path: Path) -> tuple[int, list[bytes], list[bytes]]:
    """Give the language byte, the field names and the text cells of a .dbf."""
    with path.open("rb") as stream:
        head = stream.read(32)
        if len(head) < 32:
            return 0, [], []
        size = int.from_bytes(head[8:10], "little")
        length = int.from_bytes(head[10:12], "little")
        fields = stream.read(max(size - 32, 0))
        body = stream.read(_LIMIT)
    names, places, at = [], [], 1
    for start in range(0, len(fields) - 31, 32):
        field = fields[start : start + 32]
        if field[0] == 0x0D:
            break
        names.append(field[:11].split(b"\0")[0])
        if field[11:12] == b"C":
            places.append((at, at + field[16]))
        at += field[16]
    cells = [
        body[row + left : row + right].rstrip(b" \0")
        for row in range(0, len(body) - max(length, 1) + 1, max(length, 1))
        for left, right in places
    ]
    return head[29], names, cells


def _is_utf8(text: bytes) -> bool:
    """Whether bytes are UTF-8, maybe cut in the middle of the last character."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(text, final=False)
    except UnicodeDecodeError:
        return False
    return True


def text_encoding(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """
    Tell the encoding of a shapefile's texts by what stands in it.

    The texts decide: UTF-8 where all are valid UTF-8, else GB 18030. What the .cpg or
    the language byte says counts where the texts do not speak against it.

    Parameters
    ----------
    path : Path
        The .shp or .dbf.

    Returns
    -------
    encoding : str
    notes : list of dict
    """
    dbf = part(path, ".dbf")
    if dbf is None:
        zh, en = "缺少 .dbf，没有属性，只读了图形", "No .dbf: shapes without attributes"
        return UTF8, [note(zh, en)]
    ldid, names, cells = _dbf_texts(dbf)
    stated = _stated(path)
    texts = [text for text in (*names, *cells) if not text.isascii()]
    if not texts:
        return stated or UTF8, []
    if stated == BIG5 or (stated is None and _LDID.get(ldid) == BIG5):
        return BIG5, []
    found = UTF8 if all(map(_is_utf8, texts)) else CHINESE
    if stated is None:
        zh = f"没有可用的 .cpg，文字按 {found} 读"
        return found, [note(zh, f"No usable .cpg; texts read as {found}")]
    if stated != found:
        zh = f".cpg 写的是 {stated}，文字其实是 {found}，按 {found} 读"
        return found, [note(zh, f".cpg says {stated}, texts are {found}: read as that")]
    return found, []


@contextmanager
def openable(path: Path) -> Iterator[Path]:
    """
    Give a path that GDAL can open although parts are missing or odd.

    A missing .shx is made anew, a .prj with Chinese names in GBK is put into plain
    letters; both beside a copy, never in the folder of the user.
    """
    whole = path.suffix.lower() != ".shp" or part(path, ".shx") is not None
    system = _plain_system(path)
    if whole and system is None:
        yield path
        return
    with TemporaryDirectory(prefix="geotool-") as folder:
        copy = Path(folder) / "layer.shp"
        for suffix in (".shp", ".dbf", ".prj", ".cpg"):
            found = part(path, suffix)
            if found is not None:
                shutil.copyfile(found, copy.with_suffix(suffix))
        index = part(path, ".shx")
        if index is not None:
            shutil.copyfile(index, copy.with_suffix(".shx"))
        if system is not None:
            copy.with_suffix(".prj").write_text(system, encoding="ascii")
        pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": "YES"})
        try:
            yield copy
        finally:
            # left set, it breaks later reads from zip files
            pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": None})


def _plain_system(path: Path) -> str | None:
    """Give the .prj in plain letters if it is not UTF-8; None when it may stay."""
    shapes = path.suffix.lower() in (".shp", ".dbf") and part(path, ".shp") is not None
    found = part(path, ".prj") if shapes else None
    data = b"" if found is None else found.read_bytes()
    if _is_utf8(data):
        return None
    text = data.decode("gb18030", "replace")
    return "".join(letter if letter.isascii() else "_" for letter in text)


def lone_table(path: Path) -> None:
    """Say clearly that the shapes of a shapefile are missing."""
    if path.suffix.lower() == ".shp" or part(path, ".shp") is not None:
        return
    if path.suffix.lower() in (".shx", ".prj", ".cpg"):
        raise SourceError(
            f"{path.name} 只是 Shapefile 的附属文件，缺少同名 .shp；请一并复制。",
            f"{path.name} is only a part of a shapefile, its .shp is missing.",
        )
