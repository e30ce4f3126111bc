"""Names and units of what is measured, as ``tables/pollutants.toml`` gives them."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from geotool.tables import load_table

_BRACKETED = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]")


@dataclass(frozen=True)
class Item:
    """One thing that is measured.

    Attributes
    ----------
    key : str
        Such as ``NH3N``.
    zh, en : str
        What a person calls it.
    unit : str
        The unit all its values are brought to; empty for pH.
    kind : str
        Which units it may have.
    column : str
        Name of a column of its means, unit included.
    code : str
        Factor code, or empty.
    alias : tuple of str
        Other names.
    """

    key: str
    zh: str
    en: str
    unit: str
    kind: str
    column: str
    code: str = ""
    alias: tuple[str, ...] = ()


@cache
def item_table() -> dict[str, Item]:
    """
    List what geotool knows how to measure, by key.

    Examples
    --------
    >>> item_table()["NH3N"].zh, item_table()["NH3N"].column
    ('氨氮', 'nh3n_mg_l')
    """
    rows = load_table("pollutants")["items"]
    return {
        key: Item(key=key, **{**row, "alias": tuple(row.get("alias", ()))})
        for key, row in rows.items()
    }


def plain_text(text: object) -> str:
    """
    Make full-width and raised characters plain; drop case and spaces.

    Examples
    --------
    >>> plain_text(" ＮＨ₃－N ")
    'nh3-n'
    """
    folded = unicodedata.normalize("NFKC", str(text)).casefold()
    return re.sub(r"\s", "", folded).replace("\u2212", "-")


def _fold(text: object) -> str:
    return re.sub(r"[()\[\]【】\-_.·,，、:;+*/]", "", plain_text(text))


@cache
def _aliases() -> dict[str, str]:
    found: dict[str, str] = {}
    for item in item_table().values():
        for name in (item.key, item.zh, item.en, item.column, item.code, *item.alias):
            if _fold(name):
                found.setdefault(_fold(name), item.key)
    return found


def _fold_unit(text: object) -> str:
    return re.sub(r"[·•⋅^_]", "", plain_text(text))


@cache
def _units(kind: str) -> dict[str, tuple[str, float]]:
    """Folded spelling → (unit, factor) for one kind of item."""
    return {
        _fold_unit(name): (row["unit"], float(row["factor"]))
        for row in load_table("pollutants")["units"][kind]
        for name in (row["unit"], *row.get("alias", ()))
    }


def fold_unit(text: object, item: str) -> str | None:
    """
    Give the unit a spelling stands for, if it can be a unit of this item.

    Parameters
    ----------
    text : object
        Such as ``"ug/L"`` or ``"毫克/升"``.
    item : str
        Key.

    Returns
    -------
    str or None
        None when it is no unit of this item.

    Examples
    --------
    >>> fold_unit("ug/l", "HG"), fold_unit("mg·L⁻¹", "TP"), fold_unit("mg/L", "PH")
    ('μg/L', 'mg/L', None)
    """
    found = _units(item_table()[item].kind).get(_fold_unit(text))
    return found[0] if found else None


def is_unit(text: str) -> bool:
    """
    Whether a text is the unit of some item; a dash or a slash says that none is.

    Examples
    --------
    >>> is_unit("mg/l"), is_unit("℃"), is_unit("-"), is_unit("级")
    (True, True, False, False)
    """
    return _fold_unit(text) in _all_units() and any(map(str.isalpha, plain_text(text)))


def unit_factor(unit: str, item: str) -> float:
    """
    Give the factor from a unit to the unit of the item; NaN when it does not fit.

    Examples
    --------
    >>> unit_factor("ug/L", "HG"), unit_factor("个/100mL", "FC")
    (0.001, 10.0)
    """
    found = _units(item_table()[item].kind).get(_fold_unit(unit))
    return found[1] if found else float("nan")


def units_of(item: str) -> tuple[str, ...]:
    """
    List the units that values of an item may have; empty where it has none.

    Examples
    --------
    >>> units_of("NH3N"), units_of("PH")
    (('mg/L', 'μg/L', 'ng/L', 'g/L'), ())
    """
    rows = load_table("pollutants")["units"][item_table()[item].kind]
    return tuple(row["unit"] for row in rows if row["unit"] and "by_mass" not in row)


def taken_by_mass(unit: str, item: str) -> str:
    """
    Give the unit that one by mass (ppm) is taken for; empty for any other.

    Examples
    --------
    >>> taken_by_mass("PPM", "NH3N"), taken_by_mass("mg/L", "NH3N")
    ('mg/L', '')
    """
    rows = load_table("pollutants")["units"][item_table()[item].kind]
    name = fold_unit(unit, item) if unit else None
    return next((row.get("by_mass", "") for row in rows if row["unit"] == name), "")


@cache
def _written_units() -> tuple[str, ...]:
    """All spellings with a slash: only those are safe to see in a longer text."""
    return tuple(
        name
        for rows in load_table("pollutants")["units"].values()
        for row in rows
        for name in (row["unit"], *row.get("alias", ()))
        if "/" in name and len(name) > 2
    )


@cache
def _all_units() -> frozenset[str]:
    kinds = load_table("pollutants")["units"]
    return frozenset(name for kind in kinds for name in _units(kind))


@cache
def _endings() -> tuple[tuple[str, str], ...]:
    """(folded unit, unit as written), the longest first."""
    pairs = {_fold(name): name for name in _written_units()}
    return tuple(sorted(pairs.items(), key=lambda pair: -len(pair[0])))


def _stems(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the folded text, then the text with each possible unit cut off its end."""
    folded = _fold(text)
    yield folded, []
    for ending, unit in _endings():
        if folded.endswith(ending):
            yield folded.removesuffix(ending), [unit]


