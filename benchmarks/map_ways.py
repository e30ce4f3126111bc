"""Registers of any size, and the ways to draw them that ``bench_map.py`` measures."""

import html
import importlib.util
import sys
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.plugins import MarkerCluster

import geotool as gt

if not importlib.util.find_spec("mapclassify"):
    # geopandas wants it to be there; to draw without classes it never calls it
    sys.modules["mapclassify"] = types.ModuleType("mapclassify")
    sys.modules["mapclassify"].classify = None  # type: ignore[attr-defined]

TYPES = ["工业排污口", "城镇污水处理厂排污口", "农业排口", "其他排口"]
STAGES = ["未整治", "整治中", "完成整治", "验收销号"]
REMEDIES = ["依法取缔", "清理合并", "规范整治"]
SECTIONS = 100


def make_rivers(count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Wandering lines of 20 vertices over a province."""
    start = rng.random((count, 1, 2)) * [3.0, 2.0] + [118.0, 31.0]
    heading = rng.random((count, 1)) * 2 * np.pi + np.cumsum(
        rng.normal(0, 0.3, (count, 19)), axis=1
    )
    steps = 0.002 * np.stack([np.cos(heading), np.sin(heading)], axis=2)
    path = np.concatenate([start, start + np.cumsum(steps, axis=1)], axis=1)
    columns = {
        "river_id": [f"HD{i:05d}" for i in range(count)],
        "name": [f"第{i % 700 + 1}号河" for i in range(count)],
        "rank": rng.choice(["干流", "县级", "镇级"], count),
    }
    return gpd.GeoDataFrame(columns, geometry=shapely.linestrings(path), crs=4326)


def make_outfalls(count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Outfalls all over the province, with the columns of a register."""
    spots = rng.random((count, 2)) * [3.0, 2.0] + [118.0, 31.0]
    columns = {
        "outfall_id": [f"PW-{i:07d}" for i in range(count)],
        "name": [f"江城第{i:06d}号排口" for i in range(count)],
        "category": rng.choice(TYPES, count),
        "river": [f"第{i}号河" for i in rng.integers(1, 701, count)],
        "party": [f"江城{i}号有限公司" for i in rng.integers(1, count // 3 + 2, count)],
        "district": [f"第{i}区" for i in rng.integers(1, 60, count)],
        "remedy": rng.choice(REMEDIES, count),
        "stage": rng.choice(STAGES, count),
        "permitted_discharge_m3_d": np.round(rng.gamma(2, 200, count), 1),
        "permitted_nh3n_mg_l": np.round(rng.gamma(2, 3, count), 2),
        "deadline": pd.Timestamp("2026-01-01")
        + pd.to_timedelta(rng.integers(0, 700, count), unit="D"),
    }
    return gpd.GeoDataFrame(columns, geometry=shapely.points(spots), crs=4326)


# ---------------------------------------------------------------- the ways
def draw_geotool(
    outfalls: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame, path: Path
) -> None:
    """Draw with this project."""
    gt.save_map(gt.one_map({"outfalls": outfalls, "rivers": rivers}), path)


def draw_everything(
    outfalls: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame, path: Path
) -> None:
    """Draw with this project, every feature on: see :func:`everything`."""
    sections, extras = everything(len(rivers))
    layers = {"outfalls": outfalls, "rivers": rivers, "sections": sections}
    gt.save_map(gt.one_map(layers, **extras), path)


@cache
def everything(rivers: int) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Give 100 sections, and the network, a year of readings of 9 items, and classes."""
    lines = make_rivers(rivers, np.random.default_rng(1))
    network = gt.orient_network(gt.build_network(gt.to_metric(lines)))
    rng = np.random.default_rng(3)
    ids = [f"DM{i:03d}" for i in range(SECTIONS)]
    spots = lines.geometry.iloc[:: max(1, rivers // SECTIONS)][:SECTIONS]
    sections = gpd.GeoDataFrame(
        {"section_id": ids, "name": ids, "target_class": "III"},
        geometry=list(shapely.line_interpolate_point(spots, 0.5, normalized=True)),
        crs=lines.crs,
    )
    times = pd.date_range("2026-01-01", periods=52, freq="W")
    items = ["DO", "CODMN", "COD", "BOD5", "NH3N", "TP", "CU", "F", "AS"]
    grid = pd.MultiIndex.from_product(
        [ids, times, items], names=["section_id", "time", "item"]
    )
    readings = grid.to_frame(index=False)
    readings["value_mg_l"] = np.round(rng.gamma(4, 0.2, len(readings)), 3)
    readings["detected"] = readings["value_mg_l"] > 0.1
    table = gt.assess_sections(readings, sections)
    extras = {"network": network, "readings": readings, "assessment": table}
    return sections, extras


def draw_circle_markers(
    outfalls: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame, path: Path
) -> None:
    """Use folium.CircleMarker, one an outfall, on Leaflet's canvas."""
    map = _plain_map(rivers)
    for spot, popup in _popups(outfalls):
        folium.CircleMarker(spot, radius=4, popup=popup).add_to(map)
    map.save(path)


def draw_marker_cluster(
    outfalls: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame, path: Path
) -> None:
    """Use folium.plugins.MarkerCluster of markers."""
    map = _plain_map(rivers)
    map.options["max_zoom"] = 18  # which clusters need, and a map without tiles lacks
    cluster = MarkerCluster().add_to(map)
    for spot, popup in _popups(outfalls):
        folium.Marker(spot, popup=popup).add_to(cluster)
    map.save(path)


def draw_geojson(
    outfalls: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame, path: Path
) -> None:
    """Use folium.GeoJson with popups by field, on Leaflet's canvas."""
    map = _plain_map(rivers)
    fields = [column for column in outfalls.columns if column != "geometry"]
    folium.GeoJson(
        outfalls.assign(deadline=outfalls["deadline"].astype(str)),
        marker=folium.CircleMarker(radius=4),
        popup=folium.GeoJsonPopup(fields=fields),
    ).add_to(map)
    map.save(path)


def draw_explore(
    outfalls: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame, path: Path
) -> None:
    """Use GeoDataFrame.explore of geopandas."""
    map = rivers.explore(tiles=None, prefer_canvas=True)
    outfalls.assign(deadline=outfalls["deadline"].astype(str)).explore(
        m=map, popup=True
    )
    map.save(path)


def _plain_map(rivers: gpd.GeoDataFrame) -> folium.Map:
    map = folium.Map([32.0, 119.5], zoom_start=8, tiles=None, prefer_canvas=True)
    folium.GeoJson(rivers, tooltip=folium.GeoJsonTooltip(["name"])).add_to(map)
    return map


def _popups(outfalls: gpd.GeoDataFrame) -> list[tuple[list[float], str]]:
    fields = outfalls.drop(columns="geometry")
    rows = fields.astype(str).to_dict("records")
    places = shapely.get_coordinates(outfalls.geometry)[:, ::-1].tolist()
    return [
        (place, "<br>".join(f"{key}: {html.escape(row[key])}" for key in row))
        for place, row in zip(places, rows, strict=True)
    ]


Way = Callable[[gpd.GeoDataFrame, gpd.GeoDataFrame, Path], None]
WAYS: dict[str, Way] = {
    "geotool": draw_geotool,
    "geotool, all on": draw_everything,
    "folium CircleMarker": draw_circle_markers,
    "folium MarkerCluster": draw_marker_cluster,
    "folium GeoJson": draw_geojson,
    "geopandas explore": draw_explore,
}
