"""Which projects of a plan are meant for a section; how sure that is, is told."""

import datetime as dt
import re
from typing import Any

import pandas as pd

from geotool.report._phrases import amount_text, cell_text

_BETWEEN = re.compile(r"[、，,;；/\n]+")
_MONTH = re.compile(r"(\d{4})[.\-/年](\d{1,2})")
_SHORTEST = 2
"""Letters that a part of a name needs to be told from chance."""


def section_projects(
    projects: pd.DataFrame | None,
    sections: pd.DataFrame,
    section_id: str,
    *,
    on: dt.date,
) -> list[dict[str, str]]:
    """
    List the projects tied to a section, and by what they are tied.

    A plan names a section by its id, its name, or a part of its name.

    Parameters
    ----------
    projects : DataFrame or None
        Layer ``projects``.
    sections : DataFrame
        The whole layer: a part of a name counts only where it fits one section.
    section_id : str
    on : date
        Deadlines before it are told as past.

    Returns
    -------
    list of dict
        ``id, name, amount, deadline, party, basis``.

    Examples
    --------
    >>> sections = pd.DataFrame(
    ...     {"section_id": ["DM1", "DM2"], "name": ["长洪河新开闸", "裤子港河裤子港闸"],
    ...      "river": ["长洪河", "裤子港河"]}
    ... )
    >>> projects = pd.DataFrame(
    ...     {"project_id": ["1", "2"], "name": ["闸改造", "清淤"], "river": ["长洪河"] * 2,
    ...      "section_id": ["新开闸", "裤子港闸"]}
    ... )
    >>> [row["basis"] for row in section_projects(
    ...     projects, sections, "DM1", on=dt.date(2026, 11, 1))]
    ['断面名称部分相符（“新开闸”），请核对']
    """
    if projects is None or not len(projects):
        return []
    found = []
    known = sections.to_dict("records")
    for row in projects.to_dict("records"):
        basis = _basis(row, known, section_id)
        if basis is not None:
            found.append(
                {
                    "id": cell_text(row.get("project_id"), "—"),
                    "name": cell_text(row.get("name")),
                    "amount": amount_text(row.get("amount_10k_cny")),
                    "deadline": _deadline(row.get("deadline"), on),
                    "party": cell_text(row.get("party")),
                    "basis": basis,
                }
            )
    return found


def _deadline(value: Any, on: dt.date) -> str:
    """Write a deadline; a month that is over is told: the layer knows no completion."""
    text = cell_text(value)
    found = _MONTH.match(text)
    if found is None or not 1 <= int(found[2]) <= 12:
        return text
    is_past = (int(found[1]), int(found[2])) < (on.year, on.month)
    return f"{text}（已过）" if is_past else text


def _basis(
    row: dict[Any, Any], sections: list[dict[Any, Any]], section_id: str
) -> str | None:
    """Say by what a project is tied to a section; None if by nothing."""
    told = cell_text(row.get("section_id"), "")
    river = cell_text(row.get("river"), "")
    own = next(one for one in sections if str(one["section_id"]) == section_id)
    if not told:
        if river and river == cell_text(own.get("river"), ""):
            return "未写断面，目标水体相同"
        return None
    for text in filter(None, (part.strip() for part in _BETWEEN.split(told))):
        if text == section_id:
            return "断面编号相符"
        if text == cell_text(own.get("name"), ""):
            return _named(text, sections)
        fits = _fitting(text, sections)
        if section_id in fits:
            if len(fits) > 1:
                others = "、".join(one for one in fits if one != section_id)
                return f"“{text}”也与断面 {others} 的名称相符，请核对"
            return f"断面名称部分相符（“{text}”），请核对"
    return None


def _named(text: str, sections: list[dict[Any, Any]]) -> str:
    twice = sum(str(one["name"]) == text for one in sections) > 1
    return "断面名称相符，但有同名断面，请核对" if twice else "断面名称相符"


def _fitting(text: str, sections: list[dict[Any, Any]]) -> list[str]:
    """List the sections whose name a text is a part of, unless it is an id."""
    ids = [str(one["section_id"]) for one in sections]
    if len(text) < _SHORTEST or text in ids:
        return []
    names = [cell_text(one.get("name"), "") for one in sections]
    return [key for key, name in zip(ids, names, strict=True) if text in name]