def split_header(name: object) -> tuple[str | None, str | None]:
    """
    Read a header as an item and the unit in it.

    A remark in brackets is accepted when it is a unit, another name of the same
    item or 以…计; any other remark may make it another item (非离子氨, 总铬), so
    such a header is not recognised.

    Returns
    -------
    tuple
        (item key, unit). None for either when it is not there.

    Examples
    --------
    >>> split_header("氨氮（NH₃-N，mg/L）"), split_header("汞(μg/L)")
    (('NH3N', 'mg/L'), ('HG', 'μg/L'))
    >>> split_header("铬(六价)(mg/L)"), split_header("铬(总)")
    (('CR6', 'mg/L'), (None, None))
    """
    plain = plain_text(name)
    remarks = _BRACKETED.findall(plain)
    units = [text for text in remarks if _fold_unit(text) in _all_units()]
    without_units = _BRACKETED.sub(
        lambda match: "" if match[1] in units else match[0], plain
    )
    for text, aside in (
        (without_units, units),
        (_BRACKETED.sub("", plain), remarks),
    ):
        for stem, ending in _stems(text):
            key = _aliases().get(stem)
            if key and all(_is_remark(part, key) for part in [*aside, *ending]):
                return key, _first_unit([*aside, *ending], key)
    return None, None


def _parts(remark: str) -> list[str]:
    return [part for part in re.split(r"[,，;；、]", remark) if part]


def _is_remark(remark: str, key: str) -> bool:
    return all(
        fold_unit(part, key) is not None
        or _aliases().get(_fold(part)) == key
        or (part.startswith("以") and part.endswith("计"))
        for part in _parts(remark)
    )


def _first_unit(remarks: list[str], key: str) -> str | None:
    units = (fold_unit(part, key) for text in remarks for part in _parts(text))
    return next((unit for unit in units if unit is not None), None)


def fold_item(name: object) -> str | None:
    """
    Give the key of an item by any of its names.

    Returns
    -------
    str or None
        None when the name is not known.

    Examples
    --------
    >>> [fold_item(name) for name in ("氨氮", "w21003", "ＣＯＤ Mn", "总磷(以P计)")]
    ['NH3N', 'NH3N', 'CODMN', 'TP']
    >>> fold_item("非离子氨") is None
    True
    """
    return split_header(name)[0]
