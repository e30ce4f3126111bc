"""What is made of a raw table: columns, places, cells, identifiers, in this order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj

from geotool.errors import LayerError
from geotool.io import RawTable
from geotool.layers._axes import coordinate_names
from geotool.layers._cells import CellReader
from geotool.layers._classes import classify_outfalls
from geotool.layers._columns import Matched, lacking, match_columns, propose_columns
from geotool.layers._coordinates import checked_datum
from geotool.layers._frame import accepted_rows, free_name, layer_crs
from geotool.layers._geometry import ShapeChecker, settle_crs, shift_back
from geotool.layers._identity import check_ids, note_duplicates
from geotool.layers._inputs import PROPOSAL_COLUMNS, note_lines
from geotool.layers._ledger import Ledger
from geotool.layers._place import Placer
from geotool.layers._result import LayerImport
from geotool.schema import LayerKind

DATUM_STATUSES = ("known", "declared", "unknown")


@dataclass(frozen=True)
class Choice:
    """What the user says about a source."""

    crs: pyproj.CRS | None
    datum: str | None
    columns: Mapping[str, str] | None


class Builder:
    """Makes one layer of one table."""

    def __init__(self, raw: RawTable, kind: LayerKind, choice: Choice) -> None:
        self.raw = raw
        self.kind = kind
        self.choice = choice
        self.ledger = Ledger()
        self.ledger.notes = note_lines(raw.notes)
        self.names = [str(name) for name in raw.cells.columns]
        self.name = str(raw.source.get("name") or "表格")
        self.status = "unknown"
        self.datum: str | None = None

    def build(self) -> LayerImport:
        """Do everything in order and see that the rows add up."""
        coordinates = self._coordinates()
        matched = match_columns(
            self.names,
            self.kind,
            self.ledger,
            chosen=self.choice.columns,
            taken=set(coordinates.values()),
        )
        proposals = propose_columns(self.names, self.kind, matched)
        geometry = self._geometry(coordinates, matched, proposals)
        made = self._cells(matched)
        if self.kind.kind == "outfalls":
            kept = classify_outfalls(made, matched, self.raw.cells, self.ledger)
            self.kept.update(kept)
        ids = check_ids(made, self.kind, matched, self.raw.cells, self.ledger)
        made[self.kind.id_column] = ids
        layer = self._layer(made, matched, geometry)
        note_duplicates(layer, self.kind, self.ledger)
        self._absent(matched)
        return self._result(layer, matched, proposals)

    # ------------------------------------------------------------ where
    def _coordinates(self) -> dict[str, str]:
        if self.raw.geometry is not None or not self.kind.is_spatial:
            return {}
        chosen = self.choice.columns or {}
        free = [name for name in self.names if name not in chosen]
        found = coordinate_names(free)
        used = list(dict.fromkeys(found.values()))
        others = coordinate_names([name for name in free if name not in used])
        if others:
            zh = f"坐标取自“{'、'.join(used)}”；另有“{'、'.join(others.values())}”未用"
            en = f"Places are from {', '.join(used)}, not {', '.join(others.values())}"
            self.ledger.tell(zh, en)
        return found

    def _geometry(
        self,
        coordinates: dict[str, str],
        matched: Matched,
        proposals: list[dict[str, Any]],
    ) -> gpd.GeoSeries | None:
        if self.raw.geometry is not None:
            return self._own_shapes(self.raw.geometry)
        if not coordinates:
            return self._no_place(matched, proposals)
        if "Point" not in self.kind.geometry:
            wanted = "线" if "LineString" in self.kind.geometry else "面"
            raise LayerError(
                f"{self.name} 只有点的坐标，{self.kind.zh}需要{wanted}；"
                "请用 Shapefile、GeoPackage 或 GeoJSON。",
                f"{self.name} holds points, {self.kind.kind} needs shapes; use a "
                "spatial file.",
            )
        headers = list(coordinates.values())
        self.datum = checked_datum(self.choice.datum, headers, self.ledger)
        placer = Placer(self.raw.cells, coordinates, self.ledger)
        placed = placer.place(crs=self.choice.crs, datum=self.datum)
        self.status = placed.status
        return placed.geometry

    def _own_shapes(self, shapes: gpd.GeoSeries) -> gpd.GeoSeries:
        shapes, self.status = settle_crs(
            shapes, self.choice.crs, self.ledger, name=self.name
        )
        stated = self.choice.datum or self.raw.source.get("datum")
        self.datum = checked_datum(stated, [], self.ledger) if stated else None
        if self.datum in ("gcj02", "bd09"):
            shapes = shift_back(shapes, self.datum, self.ledger, name=self.name)
        if self.datum == "unknown":
            self.status = "unknown"
        elif self.datum is not None:
            self.status = "declared"
        return ShapeChecker(shapes, self.kind, self.ledger).check()

    def _no_place(
        self, matched: Matched, proposals: list[dict[str, Any]]
    ) -> gpd.GeoSeries | None:
        if not self.kind.is_spatial or "None" in self.kind.geometry:
            return None
        if not matched.headers and not proposals:
            what = (f"任何{self.kind.zh}的列", f"column of {self.kind.kind}")
        else:
            what = (
                "坐标（需要“经度”“纬度”，或“横坐标”“纵坐标”，或“经纬度”一列）",
                "coordinates (longitude and latitude, easting and northing, or one pair)",
            )
        raise lacking(self.name, self.kind, self.names, what, proposals)

    # ------------------------------------------------------------ what
    def _cells(self, matched: Matched) -> dict[str, pd.Series]:
        reader = CellReader(self.kind, self.ledger, plain=self.raw.plain)
        made = {
            key: reader.read(
                self.raw.cells[name], key, name, matched.factors.get(key, 1.0)
            )
            for name, key in matched.headers.items()
        }
        self.kept = reader.kept
        return made

    def _layer(
        self,
        made: dict[str, pd.Series],
        matched: Matched,
        geometry: gpd.GeoSeries | None,
    ) -> pd.DataFrame:
        refused = self.ledger.refused
        good = ~self.raw.cells.index.isin(list(refused))
        ordered = {key: made[key] for key in self.kind.columns if key in made}
        ordered["datum_status"] = self._statuses()
        if geometry is None:
            del ordered["datum_status"]
        taken = {
            key.casefold() for key in (*self.kind.columns, "datum_status", "geometry")
        }
        others = {n: self.raw.cells[n] for n in self.names if n not in matched.headers}
        if geometry is not None:
            others.pop("datum_status", None)
        plain = set()
        for name, cells in {**others, **self.kept}.items():
            unique = free_name(name, taken)
            if name in self.raw.plain and name not in self.kept:
                plain.add(unique)
            taken.add(unique.casefold())
            if unique != name:
                zh = "列名与图层的列名冲突，已改名"
                self.ledger.tell(
                    zh, "The header is one of ours: renamed", column=name, after=unique
                )
            ordered[unique] = cells
        return accepted_rows(
            ordered, {*made, "datum_status"}, good, geometry, plain=plain
        )

    def _statuses(self) -> pd.Series:
        """Give the status of every row; a file of ours keeps what it says of each."""
        status = pd.Series(self.status, index=self.raw.cells.index, dtype=object)
        declared = self.choice.crs is not None or self.choice.datum is not None
        if declared or "datum_status" not in self.names:
            return status
        said = self.raw.cells["datum_status"]
        return status.where(~said.isin(DATUM_STATUSES), said)

    def _absent(self, matched: Matched) -> None:
        missing = [
            column
            for key, column in self.kind.columns.items()
            if column.need == "wanted" and key not in matched.headers.values()
        ]
        for column in missing:
            zh = f"没有“{column.zh}”列"
            if column.key == self.kind.id_column:
                zh += "，编号由 geotool 按行号生成"
            self.ledger.tell(zh, f"No column {column.key}", column=column.key)

    def _result(
        self,
        layer: pd.DataFrame,
        matched: Matched,
        proposals: list[dict[str, Any]],
    ) -> LayerImport:
        rejected = self.ledger.rejected_table()
        read = len(self.raw.cells)
        assert len(layer) + len(rejected) == read, (len(layer), len(rejected), read)
        source = {
            "kind": self.kind.kind,
            "kind_zh": self.kind.zh,
            **self.raw.source,
            "crs": layer_crs(layer),
            "source_crs": self.raw.source.get("crs"),
            "datum": self.datum,
            "datum_status": self.status,
            "columns": dict(matched.headers),
            "rows_read": read,
            "rows_accepted": len(layer),
            "rows_rejected": len(rejected),
        }
        return LayerImport(
            layer,
            rejected,
            self.ledger.notes_table(),
            source,
            pd.DataFrame(proposals, columns=list(PROPOSAL_COLUMNS)),
            self.raw.cells.loc[self.raw.cells.index.isin(rejected["row"].tolist())],
            [(row, column) for row, column, *_ in self.ledger.faults],
        )
