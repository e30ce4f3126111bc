"""What the page answers about the water, held against geotool.trace, in Chromium."""

import dataclasses
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from _chromium import (
    Watch,
    blank,
    go,
    opened,
    search,
    settled,
    wait_until,
)
from _town import at, frame
from test_browser import HOSTILE, fields
from test_trace_exact import network_of

import geotool as gt
from geotool.errors import MapError
from geotool.maps._travel import Travel
from geotool.network import Scenario
from geotool.tables import load_table
from geotool.trace._velocity import BASES

pytestmark = pytest.mark.browser

RELATIONS = ("certain", "scenario", "possible")
BASIS = load_table("styles")["values"]["time_basis"]
LAYERS = {"outfalls": "outfall_id", "sections": "section_id"}
MODES = ("known", "known", "unknown", "bidirectional", "inferred")
STATES = (None, None, "open", "closed", "one_way", "unknown", "weir")

ASK = """([payload, questions]) => {
    const element = document.createElement("script");
    element.type = "application/x-onemap";
    element.id = "asked_network";
    element.textContent = payload;
    document.body.append(element);
    const network = new OneMap.travel.Network("asked_network");
    return questions.map(([reach, measure, upstream]) => {
        const found = OneMap.travel.trace(network, { reach, measure }, upstream);
        return {
            reaches: found.reaches.map((one) => [one.reach, one.low, one.high, one.level, one.distance, one.fast, one.slow]),
            points: Object.fromEntries([...found.points].map(([name, met]) =>
                [name, met.map((one) => [one.row, one.level, one.distance, one.fast, one.slow, one.basis])])),
            gates: found.gates.map(({ gate, level, distance, fast, slow }) => [gate.id, level, distance, fast, slow]),
        };
    });
}"""


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    layer = frame({"name": ["点"]}, [shapely.Point(at(0, 0))])
    path = tmp_path_factory.mktemp("travel") / "bare.html"
    with opened(chromium, gt.save_map(gt.one_map({"点": layer}), path)) as page:
        yield page


def points_of(network, rng, name, count, *, shares):
    """Points on the reaches, some of them at nodes, one far away, one nowhere."""
    lines = network.reaches.geometry
    which = rng.integers(0, len(lines), count)
    share = rng.choice(shares, count)
    spots = [
        lines.iloc[w].interpolate(s, normalized=True)
        for w, s in zip(which, share, strict=True)
    ]
    spots += [shapely.Point(90_000, 90_000), None]
    ids = [f"{name}{i}" for i in range(count + 2)]
    return gpd.GeoDataFrame({LAYERS[name]: ids}, geometry=spots, crs=network.crs)


def way(row):
    """How something was met: class, metres, fewest and most seconds."""
    hours = (row["travel_time_min_h"], row["travel_time_max_h"])
    level = RELATIONS.index(row["relation"])
    return level, row["distance_m"], *(3600 * one for one in hours)


def expected(network, scenario, points, start, *, upstream):
    """The trace of geotool in the numbers of the page."""
    step = gt.trace_upstream if upstream else gt.trace_downstream
    trace = step(network, start, points=points, scenario=scenario)
    rows = network.reach_position[trace.reaches["reach_id"]]
    reaches = {
        (int(row), round(one["from_measure_m"], 3), round(one["to_measure_m"], 3)): way(
            one
        )
        for row, one in zip(rows, trace.reaches.to_dict("records"), strict=True)
    }
    met = {}
    for name, table in points.items():
        mine = trace.points[trace.points["layer"] == name]
        place = {key: row for row, key in enumerate(table[LAYERS[name]])}
        met[name] = {
            place[one["id"]]: (*way(one), BASES.index(one["time_basis"]))
            for one in mine.to_dict("records")
        }
    shut = trace.stopped[trace.stopped["kind"] == "closed_gate"]
    gates = {one["subject"]: way(one) for one in shut.to_dict("records")}
    return {"reaches": reaches, "points": met, "gates": gates}


