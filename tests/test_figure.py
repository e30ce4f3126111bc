"""The printed map."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from _town import at, frame, make_outfalls, make_rivers, make_town
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import geotool as gt
from geotool.errors import CrsError, MapError
from geotool.maps import _font

TITLE = "江城市入河排污口一张图"


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def draw(figure):
    """Draw for real; a missing glyph would be a warning, and so an error."""
    FigureCanvasAgg(figure)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


@pytest.fixture(scope="module")
def town():
    return gt.plot_map(
        make_town(),
        title=TITLE,
        subtitle="通江桥断面氨氮超标溯源",
        notice="示意，非实测",
        source="测试数据",
        date="2026-03-31",
        dpi=100,
    )


# ---------------------------------------------------------------- what stands on it
def test_title_legend_source_date_notice_and_degrees(town):
    written = texts(town)
    for text in (TITLE, "通江桥断面氨氮超标溯源", "示意，非实测", "图例", "北"):
        assert text in written
    assert "数据来源：测试数据" in written
    assert any(
        "制图日期：2026-03-31" in text and "CGCS2000" in text for text in written
    )
    assert any(text.endswith("°E") for text in written)
    assert any(text.endswith("°N") for text in written)
    assert any(re.fullmatch(r"[\d.]+ k?m", text) for text in written)


def test_legend_holds_only_what_is_in_view():
    layers = {"rivers": make_rivers(), "outfalls": make_outfalls(40)}
    layers["outfalls"]["排口类型"] = "农业排口"
    written = texts(gt.plot_map(layers))
    assert "农业排口（40）" in written
    assert not [text for text in written if "工业排污口" in text]
    far = frame({"name": ["远处"]}, [shapely.Point(at(9, 9))])
    west, south, east, north = layers["rivers"].total_bounds
    here = gt.plot_map({**layers, "sections": far}, extent=(west, south, east, north))
    assert not [text for text in texts(here) if "监测断面" in text]


def test_trace_comes_first_and_dominates(town):
    pixels = draw(town)[..., :3].astype(int)
    red = np.abs(pixels - [0xB3, 0x00, 0x3C]).sum(axis=2) < 30
    assert red.sum() > 1500
    written = texts(town)
    assert written.index("溯源点位") < written.index("入河排污口")
    assert {"1", "2", "3"} <= set(written)


def test_scale_bar_is_as_long_as_it_says():
    """Against the ellipsoid, along the parallel in the middle of the map."""
    from pyproj import Geod

    figure = gt.plot_map({"rivers": make_rivers()}, dpi=100)
    draw(figure)
    label = next(text for text in texts(figure) if re.fullmatch(r"[\d.]+ k?m", text))
    metres = float(label.split()[0]) * (1000 if "km" in label else 1)
    axes = figure.axes[0]
    west, south, east, north = make_rivers().total_bounds
    middle = (south + north) / 2
    wide = Geod(ellps="GRS80").inv(west, middle, east, middle)[2]
    ends = np.array(axes.get_xlim())
    line = [one for one in axes.collections if one.get_zorder() > 29]
    assert line
    box = axes.get_window_extent()
    pixels_a_metre = box.width / (ends[1] - ends[0])
    inset = next(
        one for one in figure.axes if label in [text.get_text() for text in one.texts]
    )
    halves = [patch for patch in inset.patches if patch.get_height() == 5]
    drawn = sum(patch.get_window_extent().width for patch in halves)
    assert drawn / pixels_a_metre == pytest.approx(metres, rel=0.01)
    assert wide == pytest.approx(ends[1] - ends[0], rel=0.5)


def test_names_do_not_overlap_each_other_nor_leave_the_map(town):
    draw(town)
    axes = town.axes[0]
    frame_box = axes.get_window_extent()
    boxes = [
        text.get_window_extent()
        for text in axes.texts
        if text.get_zorder() == 130 and not text.get_rotation()
    ]
    assert len(boxes) > 5
    for i, box in enumerate(boxes):
        assert frame_box.x0 <= box.x0
        assert box.y1 <= frame_box.y1
        for other in boxes[:i]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            above = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert across <= 2 or above <= 2


def test_nothing_is_written_over_title_or_legend(town):
    draw(town)
    title = next(text for text in town.texts if text.get_text() == TITLE)
    axes = town.axes[0].get_window_extent()
    assert title.get_window_extent().y0 > axes.y1
    legend = next(
        one for one in town.axes if "图例" in [text.get_text() for text in one.texts]
    )
    assert legend.get_window_extent().x0 > axes.x1
    page = town.bbox
    for text in legend.texts:
        assert text.get_window_extent().x1 < page.x1


@pytest.mark.parametrize("paper", ["A4", "A3"])
@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
def test_papers_and_orientations(paper, orientation, tmp_path):
    figure = gt.plot_map(make_town(), paper=paper, orientation=orientation, dpi=60)
    width, height = figure.get_size_inches()
    assert (width > height) == (orientation == "landscape")
    assert width * height == pytest.approx({"A4": 96.7, "A3": 193.3}[paper], rel=0.01)
    figure.savefig(tmp_path / "map.pdf")
    assert (tmp_path / "map.pdf").read_bytes().startswith(b"%PDF")


def test_absurdly_long_words_stay_on_the_page():
    figure = gt.plot_map(
        {"outfalls": make_outfalls(5)},
        title="很" * 200,
        subtitle="长" * 300,
        notice="注" * 200,
        source="源" * 400,
        dpi=60,
    )
    draw(figure)
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1


# ---------------------------------------------------------------- data
def test_text_is_never_read_as_mathematics():
    words = [r"$\frac{1}{0}$", "$x^2$", r"$\notacommand$", "50% $ & _ ^ \\"]
    spots = [shapely.Point(at(i / 4, 0.5)) for i in range(4)]
    layers = {
        "sections": frame({"name": words}, spots),
        "$\\bad$": frame({"name": words}, spots),
    }
    figure = gt.plot_map(
        layers, title=words[0], notice=words[2], source=words[3], dpi=60
    )
    draw(figure)
    assert words[0] in texts(figure)


def test_rare_characters_are_shown_or_marked(monkeypatch):
    assert _font.missing_characters("㙦口") == "㙦"
    monkeypatch.setattr(_font, "_rare_fonts", tuple)
    layers = {"sections": frame({"name": ["㙦口闸"]}, [shapely.Point(at(0, 0))])}
    figure = gt.plot_map(layers, dpi=60)
    draw(figure)
    assert "〓口闸" in texts(figure)
    assert any("生僻字" in text for text in texts(figure))


def test_carried_font_knows_gb2312():
    rows, cells = np.meshgrid(np.arange(0xB0, 0xF8), np.arange(0xA1, 0xFF))
    pairs = zip(rows.ravel().tolist(), cells.ravel().tolist(), strict=True)
    characters = "".join(bytes(pair).decode("gb2312", "ignore") for pair in pairs)
    assert len(characters) == 6763
    assert _font.missing_characters(characters + "ⅠⅡⅢⅣⅤ℃²³℃°≤≥±·—《》（），。") == ""


def test_every_row_is_drawn_whatever_its_geometry():
    layers = {
        "projects": frame(
            {"name": list("甲乙丙丁")},
            [
                shapely.Point(at(0, 0)),
                shapely.LineString([at(0, 0), at(1, 1)]),
                shapely.box(*at(0, 0), *at(0.3, 0.3)),
                shapely.MultiPoint([at(0.5, 0.5), at(0.6, 0.6)]),
            ],
        )
    }
    assert "治理工程（4）" in texts(gt.plot_map(layers))


def test_single_point_gets_a_map_of_some_size():
    figure = gt.plot_map({"outfalls": make_outfalls(1)})
    west, east = figure.axes[0].get_xlim()
    assert east - west >= 400


# ---------------------------------------------------------------- manners
def test_no_global_state_is_touched():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import warnings; "
        "warnings.simplefilter('error'); from _town import make_town; "
        "import geotool as gt, matplotlib; before = list(matplotlib.rcParams['font.family']); "
        "figure = gt.plot_map(make_town()); figure.canvas.draw(); "
        "assert matplotlib.rcParams['font.family'] == before; "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "False", done.stderr


def test_our_font_is_not_registered_for_others():
    gt.plot_map({"outfalls": make_outfalls(2)})
    names = {font.name for font in font_manager.fontManager.ttflist}
    assert "Geotool Sans SC" not in names


def test_result_is_a_figure(town):
    assert isinstance(town, Figure)


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(("paper", "orientation"), [("A5", "landscape"), ("A4", "横")])
def test_unknown_paper_is_told(paper, orientation):
    with pytest.raises(MapError, match="A4"):
        gt.plot_map(
            {"outfalls": make_outfalls(2)}, paper=paper, orientation=orientation
        )


def test_nothing_to_draw_is_told():
    empty = make_outfalls(2).iloc[:0]
    with pytest.raises(MapError, match="几何"):
        gt.plot_map({"outfalls": empty})


def test_layer_without_crs_is_refused():
    with pytest.raises(CrsError):
        gt.plot_map({"outfalls": make_outfalls(2).set_crs(None, allow_override=True)})


# ---------------------------------------------------------------- a river network
@pytest.fixture(scope="module")
def network():
    """An inflow, a loop, a two-way canal, one that nobody knows, and two faults."""
    import drawn

    picture = """
        A-->--B-->--C-->--D
              |     ^     |
              v     |     ^
              |     |     v
              E-->--F     G
    """
    rivers = drawn.rivers(picture, name=[f"第{k}河" for k in range(7)])
    rivers.loc[rivers["river_id"] == "EF", "direction"] = "unknown"
    return gt.build_network(rivers)


def arrow_heads(figure):
    from matplotlib.collections import PolyCollection

    axes = figure.axes[0]
    found = [one for one in axes.collections if isinstance(one, PolyCollection)]
    return [path.vertices for one in found for path in one.get_paths()]


def test_arrows_point_the_way_the_water_runs_and_both_ways_where_it_may(network):
    figure = network.plot()
    reaches = network.reaches.to_crs(4490).to_crs(4549)
    known = reaches[reaches["flow_mode"] == "normal"]
    two_way = reaches[reaches["flow_mode"] == "bidirectional"]
    assert len(known) == 5
    assert len(two_way) == 1
    heads = arrow_heads(figure)
    ways = {}
    for corners in heads:
        tip, notch = corners[0], corners[2]
        middle = shapely.Point((tip + notch) / 2)
        row = reaches.geometry.distance(middle).idxmin()
        line = reaches.geometry[row]
        ahead = line.project(shapely.Point(tip)) - line.project(shapely.Point(notch))
        assert line.distance(shapely.Point(tip)) < 2
        ways.setdefault(row, []).append(ahead > 0)
    assert set(ways) == set(known.index) | set(two_way.index)
    assert all(all(ways[row]) for row in known.index)
    assert sorted(ways[two_way.index[0]]) == [False, True]


def test_a_network_whose_directions_nobody_knows_has_no_arrows(network):
    fixed = dict.fromkeys(network.reaches["reach_id"], "unknown")
    assert arrow_heads(gt.orient_network(network, fixed=fixed).plot()) == []


def test_a_network_shows_what_is_unknown_and_what_is_wrong(network):
    written = texts(network.plot(title="试验河网"))
    assert "试验河网" in written
    assert "双向（1）" in written
    assert "流向不详（1）" in written
    assert "河网问题" in written
    quiet = network.plot(issues=gt.check_network(network).iloc[:0])
    assert "河网问题" not in texts(quiet)


def test_a_network_as_layers_keeps_every_issue_and_structure(network):
    issues = gt.check_network(network)
    layers = network.map_layers(issues)
    assert len(layers["issues"]) == len(issues)
    assert set(layers["issues"].geom_type) <= {"Point"}
    assert len(layers["reaches"]) == len(network.reaches)
    for before, after in zip(issues.geometry, layers["issues"].geometry, strict=True):
        assert before.distance(after) < 1e-6


def test_a_network_on_the_screen_map_opens_with_its_issues(network):
    page = network.to_map()
    layers = {one.layer_name: one.show for one in page._overlays()}
    assert layers["河网问题"]
    assert layers["概化河段"]
