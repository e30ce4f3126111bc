"""From a file of readings to who must act: what exceeds, who may have done it, who is next."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool._items import fold_item, item_table
from geotool._precision import precision_of
from geotool._progress import progress
from geotool.attribution import Ranking, rank_sources
from geotool.attribution._measured import NO_LOAD
from geotool.attribution._problem import Words
from geotool.attribution._sections import named_sections
from geotool.errors import GeotoolError, LayerError
from geotool.network import RiverNetwork, Scenario
from geotool.quality import ended_exceedances, exceedances
from geotool.quality._inputs import ids_by_text
from geotool.quality._limits import standard_table
from geotool.readings import tidy_readings
from geotool.report._incident_result import IncidentAlert
from geotool.tables import class_words
from geotool.trace import alert_table, border_points, trace_downstream

WARNED = ("water_sources", "sections", "structures")
"""Layers whose points the water is followed to; borders come from the districts."""

STALE_H = 72.0
"""Hours behind the newest reading of all from which a section's last one is old."""


def incident_alert(
    network: RiverNetwork,
    readings: pd.DataFrame,
    layers: Mapping[str, gpd.GeoDataFrame] | Any,
    *,
    item: str | None = None,
    until: Any = None,
    scenario: Scenario | None = None,
    standard: str | Mapping[str, Any] = "GB3838-2002",
    lead_h: float = 1.0,
    max_offset_m: float = 200.0,
    unread: pd.DataFrame | None = None,
    taken: Sequence[Words] = (),
) -> IncidentAlert:
    """
    Tell which sections exceed since when, who may have done it, and who must act.

    Every section is held against its own target. For each that exceeds now, in the
    worst item that adds up from loads, the sources are ranked on all readings, and the
    water is followed downstream to intakes, sections and borders. What could not be
    judged, ranked or read is told.

    Parameters
    ----------
    network : RiverNetwork
        Oriented: see :func:`geotool.orient_network`.
    readings : DataFrame
        As they came or tidy, in long or wide form.
    layers : mapping of name to GeoDataFrame, or a workspace
        ``sections`` and ``outfalls``; ``water_sources``, ``structures`` and ``admin``
        where there are any.
    item : str, optional
        Look at this item only, by any of its names. The others still are evidence.
    until : time, optional
        Take no later readings: what was known then.
    scenario : Scenario, optional
        Gate states and directions; as registered if None.
    standard : str or mapping
        As :func:`geotool.assess_sections`: a name, or a table of your own.
    lead_h : float
        Hours that an intake needs to close.
    max_offset_m : float
        Farthest a point may lie from the bank.
    unread : DataFrame, optional
        What :func:`geotool.read_readings` could not read, to be told with the rest.
    taken : sequence of (Chinese, English), optional
        What was taken for granted when the readings were read, to be told too.

    Returns
    -------
    IncidentAlert

    Raises
    ------
    LayerError
        If a layer is missing, the item is unknown, or no reading can be used.

    Examples
    --------
    >>> import shapely
    >>> from geotool.network import build_network
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "direction": ["digitized"], "width_m": [20.0]},
    ...     geometry=[shapely.LineString([(0, 0), (9000, 0)])], crs=4549,
    ... )
    >>> def points(column, ids, metres, **others):
    ...     places = [shapely.Point(x, 0) for x in metres]
    ...     return gpd.GeoDataFrame({column: ids, **others}, geometry=places, crs=4549)
    >>> layers = {
    ...     "sections": points("section_id", ["S1", "S2"], [4000, 8000],
    ...                        target_class=["III", "III"], flow_m3_s=[2.0, 2.0]),
    ...     "outfalls": points("outfall_id", ["P1", "P2"], [2000, 6000],
    ...                        permitted_discharge_m3_d=[4000.0, 4000.0],
    ...                        permitted_nh3n_mg_l=[8.0, 8.0]),
    ... }
    >>> readings = pd.DataFrame({
    ...     "断面编号": ["S1", "S2"], "时间": ["2026-05-03 08:00"] * 2, "氨氮": [0.3, 2.1],
    ... })
    >>> alert = incident_alert(build_network(rivers), readings, layers)
    >>> alert.exceeding[["section_id", "item", "multiple"]].to_numpy().tolist()
    [['S2', 'NH3N', 1.1]]
    >>> alert.rankings["S2"].table["outfall_id"].tolist()
    ['P2', 'P1']
    """
    found = {name: _layer(layers, name) for name in (*WARNED, "outfalls", "admin")}
    sections = named_sections(_required(found, "sections"))
    outfalls = _required(found, "outfalls")
    key = None if item is None else _item(item)
    tidy, rejected = tidy_readings(readings)
    if unread is not None and len(unread):
        rejected = pd.concat([unread, rejected], ignore_index=True)
    tidy = _known_then(tidy, until)
    judged = tidy if key is None else tidy[tidy["item"] == key]
    standard = str(standard_table(standard)["key"])
    table = exceedances(judged, sections, standard=standard)
    exceeding = _with_remarks(table[table["item"].notna()], tidy["time"].max())
    points = _warned(network, found)
    rankings: dict[str, Ranking] = {}
    downstream: dict[str, pd.DataFrame] = {}
    untold: list[dict[str, Any]] = []
    for section_id, rows in progress(
        exceeding.groupby("section_id", sort=False), "排查超标断面", "failing sections"
    ):
        name = str(section_id)
        try:
            rankings[name] = _ranking(
                network, name, rows, tidy, outfalls, sections, scenario, max_offset_m
            )
        except GeotoolError as error:
            untold.append(_untold(name, ("来源", "sources"), error))
        try:
            trace = trace_downstream(
                network,
                sections[sections["section_id"] == name],
                points=points,
                scenario=scenario,
                max_offset_m=max_offset_m,
            )
            since = rows["since"].min()
            downstream[name] = alert_table(trace, spill_time=since, lead_h=lead_h)
        except GeotoolError as error:
            untold.append(_untold(name, ("下游", "downstream"), error))
    rest = table[table["item"].isna()]
    return IncidentAlert(
        exceeding=exceeding,
        rankings=rankings,
        downstream=downstream,
        untold=pd.DataFrame(untold, columns=["section_id", "what", *_REASONS]),
        met=_met(judged, sections, exceeding, rest),
        unjudged=rest[["section_id", "name", "note", "note_en"]].reset_index(drop=True),
        ended=ended_exceedances(judged, sections, standard=standard),
        unused=rejected,
        as_of=tidy["time"].max(),
        settings={
            "item": key,
            "until": None if until is None else str(until),
            "standard": standard,
            "scenario": scenario.name if scenario else "现状",
            "lead_h": lead_h,
            "network_hash": network.hash,
            "layers": sorted(name for name, one in found.items() if one is not None),
        },
        gates=_gates(network, scenario),
        taken=tuple(taken),
        precisions=_precisions(tidy, sections),
    )


