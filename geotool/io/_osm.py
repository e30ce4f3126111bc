"""OpenStreetMap files (pbf, osm): layers by the kind of shape, all tags as columns."""

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.io import _vector

ENDINGS = (".pbf", ".osm")
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')


def read_osm(
    path: Path, *, layer: str | None
) -> tuple[pd.DataFrame, gpd.GeoSeries | None, list[dict[str, Any]], dict[str, Any]]:
    """
    Read one layer: ``points``, ``lines``, ``multilinestrings``, ``multipolygons``.

    GDAL puts the less common tags into one text; here each is a column of its own.

    Returns
    -------
    cells, geometry, notes, source
    """
    cells, geometry, notes, facts = _vector.read_vector(
        path, layer=layer, encoding=None
    )
    return unfolded(cells), geometry, notes, facts


def unfolded(cells: pd.DataFrame) -> pd.DataFrame:
    """
    Give every tag of ``other_tags`` a column.

    Examples
    --------
    >>> tags = '"name:zh"=>"长江","width"=>"20"'
    >>> unfolded(pd.DataFrame({"osm_id": ["1"], "other_tags": [tags]}))
      osm_id name:zh width
    0      1      长江    20
    """
    if "other_tags" not in cells:
        return cells
    tags = [
        dict(_TAG.findall(text)) if isinstance(text, str) else {}
        for text in cells["other_tags"]
    ]
    made = cells.drop(columns="other_tags")
    for name in dict.fromkeys(key for row in tags for key in row):
        if name not in made:
            values = [row.get(name) for row in tags]
            made[name] = pd.Series(values, index=made.index, dtype=object)
    return made
