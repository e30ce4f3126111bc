"""What each source says of the direction of a reach, and whose word counts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.errors import NetworkError
from geotool.network._log import LOG_COLUMNS
from geotool.network._model import RiverNetwork
from geotool.network._rim import Sides, rim_sides, states_under, structure_sides
from geotool.network._scenario import DIRECTIONS, Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

TRUST = (
    "scenario",
    "user",
    "structure",
    "given",
    "stated",
    "boundary",
    "elevation",
    "drawing",
    "pumped",
    "potential",
)
"""Sources of a direction, the most trusted first."""

CONFIDENCE = {
    "scenario": 0.95,
    "user": 0.99,
    "structure": 0.95,
    "given": 0.95,
    "stated": 0.95,
    "boundary": 0.9,
    "drawing": 0.9,
    "pumped": 0.9,
}
SILENT = -9
BOTH = 2
_SIGN = {"forward": 1, "backward": -1, "both": BOTH, "unknown": 0}
_WORD = {sign: word for word, sign in _SIGN.items()}
_AS_DRAWN = "as drawn"
"""Marks rows of the log that say a line was turned against its drawing."""

OSM_DRAWN_WITH_FLOW = ("river", "stream", "drain", "ditch")
"""Values of OpenStreetMap's ``waterway`` whose lines are to be drawn with the flow; a
canal's need not be, and a tidal channel has no one way."""


@dataclass
class Votes:
    """
    Words of all sources on a network, one array each.

    Attributes
    ----------
    network : RiverNetwork
    said : dict of array of int
        Source → 1 (as drawn), -1, 2 (both ways), 0 (said to be unknown), -9 (silent).
    elevation_trust : array of float
        Confidence of the votes by height.
    """

    network: RiverNetwork
    said: dict[str, Ints] = field(default_factory=dict)
    elevation_trust: Floats = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.network.reaches)
        for name in TRUST:
            self.said.setdefault(name, np.full(count, SILENT, dtype=np.int64))
        self.elevation_trust = np.zeros(count)

    # ------------------------------------------------------------ who says what
    def hear_named(self, source: str, directions: Mapping[str, str]) -> None:
        """Take directions by reach id or river id; a reach id is the closer word."""
        what = "情景 scenario" if source == "scenario" else "fixed"
        for key, value in directions.items():
            if value not in DIRECTIONS:
                raise NetworkError(
                    f"{key} 的流向 {value!r} 不认识；可用：{'、'.join(DIRECTIONS)}。",
                    f"{key}: unknown direction {value!r}; choose one of "
                    f"{', '.join(DIRECTIONS)}.",
                )
        for reaches, value in _by_name(self.network, directions, what):
            self.said[source][reaches] = _SIGN[value]

    def hear_layer(self) -> None:
        """Take what the reaches themselves tell of earlier evidence."""
        reaches = self.network.reaches
        mode = reaches["flow_mode"].to_numpy(dtype=object)
        before = reaches["direction_source"].to_numpy(dtype=object)
        for name in ("user", "given", "drawing"):
            told = (before == name) & (self.said[name] == SILENT)
            self.said[name][told & (mode == "normal")] = 1
            self.said[name][told & (mode == "unknown")] = 0
            special = told & np.isin(mode, ("bidirectional", "controlled", "reservoir"))
            self.said["stated"][special] = BOTH

    def hear_drawing(self, classes: Collection[str] | None) -> None:
        """Take the lines as drawn with the flow, all or those of some classes."""
        meant = np.ones(len(self.network.reaches), dtype=bool)
        if classes is not None:
            rank = self.network.reaches.get("rank")
            if rank is None:
                raise NetworkError(
                    "河段没有等级列 rank，无法按类别采信画线方向；请用 True 或补上该列。",
                    "The reaches have no column rank to tell whose drawing counts; give "
                    "True or add the column.",
                )
            meant = rank.isin(list(classes)).to_numpy()
        self.said["drawing"][meant] = _against_drawing(self.network)[meant]

    def hear_structures(self, scenario: Scenario | None) -> None:
        """
        Take gates at the rim that let water through one way, and pumps.

        A gate or pump with the role ``outlet`` (``inlet``) that stands open one way
        settles the reaches on its sides. A pump of no such role moves water as
        it is run: the reaches on its sides go both ways unless better is known.
        """
        state = states_under(self.network, scenario)
        pump = self.network.structures["kind"].to_numpy(dtype=object) == "pump"
        one_way = ((state == "one_way") | pump) & (state != "closed")
        for role, outward in (("outlet", 1), ("inlet", -1)):
            outer = rim_sides(self.network, role)
            outer = outer.at(one_way[outer.structure])
            self._pass(outer, outward)
            sides = structure_sides(self.network, _rows(one_way, outer.structure))
            self._pass(sides.at(~np.isin(sides.reach, outer.reach)), -outward)
        role_of = self.network.structures["role"].to_numpy(dtype=object)
        inside = pump & (state != "closed") & ~np.isin(role_of, ("inlet", "outlet"))
        self.said["pumped"][structure_sides(self.network, inside).reach] = BOTH

    def _pass(self, sides: Sides, away: int) -> None:
        self.said["structure"][sides.reach] = np.where(sides.leaves, away, -away)

    # ------------------------------------------------------------ who is believed
    def decide(self) -> tuple[Ints, Texts, Floats]:
        """
        Take the word of the most trusted source that says anything.

        Returns
        -------
        sign : array of int
            1, -1, 2 (both ways) or 0.
        source : array of str
            Empty where all are silent.
        confidence : array of float
        """
        count = len(self.network.reaches)
        sign = np.full(count, SILENT, dtype=np.int64)
        source = np.full(count, "", dtype=object)
        confidence = np.zeros(count)
        for name in TRUST[:-1]:
            free = (sign == SILENT) & (self.said[name] != SILENT)
            sign[free] = self.said[name][free]
            source[free] = name
            confidence[free] = (
                self.elevation_trust[free] if name == "elevation" else CONFIDENCE[name]
            )
        return np.where(sign == SILENT, 0, sign), source, confidence

    def conflicts(self, sign: Ints, source: Texts) -> pd.DataFrame:
        """Give rows for the log where a source says the opposite of what is taken."""
        ids = self.network.reaches["reach_id"].to_numpy(dtype=object)
        found = []
        for name in TRUST[:-1]:
            against = (np.abs(sign) == 1) & (self.said[name] == -sign)
            found.append(
                log_rows(
                    "conflict",
                    ids[against],
                    name,
                    source[against],
                    "流向证据矛盾，取更可信者 evidence differs",
                )
            )
        return pd.concat(found, ignore_index=True)

    def table(self) -> pd.DataFrame:
        """Give one row for each thing a source said, in the drawing it was said of."""
        ids = self.network.reaches["reach_id"].to_numpy(dtype=object)
        rows = []
        for name in TRUST:
            word = self.said[name]
            told = word != (0 if name == "potential" else SILENT)
            told &= word != SILENT
            words = np.array([_WORD[w] for w in word[told].tolist()], dtype=object)
            rows.append(
                pd.DataFrame(
                    {"reach_id": ids[told], "source": name, "direction": words},
                    dtype=object,
                )
            )
        return pd.concat(rows, ignore_index=True)


