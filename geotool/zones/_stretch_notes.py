"""What had to be assumed of a stretch of river, told in notes."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.network import CONTROLLABLE_KINDS, RiverNetwork
from geotool.zones._ground import Shapes
from geotool.zones._plan import Notes, text_of


def note_stretch(
    source_id: str,
    pieces: gpd.GeoDataFrame,
    *,
    assumed_m: NDArray[np.float64],
    here_m: NDArray[np.float64],
    offset_m: float,
    notes: Notes,
) -> None:
    """
    Say what had to be assumed about width, direction and place.

    Parameters
    ----------
    source_id : str
    pieces : GeoDataFrame
        ``relation`` of each piece of the stretch.
    assumed_m : array of float
        Widths that were assumed.
    here_m : array of float
        How far the water lies from the centreline at the intake.
    offset_m : float
        How far the intake does.
    """
    if len(assumed_m):
        values = "、".join(f"{each:g}" for each in np.unique(assumed_m))
        notes.add(
            source_id,
            "warning",
            f"部分河段无河宽，按 {values} m 假定 [M]",
            f"some reaches have no width; {values} m is assumed [M]",
        )
    if (pieces["relation"] == "possible").any():
        notes.add(
            source_id,
            "warning",
            "部分河段流向不明或往复，按可能上游计入（偏保守）",
            "some reaches have no sure direction and are included as possibly upstream",
        )
    if (pieces["relation"] == "crossing").any():
        notes.add(
            source_id,
            "warning",
            "汇入、相交的河道按平交计（登记册未注明平交或立交），自交汇口上溯的规定长度"
            "已计入分区；其上排口的判定以此假定为准，若为立交，请在规则中将该级 "
            "crossing_m 改为 0 后重算",
            "rivers that join or cross are taken to meet at one level, as the register "
            "does not say, and count for the length the rule gives, from the junction; "
            "verdicts on outfalls there rest on that: where they cross one above the "
            "other, set crossing_m = 0 for the level in the rules and draw again",
        )
    if len(here_m) and offset_m > here_m.max():
        notes.add(
            source_id,
            "warning",
            f"取水口距中心线 {offset_m:.0f} m，大于半河宽 {here_m.max():.0f} m，"
            "请核对坐标或河宽",
            f"the intake lies {offset_m:.0f} m from the centreline, beyond half "
            f"the width ({here_m.max():.0f} m); check coordinates or width",
        )


def note_gates(
    network: RiverNetwork, source_id: str, lines: Shapes, *, notes: Notes
) -> None:
    """Say that gates within the stretch were taken as open."""
    gates = network.structures
    gates = gates[gates["kind"].isin(CONTROLLABLE_KINDS)]
    if gates.empty:
        return
    nodes = np.asarray(network.nodes.geometry, dtype=object)
    stretch = shapely.union_all(lines)
    is_met = shapely.dwithin(nodes[gates["node_id"].to_numpy(int)], stretch, 0.01)
    if is_met.any():
        met = gates.loc[is_met, ["name", "structure_id"]].to_numpy(dtype=object)
        names = "、".join(text_of(name) or text_of(key) for name, key in met)
        notes.add(
            source_id,
            "info",
            f"范围内闸站（{names}）按开启计，水源保护区不因关闸缩小",
            f"gates in the stretch ({names}) count as open; a zone does not shrink "
            "when they are shut",
        )
