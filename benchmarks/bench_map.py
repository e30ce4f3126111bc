"""One map beside the ways folium and geopandas offer, in one run on one machine.

    python benchmarks/bench_map.py                   1 000 and 10 000 outfalls
    python benchmarks/bench_map.py --sizes 100000    as many as you have patience for

Each way draws the same outfalls (11 attributes, popups with all of them) and the same
river lines. Measured: time to build and write, size of the file, requests it would
make, and, where Debian's chromium is there, the time until the page can be used. Read
the ratios; seconds are this machine's.
"""

import argparse
import html
import importlib.util
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.plugins import MarkerCluster

import geotool as gt

CHROMIUM = "/usr/bin/chromium"
RIVERS = 5_000
PATIENCE_S = 60
TYPES = ["工业排污口", "城镇污水处理厂排污口", "农业排口", "其他排口"]
STAGES = ["未整治", "整治中", "完成整治", "验收销号"]
REMEDIES = ["依法取缔", "清理合并", "规范整治"]


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
    "folium CircleMarker": draw_circle_markers,
    "folium MarkerCluster": draw_marker_cluster,
    "folium GeoJson": draw_geojson,
}
if importlib.util.find_spec("mapclassify"):  # geopandas asks for it
    WAYS["geopandas explore"] = draw_explore


# ---------------------------------------------------------------- measuring
def measure_page(path: Path) -> tuple[float | None, int | None]:
    """Seconds until the page answers, and requests that leave it."""
    if not (Path(CHROMIUM).exists() and importlib.util.find_spec("playwright")):
        return None, None
    from playwright.sync_api import Error, sync_playwright

    asked: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.on("request", lambda request: asked.append(request.url))
        failed: list[str] = []
        page.on("pageerror", lambda error: failed.append(str(error)))
        # folium's pages need Leaflet: give them our copies, as a fast network would
        page.route(re.compile("^https?:"), _answer)
        begun = time.perf_counter()
        try:
            page.goto(path.as_uri(), timeout=PATIENCE_S * 1000)
            # two frames painted, then an empty turn of the event loop
            page.evaluate(
                "() => new Promise(done => requestAnimationFrame(() =>"
                " requestAnimationFrame(() => setTimeout(done, 0))))"
            )
            # a page that lacks a script of the network never gets there
            seconds = float("nan") if failed else time.perf_counter() - begun
        except Error:
            seconds = float("inf")
        browser.close()
    outside = [url for url in asked if url.startswith("http")]
    return seconds, len(outside)


def _answer(route) -> None:  # type: ignore[no-untyped-def]  # playwright's Route
    name = route.request.url.rsplit("/", 1)[-1]
    copy = Path(gt.__file__).parent / "maps" / "vendor" / name
    if name.startswith("jquery"):
        copy = copy.with_name("jquery.slim.min.js")
    if copy.exists():
        route.fulfill(path=copy)
    else:
        route.abort()


def run(sizes: list[int], ways: list[str]) -> None:
    """Measure and print."""
    print(
        f"{'outfalls':>8}  {'way':22}{'build s':>9}{'x':>6}{'MB':>8}{'x':>6}"
        f"{'opens s':>9}{'x':>6}{'requests':>10}"
    )
    folder = Path(tempfile.mkdtemp())
    draw_geotool(  # imports and caches are not what is compared
        make_outfalls(10, np.random.default_rng(0)),
        make_rivers(10, np.random.default_rng(0)),
        folder / "warm.html",
    )
    for size in sizes:
        rng = np.random.default_rng(1)
        rivers = make_rivers(min(RIVERS, max(100, size // 2)), rng)
        outfalls = make_outfalls(size, rng)
        first: list[float] = []
        for name in ways:
            path = folder / "map.html"
            begun = time.perf_counter()
            WAYS[name](outfalls, rivers, path)
            build = time.perf_counter() - begun
            opens, requests = measure_page(path)
            values = [build, path.stat().st_size / 1e6, opens or float("nan")]
            first = first or values
            cells = "".join(
                f"{value:>9.2f}{value / base:>6.1f}"
                for value, base in zip(values, first, strict=True)
            )
            print(f"{size:>8}  {name:22}{cells}{requests!s:>10}", flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()
    run(options.sizes, options.ways)
