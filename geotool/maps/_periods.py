"""Classes of the sections in each period, for the map's time slider."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.errors import MapError
from geotool.maps._blocks import Pack
from geotool.maps._prepare import MapLayer
from geotool.maps._style import classify, column_label
from geotool.quality._layer import truths

LAYER = "sections"
"""Layer whose classes change with the period."""

CLASSES = ("water_class", "reached")
"""Sets of classes that an assessment gives for each period."""

_TOLD = ("period", "water_class", "reached", "exceedances")
_NEEDED = ("section_id", *_TOLD)


@dataclass(frozen=True)
class Periods:
    """
    What each section was in each period.

    Attributes
    ----------
    names : list of str
        Periods with any class, in their order.
    tables : list of DataFrame
        One a period: ``period, water_class, reached, exceedances``, a row a section.
    """

    names: list[str]
    tables: list[pd.DataFrame]

    @property
    def last(self) -> pd.DataFrame:
        """The period the map opens with."""
        return self.tables[-1]

    def pack(self) -> str:
        """Pack all periods, as base64; empty where there is nothing to slide between."""
        if len(self.names) < 2:
            return ""
        pack = Pack()
        words, codes = _words([table["exceedances"] for table in self.tables])
        header = {
            "layer": LAYER,
            "names": self.names,
            "classes": {
                key: pack.array(self._codes(key).astype("<i1").ravel())
                for key in CLASSES
            },
            "words": words,
            "exceedances": pack.array(codes.astype("<u4").ravel()),
        }
        return pack.close(header)

    def _codes(self, key: str) -> NDArray[np.int16]:
        codes = classify(pd.concat(self.tables, ignore_index=True), key)
        return codes.reshape(len(self.tables), -1)


def read_periods(layer: MapLayer, assessment: pd.DataFrame) -> Periods:
    """
    Sort an assessment by periods, its rows in the order of the layer's.

    Parameters
    ----------
    layer : MapLayer
        The sections.
    assessment : DataFrame
        As :func:`geotool.assess_sections` gives it.

    Raises
    ------
    MapError
        If columns are missing.
    """
    missing = [key for key in _NEEDED if key not in assessment]
    if missing or "section_id" not in layer.table:
        name = missing[0] if missing else "section_id"
        raise MapError(
            f"评价结果或断面缺少列 {name}；assessment 应是 gt.assess_sections 的结果，"
            "断面应有编号。",
            f"The assessment or the sections lack the column {name}; give what "
            "gt.assess_sections returns, and sections with an id.",
        )
    ids = layer.table["section_id"].astype(object).astype(str)
    told = assessment.assign(section_id=assessment["section_id"].astype(str))
    known = told["period"].notna() & (told["period"].astype(str) != "")
    known &= told["water_class"].notna()
    names = sorted(told.loc[known, "period"].astype(str).unique())
    told = told.drop_duplicates(["section_id", "period"])
    told = told.assign(reached=truths(told["reached"])).set_index("section_id")
    tables = [
        told.loc[told["period"] == name, list(_TOLD)]
        .reindex(ids)
        .reset_index(drop=True)
        for name in names
    ]
    return Periods(names, tables)


def with_period(layer: MapLayer, table: pd.DataFrame) -> MapLayer:
    """Put what a period says beside each section."""
    labels = {**layer.labels, **{key: column_label(LAYER, key) for key in _TOLD}}
    told = {key: table[key] for key in _TOLD}
    return replace(layer, table=layer.table.assign(**told), labels=labels)


def _words(columns: list[pd.Series]) -> tuple[list[str], NDArray[np.int64]]:
    """List of words, and the position of each cell's among them; 0 for none."""
    cells = pd.concat([column.reset_index(drop=True) for column in columns])
    texts = cells.astype(object).where(cells.notna() & (cells != ""), None)
    codes, found = pd.factorize(texts)
    return [str(word) for word in found], (codes + 1).reshape(len(columns), -1)
