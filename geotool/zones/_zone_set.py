"""Protection zones ready to be held against places: which class decides what."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.zones._laws import levels_of
from geotool.zones._measure import Floats
from geotool.zones._merge import Links, Merged, merge_class
from geotool.zones._rules import table_number

if TYPE_CHECKING:
    from geotool.zones._corners import Corners

CAUSES = (
    "outside",
    "in_ban",
    "near_ban",
    "vague",
    "in_level_3",
    "near_level_3",
    "no_place",
    "no_zones",
)
"""What a grade rests on; the position of each is its code."""

OUTSIDE, IN_BAN, NEAR_BAN, VAGUE, IN_LEVEL_3, NEAR_LEVEL_3, NO_PLACE, NO_ZONES = range(
    len(CAUSES)
)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """
    What was found of each place, as columns.

    Attributes
    ----------
    cause : array of int
        Position in :data:`CAUSES`.
    zone : array of int
        The zone meant; -1 for none.
    distance_m : array of float
        To the edge that decides, negative inside; NaN where nothing was measured.
    unsure_m : array of float
        What the verdict allowed for.
    """

    cause: NDArray[np.int8]
    zone: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    unsure_m: NDArray[np.float64]

    @classmethod
    def all_of(cls, cause: int, unsure_m: NDArray[np.float64]) -> "Verdicts":
        """Give the same cause to all places, to be changed."""
        count = len(unsure_m)
        return cls(
            np.full(count, cause, dtype=np.int8),
            np.full(count, -1, dtype=np.int32),
            np.full(count, np.nan),
            unsure_m,
        )

    def part(self, start: int, stop: int) -> "Verdicts":
        """Give the verdicts between two rows, to be written in place."""
        return Verdicts(
            self.cause[start:stop],
            self.zone[start:stop],
            self.distance_m[start:stop],
            self.unsure_m[start:stop],
        )


@dataclass(frozen=True, eq=False)
class ZoneSet:
    """
    Zones of a layer and the classes that decide.

    Attributes
    ----------
    table : GeoDataFrame
        As ``protection_rows`` gives it.
    corners : Corners, optional
        Of the shapes, where they were taken apart already.
    """

    table: gpd.GeoDataFrame
    corners: "Corners | None" = None

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        """Shapes of the zones."""
        return np.asarray(self.table.geometry, dtype=object)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Tree of the zones."""
        return shapely.STRtree(self.shapes)

    def near(
        self, places: NDArray[np.object_], metres: Floats
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """List places with the zones no farther than so many metres, by place."""
        place, zone = self.tree.query(places, predicate="dwithin", distance=metres)
        return place, zone

    @cached_property
    def is_ban(self) -> NDArray[np.bool_]:
        """Which zones forbid outfalls."""
        return self.table["level"].isin(levels_of("conflict")).to_numpy(dtype=bool)

    @cached_property
    def is_vague(self) -> NDArray[np.bool_]:
        """Which zones have no known level."""
        return self.table["level"].isna().to_numpy(dtype=bool)

    @cached_property
    def _links(self) -> Links:
        return Links.of(self.shapes)

    @cached_property
    def ban(self) -> Merged:
        """Levels 1 and 2, put together."""
        return merge_class(self.shapes, self._links, self.is_ban)

    @cached_property
    def every(self) -> Merged:
        """All zones of known level, put together."""
        return merge_class(self.shapes, self._links, ~self.is_vague, known=self.ban)

    @cached_property
    def vague(self) -> Merged:
        """Zones of unknown level, put together."""
        return merge_class(self.shapes, self._links, self.is_vague)

    @cached_property
    def stands_alone(self) -> NDArray[np.bool_]:
        """Zones that are put together with no other, in one class at least."""
        found = np.zeros(len(self.shapes), dtype=bool)
        for merged in (self.ban, self.vague, self.every):
            rows = merged.of_zone >= 0
            found[rows] |= merged.is_single[merged.of_zone[rows]]
        return found

    def warm(self) -> None:
        """Make ready what threads share, so that it is made once."""
        _ = self.tree, self.stands_alone

    @cached_property
    def rank(self) -> NDArray[np.int16]:
        """Order in which zones are named: approved first, then by level."""
        level = self.table["level"].fillna("9").to_numpy(dtype=str).astype(np.int16)
        is_draft = (self.table["status"] != "approved").to_numpy(dtype=bool)
        return (10 * is_draft + level).astype(np.int16)

    @cached_property
    def loose(self) -> NDArray[np.bool_]:
        """Zones whose own place is unsure."""
        return (self.table["datum_status"] == "unknown").to_numpy(dtype=bool)

    @cached_property
    def _loose_tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.shapes[self.loose])

    def widened(self, places: NDArray[np.object_], unsure_m: Floats) -> Floats:
        """Give places by a zone of unsure place no more certainty than the zone has."""
        if not self.loose.any():
            return unsure_m
        wide_m = table_number("screening", "unknown_datum_m")
        near = self._loose_tree.query(places, predicate="dwithin", distance=wide_m)[0]
        widened = unsure_m.copy()
        widened[near] = np.maximum(widened[near], wide_m)
        return widened


def causes(
    ban: NDArray[np.float64],
    vague: NDArray[np.float64],
    every: NDArray[np.float64],
    unsure_m: NDArray[np.float64],
) -> NDArray[np.int8]:
    """
    Say what each grade rests on, by signed distances; the first that holds.

    Examples
    --------
    >>> far = np.array([np.inf])
    >>> CAUSES[causes(np.array([3.0]), far, np.array([-20.0]), np.array([10.0]))[0]]
    'near_ban'
    """
    return np.select(
        [
            ban < -unsure_m,
            np.abs(ban) <= unsure_m,
            vague <= unsure_m,
            every < -unsure_m,
            np.abs(every) <= unsure_m,
        ],
        [IN_BAN, NEAR_BAN, VAGUE, IN_LEVEL_3, NEAR_LEVEL_3],
        OUTSIDE,
    ).astype(np.int8)
