"""Names on a printed map, none over another."""

import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from numpy.typing import NDArray

from geotool.maps._drawing import PIXEL, Drawing
from geotool.maps._page import INCH, text_width, write
from geotool.maps._style import class_entries, classify
from geotool.tables import load_table

_SIZE = 7.5  # points
_MOST = 60  # names of one layer
_LONGEST = 16  # characters

Box = tuple[float, float, float, float]


class Labels:
    """
    Writes names and keeps account of where something stands already.

    Places are points from the map's lower left corner.
    """

    def __init__(self, axes: Axes, scale: float) -> None:
        self.axes, self.scale = axes, scale
        position = axes.get_position()
        wide, high = axes.figure.get_size_inches() * INCH  # type: ignore[union-attr]
        self.width, self.height = position.width * wide, position.height * high
        self.taken: list[Box] = [
            (0, 0, 190, 42),  # scale bar
            (self.width - 44, self.height - 64, self.width, self.height),  # north
        ]

    def reserve_corner(self, width: float, height: float) -> None:
        """Keep the upper left corner free."""
        self.taken.append((0, self.height - height, width, self.height))

    def reserve(self, outlines: list[NDArray[np.float64]]) -> None:
        """Keep what is drawn free of names; outlines are in metres."""
        for outline in outlines:
            spots = self._to_points(outline)
            self.taken.append((*spots.min(axis=0), *spots.max(axis=0)))

    def write(self, drawing: Drawing, *, zoom: float, quiet: bool) -> None:
        """
        Write the names of a layer.

        Parameters
        ----------
        drawing : Drawing
        zoom : float
            Zoom of the screen map this paper corresponds to.
        quiet : bool
            Whether points keep silent, beside a trace.
        """
        style = drawing.look.style
        names = _names(drawing)
        near = bool(style.get("label_zoom")) and zoom >= style["label_zoom"]
        if len(drawing.points) and not quiet:
            self._write_points(drawing, names, near=near)
        if near and drawing.lines:
            self._write_lines(drawing, names)
        if near and len(drawing.areas):
            self._write_areas(drawing, names)

    # ------------------------------------------------------------ places
    def _to_points(self, spots: NDArray[np.float64]) -> NDArray[np.float64]:
        origin = np.array([self.axes.get_xlim()[0], self.axes.get_ylim()[0]])
        return (spots - origin) * self.scale

    def _inside(self, spots: NDArray[np.float64]) -> NDArray[np.bool_]:
        (x, y), size = spots.T, (self.width, self.height)
        return (x >= 0) & (y >= 0) & (x <= size[0]) & (y <= size[1])

    def _take(self, box: Box) -> bool:
        """Take a box if it is free and on the map."""
        x0, y0, x1, y1 = box
        if x0 < 2 or y0 < 2 or x1 > self.width - 2 or y1 > self.height - 2:
            return False
        if any(x0 < b[2] and x1 > b[0] and y0 < b[3] and y1 > b[1] for b in self.taken):
            return False
        self.taken.append(box)
        return True

    def _put(self, text: str, x: float, y: float, **looks: float | str | bool) -> None:
        write(
            self.axes,
            x / self.width,
            y / self.height,
            text,
            _SIZE,
            transform=self.axes.transAxes,
            ha="center",
            va="center",
            zorder=130,
            halo=2.2,
            clip_on=True,
            **looks,
        )

    # ------------------------------------------------------------ kinds
    def _write_points(self, drawing: Drawing, names: list[str], *, near: bool) -> None:
        spots = self._to_points(drawing.points)
        rows = drawing.row["points"]
        shown = np.flatnonzero(self._inside(spots))
        rank_key = drawing.look.style.get("rank", "")
        ranked = rank_key in drawing.layer.table
        if ranked:  # the first three are always named
            rank = drawing.layer.table[rank_key].to_numpy(dtype=float)[rows]
            shown = shown[np.argsort(rank[shown], kind="stable")]
            shown = shown if near else shown[rank[shown] <= 3]
        elif not near:
            shown = shown[:0]
        radius = (12 if ranked else drawing.base["size"]) * PIXEL
        for x, y in spots[shown[:_MOST]]:
            half = radius * 0.8
            self.taken.append((x - half, y - half, x + half, y + half))
        if len(shown) > _MOST:
            return
        for member in shown:
            x, y = spots[member]
            self._write_beside(names[rows[member]], x, y, radius + 2, bold=ranked)

    def _write_beside(
        self, text: str, x: float, y: float, gap: float, *, bold: bool
    ) -> None:
        half_x, half_y = text_width(text, _SIZE) / 2, _SIZE * 0.62
        for dx, dy in (
            (gap + half_x, 0),
            (-gap - half_x, 0),
            (0, gap + half_y),
            (0, -gap - half_y),
        ):
            middle = (x + dx, y + dy)
            box = (
                middle[0] - half_x,
                middle[1] - half_y,
                middle[0] + half_x,
                middle[1] + half_y,
            )
            if text and self._take(box):
                self._put(text, *middle, bold=bold)
                return

    def _write_lines(self, drawing: Drawing, names: list[str]) -> None:
        """Each name once, along the longest visible line that bears it."""
        longest: dict[str, tuple[float, NDArray[np.float64]]] = {}
        for line, row in zip(drawing.lines, drawing.row["lines"], strict=True):
            spots = self._to_points(line)
            spots = spots[self._inside(spots)]
            if not names[row] or len(spots) < 2:
                continue
            reach = float(np.hypot(*(spots[-1] - spots[0])))
            if reach > longest.get(names[row], (0.0,))[0]:
                longest[names[row]] = (reach, spots)
        for text, (reach, spots) in longest.items():
            width = text_width(text, _SIZE)
            if reach < width * 1.2:
                continue
            for share in (0.5, 0.3, 0.7, 0.4, 0.6, 0.2, 0.8):
                if self._write_along(text, width, spots, share):
                    break

    def _write_along(
        self, text: str, width: float, spots: NDArray[np.float64], share: float
    ) -> bool:
        middle = min(max(1, round(len(spots) * share)), len(spots) - 1)
        before, after = (
            spots[max(0, middle - 2)],
            spots[min(len(spots) - 1, middle + 1)],
        )
        x, y = (before + after) / 2
        angle = np.arctan2(*(after - before)[::-1])
        angle = (angle + np.pi / 2) % np.pi - np.pi / 2
        half_x = abs(np.cos(angle)) * width / 2 + _SIZE * 0.6
        half_y = abs(np.sin(angle)) * width / 2 + _SIZE * 0.6
        if not self._take((x - half_x, y - half_y, x + half_x, y + half_y)):
            return False
        self._put(
            text,
            x,
            y,
            color="#1f5c99",
            rotation=float(np.degrees(angle)),
            rotation_mode="anchor",
        )
        return True

    def _write_areas(self, drawing: Drawing, names: list[str]) -> None:
        view = shapely.box(
            *self.axes.get_xlim()[:1],
            *self.axes.get_ylim()[:1],
            *self.axes.get_xlim()[1:],
            *self.axes.get_ylim()[1:],
        )
        for area, row in zip(drawing.areas, drawing.row["areas"], strict=True):
            visible = shapely.make_valid(area).intersection(view)
            if visible.is_empty or not names[row]:
                continue
            spot = np.array([visible.representative_point().coords[0]])
            x, y = self._to_points(spot)[0]
            half = text_width(names[row], _SIZE) / 2
            if self._take((x - half, y - 5, x + half, y + 5)):
                self._put(names[row], x, y, color="#5f574d")


def _names(drawing: Drawing) -> list[str]:
    """Give what to write for each row: its name and, where the style says, a note."""
    table, style = drawing.layer.table, drawing.look.style
    if style["title"] not in table:
        return [""] * len(table)
    names = [
        "" if pd.isna(value) else _short(str(value)) for value in table[style["title"]]
    ]
    note = style.get("label_note", "")
    if note in load_table("styles")["classes"]:
        words = [entry["zh"] for entry in class_entries(note)]
        codes = classify(table, note)
        names = [
            f"{name}（{words[code]}）" if name and code >= 0 else name
            for name, code in zip(names, codes, strict=True)
        ]
    return names


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