def _rows(chosen: Bools, rows: Ints) -> Bools:
    """Mark those of the chosen structures that stand in a list of rows."""
    marked = np.zeros(len(chosen), dtype=bool)
    marked[rows] = True
    return chosen & marked


def _by_name(
    network: RiverNetwork, directions: Mapping[str, str], what: str
) -> Iterable[tuple[Any, str]]:
    """Give positions of the reaches each key names; those of reach ids last."""
    if not directions:
        return
    place = network.reach_position
    whole = [key for key in directions if key not in place.index]
    river = network.reaches["river_id"].to_numpy(dtype=object)
    rows = pd.Series(np.arange(len(river))).groupby(river).indices if whole else {}
    for key in whole:
        if key not in rows:
            raise NetworkError(
                f"{what}中的 {key!r} 不是河段编号，也不是河流编号。",
                f"{what} names {key!r}, which is no reach id and no river id.",
            )
        yield rows[key], directions[key]
    for key in directions:
        if key in place.index:
            yield [int(place[key])], directions[key]


def _against_drawing(network: RiverNetwork) -> Ints:
    """-1 for reaches that orienting has turned since they were drawn, 1 for others."""
    drawn = np.ones(len(network.reaches), dtype=np.int64)
    if "step" not in network.log:
        return drawn
    log = network.log
    turned = log.loc[(log["step"] == "turn") & (log["before"] == _AS_DRAWN), "subject"]
    times = turned.value_counts()
    place = network.reach_position.reindex(times.index)
    there = place.notna().to_numpy()
    odd = times.to_numpy()[there] % 2 == 1
    drawn[place.to_numpy()[there][odd].astype(np.int64)] = -1
    return drawn


def turned_rows(reach: Texts, source: Texts) -> pd.DataFrame:
    """Give rows for the log on lines that were turned to the flow."""
    return log_rows(
        "turn", reach, _AS_DRAWN, source, "线与流向相反，已翻转 turned to the flow"
    )


def log_rows(
    step: str, subject: Texts, before: object, after: object, note: str
) -> pd.DataFrame:
    """Give many rows of the log at once."""
    rows = dict(zip(LOG_COLUMNS, (step, subject, before, after, note), strict=True))
    return pd.DataFrame(rows, index=range(len(subject)), dtype=object)
