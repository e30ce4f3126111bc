"""What is to be said of each row of an assessment: why no class, what is doubtful."""

from typing import Any

import pandas as pd

from geotool.quality._doubts import Notes

Pair = tuple[str, str]


def remarks(
    result: pd.DataFrame,
    sections: pd.DataFrame,
    problems: pd.DataFrame,
    doubts: Notes,
    rule: dict[str, Any],
) -> tuple[list[str], list[str]]:
    """
    Write the notes of every row.

    Parameters
    ----------
    result : DataFrame
        Rows of an assessment, indexed by section and period.
    sections : DataFrame
        As :class:`geotool.quality._inputs.Inputs` has them.
    problems : DataFrame
        Readings that could not be used, with their period.
    doubts : dict
        Of :class:`geotool.quality._means.Means`.
    rule : dict
        What the period asks for.

    Returns
    -------
    note, note_en : list of str
    """
    lost = _problem_texts(problems)
    of_register = {
        section: _register_notes(dict(zip(sections.columns, facts, strict=True)))
        for section, *facts in sections.itertuples()
    }
    zh, en = [], []
    columns = (
        "n_readings",
        "n_months",
        "water_class",
        "apart",
        "other_class",
        "rounding",
    )
    rows = zip(result.index, *(result[name].tolist() for name in columns), strict=True)
    for (section, period), *facts in rows:
        row = dict(zip(columns, facts, strict=True))
        listed = section in of_register
        notes = _row_notes(row, section, rule, listed=listed)
        if listed and row["n_readings"]:
            notes[1:1] = of_register[section]
        notes += doubts.get((section, period), [])
        notes += lost.get((section, period), [])
        if period and listed:
            notes += lost.get((section, ""), [])
        zh.append("；".join(note for note, _ in notes if note))
        en.append("; ".join(note for _, note in notes if note))
    return zh, en


def _row_notes(
    row: dict[str, Any], section: str, rule: dict[str, Any], *, listed: bool
) -> list[Pair]:
    notes = [_why_no_class(row, section, listed=listed)]
    if not listed or not row["n_readings"]:
        return notes
    for column, zh, en in (
        ("months", "个月数据", "months of data"),
        ("readings", "个监测值", "readings"),
    ):
        least = rule.get(f"min_{column}", 0)
        if 0 < row[f"n_{column}"] < least:
            notes.append(
                (
                    f"只有{row[f'n_{column}']}{zh}，应不少于{least}{zh[:2]}",
                    f"{row[f'n_{column}']} {en}, {least} are needed",
                )
            )
    if row["apart"]:
        notes.append((f"单独评价：{row['apart']}", f"judged apart: {row['apart']}"))
    if row["other_class"] and row["rounding"] == "none":
        zh, en = "按评价小数位修约后为", "if means are rounded first"
    else:
        zh, en = "不修约则为", "if means are not rounded"
    if row["other_class"]:
        notes.append(
            (f"{zh}{row['other_class']}类", f"class {row['other_class']} {en}")
        )
    return notes


def _why_no_class(row: dict[str, Any], section: str, *, listed: bool) -> Pair:
    if section == "":
        return "读数未用", "readings not used"
    if not listed:
        return (
            "断面不在断面名录中，水体类型与目标未知，未定类",
            "section not in the list: kind of water and target unknown, no class",
        )
    if row["n_readings"] == 0:
        return "本期没有可用的监测数据", "no usable reading in this period"
    if row["water_class"] is None:
        return "没有参与定类的项目", "no item that counts for the class"
    return "", ""


def _register_notes(facts: dict[str, Any]) -> list[Pair]:
    notes = []
    if not facts["water_type"]:
        written = facts["water_type_as_written"] or "未填"
        notes.append(
            (
                f"水体类型{written}，按河流评价",
                f"kind of water {written}: judged as a river",
            )
        )
    if not facts["target_class"]:
        written = facts["target_class_as_written"] or "未填"
        notes.append(
            (f"水质目标{written}，未判达标", f"target {written}: compliance not judged")
        )
    if facts["target_note"]:
        notes.append(
            (
                f"附加目标未评价：{facts['target_note']}",
                f"further target not judged: {facts['target_note']}",
            )
        )
    return notes


def _problem_texts(problems: pd.DataFrame) -> dict[tuple[str, str], list[Pair]]:
    """Count equal problems of a section and period."""
    counts = problems.groupby(["section_id", "period", "zh", "en"]).size()
    texts: dict[tuple[str, str], list[Pair]] = {}
    for *where, zh, en, count in counts.reset_index().itertuples(index=False):
        texts.setdefault((where[0], where[1]), []).append(
            (f"{count}条读数未用（{zh}）", f"{count} reading(s) not used ({en})")
        )
    return texts
