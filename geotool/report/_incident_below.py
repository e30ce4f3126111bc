"""What the page of an alert says of the water below, and of what is left."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from geotool.attribution._problem import Words
from geotool.report._blocks import Block, same_words
from geotool.schema import layer_kind, layer_kinds

if TYPE_CHECKING:
    from geotool.report._incident_result import IncidentAlert

WARNED_ROWS = 8
"""Rows of the table of who lies below; the workbook has all."""

_LAYER_EN = {
    "water_sources": "intake",
    "sections": "section",
    "structures": "gate",
    "borders": "border",
    "boundary": "outlet:",
    "closed_gate": "gate:",
}


def below_blocks(alert: "IncidentAlert") -> list[Block]:
    """Say who must act downstream, and by when."""
    title = ("三、下游谁要动手", "3 Who must act downstream")
    if not alert.downstream:
        return []
    every = below_table(alert)
    if not len(every):
        nobody = (
            "下游没有登记的取水口、断面或交界",
            "no intake, section or border is registered downstream",
        )
        return [Block("head", title), Block("text", nobody)]
    # no intake is ever left out
    intakes = every["layer"] == "water_sources"
    room = max(WARNED_ROWS - int(intakes.sum()), 0)
    kept = every[intakes | every.index.isin(every.index[~intakes][:room])]
    header = (
        ("最迟", "by"),
        ("措施", "action"),
        ("对象", "who"),
        ("自断面", "from"),
        ("沿河", "by water"),
        ("首达", "first arrival"),
    )
    rows = tuple(_below_row(alert, row) for row in kept.to_dict("records"))
    text: Words = (
        "按断面开始超标的时刻和最快的水推算，未计稀释降解",
        "from when the section began to exceed, by the fastest water, undiluted",
    )
    if any(alert.precision(key) != "minute" for key in kept["section_id"]):
        text = (
            f"{text[0]}；读数只到日或月的断面，时刻也只写到日或月",
            f"{text[1]}; where readings are daily or monthly, to the day or month only",
        )
    more = len(every) - len(kept)
    if more > 0:
        text = (
            f"{text[0]}；另有 {more} 处见工作簿",
            f"{text[1]}; {more} more not shown",
        )
    widths = (0.24, 0.22, 0.26, 0.08, 0.08, 0.12)
    table = Block("table", title, header=header, rows=rows, widths=widths)
    return [table, Block("small", text)]


def below_table(alert: "IncidentAlert") -> pd.DataFrame:
    """Whoever must act below any of the sections, each once: by the soonest water."""
    parts = [
        table[table["action"].astype(bool)].assign(section_id=key)
        for key, table in alert.downstream.items()
    ]
    every = pd.concat(parts, ignore_index=True).sort_values("act_by", kind="stable")
    once = every.drop_duplicates(["layer", "id"])
    # a section that exceeds already needs no alert
    known = (once["layer"] == "sections") & once["id"].isin(
        alert.exceeding["section_id"]
    )
    return once[~known].reset_index(drop=True)


def _below_row(alert: "IncidentAlert", row: dict[Any, Any]) -> tuple[Words, ...]:
    when = alert.when(row["act_by"], row["section_id"])
    layer = str(row["layer"])
    kind = layer_kind(layer).zh if layer in layer_kinds() else ""
    name = same_words(row["name"])[0] or str(row["id"])
    late = (f"立即（{when} 已过）", f"now ({when} has passed)")
    return (
        late if row["act_by"] <= alert.as_of else same_words(when),
        (row["action"], row["action_en"]),
        (f"{kind} {name}".strip(), f"{_LAYER_EN.get(layer, layer)} {name}"),
        same_words(row["section_id"]),
        same_words(f"{row['distance_m'] / 1000:.1f} km"),
        same_words(alert.when(row["first_arrival"], row["section_id"])),
    )


# ---------------------------------------------------------------- what is left
def left_blocks(alert: "IncidentAlert") -> list[Block]:
    """Say what met its target, what could not be judged and what was not used."""
    notes = dict.fromkeys(n for one in alert.rankings.values() for n in one.notes)
    lines: list[Words] = []
    if notes:
        zh, en = "；".join(zh for zh, _ in notes), "; ".join(en for _, en in notes)
        lines.append((f"排序的依据：{zh}", f"what the ranking rests on: {en}"))
    if len(alert.met):
        names = "、".join(alert.met["section_id"])
        lines.append((f"最近读数达标：{names}", f"targets met: {names}"))
    for row in alert.ended.head(4).to_dict("records"):
        who = row["section_id"]
        first, last, good = (
            alert.when(row[k], who) for k in ("since", "last", "over_since")
        )
        more = ("", "") if first == last else (f" 至 {last}", f" to {last}")
        lines.append(
            (
                f"{who} {row['item_name']} {first}{more[0]} 曾超标，{good} 起已恢复",
                f"{who} {row['item']} exceeded {first}{more[1]}, good since {good}",
            )
        )
    rest = len(alert.ended) - 4
    if rest > 0:
        lines.append((f"另有 {rest} 项曾超标已恢复", f"{rest} more have ended"))
    if len(alert.ended):
        lines.append(
            (
                "已恢复的要溯源，把截止时间（until）设在超标期间再算一次",
                "to trace what has ended, look again with until set to that time",
            )
        )
    for why, rows in alert.unjudged.groupby(["note", "note_en"], sort=False):
        who = "、".join(map(str, rows["section_id"].dropna()))
        lines.append((f"{why[0]}：{who}" if who else str(why[0]), f"{why[1]}: {who}"))
    lines += [(f"读数：{zh}", f"readings: {en}") for zh, en in alert.taken]
    if len(alert.unused):
        counts = alert.unused["reason"].value_counts()
        english = dict(
            zip(alert.unused["reason"], alert.unused["reason_en"], strict=True)
        )
        told = [f"{reason} {count} 个" for reason, count in counts.items()]
        told_en = [f"{english[reason]}: {count}" for reason, count in counts.items()]
        lines.append(
            (
                f"未能读入的单元格：{'；'.join(told)}",
                f"cells not read: {'; '.join(told_en)}",
            )
        )
    if "water_sources" not in alert.settings["layers"] and len(alert.exceeding):
        lines.append(
            (
                "没有水源地图层，下游取水口未查",
                "there is no layer of water sources: intakes below were not looked for",
            )
        )
    if not lines:
        return []
    return [
        Block("head", ("四、其余情况", "4 What else")),
        Block("list", lines=tuple(lines)),
    ]
