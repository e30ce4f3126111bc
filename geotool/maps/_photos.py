"""Photos of a register, shrunk and carried inside the map."""

import io
import os
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from geotool.errors import MapError
from geotool.maps._blocks import Pack
from geotool.maps._prepare import MapLayer

COLUMN = "photo"
LONG_SIDE_PX = 480
QUALITY = 70
MOST_OF_A_ROW = 3
MOST_BYTES = 40_000_000
"""Of all photos together; a map beyond it is no file to send around."""

_PARTED = re.compile(r"[;；、,，|\n]+")


class Photos:
    """
    Photos found in a folder for the rows of some layers.

    Attributes
    ----------
    missing : int
        Names that are no picture in the folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder).resolve()
        self.missing = 0
        self._pack = Pack()
        self._rows: dict[str, dict[int, list[Any]]] = {}
        if not self.folder.is_dir():
            raise MapError(
                f"照片文件夹 {self.folder.name} 不存在；请检查路径。",
                f"There is no folder of photos {self.folder.name}; check the path.",
            )

    def take(self, layers: Iterable[MapLayer]) -> str:
        """
        Find, shrink and pack the photos of the layers; empty where there are none.

        Raises
        ------
        MapError
            If they are too many to travel.
        """
        for layer in layers:
            if COLUMN in layer.table:
                self._take_layer(layer)
        header = {"rows": self._rows, "missing": self.missing}
        return self._pack.close(header) if self._rows or self.missing else ""

    def _take_layer(self, layer: MapLayer) -> None:
        for row, cell in enumerate(layer.table[COLUMN]):
            names = _PARTED.split(cell) if isinstance(cell, str) else []
            names = [name.strip() for name in names if name.strip()]
            found = [self._shrunk(name) for name in names[:MOST_OF_A_ROW]]
            kept = [self._add(picture) for picture in found if picture]
            self.missing += len(found) - len(kept)
            if kept:
                self._rows.setdefault(layer.name, {})[row] = kept

    def _add(self, picture: bytes) -> list[int]:
        place = self._pack.add(picture)
        if self._pack.length > MOST_BYTES:
            raise MapError(
                f"照片合计超过 {MOST_BYTES // 1_000_000} MB，地图太大；请先筛选图层，"
                "或不带照片。",
                f"The photos come to more than {MOST_BYTES // 1_000_000} MB; filter the "
                "layers first, or leave the photos out.",
            )
        return place

    def _shrunk(self, name: str) -> bytes | None:
        """Give one photo as a small JPEG; None if it is none of this folder."""
        path = self._inside(name)
        if path is None:
            return None
        try:
            with warnings.catch_warnings():
                # a picture of a billion pixels is an attack, not a photo
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(path) as opened:
                    opened.draft("RGB", (2 * LONG_SIDE_PX, 2 * LONG_SIDE_PX))
                    # turned as it was taken; place, time and camera stay out
                    picture = ImageOps.exif_transpose(opened).convert("RGB")
        except (
            UnidentifiedImageError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
            OSError,
            SyntaxError,  # how Pillow calls a broken PNG
            ValueError,
        ):
            return None
        picture.thumbnail((LONG_SIDE_PX, LONG_SIDE_PX))
        bare = Image.fromarray(np.asarray(picture))
        target = io.BytesIO()
        bare.save(target, "JPEG", quality=QUALITY, optimize=True)
        return target.getvalue()

    def _inside(self, name: str) -> Path | None:
        """Find a file by its name, or its path below the folder; never outside."""
        if "\0" in name:
            return None
        path = (self.folder / name.replace("\\", "/").lstrip("/")).resolve()
        inside = path.is_relative_to(self.folder) and path.is_file()
        return path if inside else None
