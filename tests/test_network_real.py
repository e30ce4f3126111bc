"""Networks of real line work agree with figures found by other means."""

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

import geotool as gt
from geotool.crs import to_metric
from geotool.layers import read_layer
from geotool.network import network_from_topology

HERE = Path(__file__).parents[1] / "data"
DATA = Path(__file__).parents[2] / "shared" / "data"
POLDER = DATA / "polder_bommelerwaard_nl/HyDAMO_Dommelerwaard.gpkg"
AMSTERDAM = DATA / "canals_amsterdam/final_network_v4.shp"
RUHR = DATA / "osm_raw_waterways_ruhr_de/waterway.geojson"
TUANHE = DATA / "osm_tuanhe_cn/rivers.geojson"
EARTH = DATA / (
    "natural_earth_east_china/ne_10m_rivers_lake_centerlines_east_china.geojson"
)
WALKER = DATA / "nhdplus_small_us/walker.gpkg"
COAST = DATA / "nhdplus_small_us/coastal_example.gpkg"
DEMO = HERE / "rivers_schematic.shp"

needs_data = pytest.mark.skipif(
    not DATA.exists(), reason="the real data of shared/data are not here"
)


def rivers_of(path):
    options = {"source_layer": "Hydroobject"} if path == POLDER else {}
    return read_layer(path, "rivers", **options).layer


def figures(lines):
    """Components, dead ends and loops by exact ends, as whoever draws it sees them."""
    graph = nx.MultiGraph()
    for line in lines:
        xy = shapely.get_coordinates(line).round(3)
        graph.add_edge(tuple(xy[0]), tuple(xy[-1]))
    parts = nx.number_connected_components(graph)
    dead = sum(degree == 1 for _, degree in graph.degree)
    return parts, dead, len(graph.edges) - len(graph.nodes) + parts


def figures_of(network):
    degree = pd.concat([network.reaches["from_node"], network.reaches["to_node"]])
    degree = degree.value_counts()
    facts = network.summary()
    return facts["components"], int((degree == 1).sum()), facts["loops"]


@needs_data
@pytest.mark.parametrize(
    ("path", "drawn", "joined"),
    [
        # components, dead ends, loops: as drawn (shared/data/INDEX.md), as built
        pytest.param(POLDER, (2, 115, 40), (2, 111, 42), id="polder"),
        pytest.param(AMSTERDAM, (1, 24, 43), (1, 24, 43), id="amsterdam"),
        pytest.param(RUHR, (252, 518, 4), (117, 383, 19), id="ruhr"),
        pytest.param(TUANHE, (3, 9, 0), (3, 9, 0), id="tuanhe"),
        pytest.param(EARTH, None, (34, 84, 2), id="natural earth"),
        pytest.param(WALKER, None, (1, 27, 0), id="nhdplus walker"),
        pytest.param(COAST, None, (1, 235, 5), id="nhdplus coast"),
    ],
)
def test_figures_of_real_networks(path, drawn, joined):
    rivers = rivers_of(path)
    lines = shapely.get_parts(shapely.force_2d(rivers.geometry.to_numpy()))
    if drawn:
        assert figures(lines) == drawn
    assert figures_of(gt.build_network(rivers)) == joined


@needs_data
@pytest.mark.parametrize(
    "path", [POLDER, AMSTERDAM, RUHR, TUANHE, EARTH, WALKER, COAST]
)
def test_without_a_tolerance_building_is_noding(path):
    "GEOS nodes the same lines to as many parts, ends, loops and metres"
    rivers = to_metric(rivers_of(path), "rivers")
    network = gt.build_network(rivers, snap_m=0.0)
    plain = shapely.force_2d(rivers.geometry.to_numpy())
    union = shapely.union_all(plain, grid_size=1e-3)
    assert figures_of(network) == figures(shapely.get_parts(union))
    length = network.reaches["length_m"].sum()
    assert length == pytest.approx(shapely.length(union), rel=1e-6)
    doubles = network.log[network.log["step"] == "double"]
    lost = doubles["before"].str.removesuffix(" m").astype(float).sum()
    assert length + lost == pytest.approx(rivers.length.sum(), rel=1e-6)