def answered(found):
    metres = 1000
    return {
        "reaches": {
            (reach, low / metres, high / metres): (level, away / metres, *times)
            for reach, low, high, level, away, *times in found["reaches"]
        },
        "points": {
            name: {
                row: (level, away / metres, *rest) for row, level, away, *rest in met
            }
            for name, met in found["points"].items()
        },
        "gates": {
            key: (level, away / metres, *times)
            for key, level, away, *times in found["gates"]
        },
    }


def same(found, wanted, where, *, timed):
    """The same keys and classes; distances to a millimetre a reach, times likewise."""
    assert found.keys() == wanted.keys(), where
    for key, (level, metres, *spent) in wanted.items():
        assert found[key][0] == level, (where, key)
        assert found[key][1] == pytest.approx(metres, abs=0.05), (where, key)
        if timed:
            assert found[key][2:4] == pytest.approx(spent[:2], rel=1e-4, abs=0.2), (
                where,
                key,
            )
            assert list(found[key][4:]) == spent[2:], (where, key)


def hold(page, network, scenario, points, starts, where, *, timed=True):
    payload = Travel(network, scenario).pack(points)
    questions = [
        (int(network.reach_position[reach]), round(measure * 1000), upstream)
        for reach, measure in starts
        for upstream in (True, False)
    ]
    found = page.evaluate(ASK, [payload, questions])
    answers = 0
    for (row, millimetres, upstream), one in zip(questions, found, strict=True):
        start = (network.reaches["reach_id"].iloc[row], millimetres / 1000)
        wanted = expected(network, scenario, points, start, upstream=upstream)
        told = answered(one)
        told["reaches"] = {
            (reach, round(low, 3), round(high, 3)): value
            for (reach, low, high), value in told["reaches"].items()
        }
        at_ = (where, start, upstream)
        same(told["reaches"], wanted["reaches"], at_, timed=timed)
        same(told["gates"], wanted["gates"], at_, timed=timed)
        for name in points:
            mine = told["points"][name]
            same(mine, wanted["points"][name], (*at_, name), timed=timed)
        answers += len(wanted["reaches"]) > 1
    return answers


# ---------------------------------------------------------------- against the trace
def random_case(rng, lengths, *, closed, ties=True):
    """Loops, both-way reaches, gates of every state, starts at nodes and inside."""
    n = int(rng.integers(2, 9))
    edges = [
        (
            (a := int(rng.integers(n))),
            (a + int(rng.integers(0 if ties else 1, n))) % n,
            str(rng.choice(MODES)),
            lengths(),
            STATES[rng.integers(len(STATES))],
        )
        for _ in range(int(rng.integers(3, 14)))
    ]
    network = network_of(edges, n)
    # from the middle of a loop both ways are equally long; a place at the end of a reach
    # is as far through it as through the node: either way may be timed
    shares = [0.0, 0.3, 0.5, 0.77, 1.0] if ties else [0.2, 0.3, 0.55, 0.77]
    points = {name: points_of(network, rng, name, 8, shares=shares) for name in LAYERS}
    reaches = network.reaches
    rows = rng.integers(0, len(reaches), 5)
    starts = [
        (reaches["reach_id"].iloc[row], reaches["length_m"].iloc[row] * share)
        for row, share in zip(rows, [0.0, 0.25, 0.5, 0.6, 1.0], strict=True)
    ]
    scenario = None
    if closed:
        gates = network.structures["structure_id"].tolist()
        scenario = Scenario(
            "试",
            structures=dict.fromkeys(gates[:2], "closed"),
            directions={reaches["river_id"].iloc[0]: "backward"},
            velocities_m_s={reaches["river_id"].iloc[-1]: 0.25},
        )
    return network, scenario, points, starts


