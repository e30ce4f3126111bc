"""The sentences of a section's sheet: what failed, since when, and what that rests on."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from geotool._items import item_table
from geotool._precision import moment_text, precision_of
from geotool.quality._periods import period_before, period_place
from geotool.report._failure import Failure
from geotool.report._phrases import (
    amount_text,
    cell_text,
    class_text,
    multiple_text,
    share_text,
)
from geotool.schema import layer_kind
from geotool.trace import SOURCES, Trace

if TYPE_CHECKING:
    from geotool.attribution import Ranking

NO_PROOF = "排序只说明先查哪里，不是证据，也不是责任认定；是否超标排放须以现场采样和执法监测为准。"
"""What every sheet with a ranking says."""

BY_DISTANCE = "未做证据归因，清单按沿河距离由近到远排列，次序不代表责任大小。"
"""What a sheet without a ranking says."""

_FACTS = ("section_id", "name", "river", "level", "target_class", "target_note")
_FACTS_LATER = ("district", "basin")


def section_facts(row: pd.Series, place: str) -> list[list[str]]:
    """List what the register says of a section: label and text."""
    columns = layer_kind("sections").columns
    facts = []
    for key in (*_FACTS, *_FACTS_LATER):
        value = row.get(key)
        text = class_text(value) if key == "target_class" else cell_text(value)
        if text == "未填" and key in ("target_note", "basin"):
            continue
        facts.append([columns[key].zh, text])
    return [*facts, ["经纬度", place]]


def result_sentence(failure: Failure) -> str:
    """Say what the last period came to."""
    row = failure.latest
    if row is None:
        return "没有可用的监测数据，不能评价这个断面是否达标。"
    reached = {True: "达标", False: "未达标"}.get(row["reached"])
    verdict = (
        f"水质{class_text(row['water_class'])}，目标{class_text(row['target_class'])}"
    )
    if reached is None:
        why = cell_text(row["note"], "缺类别或缺目标")
        return f"{row['period']}：{verdict}，未判是否达标（{why}）。"
    text = f"{row['period']}：{verdict}，{reached}。"
    for one in failure.items.to_dict("records"):
        text += (
            f"{one['name']}均值 {amount_text(one['mean'])} {one['unit']}".rstrip()
            + f"，限值 {one['limit_text']}"
        )
        more = multiple_text(one["multiple"])
        text += f"，超标 {more} 倍。" if more != "—" else "，超标。"
    return text


def since_sentence(failure: Failure) -> str:
    """Say since when the target is missed, by periods and by single readings."""
    row = failure.latest
    if row is None:
        return ""
    parts = []
    count = len(failure.periods)
    if failure.running:
        first = failure.periods.iloc[count - failure.running]["period"]
        run = f"自 {first} 起连续 {failure.running} 期未达标"
        if failure.running == 1:
            run = f"{first} 未达标"
        run += _before_text(failure.periods, failure.running)
        parts.append(run)
    if failure.item is not None and failure.has_target:
        parts.append(_run_text(failure))
    return "；".join(part for part in parts if part) + "。" if any(parts) else ""


def _before_text(periods: pd.DataFrame, running: int) -> str:
    """Say what is not known of the time before a run of missed periods."""
    if running == len(periods):
        if running == 1:
            return "（资料只有这一期，此前如何不得而知）"
        return "（资料的第一期就未达标，可能更早）"
    before = periods.iloc[len(periods) - running - 1]
    first = periods.iloc[len(periods) - running]["period"]
    if before["reached"] is True and period_before(first) in (
        None,
        period_place(before["period"]),
    ):
        return ""
    return "（上一期没有资料或未评价，可能更早）"


def _run_text(failure: Failure) -> str:
    """Say what single readings of the item do now, or did last."""
    item = failure.item
    name = item_table()[str(item)].zh
    now = failure.current[failure.current["item"] == item]
    if len(now):
        one = now.iloc[0]
        note = f"，{one['note']}" if cell_text(one["note"], "") else ""
        return (
            f"{name}最近一次读数仍超标：自 {failure.when(one['since'])} 起连续 "
            f"{one['n_readings']} 次{note}"
        )
    past = failure.ended[failure.ended["item"] == item]
    if len(past):
        one = past.iloc[0]
        ends = dict.fromkeys(failure.when(one[end]) for end in ("since", "last"))
        return (
            f"{name}最近一段超标读数为 {' 至 '.join(ends)}（{one['n_readings']} 次），"
            f"{failure.when(one['over_since'])} 起回到目标以内"
        )
    if not failure.single:
        return f"本期没有{name}读数"
    return f"{name}的单次读数没有超标"


def single_sentence(failure: Failure) -> str:
    """Say how many single readings of the item were over the target."""
    told = failure.single
    if not told or failure.latest is None:
        return ""
    item = str(failure.item)
    worst = "最低" if item == "DO" else "最高"
    over = f"{told['n_over']} 次超过目标（{share_text(told['n_over'] / told['n'])}），"
    return (
        f"{failure.latest['period']} 共 {told['n']} 次{item_table()[item].zh}读数，"
        f"{over if failure.has_target else ''}{worst} "
        f"{amount_text(told['worst'])} {told['unit']}".rstrip()
        + f"（{failure.when(told['worst_time'])}）。"
    )


def item_sentence(failure: Failure) -> str:
    """Say by which item sources are looked for, and why."""
    if failure.item is None:
        return no_item_text(failure)
    name = item_table()[failure.item].zh
    in_mean = failure.item in set(failure.items["item"])
    in_now = failure.item in set(failure.current["item"])
    if failure.is_asked and not failure.has_target:
        return f"按要求查{name}；断面没有水质目标，它是否超标无法判断。"
    if failure.is_asked and not (in_mean or in_now or failure.single):
        return f"按要求查{name}；本期没有它的读数，是否超标无法判断。"
    if failure.is_asked and not (in_mean or in_now):
        return f"按要求查{name}；它的本期均值和最近一次读数都没有超标。"
    how = "指定项目" if failure.is_asked else "超标最重、可按负荷排查的项目"
    return f"溯源项目：{name}（{how}）。"


def no_item_text(failure: Failure) -> str:
    """Say why no source is looked for: nothing fails, or nobody can tell."""
    if failure.is_judged:
        return "断面没有超标，不排查来源。"
    return "无法判断断面是否超标，不排查来源；要排查请指定项目。"


def upstream_sentence(trace: Trace) -> str:
    """Say how much water and how many outfalls lie upstream."""
    met = trace.points[trace.points["layer"] == SOURCES]
    counts = met["relation"].value_counts()
    km = trace.reaches["length_m"].sum() / 1000
    return (
        f"上游可达河道 {km:.1f} km，登记排污口 {len(met)} 个（确定 "
        f"{int(counts.get('certain', 0))}、按现有闸况 {int(counts.get('scenario', 0))}、"
        f"流向未定可能 {int(counts.get('possible', 0))}）。"
    )


def held_sentence(trace: Trace) -> str:
    """Say what is cut off, and where the network ends."""
    shut = trace.stopped[trace.stopped["kind"] == "closed_gate"]
    ends = int((trace.stopped["kind"] == "boundary").sum())
    gone = trace.excluded[trace.excluded["layer"] == SOURCES]
    behind = int((gone["kind"] == "closed_gate").sum())
    text = f"情景：{trace.settings['scenario']}。"
    if len(shut):
        text += f"关闭的闸站隔断 {len(shut)} 处，其外侧 {behind} 个排污口不在清单内；"
    else:
        text += "没有关闭的闸站隔断上游；"
    return (
        f"{text}河网的源头或边界 {ends} 处。未列入的排污口共 {len(gone)} 个，各有原因。"
    )


def ranking_summary(ranking: "Ranking | None", why: str) -> list[str]:
    """Say where to look first, or why nobody can say."""
    if ranking is None:
        return [f"{why}{BY_DISTANCE}"]
    lines = [f"{ranking.headline[0]}。"]
    first = ranking.table.head(3)
    if ranking.level > 0 and len(first) > 1:
        each = "、".join(
            f"{key} {share_text(value)}"
            for key, value in zip(
                first["outfall_id"], first["probability"], strict=True
            )
        )
        total = share_text(float(first["probability"].sum()))
        lines.append(f"前 {len(first)} 位：{each}，合计 {total}。")
    if 0 < ranking.unregistered_probability < 0.5 and len(ranking.unregistered):
        lines.append(
            f"登记外来源的可能性 {share_text(ranking.unregistered_probability)}。"
        )
    if ranking.stretch_words:
        lines.append(f"{ranking.stretch_words[0]}。")
    if ranking.next_sample[0]:
        lines.append(f"{ranking.next_sample[0]}。")
    return lines


def basis_lines(
    failure: Failure,
    trace: Trace,
    ranking: "Ranking | None",
    readings: pd.DataFrame | None,
) -> list[str]:
    """List what the sheet rests on, assumes, and cannot know."""
    lines = []
    if readings is not None and len(readings):
        finest = precision_of(readings["time"])
        ends = (readings["time"].min(), readings["time"].max())
        span = " 至 ".join(dict.fromkeys(moment_text(end, finest) for end in ends))
        lines.append(
            f"监测数据：{span}，{readings['section_id'].nunique()} "
            f"个断面 {len(readings)} 个监测值；评价标准 {failure.standard}，按均值定类。"
        )
    if failure.latest is not None and cell_text(failure.latest["note"], ""):
        lines.append(f"评价说明：{failure.latest['note']}。")
    lines += [f"溯源：{text}。" for text in trace.settings["assumptions"]]
    if ranking is not None:
        lines.append(f"排序依据等级 {ranking.level}（0–5）：{ranking.level_words[0]}。")
        lines += [f"排序：{zh}。" for zh, _ in ranking.notes]
        lines.append(
            "排序表的流经时间按估算的水流推得；清单的时间范围按流速上下限推得，所以较宽。"
            "理由里的负荷是估计的日常排放，通常小于清单里的许可负荷。"
        )
    lines.append(
        "距离为沿河最短路；流经时间为按流速范围的估计；许可负荷＝许可浓度×许可排水量，"
        "不是实际排放。"
    )
    lines.append(f"河网指纹 {trace.network_hash}；河网或闸况改动后本表应重做。")
    return lines


def period_rows(failure: Failure, most: int = 24) -> list[dict[str, str]]:
    """List the periods, the newest first."""
    rows: list[dict[str, str]] = []
    words: dict[Any, str] = {True: "达标", False: "未达标"}
    for row in failure.periods.iloc[::-1].head(most).to_dict("records"):
        rows.append(
            {
                "period": str(row["period"]),
                "water_class": class_text(row["water_class"]),
                "reached": words.get(row["reached"], "未评价"),
                "exceedances": cell_text(row["exceedances"], "—"),
                "n_readings": str(row["n_readings"]),
            }
        )
    return rows
