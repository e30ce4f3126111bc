"""What building and orienting did by themselves, as issues to look over."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.network._issues import Facts, Row, issue
from geotool.network._model import RiverNetwork

_SPOT = re.compile(r"(-?\d+\.\d\d) (-?\d+\.\d\d)$")
_MENDED = {
    "snap": ("端点捕捉", "ends joined"),
    "t_junction": ("端点接线", "end joined to a line"),
    "split": ("打断", "split"),
    "stub": ("线头", "stub"),
    "double": ("重复线", "double line"),
    "drop": ("未用", "left out"),
    "node_apart": ("节点错开", "ends of a node apart"),
    "next_missing": ("下游缺失", "next line missing"),
    "pass_over": ("立交", "passes over"),
    "conflict": ("流向矛盾", "conflict"),
}
_KINDS = {"pass_over": "passes_over", "conflict": "conflict"}
_WORDS = {
    "scenario": "情景",
    "user": "实测",
    "structure": "闸站",
    "given": "资料",
    "stated": "资料",
    "boundary": "进出水口",
    "elevation": "高程",
    "drawing": "画线",
    "inlet": "进水口",
    "outlet": "出水口",
}


def mended(facts: Facts) -> Iterator[Row]:
    """
    Tell what was done, each at its place.

    Touches that were only split are one row: nothing moved, and a common layer has
    hundreds of them.
    """
    log = facts.network.log
    if "step" not in log:
        return
    rows = log[log["step"].isin(list(_MENDED))]
    where = dict(zip(facts.ids, range(facts.count), strict=True)) if len(rows) else {}
    touches = []
    for row in rows.to_dict("records"):
        place = _place(facts, where, row)
        if row["step"] == "split" and "端点落在线上" in row["note"]:
            touches.append(place)
            continue
        kind = _KINDS.get(row["step"], "mended")
        head = _MENDED[row["step"]]
        yield issue(
            kind,
            "warning" if kind == "conflict" else "info",
            row["subject"],
            _conflict(row)
            if kind == "conflict"
            else (f"{head[0]}：{row['note']}", f"{head[1]}: {row['note']}"),
            _repair(kind),
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


def _conflict(row: Row) -> tuple[str, str]:
    weaker, taken = str(row["before"]), str(row["after"])
    return (
        (
            f"流向矛盾：{row['subject']} 的{_WORDS.get(weaker, weaker)}与"
            f"{_WORDS.get(taken, taken)}相反，已采信后者"
        ),
        (
            f"evidence differs on {row['subject']}: {weaker} against {taken}; "
            "the latter was taken"
        ),
    )


def _repair(kind: str) -> tuple[str, str]:
    if kind == "conflict":
        return "现场核实后用 fixed={…} 指定", "survey it and give it as fixed={…}"
    return "已自动处理，请核对", "done while building; check it"


def passages(network: RiverNetwork) -> NDArray[np.object_]:
    """Give the places where one line was taken to pass over another."""
    log = network.log
    if "step" not in log:
        return np.empty(0, dtype=object)
    spots = log.loc[log["step"] == "pass_over", "subject"].astype(str)
    found = [_SPOT.search(text) for text in spots]
    xy = [(float(spot[1]), float(spot[2])) for spot in found if spot]
    return np.array([shapely.Point(*one) for one in xy], dtype=object)


def _place(facts: Facts, where: dict[str, int], row: Row) -> Any:
    for text in (row["after"], row["before"], row["subject"], row["note"]):
        found = _SPOT.search(str(text))
        if found:
            return shapely.Point(float(found[1]), float(found[2]))
    position = where.get(row["subject"])
    if position is not None:
        return facts.lines[position].interpolate(0.5, normalized=True)
    return shapely.Point()
