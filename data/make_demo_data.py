"""Make the bundled demo data: a schematic canal town with facts of published plans.

``python data/make_demo_data.py [--out DIR]`` writes every file again, the same each
time. What is fact, what is invented and which faults are planted: ``README.md``.
"""

import argparse
import itertools
from pathlib import Path

from demo import _register as register
from demo import _tables as tables
from demo import _writers as to
from demo._curves import way_nodes
from demo._hydraulics import Model, solve
from demo._incident import make_incident, truth
from demo._layout import CANALS, LINES
from demo._outfalls import Outfall, outfalls
from demo._readings import MONTHLY_TITLE, four_hourly, monthly, usual_values
from demo._scenarios import SCENARIOS, scenario_text

YANGTZE_M_S = 0.9


def main() -> None:
    """Write all files and print what was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    here = Path(__file__).resolve().parent
    parser.add_argument("--out", type=Path, default=here, help="folder to write into")
    out: Path = parser.parse_args().out
    (out / "scenarios").mkdir(parents=True, exist_ok=True)
    points = outfalls()
    model = solve(points)
    _write_layers(out, points, model)
    _write_readings(out, points, model)
    for name, facts in SCENARIOS.items():
        path = out / "scenarios" / str(facts["file"])
        path.write_bytes(scenario_text(name).encode())
    print(f"{len(LINES)} 条河段线、{len(points)} 个排污口 → {out}")


def _write_layers(out: Path, points: list[Outfall], model: Model) -> None:
    to.write_shapefile(tables.rivers(_velocities(model)), out / "rivers_schematic.shp")
    to.write_csv(tables.structures(), out / "structures.csv")
    to.write_csv(tables.sections_nantong(), out / "sections_nantong.csv")
    to.write_csv(tables.sections_yangzhong(), out / "sections_yangzhong.csv")
    to.write_csv(tables.water_sources_nantong(), out / "water_sources_nantong.csv")
    to.write_csv(tables.water_sources_yangzhong(), out / "water_sources_yangzhong.csv")
    to.write_csv(tables.projects(), out / "projects_nantong.csv")
    to.write_csv(tables.factories(points), out / "factories_gbk.csv", encoding="gbk")
    to.write_geojson(tables.admin(), out / "townships_schematic.geojson")
    to.write_geojson(tables.approved_zones(), out / "approved_zones_example.geojson")
    to.write_register(
        register.register(points),
        out / "outfall_register.xlsx",
        title=register.TITLE,
        remark=register.REMARK,
        footnote=register.FOOTNOTE,
    )


def _write_readings(out: Path, points: list[Outfall], model: Model) -> None:
    usual = usual_values(model, points)
    incident = make_incident(model, points)
    readings = four_hourly(usual, incident)
    to.write_csv(readings, out / "readings_4h_2026-10.csv")
    to.write_sheet(
        monthly(usual), out / "readings_monthly_2025.xlsx", title=MONTHLY_TITLE
    )
    to.write_json(truth(incident, points, readings), out / "incident_truth.json")


def _velocities(model: Model) -> dict[str, float]:
    """Mean modelled velocity of every river line, to 0.01 m/s."""
    found = {}
    for line in LINES:
        nodes = way_nodes(line)
        flows = [
            abs(flow)
            for pair in itertools.pairwise(nodes)
            for flow in (
                model.edge_flow_m3_s.get(pair, model.edge_flow_m3_s.get(pair[::-1])),
            )
            if flow is not None
        ]
        canal = CANALS[line.canal]
        if flows:
            mean = sum(flows) / len(flows)
            found[line.river_id] = round(mean / canal.width_m / canal.depth_m, 2)
        else:
            found[line.river_id] = YANGTZE_M_S
    return found


if __name__ == "__main__":
    main()
