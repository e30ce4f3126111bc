"""Import of a large register with all checks, beside what only reading the file costs.

    python benchmarks/bench_import.py            1e3, 1e4 and 3e4 rows
    python benchmarks/bench_import.py --large    and 1e5, the size of the goal

The register is made here: 16 columns as a bureau keeps them, a title above the header,
degrees as numbers, as texts and in degrees, minutes and seconds, numbers as text,
dates as text, older names of classes, and one row in a hundred with a fault. Measured,
turn by turn in one run: what calamine alone needs to give the cells of the file to
Python, and ``read_layer`` with every check; beside them what pandas needs to make a
frame of the same cells. calamine runs as a user would run it, with Python's collector
on; ``read_layer`` pauses it by itself. Given are the medians over the rounds of the
ratio of each round, by the clock and by the processor, and the least and the largest;
read these, seconds are this machine's.
"""

import gc
import itertools
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import python_calamine as calamine
import xlsxwriter
from command_line import Level, begin, command_line, exponent, progress

from geotool.layers import read_layer

GOAL = 1.5
LEVELS = {
    "small": Level((500,), 1, 0.2),
    "usual": Level((1_000, 10_000, 30_000), 5, 1),
    "large": Level((1_000, 10_000, 100_000), 5, 3),
}
HEADERS = (
    "序号", "排污口编号", "排污口名称", "排污口类型", "经度", "纬度", "受纳水体",
    "所属断面", "所在区县", "乡镇", "责任主体", "许可排水量（万吨/年）", "氨氮限值（mg/L）",
    "整治类型", "整治阶段", "整治期限",
)  # fmt: skip
CLASSES = ("工业", "城镇雨洪", "城镇污水处理厂排污口", "农业农村", "沟渠", "港口码头")
REMEDIES = ("取缔一批", "合并", "规范整治", "整治一批")
STAGES = ("未整治", "整治中", "完成整治", "已销号")


def register_row(number: int, rng: np.random.Generator) -> list[Any]:
    """Make one row; of a hundred, one has a fault and a few are written oddly."""
    lon, lat = 118.5 + 3 * rng.random(), 31.2 + 2 * rng.random()
    place: tuple[Any, Any] = round(lon, 6), round(lat, 6)
    amount: Any = round(float(rng.gamma(2, 9)), 2)
    way = int(rng.integers(0, 100))
    if way < 10:
        place = str(place[0]), str(place[1])
    elif way < 20:
        place = _degrees(lon), _degrees(lat)
    elif way < 22:
        place = place[1], place[0]
    elif way < 30:
        amount = str(amount)
    elif way == 30:
        amount = "约50"
    deadline = f"{2024 + number % 4}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    return [
        number, f"PW{number:07d}", f"江城第{number}号排口", CLASSES[number % 6], *place,
        f"第{number % 700}号河", f"DM{number % 60:03d}", f"第{number % 40}区",
        f"第{number % 300}镇", f"江城{number % 30000}号有限公司", amount,
        round(float(rng.gamma(2, 3)), 2), REMEDIES[number % 4], STAGES[number % 4],
        deadline,
    ]  # fmt: skip


def _degrees(value: float) -> str:
    minutes, seconds = divmod(round(value * 3600, 2), 60)
    whole, minutes = divmod(int(minutes), 60)
    return f"{whole}°{minutes:02d}′{seconds:05.2f}″"


def make_register(path: Path, rows: int) -> None:
    """Write the register as a workbook."""
    rng = np.random.default_rng(7)
    book = xlsxwriter.Workbook(str(path))  # texts shared, as Excel keeps them
    sheet = book.add_worksheet("台账")
    sheet.write_string(0, 0, "江城市入河排污口一览表")
    sheet.write_row(1, 0, HEADERS)
    for number in range(1, rows + 1):
        sheet.write_row(number + 1, 0, register_row(number, rng))
    book.close()


