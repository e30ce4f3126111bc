"""Sentences, rows and pictures of a bulletin."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geotool.errors import GeotoolError
from geotool.quality import assess_rivers, section_alerts, summarise_sections
from geotool.quality._limits import standard_table
from geotool.quality._periods import period_before, period_place, year_before
from geotool.report._phrases import cell_text, class_text, share_text
from geotool.report._pictures import MAP_DPI, figure_picture
from geotool.report._word import Picture

_SEVERITY = {"high": "高", "medium": "中", "low": "低"}
_WORDS: dict[Any, str] = {True: "达标", False: "未达标"}
_DRAWN_PERIODS = 24


def summary_lines(
    until: pd.DataFrame, now: pd.DataFrame, name: str, failing: list[dict[str, str]]
) -> list[str]:
    table = summarise_sections(until, by=[]).set_index("period")
    row: dict[Any, Any] = dict(table.loc[name])
    counts = "、".join(
        f"{class_text(one)} {int(row[f'n_{one}'])} 个"
        for one in ("I", "II", "III", "IV", "V", "劣V")
        if row[f"n_{one}"]
    )
    lines = [
        (
            f"{name} 共 {int(row['n_sections'])} 个断面，{int(row['n_assessed'])} 个有水质类别："
            f"{counts or '无'}；优Ⅲ比例 {share_text(row['good_share'])}，劣Ⅴ比例 "
            f"{share_text(row['worst_share'])}。"
        ),
        (
            f"有目标的断面 {int(row['n_with_target'])} 个，达标 {int(row['n_reached'])} 个，"
            f"达标率 {share_text(row['reached_share'])}。"
        ),
    ]
    for find, word in ((period_before, "上期"), (year_before, "上年同期")):
        lines.append(_compared(until, now, table, find(name), word))
    if failing:
        each = "；".join(
            f"{one['name']}（{one['exceedances']}）" for one in failing[:8]
        )
        more = "等" if len(failing) > 8 else ""
        lines.append(f"未达标断面 {len(failing)} 个：{each}{more}。")
    return [text for text in lines if text]


def _compared(
    until: pd.DataFrame,
    now: pd.DataFrame,
    table: pd.DataFrame,
    place: tuple[str, int] | None,
    word: str,
) -> str:
    """Compare the share of good sections, on the sections that have a class in both."""
    other = next((one for one in table.index if period_place(one) == place), None)
    if other is None:
        return f"资料里没有{word}，未比较。"
    then = until[until["period"] == other].set_index("section_id")["water_class"]
    here = now.set_index("section_id")["water_class"]
    both = [
        key
        for key in here.index
        if key in then.index and _is_class(here[key]) and _is_class(then[key])
    ]
    if not both:
        return f"与{word}（{other}）没有可比的断面。"
    good = [sum(_is_good(one[key]) for key in both) for one in (here, then)]
    points = 100 * (good[0] - good[1]) / len(both)
    way = (
        "持平"
        if points == 0
        else f"{'上升' if points > 0 else '下降'} {abs(points):.1f} 个百分点"
    )
    return (
        f"与{word}（{other}）相比，{len(both)} 个可比断面的优Ⅲ比例由 "
        f"{share_text(good[1] / len(both))} 到 {share_text(good[0] / len(both))}，{way}。"
    )


def _is_class(name: Any) -> bool:
    return class_text(name) != "未定"


def _is_good(name: Any) -> bool:
    return name in ("I", "II", "III")


def failing_rows(now: pd.DataFrame, sections: pd.DataFrame) -> list[dict[str, str]]:
    district: Mapping[str, Any] = {}
    if "district" in sections:
        district = dict(
            zip(sections["section_id"].astype(str), sections["district"], strict=True)
        )
    missed = now[[cell is False for cell in now["reached"]]]
    return [
        {
            "id": str(row["section_id"]),
            "name": _named(row),
            "river": cell_text(row["river"]),
            "district": cell_text(district.get(str(row["section_id"]))),
            "target": class_text(row["target_class"]),
            "water_class": class_text(row["water_class"]),
            "exceedances": cell_text(row["exceedances"], "—"),
        }
        for row in missed.to_dict("records")
    ]


def _named(row: Mapping[Any, Any]) -> str:
    return cell_text(
        row.get("name"), cell_text(row.get("section_id"), "（无断面编号）")
    )


def failing_note(now: pd.DataFrame) -> str:
    open_ = sum(cell is None for cell in now["reached"])
    if open_ == len(now):
        return "没有一个断面可判是否达标（缺类别或缺目标）。"
    more = f"；另有 {open_} 个断面缺类别或缺目标，未判" if open_ else ""
    return f"有类别和目标的断面均达标{more}。"


def section_rows(now: pd.DataFrame, changes: pd.DataFrame) -> list[dict[str, str]]:
    rows = []
    for row in now.to_dict("records"):
        key = row["section_id"]
        change = changes.loc[key] if key in changes.index else None
        if isinstance(change, pd.DataFrame):
            change = change.iloc[0]
        rows.append(
            {
                "id": cell_text(key, "—"),
                "name": _named(row),
                "target": class_text(row["target_class"]),
                "water_class": class_text(row["water_class"]),
                "reached": _WORDS.get(row["reached"], "未评价"),
                "before": _change(change, "before"),
                "last_year": _change(change, "last_year"),
            }
        )
    return rows


def _change(change: pd.Series | None, which: str) -> str:
    if change is None or change[f"change_{which}"] is None:
        return "无可比"
    word = str(change[f"change_{which}"])
    if word == "无明显变化":
        return word
    return f"{word}（{class_text(change[f'class_{which}'])}）"


def river_rows(until: pd.DataFrame, name: str, standard: str) -> list[dict[str, str]]:
    graded = assess_rivers(until, standard=standard)
    return [
        {
            "river": cell_text(row["river"]),
            "n_sections": str(row["n_sections"]),
            "good_share": share_text(row["good_share"]),
            "grade": cell_text(row["grade"], "未定"),
            "pollutants": cell_text(row["main_pollutants"], "—"),
        }
        for row in graded[graded["period"] == name].to_dict("records")
    ]


def alert_rows(until: pd.DataFrame, name: str, standard: str) -> list[dict[str, str]]:
    found = section_alerts(until, period=name, standard=standard)
    return [
        {
            "severity": _SEVERITY.get(row["severity"], "—"),
            "name": _named(row),
            "message": cell_text(row["message"]),
        }
        for row in found.to_dict("records")
    ]


def period_picture(until: pd.DataFrame, name: str, which: str) -> Picture | None:
    """Draw the shares of classes, or the calendar, of the last periods; None if not."""
    from geotool.maps import plot_class_calendar, plot_class_shares

    last = sorted(until["period"].dropna().unique())[-_DRAWN_PERIODS:]
    table = until[until["period"].isin(last) & until["section_id"].notna()]
    if len(last) < 2:
        return None  # one period says no more than the table beside it
    try:
        if which == "shares":
            figure = plot_class_shares(summarise_sections(table, by=[]))
        else:
            figure = plot_class_calendar(table, title=f"断面水质类别（至 {name}）")
    except GeotoolError:  # more sections than one figure holds; the table has them
        return None
    width = min(160.0, 25.4 * float(figure.get_size_inches()[0]) * 0.75)
    return figure_picture(figure, width_mm=width, dpi=MAP_DPI)


def basis_lines(
    until: pd.DataFrame,
    now: pd.DataFrame,
    name: str,
    standard: str,
    refused: int,
    rejected: pd.DataFrame,
) -> list[str]:
    lines = [
        (
            f"评价标准 {standard_table(standard)['key']}；类别由{name}的均值定，水温、总氮、粪大肠菌群"
            "不参评；低于检出限按检出限的一半计。"
        ),
        (
            f"本期监测值 {int(now['n_readings'].sum())} 个；资料从 {until['period'].dropna().min()} "
            f"到 {name}。"
        ),
        "河流断面 5 个及以上按断面比例评价，不足 5 个按均值评价。",
    ]
    notes = now.loc[now["note"].astype(bool), ["section_id", "note"]]
    grouped = notes.groupby("note", sort=False)["section_id"].apply(
        lambda ids: "、".join(cell_text(one, "无编号") for one in ids)
    )
    lines += [f"{ids}：{note}。" for note, ids in grouped.items()]
    if refused:
        lines.append(
            f"监测数据有 {refused} 条没有采用，如：{rejected['reason'].iloc[0]}。"
        )
    return lines
