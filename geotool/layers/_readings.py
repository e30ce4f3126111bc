"""Readings as a layer: rules of their own, and notes on what they have no place for."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geotool._items import item_table, split_header, taken_by_mass
from geotool._marks import UNREADABLE, parse_time, parse_value
from geotool._months import YEAR_HEADERS, period_columns
from geotool._notes import note, notes_table
from geotool._periods import UNITS, read_period
from geotool._reading_cells import Cell, beyond, split_cell
from geotool._register import by_register, section_headers
from geotool._sections import one_spelling, section_groups
from geotool._texts import number_text
from geotool.errors import LayerError
from geotool.io import RawTable, noted_cells
from geotool.layers._inputs import PROPOSAL_COLUMNS, note_lines
from geotool.layers._result import LayerImport
from geotool.readings import tidy_readings
from geotool.schema import SERIAL, LayerKind, align_names, fold_name
from geotool.tables import load_table

_WIDE_KEYS = frozenset(("section_id", "time", "method"))
"""Columns that are read beside one column an item."""

_MADE_AGAIN = frozenset(("value_mg_l", "detected"))
"""Columns of a table of ours that are made again of the others."""


def readings_layer(
    raw: RawTable,
    kind: LayerKind,
    columns: Mapping[str, str] | None,
    year: int | None,
    *,
    sections: pd.DataFrame | None = None,
) -> LayerImport:
    """Read readings, which have rules of their own in geotool.readings."""
    cells, from_title = noted_cells(raw, year=year)
    names = dict(columns or {})
    unknown = [h for h in names if h not in cells.columns]
    if unknown or not set(names.values()) <= set(kind.columns):
        bad = "、".join([*unknown, *(set(names.values()) - set(kind.columns))])
        raise LayerError(
            f"指定的列对应不成立：{bad}；现有列：{'、'.join(map(str, cells.columns))}。",
            f"Cannot map {bad}; there are: {', '.join(map(str, cells.columns))}.",
        )
    named = cells.rename(columns=names)
    listed, by_list = by_register(named, sections)
    tidy, rejected = tidy_readings(listed, year=year)
    faulty = rejected["row"].dropna().astype(int).tolist()
    source: dict[str, Any] = {
        "kind": kind.kind,
        "kind_zh": kind.zh,
        **raw.source,
        "rows_read": len(tidy) + len(rejected),
        "source_rows": len(raw.cells),
        "rows_accepted": len(tidy),
        "rows_rejected": len(rejected),
        "year": year,
    }
    beside = section_groups([*map(str, named.columns)])
    alone = named.drop(columns=[name for names in beside.values() for name in names])
    lines = [
        *note_lines(raw.notes),
        *from_title,
        *(_beside_note(beside) if beside else _two_of_one_name(named, tidy)),
        *_long_times(named, year),
        *_spelled_alike(named),
        *by_list,
        *_two_ways(named, sections),
        *_left_out(alone, rejected),
        *_parted(named, _unused(alone), rejected),
        *_by_mass(tidy),
        *_doubtful(tidy),
    ]
    if year is not None:
        zh = f"没有年份的监测时间按 {year} 年读"
        lines.append(note(zh, f"Times without a year are taken for {year}"))
    return LayerImport(
        tidy,
        rejected,
        notes_table(lines),
        source,
        pd.DataFrame(columns=list(PROPOSAL_COLUMNS)),
        cells.loc[cells.index.isin(faulty)],
        [
            (int(row), str(column))
            for row, column in zip(rejected["row"], rejected["column"], strict=True)
            if pd.notna(row)
        ],
    )


def _beside_note(groups: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say that the sections stand in the upper header."""
    names = "、".join(groups)
    zh = f"各断面并列：断面名取自上一行表头（{names}）"
    en = f"Sections side by side: their names are those of the upper header ({names})"
    return [note(zh, en)]


def _long_times(cells: pd.DataFrame, year: int | None) -> list[dict[str, Any]]:
    """Say of times longer than a month, and of ten days, which day they stand for."""
    names = align_names(map(str, cells.columns), "readings").items()
    header = next((name for name, key in names if key == "time"), None)
    if header is None:
        return []
    texts = cells[header][cells[header].map(lambda cell: type(cell) is str)]
    long = texts.astype(str).str.contains("[旬季半qQhH]")
    texts = texts[long]  # the others are a month at most
    units = texts.map(
        {
            text: period.unit
            for text in texts.unique()
            if (period := read_period(text)) and not parse_time(text, year=year)[1]
        }
    )
    lines = []
    for unit, many in units.value_counts().items():
        zh, _, en, rough, rough_en = UNITS[str(unit)]
        if rough:
            said = f"{many} 个监测时间只写到{zh}{rough}"
            lines.append(
                note(said, f"{many} times are a {en}{rough_en}", column=header)
            )
    return lines


