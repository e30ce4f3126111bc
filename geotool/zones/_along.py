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
from geotool.zones._plan import Notes, text_of
from geotool.zones._rules import Extent, KindRule, table_number


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
            ``reach_id, relation, geometry``, pieces cut at the exact measure. A
            reach that may run either way appears up to the longer distance.
        """
        at = (intake.reach_id, intake.measure_m)
        found = [
            trace(
                self.network, at, max_distance_m=distance_m, scenario=self.scenario
            ).reaches[["reach_id", "relation", "geometry"]]
            for trace, distance_m in (
                (trace_upstream, extent.up_m),
                (trace_downstream, extent.down_m),
            )
            if distance_m > 0
        ]
        if not found:
            return gpd.GeoDataFrame(
                {"reach_id": [], "relation": []}, geometry=[], crs=self.network.crs
            )
        pieces = pd.concat(found, ignore_index=True)
        long = shapely.length(pieces.geometry.to_numpy()) > 0
        return pieces[long].reset_index(drop=True)


def river_extent(
    way: Waterway,
    intake: Intake,
    extent: Extent,
    *,
    kind: KindRule,
    side_width_m: float,
    notes: Notes,
) -> tuple[BaseGeometry, bool]:
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
    notes : Notes
        What was assumed is added to it.

    Returns
    -------
    area : Polygon or MultiPolygon
        In the network's system; empty when the network gives no stretch.
    is_assumed : bool
        Whether a width had to be assumed.
    """
    pieces = way.stretch(intake, extent)
    if pieces.empty:
        return shapely.MultiPolygon(), False
    own = pieces["reach_id"].isin(way.own_reaches(intake.reach_id)).to_numpy()
    width = pieces["reach_id"].map(way.width_m).to_numpy(float)
    assumed = np.where(own, kind.assumed_width_m, side_width_m)
    half = np.where(np.isnan(width), assumed, width) / 2
    _note_stretch(way, intake, pieces, width=width, half=half, notes=notes)
    lines, radii = pieces.geometry.to_numpy(), half + extent.land_m
    area = stretch_band(lines, radii)
    far_m = kind.far_bank_m
    if far_m is not None and half[own].max(initial=0.0) + intake.offset_m > far_m:
        area = _near_bank(
            intake, lines, radii, own=own, whole=area, keep_m=far_m, notes=notes
        )
    return area, bool(np.isnan(width).any())


def _near_bank(
    intake: Intake,
    lines: NDArray[np.object_],
    radii: NDArray[np.float64],
    *,
    own: NDArray[np.bool_],
    whole: BaseGeometry,
    keep_m: float,
    notes: Notes,
) -> BaseGeometry:
    """Leave out the far water of a wide river, where the intake's bank is known."""
    if intake.offset_m <= table_number("screening", "side_doubt_m"):
        part = None
    else:
        main = stretch_band(lines[own], radii[own])
        part = near_bank_part(main, lines[own], intake.point, keep_m)
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
        side = shapely.difference(stretch_band(lines[~own], radii[~own]), beyond)
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


def _note_stretch(
    way: Waterway,
    intake: Intake,
    pieces: gpd.GeoDataFrame,
    *,
    width: NDArray[np.float64],
    half: NDArray[np.float64],
    notes: Notes,
) -> None:
    """Say what had to be assumed about width, direction and place."""
    unknown = np.isnan(width)
    if unknown.any():
        values = "、".join(f"{each:g}" for each in np.unique(half[unknown] * 2))
        notes.add(
            intake.source_id,
            "warning",
            f"部分河段无河宽，按 {values} m 假定 [M]",
            f"some reaches have no width; {values} m is assumed [M]",
        )
    if (pieces["relation"] == "possible").any():
        notes.add(
            intake.source_id,
            "warning",
            "部分河段流向不明或往复，按可能上游计入（偏保守）",
            "some reaches have no sure direction and are included as possibly upstream",
        )
    here = half[(pieces["reach_id"] == intake.reach_id).to_numpy()]
    if len(here) and intake.offset_m > here.max():
        notes.add(
            intake.source_id,
            "warning",
            f"取水口距中心线 {intake.offset_m:.0f} m，大于半河宽 {here.max():.0f} m，"
            "请核对坐标或河宽",
            f"the intake lies {intake.offset_m:.0f} m from the centreline, beyond half "
            f"the width ({here.max():.0f} m); check coordinates or width",
        )
    _note_gates(way, intake, pieces, notes=notes)


def _note_gates(
    way: Waterway, intake: Intake, pieces: gpd.GeoDataFrame, *, notes: Notes
) -> None:
    """Say that gates within the stretch were taken as open."""
    gates = way.network.structures
    gates = gates[gates["kind"].isin(CONTROLLABLE_KINDS)]
    if gates.empty:
        return
    nodes = np.asarray(way.network.nodes.geometry, dtype=object)
    stretch = shapely.union_all(pieces.geometry.to_numpy())
    is_met = shapely.dwithin(nodes[gates["node_id"].to_numpy(int)], stretch, 0.01)
    if is_met.any():
        met = gates.loc[is_met, ["name", "structure_id"]].to_numpy(dtype=object)
        names = "、".join(text_of(name) or text_of(key) for name, key in met)
        notes.add(
            intake.source_id,
            "info",
            f"范围内闸站（{names}）按开启计，水源保护区不因关闸缩小",
            f"gates in the stretch ({names}) count as open; a zone does not shrink "
            "when they are shut",
        )
