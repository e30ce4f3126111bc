"""Windows out of a raster file: only what is asked for is ever in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyproj

from geotool.errors import CrsError, SourceError


@dataclass(frozen=True)
class RasterFile:
    """
    A raster that was looked at but not read.

    Attributes
    ----------
    path : Path
    shape : (int, int)
        Rows and columns.
    transform : tuple of six floats
        ``a, b, c, d, e, f`` with ``x = a·column + b·row + c`` and
        ``y = d·column + e·row + f``, of the corners of cells.
    crs : pyproj.CRS
    """

    path: Path
    shape: tuple[int, int]
    transform: tuple[float, float, float, float, float, float]
    crs: pyproj.CRS

    def read(self, top: int, left: int, rows: int, columns: int) -> Any:
        """Read a window of the first band, scaled, masked where there is no data."""
        from rasterio.windows import Window

        with _opened(self.path) as raster:
            window = Window(left, top, columns, rows)
            cells = np.ma.asarray(raster.read(1, window=window, masked=True))
            scale, offset = raster.scales[0], raster.offsets[0]
        if scale != 1 or offset != 0:  # heights kept as whole decimetres, say
            cells = cells * scale + offset
        return np.ma.masked_invalid(cells) if cells.dtype.kind == "f" else cells


def raster_file(path: str | PathLike[str]) -> RasterFile:
    """
    Look at a raster without reading its cells.

    Parameters
    ----------
    path : path
        Anything that GDAL opens.

    Raises
    ------
    SourceError
        If there is no such file or it is no raster.
    CrsError
        If the raster has no reference system.
    """
    file = Path(path)
    if not file.exists():
        raise SourceError(
            f"找不到栅格文件 {file.name}；请核对路径。",
            f"There is no raster {file.name}; check the path.",
        )
    with _opened(file) as raster:
        if raster.crs is None:
            raise CrsError(
                f"栅格 {file.name} 没有坐标系；请先用 GIS 软件指定。",
                f"The raster {file.name} has no reference system; set it with a GIS "
                "program first.",
            )
        return RasterFile(
            file,
            (raster.height, raster.width),
            tuple(raster.transform)[:6],
            pyproj.CRS.from_user_input(raster.crs.to_wkt()),
        )


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    import rasterio  # slow to load, and most never need it
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(file) as raster:
            yield raster
    except RasterioError as error:
        raise SourceError(
            f"{file.name} 不是可读的栅格：{error}",
            f"{file.name} cannot be read as a raster: {error}",
        ) from None
