"""一断面一策: the sheet of a section — what failed, what lies upstream, where to look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from geotool._progress import long_step, stage
from geotool._version import __version__
from geotool.errors import GeotoolError
from geotool.network import RiverNetwork, Scenario
from geotool.readings import tidy_readings
from geotool.report import _section_words as words
from geotool.report._failure import Failure, section_failure
from geotool.report._given import Given, Workspaces, one_row, place_text
from geotool.report._phrases import (
    cell_text,
    report_day,
    taken_lines,
)
from geotool.report._pictures import section_map
from geotool.report._projects import section_projects
from geotool.report._report_value import Report
from geotool.report._section_values import (
    failed_values,
    gate_values,
    source_values,
    summary_lines,
)
from geotool.report._upstream import (
    finding_rows,
)
from geotool.trace import SOURCES, Trace, trace_upstream

if TYPE_CHECKING:
    from geotool.attribution import Ranking


@dataclass(frozen=True, eq=False, repr=False)
class SectionReport(Report):
    """
    The sheet of a section (一断面一策).

    Attributes
    ----------
    values : mapping
        What the template is given.
    failure : Failure
        What failed, by the mean of the last period and by single readings.
    trace : Trace
        What lies upstream.
    ranking : Ranking or None
        Where to look first; None where no evidence could be weighed, and
        ``values["ranking_note"]`` says why.
    """

    failure: Failure = field(default=None)  # type: ignore[assignment]
    trace: Trace = field(default=None)  # type: ignore[assignment]
    ranking: "Ranking | None" = None
    kind: ClassVar[str] = "section"


@long_step("一断面一策", "sheet of the section", stages=5)
def section_report(
    workspace: Workspaces,
    section: str,
    *,
    item: str | None = None,
    readings: pd.DataFrame | None = None,
    scenario: Scenario | None = None,
    network: RiverNetwork | None = None,
    ranking: "Ranking | None" = None,
    standard: str | Mapping[str, Any] = "GB3838-2002",
    period: str = "month",
    max_offset_m: float = 200.0,
    on: Any = None,
    notice: str = "",
    taken: Sequence[tuple[str, str]] = (),
) -> SectionReport:
    """
    Make the sheet of a section: what failed, what lies upstream, where to look first.

    Parameters
    ----------
    workspace : Workspace, path of one, or mapping of name to layer
        ``sections`` and ``rivers`` (or a built network); ``outfalls``, ``readings``,
        ``structures``, ``projects``, ``zones`` where there are any.
    section : str
        Id, or name where only one section has it.
    item : str, optional
        What to trace, by any of its names. If None, the item that fails worst by the
        mean of the last period, else by the last reading.
    readings : DataFrame, optional
        As they came or tidy; those of the workspace if None.
    scenario : Scenario, optional
        Gate states and directions; as registered if None.
    network : RiverNetwork, optional
        That of the workspace if None.
    ranking : Ranking, optional
        Made before with :func:`geotool.rank_sources`; made here if None.
    standard : str or mapping
        As :func:`geotool.assess_sections`: a name, or a table of your own.
    period : str
        As there.
    max_offset_m : float
        Farthest a point may lie from the bank.
    on : date, optional
        Day of the report; today if None.
    notice : str
        A warning to stand on the sheet and the map, such as ``"示意，非实测"``.
    taken : sequence of (Chinese, English), optional
        What was taken for granted when the readings were read, to be told too.

    Returns
    -------
    SectionReport
        Write it with ``.to_docx("DM03.docx")``. Contacts never go along.

    Raises
    ------
    ReportError
        If a layer that is needed is missing.
    LayerError
        If the section or the item is unknown.
    LocateError
        If the section is not on the network.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "name": ["东河"], "direction": ["digitized"]},
    ...     geometry=[shapely.LineString([(0, 0), (9000, 0)])], crs=4549,
    ... )
    >>> sections = gpd.GeoDataFrame(
    ...     {"section_id": ["S1"], "name": ["东桥"], "target_class": ["III"]},
    ...     geometry=[shapely.Point(8000, 0)], crs=4549,
    ... )
    >>> readings = pd.DataFrame(
    ...     {"断面编号": ["S1"], "时间": ["2026-05-03 08:00"], "氨氮": [2.1]}
    ... )
    >>> report = section_report(
    ...     {"rivers": rivers, "sections": sections}, "S1", readings=readings
    ... )
    >>> report.values["result"]
    '2026-05：水质劣Ⅴ类，目标Ⅲ类，未达标。氨氮均值 2.1 mg/L，限值 ≤1，超标 1.10 倍。'
    """
    given = Given(workspace)
    day = report_day(on)
    sections = given.read("sections")
    row = one_row(sections, "sections", section)
    section_id = str(row["section_id"].iloc[0])
    tidy, refused = _readings(given, readings)
    stage("评价", "assessment")
    failure = section_failure(
        tidy, sections, section_id, item=item, standard=standard, period=period
    )
    network, stale = given.network(network)
    stage("溯源", "trace")
    trace = trace_upstream(
        network, row, points=given.points(), scenario=scenario,
        max_offset_m=max_offset_m,
    )  # fmt: skip
    stage("排查次序", "ranking")
    why = ""
    if ranking is None:
        ranking, why = _ranked(
            given, network, section_id, tidy, failure, scenario, max_offset_m
        )
    else:
        trace = ranking.trace
    stage("筛查", "screening")
    findings, zone_note = _findings(given, trace, day)
    name = cell_text(row["name"].iloc[0], "") if "name" in row else ""
    title = f"{section_id} {name}".strip()
    layers = (trace if ranking is None else ranking).map_layers()
    stage("地图", "map")
    picture, no_picture = section_map(
        given, layers, title=f"{title} 上游与排查次序", notice=notice, date=day
    )
    values = {
        "title": f"{title} 一断面一策",
        "date": f"{day:%Y-%m-%d}",
        "version": __version__,
        "source": given.name,
        "notice": notice,
        "no_proof": words.NO_PROOF if ranking is not None else words.BY_DISTANCE,
        "summary": summary_lines(failure, trace, ranking, why, [*stale, *refused]),
        "facts": words.section_facts(row.iloc[0], place_text(row)),
        **failed_values(failure, tidy, section_id, title),
        **source_values(trace, ranking, why, given, failure),
        **gate_values(trace, network, scenario),
        "projects": section_projects(
            given.table("projects"), sections, section_id, on=day
        ),
        "findings": findings,
        "findings_note": zone_note,
        "map": picture,
        "map_note": no_picture,
        "basis": [
            *words.basis_lines(failure, trace, ranking, tidy if len(tidy) else None),
            *taken_lines(taken),
            *(f"注意：{text.split(' / ')[0]}。" for text in (*stale, *refused)),
        ],
    }
    return SectionReport(values, failure, trace, ranking)


# ---------------------------------------------------------------- what it rests on
def _readings(
    given: Given, readings: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[str]]:
    """Give the readings tidy, and say what of them could not be used."""
    table = given.table("readings") if readings is None else readings
    if table is None:
        table = pd.DataFrame(columns=["section_id", "time", "item", "value"])
    tidy, rejected = tidy_readings(table)
    if not len(rejected):
        return tidy, []
    return tidy, [
        f"监测数据有 {len(rejected)} 条没有采用，如：{rejected['reason'].iloc[0]}"
    ]


def _ranked(
    given: Given,
    network: RiverNetwork,
    section_id: str,
    tidy: pd.DataFrame,
    failure: Failure,
    scenario: Scenario | None,
    max_offset_m: float,
) -> tuple["Ranking | None", str]:
    """Rank the sources, or say why they cannot be ranked."""
    from geotool.attribution import rank_sources

    if failure.item is None:
        return None, words.no_item_text(failure)
    if not len(tidy):
        return None, "没有监测数据，"
    outfalls = given.table("outfalls")
    if outfalls is None:
        return None, "没有排污口图层，"
    try:
        found = rank_sources(
            network,
            section_id,
            tidy,
            outfalls,
            item=failure.item,
            sections=given.read("sections"),
            scenario=scenario,
            max_offset_m=max_offset_m,
        )
    except GeotoolError as error:
        return None, f"不能排序（{error.zh.rstrip('。')}）。"
    return found, ""


def _findings(given: Given, trace: Trace, day: Any) -> tuple[list[dict[str, str]], str]:
    """Hold the outfalls upstream against the protection zones."""
    from geotool.zones import screen_points

    zones, outfalls = given.table("zones"), given.table("outfalls")
    if zones is None or outfalls is None:
        return [], "没有保护区图层，未筛查。"
    met = set(trace.points.loc[trace.points["layer"] == SOURCES, "id"].astype(str))
    near = outfalls[outfalls["outfall_id"].astype(str).isin(met)]
    if not len(near):
        return [], "上游没有登记的排污口。"
    try:
        found = finding_rows(screen_points(near, zones, on=day), met)
    except GeotoolError as error:
        return [], f"未能筛查：{error.zh}"
    count = f"上游 {len(near)} 个排污口按 {len(zones)} 个分区筛查"
    return (
        found,
        f"{count}，{len(found)} 个需要关注。" if found else f"{count}，均未涉及。",
    )
