"""What is screened, against what: the same steps for points, lines and polygons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.zones._finding_table import findings_table
from geotool.zones._laws import as_day
from geotool.zones._plan import ZonePlan
from geotool.zones._zone_set import NO_PLACE, NO_ZONES, OUTSIDE, Verdicts, ZoneSet
from geotool.zones._zone_table import (
    check_shapes,
    datum_codes,
    has_place,
    protection_rows,
    shapes_in,
    unsure_metres,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Screening:
    """
    Features of a layer held against protection zones.

    Attributes
    ----------
    features : GeoDataFrame
    zones : ZoneSet or None
        None where there is none to compare with.
    verdicts : Verdicts
        One a feature; to be written for those that have a place.
    datum : array of int
        Position of each datum status in ``DATUMS``.
    day : date
        Decides which law is cited.
    """

    features: gpd.GeoDataFrame
    zones: ZoneSet | None
    verdicts: Verdicts
    datum: NDArray[np.int8]
    day: date

    @classmethod
    def of(
        cls,
        features: gpd.GeoDataFrame,
        zones: gpd.GeoDataFrame | ZonePlan,
        name: str,
        kinds: tuple[str, ...],
        on: date | None,
        uncertainty_m: float | None,
        *,
        quick: bool = False,
    ) -> "Screening":
        """
        Look through both layers; no verdict is given yet.

        ``quick`` for compiled loops, which need the zones' corners.

        Raises
        ------
        LayerError
            If a shape is of no kind of ``kinds``, or a zone has no area.
        CrsError
            If a layer has no reference system.
        """
        layer = zones.zones if isinstance(zones, ZonePlan) else zones
        day = as_day(on)
        check_shapes(features, name, kinds)
        datum = datum_codes(features)
        verdicts = Verdicts.all_of(NO_ZONES, unsure_metres(datum, uncertainty_m))
        if quick:
            from geotool.zones._corners import Checked

            checked = Checked()
            table = protection_rows(layer, valid=checked)
            corners = checked.corners
        else:
            table, corners = protection_rows(layer), None
        known = None if table is None else ZoneSet(table, corners)
        return cls(features, known, verdicts, datum, day)

    def placed(self) -> Ints:
        """List features that have a place; the others are told to have none."""
        there = has_place(self.features)
        self.verdicts.cause[~there] = NO_PLACE
        return np.flatnonzero(there)

    def coordinates(self, zones: ZoneSet, start: int, stop: int) -> Floats:
        """
        Give points between two rows as eastings and northings in the zones' system.

        They are no numbers where a point has no place, which is told.
        """
        # with bounds a point comes in a third of the time of get_coordinates
        xy = shapely.bounds(np.asarray(self.features.geometry.array)[start:stop])[:, :2]
        there = np.isfinite(xy).all(axis=1)
        self.verdicts.cause[start:stop] = np.where(there, OUTSIDE, NO_PLACE)
        if self.features.crs != zones.table.crs:
            rows = np.flatnonzero(there)
            places = shapes_in(self.features, start + rows, zones.table.crs)
            xy[rows] = shapely.bounds(places)[:, :2]
        return xy

    def findings(
        self, extra: Mapping[str, NDArray[np.float64]] | None = None
    ) -> gpd.GeoDataFrame:
        """Put the verdicts beside the features, with further columns of figures."""
        return findings_table(
            self.features,
            self.verdicts,
            None if self.zones is None else self.zones.table,
            day=self.day,
            datum=self.datum,
            extra=extra,
        )
