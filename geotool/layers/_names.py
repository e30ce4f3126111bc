"""Names of districts, rivers and sections as registers write them: which one is meant."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import pandas as pd

from geotool.schema import fold_name

_SUFFIX = re.compile(r"(?:自治县|自治旗|特别行政区|新区|地区|林区|[省市县区旗州盟])$")
_SEVERAL = re.compile(r"[、,，;；/]+")


def bare_district(name: object) -> str:
    """
    Reduce the name of a district to what two spellings share.

    Examples
    --------
    >>> bare_district("扬中市"), bare_district("扬中")
    ('扬中', '扬中')
    """
    text = fold_name(name)
    bare = _SUFFIX.sub("", text)
    return bare if len(bare) >= 2 else text


class NameBook:
    """Finds entries of a layer by id or by name."""

    def __init__(self, ids: Iterable[Any], names: Iterable[Any]) -> None:
        self.places: dict[str, list[int]] = {}
        self.written: dict[str, str] = {}
        for cells in (ids, names):
            for place, cell in enumerate(cells):
                if cell is None or pd.isna(cell) or not str(cell).strip():
                    continue
                for key in {fold_name(cell), bare_district(cell)}:
                    found = self.places.setdefault(key, [])
                    if place not in found:
                        found.append(place)
                    self.written.setdefault(key, str(cell))

    def find(self, text: object) -> list[int]:
        """
        Give the places of the entries that a text names; empty when there is none.

        A longer text counts when it ends with a name (镇江市扬中市 is 扬中市), a shorter
        one when it stands in one name only (团结闸 is 长江团结闸).

        Examples
        --------
        >>> book = NameBook(["321182"], ["扬中市"])
        >>> book.find("扬中"), book.find("江苏省镇江市扬中市"), book.find("丹阳市")
        ([0], [0], [])
        """
        folded = fold_name(text)
        for key in (folded, bare_district(text)):
            if key in self.places:
                return self.places[key]
        for start in range(1, len(folded) - 1):
            # two letters that are no whole name would fit too many texts
            tail = folded[start:]
            if tail in self.places and (len(tail) > 2 or _SUFFIX.search(tail)):
                return self.places[tail]
        return self._only_one_with(folded)

    def _only_one_with(self, folded: str) -> list[int]:
        """Take a short name for the one long name it stands in: 团结闸, 长江团结闸."""
        if len(folded) < 3:
            return []
        found = {tuple(places) for key, places in self.places.items() if folded in key}
        return list(found.pop()) if len(found) == 1 else []

    def like(self, text: object) -> list[str]:
        """Give up to three names much like a text."""
        close = get_close_matches(fold_name(text), list(self.places), n=3, cutoff=0.6)
        return list(dict.fromkeys(self.written[key] for key in close))


def parts(text: object) -> list[str]:
    """
    Split a cell that names several things.

    Examples
    --------
    >>> parts("长江、二桥港")
    ['长江', '二桥港']
    """
    return [part.strip() for part in _SEVERAL.split(str(text)) if part.strip()]
