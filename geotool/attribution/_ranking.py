"""The ranked sources of an exceedance, as a frozen value."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geotool._items import item_table
from geotool.attribution._plain import number_of, plain, text_of
from geotool.attribution._problem import Words
from geotool.attribution._stretch import Stretch
from geotool.tables import load_table
from geotool.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RANK_COLUMNS = (
    "rank",
    "outfall_id",
    "name",
    "category",
    "probability",
    "top_three",
    "strength",
    "strength_en",
    "contribution_share",
    "share_low",
    "share_high",
    "relation",
    "distance_m",
    "travel_time_h",
    "travel_time_min_h",
    "travel_time_max_h",
    "declared_kg_d",
    "load_basis",
    "times_declared",
    "times_is_least",
    "reach_id",
    "measure_m",
    "made_mg_l",
    "onset",
    "end",
    "by_section",
    "reasons",
    "reasons_en",
)

UNREGISTERED_COLUMNS = (
    "group_id",
    "label",
    "label_en",
    "probability",
    "length_m",
    "reaches",
    "intervals",
)


@dataclass(frozen=True, eq=False)
class Ranking:
    """
    Who may have done it, in the order in which to look.

    A rank tells where to look first; it is no proof.

    Attributes
    ----------
    table : DataFrame
        :data:`RANK_COLUMNS`, the most probable first. ``probability`` is that this
        source made the exceedance; with ``unregistered`` it sums to one. ``top_three``:
        probability that it is among the three largest contributors.
        ``contribution_share``: part of the concentration at the section, with its 80 %
        range. ``made_mg_l``: what it would add at the section beyond its declared load.
        ``times_declared``: how many times its load more it would need;
        ``times_is_least``: no larger number was tried, it may be more.
        ``onset``, ``end``: when it would have discharged, by series of readings;
        NaT where there are none, or they show no end. ``by_section``: what each section
        says of it, natural logarithm of the odds against the average candidate.
        ``reasons``, ``reasons_en``: sentences to check.
    unregistered : DataFrame
        Stretches on which a source that is in no register may lie: :data:`UNREGISTERED_COLUMNS`; ``reaches`` counts them,
        ``intervals`` lists reach id, from and to in metres.
    unregistered_probability : float
    stretch : Stretch or None
        The shortest water that holds 80 % of that probability; None where only distances
        are known, or too much water lies upstream.
    level : int
        Level of the data, 0 to 5 (:attr:`level_words`).
    section_id, item : str
    since, until : Timestamp or NaT
        When the section failed.
    value_mg_l, limit_mg_l : float
        Mean of that time, and the limit.
    next_sample : Words
        Where one more sample would tell most; empty where none would.
    excluded : DataFrame
        Outfalls that cannot have done it, with the reason.
    notes : tuple of Words
        What was not used, and what was assumed.
    unused : DataFrame
        Readings that could not be read, with reason and remedy.
    trace : Trace
        What lies upstream of the section.
    """

    table: pd.DataFrame
    unregistered: pd.DataFrame
    unregistered_probability: float
    stretch: Stretch | None
    level: int
    section_id: str
    item: str
    since: pd.Timestamp
    until: pd.Timestamp
    value_mg_l: float
    limit_mg_l: float
    next_sample: Words
    excluded: pd.DataFrame
    notes: tuple[Words, ...]
    unused: pd.DataFrame
    trace: Trace

    @property
    def level_words(self) -> Words:
        """What the level of the data means."""
        row = load_table("attribution")["levels"][str(self.level)]
        return str(row["zh"]), str(row["en"])

    @property
    def headline(self) -> Words:
        """The answer in one sentence."""
        name = item_table()[self.item].zh
        if self.unregistered_probability >= 0.5 and len(self.unregistered):
            where = self.first_stretch
            return (
                (
                    f"{self.section_id} {name}：登记外的排放可能性最大"
                    f"（{self.unregistered_probability:.0%}），先查 {where[0]}"
                ),
                (
                    f"{self.section_id} {self.item}: most likely a source in no register "
                    f"({self.unregistered_probability:.0%}); look first at {where[1]}"
                ),
            )
        if not len(self.table):
            return (
                f"{self.section_id} {name}：上游没有登记的排污口",
                f"{self.section_id} {self.item}: no registered outfall upstream",
            )
        if self.level == 0:
            return (
                f"{self.section_id} {name}：只有距离，{len(self.table)} 个候选无法区分",
                (
                    f"{self.section_id} {self.item}: distances only; {len(self.table)} "
                    "candidates cannot be told apart"
                ),
            )
        top = self.table.iloc[0]
        return (
            (
                f"{self.section_id} {name}：先查 {top['name'] or top['outfall_id']}"
                f"（{top['strength']}，{top['probability']:.0%}）"
            ),
            (
                f"{self.section_id} {self.item}: look first at {top['outfall_id']} "
                f"({top['strength_en']}, {top['probability']:.0%})"
            ),
        )

    @property
    def first_stretch(self) -> Words:
        """Where to look first for a source in no register, where there is water."""
        if self.stretch is not None:
            return self.stretch.first
        top = self.unregistered.iloc[0]
        return str(top["label"]), str(top["label_en"])

    @property
    def stretch_words(self) -> Words | None:
        """Where such a source most likely lies; None where it is not worth a word."""
        told = load_table("attribution")["evidence"]["stretch"]["told"]
        if self.stretch is None or self.unregistered_probability < told:
            return None
        return self.stretch.words

    def why(self, outfall_id: str, *, language: str = "zh") -> list[str]:
        """
        List the reasons for a source's rank.

        Raises
        ------
        KeyError
            If it is not ranked; see ``excluded``.
        """
        rows = self.table[self.table["outfall_id"] == outfall_id]
        if not len(rows):
            raise KeyError(outfall_id)
        return list(rows["reasons" if language == "zh" else "reasons_en"].iloc[0])

    # ------------------------------------------------------------ other forms
    def to_dict(self) -> dict[str, Any]:
        """Give the ranking as plain data, for JSON (design.md 8)."""
        return {
            "section_id": self.section_id,
            "item": self.item,
            "since": text_of(self.since),
            "until": text_of(self.until),
            "value_mg_l": number_of(self.value_mg_l),
            "limit_mg_l": number_of(self.limit_mg_l),
            "scenario": self.trace.settings["scenario"],
            "level": self.level,
            "level_meaning": list(self.level_words),
            "headline": list(self.headline),
            "network": {"hash": self.trace.network_hash},
            "sources": _plain_rows(self.table),
            "unregistered": {
                "probability": number_of(self.unregistered_probability),
                "reaches": self._stretches(),
                "stretch": self.stretch.to_dict() if self.stretch else None,
            },
            "next_sample": list(self.next_sample),
            "excluded": _plain_rows(self.excluded),
            "stopped": _plain_rows(
                self.trace.stopped.drop(columns=self.trace.stopped.geometry.name)
            ),
            "warnings": [zh for zh, _ in self.notes],
            "warnings_en": [en for _, en in self.notes],
        }

    def _stretches(self) -> list[dict[str, Any]]:
        found = []
        for row in self.unregistered.to_dict("records"):
            for reach_id, low, high in row["intervals"]:
                found.append(
                    {
                        "reach_id": reach_id,
                        "from_measure_m": round(low, 1),
                        "to_measure_m": round(high, 1),
                        "group_id": row["group_id"],
                        "probability": number_of(row["probability"]),
                    }
                )
        return found

    def map_layers(self) -> dict[str, gpd.GeoDataFrame]:
        """
        Give the layers a map or a GeoPackage holds, ranked by probability.

        Returns
        -------
        dict
            ``trace_points`` (the ranked outfalls, with rank and probability, and the
            other points of the trace), ``trace_reaches`` and ``trace_stopped``; where
            a source in no register is worth a word, ``trace_unregistered``: the stretch
            in which it most likely lies.
        """
        layers = self.trace.map_layers()
        if self.stretch is not None and self.stretch_words is not None:
            layers["trace_unregistered"] = self.stretch.layer(
                self.unregistered_probability
            )
        points = layers["trace_points"].copy()
        ranked = self.table.set_index("outfall_id")
        own = points["layer"] == "outfalls"
        ids = points["id"].astype(str).where(own)
        points["rank"] = ids.map(ranked["rank"]).astype(float)
        for column in ("probability", "contribution_share", "strength"):
            points[column] = ids.map(ranked[column])
        points["reasons"] = [
            "\n".join(ranked["reasons"].get(key, ())) if isinstance(key, str) else ""
            for key in ids
        ]
        layers["trace_points"] = points.sort_values(
            ["rank", "distance_m"], kind="stable", ignore_index=True
        )
        return layers

    def plot(self, *, count: int = 10, title: str | None = None) -> "Figure":
        """
        Draw the first ranks as bars: probability, and the share with its range.

        Parameters
        ----------
        count : int
        title : str, optional
            The headline if None.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from geotool.attribution._plot import ranking_figure

        return ranking_figure(self, count=count, title=title)

    def plot_evidence(
        self,
        readings: pd.DataFrame,
        *,
        outfall_id: str | None = None,
        count: int = 6,
        title: str | None = None,
    ) -> "Figure":
        """
        Draw the first ranks as bars, and beside them the readings of the sections.

        At the section that failed stands what one source's discharge would have made;
        at each section how many times it makes that source more or less likely.

        Parameters
        ----------
        readings : DataFrame
            Those that were ranked by.
        outfall_id : str, optional
            The source to hold against the readings; the first if None.
        count : int
            Ranks shown.
        title : str, optional
            The headline if None.

        Raises
        ------
        KeyError
            If the source is not ranked.
        """
        from geotool.attribution._plot import evidence_figure

        return evidence_figure(
            self, readings, outfall_id=outfall_id, count=count, title=title
        )

    def __repr__(self) -> str:
        head = self.headline[1]
        return (
            f"<Ranking of {len(self.table)} sources: {head}; unregistered "
            f"{self.unregistered_probability:.0%}; level {self.level} "
            f"({self.level_words[1]}); {len(self.excluded)} excluded>"
        )

    def _repr_html_(self) -> str:
        from geotool.attribution._ranking_html import ranking_html

        return ranking_html(self)


def _plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): plain(value) for key, value in row.items()}
        for row in pd.DataFrame(table).to_dict("records")
    ]
