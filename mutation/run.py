"""Coverage and mutation score of one part, from the tests written for it.

    python mutation/run.py quality --count 150 --seed 1

Everything is imported once. A first child runs the tests under coverage, each test a
context of its own. Then a child is forked for every mutant: the code of the function is
exchanged in place, and the tests that touch its lines run, quick ones first, until one
fails. What is decided at import (constants, defaults, fields) is imported anew instead.
Nothing is written into the tree but below ``build``. Numba is switched off, so that
loops are seen too. The order of mutants is random: a run that was broken off is a
smaller sample. A small ``--budget`` leaves slow tests out, so that the score is a lower
bound; ``--again --reuse`` with a larger one tries the survivors once more.
"""

import argparse
import gc
import importlib
import json
import os
import pickle
import random
import sys
import time
import tomllib
from collections import Counter
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

os.environ |= {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import coverage
import pytest
from live import code_of, import_mutated, in_child, live_functions, passes, say
from mutants import Mutant, mutants_of

HERE = Path(__file__).parent
ROOT = HERE.parent
PLAIN = ["-q", "-p", "no:cacheprovider", "-n", "0"]
KILLED = ("killed", "endless")
MARKS = ["-m", "not long and not browser and not notebook"]


class Quick:
    """Fewer examples of the property tests, always the same, none made smaller."""

    def __init__(self, examples: int) -> None:
        self.examples = examples

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Set every property test down to a few examples."""
        from hypothesis import (
            Phase,
            settings,
        )  # pytest wants to be the first to load it

        for item in items:
            held = "_hypothesis_internal_use_settings"
            function = getattr(item, "obj", None)
            own = getattr(function, held, None)
            if own is None and hasattr(function, "hypothesis"):
                own = settings()
            if own is not None:
                quick = settings(
                    own,
                    max_examples=min(own.max_examples, self.examples),
                    phases=[Phase.explicit, Phase.generate],
                    derandomize=True,
                    database=None,
                    deadline=None,
                )
                setattr(getattr(function, "__func__", function), held, quick)


class Driver(Quick):
    """The plugin that runs mutants where pytest would run the tests."""

    def __init__(self, options: argparse.Namespace, cover: coverage.Coverage) -> None:
        super().__init__(options.examples)
        self.options, self.cover = options, cover
        self.out = options.out / f"{options.part}.coverage"
        self.times = options.out / f"{options.part}.times"

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once, then a sample of mutants."""
        self.cover.stop()
        self.items = {item.nodeid: item for item in session.items}
        if not self.options.reuse:
            self.out.unlink(missing_ok=True)
            self.times.unlink(missing_ok=True)
        known = pickle.loads(self.times.read_bytes()) if self.times.exists() else {}
        if set(self.items) - set(known):
            in_child(lambda: self.baseline(known), seconds=3600)
        self.seconds = pickle.loads(self.times.read_bytes())
        self.touched = touched_lines(self.out)
        every = (names for file in self.touched.values() for names in file.values())
        self.touching = {name for names in every for name in names}
        if self.options.count:
            self.mutate()
        return True

    def baseline(self, known: dict[str, tuple[float, bool]]) -> int:
        """Run new tests under coverage, and keep how long each took and if it passed."""
        self.cover.start()
        taken = dict(known)
        for name, item in self.items.items():
            if name in known:
                continue
            self.cover.switch_context(name)
            begin = time.process_time()
            passed = passes(item)
            taken[name] = (time.process_time() - begin, passed)
            if not passed:
                say(f"not used, fails or skips unmutated: {name}")
        self.cover.stop()
        whole = coverage.CoverageData(str(self.out))
        whole.read()
        whole.update(self.cover.get_data())
        whole.write()
        self.times.write_bytes(pickle.dumps(taken))
        return 0

    def mutate(self) -> None:
        """Try a random sample of mutants and write what became of each."""
        files = self.options.files
        found = [mutant for path in files for mutant in mutants_of(path)]
        chooser = random.Random(self.options.seed)
        chosen = chooser.sample(found, min(self.options.count, len(found)))
        log = self.options.out / f"{self.options.part}.{self.options.seed}.jsonl"
        known = {}
        if self.options.again:  # what has survived is given more
            rows = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
            known = {n: row for n, row in enumerate(rows) if row["verdict"] in KILLED}
            chosen = chosen[: len(rows)]
        self.functions = live_functions({str(path) for path in files})
        gc.freeze()  # a fork then shares the pages
        self.check_import_anew(found[0])
        say(f"{len(chosen)} of {len(found)} mutants")
        same = {(row["file"], row["edit"]) for row in equivalents()}
        rows = []
        for number, mutant in enumerate(chosen):
            row = known.get(number) or self.line(mutant, same)
            rows.append(json.dumps(row, ensure_ascii=False))
            log.write_text("\n".join(rows) + "\n", "utf-8")
            if row["verdict"] not in KILLED:
                say(f"  {row['verdict']} {row['at']} {row['edit']}")
            if len(rows) % 10 == 0:
                say(score(rows))
        say(score(rows))

    def line(self, mutant: Mutant, same: set[tuple[str, str]]) -> dict[str, str]:
        """Give the line of the log that tells of a mutant."""
        file = str(mutant.path.relative_to(ROOT))
        verdict, by = self.try_one(mutant)
        if verdict not in KILLED and (file, mutant.edit()) in same:
            verdict = "equivalent"
        at, edit = f"{file}:{mutant.line}", mutant.edit()
        return {"at": at, "verdict": verdict, "by": by, "edit": edit}

    def check_import_anew(self, mutant: Mutant) -> None:
        """Make sure that importing anew alone fails no test."""
        old = mutant.path.read_bytes()[mutant.start : mutant.stop].decode()
        same = replace(mutant, text=old, function="")
        if self.try_one(same)[0] != "survived":
            sys.exit("tests fail after importing anew, with nothing changed")

    def try_one(self, mutant: Mutant) -> tuple[str, str]:
        """Give what became of a mutant, and which test noticed."""
        names = self.tests_for(mutant)
        if not names:
            return "untouched", ""
        own = sum(self.seconds[name][0] for name in names)
        code = (
            code_of(mutant) if mutant.function and not self.at_import(mutant) else None
        )
        said = self.options.out / "killed-by"
        said.write_text("")

        def run() -> int:
            if code is None:
                return self.run_anew(mutant, names, said)
            for function in self.functions[str(mutant.path), code.co_qualname]:
                if function.__code__.co_firstlineno == code.co_firstlineno:
                    function.__code__ = code
            for name in names:
                said.write_text(name)
                if not passes(self.items[name]):
                    return 1
            return 0

        status = in_child(run, seconds=5 + 2 * own)
        verdict = {0: "survived", 1: "killed"}.get(status, "endless")
        return verdict, said.read_text() if status else f"{len(names)} tests"

    def tests_for(self, mutant: Mutant) -> list[str]:
        """Give the tests that touch the lines of a mutant, quick ones first."""
        lines = self.touched.get(str(mutant.path), {})
        if mutant.function and not self.at_import(mutant):
            wanted = range(mutant.line, mutant.last_line + 1)
        else:
            wanted = lines.keys()
        names = {name for line in wanted for name in lines.get(line, ()) if name}
        if wanted == lines.keys():  # a test of a constant alone runs no line
            names |= self.items.keys() - self.touching
        usable = [name for name in names & self.items.keys() if self.seconds[name][1]]
        usable.sort(key=lambda name: self.seconds[name][0])
        total = accumulate(self.seconds[name][0] for name in usable)
        return [
            n for n, t in zip(usable, total, strict=True) if t <= self.options.budget
        ]

    def at_import(self, mutant: Mutant) -> bool:
        """Whether the mutated line runs while modules are loaded."""
        return "" in self.touched.get(str(mutant.path), {}).get(mutant.line, ())

    def run_anew(self, mutant: Mutant, names: list[str], said: Path) -> int:
        """Import the project again with the mutant in it, and run the tests."""
        for loaded, module in list(sys.modules.items()):
            file = Path(getattr(module, "__file__", None) or "/")
            if any(file.is_relative_to(ROOT / own) for own in ("geotool", "tests")):
                del sys.modules[loaded]
        importlib.invalidate_caches()
        parts = mutant.path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        try:
            module = import_mutated(mutant, name)
        except Exception:  # noqa: BLE001 - what cannot be imported is noticed
            return 1
        wanted = self.options.tests if len(names) > 40 else names
        first = First(set(names), said, self.options.examples)
        status = pytest.main([*PLAIN, "-x", *MARKS, *wanted], plugins=[first])
        if sys.modules[name] is not module:
            sys.exit(f"{name} was imported again without the edit")
        if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
            sys.exit(f"pytest could not run the tests of {name}")
        return int(status != pytest.ExitCode.OK)


class First(Quick):
    """Keep to the named tests, and say which one is running."""

    def __init__(self, names: set[str], said: Path, examples: int) -> None:
        super().__init__(examples)
        self.names, self.said = names, said

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the tests that do not touch the file."""
        items[:] = [item for item in items if item.nodeid in self.names]
        super().pytest_collection_modifyitems(items)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Write down the name."""
        self.said.write_text(item.nodeid)


def equivalents() -> list[dict[str, str]]:
    """Give the edits judged by hand to change nothing."""
    return tomllib.loads((HERE / "equivalent.toml").read_text("utf-8")).get("same", [])


def score(rows: list[str]) -> str:
    """Give the counts and the share killed, of all and without the equivalent ones."""
    counts = Counter(json.loads(row)["verdict"] for row in rows)
    killed = sum(counts[one] for one in KILLED)
    real = max(len(rows) - counts["equivalent"], 1)
    shares = f"killed {killed / len(rows):.1%}, {killed / real:.1%} without equivalent"
    return f"{len(rows)} tried, {shares}: {dict(counts)}"


def source_files(part: dict[str, list[str]]) -> list[Path]:
    """Give the files of a part."""
    paths = [ROOT / source for source in part["source"]]
    files = [f for p in paths for f in (p.rglob("*.py") if p.is_dir() else [p])]
    return sorted({*files} - {ROOT / name for name in part.get("without", [])})


def touched_lines(path: Path) -> dict[str, dict[int, list[str]]]:
    """Give for each file and line the tests that ran it."""
    data = coverage.CoverageData(str(path))
    data.read()
    return {file: data.contexts_by_lineno(file) for file in data.measured_files()}


def main() -> None:
    """Read the command line and run one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part")
    parser.add_argument("--count", type=int, default=150, help="mutants; 0: coverage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=10, help="per property test")
    parser.add_argument(
        "--budget", type=float, default=60, help="seconds of tests each"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument(
        "--reuse",
        action="store_true",
        help="run under coverage only tests that are new; for unchanged sources",
    )
    parser.add_argument("--again", action="store_true", help="try survivors once more")
    options = parser.parse_args()
    target = tomllib.loads((HERE / "parts.toml").read_text())
    options.files = source_files(target[options.part])
    found = [p for pattern in target[options.part]["tests"] for p in ROOT.glob(pattern)]
    options.tests = [str(path.relative_to(ROOT)) for path in sorted(found)]
    options.out.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    # a copy of the tree is measured itself, not the tree that was installed
    sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in f.__module__]
    store = str(options.out / f"{options.part}.coverage")
    sources = [str(file) for file in options.files]
    cover = coverage.Coverage(data_file=None, branch=True, include=sources)
    cover.start()
    pytest.main([*PLAIN, *MARKS, *options.tests], plugins=[Driver(options, cover)])
    shown = coverage.Coverage(data_file=store, include=sources)
    shown.load()
    shown.report(show_missing=True)


if __name__ == "__main__":
    main()
