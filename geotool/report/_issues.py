"""Issues of a network as a list to work through."""

from os import PathLike
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.crs import to_degrees
from geotool.io import write_table

_HEADERS = {
    "issue_id": "问题编号",
    "severity": "程度",
    "kind": "类型",
    "subject": "对象",
    "message": "问题",
    "repair": "处理建议",
    "message_en": "Issue",
    "repair_en": "Repair",
}
_SEVERITY = {"error": "错误", "warning": "警告", "info": "提示"}


def write_issues(issues: gpd.GeoDataFrame, path: str | PathLike[str]) -> Path:
    """
    Write the issues of a network.

    Parameters
    ----------
    issues : GeoDataFrame
        As :func:`geotool.check_network` gives it.
    path : path
        ``.xlsx`` or ``.csv`` with Chinese headers and a place in degrees to go to
        (a whole canal does not fit into a cell), or any other ending that
        ``geotool.io.write_table`` knows, with shapes.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> row = {key: "x" for key in _HEADERS} | {"severity": "error"}
    >>> line = shapely.LineString([(500000, 3540000), (500900, 3540000)])
    >>> issues = gpd.GeoDataFrame([row], geometry=[line], crs=4549)
    >>> with TemporaryDirectory() as folder:
    ...     made = pd.read_csv(write_issues(issues, Path(folder) / "a.csv"))
    >>> made["程度"].tolist(), made["经度"].round(3).tolist()
    (['错误'], [120.0])
    """
    target = Path(path)
    if target.suffix.lower() not in (".xlsx", ".csv"):
        return write_table(issues, target, layer="issues")
    keep = [column for column in _HEADERS if column in issues.columns]
    sheet = pd.DataFrame(issues)[keep].copy()
    sheet["severity"] = sheet["severity"].map(lambda word: _SEVERITY.get(word, word))
    sheet = sheet.rename(columns=_HEADERS)
    degrees = to_degrees(issues).geometry
    spots = shapely.point_on_surface(np.asarray(degrees, dtype=object))
    sheet["经度"] = shapely.get_x(spots).round(6)
    sheet["纬度"] = shapely.get_y(spots).round(6)
    return write_table(sheet, target, layer="问题清单")
