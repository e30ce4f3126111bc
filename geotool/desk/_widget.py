"""The desk as a widget: clicks come in as messages, answers go out as traits."""

from importlib import resources
from typing import Any

import anywidget
import traitlets

from geotool.desk._answer import Answer, TraceDesk
from geotool.errors import GeotoolError
from geotool.tables import load_table

VENDOR = resources.files("geotool.maps") / "vendor"
OWN = resources.files("geotool.desk")

MARKED = ("outfalls", "sections", "water_sources", "sources")
"""Layers whose points may be clicked."""


def _script() -> str:
    """Leaflet and our script in one module, so that nothing is fetched."""
    leaflet = (VENDOR / "leaflet.js").read_text("utf-8")
    own = (OWN / "trace_map.js").read_text("utf-8")
    # Leaflet is a CommonJS module: give it one to fill, inside a function of its own
    return (
        "const L = (function () { const module = { exports: {} }; "
        f"let exports = module.exports;\n{leaflet}\nreturn module.exports; }})();\n{own}"
    )


def _styles() -> str:
    leaflet = (VENDOR / "leaflet.css").read_text("utf-8")
    return f"{leaflet}\n{(OWN / 'trace_map.css').read_text('utf-8')}"


def _looks() -> dict[str, Any]:
    """Give the page its words and colours: those of all maps."""
    styles = load_table("styles")
    classes, layers = styles["classes"], styles["layers"]

    def entries(name: str) -> list[dict[str, Any]]:
        keys = ("value", "zh", "color")
        return [{key: row[key] for key in keys} for row in classes[name]["entries"]]

    return {
        "classes": entries("relation"),
        "gates": {row["value"]: row for row in entries("structure_state")},
        "marks": {
            name: {
                "color": layers[name]["base"]["color"],
                "size": layers[name]["base"]["size"],
            }
            for name in MARKED
        },
    }


class TraceMap(anywidget.AnyWidget):
    """
    A map that traces where one clicks; see :func:`geotool.trace_map`.

    Parameters
    ----------
    desk : TraceDesk
    height_px : int

    Attributes
    ----------
    desk : TraceDesk
    trace, ranking, scenario
        Those of the desk.
    """

    _esm = _script()
    _css = _styles()

    height_px = traitlets.Int(520).tag(sync=True)
    base_coords = traitlets.Bytes(b"").tag(sync=True)
    base_starts = traitlets.Bytes(b"").tag(sync=True)
    marks: Any = traitlets.List().tag(sync=True)
    gates: Any = traitlets.List().tag(sync=True)
    looks = traitlets.Dict().tag(sync=True)
    can_rank = traitlets.Bool(default_value=False).tag(sync=True)
    found_coords = traitlets.Bytes(b"").tag(sync=True)
    found_starts = traitlets.Bytes(b"").tag(sync=True)
    found_classes = traitlets.Bytes(b"").tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(self, desk: TraceDesk, *, height_px: int = 520) -> None:
        base = desk.base_lines()
        super().__init__(
            height_px=height_px,
            base_coords=base.coords,
            base_starts=base.starts,
            marks=desk.marks(),
            gates=desk.gates(),
            looks=_looks(),
            can_rank=desk.readings is not None and desk.item is not None,
            answer=Answer(title="点一个断面、排污口或河上任意一点。").words(),
        )
        self.desk = desk
        self.on_msg(self._heard)

    @property
    def trace(self) -> Any:
        """The last trace."""
        return self.desk.trace

    @property
    def ranking(self) -> Any:
        """The last ranking; None after any other question."""
        return self.desk.ranking

    @property
    def scenario(self) -> Any:
        """Gates as they were set on the map."""
        return self.desk.scenario

    def _heard(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        """Answer a message of the page; what is wrong is told on the page."""
        try:
            self._show(ask(self.desk, message))
        except GeotoolError as error:
            self.answer = Answer(error=error.zh).words()

    def _show(self, answer: Answer) -> None:
        with self.hold_sync():
            if answer.lines is not None:
                self.found_coords = answer.lines.coords
                self.found_starts = answer.lines.starts
                self.found_classes = answer.lines.classes
            self.gates = self.desk.gates()
            self.answer = answer.words()


def ask(desk: TraceDesk, message: dict[str, Any]) -> Answer:
    """
    Put a message of the page as a question to the desk.

    Parameters
    ----------
    desk : TraceDesk
    message : dict
        ``kind`` and what belongs to it: ``point`` (layer, id), ``place`` (lon, lat),
        ``turn`` (direction), ``gate`` (id, state), ``rank``.

    Raises
    ------
    GeotoolError
        If the question cannot be answered, or is none.
    """
    kind = message.get("kind")
    if kind == "point":
        return desk.from_point(str(message["layer"]), str(message["id"]))
    if kind == "place":
        return desk.from_place(float(message["lon"]), float(message["lat"]))
    if kind == "turn":
        return desk.turn(str(message["direction"]))
    if kind == "gate":
        return desk.set_gate(str(message["id"]), str(message["state"]))
    if kind == "rank":
        return desk.rank()
    raise GeotoolError(f"不认识的请求 {kind!r}。", f"Unknown request {kind!r}.")
