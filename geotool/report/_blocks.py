"""Pieces of a page in Chinese and English, and the page as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from geotool.attribution._problem import Words


@dataclass(frozen=True)
class Block:
    """
    A piece of a page.

    Attributes
    ----------
    kind : str
        ``title``, ``lead``, ``head``, ``text``, ``list``, ``table`` or ``small``.
    text : Words
    lines : tuple of Words
        Of a list.
    header : tuple of Words
    rows : tuple of tuple of Words
        Of a table.
    widths : tuple of float
        Of the columns, as shares.
    """

    kind: str
    text: Words = ("", "")
    lines: tuple[Words, ...] = ()
    header: tuple[Words, ...] = ()
    rows: tuple[tuple[Words, ...], ...] = ()
    widths: tuple[float, ...] = ()


def same_words(text: Any) -> Words:
    """Give a cell of a table that is the same in both languages."""
    shown = (
        "" if text is None or (not isinstance(text, str) and pd.isna(text)) else text
    )
    return str(shown), str(shown)


def number_words(value: float, digits: int = 3) -> Words:
    """Write a number; nothing where there is none."""
    return same_words(f"{value:.{digits}g}" if np.isfinite(value) else "")


def blocks_html(blocks: Sequence[Block], *, language: str = "zh") -> str:
    """Write blocks as HTML; all text is escaped."""
    k = 0 if language == "zh" else 1
    tags = {"title": "h2", "lead": "p", "head": "h4", "text": "p", "small": "p"}
    parts = []
    for one in blocks:
        said = escape(one.text[k])
        if one.kind == "list":
            lines = "".join(f"<li>{escape(line[k])}</li>" for line in one.lines)
            parts.append(f"<ul>{lines}</ul>")
        elif one.kind == "table":
            head = "".join(f"<th>{escape(cell[k])}</th>" for cell in one.header)
            body = "".join(
                "<tr>"
                + "".join(f"<td>{escape(cell[k])}</td>" for cell in row)
                + "</tr>"
                for row in one.rows
            )
            title = f"<h4>{said}</h4>" if said else ""
            parts.append(
                f"{title}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            )
        else:
            tag = tags[one.kind]
            said = f"<b>{said}</b>" if one.kind == "lead" else said
            said = f"<small>{said}</small>" if one.kind == "small" else said
            parts.append(f"<{tag}>{said}</{tag}>")
    return "".join(parts)
