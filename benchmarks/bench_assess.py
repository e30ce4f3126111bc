"""Assessment of millions of readings, beside a plain groupby of the same frame.

    python benchmarks/bench_assess.py              1e5 and 1e6 readings
    python benchmarks/bench_assess.py --large      and 1e7, the size of the goal: 5 GB

1 000 sections, ten items, four-hourly. The peer is the line an analyst would write:
``frame.groupby([section, month, item])["value_mg_l"].mean()``. It gives means; ours
gives means by the rules (doubtful values told, coverage, detection), classes,
exceedances and notes. Turn by turn in one run, seconds of processor; read the ratio.
"""

import gc
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from command_line import Level, begin, command_line, exponent, progress

from geotool.quality import assess_sections

GOAL = 1.5
LEVELS = {
    "small": Level((20_000,), 1, 0.3),
    "usual": Level((100_000, 1_000_000), 5, 0.5),
    "large": Level((100_000, 1_000_000, 10_000_000), 5, 5),
}
SECTIONS = 1000
ITEMS = ("NH3N", "TP", "CODMN", "DO", "PH", "COD", "BOD5", "TN", "F", "OIL")


def make_readings(n: int) -> pd.DataFrame:
    """Make readings of all sections and items, four-hourly."""
    steps = max(1, n // (SECTIONS * len(ITEMS)))
    rng = np.random.default_rng(7)
    rows = steps * SECTIONS * len(ITEMS)
    item = np.tile(ITEMS, steps * SECTIONS)
    value = np.where(item == "PH", 7.5, rng.gamma(2, 0.3, rows))
    times = pd.date_range("2021-01-01", periods=steps, freq="4h")
    return pd.DataFrame(
        {
            "section_id": np.repeat(
                [f"DM{n:04d}" for n in range(SECTIONS)], steps * len(ITEMS)
            ),
            "time": np.tile(np.repeat(times, len(ITEMS)), SECTIONS),
            "item": item,
            "value_mg_l": value,
            "detected": True,
        }
    )


def plain(frame: pd.DataFrame) -> None:
    """Means by section, month and item, as one would write it in pandas."""
    month = frame["time"].dt.to_period("M")
    frame.groupby(["section_id", month, "item"])["value_mg_l"].mean()


def seconds(work: Callable[[], object]) -> float:
    """Give the seconds of processor a piece of work takes."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Measure and print the table."""
    chosen = begin(command_line(__doc__, LEVELS, of="readings").parse_args())
    sections = pd.DataFrame(
        {
            "section_id": [f"DM{n:04d}" for n in range(SECTIONS)],
            "name": [f"断面{n}" for n in range(SECTIONS)],
            "water_type": "river",
            "target_class": "III",
        }
    )
    print(f"{'readings':>10} {'groupby s':>10} {'assess s':>10} {'ratio':>6} exponent")
    before: tuple[float, float] | None = None
    for n in chosen.sizes:
        progress(f"{n:,} readings")
        frame = make_readings(n)
        assess_sections(frame, sections)  # tables are read and modules loaded once
        peer, ours = [], []
        for _ in range(chosen.rounds):
            peer.append(seconds(lambda frame=frame: plain(frame)))
            ours.append(seconds(lambda frame=frame: assess_sections(frame, sections)))
        ratio = statistics.median(b / a for a, b in zip(peer, ours, strict=True))
        one, other = statistics.median(peer), statistics.median(ours)
        now = float(len(frame)), other
        growth = f"{exponent(before, now):8.2f}" if before else ""
        print(f"{len(frame):10d} {one:10.3f} {other:10.3f} {ratio:6.2f} {growth}")
        before = now
    print(f"goal: ratio ≤ {GOAL} at 10 000 000 readings")


if __name__ == "__main__":
    main()