@pytest.mark.parametrize("seed", range(16))
def test_the_page_answers_as_the_trace_does_on_random_networks(page, seed):
    rng = np.random.default_rng(seed)
    case = random_case(
        rng, lambda: float(rng.choice([40.0, 100.0, 250.0])), closed=seed % 3 == 0
    )
    hold(page, *case, seed, timed=False)


def with_velocities(network, rng):
    """Some reaches with a velocity, some with a flow, some wide, some with nothing."""
    count = len(network.reaches)
    kind = rng.integers(4, size=count)
    speed = np.where(kind == 0, rng.uniform(0.05, 1.2, count), np.nan)
    flow = np.where(kind == 1, rng.uniform(-9, 9, count), np.nan)
    width = np.where(kind == 2, 250.0, np.where(kind == 1, 20.0, np.nan))
    reaches = network.reaches.assign(
        velocity_m_s=speed, flow_m3_s=flow, width_m=width, depth_m=2.0
    )
    return dataclasses.replace(network, reaches=reaches)


@pytest.mark.parametrize("seed", range(24))
def test_times_and_what_they_rest_on_are_those_of_the_trace(page, seed):
    rng = np.random.default_rng(100 + seed)
    network, scenario, points, starts = random_case(
        rng,
        lambda: round(float(rng.uniform(40, 250)), 2),
        closed=seed % 3 == 0,
        ties=False,
    )
    if seed % 4:  # else one velocity for all, which takes a short cut
        network = with_velocities(network, rng)
    hold(page, network, scenario, points, starts, seed)


def demo(data):
    """Layers of the demo and their network."""
    files = {
        "rivers": "rivers_schematic.shp",
        "structures": "structures.csv",
        "outfalls": "outfall_register.xlsx",
        "sections": "sections_nantong.csv",
    }
    layers = {
        kind: gt.read_layer(
            data / name, kind, datum=None if name.endswith("shp") else "cgcs2000"
        ).layer
        for kind, name in files.items()
    }
    built = gt.build_network(layers["rivers"], structures=layers["structures"])
    return layers, gt.orient_network(built)


@pytest.fixture(scope="module")
def story(request):
    return demo(request.config.rootpath / "data")


def test_the_page_answers_as_the_trace_does_on_the_demo(page, story):
    layers, network = story
    points = {name: layers[name] for name in LAYERS}
    located = gt.locate_points(layers["sections"], network)
    on = located[located["located"].isin(["on", "ambiguous"])]
    # half a metre away: whether a section is above itself hangs on a rounding
    starts = list(zip(on["reach_id"], on["measure_m"] / 2 + 0.5, strict=True))
    rivers = network.reaches.iloc[::17]
    starts += list(zip(rivers["reach_id"], rivers["length_m"] / 2, strict=True))
    starts = [(reach, round(float(m), 3)) for reach, m in starts]
    assert hold(page, network, None, points, starts, "demo") > 10


def test_the_packed_network_is_small(story):
    layers, network = story
    payload = Travel(network).pack({"outfalls": layers["outfalls"]})
    assert len(payload) < 12_000


def test_reaches_of_another_network_are_refused(story):
    layers, network = story
    other = network.reaches.assign(reach_id=[f"别处{i}" for i in network.reaches.index])
    with pytest.raises(MapError, match="不是同一张河网"):
        gt.one_map({**layers, "reaches": other}, network=network)


def test_an_empty_network_is_refused(story):
    layers, network = story
    bare = dataclasses.replace(
        network,
        reaches=network.reaches.iloc[:0],
        structures=network.structures.iloc[:0],
    )
    with pytest.raises(MapError, match="河网是空的"):
        gt.one_map(layers, network=bare)


# ---------------------------------------------------------------- in the page
@pytest.fixture(scope="module")
def map_page(chromium, story, tmp_path_factory):
    layers, network = story
    map = gt.one_map(layers, title="河网随图", network=network, date="2026-03-31")
    path = gt.save_map(map, tmp_path_factory.mktemp("travel") / "map.html")
    with opened(chromium, path) as page:
        yield page


