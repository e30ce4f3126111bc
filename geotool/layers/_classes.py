"""Classes of outfalls (HJ 1312) and words of remediation, from any older spelling."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._texts import distinct
from geotool.layers._columns import Matched
from geotool.layers._ledger import Ledger
from geotool.layers._values import clean_text, is_missing_word
from geotool.schema import fold_name
from geotool.tables import load_table


@dataclass(frozen=True)
class OutfallClass:
    """What a spelling of a class stands for; empty where it does not say."""

    level_1: str = ""
    level_2: str = ""
    level_3: str = ""
    review: str = ""


@cache
def _spellings() -> dict[str, OutfallClass]:
    found: dict[str, OutfallClass] = {}
    for row in load_table("outfall_classes")["classes"]:
        one = OutfallClass(
            row.get("level_1", ""), row.get("level_2", ""), "", row.get("review", "")
        )
        names = [one.level_2 or one.level_1, *row.get("alias", ())]
        found.update({fold_name(name): one for name in names if name})
        for third in row.get("level_3", ()):
            detail = OutfallClass(one.level_1, one.level_2, third)
            found.setdefault(fold_name(third), detail)
    return found


def outfall_class(text: object) -> OutfallClass:
    """
    Find the class of HJ 1312-2023 that a spelling stands for.

    Parameters
    ----------
    text : object
        A name of any level, of the older scheme of seven, or an English word.

    Returns
    -------
    OutfallClass
        ``level_1`` is empty where the spelling may be two classes or none;
        ``review`` then says what to look at.

    Examples
    --------
    >>> outfall_class("城镇雨洪").level_1, outfall_class("尾矿库").level_2
    ('其他排口', '工矿企业排污口')
    >>> outfall_class("沟渠").review
    '沟渠、河港、排干多为支流而非排污口，请溯源核实'
    >>> outfall_class("蓝色").level_1, outfall_class("蓝色").review
    ('', '类型不能对应到 HJ 1312 的分类，请核对')
    """
    if is_missing_word(text):
        return OutfallClass()
    unknown = OutfallClass(review=load_table("outfall_classes")["unmapped"])
    return _spellings().get(fold_name(text), unknown)


@cache
def _words(table: str) -> dict[str, str]:
    rows = load_table("outfall_classes")[table]
    return {
        fold_name(text): name for name, texts in rows.items() for text in (name, *texts)
    }


def remedy_word(text: object) -> str | None:
    """
    Bring a word of remediation to one of the three (and 无需整治).

    Examples
    --------
    >>> remedy_word("整治一批"), remedy_word("合并"), remedy_word("看看")
    ('规范整治', '清理合并', None)
    """
    return _words("remedies").get(fold_name(text))


def stage_word(text: object) -> str | None:
    """
    Bring a stage of remediation to ``todo, doing, done, closed`` or ``exempt``.

    Examples
    --------
    >>> stage_word("已销号"), stage_word("进行中"), stage_word(None)
    ('closed', 'doing', None)
    """
    return None if is_missing_word(text) else _words("stages").get(fold_name(text))


def classify_outfalls(
    made: dict[str, pd.Series], matched: Matched, cells: pd.DataFrame, ledger: Ledger
) -> dict[str, pd.Series]:
    """
    Put outfalls into classes, and their remedies into today's words.

    Parameters
    ----------
    made : dict
        Columns read so far; ``category``, ``category_1``, ``category_3``, ``review``
        and ``remedy`` are changed.
    matched : Matched
    cells : DataFrame
        The source.
    ledger : Ledger
        Told of every spelling that became another, once for each spelling.

    Returns
    -------
    dict
        Columns to keep beside: what was written where it was changed.
    """
    kept = _remedies(made, matched, ledger)
    if "category" not in made and "category_1" not in made:
        return kept
    index = cells.index
    empty = pd.Series(None, index=index, dtype=object)
    at, pairs = _distinct(made.get("category_1"), made.get("category"), len(index))
    read = [_both(*pair) for pair in pairs]
    said = {
        "category_1": [one for one, _ in pairs],
        "category": [two for _, two in pairs],
    }
    named = {
        "category_1": [name for _, name, _ in read],
        "category": [one.level_2 or None for one, _, _ in read],
    }
    for key, before in said.items():
        names = zip(named[key], before, strict=True)
        after = [old if name is None else name for name, old in names]
        header = matched.header(key)
        if header is not None:
            kept.update(_changed(at, before, after, header, index, ledger))
        made[key] = _spread(after, at, index)
    for key, values in (
        ("category_3", [one.level_3 or None for one, _, _ in read]),
        ("review", [review for _, _, review in read]),
    ):
        old, new = made.get(key, empty), _spread(values, at, index)
        made[key] = old.where(old.notna(), new) if key in made else new
    _tell_reviews(made["review"], ledger)
    if made["category_3"].isna().all():
        del made["category_3"]
    return kept


def _spread(values: Sequence[Any], at: NDArray[np.intp], index: pd.Index) -> pd.Series:
    """Give every row the value of its word."""
    cells = np.array([*values, None], dtype=object)[at]
    return pd.Series(cells, index=index, dtype=object)


def _distinct(
    one: pd.Series | None, other: pd.Series | None, rows: int
) -> tuple[NDArray[np.intp], list[tuple[Any, Any]]]:
    """Give the pairs of words that occur, and which of them each row has."""
    nothing = np.zeros(rows, dtype=np.intp), [None]
    at_one, words = nothing if one is None else distinct(one.tolist())
    at_other, others = nothing if other is None else distinct(other.tolist())
    at, pairs = pd.factorize(at_one * len(others) + at_other)
    return at, [(words[p // len(others)], others[p % len(others)]) for p in pairs]


def _both(first: object, second: object) -> tuple[OutfallClass, str | None, str | None]:
    """Give what two levels say together: the class, its first level, what to look at."""
    stated = outfall_class(first)
    one = stated if is_missing_word(second) else outfall_class(second)
    return one, one.level_1 or stated.level_1 or None, _review(one, stated)


def _review(one: OutfallClass, stated: OutfallClass) -> str | None:
    if one.level_1 and stated.level_1 and one.level_1 != stated.level_1:
        return str(load_table("outfall_classes")["conflict"])
    return one.review or None


def _changed(
    at: NDArray[np.intp],
    before: list[Any],
    after: list[Any],
    header: str,
    index: pd.Index,
    ledger: Ledger,
) -> dict[str, pd.Series]:
    """Tell once of every spelling that became another, and keep what was written."""
    rows = np.bincount(at, minlength=len(before)).tolist()
    counts: dict[tuple[Any, Any], int] = {}
    for old, new, count in zip(before, after, rows, strict=True):
        if old is not None and old != new:
            counts[old, new] = counts.get((old, new), 0) + count
    if not counts:
        return {}
    for (old, new), count in counts.items():
        ledger.tell(
            f"{count} 行改用规范名称；原文留在“{header}_原值”",
            f"{count} rows: the name of today is used, the old one kept",
            column=header,
            before=old,
            after=new,
        )
    pairs = zip(before, after, strict=True)
    kept = [clean_text(old) if old != new else None for old, new in pairs]
    return {f"{header}_原值": _spread(kept, at, index)}


def _tell_reviews(reviews: pd.Series, ledger: Ledger) -> None:
    for text, count in reviews.value_counts().items():
        ledger.tell(
            f"{count} 行：{text}", f"{count} rows to be checked", column="review"
        )


def _remedies(
    made: dict[str, pd.Series], matched: Matched, ledger: Ledger
) -> dict[str, pd.Series]:
    header = matched.header("remedy")
    if "remedy" not in made or header is None:
        return {}
    index = made["remedy"].index
    at, before = distinct(made["remedy"].tolist())
    after = [None if text is None else remedy_word(text) or text for text in before]
    made["remedy"] = _spread(after, at, index)
    return _changed(at, before, after, header, index, ledger)
