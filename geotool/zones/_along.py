"""How far a protection zone reaches along the network."""

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import Point
from shapely.geometry.base import BaseGeometry

from geotool.network import CONTROLLABLE_KINDS, RiverNetwork, Scenario
from geotool.trace import trace_downstream, trace_upstream
from geotool.zones._bands import near_bank_part, stretch_band
from geotool.zones._crossing import crossing_pieces
from geotool.zones._dykes import land_from_toe, land_to_dyke, near_dykes
from geotool.zones._ground import Ground, Shapes
from geotool.zones._plan import Notes, text_of
from geotool.zones._rules import Extent, KindRule, table_number
from geotool.zones._stretch_notes import note_gates, note_stretch
from geotool.zones._water import Wet, wet_stretch

_PIECE = ["reach_id", "relation", "from_measure_m", "to_measure_m", "geometry"]

ALL_BANK = 0.95
"""From this share of its length on, a stretch counts as drawn from the bank."""


@dataclass(frozen=True)
class Intake:
    """
    A water source located on the network.

    Attributes
    ----------
    source_id : str
    point : Point
        In the network's system.
    reach_id : str
    measure_m, offset_m : float
    """

    source_id: str
    point: Point
    reach_id: str
    measure_m: float
    offset_m: float


@dataclass(frozen=True, eq=False)
class Waterway:
    """The network as zones see it: all gates open, a half width for each reach."""

    network: RiverNetwork

    @cached_property
    def scenario(self) -> Scenario:
        """Gates count as open: a zone does not shrink when a sluice is shut."""
        table = self.network.structures
        ids = table.loc[table["kind"].isin(CONTROLLABLE_KINDS), "structure_id"]
        states = {str(each): "open" for each in ids}
        return Scenario("划区（闸站按开启计）", structures=states)

    @cached_property
    def width_m(self) -> pd.Series:
        """Known width by reach id; NaN where there is none."""
        width = self.network.reaches["width_m"].astype(float)
        return pd.Series(
            width.where(width > 0).to_numpy(),
            index=self.network.reaches["reach_id"].to_numpy(),
        )

    def own_reaches(self, reach_id: str) -> set[str]:
        """Give the reaches of the same river, by its id or its name."""
        reaches = self.network.reaches
        here = reaches.iloc[self.network.reach_position[reach_id]]
        same = reaches["reach_id"] == reach_id
        for column in ("river_id", "name"):
            if text_of(here[column]):
                same |= reaches[column] == here[column]
        return set(reaches.loc[same, "reach_id"])

    def stretch(self, intake: Intake, extent: Extent) -> gpd.GeoDataFrame:
        """
        Cut out the reaches within river distance of the intake.

        Returns
        -------
        GeoDataFrame
            ``reach_id, relation, from_measure_m, to_measure_m, geometry``, pieces cut
            at the exact measure. A reach that may run either way appears up to the
            longer distance. Rivers that join come last, relation ``crossing``.
        """
        at = (intake.reach_id, intake.measure_m)
        found = [
            trace(
                self.network, at, max_distance_m=distance_m, scenario=self.scenario
            ).reaches[_PIECE]
            for trace, distance_m in (
                (trace_upstream, extent.up_m),
                (trace_downstream, extent.down_m),
            )
            if distance_m > 0
        ]
        if not found:
            return gpd.GeoDataFrame(
                columns=_PIECE, geometry="geometry", crs=self.network.crs
            )
        pieces = pd.concat(found, ignore_index=True)
        if extent.crossing_m > 0:
            own = self.own_reaches(intake.reach_id)
            joining = crossing_pieces(self.network, pieces, own, extent.crossing_m)
            pieces = pd.concat([pieces, joining], ignore_index=True)
        long = shapely.length(pieces.geometry.to_numpy()) > 0
        return pieces[long].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Drawn:
    """
    One level along a river as drawn, cumulative.

    Attributes
    ----------
    area : Polygon or MultiPolygon
        In the network's system; empty when the network gives no stretch.
    is_assumed : bool
        Whether a width had to be assumed.
    basis : str
        岸线, 部分岸线 or 中心线: what distances start from.
    """

    area: BaseGeometry
    is_assumed: bool
    basis: str


def river_extent(
    way: Waterway,
    intake: Intake,
    extent: Extent,
    *,
    kind: KindRule,
    side_width_m: float,
    ground: Ground,
    notes: Notes,
) -> Drawn:
    """
    Draw the area of one level (cumulative) along the river.

    Parameters
    ----------
    way : Waterway
    intake : Intake
    extent : Extent
    kind : KindRule
        Gives the width where the intake's own river has none.
    side_width_m : float
        Width where another river has none.
    ground : Ground
        Water polygons and dykes, where they are.
    notes : Notes
        What was assumed is added to it.
    """
    pieces = way.stretch(intake, extent)
    if pieces.empty:
        return Drawn(shapely.MultiPolygon(), is_assumed=False, basis="中心线")
    own = pieces["reach_id"].isin(way.own_reaches(intake.reach_id)).to_numpy()
    width = pieces["reach_id"].map(way.width_m).to_numpy(float)
    assumed = np.where(own, kind.assumed_width_m, side_width_m)
    half = np.where(np.isnan(width), assumed, width) / 2
    wet = wet_stretch(way.network, pieces, half, ground.water)
    unknown = np.isnan(width) & (wet.share < ALL_BANK)
    note_stretch(
        intake.source_id,
        pieces,
        assumed_m=half[unknown] * 2,
        here_m=wet.radius_m[(pieces["reach_id"] == intake.reach_id).to_numpy()],
        offset_m=intake.offset_m,
        notes=notes,
    )
    note_gates(way.network, intake.source_id, wet.lines, notes=notes)
    everything = np.ones(len(own), dtype=bool)
    area = _with_dykes(intake, extent, wet, everything, kind, ground, notes)
    far_m = kind.far_bank_m
    if far_m is not None and _is_wide(wet, own, intake.offset_m, far_m):
        main = _with_dykes(intake, extent, wet, own, kind, ground, notes)
        # a tributary's line runs on through the river to its centreline
        river = stretch_band(wet.lines[own], wet.radius_m[own])
        main = shapely.union(main, shapely.intersection(area, river))
        area = _near_bank(
            intake, wet, own=own, main=main, whole=area, keep_m=far_m, notes=notes
        )
    return Drawn(area, is_assumed=bool(unknown.any()), basis=_basis(wet, own))


