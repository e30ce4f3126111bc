"""Classes of outfalls (HJ 1312) and words of remediation, from any older spelling."""

from collections import Counter
from dataclasses import dataclass
from functools import cache

import pandas as pd

from geotool.layers._cells import clean_text, is_missing_word
from geotool.layers._columns import Matched
from geotool.layers._ledger import Ledger
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
    empty = pd.Series(None, index=cells.index, dtype=object)
    first, second = made.get("category_1", empty), made.get("category", empty)
    known = {text: outfall_class(text) for text in {*first, *second}}
    stated = [known[text] for text in first]
    found = [
        known[text] if not is_missing_word(text) else one
        for text, one in zip(second, stated, strict=True)
    ]
    pairs = list(zip(found, stated, strict=True))
    level_1 = [one.level_1 or other.level_1 or None for one, other in pairs]
    new = {
        "category_1": pd.Series(level_1, index=cells.index, dtype=object),
        "category": _level_2(second, found),
        "category_3": made.get("category_3", empty).where(
            made.get("category_3", empty).notna(),
            pd.Series([one.level_3 or None for one in found], index=cells.index),
        ),
    }
    for key, old in (("category_1", first), ("category", second)):
        new[key] = new[key].where(new[key].notna(), old)
        header = matched.header(key)
        if header is not None:
            kept.update(_changed(old, new[key], header, ledger))
    reviews = [_review(one, other) for one, other in pairs]
    old_review = made.get("review", empty)
    new["review"] = old_review.where(
        old_review.notna(), pd.Series(reviews, index=cells.index, dtype=object)
    )
    _tell_reviews(new["review"], ledger)
    made.update(new)
    if made["category_3"].isna().all():
        del made["category_3"]
    return kept


def _level_2(old: pd.Series, found: list[OutfallClass]) -> pd.Series:
    names = [one.level_2 or None for one in found]
    return pd.Series(names, index=old.index, dtype=object)


def _review(one: OutfallClass, stated: OutfallClass) -> str | None:
    if one.level_1 and stated.level_1 and one.level_1 != stated.level_1:
        return str(load_table("outfall_classes")["conflict"])
    return one.review or None


def _changed(
    old: pd.Series, new: pd.Series, header: str, ledger: Ledger
) -> dict[str, pd.Series]:
    """Tell once of every spelling that became another, and keep what was written."""
    other = old.notna() & (old != new)
    if not other.any():
        return {}
    pairs = Counter(zip(old[other].tolist(), new[other].tolist(), strict=True))
    for (before, after), count in pairs.items():
        ledger.tell(
            f"{count} 行改用规范名称；原文留在“{header}_原值”",
            f"{count} rows: the name of today is used, the old one kept",
            column=header,
            before=before,
            after=after,
        )
    return {f"{header}_原值": old.where(other, None).map(clean_text).astype(object)}


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
    new = old.map(lambda text: None if text is None else remedy_word(text) or text)
    made["remedy"] = new.astype(object)
    del cells
    return _changed(old, made["remedy"], header, ledger)
