"""One map beside the ways folium and geopandas offer, in one run on one machine.

    python benchmarks/bench_map.py            1e3 and 1e4 outfalls
    python benchmarks/bench_map.py --large    and 1e5, the size of the goal, and 1e6
    python benchmarks/bench_map.py --copies package/dist

Each way draws the same outfalls (11 attributes, popups with all of them) and the same
5 000 river lines; "geotool, all on" carries the network of these lines with the place of
each outfall on it, and 100 sections with classes and a year of readings (the network and
the assessment are made before, as they are for a trace). Measured, as medians over the
rounds, in each of which every way has its turn: time to build and write (wall and CPU),
size of the file, and, where Debian's chromium is there, the time until the page can be
used, the requests it makes, the time of a frame while the map is dragged (95 of 100 are
shorter, and the longest), and the memory of the page's scripts. A way whose first round
takes longer than a minute gets one more and no third ("rounds" tells); a page that has
not opened after two minutes is told as >120 and not tried again; rounds beyond the
second are left out when the time for the whole run is over (``--minutes``). The second
table holds ratios to geotool: they count, seconds are this machine's; a dash stands
where nothing could be measured. A million outfalls are drawn by geotool alone.

folium's MarkerCluster asks a network for its script; without ``--copies`` (the ``dist``
folder of ``npm pack leaflet.markercluster@1.1.0``) its map cannot open.
"""

import argparse
import importlib.util
import re
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from command_line import Level, begin, command_line, exponent, progress, skip
from map_ways import WAYS, draw_geotool, everything, make_outfalls, make_rivers

import geotool as gt

LEVELS = {
    "small": Level((200,), 1, 1),
    "usual": Level((1_000, 10_000), 2, 8),
    "large": Level((1_000, 10_000, 100_000), 5, 30),
}
CHROMIUM = shutil.which("chromium")
MILLION = 1_000_000
CLUSTER = "folium MarkerCluster"
RIVERS = 5_000
PATIENCE_S = 120
SLOW_S = 60
COPIES: list[Path] = []
"""Folders with copies of what folium's plugins fetch; see ``--copies``."""

COLUMNS = {
    "build": "build s",
    "cpu": "CPU s",
    "megabytes": "MB",
    "opens": "opens s",
    "frame95": "95% ms",
    "worst": "worst ms",
    "fps": "frames/s",
    "heap": "heap MB",
    "arrays": "arrays MB",
}
RATIOS = ("build", "cpu", "megabytes", "opens", "frame95", "worst", "heap")

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


@dataclass
class Tally:
    """What the rounds of one way have shown."""

    values: dict[str, list[float]] = field(
        default_factory=lambda: {key: [] for key in (*COLUMNS, "requests")}
    )
    longest_s: float = 0.0

    @property
    def rounds(self) -> int:
        """How many there were."""
        return len(self.values["build"])

    def is_done(self, wanted: int, *, late: bool) -> bool:
        """Whether another round would tell nothing, or take too long."""
        if any(value > PATIENCE_S for value in self.values["opens"]):
            return True
        most = 2 if late or self.longest_s > SLOW_S else wanted
        return self.rounds >= min(wanted, most)

    def median(self, key: str) -> float:
        """Median of the rounds; not a number where something was not reached."""
        return median(self.values[key])


# ---------------------------------------------------------------- measuring
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
        page.wait_for_timeout(600)
    return sorted(page.evaluate("window.__frames"))


def absent() -> str:
    """Say what is lacking to open a page, and how to get it; nothing if all is there."""
    if CHROMIUM is None:
        return "Chromium is not there: apt-get install chromium"
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not there: pip install playwright"
    return ""


def measure_page(path: Path) -> dict[str, float]:
    """Seconds until the page answers, requests, frames of a drag and memory."""
    if absent():
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
                found |= _frames(drag(page))
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


def _frames(frames: list[float]) -> dict[str, float]:
    return {
        "frame95": frames[int(len(frames) * 0.95)],
        "worst": frames[-1],
        "fps": 1000 * len(frames) / sum(frames),
    }


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


