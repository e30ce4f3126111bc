"""Which section a reading is of, as workbooks name it."""

import unicodedata
from collections.abc import Sequence

import pandas as pd

from geotool._items import split_header
from geotool.schema import align_names


def section_groups(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """
    Find stations that stand side by side: 东桥 / 氨氮, 东桥 / 总磷, 西桥 / 氨氮.

    Returns
    -------
    dict
        Station → header → item below it. Empty unless there are two stations or more, and no
        column names the section.

    Examples
    --------
    >>> section_groups(["日期", "东桥 / 氨氮", "西桥 / 氨氮"])
    {'东桥': {'东桥 / 氨氮': '氨氮'}, '西桥': {'西桥 / 氨氮': '氨氮'}}
    """
    lower = [name.rpartition(" / ")[2] for name in names]
    if {"section_id", "item"} & {*align_names(lower, "readings").values()}:
        return {}
    groups: dict[str, dict[str, str]] = {}
    for name in names:
        station, _, item = name.rpartition(" / ")
        if station and split_header(item)[0] and not split_header(station)[0]:
            groups.setdefault(station, {})[name] = item
    return groups if len(groups) > 1 else {}


def one_spelling(names: pd.Series) -> pd.Series:
    """
    Write names that differ only in full-width letters, brackets or spaces alike.

    The spelling that comes first is taken: two would be two sections.

    Examples
    --------
    >>> one_spelling(pd.Series(["东桥（上）", "东桥(上)", "西桥"])).tolist()
    ['东桥（上）', '东桥（上）', '西桥']
    """
    first: dict[str, str] = {}
    spelled = {
        name: first.setdefault(
            "".join(unicodedata.normalize("NFKC", name).split()), name
        )
        for name in names.unique().tolist()
    }
    return names.map(spelled)
