"""The maker of simulated incidents: its webs, its physics, and what it writes."""

import json
import sys
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
ABSENT = (
    "needs wntr (EPANET), which is not among the requirements: pip install wntr six"
)


@pytest.fixture
def maker(monkeypatch):
    "The parts of the maker, found as its script finds them."
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import make_incidents
    from incident_maker import case, epanet, files, web

    make_incidents.web, make_incidents.epanet = web, epanet
    make_incidents.case, make_incidents.files = case, files
    return make_incidents


def test_webs_hang_together_and_fall_from_north_to_south(maker):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        web = maker.web.make_web(rng, columns=4, rows=4)
        graph = nx.MultiGraph(zip(web.rivers.a, web.rivers.b, strict=True))
        assert nx.is_connected(graph)
        assert graph.number_of_edges() > graph.number_of_nodes()  # it has loops
        assert set(graph) == set(range(16))
        y = web.nodes[:, 1]
        assert y[web.inlets].min() > y[web.outlets].max()


def test_rivers_are_cut_where_something_stands_and_lose_no_metre(maker):
    rng = np.random.default_rng(3)
    web = maker.web.make_web(rng, columns=4, rows=4)
    outfalls = maker.web.make_outfalls(rng, web, 20)
    sections = maker.web.make_sections(rng, web, 5)
    pipes = maker.epanet.cut(web, outfalls, sections)
    length = pd.Series(pipes.length_m).groupby(pipes.river).sum()
    # a piece under a metre is made a metre long, hence the slack
    assert np.allclose(length, web.rivers.length, atol=2)
    assert {*outfalls.id, *sections.id} < {*pipes.tail, *pipes.head}


def test_without_wntr_it_says_how_to_get_it(maker, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["make_incidents.py", str(tmp_path)])
    monkeypatch.setattr(maker.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SystemExit) as stop:
        maker.main()
    assert stop.value.code == 2
    assert "pip install wntr" in capsys.readouterr().err


def test_an_unhindered_web_settles_where_the_mass_balance_says(maker):
    pytest.importorskip("wntr", reason=ABSENT)
    case = maker.case.Case(np.random.default_rng([5, 1]), columns=4, rows=4)
    loads = case.loads_g_s()
    moving = [s for s in case.sections.id if case.water[s] > 0.5]
    assert moving
    for i, item in enumerate(maker.web.ITEMS):
        _, influence = maker.epanet.sweep(case.pipes, float(case.decay[i]))
        steady = influence.loc[list(loads.index)].mul(loads[item], axis=0).sum()
        for name, flow in zip(case.epanet.inlets, case.web.inflow_m3_s, strict=True):
            steady = steady + influence.loc[name] * flow * maker.epanet.INLET_MG_L[i]
        seen = case.usual[item].iloc[-1]
        # the rest is EPANET's merging of like parcels
        assert np.allclose(seen[moving], steady[moving], rtol=0.1)


def test_one_seed_gives_one_complete_case(maker, tmp_path):
    pytest.importorskip("wntr", reason=ABSENT)
    for name in ("one", "two"):
        maker.make_case(11, tmp_path / name, columns=4, rows=4)
    names = ["layers.gpkg", "observations.csv", "query.json", "truth.json"]
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == names
    for name in names:
        one, two = ((tmp_path / k / name).read_bytes() for k in ("one", "two"))
        assert one == two, name
    check_case(tmp_path / "one")


def check_case(folder):
    "Layers, readings, query and truth agree with one another."
    layers = {
        name: gpd.read_file(folder / "layers.gpkg", layer=name)
        for name in ("rivers", "structures", "outfalls", "sections")
    }
    query = json.loads((folder / "query.json").read_text("utf-8"))
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    oracle, section, item = truth["oracle"], query["section_id"], query["item"]
    assert truth["outfall_id"] in set(layers["outfalls"].outfall_id)
    assert truth["failing"][0][:2] == [section, item]
    # the culprit is above the section, by the true flows
    assert oracle["influence_s_m3"][item][section][truth["outfall_id"]] > 0
    # what is drawn with the flow has its flow along the line
    known = layers["rivers"].query("direction == 'digitized'").river_id
    flows = [oracle["rivers"][name]["flow_m3_s"] for name in known]
    assert min(flows) > -1e-6
    seen = pd.read_csv(folder / "observations.csv", parse_dates=["time"])
    seen = seen[(seen.section_id == section) & (seen["item"] == item)]
    above = seen.set_index("time").value_mg_l > query["limit_mg_l"]
    start = pd.Timestamp(truth["start"])
    assert above[start:].any()
    assert above[:start].mean() < 0.2  # noise may lift one, no more
