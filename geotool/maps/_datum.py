"""What the degrees on a map refer to, said as it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyproj

from geotool.crs import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from geotool.maps._prepare import MapLayer

CGCS2000 = "CGCS2000"
WGS84 = "WGS 84"


@dataclass(frozen=True)
class Datum:
    """
    Datum of a map.

    Attributes
    ----------
    short : str
        Beside a pair of coordinates.
    foot : str
        At the foot of the map, with what a reader must know of it.
    """

    short: str
    foot: str


def datum_of(crs: Any) -> str:
    """
    Name the datum that a layer's degrees on the map refer to.

    Chinese systems stay CGCS2000. Everything else is WGS 84, or is brought to it
    (:func:`geotool.crs.to_degrees`).

    Examples
    --------
    >>> datum_of(4490), datum_of("EPSG:4549"), datum_of(4326), datum_of(28992)
    ('CGCS2000', 'CGCS2000', 'WGS 84', 'WGS 84')
    """
    given = pyproj.CRS.from_user_input(crs).geodetic_crs
    own = pyproj.CRS.from_user_input(GEOGRAPHIC_CRS).geodetic_crs
    assert own is not None  # a geographic system is its own
    names = {"cgcs2000", "cgcs_2000", "china 2000", "china_2000", "china geodetic"}
    text = f"{getattr(given, 'name', '')} {getattr(given, 'datum', '')}".lower()
    return CGCS2000 if given == own or any(name in text for name in names) else WGS84


def map_datum(layers: "Iterable[MapLayer]") -> Datum:
    """
    Say what the coordinates of a map refer to.

    Where layers of both datums meet they are drawn on one another as they are: the
    two agree to decimetres. Rows whose own datum nobody knows may lie hundreds of
    metres off, and are counted.

    Examples
    --------
    >>> map_datum([])
    Datum(short='CGCS2000', foot='CGCS2000')
    """
    ready = list(layers)
    found = list(dict.fromkeys(layer.datum for layer in ready if layer.datum))
    found.sort()
    short = " / ".join(found) or CGCS2000
    foot = f"{short}（相差分米级）" if len(found) > 1 else short
    unsure = sum(_unsure(layer) for layer in ready)
    if unsure:
        foot += f"（{unsure} 个点的坐标基准不明，可能偏差数百米）"
    return Datum(short, foot)


def _unsure(layer: "MapLayer") -> int:
    """Rows that say themselves that their datum is unknown."""
    if "datum_status" not in layer.table:
        return 0
    return int((layer.table["datum_status"].astype(str) == "unknown").sum())