@pytest.fixture
def fresh(map_page):
    settled(map_page)
    map_page.evaluate(
        """() => {
            const { map, panel } = OneMap.page;
            map.closePopup();
            panel.follow.clear();
            panel.follow.auto.checked = true;
            panel.clearSearch();
            panel.setOpen(true);
        }"""
    )
    return settled(map_page)


def section_of(story, row):
    layers, network = story
    section = layers["sections"].iloc[[row]]
    points = {name: layers[name] for name in LAYERS}
    return gt.trace_upstream(network, section, points=points), section


def spot_of(page, place):
    return page.evaluate(
        """(place) => {
            const { map } = OneMap.page;
            map.setView(place, 16, { animate: false });
            const { x, y } = map.latLngToContainerPoint(place);
            const box = map.getContainer().getBoundingClientRect();
            return [x + box.left, y + box.top];
        }""",
        [place.y, place.x],
    )


@pytest.fixture(scope="module")
def busy(story):
    """A section with outfalls above it, and those."""
    for row in range(len(story[0]["sections"])):
        trace, _ = section_of(story, row)
        met = trace.points[trace.points["layer"] == "outfalls"]
        if 3 < len(met) < 60:
            return row, met
    raise AssertionError("no section has outfalls above it")


def test_a_click_on_a_section_shows_what_lies_upstream(fresh, story, busy):
    row, met = busy
    trace, section = section_of(story, row)
    fresh.mouse.click(*spot_of(fresh, section.geometry.iloc[0]))
    counts = met["relation"].value_counts()
    words = fresh.locator(".om-said").text_content()
    assert f"入河排污口 {len(met)} 个" in words
    for relation, word in zip(RELATIONS, ("确定", "情景", "可能"), strict=True):
        if counts.get(relation):
            assert f"{word} {counts[relation]}" in words
    told = fresh.locator(".om-answer").text_content()
    for text in trace.settings["assumptions"]:
        if "推断得出" in text:  # the same words, and the same number
            assert text in told
    first = fresh.locator(".om-answer ol").first.locator("li").first.text_content()
    nearest = met.iloc[0]
    assert nearest["name"] in first
    metres = nearest["distance_m"]
    told = f"{metres:.0f} m" if metres < 999 else f"{metres / 1000:.1f} km"
    assert told in first


def test_a_click_on_an_outfall_shows_where_its_water_goes(fresh, story):
    layers, network = story
    outfalls = layers["outfalls"]
    located = gt.locate_points(outfalls, network)
    rows = np.flatnonzero(located["located"] == "on")
    for row in rows:
        place = outfalls.iloc[[row]]
        trace = gt.trace_downstream(
            network, place, points={"sections": layers["sections"]}
        )
        if len(trace.points):
            break
    search(fresh, str(outfalls["outfall_id"].iloc[row])).first.click()
    fresh.locator(".om-ask button").first.click()
    assert fresh.locator(".om-ask button").first.text_content() == "↓ 看去向"
    words = fresh.locator(".om-said").text_content()
    assert words.startswith("下游")
    assert f"监测断面 {len(trace.points)} 个" in words
    told = fresh.locator(".om-answer").text_content()
    assert "流经时间按流速范围推算" in told
    row = trace.points.iloc[0]
    low, high = (
        f"{one:.1f}" if one < 9.95 else f"{one:.0f}"
        for one in (row["travel_time_min_h"], row["travel_time_max_h"])
    )
    time = low if low == high else f"{low} 至 {high}"
    first = fresh.locator(".om-answer ol").first.locator("li").first.text_content()
    assert f"{time} h（{BASIS[row['time_basis']]}）" in first


