"""How the sheet of an outfall is put together."""

import datetime as dt
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import geopandas as gpd
import pandas as pd

from geotool._version import __version__
from geotool.errors import GeotoolError
from geotool.network import RiverNetwork, Scenario
from geotool.report import _outfall_words as words
from geotool.report._given import Given, place_text
from geotool.report._phrases import cell_text, report_day
from geotool.report._pictures import photograph, place_map
from geotool.report._report_value import Report
from geotool.trace import Trace, trace_downstream

AROUND_M = 1500.0
"""How far the small map shows, to each side."""


@dataclass(frozen=True, eq=False, repr=False)
class OutfallReport(Report):
    """
    The sheet of an outfall (一口一策).

    Attributes
    ----------
    values : mapping
        What the template is given.
    trace : Trace or None
        What lies downstream; None where the outfall is not on the network.
    """

    trace: Trace | None = field(default=None)
    kind: ClassVar[str] = "outfall"


@dataclass(frozen=True, eq=False)
class Maker:
    """What all sheets of one call share."""

    given: Given
    network: RiverNetwork
    warnings: tuple[str, ...]
    points: dict[str, gpd.GeoDataFrame]
    findings: pd.DataFrame | None
    scenario: Scenario | None
    max_offset_m: float
    photos: Path | None
    day: dt.date
    notice: str

    def sheet(self, row: gpd.GeoDataFrame) -> OutfallReport:
        """Make the sheet of one row."""
        facts = dict(row.iloc[0])
        outfall_id = str(facts["outfall_id"])
        name = cell_text(facts.get("name"), "")
        has_place = bool(
            row.geometry.notna().iloc[0] and not row.geometry.is_empty.iloc[0]
        )
        trace, untold = self._downstream(row) if has_place else (None, "没有坐标，")
        picture, no_picture = None, "没有坐标。"
        if has_place:
            layers = trace.map_layers() if trace is not None else {}
            reached = {k: v for k, v in layers.items() if k == "trace_reaches"}
            picture, no_picture = place_map(
                self.given,
                row,
                reached,
                title=f"{outfall_id} 位置图",
                around_m=AROUND_M,
                notice=self.notice,
                date=self.day,
            )
        photo, no_photo = photograph(facts.get("photo"), self.photos)
        downstream = words.downstream_rows(trace)
        finding = self._finding(outfall_id)
        note = words.downstream_sentence(downstream, trace)
        values = {
            "title": f"{outfall_id} {name} 一口一策".replace("  ", " "),
            "date": f"{self.day:%Y-%m-%d}",
            "version": __version__,
            "source": self.given.name,
            "notice": self.notice,
            "summary": words.outfall_summary(facts, self.day, downstream, finding),
            "facts": words.register_facts(
                facts,
                place_text(row, words.place_note(facts)) if has_place else "没有坐标",
            ),
            "remedy": words.remedy_facts(facts),
            "deadline_note": words.deadline_sentence(facts, self.day),
            "photo": photo,
            "photo_note": no_photo,
            "map": picture,
            "map_note": no_picture,
            "downstream": downstream,
            "downstream_note": note or f"{untold}下游不明。",
            "findings_note": finding,
            "basis": self._basis(trace),
        }
        return OutfallReport(values, trace)

    def _downstream(self, row: gpd.GeoDataFrame) -> tuple[Trace | None, str]:
        try:
            trace = trace_downstream(
                self.network,
                row,
                points=self.points,
                scenario=self.scenario,
                max_offset_m=self.max_offset_m,
            )
        except GeotoolError as error:
            return None, error.zh
        return trace, ""

    def _finding(self, outfall_id: str) -> str:
        if self.findings is None:
            return "没有保护区图层，未筛查。"
        own = self.findings[self.findings["outfall_id"].astype(str) == outfall_id]
        if not len(own):
            return "没有筛查结果。"
        row = own.iloc[0]
        return f"{row['grade_zh']}：{row['reason']}。"

    def _basis(self, trace: Trace | None) -> list[str]:
        lines = [
            "登记信息照录自排污口名录，不含联系人和电话。",
            f"是否逾期按编制日期 {self.day} 和登记的阶段判断，以现场核查为准。",
        ]
        if trace is not None:
            lines += [f"{text}。" for text in trace.settings["assumptions"]]
            lines.append(
                f"情景：{trace.settings['scenario']}；流经时间为按流速范围的估计，最早首达按"
                "前锋计，以现场监测为准。"
            )
        lines += [f"注意：{text.split(' / ')[0]}。" for text in self.warnings]
        return lines


def sheet_maker(
    given: Given,
    scenario: Scenario | None,
    network: RiverNetwork | None,
    max_offset_m: float,
    photos: str | PathLike[str] | None,
    on: Any,
    notice: str,
) -> Maker:
    """Gather what all sheets of one call share."""
    made, stale = given.network(network)
    day = report_day(on)
    points = given.points()
    return Maker(
        given=given,
        network=made,
        warnings=stale,
        points={k: v for k, v in points.items() if k in ("sections", "water_sources")},
        findings=_findings(given, day),
        scenario=scenario,
        max_offset_m=max_offset_m,
        photos=given.folder if photos is None else Path(photos),
        day=day,
        notice=notice,
    )


def _findings(given: Given, day: dt.date) -> pd.DataFrame | None:
    """Hold all outfalls against the zones at once."""
    from geotool.zones import screen_points

    zones = given.table("zones")
    if zones is None:
        return None
    return screen_points(given.read("outfalls"), zones, on=day)
