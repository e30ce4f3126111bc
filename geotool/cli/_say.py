"""What the commands tell: a story in lines."""

from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.trace import RELATION_ZH

SEVERITY_ZH = {"error": "错误", "warning": "警告", "info": "提示"}

MOST_NOTES = 8
"""So many kinds of notes are told, those met most often; tables have all."""


def say(text: str = "") -> None:
    """Print a line of the story."""
    print(text)


def counted_notes(notes: pd.DataFrame) -> list[tuple[str, str]]:
    """Give the commonest notes in Chinese and English, each once, with how often."""
    pairs = notes.groupby("reason", sort=False)["reason_en"].agg(["first", "size"])
    pairs = pairs.sort_values("size", ascending=False, kind="stable").head(MOST_NOTES)
    return [
        (
            zh + (f"（{n} 处）" if n > 1 else ""),
            en + (f" ({n} places)" if n > 1 else ""),
        )
        for zh, en, n in pairs.itertuples(name=None)
    ]


def note_texts(notes: pd.DataFrame) -> tuple[str, ...]:
    """Give the commonest notes as warnings of a result."""
    return tuple(f"{zh} / {en}" for zh, en in counted_notes(notes))


def say_network(network: Any, issues: gpd.GeoDataFrame) -> None:
    """Tell the size of a network and its issues by kind."""
    facts = network.summary()
    say(
        f"河网：{facts['reaches']} 个河段，{facts['length_km']:.1f} km，"
        f"{facts['components']} 个连通部分，{facts['loops']} 个环，"
        f"{facts['structures']} 座闸站；流向未知占河长 {facts['unknown_share']:.0%}"
    )
    counts = issues.groupby(["severity", "kind"], sort=False).size().reset_index()
    for severity, kind, count in counts.itertuples(index=False):
        say(f"  {SEVERITY_ZH[severity]} {kind} × {count}")


def say_trace(trace: Any) -> None:
    """Tell what a trace found, the nearest first."""
    up = trace.settings["direction"] == "upstream"
    sources = trace.points[trace.points["layer"] == "outfalls"]
    numbers = sources["relation"].value_counts()
    words = "、".join(
        f"{zh} {int(numbers.get(key, 0))}" for key, zh in RELATION_ZH.items()
    )
    say(
        f"{trace.settings['start']} {'上游' if up else '下游'}："
        f"{trace.reaches['length_m'].sum() / 1000:.1f} km 河道，排污口 "
        f"{len(sources)} 个（{words}）"
    )
    for row in sources.head(5).to_dict("records"):
        say(
            f"  {row['id']} {row['name']}：{RELATION_ZH[row['relation']]}，沿河 "
            f"{row['distance_m']:.0f} m，{row['travel_time_min_h']:.1f}–"
            f"{row['travel_time_max_h']:.1f} h"
        )
    if len(sources) > 5:
        say(f"  … 共 {len(sources)} 个，按沿河距离排列，不代表责任大小")
    for row in trace.stopped[trace.stopped["kind"] == "closed_gate"].to_dict("records"):
        say(f"  止于：{row['reason']}")


def say_ranking(ranking: Any) -> None:
    """Tell who is likeliest, and what it rests on."""
    say(ranking.headline[0])
    for row in ranking.table.head(5).to_dict("records"):
        say(
            f"  {row['rank']} {row['outfall_id']} {row['name']}：概率 "
            f"{row['probability']:.2f}（{row['strength']}），沿河 "
            f"{row['distance_m']:.0f} m，{row['travel_time_min_h']:.1f}–"
            f"{row['travel_time_max_h']:.1f} h"
        )
    say(f"  不在名录的来源：概率 {ranking.unregistered_probability:.2f}")
    if ranking.stretch_words:
        say(f"  {ranking.stretch_words[0]}")
    say(f"  依据等级 {ranking.level}：{ranking.level_words[0]}")
    if ranking.next_sample[0]:
        say(f"  {ranking.next_sample[0]}")
    for zh, _ in ranking.notes:
        say(f"  说明：{zh}")


def say_assessment(table: pd.DataFrame) -> None:
    """Tell which sections missed their target in the last period."""
    last = table[table["period"] == table["period"].max()]
    judged = last[last["reached"].notna()]
    failed = judged[~judged["reached"].astype(bool)]
    say(
        f"{last['period'].iloc[0] if len(last) else ''}：评价 {len(judged)} 个断面，"
        f"{len(judged) - len(failed)} 个达标，{len(failed)} 个未达标"
    )
    for row in failed.to_dict("records"):
        say(
            f"  {row['section_id']} {row['name']}：目标 {row['target_class']} 类，"
            f"实为 {row['water_class']} 类，{row['exceedances']}"
        )


def say_findings(findings: gpd.GeoDataFrame) -> None:
    """Tell how many points lie where, and the clause for those that matter."""
    counts = findings["grade_zh"].value_counts()
    say("筛查：" + "，".join(f"{grade} {count}" for grade, count in counts.items()))
    for row in findings[findings["grade"].isin(["conflict", "attention"])].to_dict(
        "records"
    ):
        say(
            f"  {row['grade_zh']} {row['outfall_id']} {row['name']}：{row['zone_name']}"
            f"，{row['clause']}"
        )


def say_zones(zones: gpd.GeoDataFrame, plan: Any, sources: gpd.GeoDataFrame) -> None:
    """Tell how many zones there are, and what of each source has to be known."""
    approved = int((zones["status"] == "approved").sum())
    say(
        f"保护区与缓冲带 {len(zones)} 个：批复 {approved} 个，草案 {len(zones) - approved} 个"
        "（草案是算出来的，批复的才作数）"
    )
    names = sources.set_index(sources["water_source_id"].astype(str))["name"]
    for row in plan.notes[plan.notes["severity"] != "info"].to_dict("records"):
        key = str(row["water_source_id"])
        say(f"  {' '.join(filter(None, (key, names.get(key))))}：{row['note']}")
