"""Looks into a workbook before it is read: a damaged one must not eat all memory.

calamine follows a chain of sectors in an old .xls for ever when the chain is a ring,
and makes room for every cell between the first and the last one of a sheet.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from geotool.errors import SourceError

MAX_CELLS = 70_200_000
"""Cells between the first and the last of a sheet: 702 columns (to ZZ) of 100 000 rows."""

_NO_SECTOR = 0xFFFFFFFA
"""Numbers from here on end a chain."""

_ZIP_FAULTS = (RuntimeError, OSError, EOFError, NotImplementedError, KeyError)
_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_SHAPES = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", b"A" * 26 + b"0" * 10
)
"""Every letter as A, every digit as 0: then a plain search finds a kind of place."""
_TWO_LETTERS, _MILLIONS, _SEVEN = b'<c r="AA', b'<c r="A0000000', b"0" * 7
_LONG = (b'<c r="AAA', b'<c r="A000000', b'<c r="AA000000')
_UNCOMPUTED = re.compile(
    rb'<c r="([A-Z]{1,3}\d{1,7})"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)'
    rb"(?:<v\s*/>|<v></v>)?</c>"
)
"""A cell with a formula and no value: a program wrote it and nobody computed it."""
_FAULTY = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"[^>]* t="e"')
"""A cell that shows #N/A, #REF!, #DIV/0!: calamine gives it as empty."""
_HIDDEN = re.compile(rb'<row r="(\d{1,7})"[^>]* hidden="(?:1|true)"')
"""A row that Excel does not show: hidden by hand or left out by a filter."""
_COLUMNS = re.compile(rb"<col\s[^>]*>")
_ATTRIBUTE = re.compile(rb'\s(min|max|width|hidden)="([^"]*)"')
_BLOCK, _OVERLAP = 1 << 19, 1024
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_RECORDS = frozenset(
    (0x0006, 0x00BD, 0x00BE, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E)
)
"""Records of a BIFF stream that begin with the row and the column of a cell."""


class Unread(NamedTuple):
    """
    What the cells of a sheet do not show when they are read.

    Attributes
    ----------
    uncomputed : sequence of str
        Formulas without a value, which come out empty.
    faulty : sequence of str
        Errors such as ``#N/A``, which come out empty.
    hidden : sequence of str
        Numbers of the rows that Excel does not show.
    unseen : sequence of tuple of int
        First and last of the columns that Excel does not show, from 0.
    """

    uncomputed: Sequence[str] = ()
    faulty: Sequence[str] = ()
    hidden: Sequence[str] = ()
    unseen: Sequence[tuple[int, int]] = ()


Scan = tuple[bool, Unread]
"""Of a sheet: whether its cells must be looked at one by one, and what is not read."""


