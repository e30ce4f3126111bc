"""What comes of reading a file as a layer: three tables that add up."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from geotool._notes import NOTE_COLUMNS
from geotool.errors import SourceError
from geotool.io import replacing, write_book

OUR_COLUMNS = ("退回_行号", "退回_原因", "退回_处理建议")
"""Columns that a workbook of refused rows has besides those of the source."""

_SHOWN = 8


@dataclass(frozen=True, eq=False)
class LayerImport:
    """
    A file read as a layer.

    Attributes
    ----------
    layer : GeoDataFrame or DataFrame
        Accepted rows; columns by key, ``datum_status``, then those of the source that
        are none of ours, under their own headers.
    rejected : DataFrame
        One line a refused row: ``row, column, value, reason, reason_en, remedy,
        remedy_en``; ``row`` is the number Excel shows.
    notes : DataFrame
        What was changed or is doubtful: ``row, column, before, after, reason,
        reason_en``.
    source : dict
        ``kind``, ``name`` of the file, ``sha256``, ``sheet`` or ``layer``,
        ``encoding``, ``crs``, ``datum``, ``datum_status``, ``columns`` (header → key),
        ``rows_read``, ``rows_accepted``, ``rows_rejected``.
    proposals : DataFrame
        ``header, column, zh, likeness``: headers that may be columns. Never applied;
        pass ``columns={header: column}`` to do so.
    originals : DataFrame
        Refused rows as they came, by row number.
    faults : list
        ``(row, header)`` of every faulty cell.
    """

    layer: pd.DataFrame
    rejected: pd.DataFrame
    notes: pd.DataFrame
    source: dict[str, Any]
    proposals: pd.DataFrame = field(default_factory=pd.DataFrame)
    originals: pd.DataFrame = field(default_factory=pd.DataFrame)
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """One line: rows read, accepted, refused, and notes."""
        facts = self.source
        return (
            f"{facts.get('kind_zh', '')} {facts.get('name', '')}：读入 "
            f"{facts.get('rows_read', 0)} 行，采用 {facts.get('rows_accepted', 0)} 行，"
            f"退回 {facts.get('rows_rejected', 0)} 行，说明 {len(self.notes)} 条"
        )

    def __repr__(self) -> str:
        return f"<LayerImport {self.summary}>"

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.summary)}</b></p>"]
        for title, table in (("被退回", self.rejected), ("修改说明", self.notes)):
            if len(table):
                shown = table.head(_SHOWN)
                more = (
                    f"（前 {_SHOWN} 条，共 {len(table)} 条）"
                    if len(table) > _SHOWN
                    else ""
                )
                keep = [c for c in shown.columns if not str(c).endswith("_en")]
                body = shown[keep].to_html(
                    index=False, escape=True, na_rep="", border=0
                )
                parts.append(f"<p>{title}{more}</p>{body}")
        return "".join(parts)

    def with_notes(self, notes: pd.DataFrame) -> "LayerImport":
        """
        Give the same import with further notes.

        Parameters
        ----------
        notes : DataFrame
            As :func:`geotool.layers.check_places` gives them.

        Returns
        -------
        LayerImport
        """
        if notes.empty:
            return self
        more = notes.reindex(columns=list(NOTE_COLUMNS)).astype(object)
        return replace(self, notes=pd.concat([self.notes, more], ignore_index=True))

    def write_rejects(self, path: Any) -> Path:
        """
        Write the refused rows to a workbook that can be mended and imported again.

        Parameters
        ----------
        path : path
            Ending ``.xlsx``.

        Returns
        -------
        Path

        Notes
        -----
        Sheets: 被退回 (the rows as they came, faulty cells coloured, reasons at the
        end), 修改说明 (the notes), 说明 (where from, how many).
        """
        target = Path(path)
        if target.suffix.lower() != ".xlsx":
            raise SourceError(
                f"退回表应写成 .xlsx：{target.name}。",
                f"Refused rows are written to .xlsx: {target.name}.",
            )
        table, faulty = self._returned()
        sheets: Mapping[str, pd.DataFrame] = {
            "被退回": table,
            "修改说明": _with_headers(self.notes),
            "说明": self._about(),
        }
        with replacing(target) as beside:
            write_book(sheets, beside, faulty={"被退回": faulty})
        return target

    def _returned(self) -> tuple[pd.DataFrame, list[tuple[int, int]]]:
        """Give the refused rows with their reasons, and where the faults are."""
        rows = self.rejected["row"].tolist()
        table = self.originals.reindex(rows).reset_index(drop=True)
        headers = [str(name) for name in table.columns]
        table = table.set_axis(headers, axis=1)
        place = {row: position for position, row in enumerate(rows)}
        faulty = [
            (place[row], headers.index(header))
            for row, names in self.faults
            for header in str(names).split("、")
            if row in place and header in headers
        ]
        for name, column in zip(OUR_COLUMNS, ("row", "reason", "remedy"), strict=True):
            table[name] = self.rejected[column].to_numpy(dtype=object)
        return table, faulty

    def _about(self) -> pd.DataFrame:
        facts = [
            (key, value) for key, value in self.source.items() if value is not None
        ]
        lines = [("说明", "改正“被退回”表中着色的单元格后，可直接再次导入本文件")]
        lines += [("", "Mend the coloured cells and import this workbook again")]
        lines += [(key, str(value)) for key, value in facts]
        return pd.DataFrame(lines, columns=["事项", "内容"])


def _with_headers(notes: pd.DataFrame) -> pd.DataFrame:
    names = {
        "row": "所在行",
        "column": "所在列",
        "before": "原值",
        "after": "改为",
        "reason": "原因",
        "reason_en": "Reason",
    }
    return notes.rename(columns=names)