_REASONS = ("reason", "reason_en")


# ---------------------------------------------------------------- what came in
def _layer(layers: Any, name: str) -> gpd.GeoDataFrame | None:
    """Give a layer of a mapping or a workspace; None where there is none."""
    if isinstance(layers, Mapping):
        return layers.get(name)
    return layers.read(name) if layers.has(name) else None


def _required(found: Mapping[str, Any], name: str) -> gpd.GeoDataFrame:
    layer = found[name]
    if layer is None:
        zh = {"sections": "断面", "outfalls": "排污口"}[name]
        raise LayerError(
            f"没有{zh}图层（{name}），不能预警；请先导入。",
            f"There is no layer {name}: nothing to judge; import it first.",
        )
    return layer


def _item(name: str) -> str:
    key = fold_item(name)
    if key is None:
        raise LayerError(
            f"不认识的监测项目 {name!r}；请用 氨氮、NH3N、TP 等名称。",
            f"Unknown item {name!r}; use a name such as 氨氮, NH3N or TP.",
        )
    return key


def _known_then(tidy: pd.DataFrame, until: Any) -> pd.DataFrame:
    """Leave out what was read later."""
    if until is not None:
        moment: Any = pd.to_datetime(until, errors="coerce")
        if pd.isna(moment):
            raise LayerError(
                f"截止时间 {until!r} 不是时间；例如 2026-10-15 08:00。",
                f"until={until!r} is no time; for example 2026-10-15 08:00.",
            )
        tidy = tidy[tidy["time"] <= moment]
    if not len(tidy):
        raise LayerError(
            "没有可用的监测值，无法判断是否超标；请核对监测时间和列名。",
            "There is no usable reading: nothing can be judged; check times and headers.",
        )
    return tidy


