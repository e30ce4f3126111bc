"""What a file of readings calls for, as a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from geotool._precision import finest, moment_text
from geotool.attribution import Ranking
from geotool.attribution._plain import plain
from geotool.attribution._problem import Words
from geotool.report._blocks import Block, blocks_html
from geotool.report._incident_sheets import incident_sheets
from geotool.report._incident_words import SHOWN, incident_blocks

INSPECT_COLUMNS = (
    "order",
    "outfall_id",
    "name",
    "category",
    "probability",
    "strength",
    "strength_en",
    "section_id",
    "item",
    "rank",
    "sections",
    "reach_id",
    "measure_m",
)

INSPECTED = 5
"""Ranks of each section that the list for the inspectors takes up."""


@dataclass(frozen=True, eq=False)
class IncidentAlert:
    """
    Which sections exceed since when, who may have done it, who must act.

    Attributes
    ----------
    exceeding : DataFrame
        Section and item, as :func:`geotool.exceedances` gives it, the worst first.
    rankings : dict of section id to Ranking
        In the worst item of the section that adds up from loads.
    downstream : dict of section id to DataFrame
        Who lies below, and by when they must act (:func:`geotool.alert_table`).
    untold : DataFrame
        Sections that exceed and could not be ranked or followed: ``section_id, what,
        reason, reason_en``.
    met : DataFrame
        Sections that meet their target by their last readings: ``section_id, name,
        last, items``.
    unjudged : DataFrame
        Sections without target or readings, and readings that fit no section:
        ``section_id, name, note, note_en``.
    ended : DataFrame
        Exceedances that were over by the last reading (:func:`ended_exceedances`).
    unused : DataFrame
        Cells that could not be read, with reason and remedy.
    as_of : Timestamp
        Of the newest reading that was used.
    settings : dict
        What was asked, and which layers there were.
    gates : dict of structure id to Words
        Name and state.
    taken : tuple of Words
        What was taken for granted when the readings were read.
    precisions : dict of section id to str
        How finely the times of its readings are known: minute, day or month.
    """

    exceeding: pd.DataFrame
    rankings: Mapping[str, Ranking]
    downstream: Mapping[str, pd.DataFrame]
    untold: pd.DataFrame
    met: pd.DataFrame
    unjudged: pd.DataFrame
    ended: pd.DataFrame
    unused: pd.DataFrame
    as_of: pd.Timestamp
    settings: Mapping[str, Any]
    gates: Mapping[str, Words]
    taken: tuple[Words, ...] = ()
    precisions: Mapping[str, str] = field(default_factory=dict)

    @property
    def headline(self) -> Words:
        """The answer in one sentence."""
        sections = self.exceeding["section_id"].nunique()
        if not sections:
            judged = len(self.met)
            if not judged:
                return "没有断面可以判断", "no section could be judged"
            return (
                f"{judged} 个断面按最近读数都达到目标，没有超标",
                f"none exceeds: all {judged} sections met their targets at last",
            )
        first = self.exceeding.iloc[0]
        since = self.when(first["since"], first["section_id"])
        # oxygen and pH have no multiple
        zh_by = en_by = ""
        if np.isfinite(first["multiple"]):
            zh_by = f"（超 {first['multiple']:.2g} 倍）"
            en_by = f" (by {first['multiple']:.2g} times)"
        return (
            (
                f"{sections} 个断面超标，最重为 {first['section_id']} "
                f"{first['item_name']}{zh_by}，始于 {since}"
            ),
            (
                f"{sections} section{' exceeds' if sections == 1 else 's exceed'}; worst "
                f"{first['section_id']} {first['item']}{en_by} since {since}"
            ),
        )

    @property
    def links(self) -> pd.DataFrame:
        """
        Pairs of sections that exceed, one below the other.

        Returns
        -------
        DataFrame
            ``above, below, distance_m, first_arrival_min_h, peak_max_h`` (of water
            from the one to the other), ``lag_h`` (between the two beginnings).
        """
        since = self.exceeding.groupby("section_id")["since"].min()
        rows = []
        for above, table in self.downstream.items():
            met = table[(table["layer"] == "sections") & table["id"].isin(since.index)]
            for row in met.to_dict("records"):
                lag = since[row["id"]] - since[above]
                rows.append(
                    {
                        "above": above,
                        "below": row["id"],
                        "distance_m": row["distance_m"],
                        "first_arrival_min_h": row["first_arrival_min_h"],
                        "peak_max_h": row["peak_max_h"],
                        "lag_h": lag.total_seconds() / 3600,
                    }
                )
        columns = ["above", "below", "distance_m", "first_arrival_min_h"]
        return pd.DataFrame(rows, columns=[*columns, "peak_max_h", "lag_h"])

    @property
    def inspect(self) -> pd.DataFrame:
        """
        The list for the inspectors: the first ranks of all sections, each source once.

        Returns
        -------
        DataFrame
            :data:`INSPECT_COLUMNS`, the most probable first; ``section_id, item, rank``
            tell where the source stands highest, ``sections`` all that it is among the
            first of.
        """
        parts = [
            ranking.table.head(INSPECTED).assign(section_id=key, item=ranking.item)
            for key, ranking in self.rankings.items()
            if ranking.level > 0
        ]
        if not parts:
            return pd.DataFrame(columns=list(INSPECT_COLUMNS))
        every = pd.concat(parts, ignore_index=True).sort_values(
            ["probability", "outfall_id"], ascending=[False, True], kind="stable"
        )
        named = every.groupby("outfall_id")["section_id"].agg("、".join)
        once = every.drop_duplicates("outfall_id").reset_index(drop=True)
        once["sections"] = once["outfall_id"].map(named)
        once["order"] = np.arange(1, len(once) + 1)
        return once[list(INSPECT_COLUMNS)]

    def precision(self, section_id: Any = None) -> str:
        """Give how finely times of a section are known, or those of any section."""
        if section_id is None:
            return finest(self.precisions.values())
        return self.precisions.get(str(section_id), "minute")

    def when(
        self, moment: Any, section_id: Any = None, *, with_year: bool = False
    ) -> str:
        """Write a time of a section (or of any) no finer than its readings are known."""
        return moment_text(moment, self.precision(section_id), with_year=with_year)

    # ------------------------------------------------------------ other forms
    def blocks(self, *, shown: int = SHOWN) -> list[Block]:
        """Give the page piece by piece, in Chinese and English."""
        return incident_blocks(self, shown=shown)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give everything as tables by the name of their sheet."""
        return incident_sheets(self)

    def to_dict(self) -> dict[str, Any]:
        """Give the alert as plain data, for JSON."""
        return {
            "headline": list(self.headline),
            "as_of": str(self.as_of),
            "settings": dict(self.settings),
            "exceeding": _records(self.exceeding),
            "rankings": {key: one.to_dict() for key, one in self.rankings.items()},
            "inspect": _records(self.inspect),
            "downstream": {
                key: _records(table) for key, table in self.downstream.items()
            },
            "links": _records(self.links),
            "untold": _records(self.untold),
            "met": _records(self.met),
            "unjudged": _records(self.unjudged),
            "ended": _records(self.ended),
            "unused": _records(self.unused),
            "taken": [list(words) for words in self.taken],
            "precisions": dict(self.precisions),
        }

    def __repr__(self) -> str:
        return (
            f"<IncidentAlert as of {self.when(self.as_of, with_year=True)}: "
            f"{self.headline[1]}; "
            f"{len(self.rankings)} ranked, {len(self.met)} met, "
            f"{len(self.unjudged)} not judged, {len(self.ended)} ended, "
            f"{len(self.unused)} cells unread>"
        )

    def _repr_html_(self) -> str:
        return blocks_html(self.blocks())


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): plain(value) for key, value in row.items()}
        for row in table.to_dict("records")
    ]
