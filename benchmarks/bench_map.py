"""One map beside the ways folium and geopandas offer, in one run on one machine.

    python benchmarks/bench_map.py                   1 000 and 10 000 outfalls
    python benchmarks/bench_map.py --sizes 100000 --runs 5
    python benchmarks/bench_map.py --million         1 000 000, geotool alone

Each way draws the same outfalls (11 attributes, popups with all of them) and the same
river lines. "geotool, network" carries the network of these lines too, with the place
of each outfall on it; the network is built before, as it is for a trace. Measured, as
medians over the runs: time to build and write, size of the file, and, where Debian's
chromium is there, the time until the page can be used, the requests it makes, the time
of a frame while the map is dragged (95 of 100 are shorter, and the longest), and the
memory of the page's scripts. Read the ratios; seconds are this machine's.
"""

import argparse
import html
import importlib.util
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median

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
COPIES: list[Path] = []
"""Folders with copies of what folium's plugins fetch; see ``--copies``."""

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


def draw_with_network(
    outfalls: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame, path: Path
) -> None:
    """Draw with this project, the network in the file."""
    network = _network(len(rivers))
    gt.save_map(
        gt.one_map({"outfalls": outfalls, "rivers": rivers}, network=network), path
    )


@cache
def _network(count: int) -> gt.RiverNetwork:
    rivers = make_rivers(count, np.random.default_rng(1))
    return gt.orient_network(gt.build_network(gt.to_metric(rivers)))


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
    "geotool, network": draw_with_network,
    "folium CircleMarker": draw_circle_markers,
    "folium MarkerCluster": draw_marker_cluster,
    "folium GeoJson": draw_geojson,
}
if importlib.util.find_spec("mapclassify"):  # geopandas asks for it
    WAYS["geopandas explore"] = draw_explore


# ---------------------------------------------------------------- measuring
RECORD = """() => {
    window.__frames = [];
    let last = 0;
    const step = (now) => {
        if (last) window.__frames.push(now - last);
        last = now;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
}"""


def drag(page) -> list[float]:  # type: ignore[no-untyped-def]  # playwright's Page
    """Drag the map by hand, let it rest and be painted anew; milliseconds a frame."""
    page.evaluate(RECORD)
    for way in (1, -1, 1, -1):
        page.mouse.move(820, 420)
        page.mouse.down()
        for step in range(40):
            page.mouse.move(820 + way * 9 * step, 420 + way * 3 * step)
            page.wait_for_timeout(8)
        page.mouse.up()
        page.wait_for_timeout(1200)
    return sorted(page.evaluate("window.__frames"))


def measure_page(path: Path) -> dict[str, float]:
    """Seconds until the page answers, requests, frames of a drag and memory."""
    if not (Path(CHROMIUM).exists() and importlib.util.find_spec("playwright")):
        return {}
    from playwright.sync_api import Error, sync_playwright

    asked: list[str] = []
    found: dict[str, float] = {}
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
            if not failed:
                found["opens"] = time.perf_counter() - begun
                frames = drag(page)
                found["frame95"] = frames[int(len(frames) * 0.95)]
                found["worst"] = frames[-1]
                found["fps"] = 1000 * len(frames) / sum(frames)
                session = page.context.new_cdp_session(page)
                session.send("HeapProfiler.collectGarbage")
                heap = session.send("Runtime.getHeapUsage")
                found["heap"] = heap["usedSize"] / 1e6
                found["arrays"] = heap.get("backingStorageSize", float("nan")) / 1e6
        except Error as fault:
            print(f"          {path.name}: {str(fault).splitlines()[0]}", flush=True)
            found["opens"] = float("inf")
        browser.close()
    found["requests"] = len([url for url in asked if url.startswith("http")])
    return found


def _answer(route) -> None:  # type: ignore[no-untyped-def]  # playwright's Route
    name = route.request.url.rsplit("/", 1)[-1]
    if name.startswith("jquery"):
        name = "jquery.slim.min.js"
    vendor = Path(gt.__file__).parent / "maps" / "vendor"
    found = [folder / name for folder in (vendor, *COPIES) if (folder / name).exists()]
    if found:
        route.fulfill(path=found[0])
    else:
        route.abort()


COLUMNS = {
    "build": "build s",
    "megabytes": "MB",
    "opens": "opens s",
    "frame95": "95% ms",
    "worst": "worst ms",
    "fps": "frames/s",
    "heap": "heap MB",
    "arrays": "arrays MB",
}


def run(sizes: list[int], ways: list[str], runs: int) -> None:
    """Measure and print."""
    heads = "".join(f"{word:>10}{'x':>6}" for word in COLUMNS.values())
    print(f"{'outfalls':>8}  {'way':22}{heads}{'requests':>10}", flush=True)
    folder = Path(tempfile.mkdtemp())
    draw_geotool(  # imports and caches are not what is compared
        make_outfalls(10, np.random.default_rng(0)),
        make_rivers(10, np.random.default_rng(0)),
        folder / "warm.html",
    )
    for size in sizes:
        count = min(RIVERS, max(100, size // 2))
        rivers = make_rivers(count, np.random.default_rng(1))
        outfalls = make_outfalls(size, np.random.default_rng(2))
        if "geotool, network" in ways:
            _network(count)
        first: dict[str, float] = {}
        for name in ways:
            values = _measure(name, outfalls, rivers, folder / "map.html", runs)
            first = first or values
            cells = "".join(
                f"{values[key]:>10.2f}{values[key] / first[key]:>6.1f}"
                for key in COLUMNS
            )
            requests = int(values["requests"])
            print(f"{size:>8}  {name:22}{cells}{requests:>10}", flush=True)
    shutil.rmtree(folder)


def _measure(
    name: str,
    outfalls: gpd.GeoDataFrame,
    rivers: gpd.GeoDataFrame,
    path: Path,
    runs: int,
) -> dict[str, float]:
    """Medians over the runs; what was not reached is not a number."""
    found: dict[str, list[float]] = {key: [] for key in (*COLUMNS, "requests")}
    for _ in range(runs):
        begun = time.perf_counter()
        WAYS[name](outfalls, rivers, path)
        values = {"build": time.perf_counter() - begun, **measure_page(path)}
        values["megabytes"] = path.stat().st_size / 1e6
        for key, list_ in found.items():
            list_.append(values.get(key, float("nan")))
    return {key: median(list_) for key, list_ in found.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--runs", type=int, default=1, help="medians of so many")
    parser.add_argument("--million", action="store_true", help="geotool at 1e6")
    parser.add_argument(
        "--copies",
        type=Path,
        nargs="+",
        default=[],
        help="folders with scripts of folium's plugins, such as the dist folder of "
        "`npm pack leaflet.markercluster@1.1.0`, without which its map cannot open",
    )
    options = parser.parse_args()
    COPIES.extend(options.copies)
    if options.million:
        run([1_000_000], ["geotool"], options.runs)
    else:
        run(options.sizes, options.ways, options.runs)
