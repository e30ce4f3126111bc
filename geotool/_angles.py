"""Degrees as people write them: 113°18′30″, 东经113度18分30秒, 113-18-30, 113.308333."""

import math
import re
import unicodedata
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geotool._marks import is_missing
from geotool._texts import distinct

_NUMBER = r"\d+(?:\.\d+)?"
_DECIMAL = re.compile(r"\s*-?[0-9]+(?:\.[0-9]+)?\s*")
_SIMPLE = re.compile(
    r"([0-9]{1,3})°([0-9]{1,2})[′']([0-9]{1,2}(?:\.[0-9]+)?)(?:[″\"]|'')"
)
_SIGNS = str.maketrans(
    {
        "度": "°", "º": "°", "˚": "°", "∘": "°", "゜": "°",
        "分": "'", "′": "'", "’": "'", "‘": "'", "`": "'", "´": "'", "ʹ": "'",
        "秒": '"', "″": '"', "”": '"', "“": '"', "〃": '"', "ʺ": '"', "˝": '"',
        "－": "-", "—": "-", "–": "-", "−": "-", "：": ":",
    }
)  # fmt: skip
_USUAL = re.compile(
    r"^(?:(-?[0-9]+(?:\.[0-9]+)?)|([0-9]{1,3})°([0-9]{1,2})[′']"
    r"([0-9]{1,2}(?:\.[0-9]+)?)(?:[″\"]|'')|.*)$",
    re.MULTILINE,
)
"""One line for each cell: a decimal number, or degrees, minutes and seconds, or else."""
_HALVES = (
    ("E", r"东经|東經|e(?:ast)?\.?|东"),
    ("W", r"西经|西經|w(?:est)?\.?|西"),
    ("N", r"北纬|北緯|n(?:orth)?\.?|北"),
    ("S", r"南纬|南緯|s(?:outh)?\.?|南"),
)
# 度 is ° by the time this is looked for
_LABEL = r"(?:[经纬經緯]°|longitude|latitude|lon|lng|lat)\s*[:=]?\s*"
_MARKED = re.compile(
    rf"({_NUMBER})\s*°\s*(?:({_NUMBER})\s*'?\s*(?:({_NUMBER})\s*(?:\"|'')?)?)?"
)
_SPACED = re.compile(r"(\d{1,3})([-: ])\s*(\d{1,2})\2\s*(\d{1,2}(?:\.\d+)?)")
_TWO = re.compile(r"(\d{1,3})[-: ]\s*(\d{1,2}(?:\.\d+)?)")
_DOTTED = re.compile(r"(\d{1,3})\.(\d+)\.(\d+)(?:\.\d+)?")
_PACKED = re.compile(r"1?\d{2}[0-5]\d[0-5]\d(?:\.\d+)?")


class Angle(NamedTuple):
    """One reading of one cell.

    Attributes
    ----------
    value : float
        Degrees (or whatever a plain number is in); NaN when there is none.
    half : str
        ``E``, ``W``, ``N`` or ``S`` where the cell says so.
    problem : str
        ``""``, ``missing``, ``unreadable``, ``minutes`` (60 or more) or ``unsure``
        (two readings are possible).
    marked : bool
        Whether degrees, minutes and seconds were written apart.
    """

    value: float
    half: str = ""
    problem: str = ""
    marked: bool = False


class Angles(NamedTuple):
    """A column of cells as angles: one array for each field of :class:`Angle`."""

    value: NDArray[np.float64]
    half: NDArray[np.object_]
    problem: NDArray[np.object_]


def parse_angles(cells: list[Any]) -> Angles:
    """
    Read a column of cells; numbers all at once, each distinct text once.

    Examples
    --------
    >>> read = parse_angles([120.5, "31°30′", None])
    >>> read.value, read.problem
    (array([120.5, 31.5, nan]), array(['', '', 'missing'], dtype=object))
    """
    plain = [type(cell) is float for cell in cells]
    number = np.array(plain, dtype=bool)
    value = np.full(len(cells), np.nan)
    half = np.full(len(cells), "", dtype=object)
    problem = np.full(len(cells), "", dtype=object)
    value[number] = np.array([*compress(cells, plain)], dtype=float)
    problem[np.isnan(value)] = "missing"
    problem[np.isinf(value)] = "unreadable"
    value[np.isinf(value)] = np.nan
    others = np.flatnonzero(~number)
    texts = cells if len(others) == len(cells) else [cells[i] for i in others.tolist()]
    left, value[others], problem[others] = _usual_angles(texts)
    at, words = distinct([texts[place] for place in left])
    if words:
        places = others[left]
        values, halves, problems, _ = zip(*map(parse_angle, words), strict=True)
        value[places] = np.array(values, dtype=float)[at]
        half[places] = np.array(halves, dtype=object)[at]
        problem[places] = np.array(problems, dtype=object)[at]
    return Angles(value, half, problem)