# ---------------------------------------------------------------- the run
def run(
    size: int, ways: list[str], folder: Path, *, rounds: int, end: float
) -> dict[str, Tally]:
    """Measure one size, round by round, and print its tables."""
    rivers = make_rivers(RIVERS, np.random.default_rng(1))
    outfalls = make_outfalls(size, np.random.default_rng(2))
    if "geotool, all on" in ways:
        everything(RIVERS)
    tallies = {name: Tally() for name in ways}
    for k in range(rounds):
        for name, tally in tallies.items():
            if tally.is_done(rounds, late=time.monotonic() > end):
                continue
            progress(f"{size:,} outfalls, round {k + 1}: {name}")
            begun = time.perf_counter()
            path = folder / "map.html"
            cpu = time.process_time()
            WAYS[name](outfalls, rivers, path)
            values = {
                "build": time.perf_counter() - begun,
                "cpu": time.process_time() - cpu,
                "megabytes": path.stat().st_size / 1e6,
                **measure_page(path),
            }
            tally.longest_s = max(tally.longest_s, time.perf_counter() - begun)
            for key, list_ in tally.values.items():
                list_.append(values.get(key, float("nan")))
    print_table(size, tallies)
    print_ratios(size, tallies)
    return tallies


def print_table(size: int, tallies: dict[str, Tally]) -> None:
    """Print the medians of a size."""
    heads = "".join(f"{word:>10}" for word in COLUMNS.values())
    print(f"\n{size:>9,} {'way':20}{heads}{'requests':>9}{'rounds':>7}")
    for name, tally in tallies.items():
        cells = "".join(
            f"{'>' + str(PATIENCE_S):>10}"
            if key == "opens" and tally.median(key) > PATIENCE_S
            else f"{written(tally.median(key), '.2f'):>10}"
            for key in COLUMNS
        )
        asked = written(tally.median("requests"), ".0f")
        print(f"{'':9} {name:20}{cells}{asked:>9}{tally.rounds:>7}", flush=True)


def written(value: float, form: str, after: str = "") -> str:
    """Write a number; a dash for one that could not be measured."""
    return "-" if np.isnan(value) else format(value, form) + after


def print_growth(before: dict[str, Tally], now: dict[str, Tally], sizes: Any) -> None:
    """Print how time to build, file and time to open grow with the outfalls."""
    print(f"{'':9} {'exponent':20}{'build':>10}{'MB':>10}{'opens':>10}")
    for name in now:
        pairs = [
            [
                (size, one[name].median(key))
                for size, one in zip(sizes, (before, now), strict=True)
            ]
            for key in ("build", "megabytes", "opens")
        ]
        words = "".join(f"{written(exponent(*pair), '.2f'):>10}" for pair in pairs)
        print(f"{'':9} {name:20}{words}", flush=True)


def print_ratios(size: int, tallies: dict[str, Tally]) -> None:
    """Print how many times as much as geotool each other way takes."""
    first = tallies.get("geotool")
    if first is None or len(tallies) < 2:
        return
    heads = "".join(f"{COLUMNS[key]:>10}" for key in RATIOS)
    print(f"{size:>9,} {'times as much':20}{heads}")
    for name, tally in tallies.items():
        if tally is not first:
            cells = [tally.median(key) / first.median(key) for key in RATIOS]
            words = "".join(f"{written(cell, '.1f', 'x'):>10}" for cell in cells)
            print(f"{'':9} {name:20}{words}", flush=True)


def main() -> None:
    """Read the command line and run."""
    parser = command_line(__doc__, LEVELS, of="outfalls")
    parser.add_argument("--only", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument(
        "--minutes", type=float, default=23, help="third rounds begin before"
    )
    parser.add_argument(
        "--copies",
        type=Path,
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="with scripts of folium's plugins",
    )
    chosen = begin(parser.parse_args())
    COPIES.extend(chosen.copies)
    if absent():
        skip(f"opening and dragging the maps, {absent()}")
    elif CLUSTER in chosen.only and not COPIES:
        skip(f"opening the map of {CLUSTER}, its script is on the Internet: --copies")
    with tempfile.TemporaryDirectory() as folder:
        measure_all(chosen, Path(folder))


def measure_all(chosen: argparse.Namespace, folder: Path) -> None:
    """Measure every size."""
    few = np.random.default_rng(0)
    draw_geotool(  # imports and caches are not what is compared
        make_outfalls(10, few), make_rivers(10, few), folder / "warm.html"
    )
    begun = time.monotonic()
    end = begun + 60 * chosen.minutes
    if chosen.level == "large":  # before the slow ones: it matters more than a round
        run(MILLION, ["geotool"], folder, rounds=2, end=end)
    before: dict[str, Tally] = {}
    for k, size in enumerate(chosen.sizes):
        now = run(size, chosen.only, folder, rounds=chosen.rounds, end=end)
        if before:
            print_growth(before, now, chosen.sizes[k - 1 : k + 1])
        before = now
    print(f"\n{(time.monotonic() - begun) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