def only_read(path: Path) -> None:
    """Let calamine give the cells to Python, and do nothing with them."""
    calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def as_frame(path: Path) -> None:
    """Read it as pandas does with the same reader: cells in columns, no checks."""
    pd.read_excel(path, engine="calamine", header=1)


def with_checks(path: Path) -> None:
    """Make a layer of it, with every check."""
    done = read_layer(path, "outfalls", datum="wgs84")
    assert len(done.layer) + len(done.rejected) == done.source["rows_read"]


Times = tuple[float, float]
"""Seconds of the processor and of the clock."""


def timed(work: Callable[[Path], None], path: Path) -> Times:
    """Give seconds of processor and of the clock."""
    gc.collect()
    clock, processor = time.perf_counter(), time.process_time()
    work(path)
    return time.process_time() - processor, time.perf_counter() - clock


def compare(
    path: Path, work: Callable[[Path], None], rounds: int
) -> list[tuple[Times, Times]]:
    """Take calamine and some work in turn; give what both needed in each round."""
    work(path)  # tables are read and modules loaded once
    return [(timed(only_read, path), timed(work, path)) for _ in range(rounds)]


def ratios(rounds: list[tuple[Times, Times]]) -> tuple[list[float], list[float]]:
    """Give the ratios of all rounds, sorted: by the processor, by the clock."""
    processor, clock = (
        sorted(work[by] / alone[by] for alone, work in rounds) for by in (0, 1)
    )
    return processor, clock


def spread(values: list[float]) -> str:
    """Write the median, the least and the largest of sorted values."""
    return f"{statistics.median(values):.2f} ({values[0]:.2f}–{values[-1]:.2f})"


def peak_mb(path: Path, work: str) -> float:
    """Give the peak memory of one of the two in a process of its own."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\nimport bench_import as b\n"
        f"b.{work}(Path(sys.argv[2])); print(b.own_peak_mb())"
    )
    here = str(Path(__file__).parent)
    run = [sys.executable, "-c", code, here, str(path)]
    said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    return float(said.split()[-1])


def own_peak_mb() -> float:
    """Give the peak memory of this process."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux hands ru_maxrss of the parent down
        line = next(t for t in status.read_text().splitlines() if "VmHWM" in t)
        return float(line.split()[1]) / 1024
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Make the registers, measure, and print the table."""
    chosen = begin(command_line(__doc__, LEVELS, of="rows").parse_args())
    with tempfile.TemporaryDirectory() as folder:
        print(
            f"{'rows':>8} {'calamine s':>11} {'read_layer s':>13} "
            f"{'ratio, processor':>18} {'ratio, clock':>18}"
        )
        whole = {}
        for rows in chosen.sizes:
            progress(f"{rows:,} rows")
            path = Path(folder) / f"{rows}.xlsx"
            make_register(path, rows)
            times = compare(path, with_checks, chosen.rounds)
            alone = min(one[0] for one, _ in times)
            whole[rows] = min(other[0] for _, other in times)
            processor, clock = ratios(times)
            print(
                f"{rows:8d} {alone:11.3f} {whole[rows]:13.3f} "
                f"{spread(processor):>18} {spread(clock):>18}"
            )
        for pair in itertools.pairwise(whole.items()):
            print(
                f"exponent of read_layer to {pair[1][0]:,} rows: {exponent(*pair):.2f}"
            )
        peaks = [peak_mb(path, work) for work in ("only_read", "with_checks")]
        print(f"peak memory: calamine {peaks[0]:.0f} MB, read_layer {peaks[1]:.0f} MB")
        by_processor, by_clock = ratios(compare(path, as_frame, chosen.rounds))
        print(
            "pandas.read_excel(engine='calamine'), no checks: ratio "
            f"{spread(by_processor)} by the processor, {spread(by_clock)} by the clock"
        )
        best = min(statistics.median(processor), statistics.median(clock))
        print(f"goal: ratio ≤ {GOAL} at 100 000 rows; at {rows:,} it is {best:.2f}")


if __name__ == "__main__":
    main()