def _usual_angles(
    texts: list[Any],
) -> tuple[list[int], NDArray[np.float64], NDArray[np.object_]]:
    """
    Read what is written as usual in all texts at once.

    Returns
    -------
    left : list of int
        Places of the texts that are written otherwise.
    value, problem : array
    """
    value = np.full(len(texts), np.nan)
    problem = np.full(len(texts), "", dtype=object)
    joined = "\n".join([text if type(text) is str else "" for text in texts])
    found = _USUAL.findall(joined)
    if len(found) != len(texts):  # a text of several lines
        return [*range(len(texts))], value, problem
    plain, *parts = zip(*found, strict=True)
    decimal = np.array([*map(bool, plain)], dtype=bool)
    apart = np.array([*map(bool, parts[0])], dtype=bool)
    value[decimal] = [*map(float, filter(None, plain))]
    d, m, s = (
        np.array([*map(float, compress(part, parts[0]))], dtype=float) for part in parts
    )
    impossible = (m >= 60) | (s >= 60) | (d > 180)
    value[apart] = np.where(impossible, np.nan, d + m / 60 + s / 3600)
    problem[np.flatnonzero(apart)[impossible]] = "minutes"
    return np.flatnonzero(~(decimal | apart)).tolist(), value, problem


def parse_angle(cell: Any) -> Angle:
    """
    Read one cell as an angle or a plain number.

    Parameters
    ----------
    cell : object
        A number, or text in any of the usual spellings.

    Returns
    -------
    Angle

    Notes
    -----
    ``113.18.30`` is read only when minutes and seconds have two digits each:
    ``113.18.3`` may be 3 or 30 seconds, ``113.18.305`` is anybody's guess.
    ``1131830`` is never read as degrees: it may be metres as well.

    Examples
    --------
    >>> parse_angle("东经113度18分30秒")
    Angle(value=113.30833, half='E', problem='', marked=True)
    >>> parse_angle("１１３°１８′３０″").value, parse_angle("113-18-30").value
    (113.30833, 113.30833)
    >>> parse_angle("113.18.3").problem, parse_angle("113°61′").problem
    ('unsure', 'minutes')
    """
    if type(cell) is not str:
        if is_missing(cell):
            return Angle(math.nan, problem="missing")
        if isinstance(cell, (bool, np.bool_)):
            return Angle(math.nan, problem="unreadable")
        if isinstance(cell, (int, float, np.number)):
            good = math.isfinite(float(cell))
            return Angle(float(cell)) if good else Angle(math.nan, "", "unreadable")
        cell = str(cell)
    # most cells: no need to look for spellings
    if _DECIMAL.fullmatch(cell):
        return Angle(float(cell))
    simple = _SIMPLE.fullmatch(cell)
    if simple:
        value, problem, marked = _joined(*simple.groups())
        return Angle(value, "", problem, marked)
    text, half = _plain(cell)
    if re.fullmatch(r"[-/\\.]*|无|不详|none|null|nan|na|n/a|#n/a", text):
        return Angle(math.nan, half, "missing")
    sign = -1.0 if half in ("W", "S") else 1.0
    if text.startswith("-"):
        sign, text = -1.0, text[1:].strip()
    value, problem, marked = _magnitude(text)
    return Angle(sign * value, half, problem, marked)