def test_the_gates_where_it_ended_are_said(fresh, story):
    network = story[1]
    shut = None
    for row in range(len(network.reaches)):
        start = (network.reaches["reach_id"].iloc[row], 1.0)
        trace = gt.trace_upstream(network, start)
        shut = trace.stopped[trace.stopped["kind"] == "closed_gate"]
        if len(shut):
            break
    name = network.structures.set_index("structure_id")["name"][shut["subject"].iloc[0]]
    fresh.evaluate(
        """(row) => {
            const { panel } = OneMap.page;
            const layer = panel.data.find((one) => one.name === "reaches");
            panel.follow.startOf = () => ({ reach: row, measure: 1000 });
            panel.follow.ask(layer, row, null, true);
            delete panel.follow.startOf;
        }""",
        row,
    )
    words = fresh.locator(".om-answer").text_content()
    assert f"到闸为止（{len(shut)}）" in words
    assert f"{name}（" in words


def test_answer_is_in_legend_print_and_export_and_can_be_cleared(fresh, story, busy):
    row, met = busy
    section_id = story[0]["sections"]["section_id"].iloc[row]
    search(fresh, str(section_id)).first.click()
    fresh.get_by_role("button", name="↑ 查上游").click()
    assert "上游河段" in fresh.locator(".om-legend").text_content()
    with fresh.expect_download() as download:
        fresh.get_by_role("button", name="导出", exact=True).click()
    table = pd.read_csv(download.value.path(), encoding="utf-8-sig")
    mine = table[table["图层"] == "入河排污口"]
    assert mine["编号"].tolist() == met["id"].tolist()
    assert np.allclose(mine["沿河距离（m）"], met["distance_m"], atol=0.05)
    for header, key in (
        ("流经时间下限（h）", "travel_time_min_h"),
        ("流经时间上限（h）", "travel_time_max_h"),
    ):
        assert np.allclose(mine[header], met[key], rtol=1e-4)
    assert mine["时间依据"].tolist() == met["time_basis"].map(BASIS).tolist()
    assert "按缺省流速估计（按假定流速）" in fresh.locator(".om-answer").text_content()
    fresh.locator(".om-answer").get_by_role("button", name="清除").click()
    assert "上游河段" not in fresh.locator(".om-legend").text_content()
    assert fresh.evaluate(
        "OneMap.layers.surfaceOf(OneMap.page.map).members.every((one) => !one.data.asked)"
    )
    assert fresh.evaluate("document.activeElement.textContent") == "沿河查找"


def test_a_thing_under_a_mark_of_the_answer_can_be_asked_in_turn(fresh, story, busy):
    row, met = busy
    _, section = section_of(story, row)
    fresh.mouse.click(*spot_of(fresh, section.geometry.iloc[0]))
    outfalls = story[0]["outfalls"].set_index("outfall_id")
    nearest = met["id"].iloc[0]
    fresh.mouse.click(*spot_of(fresh, outfalls.geometry[nearest]))
    assert fields(fresh)["排污口编号"] == nearest
    assert fresh.locator(".om-said").text_content().startswith("下游")


def test_by_keyboard_alone(fresh, story, busy):
    row, met = busy
    name = story[0]["sections"]["name"].iloc[row]
    fresh.focus(".om-search")
    fresh.keyboard.type(str(name))
    fresh.keyboard.press("Enter")
    fresh.keyboard.press("Tab")  # from the closing cross to the first question
    assert fresh.evaluate("document.activeElement.textContent") == "↑ 查上游"
    fresh.keyboard.press("Enter")
    assert f"入河排污口 {len(met)} 个" in fresh.locator(".om-said").text_content()
    assert fresh.evaluate("document.activeElement.textContent") == "↑ 查上游"


# ---------------------------------------------------------------- in a link
ANSWER = """() => {
    const { answer } = OneMap.page.panel.follow;
    return answer && JSON.stringify([answer.layer.name, answer.row, answer.upstream, answer.reaches.length,
        [...answer.points].map(([name, met]) => [name, met.map(({ row }) => row)])]);
}"""


