"""What the checks of a network share: the form of an issue, and facts got once."""

from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.network._log import spot
from geotool.network._model import RiverNetwork

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ISSUE_COLUMNS = (
    "issue_id",
    "kind",
    "severity",
    "subject",
    "message",
    "message_en",
    "repair",
    "repair_en",
    "geometry",
)
SEVERITIES = ("error", "warning", "info")

Row = dict[Any, Any]

_SOURCES = {
    "user": "实测",
    "given": "资料",
    "scenario": "情景",
    "structure": "闸站",
    "boundary": "进出水口",
    "elevation": "高程",
    "drawing": "画线",
    "potential": "推算",
}


def issue(
    kind: str,
    severity: str,
    subject: str,
    texts: tuple[str, str],
    repair: tuple[str, str],
    geometry: Any,
) -> Row:
    """Give a row of the table of issues; texts are Chinese and English."""
    return {
        "kind": kind,
        "severity": severity,
        "subject": subject,
        "message": texts[0],
        "message_en": texts[1],
        "repair": repair[0],
        "repair_en": repair[1],
        "geometry": geometry,
    }


class Facts:
    """A network as arrays and lists, each got once and used by many checks."""

    def __init__(self, network: RiverNetwork) -> None:
        self.network = network
        reaches = network.reaches
        self.count, self.nodes = len(reaches), len(network.nodes)
        self.ends: Ints = reaches[["from_node", "to_node"]].to_numpy(dtype=np.int64)
        self.lines = np.asarray(reaches.geometry, dtype=object)
        self.places = np.asarray(network.nodes.geometry, dtype=object)
        self.length: Floats = reaches["length_m"].to_numpy(float)
        self.mode = reaches["flow_mode"].to_numpy(dtype=object)
        self.source = reaches["direction_source"].to_numpy(dtype=object)
        self.one_way: Bools = self.mode == "normal"
        self.degree: Ints = np.bincount(self.ends.ravel(), minlength=self.nodes)

    @cached_property
    def ids(self) -> list[str]:
        """Reach ids."""
        return self.network.reaches["reach_id"].astype(str).tolist()

    @cached_property
    def labels(self) -> list[str]:
        """Names of reaches for a reader."""
        names = self.network.reaches["name"]
        named = (names.notna() & (names != "")).tolist()
        return [
            f"{name}（{key}）" if has else key
            for key, name, has in zip(self.ids, names.tolist(), named, strict=True)
        ]

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Index of the lines."""
        return shapely.STRtree(self.lines)

    @cached_property
    def told(self) -> dict[str, Ints]:
        """Nodes that orienting was told are inlets and outlets, by these words."""
        log, found = self.network.log, {}
        place = (
            {
                spot(xy): k
                for k, xy in enumerate(shapely.get_coordinates(self.places).tolist())
            }
            if "step" in log and log["step"].isin(["inlet", "outlet"]).any()
            else {}
        )
        for word in ("inlet", "outlet"):
            texts: list[str] = []
            if place:
                texts = log.loc[log["step"] == word, "subject"].tolist()
            nodes = [place[text] for text in texts if text in place]
            found[word] = np.array(nodes, dtype=np.int64)
        return found

    @cached_property
    def part(self) -> Ints:
        """Connected part of each reach."""
        return self.network.component[self.ends[:, 0]].astype(np.int64)

    @cached_property
    def _by_node(self) -> tuple[Ints, Ints]:
        flat = self.ends.ravel()
        order = np.argsort(flat, kind="stable")
        return order // 2, np.searchsorted(flat[order], np.arange(self.nodes + 1))

    def beside(self, node: int) -> list[int]:
        """List the reaches at a node; a ring is there twice."""
        reach, start = self._by_node
        found: list[int] = reach[start[node] : start[node + 1]].tolist()
        return found

    def names(self, reaches: Any) -> str:
        """List reach ids, the first eight of many."""
        some = [self.ids[k] for k in reaches[:8]]
        return "、".join(some) + ("…" if len(reaches) > 8 else "")

    def sources(self, reaches: Any) -> tuple[str, str]:
        """Say where the directions of some reaches come from, in both languages."""
        found = list(dict.fromkeys(str(self.source[k]) or "?" for k in reaches))
        return "、".join(_SOURCES.get(s, s) for s in found), ", ".join(found)

    def merged(self, reaches: Any) -> Any:
        """Give the lines of some reaches as one shape."""
        return shapely.multilinestrings(list(self.lines[reaches]))


def groups(label: Ints) -> list[Ints]:
    """
    Part positions by label, in the order of labels.

    Examples
    --------
    >>> [rows.tolist() for rows in groups(np.array([5, 2, 5]))]
    [[1], [0, 2]]
    """
    order = np.argsort(label, kind="stable")
    if len(order) == 0:
        return []
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
