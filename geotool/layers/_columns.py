"""Headers of a source → columns of a layer; the unit in a header is taken along."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from geotool._units import looks_like_unit, unit_factor
from geotool.errors import LayerError
from geotool.layers._ledger import Ledger
from geotool.schema import (
    LayerKind,
    align_names,
    fold_name,
)

LIKENESS = 0.7
"""Headers less alike than this are not proposed."""


@dataclass(frozen=True)
class Matched:
    """Which header is which column, and what its numbers are multiplied by."""

    headers: dict[str, str]
    factors: dict[str, float] = field(default_factory=dict)

    def header(self, key: str) -> str | None:
        """Header that holds a column, None when there is none."""
        return next((name for name, k in self.headers.items() if k == key), None)


def match_columns(
    names: list[str],
    kind: LayerKind,
    ledger: Ledger,
    *,
    chosen: Mapping[str, str] | None,
    taken: set[str],
) -> Matched:
    """
    Find the column of every header, and its unit.

    Parameters
    ----------
    names : list of str
        Headers of the source.
    kind : LayerKind
    ledger : Ledger
        Told of units that were converted or not understood.
    chosen : mapping, optional
        Header → key, by the user.
    taken : set of str
        Headers that hold coordinates: no columns.
    """
    free = [name for name in names if name not in taken or name in (chosen or {})]
    headers = align_names(free, kind.kind, chosen=_tolerant(chosen, free))
    # of two header rows, the lower name is enough where nothing else has the column
    lower: dict[str, str] = {}
    for name in free:
        last = name.rsplit(" / ", 1)[-1]
        if name not in headers and last != name:
            lower.setdefault(last, name)
    for last, key in align_names(lower, kind.kind).items():
        if key not in headers.values():
            headers[lower[last]] = key
    factors: dict[str, float] = {}
    for name, key in list(headers.items()):
        unit = kind.columns[key].unit
        written = _written_unit(name)
        if not written or not unit:
            continue
        factor = unit_factor(written, unit)
        if factor is None:
            ledger.tell(
                f"列名里的单位“{written}”换算不成 {unit}，这一列没有采用，原样保留",
                f"The unit {written} does not convert to {unit}; column kept as it is",
                column=name,
            )
            del headers[name]
        elif factor != 1.0:
            factors[key] = factor
            ledger.tell(
                f"列名里的单位是 {written}，已换算为 {unit}（×{factor:.6g}）",
                f"The unit in the header is {written}: converted to {unit}",
                column=name,
                before=written,
                after=unit,
            )
    ordered = {name: headers[name] for name in names if name in headers}
    return Matched(ordered, factors)


def _tolerant(
    chosen: Mapping[str, str] | None, names: list[str]
) -> dict[str, str] | None:
    """Let a header be chosen by its folded or lower name, too."""
    if chosen is None:
        return None
    found = {}
    for header, key in chosen.items():
        alike = [name for name in names if fold_name(name) == fold_name(header)]
        found[header if header in names or len(alike) != 1 else alike[0]] = key
    return found


def _written_unit(name: str) -> str:
    """Give the unit that stands in a header, empty when there is none."""
    plain = unicodedata.normalize("NFKC", name)
    for text in re.findall(r"[(\[【]([^)\]】]*)[)\]】]", plain):
        for part in re.split(r"[,，;；:：]", text.replace("单位", "")):
            if part.strip() and looks_like_unit(part):
                return part.strip()
    return ""


def propose_columns(
    names: list[str], kind: LayerKind, matched: Matched
) -> list[dict[str, Any]]:
    """
    Propose columns for headers nobody knows; nothing is applied.

    Returns
    -------
    list of dict
        ``header, column, zh, likeness``, the most alike first.
    """
    left = [name for name in names if name not in matched.headers]
    free = {k: c for k, c in kind.columns.items() if k not in matched.headers.values()}
    found = []
    for name in left:
        best = max(
            (
                (_likeness(name, other), key, column.zh)
                for key, column in free.items()
                for other in (key, column.zh, column.en, *column.alias)
            ),
            default=(0.0, "", ""),
        )
        if best[0] >= LIKENESS:
            found.append(
                {
                    "header": name,
                    "column": best[1],
                    "zh": best[2],
                    "likeness": round(best[0], 2),
                }
            )
    return sorted(found, key=lambda line: -line["likeness"])


def _likeness(one: str, other: str) -> float:
    """
    Compare two headers by their letters; a whole name inside the other counts.

    Those that are less alike than is proposed need not be compared to the end.

    Examples
    --------
    >>> round(_likeness("排污口名", "排污口名称"), 2), _likeness("氨氮", "排污口名称")
    (0.89, 0.0)
    """
    a, b = fold_name(one), fold_name(other)
    if len(a) < 2 or len(b) < 2:
        return 0.0
    inside = 0.75 if len(b) >= 3 and (a in b or b in a) else 0.0
    common = sum(map(set(b).__contains__, a))  # more letters cannot be alike
    if 2 * common < LIKENESS * (len(a) + len(b)):
        return inside
    return max(inside, SequenceMatcher(None, a, b, autojunk=False).ratio())


def lacking(
    name: str,
    kind: LayerKind,
    names: list[str],
    what: tuple[str, str],
    hints: list[dict[str, Any]],
) -> LayerError:
    """Say which column a source lacks, what it has, and what may be meant."""
    likely = "；".join(f"“{h['header']}”或许是“{h['zh']}”" for h in hints[:4])
    likely_en = "; ".join(f"{h['header']} may be {h['column']}" for h in hints[:4])
    have, have_en = "、".join(names[:40]), ", ".join(names[:40])
    return LayerError(
        f"{name} 不能作为{kind.zh}导入：没有{what[0]}；现有列：{have}。"
        + (
            f"{likely}；可用 columns 指定。"
            if likely
            else "请补上，或用 columns 指定。"
        ),
        f"{name} cannot be read as {kind.kind}: no {what[1]}; it has {have_en}. "
        + (
            f"{likely_en}; say so with columns."
            if likely
            else "Add it, or use columns."
        ),
    )