def test_a_link_opens_with_the_answer_shown(chromium, fresh, story, busy):
    row, met = busy
    _, section = section_of(story, row)
    fresh.mouse.click(*spot_of(fresh, section.geometry.iloc[0]))
    asked = fresh.evaluate(ANSWER)
    words = fresh.locator(".om-asked").text_content()
    wait_until(fresh, "!OneMap.page.view.waiting")
    address = fresh.evaluate("window.location.href")
    with blank(chromium) as page:
        watch = Watch(page)
        go(page, address)
        assert page.evaluate(ANSWER) == asked
        assert page.locator(".om-asked").text_content() == words
        assert f"入河排污口 {len(met)} 个" in words
        assert "上游河段" in page.locator(".om-legend").text_content()
        assert page.evaluate("OneMap.page.map.getZoom()") == 16
        # a link without a question, opened in the same window, shows no answer
        page.evaluate("window.location.hash = 'v=31.93,120.9,12'")
        wait_until(page, "OneMap.page.map.getZoom() === 12")
        assert page.evaluate(ANSWER) is None
        assert watch.complaints == []


def test_a_link_keeps_where_on_a_reach_was_clicked(fresh):
    def at_the_place(hash_):
        return fresh.evaluate(
            """(hash) => {
                const { panel, view } = OneMap.page;
                const layer = panel.data.find(({ name }) => name === "reaches");
                if (hash) {
                    panel.follow.clear();
                    view.read(hash);
                } else {
                    const [x, y] = [layer.lines.x[layer.lines.start[7]], layer.lines.y[layer.lines.start[7]]];
                    const place = L.latLng(OneMap.data.latitudeOf(y) + 0.001, OneMap.data.longitudeOf(x) + 0.001);
                    panel.follow.ask(layer, layer.lines.row[7], place, false);
                }
                const { start, upstream } = panel.follow.answer;
                return [start.reach, start.measure, upstream, `#${view.text()}`];
            }""",
            hash_,
        )

    first = at_the_place("")
    again = at_the_place(first[3])
    assert again[0] == first[0]
    assert again[1] == pytest.approx(first[1], abs=200)  # mm: degrees are rounded
    assert again[2:] == first[2:]


@pytest.mark.parametrize(
    "text",
    [
        'q=["sections","没有",1]',
        'q=["sections",-1,1]',
        'q=["sections",1e9,1]',
        'q=["__proto__","constructor",1]',
        'q=["rivers",0,1]',
        'q=[{},[],null,"x"]',
        'q=["reaches","没有",1,999,999]',
        "q=[[[",
        *(f'q=["sections",{json.dumps(text)},1]' for text in HOSTILE[:6]),
    ],
)
def test_a_question_that_makes_no_sense_asks_nothing(fresh, text):
    fresh.evaluate("(text) => OneMap.page.view.read(`#${text}`)", text)
    assert fresh.evaluate(ANSWER) is None
    assert fresh.evaluate("window.__hit") is None


def test_a_click_asks_nothing_where_the_reader_does_not_want_it(fresh, story, busy):
    row, _ = busy
    fresh.get_by_label("点断面查上游，点排污口看去向").uncheck()
    _, section = section_of(story, row)
    fresh.mouse.click(*spot_of(fresh, section.geometry.iloc[0]))
    assert fresh.locator(".om-popup").count() == 1
    assert fresh.locator(".om-said").count() == 0


def test_a_thing_off_the_network_says_so(chromium, tmp_path, story):
    layers, network = story
    far = layers["outfalls"].iloc[:2].copy()
    far["geometry"] = [shapely.Point(119.0, 31.0), None]
    map = gt.one_map({"outfalls": far}, network=network)
    with opened(chromium, gt.save_map(map, tmp_path / "far.html")) as page:
        for key, why in zip(far["outfall_id"], ("离河岸超过", "没有坐标"), strict=True):
            search(page, str(key)).first.click()
            said = page.locator(".om-popup .om-count").first.text_content()
            assert said.startswith(why)
            assert said.endswith("不能沿河查找")
            assert page.locator(".om-ask").count() == 0
