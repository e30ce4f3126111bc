"""Who must act, and by when, after a spill: a downstream trace as an alert."""

from typing import Any

import numpy as np
import pandas as pd

from geotool.errors import NetworkError
from geotool.network import CONTROLLABLE_KINDS
from geotool.tables import load_table
from geotool.trace._borders import BORDERS
from geotool.trace._result import Trace
from geotool.trace._routes import Routes
from geotool.trace._show import RELATION_ZH, layer_zh

ALERT_COLUMNS = (
    "order",
    "layer",
    "id",
    "name",
    "relation",
    "action",
    "action_en",
    "distance_m",
    "first_arrival_min_h",
    "first_arrival_max_h",
    "peak_min_h",
    "peak_max_h",
    "act_by",
    "first_arrival",
    "peak_from",
    "peak_to",
    "time_basis",
    "n_ways",
    "ways_exact",
    "structures",
    "note",
)

_ACTIONS = {
    "water_sources": ("关闭取水口", "close the intake"),
    "sections": ("加密监测", "sample more often"),
    BORDERS: ("通报下游辖区", "warn the district downstream"),
    "boundary": ("通报下游（水由此流出河网）", "warn downstream: it leaves here"),
}
"""What is to be done at each kind of place, and how firmly: see below."""

_OPTIONS = {
    "structures": ("可关闸拦截", "the gate can hold it"),
    "closed_gate": ("保持关闭", "keep the gate shut"),
}
"""What can be done at a gate, whatever the class."""

_HOW_SURE = {
    "certain": ("必须", "must"),
    "scenario": ("按现有闸况须", "must, as the gates stand"),
    "possible": ("预备", "be ready to"),
}


def alert_table(
    trace: Trace, *, spill_time: Any = None, lead_h: float = 0.0
) -> pd.DataFrame:
    """
    List who must act after a spill, in the order of time.

    The front of the cloud comes before its peak: first arrivals are the travel times
    of the mean water times ``leading_edge_factor`` of ``tables/hydraulics.toml``
    (Jobson 1997). The soonest arrival, and ``act_by``, count the fastest water by any
    conceivable way, whatever its class: a certain long way does not hide a possible
    short one. Peaks are of the way of the class.

    Parameters
    ----------
    trace : Trace
        Downstream of the spill, with the points to warn: ``{"water_sources": intakes,
        "sections": sections, "borders": border_points(network, admin)}``.
    spill_time : datetime or text, optional
        When it began. Without it the table counts hours only.
    lead_h : float
        Hours that an intake needs to close; ``act_by`` is so much before the first
        arrival, but never before the spill.

    Returns
    -------
    DataFrame
        :data:`ALERT_COLUMNS`. ``action`` says how firm it is: 必须 (certain), 按现有
        闸况须 (scenario), 预备 (possible). Closed gates that hold the water, and ends
        of the network where it leaves, stand among the points. Outfalls and other
        layers have no action. What the spill does not reach is in ``trace.excluded``.

    Raises
    ------
    NetworkError
        If the trace leads upstream, or the time or lead is none.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geotool.network import build_network
    >>> from geotool.trace import trace_downstream
    >>> line = shapely.LineString([(0, 0), (3600, 0)])
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "direction": ["digitized"], "velocity_m_s": [0.5]},
    ...     geometry=[line], crs=4549,
    ... )
    >>> intake = gpd.GeoDataFrame(
    ...     {"water_source_id": ["S1"]}, geometry=[shapely.Point(2700, 0)], crs=4549
    ... )
    >>> trace = trace_downstream(
    ...     build_network(rivers), ("A", 900.0), points={"water_sources": intake}
    ... )
    >>> alert = alert_table(trace, spill_time="2026-10-01 08:00", lead_h=0.5)
    >>> [str(alert[key].iloc[0]) for key in ("id", "action", "first_arrival_min_h")]
    ['S1', '必须关闭取水口', '0.89']
    >>> str(alert["act_by"].iloc[0])
    '2026-10-01 08:23:24'
    """
    if trace.settings["direction"] != "downstream":
        raise NetworkError(
            "预警表要用向下游的追踪结果（trace_downstream）。",
            "An alert needs a downstream trace (trace_downstream).",
        )
    if not (np.isfinite(lead_h) and lead_h >= 0):
        raise NetworkError(
            f"提前量 {lead_h} 应为不小于 0 的小时数。",
            f"lead_h={lead_h} must be hours, not below 0.",
        )
    begun = _moment(spill_time)
    front = float(load_table("hydraulics")["arrival"]["leading_edge_factor"]["value"])
    table = pd.DataFrame([*_point_rows(trace, front), *_stop_rows(trace, front)])
    table = table.reindex(columns=list(ALERT_COLUMNS))
    table = table.sort_values(
        ["first_arrival_min_h", "distance_m", "id"], kind="stable", ignore_index=True
    )
    table["order"] = np.arange(1, len(table) + 1)
    if begun is None:
        for column in ("act_by", "first_arrival", "peak_from", "peak_to"):
            table[column] = pd.NaT
        return table
    soonest = table["first_arrival_min_h"].astype(float)
    acts = (soonest - lead_h).clip(lower=0).where(table["action"] != "")
    for column, hours in (
        ("act_by", acts),
        ("first_arrival", soonest),
        ("peak_from", table["peak_min_h"]),
        ("peak_to", table["peak_max_h"]),
    ):
        # seconds are as fine as anyone acts, and finer than anyone knows
        seconds = (hours.astype(float) * 3600).round()
        table[column] = begun + pd.to_timedelta(seconds, unit="s")
    return table


