"""How long screening points against protection zones takes beside geopandas.sjoin.

    python benchmarks/bench_screening.py            # 1e5 points against 1e4 zones
    python benchmarks/bench_screening.py --large --kinds rings heap    # and 1e6

``rings`` are the three levels of 3 333 sources, as zones are drawn: they touch and do
not overlap. ``heap`` throws zones anywhere, so that a third of the ground is covered
and many overlap; registers do not look like that. Every zone has 40 corners to an
edge; a point in ten has an unknown datum with ``--vague``.

What each delivers: ours one row a point with grade, the zone meant, the signed distance
to the edge that decides, clause, confidence and reasons in two languages, with positions
allowed to be 10 m off; ``sjoin left`` one row for each point and zone that holds it, or
one without a zone; ``sjoin inner`` only points that lie in a zone. sjoin gives no
distance, so ours is asked for none of clear points; ``with nearest`` is what that costs.
Each is run in a process of its own, in turn, after a small warm-up; times are the least of the repeats,
by the clock (ours judges points in two threads, sjoin has one) and of
the processor; ``peak`` is the memory above what the input holds.
Only ratios are worth comparing.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from memory_peak import Peak

import geotool as gt
from geotool.zones import _measure

SIDE_M = 300_000.0
CORNERS = 40
ON = date(2026, 9, 1)


def stars(
    centre: np.ndarray, radius: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Corners of crooked areas about centres."""
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    length = radius * rng.uniform(0.8, 1.2, (len(centre), CORNERS))
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return centre[:, None], length[..., None] * unit


