"""How long screening points against protection zones takes beside geopandas.sjoin.

    python benchmarks/bench_screening.py            2e4 and 1e5 points on 1e4 zones
    python benchmarks/bench_screening.py --large    and 1e6, the size of the goal

``rings`` are the three levels of 3 333 sources, as zones are drawn: they touch and do
not overlap. ``heap`` (with ``--large``, or named) throws zones anywhere, so that a third
of the ground is covered and many overlap; registers do not look like that. Every zone has 40 corners to an
edge; a point in ten has an unknown datum with ``--vague``.

What each delivers: ours one row a point with grade, the zone meant, the signed distance
to the edge that decides, clause, confidence and reasons in two languages, with positions
allowed to be 10 m off; ``sjoin left`` one row for each point and zone that holds it, or
one without a zone; ``sjoin inner`` only points that lie in a zone. sjoin gives no
distance, so ours is asked for none of clear points; ``with nearest`` is what that costs.
Each is run in a process of its own, in turn, after a small warm-up; times are the least
of the rounds, by the clock (ours judges points in two threads, sjoin has one) and of the
processor; ``peak`` is the memory above what the input holds. Only ratios are worth
comparing.
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
from command_line import Level, begin, command_line, count, exponent, progress, skip
from memory_peak import Peak

import geotool as gt
from geotool.zones import _measure

LEVELS = {
    "small": Level((2_000,), 1, 0.5),
    "usual": Level((20_000, 100_000), 2, 2),
    "large": Level((100_000, 1_000_000), 2, 20),
}
KINDS = ("rings", "heap")
SLOW = ("with nearest", "the same, no numba")
MOST = 200_000
"""Of these on more points: minutes; a tenth of the points tells as much."""
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


def make_zones(number: int, kind: str) -> gpd.GeoDataFrame:
    """Draw zones of all three levels."""
    rng = np.random.default_rng(1)
    if kind == "heap":
        place, arm = stars(
            rng.uniform(0, SIDE_M, (number, 2)),
            rng.uniform(300, 1500, (number, 1)),
            rng,
        )
        shapes = shapely.polygons(place + arm)
        level = rng.choice(["1", "2", "3"], number)
    else:
        sources = number // 3
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
    ids = np.arange(len(shapes)).astype(str)
    columns = {
        "zone_id": np.char.add("ZN", ids).astype(object),
        "name": np.char.add("水源保护区", ids).astype(object),
        "level": level,
        "status": "approved",
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def make_points(size: int, *, vague: bool) -> gpd.GeoDataFrame:
    """Put outfalls anywhere."""
    rng = np.random.default_rng(2)
    ids = np.arange(size).astype(str)
    columns = {
        "outfall_id": np.char.add("PW", ids).astype(object),
        "datum_status": np.where(
            rng.random(size) < (0.1 if vague else 0.0), "unknown", "known"
        ),
    }
    place = shapely.points(rng.uniform(0, SIDE_M, (size, 2)))
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


def measured(name: str, arguments: list[str], rounds: int) -> dict[str, float]:
    """Run one way some times, each in a process of its own; give the least."""
    command = [sys.executable, __file__, "--measure", name, *arguments]
    runs = [
        json.loads(
            subprocess.run(command, check=True, capture_output=True, text=True).stdout
        )
        for _ in range(rounds)
    ]
    return {key: min(run[key] for run in runs) for key in runs[0]}


def main() -> None:
    """Measure and print the table."""
    parser = command_line(__doc__, LEVELS, of="points")
    parser.add_argument("--zones", type=count, default=10_000, metavar="N")
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=KINDS,
    )
    parser.add_argument("--only", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--vague", action="store_true", help="some datums unknown")
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
    begin(chosen)
    chosen.kinds = chosen.kinds or (KINDS if chosen.level == "large" else KINDS[:1])
    if not _measure.IS_THERE:
        skip("compiled code, numba is not there: pip install geotool[fast]")
    for kind in chosen.kinds:
        before: dict[str, tuple[int, float]] = {}
        for size in chosen.sizes:
            report(kind, size, chosen, before)


def report(
    kind: str,
    size: int,
    chosen: argparse.Namespace,
    before: dict[str, tuple[int, float]],
) -> None:
    """Measure one size and print its table."""
    print(f"\n{kind}, {size:,} points, {chosen.zones:,} zones")
    print(
        f"{'':22}{'wall s':>8}{'x ours':>8}{'CPU s':>8}{'x ours':>8}"
        f"{'peak MB':>9}{'x ours':>8}{'rows':>10}  exponent"
    )
    arguments = ["--sizes", str(size), "--zones", str(chosen.zones)]
    arguments += ["--kinds", kind, *(["--vague"] if chosen.vague else [])]
    base: dict[str, float] = {}
    for name in chosen.only:
        if name in SLOW and size > MOST:
            continue
        progress(f"{kind}, {size:,} points: {name}")
        found = measured(name, arguments, chosen.rounds)
        base = base or found
        growth = ""
        if name in before:
            growth = f"{exponent(before[name], (size, found['seconds'])):.2f}"
        before[name] = size, found["seconds"]
        print(
            f"{name:22}{found['wall']:8.2f}{found['wall'] / base['wall']:8.2f}"
            f"{found['seconds']:8.2f}{found['seconds'] / base['seconds']:8.2f}"
            f"{found['peak_mb']:9.0f}{found['peak_mb'] / base['peak_mb']:8.2f}"
            f"{found['rows']:10,}  {growth}",
            flush=True,
        )


if __name__ == "__main__":
    main()