def check_workbook(
    path: Path, name: str, *, scanned: Mapping[str, Scan] | None = None
) -> Mapping[str, Unread]:
    """
    See that a workbook can be opened without harm.

    Parameters
    ----------
    path : Path
    name : str
        What to call it in the message.
    scanned : mapping, optional
        Sheets of an xlsx that :func:`scan_sheet` has been through.

    Returns
    -------
    mapping
        Member of an xlsx → its cells that will come out empty.

    Raises
    ------
    SourceError
        If it is damaged in a way that would hang its reader, or has a stray cell so
        far away that the sheet would not fit into memory.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    try:
        if head == b"PK\x03\x04":
            sizes, unread = _zipped(path, scanned)
        else:
            unread = {}
            sizes = [_Compound(path.read_bytes()).extent()]
    except (struct.error, IndexError, _Broken):
        raise SourceError(
            f"{name} 已损坏（内部结构不完整）；请用 Excel 打开后另存为 xlsx。",
            f"{name} is damaged inside; open it in Excel and save it as xlsx.",
        ) from None
    for rows, columns in sizes:
        if rows * columns > MAX_CELLS:
            raise SourceError(
                f"{name} 有单元格远在第 {rows} 行第 {columns} 列，表太大读不下；"
                "请删除多余的行列后另存。",
                f"{name} has a cell as far as row {rows}, column {columns}; delete the "
                "stray rows and columns and save it again.",
            )
    return unread


class _Broken(Exception):
    """A chain of sectors that does not end."""


def _zipped(
    path: Path, scanned: Mapping[str, Scan] | None = None
) -> tuple[list[tuple[int, int]], dict[str, Unread]]:
    """Give the last row and column of every sheet of an xlsx, and what is not read."""
    sizes, unread = [], {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if SHEET.fullmatch(member):
                    scan = (scanned or {}).get(member)
                    if scan is None:
                        scan = _scanned(partial(_blocks, archive, member))
                    vast, unread[member] = scan
                    sizes.append(_last_cell(archive, member) if vast else (0, 0))
    except (zipfile.BadZipFile, zlib.error, *_ZIP_FAULTS):
        return [], {}  # its reader says what is wrong
    return sizes, unread


def _last_cell(archive: zipfile.ZipFile, member: str) -> tuple[int, int]:
    """Give the last row and column of a sheet."""
    rows, names = 0, set()
    for data in _blocks(archive, member):
        for found in _CELL.finditer(data):
            names.add(found[1])
            rows = max(rows, int(found[2]))
    return rows, max(map(_number, names), default=0)


def _blocks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    rest = b""
    with archive.open(member) as stream:
        while block := stream.read(_BLOCK):
            yield rest + block
            rest = block[-_OVERLAP:]  # a cell cut in two by the end of the block


def scan_sheet(data: bytes) -> Scan:
    """
    Look through a sheet that is in memory.

    Examples
    --------
    >>> scan_sheet(b'<sheetData><row r="1" hidden="1"><c r="A1" t="e"></c></row>')
    (False, Unread(uncomputed=[], faulty=['A1'], hidden=['1'], unseen=[]))
    """
    return _scanned(partial(_slices, data))


def _slices(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _BLOCK):
        yield data[max(start - _OVERLAP, 0) : start + _BLOCK]


def _scanned(blocks: Callable[[], Iterator[bytes]]) -> Scan:
    """
    Look through the blocks of a sheet once.

    Returns
    -------
    vast : bool
        Whether its cells must be looked at one by one, which takes as long as reading
        it does. The columns A to Z, or any of two letters in less than 100 000 rows,
        cannot be too many.
    unread : Unread
    """
    wide = long = False
    idle: dict[str, None] = {}
    faulty: dict[str, None] = {}
    hidden: dict[str, None] = {}
    unseen: dict[tuple[int, int], None] = {}
    begun = False  # the columns are described in front of the cells
    for data in blocks():
        if not begun:
            head, begun_here, _ = data.partition(b"<sheetData")
            begun = bool(begun_here)
            unseen.update(dict.fromkeys(_hidden_columns(head)))
        shapes = data.translate(_SHAPES)
        # seven digits in a row are found fifty times as fast as one row number of seven
        wide = wide or _TWO_LETTERS in shapes
        wide = wide or (_SEVEN in shapes and _MILLIONS in shapes)
        long = long or (wide and any(place in shapes for place in _LONG))
        for letter, mark, pattern, cells in (
            (b"f", b"<f", _UNCOMPUTED, idle),
            (b"e", b' t="e"', _FAULTY, faulty),
            (b"h", b' hidden="', _HIDDEN, hidden),
        ):
            if letter in data and mark in data:  # a letter is found ten times as fast
                found = pattern.findall(data)
                cells.update(dict.fromkeys(cell.decode() for cell in found))
    if wide and not long:  # the rows may have come before the wide one
        long = any(
            place in data.translate(_SHAPES) for data in blocks() for place in _LONG
        )
    return wide and long, Unread([*idle], [*faulty], [*hidden], [*unseen])


def _hidden_columns(head: bytes) -> Iterator[tuple[int, int]]:
    """
    Give the first and last of the columns that Excel does not show, from 0.

    Examples
    --------
    >>> [*_hidden_columns(b'<cols><col min="2" max="3" width="9" hidden="1"/></cols>')]
    [(1, 2)]
    >>> [*_hidden_columns(b'<col min="1" max="1" width="0"/><col min="2" max="2"/>')]
    [(0, 0)]
    """
    for column in _COLUMNS.findall(head):
        said = dict(_ATTRIBUTE.findall(column))
        thin = re.fullmatch(rb"0+(?:\.0*)?", said.get(b"width", b"8"))
        if said.get(b"hidden") in (b"1", b"true") or thin:
            first, last = (said.get(name, b"") for name in (b"min", b"max"))
            if first.isdigit() and last.isdigit():
                yield int(first) - 1, int(last) - 1


def _number(letters: bytes) -> int:
    total = 0
    for letter in letters:
        total = total * 26 + letter - 64
    return total


class _Compound:
    """The file system inside an old .xls."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = 1 << struct.unpack_from("<H", data, 30)[0]
        if self.size not in (512, 4096):
            raise _Broken
        self.table = self._allocation()

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        return self.data[start : start + self.size]

    def _allocation(self) -> list[int]:
        """Read which sector follows which."""
        numbers = list(struct.unpack_from("<109I", self.data, 76))
        following, seen = struct.unpack_from("<I", self.data, 68)[0], set()
        while following < _NO_SECTOR:
            if following in seen:
                raise _Broken
            seen.add(following)
            part = struct.unpack(f"<{self.size // 4}I", self._sector(following))
            numbers += part[:-1]
            following = part[-1]
        table: list[int] = []
        for number in numbers:
            if number < _NO_SECTOR:
                sector = self._sector(number)
                table += struct.unpack(f"<{len(sector) // 4}I", sector)
        return table

    def _chain(self, start: int) -> Iterator[int]:
        seen = set()
        while start < _NO_SECTOR:
            if start in seen or start >= len(self.table):
                raise _Broken
            seen.add(start)
            yield start
            start = self.table[start]

    def _stream(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in self._chain(start))

    def extent(self) -> tuple[int, int]:
        """Follow every chain to its end; give the last row and column of the sheets."""
        first, _, _, mini = struct.unpack_from("<IIII", self.data, 48)
        directory = self._stream(first)
        self._check_small(self._stream(mini) if mini < _NO_SECTOR else b"")
        cutoff = struct.unpack_from("<I", self.data, 56)[0]
        found = (0, 0)
        for place in range(0, len(directory) - 127, 128):
            entry = directory[place : place + 128]
            length = min(struct.unpack_from("<H", entry, 64)[0], 64)
            name = entry[: max(length - 2, 0)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", entry, 116)
            if entry[66] not in (2, 5) or size < (cutoff if entry[66] == 2 else 1):
                continue  # not used, or kept among the small streams
            content = self._stream(start)
            if name in ("Workbook", "Book"):
                found = _last_record(content[:size])
        return found

    @staticmethod
    def _check_small(table: bytes) -> None:
        """See that the chains of small streams end: each sector leads to one only."""
        numbers = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
        state = [0] * len(numbers)  # 0 not seen, 1 on the way, 2 known to end
        for begin in range(len(numbers)):
            way, at = [], begin
            while at < _NO_SECTOR and at < len(numbers) and state[at] == 0:
                state[at] = 1
                way.append(at)
                at = numbers[at]
            if at < _NO_SECTOR and (at >= len(numbers) or state[at] == 1):
                raise _Broken
            for number in way:
                state[number] = 2


def _last_record(stream: bytes) -> tuple[int, int]:
    """Find the last row and column that a BIFF stream speaks of."""
    rows = columns = place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        if kind in _RECORDS and length >= 4:
            row, column = struct.unpack_from("<HH", stream, place + 4)
            if kind in (0x00BD, 0x00BE):  # several cells: the last column stands last
                column = struct.unpack_from("<H", stream, place + 2 + length)[0]
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        place += 4 + length
    return rows, columns
