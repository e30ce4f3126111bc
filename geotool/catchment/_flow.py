"""Directions of flow from cell to cell, and what gathers along them.

Depressions are filled and flow is summed by pyflwdir (Deltares, MIT), which is the
extra ``dem``. It is handed arrays only, never a transform: its own lengths fail with
affine 3, and lengths and areas are measured here on the ellipsoid.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool.errors import LayerError, SourceError

Codes = NDArray[np.uint8]
Heights = NDArray[np.float32]

NO_DATA = 247
"""pyflwdir's code of a cell without direction; 255 is common too."""

_STEPS = (
    (1, 0, 1),
    (2, 1, 1),
    (4, 1, 0),
    (8, 1, -1),
    (16, 0, -1),
    (32, -1, -1),
    (64, -1, 0),
    (128, -1, 1),
)
"""Code, rows down, columns right: clockwise from east, as ESRI writes them."""

_VOID = np.float32(-1e9)


def require_pyflwdir() -> None:
    """
    See that pyflwdir is there.

    Raises
    ------
    SourceError
        If it is not: the message names the extra.
    """
    if find_spec("pyflwdir") is None:
        raise SourceError(
            '由高程划汇水区需要可选组件 pyflwdir；请安装：pip install "geotool[dem]"。',
            'Catchments from heights need pyflwdir: pip install "geotool[dem]".',
        )


def directions_of(values: Any) -> Codes:
    """
    Check D8 codes as ESRI writes them: 1, 2, 4 … 128 clockwise from east, 0 a pit.

    Parameters
    ----------
    values : masked array
        247 and 255 count as no data, declared or not.

    Raises
    ------
    LayerError
        If there are other values: the raster is coded in another way.

    Examples
    --------
    >>> directions_of(np.ma.masked_equal([[1, 4], [255, 9999]], 9999)).tolist()
    [[1, 4], [247, 247]]
    """
    cells = np.ma.filled(np.ma.asarray(values).astype(np.int64), NO_DATA)
    cells[cells == 255] = NO_DATA
    known = [0, NO_DATA, *(code for code, _, _ in _STEPS)]
    odd = np.setdiff1d(cells, known)
    if len(odd):
        shown = "、".join(str(value) for value in odd[:6])
        raise LayerError(
            f"流向栅格应为 ESRI 编码（1、2、4……128，0 为洼点），得到 {shown}；请先转换编码。",
            f"Flow directions must be ESRI codes (1, 2, 4 … 128, 0 a pit), got "
            f"{shown.replace('、', ', ')}; recode the raster first.",
        )
    return cells.astype(np.uint8)


def directions_from_heights(
    heights: Heights, dx_m: NDArray[Any], dy_m: NDArray[Any]
) -> Codes:
    """
    Give each cell the direction of its steepest fall, depressions filled first.

    Where the filled surface is level, water takes the way by which the depression was
    filled (Wang and Liu 2006); elsewhere the steepest of eight slopes (O'Callaghan and
    Mark 1984). The edge of the grid and of its voids lets water out.

    Parameters
    ----------
    heights : array of float32
        Metres, NaN where there are none.
    dx_m, dy_m : array
        Step to the next column and to the next row, one number for each row of cells.
    """
    from pyflwdir.dem import fill_depressions

    void = np.isnan(heights)
    # whole millimetres add up exactly in float32; a rounding would make level water
    # seem to fall, and two rules that disagree about it could send it in a circle
    whole = np.where(void, _VOID, np.rint(heights * 1000)).astype(np.float32)
    filled, codes = fill_depressions(whole, nodata=_VOID)
    filled[void] = np.inf  # nothing flows into a void by its slope
    best = np.zeros(filled.shape, dtype=np.float32)
    dx, dy = (np.asarray(step, np.float32)[:, None] for step in (dx_m, dy_m))
    rows, columns = filled.shape
    for code, down, right in _STEPS:
        here = _part(rows, -down), _part(columns, -right)
        there = _part(rows, down), _part(columns, right)
        length = np.hypot(dx * right, dy * down)[here[0]]
        with np.errstate(invalid="ignore"):  # from void to void
            slope = (filled[here] - filled[there]) / length
        steeper = np.isfinite(slope) & (slope > best[here])
        best[here][steeper] = slope[steeper]
        codes[here][steeper] = code
    return codes


def _part(size: int, step: int) -> slice:
    return slice(max(step, 0), size + min(step, 0))


def is_level(heights: Heights, codes: Codes) -> NDArray[np.bool_]:
    """Whether a cell does not fall towards the cell its water goes to."""
    level = np.zeros(heights.shape, dtype=bool)
    rows, columns = heights.shape
    for code, down, right in _STEPS:
        here = _part(rows, -down), _part(columns, -right)
        there = _part(rows, down), _part(columns, right)
        with np.errstate(invalid="ignore"):
            level[here] |= (codes[here] == code) & ~(heights[here] > heights[there])
    return level


class Flow:
    """
    Flow within a window.

    Parameters
    ----------
    codes : array of uint8
        ESRI codes; 247 without data.
    """

    def __init__(self, codes: Codes) -> None:
        import pyflwdir

        self.shape = codes.shape
        self._grid = pyflwdir.from_array(codes, ftype="d8", check_ftype=False)
        self.downstream = self._grid.idxs_ds
        self.in_loop = (self._grid.rank < 0) & (codes != NO_DATA)

    def cells_above(self) -> NDArray[np.int64]:
        """Count the cells whose water comes through each cell, itself included."""
        return np.asarray(self._grid.upstream_area("cell"), dtype=np.int64)

    def below(self, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Mark the cells that water of a marked cell comes through."""
        sums = self._grid.accuflux(marked.astype(np.float64), nodata=-1.0)
        return np.asarray(sums > 0).reshape(self.shape)

    def basins(self, cells: list[int]) -> NDArray[np.int64]:
        """Give each cell the position + 1 of the next of some cells on its way, or 0."""
        numbers = np.arange(1, len(cells) + 1, dtype=np.uint32)
        found = self._grid.basins(idxs=np.array(cells), ids=numbers)
        return np.asarray(found, dtype=np.int64)
