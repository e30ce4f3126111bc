"""Headers of a sheet with the sections across: which columns are said to be sections."""

import re
from collections.abc import Sequence
from functools import lru_cache

from geotool._register import section_headers
from geotool.schema import column_headers, fold_name, known_headers


def below_sections(names: Sequence[str]) -> dict[str, str]:
    """
    Find the names below a header of sections, where a column names the items.

    Examples
    --------
    >>> below_sections(["项目", "断面 / 东桥", "断面 / 西桥"])
    {'断面 / 东桥': '东桥', '断面 / 西桥': '西桥'}
    >>> below_sections(["项目", "断面 / 编号", "断面 / 名称"])
    {}
    """
    items = column_headers("readings", "item") | _corners()
    if not any(fold_name(name) in items for name in names):
        return {}
    places = section_headers()
    found = {
        name: lower
        for name in names
        for upper, _, lower in [name.partition(" / ")]
        if lower and fold_name(upper) in places
    }
    parts = {fold_name(lower) for lower in found.values()} & known_headers()
    return {} if parts else found


def is_corner(name: str) -> bool:
    r"""
    Whether a header names both what is down and what is across: 项目\断面.

    Examples
    --------
    >>> is_corner("项目\\断面"), is_corner("监测断面/监测项目"), is_corner("断面")
    (True, True, False)
    """
    return fold_name(re.sub(r"[\\＼|｜、]", "", name)) in _corners()


@lru_cache(maxsize=1)
def _corners() -> frozenset[str]:
    items, places = column_headers("readings", "item"), section_headers()
    both = {(item, place) for item in items for place in places}
    return frozenset(text for a, b in both for text in (a + b, b + a))
