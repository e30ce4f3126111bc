"""Units as headers and cells write them, from ``tables/layers.toml``."""

import re
import unicodedata
from functools import cache

from geotool.tables import load_table

_NAMED = re.compile(r"\s*[\u4e00-\u9fff]{2,}\s*[(（\[【]")
"""A name with something in brackets behind it, such as its unit."""


def _fold_unit(text: object) -> str:
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    return re.sub(r"[\s·•⋅^_()\[\]【】]", "", plain).replace("µ", "μ")


@cache
def _unit_factors(unit: str) -> dict[str, float]:
    rows = load_table("layers")["units"].get(unit, {})
    found = {_fold_unit(unit): 1.0} if unit else {}
    for factor, spellings in rows.items():
        found.update({_fold_unit(text): _factor(factor) for text in spellings})
    return found


def _factor(text: str) -> float:
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


def unit_factor(text: object, unit: str) -> float | None:
    """
    Give the factor from a written unit to the unit of a column.

    Returns
    -------
    float or None
        None when the text is no unit that fits.

    Examples
    --------
    >>> unit_factor("m³/h", "m3/d"), unit_factor("万吨/年", "m3/d")
    (24.0, 27.397)
    >>> unit_factor("mg/L", "m3/d") is None
    True
    """
    return _unit_factors(unit).get(_fold_unit(text))


def looks_like_unit(text: object) -> bool:
    """
    Whether a text is a unit of some column, or has the shape of one.

    Examples
    --------
    >>> looks_like_unit("(mg/L)"), looks_like_unit("斤/亩"), looks_like_unit("估算")
    (True, True, False)
    >>> looks_like_unit("浓度(mg/L)")
    False
    """
    if _NAMED.match(str(text)):
        return False
    plain = _fold_unit(text)
    if any(plain in _unit_factors(unit) for unit in load_table("layers")["units"]):
        return True
    return bool(re.fullmatch(r"[^\W\d]{0,4}\d?/[^\W\d]{1,2}\d?", plain))
