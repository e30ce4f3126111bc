"""Run the benchmarks one after another and keep what they say, in build/bench.

    python benchmarks/run.py                 all of them, what ``make bench`` does
    python benchmarks/run.py --only trace map
    python benchmarks/run.py --small         minutes: tells that all of them run
    python benchmarks/run.py --large         the sizes of the goals: hours, 8 GB

Each runs in a process of its own; one that fails does not stop the others, but the
command ends with 1. ``build/bench/results.txt`` has everything, with the machine it was
measured on: that file can be sent. Ratios count, seconds are this machine's. Progress
goes to stderr.
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TextIO

from geotool import __version__

HERE = Path(__file__).parent
ROOT = HERE.parent
OUT = ROOT / "build" / "bench"
NAMES = (
    "import",
    "orient",
    "screening",
    "assess",
    "catchments",
    "attribution",
    "locate",
    "incidents",
    "trace",
    "network",
    "map",
)
"""In the order they run: quick ones first."""

PACKAGES = (
    "numpy", "pandas", "geopandas", "shapely", "scipy", "networkx", "folium",
    "python-calamine", "numba", "playwright",
)  # fmt: skip


@dataclass(frozen=True)
class Done:
    """How one script ended."""

    name: str
    status: int
    minutes: float
    cpu_minutes: float
    skipped: tuple[str, ...]

    def __str__(self) -> str:
        word = "ok" if self.status == 0 else f"FAILED ({self.status})"
        line = (
            f"{self.name:<14}{word:<14}{self.minutes:>9.1f}{self.cpu_minutes:>9.1f}"
            f"{len(self.skipped) or '':>9}"
        )
        return line.rstrip()


def machine() -> str:
    """Describe what it is measured on: versions and processor, nobody's name."""
    lines = [
        f"geotool {__version__} {_commit()}".rstrip(),
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        f"{_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        f"Chromium: {shutil.which('chromium') or 'not there'}",
    ]
    return "\n".join(lines)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not there"


def _commit() -> str:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    command = [git, "-C", str(ROOT), "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def children_cpu_s() -> float:
    """Give the processor time of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(name: str, level: list[str], results: TextIO) -> Done:
    """Run one script; copy what it prints to the screen and to two files."""
    command = [sys.executable, str(HERE / f"bench_{name}.py"), *level]
    title = f"\n{'=' * 88}\nbench_{name}.py {' '.join(level)}".rstrip()
    begun, cpu, skipped = time.monotonic(), children_cpu_s(), []
    with (OUT / f"{name}.txt").open("w", encoding="utf-8") as own:

        def say(line: str) -> None:
            for where in (sys.stdout, own, results):
                where.write(line)
                where.flush()

        say(f"{title}\n")
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        ) as process:
            last: deque[str] = deque(maxlen=20)
            watch = threading.Thread(target=_pass_on, args=(process.stderr, last))
            watch.start()
            try:
                for line in process.stdout or ():
                    say(line)
                    if line.startswith("skipped: "):
                        skipped.append(line.strip())
            except KeyboardInterrupt:
                process.terminate()
                raise
            finally:
                watch.join()
        if process.returncode:  # on the screen it stands already
            own.write("".join(last))
            results.write("".join(last))
            say(f"bench_{name}.py ended with {process.returncode}\n")
        wall, cpu = (time.monotonic() - begun) / 60, (children_cpu_s() - cpu) / 60
        say(f"\ntook {wall:.1f} minutes, {cpu:.1f} of the processor\n")
    return Done(name, process.returncode, wall, cpu, tuple(skipped))


def _pass_on(lines: Iterable[str], last: deque[str]) -> None:
    """Copy a script's stderr to ours at once, and keep the last lines."""
    for line in lines:
        sys.stderr.write(line)
        sys.stderr.flush()
        last.append(line)


def summary(done: list[Done]) -> str:
    """Lay out how all of them ended."""
    lines = [f"{'':14}{'':14}{'minutes':>9}{'CPU min':>9}{'skipped':>9}"]
    lines += [str(one) for one in done]
    wall, cpu = sum(one.minutes for one in done), sum(one.cpu_minutes for one in done)
    lines += [f"{'all':28}{wall:>9.1f}{cpu:>9.1f}", ""]
    lines += [f"{one.name}: {line}" for one in done for line in one.skipped]
    return "\n".join(lines)


def main() -> int:
    """Run what was asked for; 1 if any failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--small", action="store_true", help="minutes, tiny sizes")
    level.add_argument("--large", action="store_true", help="hours, sizes of the goals")
    chosen = parser.parse_args()
    flags = [f"--{word}" for word in ("small", "large") if getattr(chosen, word)]
    OUT.mkdir(parents=True, exist_ok=True)
    done = []
    with (OUT / "results.txt").open("w", encoding="utf-8") as results:
        head = machine()
        print(head, flush=True)
        results.write(f"{head}\n")
        try:
            for name in chosen.only:
                done.append(run(name, flags, results))
        finally:  # also when stopped by hand
            tail = f"\n{'=' * 88}\n{summary(done)}"
            print(tail)
            results.write(f"{tail}\n")
    print(f"results: {OUT / 'results.txt'}")
    failed = [one.name for one in done if one.status]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