@needs_data
def test_touches_and_crossings_of_raw_waterways_are_split():
    "8 pairs of lines cross, two of them twice; ends touch at 138 places"
    rivers = rivers_of(RUHR)
    lines = rivers.geometry.to_numpy()
    tree = shapely.STRtree(lines)
    one, other = tree.query(lines, predicate="crosses")
    assert (one < other).sum() == 8
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    end, line = tree.query(ends, predicate="dwithin", distance=1e-3)
    measure = shapely.line_locate_point(lines[line], ends[end])
    inner = (measure > 1e-3) & (measure < shapely.length(lines[line]) - 1e-3)
    places = np.unique(shapely.get_coordinates(ends[end[inner]]).round(2), axis=0)
    log = gt.build_network(rivers, snap_m=0.0).log
    notes = log.loc[log["step"] == "split", "note"]
    assert notes.str.contains("端点落在线上").sum() == len(places) == 138
    assert notes.str.contains("两线相交").sum() == 8 + 2


@needs_data
def test_structures_of_a_polder_cut_its_canals():
    layers = [
        read_layer(POLDER, "structures", source_layer=name).layer
        for name in ("Stuw", "Gemaal")
    ]
    both = pd.concat(layers, ignore_index=True)
    rivers = rivers_of(POLDER)
    bare = gt.build_network(rivers, snap_m=0.0)
    network = gt.build_network(rivers, structures=both, snap_m=0.0)
    assert len(network.structures) + len(network.unplaced) == 22
    assert len(network.reaches) == len(bare.reaches) + len(network.structures)
    assert figures_of(network) == figures_of(bare)
    assert network.reaches["length_m"].sum() == pytest.approx(
        bare.reaches["length_m"].sum()
    )


@needs_data
@pytest.mark.parametrize("path", [POLDER, AMSTERDAM, RUHR, COAST])
def test_the_list_of_issues_stays_readable(path):
    network = gt.build_network(rivers_of(path))
    issues = gt.check_network(network)
    count = issues["kind"].value_counts()
    parts, dead, _ = figures_of(network)
    assert count["dead_end"] == dead
    assert count.get("isolated_part", 0) == parts - 1
    assert count["no_direction"] <= parts
    assert count.get("mended", 0) < 20
    assert not issues.geometry.is_empty.any()
    assert (issues["message"] + issues["message_en"]).str.contains("\n").sum() == 0


def demo():
    rivers = read_layer(DEMO, "rivers").layer
    return rivers, read_layer(
        HERE / "structures.csv", "structures", datum="cgcs2000"
    ).layer


def test_the_demo_network_hangs_together():
    rivers, structures = demo()
    network = gt.build_network(rivers, structures=structures)
    facts = network.summary()
    assert (facts["components"], facts["structures"]) == (1, len(structures))
    assert network.unplaced.empty
    assert facts["length_km"] * 1000 == pytest.approx(rivers.length.sum(), abs=2.0)
    kinds = set(gt.check_network(gt.orient_network(network))["kind"])
    assert not kinds & {"isolated_part", "structure_off", "twin_line"}


@needs_data
@pytest.mark.parametrize("path", [WALKER, COAST])
def test_known_nodes_give_the_graph_they_name(path):
    "upstream sets by the node columns alone, with networkx, are ours"
    raw = gpd.read_file(path)
    raw["river_id"] = raw["COMID"].astype(int).astype(str)
    network = network_from_topology(raw, from_node="FromNode", to_node="ToNode")
    graph = nx.MultiDiGraph()
    for key, one, other in zip(
        raw["river_id"], raw["FromNode"], raw["ToNode"], strict=True
    ):
        graph.add_edge(one, other, key=key)
    assert figures_of(network)[2] == (
        len(graph.edges)
        - len(graph.nodes)
        + nx.number_connected_components(graph.to_undirected())
    )
    assert (network.log["step"] == "turn").sum() == 0
    for key, one in list(zip(raw["river_id"], raw["FromNode"], strict=True))[::9]:
        above = nx.ancestors(graph, one) | {one}
        expected = {k for _, head, k in graph.edges(keys=True) if head in above} | {key}
        length = network.reaches.set_index("reach_id").loc[key, "length_m"]
        trace = gt.trace_upstream(network, (key, length / 2))
        assert set(trace.reaches["reach_id"]) == expected
        assert set(trace.reaches["relation"]) == {"certain"}
