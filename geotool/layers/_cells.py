"""Cells of one column: text, numbers, dates, allowed values; what cannot be read is told."""

import math
import re

import numpy as np
import pandas as pd

from geotool._texts import distinct
from geotool.layers._dates import read_day
from geotool.layers._ledger import Ledger, Words
from geotool.layers._values import (
    LONGEST,
    clean_id,
    clean_texts,
    each_once,
    is_missing_word,
    objects,
    parse_numbers,
)
from geotool.schema import Column, LayerKind, canonical_value

NOT_A_NUMBER = Words(
    "不是数字",
    "Not a number",
    "改为数字；不知道就留空",
    "Write a number, or leave it empty",
)
A_RANGE = Words(
    "是一个范围，不是一个数",
    "A range, not a number",
    "写一个数（取平均或上限由填表人定），范围写到备注；不知道就留空",
    "Write one number (mean or upper end is yours to choose), the range as a remark",
)
TWICE_LARGE = Words(
    "列名的单位已有“万”或“亿”，数字后又写了一次，不猜",
    "The unit in the header is in ten thousands, and so is the number: not guessed",
    "数字后不写“万”“亿”，按列名的单位填",
    "Write the number in the unit of the header",
)
NOT_A_DATE = Words(
    "日期无法识别",
    "The date cannot be read",
    "写成 2026-05-03；不知道就留空",
    "Write it as 2026-05-03, or leave it empty",
)
_BAD_NUMBERS = {"unreadable": NOT_A_NUMBER, "range": A_RANGE, "twice": TWICE_LARGE}
_CUT_SHORT = re.compile(r"\d{16,}|\d(?:\.\d+)?e\+?\d{2}", re.IGNORECASE)
"""A whole number of more than 15 digits, or one that Excel shows as 3.20612E+17."""

_ROUGH = {
    "first": ("只写到月，按当月 1 日", "Only a month: its first day is taken"),
    "last": (
        "没有写到日，按所写时段的最后一天",
        "No day: the last of the period is taken",
    ),
}
MISSING_VALUE = Words("缺必填的值", "A required value is missing", "补上", "Fill it in")


