"""A large xlsx once more, as its reader is done with it soonest.

calamine inflates and goes through a sheet twice: for its cells, and for its merged
cells, which stand behind all others. Read from a copy that is not compressed and names
the merged cells in front, the same cells come in two thirds of the time.
"""

import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from geotool.io._sound import SHEET, Scan, scan_sheet

LARGE = 4 << 20
"""Bytes of a sheet from which on a copy pays."""

_TOO_LARGE = 1 << 29
"""Bytes of all parts from which on they are left where they are."""

_NO_MERGE = b"<mergeCells></mergeCells>"
_FAULTS = (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError,
           NotImplementedError, KeyError, ValueError)  # fmt: skip


@contextmanager
def quick_copy(path: Path, scanned: dict[str, Scan] | None = None) -> Iterator[Path]:
    """
    Give a copy of a large xlsx for a while; of any other workbook, itself.

    Parameters
    ----------
    path : Path
        A damaged or locked file is given as it is: its reader says what is wrong.
    scanned : dict, optional
        Is told what was seen in the sheets on the way, while they are in memory.
    """
    with TemporaryDirectory(prefix="geotool_", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / path.name  # as messages name it
        made = False
        with suppress(*_FAULTS):
            made = _copied(path, copy, {} if scanned is None else scanned)
        yield copy if made else path


def _copied(path: Path, copy: Path, scanned: dict[str, Scan]) -> bool:
    """Write the parts that hold cells; say whether that was worth it."""
    with zipfile.ZipFile(path) as archive:
        parts = [
            part
            for part in archive.infolist()
            if part.filename.lower().endswith((".xml", ".rels"))
        ]
        largest = max((p.file_size for p in parts if _is_sheet(p)), default=0)
        if largest < LARGE or sum(p.file_size for p in parts) > _TOO_LARGE:
            return False
        if len({part.filename for part in parts}) < len(parts):
            return False  # two parts of one name: which one counts is its reader's say
        scans: dict[str, Future[Scan]] = {}
        # zlib and the disk do not hold Python up: a sheet is looked through meanwhile
        with (
            ThreadPoolExecutor(max_workers=1) as pool,
            zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as new,
        ):
            for part in parts:
                data = archive.read(part)
                if SHEET.fullmatch(part.filename):
                    scans[part.filename] = pool.submit(scan_sheet, data)
                with new.open(part.filename, "w") as stream:
                    for piece in _merges_first(data) if _is_sheet(part) else (data,):
                        stream.write(piece)
        scanned.update({member: scan.result() for member, scan in scans.items()})
    return True


def _is_sheet(part: zipfile.ZipInfo) -> bool:
    return part.filename.startswith("xl/worksheets/")


def _merges_first(data: bytes) -> list[memoryview | bytes]:
    """
    Say the merged cells of a sheet before its cells.

    Examples
    --------
    >>> sheet = b"<worksheet><sheetData><row/></sheetData>%s</worksheet>"
    >>> [bytes(part) for part in _merges_first(sheet % b"")][:2]
    [b'<worksheet>', b'<mergeCells></mergeCells>']
    >>> one = b'<mergeCells><mergeCell ref="A1:B2"/></mergeCells>'
    >>> _merges_first(sheet % one)[1] == one
    True
    """
    cells, after = data.find(b"<sheetData"), data.rfind(b"</sheetData>")
    before, behind = data[: max(cells, 0)], data[max(after, 0) :]
    if cells < 0 or after < 0 or b"<!" in before or b"<!" in behind:
        return [data]  # no sheet as programs write them, or one with comments
    first = behind.find(b"<mergeCells")
    end = behind.find(b"</mergeCells>", first)
    if first < 0 and b"mergeCell" not in behind and b"mergeCell" not in before:
        merges = _NO_MERGE
    elif 0 <= first < end and b":mergeCell" not in behind:
        merges = behind[first:end] + b"</mergeCells>"
    else:
        return [data]
    view = memoryview(data)
    return [view[:cells], merges, view[cells:]]
