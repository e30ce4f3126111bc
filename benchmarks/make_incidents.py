"""Make simulated incidents with a known culprit, to judge source attribution by.

    python -m venv /somewhere/else && . /somewhere/else/bin/activate
    pip install wntr six geopandas pyogrio     # six: wntr 1.5 forgets to ask for it
    python benchmarks/make_incidents.py OUT [--count 20] [--seed 1] [--prefix case]

Needs the PyPI package ``wntr`` (EPANET 2.2 inside), which is not among the project's
requirements: put it into a virtual environment of its own, as above. Nothing of geotool
is imported: flows, transport, decay and mixing are EPANET's, so that an answer which
fits here was not fitted to itself.

What a case is: a looped web of canals (a jittered grid of 16 to 30 nodes, about a fifth
of its edges taken out), fed at one to three inlet sluices in the north and drained at
one or two in the south; 14 to 35 outfalls of eight categories; 4 to 7 sections read
every four hours for eleven days. One outfall discharges several times its usual load
for 12 to 96 hours. Canals are EPANET pipes with the area width x depth, so that volume
and velocity are those of a canal; flow is steady; water starts empty of everything, so
that slow arms are still filling when the readings begin. A case is kept only if a
section below the culprit (by the true flows) goes over its class III limit, by a factor
between ``PEAK``, and would not have without the incident.

What the analyst gets is blurred on purpose: permitted discharges and concentrations are
20 to 25 % off, readings carry 7 % of noise and 3 % of gaps, section flows are rough, and
more than every fourth river is of unknown direction. ``truth.json`` holds beside the
culprit an ``oracle``: true flows, travel times, decay, loads and influences.

How hard they are, measured on 200 cases (seeds 1 and 2): ranking the outfalls upstream
(unknown directions passable both ways) puts the culprit first, or among the first three,
in 0.27 / 0.56 by nearness, 0.23 / 0.57 by load, 0.37 / 0.70 by load over distance.
"""

import argparse
import importlib.util
from pathlib import Path

import numpy as np
from incident_maker.case import Case
from incident_maker.files import write_case


def make_case(
    seed: int, folder: Path, *, columns: int | None = None, rows: int | None = None
) -> int:
    """Draw webs from one seed until one holds an incident; write it; return the tries."""
    size = np.random.default_rng(seed)  # the same for all webs of this seed
    columns = columns or int(size.integers(4, 7))
    rows = rows or int(size.integers(4, 6))
    for attempt in range(1, 101):
        rng = np.random.default_rng([seed, attempt])
        case = Case(rng, columns=columns, rows=rows)
        incident = case.find_incident() if case.fit() else None
        if incident is not None:
            write_case(case, incident, folder)
            return attempt
    raise SystemExit(f"seed {seed}: no incident in 100 webs; loosen FACTOR or PEAK")


def main() -> None:
    """Read the command line and make the cases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument(
        "--seed", type=int, default=1, help="cases n: seed * 100000 + n"
    )
    parser.add_argument("--prefix", default="case")
    parser.add_argument("--first", type=int, default=1, help="number of the first case")
    a = parser.parse_args()
    if importlib.util.find_spec("wntr") is None:
        parser.error(
            "needs wntr (EPANET): in a virtual environment of its own, "
            "pip install wntr six geopandas pyogrio"
        )
    for n in range(a.first, a.first + a.count):
        folder = a.out / f"{a.prefix}_{n:04d}"
        tries = make_case(a.seed * 100_000 + n, folder)
        print(f"{folder.name}: web {tries}", flush=True)


if __name__ == "__main__":
    main()
