"""One command line for every benchmark: sizes, rounds, what will be done, progress.

What is measured goes to stdout, progress to stderr, so that ``make bench`` can keep the
first and show both.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

START = time.monotonic()
LEVELS = ("small", "usual", "large")


@dataclass(frozen=True)
class Level:
    """How much is measured, how often, and an estimate of how long that takes."""

    sizes: tuple[int, ...]
    rounds: int
    minutes: float

    def __str__(self) -> str:
        return f"{listed(self.sizes)}; {turns(self.rounds)}; {about(self.minutes)}"


def count(text: str) -> int:
    """
    Read a whole number, also one like 1e6.

    >>> count("1e6"), count("250")
    (1000000, 250)
    """
    number = float(text)
    if number < 1 or number != int(number):
        raise argparse.ArgumentTypeError(f"a whole number above 0, not {text}")
    return int(number)


def listed(sizes: tuple[int, ...] | list[int]) -> str:
    """
    Write sizes as a list.

    >>> listed([1000, 20000])
    '1,000 and 20,000'
    """
    words = [f"{size:,}" for size in sizes]
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def turns(rounds: int) -> str:
    """
    Write how often something is measured.

    >>> turns(1), turns(5)
    ('1 round', '5 rounds')
    """
    return f"{rounds} round{'s' if rounds > 1 else ''}"


def about(minutes: float) -> str:
    """
    Write how long something takes.

    >>> about(0.4), about(12)
    ('under a minute', 'about 12 minutes')
    """
    if minutes < 1:
        return "under a minute"
    return f"about {minutes:.0f} minute{'s' if round(minutes) > 1 else ''}"


def command_line(
    doc: str | None, levels: Mapping[str, Level], *, of: str
) -> argparse.ArgumentParser:
    """Make a parser with what all benchmarks share; ``of`` says what sizes count."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes",
        type=count,
        nargs="+",
        metavar="N",
        help=f"{of}; usually {levels['usual']}",
    )
    level = parser.add_mutually_exclusive_group()
    for name, use in (("small", "tells that it runs"), ("large", "sizes of the goals")):
        level.add_argument(
            f"--{name}",
            dest="level",
            action="store_const",
            const=name,
            default="usual",
            help=f"{use}: {levels[name]}",
        )
    parser.add_argument(
        "--rounds", type=count, metavar="R", help="how often each is measured"
    )
    parser.set_defaults(levels=levels, of=of, title=(doc or "").splitlines()[0])
    return parser


def begin(chosen: argparse.Namespace) -> argparse.Namespace:
    """Fill in sizes and rounds of the level where none were named; say what comes."""
    level: Level = chosen.levels[chosen.level]
    chosen.sizes = chosen.sizes or list(level.sizes)
    chosen.rounds = chosen.rounds or level.rounds
    own = tuple(chosen.sizes) != level.sizes or chosen.rounds != level.rounds
    long = "" if own else f", {about(level.minutes)} on two quiet cores"
    print(chosen.title)
    print(f"{listed(chosen.sizes)} {chosen.of}, {turns(chosen.rounds)}{long}\n")
    sys.stdout.flush()
    return chosen


def progress(text: str) -> None:
    """Say on stderr what is being done, and since when this runs."""
    print(f"  [{time.monotonic() - START:5.0f} s] {text}", file=sys.stderr, flush=True)


def skip(what: str) -> None:
    """Say what is left out, why, and how to get it; ``make bench`` lists these lines."""
    print(f"skipped: {what}", flush=True)


def exponent(before: tuple[float, float], now: tuple[float, float]) -> float:
    """
    Give how cost grows between two pairs of size and cost; nan if it can not be told.

    >>> round(exponent((10, 1.0), (1000, 100.0)), 2)
    1.0
    """
    if before[0] == now[0] or not (before[1] > 0 and now[1] > 0):
        return float("nan")
    return float(np.log(now[1] / before[1]) / np.log(now[0] / before[0]))
