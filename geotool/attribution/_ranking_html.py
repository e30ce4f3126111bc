"""A ranking as a notebook shows it."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from geotool.trace import RELATION_ZH

if TYPE_CHECKING:
    from geotool.attribution._ranking import Ranking

SHOWN = 12
"""Rows shown of a table."""


def ranking_html(ranking: "Ranking") -> str:
    """Lay out the first ranks, the reasons of the first, and what it rests on."""
    columns = {
        "rank": "序",
        "name": "名称",
        "probability": "概率",
        "strength": "判断",
        "contribution_share": "贡献",
        "distance_m": "沿河距离 m",
        "travel_time_h": "时间 h",
        "relation": "可达性",
    }
    shown = ranking.table[list(columns)].head(SHOWN).copy()
    shown["name"] = shown["name"].where(
        shown["name"].astype(bool), ranking.table["outfall_id"].head(SHOWN)
    )
    for key in ("probability", "contribution_share"):
        shown[key] = [f"{value:.0%}" for value in shown[key]]
    for key in ("distance_m", "travel_time_h"):
        shown[key] = [
            f"{value:,.0f}" if np.isfinite(value) else "" for value in shown[key]
        ]
    shown["relation"] = shown["relation"].map(RELATION_ZH)
    table = shown.rename(columns=columns).to_html(index=False)
    said = [ranking.headline[0], f"资料等级 {ranking.level}：{ranking.level_words[0]}"]
    if ranking.next_sample[0]:
        said.append(ranking.next_sample[0])
    said += [zh for zh, _ in ranking.notes]
    lines = "".join(f"<li>{escape(text)}</li>" for text in said[1:])
    why = ""
    if len(ranking.table):
        first = ranking.table.iloc[0]
        each = "".join(f"<li>{escape(text)}</li>" for text in first["reasons"])
        why = f"<p>第一位的理由</p><ul>{each}</ul>"
    return f"<p><b>{escape(said[0])}</b></p>{table}{why}<ul>{lines}</ul>"