def _moment(value: Any) -> pd.Timestamp | None:
    if value is None:
        return None
    try:
        moment: Any = pd.Timestamp(value)
    except (ValueError, TypeError):
        moment = pd.NaT
    if pd.isna(moment):
        raise NetworkError(
            f"事故时间 {value!r} 不是时间；例如 2026-10-01 08:00。",
            f"spill_time={value!r} is no time; for example 2026-10-01 08:00.",
        )
    return pd.Timestamp(moment)


def _point_rows(trace: Trace, front: float) -> list[dict[str, Any]]:
    rows = []
    is_shut = trace.stopped["kind"] == "closed_gate"
    shut = set(trace.stopped["subject"][is_shut])
    gates = _gates(trace)
    for row in trace.points.to_dict("records"):
        is_gate = row["layer"] == "structures"
        if is_gate and row["id"] in shut:
            continue  # it stands among the stops
        layer = "" if is_gate and row["id"] not in gates else row["layer"]
        fast, slow = row["travel_time_min_h"], row["travel_time_max_h"]
        rows.append(
            {
                **{key: row[key] for key in ALERT_COLUMNS if key in row},
                **_action(layer, row["relation"]),
                "first_arrival_min_h": front * row["earliest_h"],
                "first_arrival_max_h": front * slow,
                "peak_min_h": fast,
                "peak_max_h": slow,
                "structures": "、".join(row["structures"]),
                "note": _note(row, gates),
            }
        )
    return rows


def _gates(trace: Trace) -> set[str]:
    """Structures that people open and close."""
    if not isinstance(trace.ways, Routes):
        return set()
    table = trace.ways.network.structures
    return set(table["structure_id"][table["kind"].isin(CONTROLLABLE_KINDS)])


def _action(layer: str, relation: str) -> dict[str, str]:
    if layer in _OPTIONS:
        what, what_en = _OPTIONS[layer]
        return {"action": what, "action_en": what_en}
    if layer not in _ACTIONS:
        return {"action": "", "action_en": ""}
    (how, how_en), (what, what_en) = _HOW_SURE[relation], _ACTIONS[layer]
    return {"action": how + what, "action_en": f"{how_en}: {what_en}"}


def _note(row: dict[Any, Any], gates: set[str]) -> str:
    notes = []
    if row["earliest_h"] < row["travel_time_min_h"] * (1 - 1e-9):
        notes.append(
            f"经流向或闸况不定的近路，最快 {row['earliest_h']:.1f} h 即可到达，"
            "首达按此计"
        )
    passed = [key for key in row["structures"] if key in gates and key != row["id"]]
    if passed:
        notes.append(f"途经 {'、'.join(passed)}，关闸可拦截或改道")
    if row["located"] == "ambiguous":
        notes.append("在哪条河段上有歧义，请核实")
    return "；".join(notes)


def _stop_rows(trace: Trace, front: float) -> list[dict[str, Any]]:
    """List closed gates and ends of the network that the water comes to."""
    rows = []
    for row in trace.stopped.to_dict("records"):
        if row["kind"] not in ("closed_gate", "boundary"):
            continue
        fast, slow = row["travel_time_min_h"], row["travel_time_max_h"]
        rows.append(
            {
                "layer": row["kind"],
                "id": row["subject"],
                "name": row["reason"],
                "relation": row["relation"],
                **_action(row["kind"], row["relation"]),
                "distance_m": row["distance_m"],
                "first_arrival_min_h": front * fast,
                "first_arrival_max_h": front * slow,
                "peak_min_h": fast,
                "peak_max_h": slow,
                "structures": "",
                "note": "",
            }
        )
    return rows


def alert_sheet(alert: pd.DataFrame) -> pd.DataFrame:
    """
    Give an alert under Chinese headers, rounded, as it is sent out.

    Parameters
    ----------
    alert : DataFrame
        Of :func:`alert_table`.
    """
    headers = {
        "order": "序号",
        "action": "措施",
        "act_by": "最迟行动时间",
        "name": "对象",
        "layer": "类别",
        "id": "编号",
        "relation": "可达性",
        "distance_m": "沿河距离（m）",
        "first_arrival_min_h": "首达最早（h）",
        "first_arrival_max_h": "首达最晚（h）",
        "peak_min_h": "峰值最早（h）",
        "peak_max_h": "峰值最晚（h）",
        "note": "说明",
    }
    made = alert[list(headers)].copy()
    words = {
        "closed_gate": "关闭的闸",
        "boundary": "河网出口",
        BORDERS: "行政交界",
    }
    made["layer"] = [
        words.get(key) or layer_zh(key) for key in made["layer"].astype(str)
    ]
    made["relation"] = made["relation"].map(RELATION_ZH)
    made["distance_m"] = made["distance_m"].astype(float).round(0)
    for column in made.columns:
        if column.endswith("_h"):
            made[column] = made[column].astype(float).round(1)
    if made["act_by"].isna().all():
        made = made.drop(columns="act_by")
    return made.rename(columns=headers)