def _plain(text: str) -> tuple[str, str]:
    """Make one spelling of many, and take the half of the globe out of it."""
    # before NFKC, which turns some of the signs into letters and spaces
    text = text.translate(_SIGNS)
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS).casefold().strip()
    text = text.removeprefix("'") if text.startswith("'") else text
    half = ""
    for name, words in _HALVES:
        found = re.match(rf"(?:{_LABEL})?(?:{words})\s*[:]?\s*(?=[\d.])", text)
        if found:
            text, half = text[found.end() :], name
            break
        found = re.search(rf"(?<=[\d°'\" .])\s*(?:{words})$", text)
        if found:
            text, half = text[: found.start()], name
            break
    text = re.sub(rf"^{_LABEL}", "", text)
    return text.strip(), half


def _magnitude(text: str) -> tuple[float, str, bool]:
    if re.fullmatch(rf"{_NUMBER}|\.\d+", text):
        return float(text), "", False
    found = _MARKED.fullmatch(text)
    if found:
        return _joined(found[1], found[2], found[3])
    found = _SPACED.fullmatch(text)
    if found:
        return _joined(found[1], found[3], found[4])
    found = _TWO.fullmatch(text)
    if found:
        return _joined(found[1], found[2], None)
    found = _DOTTED.fullmatch(text)
    if found:
        if len(found[2]) != 2 or len(found[3]) != 2 or text.count(".") != 2:
            return math.nan, "unsure", True
        return _joined(*found.groups())
    return math.nan, "unreadable", False


def _joined(
    degrees: str, minutes: str | None, seconds: str | None
) -> tuple[float, str, bool]:
    """Add degrees, minutes and seconds up, if they can be that."""
    d, m, s = float(degrees), float(minutes or 0), float(seconds or 0)
    if m >= 60 or s >= 60 or d > 180:
        return math.nan, "minutes", True
    if (minutes and not d.is_integer()) or (seconds and not m.is_integer()):
        return math.nan, "unreadable", True  # 113.5°18′: which of the two is meant?
    return d + m / 60 + s / 3600, "", True


def is_packed(value: float) -> bool:
    """
    Whether a number may be degrees, minutes and seconds without any sign between.

    Examples
    --------
    >>> is_packed(1131830), is_packed(231560), is_packed(487152.8)
    (True, False, False)
    """
    return bool(_PACKED.fullmatch(f"{value:.10g}"))


def parse_pair(cell: Any) -> tuple[Angle, Angle]:
    """
    Read a cell that holds both coordinates, in the order they stand in.

    Examples
    --------
    >>> [part.value for part in parse_pair("120.9, 31.95")]
    [120.9, 31.95]
    >>> [part.half for part in parse_pair("Latitude: 51.8Longitude: -176.6")]
    ['N', 'E']
    >>> [part.half for part in parse_pair("120.91 E，31.95 N")]
    ['E', 'N']
    """
    missing = Angle(math.nan, problem="missing")
    if is_missing(cell) or not str(cell).strip():
        return missing, missing
    text = unicodedata.normalize("NFKC", str(cell).translate(_SIGNS)).strip("()[] ")
    named = re.split(
        r"(?i)(?=latitude|longitude|纬°|经°|北纬|东经|[NE]\s*\d)", text.strip()
    )
    parts = [part.strip(" ,;:、/") for part in named if part.strip(" ,;:、/")]
    for between in (r"[,;、/]", r"[,;、/]\s*|\s+"):
        if len(parts) != 2:
            parts = [part for part in re.split(between, text) if part.strip()]
    if len(parts) != 2:
        bad = Angle(math.nan, problem="unreadable")
        return bad, bad
    return _named_half(parts[0]), _named_half(parts[1])


def _named_half(part: str) -> Angle:
    angle = parse_angle(part)
    if not angle.half and re.match(r"(?i)lat|纬", part):
        return angle._replace(half="N")
    if not angle.half and re.match(r"(?i)lon|lng|经", part):
        return angle._replace(half="E")
    return angle


def format_angle(degrees: float, *, decimals: int = 4) -> str:
    """
    Write degrees with minutes and seconds.

    Examples
    --------
    >>> format_angle(113.30833333), format_angle(-0.5)
    ('113°18′30.0000″', '-0°30′00.0000″')
    """
    total = round(abs(degrees) * 3600, decimals)
    minutes, seconds = divmod(total, 60)
    whole, minutes = divmod(int(minutes), 60)
    width = 3 + decimals if decimals else 2
    sign = "-" if degrees < 0 and total else ""
    return f"{sign}{whole}°{minutes:02d}′{seconds:0{width}.{decimals}f}″"
