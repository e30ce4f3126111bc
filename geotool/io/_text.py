"""Text files: which encoding, which separator."""

import csv
from io import StringIO

from geotool.errors import SourceError

SEPARATORS = (",", "\t", ";", "|", "，")


def decode(data: bytes, *, name: str, encoding: str | None = None) -> tuple[str, str]:
    """
    Turn bytes into text: the stated encoding, else UTF-8, else GB 18030.

    No detector: on short Chinese texts they answer Korean or UTF-16.

    Returns
    -------
    text, encoding : str

    Raises
    ------
    SourceError
        If the bytes are not text in that encoding.

    Examples
    --------
    >>> decode("排口".encode("gbk"), name="a.csv")
    ('排口', 'gb18030')
    """
    if encoding is not None:
        return _strict(data, encoding, name), encoding
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _strict(data, "utf-16", name), "utf-16"
    if b"\0" in data[:4096]:
        raise SourceError(
            f"{name} 不是文本文件（含二进制内容）；请另存为 CSV UTF-8。",
            f"{name} is not text (it holds binary data); save it as CSV UTF-8.",
        )
    for guess in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(guess), guess
        except UnicodeDecodeError:
            continue
    raise SourceError(
        f"{name} 的文字编码既不是 UTF-8 也不是 GB18030；请用 encoding（--encoding）指明。",
        f"{name} is neither UTF-8 nor GB 18030; name its encoding with --encoding.",
    )


def _strict(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError:
        raise SourceError(
            f"没有编码 {encoding!r}；常用：utf-8、gb18030、big5。",
            f"No encoding {encoding!r}; usual ones: utf-8, gb18030, big5.",
        ) from None
    except UnicodeError:
        raise SourceError(
            f"{name} 不能按 {encoding} 读出；请换一个编码，或不写 encoding。",
            f"{name} is not {encoding}; name another encoding, or none.",
        ) from None


def split_rows(text: str, *, name: str, suffix: str = ".csv") -> list[list[str]]:
    r"""
    Split text into rows of cells.

    The separator is the one that makes the most equal and widest rows. A leading
    apostrophe that geotool wrote before a formula is taken away again.

    Examples
    --------
    >>> split_rows("编号;名称\n1;甲", name="a.csv")
    [['编号', '名称'], ['1', '甲']]
    """
    separator = "\t" if suffix == ".tsv" else _separator(text)
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise SourceError(
            f"{name} 不能按表格拆开（{error}）；请用 Excel 另存为 CSV UTF-8。",
            f"{name} cannot be split into cells ({error}); save it as CSV again.",
        ) from None
    return [[_unguarded(cell) for cell in row] for row in rows]


def _separator(text: str) -> str:
    lines = [line for line in text[:200_000].splitlines()[:60] if line.strip()]

    def quality(separator: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        except csv.Error:
            return 0, 0
        common = max(set(widths), key=lambda width: (widths.count(width), width))
        return (common > 1) * widths.count(common), common

    return max(SEPARATORS, key=quality) if lines else ","


def _unguarded(cell: str) -> str:
    guarded = len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@\t\r"
    return cell[1:] if guarded else cell
