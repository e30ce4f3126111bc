"""What building and orienting did by themselves, as issues to look over."""

import re
from collections.abc import Iterator
from typing import Any

import shapely

from geotool.network._issues import Row, issue
from geotool.network._model import RiverNetwork

_SPOT = re.compile(r"(-?\d+\.\d\d) (-?\d+\.\d\d)$")
_MENDED = {
    "snap": ("端点捕捉", "ends joined"),
    "t_junction": ("端点接线", "end joined to a line"),
    "split": ("打断", "split"),
    "stub": ("线头", "stub"),
    "double": ("重复线", "double line"),
    "drop": ("未用", "left out"),
    "pass_over": ("立交", "passes over"),
    "conflict": ("流向矛盾", "conflict"),
}


def mended(network: RiverNetwork) -> Iterator[Row]:
    """
    Tell what was done, each at its place.

    Touches that were only split are one row: nothing moved, and a common layer has
    hundreds of them.
    """
    if "step" not in network.log:
        return
    touches = []
    for row in network.log.to_dict("records"):
        if row["step"] not in _MENDED:
            continue
        place = _place(network, row)
        if row["step"] == "split" and "端点落在线上" in row["note"]:
            touches.append(place)
            continue
        kind = {"pass_over": "passes_over", "conflict": "conflict"}.get(
            row["step"], "mended"
        )
        head = _MENDED[row["step"]]
        yield issue(
            kind,
            "warning" if kind == "conflict" else "info",
            row["subject"],
            (f"{head[0]}：{row['note']}", f"{head[1]}: {row['note']}"),
            ("已自动处理，请核对", "done while building; check it"),
            place,
        )
    if touches:
        yield issue(
            "mended",
            "info",
            f"{len(touches)} 处",
            (
                f"{len(touches)} 处端点落在另一条线上而线上无节点，已在该处打断",
                f"{len(touches)} ends lay on a line that had no node there; it was split",
            ),
            ("已自动处理，一般无须核对", "done while building; nothing was moved"),
            shapely.multipoints(touches),
        )


def _place(network: RiverNetwork, row: Row) -> Any:
    for text in (row["after"], row["before"], row["subject"], row["note"]):
        found = _SPOT.search(str(text))
        if found:
            return shapely.Point(float(found[1]), float(found[2]))
    position = network.reach_position.get(row["subject"])
    if position is not None:
        line = network.reaches.geometry.iloc[int(position)]
        return line.interpolate(0.5, normalized=True)
    return shapely.Point()