def _precisions(tidy: pd.DataFrame, sections: pd.DataFrame) -> dict[str, str]:
    """Tell of each section how finely the times of its readings are known."""
    ids = ids_by_text(sections)
    section = tidy["section_id"].map(lambda text: ids.get(str(text), str(text)))
    return dict(tidy["time"].groupby(section.to_numpy()).agg(precision_of))


def _warned(
    network: RiverNetwork, found: Mapping[str, gpd.GeoDataFrame | None]
) -> dict[str, gpd.GeoDataFrame]:
    """Give the points that may have to be warned."""
    points = {}
    for name in WARNED:
        layer = found[name]
        if layer is not None and len(layer):
            # a works drawn as an area stands for itself by a point inside it
            is_area = ~layer.geom_type.isin(["Point"]) & layer.geometry.notna()
            points[name] = layer.set_geometry(
                layer.geometry.where(~is_area, layer.representative_point())
            )
    admin = found["admin"]
    if admin is not None and len(admin):
        points["borders"] = border_points(network, admin)
    return points


def _gates(network: RiverNetwork, scenario: Scenario | None) -> dict[str, Words]:
    """Name and state of each structure."""
    assumed = {} if scenario is None else scenario.structures
    words = class_words("structure_state")
    table = network.structures
    found = {}
    for row in table.to_dict("records"):
        state = str(assumed.get(str(row["structure_id"]), row.get("state")))
        state = state if state in words else "unknown"
        en = {"one_way": "one way", "unknown": "state unknown"}.get(state, state)
        name = row.get("name")
        shown = name if isinstance(name, str) and name else row["structure_id"]
        told = (f"{shown}（{words[state]}）", f"{shown} ({en})")
        found[str(row["structure_id"])] = told
    return found


# ---------------------------------------------------------------- each section
def _with_remarks(table: pd.DataFrame, newest: pd.Timestamp) -> pd.DataFrame:
    """Say where an exceedance rests on one reading, or on old ones."""
    notes, notes_en = [], []
    for row in table.to_dict("records"):
        zh, en = [row["note"]], [row["note_en"]]
        if row["n_readings"] == 1:
            zh.append("只有一次读数超标，请先复核")
            en.append("a single reading: check it first")
        hours = (newest - row["last"]).total_seconds() / 3600
        if hours > STALE_H:
            zh.append(f"最近一次读数比最新数据早 {hours / 24:.1f} 天，现在未必仍超标")
            en.append(f"its last reading is {hours / 24:.1f} d older than the newest")
        notes.append("；".join(text for text in zh if text))
        notes_en.append("; ".join(text for text in en if text))
    return table.assign(note=notes, note_en=notes_en).reset_index(drop=True)


def _ranking(
    network: RiverNetwork,
    section_id: str,
    rows: pd.DataFrame,
    tidy: pd.DataFrame,
    outfalls: gpd.GeoDataFrame,
    sections: gpd.GeoDataFrame,
    scenario: Scenario | None,
    max_offset_m: float,
) -> Ranking:
    """Rank by the worst item that adds up from loads."""
    loaded = rows[~rows["item"].isin(NO_LOAD)]
    row = (loaded if len(loaded) else rows).iloc[0]
    limit = float(row["limit"])
    return rank_sources(
        network,
        section_id,
        tidy,
        outfalls,
        item=str(row["item"]),
        sections=sections,
        scenario=scenario,
        limit_mg_l=limit if limit > 0 else None,
        max_offset_m=max_offset_m,
    )


def _untold(section_id: str, what: Words, error: GeotoolError) -> dict[str, Any]:
    return {
        "section_id": section_id,
        "what": what[0],
        "reason": error.zh,
        "reason_en": error.en,
    }


def _met(
    judged: pd.DataFrame,
    sections: pd.DataFrame,
    exceeding: pd.DataFrame,
    rest: pd.DataFrame,
) -> pd.DataFrame:
    """List the sections that meet their target by their last readings."""
    untold = set(rest["section_id"].dropna()) | set(exceeding["section_id"])
    rows = []
    names = sections["name"] if "name" in sections.columns else sections["section_id"]
    for section_id, name in zip(sections["section_id"], names, strict=True):
        own = judged[judged["section_id"].isin([section_id, name])]
        if str(section_id) in untold or not len(own):
            continue
        items = [item_table()[one].zh for one in own["item"].drop_duplicates()]
        rows.append(
            {
                "section_id": str(section_id),
                "name": name,
                "last": own["time"].max(),
                "items": "、".join(items),
            }
        )
    return pd.DataFrame(rows, columns=["section_id", "name", "last", "items"])
