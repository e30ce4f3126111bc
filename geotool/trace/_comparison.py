"""Scenarios side by side, as a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geotool.errors import NetworkError
from geotool.network import RiverNetwork
from geotool.trace._graph import LEVELS
from geotool.trace._result import Trace
from geotool.trace._show import (
    NOTICES,
    RELATION_ZH,
    context_layers,
    draw_map,
    html_result,
    layer_zh,
)
from geotool.trace._told import drawn_layers

if TYPE_CHECKING:
    import folium

CHANGES = ("gained", "lost", "firmer", "vaguer")
"""What a scenario does to a reach or point, against the first."""

CHANGE_ZH = {"gained": "增加", "lost": "减少", "firmer": "更确定", "vaguer": "更不确定"}

CHANGE_COLUMNS = (
    "scenario",
    "change",
    "layer",
    "id",
    "name",
    "before",
    "after",
    "distance_before_m",
    "distance_after_m",
    "length_m",
)


@dataclass(frozen=True, eq=False)
class ScenarioComparison:
    """
    Traces of one start under several scenarios.

    Attributes
    ----------
    traces : dict of Trace
        By the name of the scenario; the first is what the others are held against.
    weights : Series
        Share of time of each scenario; NaN where nobody said.
    reaches : GeoDataFrame
        Stretches cut so that each has one class in every scenario: ``reach_id,
        river_id, name, from_measure_m, to_measure_m, length_m``, a column of classes
        for each scenario (empty where not reached), ``share_min, share_max,
        geometry``.
    points : GeoDataFrame
        ``layer, id, name``, the class in each scenario, the distance in each (``…
        distance_m``), ``share_min, share_max, geometry``.
    changes : DataFrame
        :data:`CHANGE_COLUMNS`: what each scenario gains, loses, makes firmer or
        vaguer against the first. Stretches of reaches have the layer ``reaches``.
    network_hash : str

    Notes
    -----
    ``share_min`` is the share of time in which the place lies upstream (downstream) for
    sure or by the gates as the scenario has them; ``share_max`` counts *possible*
    too. Without weights both are NaN.
    """

    traces: Mapping[str, Trace]
    weights: pd.Series
    reaches: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    changes: pd.DataFrame
    network_hash: str

    def is_stale(self, network: RiverNetwork) -> bool:
        """Tell whether the network has changed since."""
        return self.network_hash != network.hash

    @property
    def summary(self) -> pd.DataFrame:
        """
        Count what each scenario reaches, gains and loses.

        Returns
        -------
        DataFrame, one row a scenario
            ``scenario, weight, length_km, points, gained_km, lost_km, gained_points,
            lost_points``.
        """
        rows = []
        for name, trace in self.traces.items():
            mine = self.changes[self.changes["scenario"] == name]
            is_reach = mine["layer"] == "reaches"
            row = {
                "scenario": name,
                "weight": self.weights[name],
                "length_km": trace.reaches["length_m"].sum() / 1000,
                "points": len(trace.points),
            }
            for change in ("gained", "lost"):
                part = mine["change"] == change
                row[f"{change}_km"] = mine.loc[part & is_reach, "length_m"].sum() / 1000
                row[f"{change}_points"] = int((part & ~is_reach).sum())
            rows.append(row)
        return pd.DataFrame(rows)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give the tables of a workbook, under Chinese names and headers."""
        names = list(self.traces)
        words = {level: RELATION_ZH[level] for level in LEVELS} | {"": "—"}
        points = pd.DataFrame(self.points.drop(columns="geometry"))
        reaches = pd.DataFrame(self.reaches.drop(columns="geometry"))
        for table in (points, reaches):
            for name in names:
                table[name] = table[name].map(words)
        changes = self.changes.copy()
        changes["change"] = changes["change"].map(CHANGE_ZH)
        for column in ("before", "after"):
            changes[column] = changes[column].map(words)
        for table in (points, changes):
            table["layer"] = [layer_zh(name) for name in table["layer"]]
        return {
            "情景对比": self.summary.rename(columns=_HEADERS),
            "增减": changes.rename(columns=_HEADERS),
            "点位": points.rename(columns=_point_headers(names)),
            "河段": reaches.rename(columns=_HEADERS),
            "说明": self._about(),
        }

    def _about(self) -> pd.DataFrame:
        first = next(iter(self.traces.values()))
        rows = [
            ("起点 start", first.settings["start"]),
            ("方向 direction", first.settings["direction"]),
            ("河网指纹 network hash", self.network_hash),
            *(
                (
                    f"情景指纹 {name}",
                    trace.settings["scenario_hash"] or "（按登记状态）",
                )
                for name, trace in self.traces.items()
            ),
            ("时间占比下限", "确定或情景可达的情景的权重之和"),
            ("时间占比上限", "再加上“可能”可达的情景的权重"),
        ]
        return pd.DataFrame(rows, columns=["内容", "取值"])

    def to_map(
        self,
        name: str | None = None,
        layers: Mapping[str, gpd.GeoDataFrame] | None = None,
        **choices: Any,
    ) -> "folium.Map":
        """
        Draw one scenario and, over it, what it gains and loses, on one map.

        Parameters
        ----------
        name : str, optional
            The scenario; the last if not given.
        layers : mapping of name to GeoDataFrame, optional
            What else to show.
        **choices
            As :func:`geotool.one_map`.
        """
        name = name or list(self.traces)[-1]
        trace = self.trace(name)
        base = next(iter(self.traces))
        is_in, was_in = self.reaches[name] != "", self.reaches[base] != ""
        shown = context_layers(
            trace._routes.network,
            {
                **drawn_layers(trace),
                "trace_gained": self.reaches[is_in & ~was_in],
                "trace_lost": self.reaches[~is_in & was_in],
            },
            layers,
        )
        title = f"{trace.settings['start']}：{name}（对比{base}）"
        notice = NOTICES[trace.settings["direction"]]
        return draw_map(shown, **{"title": title, "notice": notice, **choices})

    def trace(self, name: str) -> Trace:
        """
        Give the trace of a scenario.

        Raises
        ------
        NetworkError
            If there is no such scenario.
        """
        if name not in self.traces:
            raise NetworkError(
                f"没有情景“{name}”；有：{'、'.join(self.traces)}。",
                f"No scenario {name!r}; there are {', '.join(self.traces)}.",
            )
        return self.traces[name]

    def __repr__(self) -> str:
        parts = [
            f"{row['scenario']} {row['length_km']:.1f} km, {row['points']} points "
            f"(+{row['gained_points']} -{row['lost_points']})"
            for row in self.summary.to_dict("records")
        ]
        start = next(iter(self.traces.values())).settings["start"]
        return (
            f"<ScenarioComparison of {start}: {'; '.join(parts)}; "
            f"network {self.network_hash}>"
        )

    def _repr_html_(self) -> str:
        summary = self.summary
        title = f"情景对比：{next(iter(self.traces.values())).settings['start']}"
        if summary["weight"].isna().all():
            summary = summary.drop(columns="weight")
        else:
            summary["weight"] = [f"{share:.0%}" for share in summary["weight"]]
        base = next(iter(self.traces))
        note = f"增减都与“{base}”相比；河网 {self.network_hash}"
        return html_result(title, summary.rename(columns=_HEADERS), notes=[note])


_HEADERS = {
    "scenario": "情景",
    "weight": "时间权重",
    "length_km": "涉及河长（km）",
    "points": "点位数",
    "gained_km": "增加河长（km）",
    "lost_km": "减少河长（km）",
    "gained_points": "增加点位",
    "lost_points": "减少点位",
    "change": "变化",
    "layer": "图层",
    "id": "编号",
    "name": "名称",
    "before": "原可达性",
    "after": "现可达性",
    "distance_before_m": "原沿河距离（m）",
    "distance_after_m": "现沿河距离（m）",
    "length_m": "长度（m）",
    "reach_id": "河段编号",
    "river_id": "河流编号",
    "from_measure_m": "起里程（m）",
    "to_measure_m": "止里程（m）",
    "share_min": "时间占比下限",
    "share_max": "时间占比上限",
}


def _point_headers(names: list[str]) -> dict[str, str]:
    distances = {f"{name} distance_m": f"{name} 沿河距离（m）" for name in names}
    return {**_HEADERS, **distances}
