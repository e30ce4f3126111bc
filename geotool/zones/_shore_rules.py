"""Rules of distances from the bank, and what is said of places held against them."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from geotool.errors import TableError
from geotool.tables import load_table
from geotool.zones._rules import table_number
from geotool.zones._zone_table import DATUMS

INSIDE, NEAR, CLEAR, NO_PLACE, NO_WATER, NO_BANK = range(6)
"""What a place is to the limit of a rule; a row's code in the table of findings."""


@dataclass(frozen=True)
class ShoreRule:
    """
    One shore rule: a distance from the bank, and what holds within it.

    Attributes
    ----------
    key, zh, en : str
    distance_m : float
    grade : str
        Of what lies within: ``conflict`` or ``attention``.
    rule_zh, rule_en : str
        What the rule says.
    laws : tuple of dict
    confidence : str
        Mark of the distance.
    kind : str
        Kind of the band as a layer: ``shore`` or ``survey``.
    """

    key: str
    zh: str
    en: str
    distance_m: float
    grade: str
    rule_zh: str
    rule_en: str
    laws: tuple[dict[str, Any], ...]
    confidence: str
    kind: str


def shore_rule(rule: str | float) -> ShoreRule:
    """
    Look up a shore rule, or make one of a distance of your own.

    Parameters
    ----------
    rule : str or float
        A name in ``[shores]`` of ``tables/zones.toml``, or metres from the bank.

    Raises
    ------
    TableError
        If there is no such rule, or the distance is not above 0.

    Examples
    --------
    >>> shore_rule("yangtze_chemical_1km").distance_m, shore_rule(300).zh
    (1000.0, '距岸 300 m')
    """
    if not isinstance(rule, str):
        metres = float(rule)
        if not (isfinite(metres) and metres > 0):
            raise TableError(
                f"距岸距离 {rule} 应为大于 0 的米数。",
                f"The distance {rule} must be metres above 0.",
            )
        words = f"距岸 {metres:g} m", f"{metres:g} m from the bank"
        own = "使用者指定的距离", "a distance of your own"
        return ShoreRule("own", *words, metres, "attention", *own, (), "1", "shore")
    table = load_table("zones")["shores"]
    if rule not in table:
        raise TableError(
            f"没有名为 {rule!r} 的岸线规则；现有：{'、'.join(table)}，或给出米数。",
            f"No shore rule {rule!r}; there are: {', '.join(table)}, or give metres.",
        )
    row = table[rule]
    row = {**table.get(row.get("like"), {}), **row}
    return ShoreRule(
        key=rule,
        zh=row["zh"],
        en=row["en"],
        distance_m=table_number("shores", rule, "distance_m"),
        grade=row["grade"],
        rule_zh=row["rule_zh"],
        rule_en=row["rule_en"],
        laws=tuple(row["laws"]),
        confidence=row["distance_m"]["confidence"],
        kind=row.get("kind", "shore"),
    )


def shore_reason(
    case: int,
    name: object,
    is_line: bool,  # noqa: FBT001 - one of many facts of a row
    is_assumed: bool,  # noqa: FBT001
    datum: int,
    unsure_m: float,
    *,
    rule: ShoreRule,
    is_early: bool,
) -> tuple[str, str]:
    """Say in Chinese and English what was found and why."""
    if case == NO_PLACE:
        return "没有坐标，不能判定", "no coordinates, no verdict"
    if case == NO_WATER:
        return "没有可比对的水体，不能判定", "there is no water to compare with"
    water = name if isinstance(name, str) else "最近水体"
    limit = f"{rule.distance_m:g} m"
    if case == INSIDE:
        zh = f"距{water}岸线不足 {limit}；{rule.zh}：{rule.rule_zh}"
        en = f"within {limit} of the bank of {water}; {rule.en}: {rule.rule_en}"
        if is_early:
            zh += "；判定日期早于所据法律施行，不能判定"
            en += "; the law was not in force on that day, no verdict"
    elif case == NEAR:
        zh = f"距{water}岸线约 {limit}，差值不超过坐标误差 {unsure_m:g} m，不能判定"
        en = (
            f"about {limit} from the bank of {water}, within {unsure_m:g} m, no verdict"
        )
    elif case == NO_BANK:
        zh = f"距{water}中心线推得的岸线超过 {limit}，但河宽不明，真岸线可能在 {limit} 以内，不能判定"
        en = (
            f"beyond {limit} of a bank that is guessed, the width of {water} is unknown"
        )
        en += ", no verdict"
    else:
        zh, en = f"距{water}岸线超过 {limit}", f"beyond {limit} of the bank of {water}"
    if is_line:
        guess = "无河宽，按假定值" if is_assumed else "按半河宽"
        zh += f"；只有中心线，岸线{guess}推得，实际岸线可能更近"
        en += "; only a centreline is known, the true bank may be nearer"
    if datum == DATUMS.index("unknown"):
        zh += "；坐标基准不明"
        en += "; datum unknown"
    return zh, en
