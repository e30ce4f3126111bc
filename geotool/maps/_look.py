"""How one layer looks, worked out once for the screen and the printed page.

The style of ``styles.toml`` says what a layer may be coloured, shaped or marked by;
here it meets the values the layer really has.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.maps._prepare import MapLayer
from geotool.maps._style import class_entries, classify, layer_style
from geotool.tables import load_table

ASPECTS = ("shape", "width", "dash", "mark", "ring", "arrow")
"""What a class may decide besides the colour."""


@dataclass(frozen=True)
class Look:
    """
    Style of a layer and the classes its rows fall into.

    Attributes
    ----------
    style : dict
        The layer's entry in ``styles.toml``.
    codes : dict
        Set of classes → position of each row's entry, -1 where none is known.
    color_by : tuple of str
        Sets of classes a reader may choose to colour by, the first one at first.
    by : dict
        Aspect (shape, width, dash, mark, ring, arrow) → set of classes that decides it.
    """

    style: dict[str, Any]
    codes: dict[str, NDArray[np.int16]]
    color_by: tuple[str, ...]
    by: dict[str, str]

    def entries(self, key: str) -> list[dict[str, Any]]:
        """Entries of a set of classes, in the order of the legend."""
        return class_entries(key)


def look_at(layer: MapLayer, *, also: Collection[str] = ()) -> Look:
    """
    Work out what a layer is coloured, shaped and marked by.

    A set of classes of which no row has a known value is left out, so that the
    legend never shows a class scheme the data do not use; but for those in ``also``,
    which rows may come to have later.
    """
    style = layer_style(layer.name)
    codes: dict[str, NDArray[np.int16]] = {}

    def known(key: str) -> bool:
        if key not in codes:
            found = classify(layer.table, key)
            if not (found >= 0).any() and key not in also:
                return False
            codes[key] = found
        return True

    color_by = tuple(key for key in style.get("color_by", ()) if known(key))
    by: dict[str, str] = {}
    for aspect in ASPECTS:
        key = style.get(f"{aspect}_by", "")
        if key == "color":  # whatever the colour tells, the mark spells out
            key = color_by[0] if color_by else ""
        if key and known(key):
            by[aspect] = key
    for key in style.get("facets", ()):
        if key in load_table("styles")["classes"]:
            known(key)
    return Look(style, codes, color_by, by)


def facet_columns(look: Look, table: pd.DataFrame) -> list[str]:
    """Plain columns (not classes) a reader can filter by."""
    classes = load_table("styles")["classes"]
    return [
        key
        for key in look.style.get("facets", ())
        if key not in classes and key in table and table[key].notna().any()
    ]
