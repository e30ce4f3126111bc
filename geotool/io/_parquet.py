"""GeoParquet, which needs pyarrow: the extra ``big``."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.errors import SourceError
from geotool.io._vector import plain_cells, unreadable

_FAULTS = (ValueError, OSError, TypeError, KeyError, NotImplementedError, RuntimeError)
"""What pyarrow and geopandas raise for a file that is broken (ArrowInvalid among it)."""


def require_arrow(name: str) -> None:
    """
    See that pyarrow is there.

    Raises
    ------
    SourceError
        If it is not: the message names the extra.
    """
    if find_spec("pyarrow") is None:
        raise SourceError(
            f"{name} 是 GeoParquet，需要可选组件 pyarrow；请安装："
            'pip install "geotool[big]"。',
            f'{name} is GeoParquet and needs pyarrow: pip install "geotool[big]".',
        )


def read_parquet(
    path: Path,
) -> tuple[pd.DataFrame, gpd.GeoSeries | None, list[dict[str, Any]], dict[str, Any]]:
    """
    Read a GeoParquet file, or a Parquet file without shapes.

    Returns
    -------
    cells, geometry, notes, source
    """
    require_arrow(path.name)
    from pyarrow import parquet

    try:
        stated = parquet.read_schema(path).metadata or {}
        if b"geo" not in stated:
            return plain_cells(pd.read_parquet(path)), None, [], {}
        table = gpd.read_parquet(path)
    except _FAULTS as error:
        raise unreadable(path.name, error) from None
    cells = pd.DataFrame(table.drop(columns=table.geometry.name))
    return plain_cells(cells), table.geometry, [], {}


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write in place: call it inside :func:`replacing`."""
    require_arrow(path.name)
    if isinstance(table, gpd.GeoDataFrame):
        # with the box of every shape, programs read a part without the rest
        table.to_parquet(path, index=False, write_covering_bbox=True)
    else:
        table.to_parquet(path, index=False)