def _is_wide(wet: Wet, own: NDArray[np.bool_], offset_m: float, far_m: float) -> bool:
    return bool(wet.radius_m[own].max(initial=0.0) + offset_m > far_m)


def _basis(wet: Wet, own: NDArray[np.bool_]) -> str:
    length = shapely.length(wet.lines)[own]
    share = float((wet.share[own] * length).sum() / length.sum())
    if share >= ALL_BANK:
        return "岸线"
    return "部分岸线" if share > 0 else "中心线"


def _with_dykes(
    intake: Intake,
    extent: Extent,
    wet: Wet,
    of: NDArray[np.bool_],
    kind: KindRule,
    ground: Ground,
    notes: Notes,
) -> BaseGeometry:
    """Draw water and land of some pieces; dykes say where land starts or ends."""
    area = wet.area(of, extent.land_m)
    if not kind.dyke:
        return area
    search_m = table_number("along", "dyke_search_m")
    dykes = near_dykes(wet.lines[of], wet.radius_m[of], ground.dykes, search_m)
    _note_dykes(intake.source_id, kind.dyke, len(dykes), search_m, ground, notes)
    if len(dykes) == 0:
        return area
    reach_m = float(wet.radius_m[of].max()) + search_m + extent.land_m
    if kind.dyke == "toe":
        return land_from_toe(
            area, wet.lines[of], dykes, reach_m=reach_m, land_m=extent.land_m
        )
    water = wet.area(of, 0.0)
    return land_to_dyke(area, water, wet.lines[of], dykes, reach_m=reach_m)


def _note_dykes(
    source_id: str, role: str, count: int, search_m: float, ground: Ground, notes: Notes
) -> None:
    if role == "toe" and count == 0:
        why, why_en = "未给堤脚线", "no dyke lines are given"
        if ground.has_dykes:
            why = f"距岸 {search_m:g} m 内没有堤脚线"
            why_en = f"no dyke line lies within {search_m:g} m of the bank"
        notes.add(
            source_id,
            "warning",
            f"规则的陆域从背水坡堤脚起算；{why}，从岸边起算，可能偏小",
            f"land counts from the landward toe of the dyke; {why_en}, it is counted "
            "from the bank and may be too small",
        )
    elif role == "toe":
        notes.add(
            source_id,
            "info",
            f"陆域从堤脚线起算（距岸 {search_m:g} m 内有堤脚线的一侧），其余从岸边起算",
            "land counts from the dyke toe where one is near, elsewhere from the bank",
        )
    elif count:
        notes.add(
            source_id,
            "info",
            "陆域以堤防为界",
            "land ends at the dyke where one is near",
        )
    else:
        notes.add(
            source_id,
            "info",
            "陆域“不超过堤防、分水岭”：没有堤防线，未在堤防处截断",
            "land ends at dyke or watershed; no dyke line is near, it is not cut there",
        )


def _near_bank(
    intake: Intake,
    wet: Wet,
    *,
    own: NDArray[np.bool_],
    main: BaseGeometry,
    whole: BaseGeometry,
    keep_m: float,
    notes: Notes,
) -> BaseGeometry:
    """Leave out the far water of a wide river, where the intake's bank is known."""
    lines: Shapes = wet.lines[own]
    if intake.offset_m <= table_number("screening", "side_doubt_m"):
        part = None
    else:
        part = near_bank_part(main, lines, intake.point, keep_m)
    if part is None:
        notes.add(
            intake.source_id,
            "warning",
            f"规则水域为取水口向对岸 {keep_m:g} m，但无法判断取水口在哪一岸，按全河宽",
            f"the rule takes {keep_m:g} m towards the far bank, but the intake's bank "
            "cannot be told; the whole width is drawn",
        )
        return whole
    if (~own).any():
        # a tributary from the far bank is no longer joined to the zone
        beyond = shapely.difference(main, part)
        side = shapely.difference(shapely.difference(whole, main), beyond)
        parts = shapely.get_parts(shapely.union(part, side))
        part = shapely.union_all(parts[shapely.intersects(parts, part)])
    notes.add(
        intake.source_id,
        "info",
        f"大河水域只计取水口向对岸 {keep_m:g} m 以内，对岸及对岸支流未计入",
        f"water counts to {keep_m:g} m towards the far bank; the far bank and its "
        "tributaries are left out",
    )
    return part