def _spelled_alike(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Note names that were written in two ways, as 东桥（上） and 东桥(上)."""
    header = {k: n for n, k in align_names(cells.columns, "readings").items()}
    if "section_id" not in header:
        return []
    column = header["section_id"]
    names = pd.Series([n for n in cells[column].unique() if isinstance(n, str)])
    names = names.str.split().str.join(" ").drop_duplicates()
    taken = one_spelling(names)
    zh, en = (
        "同一断面的两种写法，按先出现的读",
        "Two spellings of one section: the first",
    )
    return [
        note(zh, en, column=column, before=old, after=new)
        for old, new in zip(names, taken, strict=True)
        if old != new
    ]


def _two_ways(
    cells: pd.DataFrame, sections: pd.DataFrame | None
) -> list[dict[str, Any]]:
    """Say by which of code and name sections are known, and where these disagree."""
    names = [name for name in cells.columns if fold_name(name) in section_headers()]
    used = next(
        (n for n, k in align_names(names, "readings").items() if k == "section_id"), ""
    )
    lines = []
    for other in (name for name in names if name != used):
        zh = f"断面按“{used}”认；“{other}”没有带入"
        en = f"Sections are known by {used}; {other} is not taken along"
        if sections is not None:
            zh = (
                f"断面按“{used}”和“{other}”在断面名录里找，编号先于名称；另一列没有带入"
            )
            en = f"Sections are looked up by {used} and {other}, codes before names"
        lines.append(note(zh, en, column=other))
        pairs = cells[[used, other]].dropna().map(number_text)
        pairs = pairs.apply(lambda texts: texts.str.strip()).drop_duplicates()
        for one, two in ((used, other), (other, used)):
            twice = pairs[pairs.duplicated(one, keep=False)].groupby(one, sort=False)
            lines += [_disagree(one, two, key, rows) for key, rows in twice]
    return lines


def _disagree(one: str, two: str, key: Any, rows: pd.DataFrame) -> dict[str, Any]:
    said = "、".join(rows[two])
    zh = f"“{one}”同为 {key}，“{two}”却有 {said}：是不是同一断面，不猜；请核对"
    en = f"{key} in {one} has several in {two}: {said}; not guessed, check them"
    return note(zh, en, row=rows.index[-1], column=two, before=said)


_NO_VALUES = frozenset(("section_id", "time", "item", "unit", "flag", "method"))
"""Columns of readings that hold no values."""


def _parted(
    cells: pd.DataFrame, unused: list[str], rejected: pd.DataFrame
) -> list[dict[str, Any]]:
    """Note the cells with a unit or a remark behind the value."""
    keys = align_names(map(str, cells.columns), "readings")
    no_values = {*unused, *_MADE_AGAIN}
    no_values |= {name for name, key in keys.items() if key in _NO_VALUES}
    bad = {*zip(rejected["row"], rejected["column"], strict=True)}
    lines = []
    for name in (name for name in cells.columns if name not in no_values):
        texts = [text for text in cells[name].unique() if type(text) is str]
        odd = [text for text in texts if parse_value(text)[2] == UNREADABLE]
        read = {text: part for text in odd if (part := split_cell(text)) is not None}
        for row, text in cells[name][cells[name].isin([*read])].items():
            if (row, name) not in bad:
                lines.append(_parted_note(read[text], text, row, name))
    return lines


def _parted_note(cell: Cell, text: str, row: Any, column: str) -> dict[str, Any]:
    if cell.power:
        zh, en = f"“{cell.power}”乘入数值", f"{cell.power} was multiplied out"
    elif cell.unit:
        zh = f"数字后带单位 {cell.unit}，按它换算为该项目的单位"
        en = f"The unit {cell.unit} behind the number was taken"
    else:
        zh, en = (
            "取数字；附注没有带入",
            "The number is taken, the remark kept only here",
        )
    after = " ".join(part for part in (cell.value, cell.unit) if part)
    return note(zh, en, row=row, column=column, before=text, after=after)


def _by_mass(tidy: pd.DataFrame) -> list[dict[str, Any]]:
    """Say of values in ppm what they were taken for."""
    lines = []
    for pair, rows in tidy.groupby(["unit", "item"], sort=False):
        unit, key = map(str, pair)
        if taken := taken_by_mass(unit, key):
            zh = f"{len(rows)} 个值的单位 {unit} 按 {taken} 读（一升水按 1 kg 计）"
            en = f"{len(rows)} values in {unit} are taken as {taken}, a litre as 1 kg"
            lines.append(note(zh, en, column=item_table()[key].zh))
    return lines


def _doubtful(tidy: pd.DataFrame) -> list[dict[str, Any]]:
    """Note values that are possible and seldom true, once an item."""
    values = tidy["value_mg_l"].to_numpy(float)
    odd = tidy[beyond(values, tidy["item"], usual=True)]
    lines = []
    for key, some in odd.groupby("item", sort=False):
        item = item_table()[str(key)]
        low, high = load_table("pollutants")["ranges"][key]["usual"]
        first = some.iloc[0]
        which = f"{first['section_id']} {first['time']:%Y-%m-%d} {first['value']}"
        zh = f"{item.zh} {len(some)} 个值可疑（一般 {low:g}～{high:g} {item.unit}），已保留；如 {which}"
        en = f"{len(some)} values of {key} are doubtful (usually {low:g} to {high:g}); kept"
        lines.append(note(zh, en, column=item.zh, before=first["value"]))
    return lines


_REMARK_HEADERS = frozenset(
    map(
        fold_name,
        ("备注", "说明", "附注", "情况说明", "异常说明", "note", "remark", "comments"),
    )
)
"""Columns whose every cell may matter to the reading beside it."""


def _left_out(cells: pd.DataFrame, rejected: pd.DataFrame) -> list[dict[str, Any]]:
    """Note the columns that readings have no place for; of remarks, each one."""
    lines = []
    whole = set(rejected.loc[rejected["row"].isna(), "column"])
    for name in _unused(cells):
        said = cells[name].dropna()
        if said.empty or name in whole or fold_name(name) in section_headers():
            continue
        zh = f"“{name}”列不是监测值，没有带入（{len(said)} 格有内容）"
        en = f"Column {name} holds no readings and is left out ({len(said)} cells)"
        lines.append(note(zh, en, column=name))
        if fold_name(name) in _REMARK_HEADERS:
            lines += _remarks(said, name)
    return lines


def _remarks(said: pd.Series, name: str) -> list[dict[str, Any]]:
    """Note what remarks say, each text once with the row it first stands in."""
    lines = []
    for text, rows in said.groupby(said.astype(str), sort=False):
        again, again_en = (f"（共 {len(rows)} 行）", f" ({len(rows)} rows)")
        zh = "备注没有带入监测数据，原文在此" + again * (len(rows) > 1)
        en = "The remark is kept only here" + again_en * (len(rows) > 1)
        row = rows.index.tolist()[0]
        lines.append(note(zh, en, row=row, column=name, before=text))
    return lines


def _unused(cells: pd.DataFrame) -> list[str]:
    """List the columns of which no reading is made."""
    names = list(map(str, cells.columns))
    keys = align_names(names, "readings")
    if "item" in keys.values():
        used = set(keys)
    else:  # one column an item
        used = {name for name, key in keys.items() if key in _WIDE_KEYS}
        used |= {name for name in names if name not in keys and split_header(name)[0]}
    used |= {name for name in names if fold_name(name) in SERIAL}
    periods = period_columns(names)
    used |= {*periods}
    if periods:
        used |= {name for name in names if fold_name(name) in YEAR_HEADERS}
    return [name for name in names if name not in used and name not in _MADE_AGAIN]


_PLACE_HEADERS = frozenset(
    map(fold_name, ("省份", "省", "城市", "地市", "流域", "水体", "所在水体", "河流"))
)
"""Columns beside readings that are the same for all readings of one section."""


def _two_of_one_name(cells: pd.DataFrame, tidy: pd.DataFrame) -> list[dict[str, Any]]:
    """Note sections that may be two: two provinces, or two values at one time."""
    keys = ["section_id", "time", "item"]
    again = tidy[tidy.duplicated(keys, keep=False)]
    differ = again.groupby(keys)["value_mg_l"].transform("nunique") > 1
    names = set(again.loc[differ, "section_id"])
    header = {k: n for n, k in align_names(cells.columns, "readings").items()}
    for column in cells.columns:
        if fold_name(column) in _PLACE_HEADERS:
            places = cells.groupby(header["section_id"])[column].nunique()
            names |= set(map(str, places.index[places > 1]))
    if not names:
        return []
    shown = "、".join(sorted(names)[:5])
    zh = f"{len(names)} 个断面名（如 {shown}）或许是不同断面同名：省份、水体或同一时间的值不同"
    en = (
        f"{len(names)} names ({shown}) may each be two sections: another province or "
        "water body, or two values at one time"
    )
    return [note(zh, en, column=str(header["section_id"]))]
