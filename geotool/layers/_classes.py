"""Classes of outfalls (HJ 1312) and words of remediation, from any older spelling."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.layers._columns import Matched
from geotool.layers._ledger import Ledger
from geotool.layers._values import clean_texts, each_once, is_missing_word
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
    kept = _remedies(made, matched, cells, ledger)
    if "category" not in made and "category_1" not in made:
        return kept
    index = cells.index
    empty = pd.Series(None, index=index, dtype=object)
    first, second = made.get("category_1", empty), made.get("category", empty)
    at, pairs = _distinct(first, second)
    read = [_both(*pair) for pair in pairs]

    def column(values: list[str | None]) -> pd.Series:
        """Give every row what stands for its pair of words."""
        cells = np.array([*values, None], dtype=object)[at]
        return pd.Series(cells, index=index, dtype=object)

    new = {
        "category_1": column([name for _, name, _ in read]),
        "category": column([one.level_2 or None for one, _, _ in read]),
        "category_3": made.get("category_3", empty).where(
            made.get("category_3", empty).notna(),
            column([one.level_3 or None for one, _, _ in read]),
        ),
    }
    for key, old in (("category_1", first), ("category", second)):
        new[key] = new[key].where(new[key].notna(), old)
        header = matched.header(key)
        if header is not None:
            kept.update(_changed(old, new[key], header, ledger))
    old_review = made.get("review", empty)
    new["review"] = old_review.where(
        old_review.notna(), column([review for _, _, review in read])
    )
    _tell_reviews(new["review"], ledger)
    made.update(new)
    if made["category_3"].isna().all():
        del made["category_3"]
    return kept


def _distinct(
    one: pd.Series, other: pd.Series
) -> tuple[NDArray[np.intp], list[tuple[object, object]]]:
    """Give the pairs of words that occur, and which of them each row has."""
    order: dict[tuple[object, object], int] = {}
    words = zip(one.tolist(), other.tolist(), strict=True)
    at = [order.setdefault(pair, len(order)) for pair in words]
    return np.array(at, dtype=np.intp), [*order]


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
    old: pd.Series, new: pd.Series, header: str, ledger: Ledger
) -> dict[str, pd.Series]:
    """Tell once of every spelling that became another, and keep what was written."""
    at, distinct = _distinct(old, new)
    counts = np.bincount(at, minlength=len(distinct))
    changed = [before is not None and before != after for before, after in distinct]
    if not any(changed):
        return {}
    for (before, after), count, is_other in zip(
        distinct, counts.tolist(), changed, strict=True
    ):
        if is_other:
            ledger.tell(
                f"{count} 行改用规范名称；原文留在“{header}_原值”",
                f"{count} rows: the name of today is used, the old one kept",
                column=header,
                before=before,
                after=after,
            )
    other = np.array(changed, dtype=bool)[at]
    return {f"{header}_原值": clean_texts(old.where(other, None))}


def _tell_reviews(reviews: pd.Series, ledger: Ledger) -> None:
    for text, count in reviews.value_counts().items():
        ledger.tell(
            f"{count} 行：{text}", f"{count} rows to be checked", column="review"
        )


def _remedies(
    made: dict[str, pd.Series], matched: Matched, cells: pd.DataFrame, ledger: Ledger
) -> dict[str, pd.Series]:
    header = matched.header("remedy")
    if "remedy" not in made or header is None:
        return {}
    old = made["remedy"]
    made["remedy"] = each_once(
        old, lambda text: None if text is None else remedy_word(text) or text
    )
    del cells
    return _changed(old, made["remedy"], header, ledger)