class CellReader:
    """Reads the columns of one source by the rules of one kind of layer."""

    def __init__(
        self, kind: LayerKind, ledger: Ledger, *, plain: frozenset[str] = frozenset()
    ) -> None:
        self.kind = kind
        self.ledger = ledger
        self.plain = plain
        """Headers of columns that are known to be clean texts."""
        self.kept: dict[str, pd.Series] = {}
        """Originals of cells that were emptied, by new header."""

    def read(
        self, cells: pd.Series, key: str, header: str, factor: float = 1.0
    ) -> pd.Series:
        """
        Read one column.

        Parameters
        ----------
        cells : Series
            Indexed by row number.
        key : str
        header : str
            Its name in the source.
        factor : float
            From the unit in the header to the unit of the column.
        """
        column = self.kind.columns[key]
        if key == self.kind.id_column:
            made = self._ids(cells, header)
        elif column.type in ("number", "integer"):
            made = self._numbers(cells, column, header, factor)
        elif column.type in ("date", "datetime"):
            made = self._dates(cells, column, header)
        elif column.allowed:
            made = self._allowed(cells, key, header)
        else:
            made = self._texts(cells, header)
        if column.need == "required":
            self._require(made, cells, header)
        return made

    def _require(self, made: pd.Series, cells: pd.Series, header: str) -> None:
        lost = made.isna() & ~made.index.isin(self.ledger.refused)
        self.ledger.refuse(
            made.index[lost], header, cells[lost].tolist(), MISSING_VALUE
        )

    def _texts(self, cells: pd.Series, header: str) -> pd.Series:
        return cells.astype(object) if header in self.plain else clean_texts(cells)

    def _ids(self, cells: pd.Series, header: str) -> pd.Series:
        plain = self._texts(cells, header)
        # a long plain text is no sign for "nothing" and has no full-width letters
        texts = [text for text in plain.tolist() if text is not None]
        if "".join(texts).isascii() and min(map(len, texts), default=0) > LONGEST:
            return plain
        self._cut_short(cells, plain, header)
        ids = [clean_id(text) for text in plain.tolist()]
        made = objects(ids, cells)
        folded = made.notna() & (made != plain)
        self.ledger.tell_each(
            made.index[folded],
            header,
            cells[folded].tolist(),
            made[folded].tolist(),
            "编号里的全角字符已改为半角",
            "Full-width characters of the id made plain",
        )
        return made

    def _cut_short(self, cells: pd.Series, texts: pd.Series, header: str) -> None:
        """Note numbers of more than 15 digits: Excel has made the last ones zeros."""
        cut = each_once(texts, lambda text: bool(text and _CUT_SHORT.fullmatch(text)))
        number = [type(cell) is not str for cell in cells.tolist()]
        scientific = texts.str.contains("e", case=False, na=False).to_numpy(bool)
        bad = cut.to_numpy(bool) & (np.array(number, dtype=bool) | scientific)
        self.ledger.tell_each(
            cells.index[bad],
            header,
            cells[bad].tolist(),
            texts[bad].tolist(),
            "编号在 Excel 里存成了数字，超过 15 位的末几位已丢失；请核对原编号",
            "The id is kept as a number: Excel has lost the digits after the 15th",
        )

    def _numbers(
        self, cells: pd.Series, column: Column, header: str, factor: float
    ) -> pd.Series:
        values, state = parse_numbers(cells.tolist(), column.unit)
        if factor != 1:
            # a unit beside the number is nearer to it than the one in the header
            values = np.where(state == "unit", values, values * factor)
        if column.type == "integer":
            state[~np.isnan(values) & (values != np.round(values))] = "unreadable"
        if "万" in header or "亿" in header:
            state[state == "large"] = "twice"
        said = set(state.tolist())
        for bad, words in _BAD_NUMBERS.items():
            if bad in said:
                self._unreadable(cells, header, state == bad, words)
                values[state == bad] = np.nan
        made = pd.Series(values, index=cells.index)
        if said & {"large", "unit"}:
            self._tell_units(cells, made, state, column, header)
        self._doubtful(cells, made, column, header)
        return made

    def _tell_units(
        self,
        cells: pd.Series,
        made: pd.Series,
        state: np.ndarray,
        column: Column,
        header: str,
    ) -> None:
        """Say of numbers with 万, 亿 or a unit behind them what was made of them."""
        large = state == "large"
        self.ledger.tell_each(
            cells.index[large],
            header,
            cells[large].tolist(),
            made[large].tolist(),
            "“万”“亿”已写成数字",
            "万 is ten thousand, 亿 a hundred million",
        )
        changed = state == "unit"
        self.ledger.tell_each(
            cells.index[changed],
            header,
            cells[changed].tolist(),
            made[changed].tolist(),
            f"数字后带单位，已换算为 {column.unit}",
            f"A unit behind the number: converted to {column.unit}",
        )

    def _doubtful(
        self, cells: pd.Series, made: pd.Series, column: Column, header: str
    ) -> None:
        low = -math.inf if column.low is None else column.low
        high = math.inf if column.high is None else column.high
        odd = made.notna() & ~made.between(low, high)
        self.ledger.tell_each(
            made.index[odd],
            header,
            cells[odd].tolist(),
            made[odd].tolist(),
            f"数值可疑：一般在 {low:g} 到 {high:g} {column.unit}之间；已保留",
            f"Doubtful: usually between {low:g} and {high:g} {column.unit}; kept",
        )

    def _dates(self, cells: pd.Series, column: Column, header: str) -> pd.Series:
        at, words = distinct(cells.tolist())
        days = [read_day(word, column.key) for word in words]
        times = pd.Series([day.time for day in days], dtype="datetime64[ms]")
        made = times.iloc[at].set_axis(cells.index)
        bad = np.array([day.problem == "unreadable" for day in days], dtype=bool)[at]
        for rough, (zh, en) in _ROUGH.items():
            some = np.array([day.rough == rough for day in days], dtype=bool)[at]
            after = made[some].dt.strftime("%Y-%m-%d").tolist()
            self.ledger.tell_each(
                cells.index[some], header, cells[some].tolist(), after, zh, en
            )
        self._unreadable(cells, header, bad, NOT_A_DATE)
        self._undated(cells, header, [day.problem == "undated" for day in days], at)
        return made

    def _undated(
        self, cells: pd.Series, header: str, words: list[bool], at: np.ndarray
    ) -> None:
        """Keep beside what was said instead of a day."""
        if not any(words):
            return
        some = np.array(words, dtype=bool)[at]
        self._keep(cells, header, some)
        self.ledger.tell_each(
            cells.index[some],
            header,
            cells[some].tolist(),
            [None] * int(some.sum()),
            f"写的不是日期，这一格留空（期限不计逾期）；原文留在“{header}_原值”",
            "No day: left empty (a deadline is never overdue); the words are kept beside",
        )

    def _unreadable(
        self,
        cells: pd.Series,
        header: str,
        bad: np.ndarray,
        words: Words,
    ) -> None:
        """Refuse the row; a line or an area is kept, without the cell.

        A register row with a faulty cell goes back to whoever filled it in. A river
        that vanishes for a text in its width would break the network.
        """
        if not bad.any():
            return
        rows, values = cells.index[bad], cells[bad].tolist()
        if set(self.kind.geometry) & {"Point", "None"}:
            self.ledger.refuse(rows, header, values, words)
        else:
            self._keep(cells, header, bad)
            self.ledger.tell_each(
                rows,
                header,
                values,
                [None] * len(values),
                f"{words.zh}，未采用；原值留在“{header}_原值”",
                f"{words.en}: not used, kept in another column",
            )

    def _keep(self, cells: pd.Series, header: str, bad: np.ndarray) -> None:
        name, kept = f"{header}_原值", clean_texts(cells.where(bad, None))
        before = self.kept.get(name, kept)  # kept already for another reason
        self.kept[name] = kept.where(kept.notna(), before)

    def _allowed(self, cells: pd.Series, key: str, header: str) -> pd.Series:
        texts = self._texts(cells, header)
        made = each_once(
            texts, lambda text: text and _canonical(text, self.kind.kind, key)
        )
        blank = each_once(cells, is_missing_word).astype(bool)
        bad = (made.isna() & ~blank).to_numpy(bool)
        remark = each_once(texts, _has_remark).astype(bool).to_numpy() & ~bad
        if (bad | remark).any():
            self._keep(cells, header, bad | remark)
        if remark.any():
            self.ledger.tell_each(
                cells.index[remark],
                header,
                cells[remark].tolist(),
                made[remark].tolist(),
                f"取其中的值，附注留在“{header}_原值”",
                "The value is taken, the remark kept in another column",
            )
        if bad.any():
            choices = "、".join(self.kind.columns[key].allowed)
            self.ledger.tell_each(
                cells.index[bad],
                header,
                cells[bad].tolist(),
                [None] * int(bad.sum()),
                f"不认识的值，未采用；原值留在“{header}_原值”；可用：{choices}",
                f"Unknown value, not used, kept in another column; known: {choices}",
            )
        return made


def _has_remark(text: str | None) -> bool:
    """Whether more stands in a cell than one value."""
    return bool(text) and bool(re.search(r"[(（,，;；].*\w", str(text)))


def _canonical(text: str, kind: str, key: str) -> str | None:
    """Find the allowed value, also with a remark in brackets behind it."""
    found = canonical_value(text, kind, key)
    if found is None:
        bare = re.split(r"[(（,，;；]", text, maxsplit=1)[0]
        found = canonical_value(bare, kind, key) if bare.strip() else None
    return found