def make_zones(count: int, kind: str) -> gpd.GeoDataFrame:
    """Draw zones of all three levels."""
    rng = np.random.default_rng(1)
    if kind == "heap":
        place, arm = stars(
            rng.uniform(0, SIDE_M, (count, 2)), rng.uniform(300, 1500, (count, 1)), rng
        )
        shapes = shapely.polygons(place + arm)
        level = rng.choice(["1", "2", "3"], count)
    else:
        sources = count // 3
        across = int(np.ceil(np.sqrt(sources)))
        grid = np.stack(np.meshgrid(np.arange(across), np.arange(across)), axis=-1)
        step = SIDE_M / across
        centre = (grid.reshape(-1, 2)[:sources] + 0.5) * step
        centre += rng.uniform(-0.2, 0.2, centre.shape) * step
        place, arm = stars(centre, rng.uniform(600, 2000, (sources, 1)), rng)
        nest = [shapely.polygons(place + share * arm) for share in (0.4, 0.7, 1.0)]
        shapes = np.concatenate(
            [
                nest[0],
                shapely.difference(nest[1], nest[0]),
                shapely.difference(nest[2], nest[1]),
            ]
        )
        level = np.repeat(["1", "2", "3"], sources)
    number = np.arange(len(shapes)).astype(str)
    columns = {
        "zone_id": np.char.add("ZN", number).astype(object),
        "name": np.char.add("水源保护区", number).astype(object),
        "level": level,
        "status": "approved",
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def make_points(count: int, *, vague: bool) -> gpd.GeoDataFrame:
    """Put outfalls anywhere."""
    rng = np.random.default_rng(2)
    number = np.arange(count).astype(str)
    columns = {
        "outfall_id": np.char.add("PW", number).astype(object),
        "datum_status": np.where(
            rng.random(count) < (0.1 if vague else 0.0), "unknown", "known"
        ),
    }
    place = shapely.points(rng.uniform(0, SIDE_M, (count, 2)))
    return gpd.GeoDataFrame(columns, geometry=place, crs=4549)


# ---------------------------------------------------------------- ways
def ours(points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Any:
    """Screen; clear points are not told what is nearest."""
    return gt.screen_points(points, zones, on=ON, nearest_within_m=0)


def ours_nearest(points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Any:
    """Screen, and name the nearest zone of every clear point."""
    return gt.screen_points(points, zones, on=ON)


def ours_plain(points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Any:
    """Screen without compiled code."""
    from geotool.zones import _screening

    there, _screening.IS_THERE = _screening.IS_THERE, False
    try:
        return ours(points, zones)
    finally:
        _screening.IS_THERE = there


def sjoin_left(points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Any:
    """Give each point its zones, or none."""
    return gpd.sjoin(points, zones, how="left")


def sjoin_within(points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Any:
    """Give the same by the other predicate."""
    return gpd.sjoin(points, zones, how="left", predicate="within")


def sjoin_inner(points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Any:
    """Give the points that lie in zones."""
    return gpd.sjoin(points, zones)


WORKS: dict[str, Callable[..., Any]] = {
    "screen_points": ours,
    "the same, no numba": ours_plain,
    "with nearest": ours_nearest,
    "sjoin left": sjoin_left,
    "sjoin left, within": sjoin_within,
    "sjoin inner": sjoin_inner,
}


# ---------------------------------------------------------------- measuring
def measure(name: str, size: int, zones: int, kind: str, *, vague: bool) -> None:
    """Run one way once and print what it took: the work of a process of its own."""
    points, layer = make_points(size, vague=vague), make_zones(zones, kind)
    WORKS[name](make_points(_measure.COMPILED_FROM, vague=False), layer.iloc[::97])
    with Peak() as memory:
        start, clock = time.process_time(), time.perf_counter()
        found = WORKS[name](points, layer)
        took = {
            "seconds": time.process_time() - start,
            "wall": time.perf_counter() - clock,
        }
    print(json.dumps({**took, "peak_mb": memory.mb, "rows": len(found)}))


def measured(name: str, arguments: list[str], repeats: int) -> dict[str, float]:
    """Run one way some times, each in a process of its own; give the least."""
    command = [sys.executable, __file__, "--measure", name, *arguments]
    runs = [
        json.loads(
            subprocess.run(command, check=True, capture_output=True, text=True).stdout
        )
        for _ in range(repeats)
    ]
    return {key: min(run[key] for run in runs) for key in runs[0]}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000])
    parser.add_argument("--zones", type=int, default=10_000)
    parser.add_argument("--kinds", nargs="+", default=["rings"])
    parser.add_argument("--large", action="store_true", help="1e6 points, too")
    parser.add_argument("--vague", action="store_true", help="some datums unknown")
    parser.add_argument("--only", nargs="+", default=list(WORKS))
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        measure(
            chosen.measure,
            chosen.sizes[0],
            chosen.zones,
            chosen.kinds[0],
            vague=chosen.vague,
        )
        return
    print(f"numba: {'there' if _measure.IS_THERE else 'not there'}")
    for kind in chosen.kinds:
        for size in [*chosen.sizes, *([1_000_000] if chosen.large else [])]:
            print(f"\n{kind}, {size:,} points, {chosen.zones:,} zones")
            print(
                f"{'':22}{'wall s':>8}{'x ours':>8}{'CPU s':>8}{'x ours':>8}{'peak MB':>9}{'x ours':>8}   rows"
            )
            base: dict[str, float] = {}
            for name in chosen.only:
                if name in ("with nearest", "the same, no numba") and size > 200_000:
                    continue  # minutes; a tenth of the points tells as much
                arguments = ["--sizes", str(size), "--zones", str(chosen.zones)]
                arguments += ["--kinds", kind, *(["--vague"] if chosen.vague else [])]
                found = measured(name, arguments, chosen.repeats)
                base = base or found
                print(
                    f"{name:22}{found['wall']:8.2f}{found['wall'] / base['wall']:8.2f}"
                    f"{found['seconds']:8.2f}"
                    f"{found['seconds'] / base['seconds']:8.2f}{found['peak_mb']:9.0f}"
                    f"{found['peak_mb'] / base['peak_mb']:8.2f}{found['rows']:10,}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
