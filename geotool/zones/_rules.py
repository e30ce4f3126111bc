"""Dimensions of protection zones, read from ``tables/zones.toml`` or a mapping.

A rule gives, for each kind of water source, how far each level reaches. Steps in
the table count from the level before; here they are summed to cumulative extents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from geotool.errors import TableError
from geotool.tables import load_table

LEVELS = ("1", "2", "3")
"""一级, 二级, 准; the protection zone of the law is the first two."""

_TRUST = {"M": 0, "1": 1, "V": 2}
_LENGTHS = ("up_m", "down_m", "land_m", "radius_m")


@dataclass(frozen=True)
class Extent:
    """
    How far one level reaches, counted from the intake (cumulative), in metres.

    Attributes
    ----------
    level : str
        One of :data:`LEVELS`.
    up_m, down_m : float
        River distances from the intake; 0 for circles.
    land_m : float
        Land depth from the bank.
    radius_m : float
        Radius round the intake; 0 for river stretches.
    confidence : str
        The weakest mark among the numbers used: ``V``, ``1`` or ``M``.
    """

    level: str
    up_m: float
    down_m: float
    land_m: float
    radius_m: float
    confidence: str


@dataclass(frozen=True)
class KindRule:
    """
    What a rule says of one kind of water source.

    Attributes
    ----------
    shape : str
        ``river`` (along the network) or ``radius`` (circle round the intake).
    extents : tuple of Extent
        Innermost first; empty when the variant is needed and not known.
    assumed_width_m : float
        River width where the layer gives none.
    far_bank_m : float or None
        Water counts this far from the intake towards the other bank; None for all.
    variant : str
        Which variant was taken, empty when the kind has none.
    notes : tuple of (zh, en)
        What the table adds, such as an extent it cannot give.
    """

    shape: str
    extents: tuple[Extent, ...]
    assumed_width_m: float
    far_bank_m: float | None
    variant: str
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ZoneRule:
    """
    One rule, such as ``jiangsu``.

    Attributes
    ----------
    key, zh, en : str
    default_kind : str
        What a water source without a kind is taken for.
    left_out : tuple of (zh, en)
        What the rule says that is not computed.
    kinds : mapping
        As in the table.
    """

    key: str
    zh: str
    en: str
    default_kind: str
    left_out: tuple[tuple[str, str], ...]
    kinds: Mapping[str, Any]

    def variant_column(self, kind: str) -> str:
        """Name the column that chooses a variant; empty when there is none."""
        return str(self._entry(kind).get("variant_column", ""))

    def _entry(self, kind: str) -> dict[str, Any]:
        """Give the table's words on a kind, with ``like`` resolved once."""
        if kind not in self.kinds:
            raise TableError(
                f"规则 {self.key} 没有水源类型 {kind!r}；有：{'、'.join(self.kinds)}。",
                f"Rule {self.key} has no kind {kind!r}; it has "
                f"{', '.join(self.kinds)}.",
            )
        entry = dict(self.kinds[kind])
        like = entry.pop("like", None)
        if like is None:
            return entry
        if "like" in self.kinds.get(like, {"like": ""}):
            raise TableError(
                f"规则 {self.key} 中 {kind} 的 like={like!r} 应指向一个写全的类型。",
                f"Rule {self.key}: like={like!r} of {kind} must name a kind that is "
                "written out.",
            )
        return {**self.kinds[like], **entry}

    def kind_rule(self, kind: str, variant: str = "") -> KindRule:
        """
        Look up one kind of water source.

        Parameters
        ----------
        kind : str
        variant : str
            Value of :meth:`variant_column`; empty or unknown takes the default.

        Raises
        ------
        TableError
            If the rule has no such kind or a number in it is not a length.
        """
        where = f"{self.key}.{kind}"
        entry = self._entry(kind)
        notes = [_text(entry["note"], where)] if "note" in entry else []
        levels, taken = entry.get("levels", {}), ""
        if "variants" in entry:
            taken, levels, more = _choose_variant(entry, variant)
            notes += more
        width = entry.get("assumed_width_m", 0)
        far = entry.get("far_bank_m")
        return KindRule(
            shape=_shape(entry, where),
            extents=_cumulate(levels, where),
            assumed_width_m=_number(width, f"{where}.assumed_width_m")[0],
            far_bank_m=None if far is None else _number(far, f"{where}.far_bank_m")[0],
            variant=taken,
            notes=tuple(notes),
        )


def zone_rule(rule: str | Mapping[str, Any]) -> ZoneRule:
    """
    Read a rule by its name in the table, or from a mapping of the same form.

    Parameters
    ----------
    rule : str or mapping
        ``"jiangsu"``, ``"hj338"``, or what a TOML file of your own gives.

    Raises
    ------
    TableError
        If there is no such rule, or the mapping lacks ``kinds``.

    Examples
    --------
    >>> river = zone_rule("jiangsu").kind_rule("river")
    >>> [(extent.up_m, extent.down_m) for extent in river.extents]
    [(1000.0, 500.0), (3000.0, 1000.0), (5000.0, 2000.0)]
    """
    if isinstance(rule, str):
        rules = load_table("zones")["rules"]
        if rule not in rules:
            raise TableError(
                f"没有名为 {rule!r} 的划区规则；现有：{'、'.join(rules)}。",
                f"No zone rule {rule!r}; there are: {', '.join(rules)}.",
            )
        key, table = rule, rules[rule]
    else:
        key, table = str(rule.get("key", "custom")), rule
    if not isinstance(table.get("kinds"), Mapping) or not table["kinds"]:
        raise TableError(
            f"划区规则 {key} 缺少 kinds 表；格式见 tables/zones.toml 的 [rules.jiangsu]。",
            f"Zone rule {key} lacks its kinds; see [rules.jiangsu] in "
            "tables/zones.toml for the form.",
        )
    return ZoneRule(
        key=key,
        zh=str(table.get("zh", key)),
        en=str(table.get("en", key)),
        default_kind=str(table.get("default_kind", "river")),
        left_out=tuple(_text(item, f"{key}.left_out") for item in _left_out(table)),
        kinds=table["kinds"],
    )


def table_number(*path: str) -> float:
    """
    Look up one number of ``tables/zones.toml``.

    Examples
    --------
    >>> table_number("screening", "unknown_datum_m")
    600.0
    """
    entry: Any = load_table("zones")
    for step in path:
        entry = entry[step]
    return _number(entry, ".".join(path))[0]


def level_words(level: str | None) -> tuple[str, str]:
    """
    Name a level in Chinese and English.

    Examples
    --------
    >>> level_words("3")[0], level_words(None)[1]
    ('准', 'level unknown')
    """
    if level is None:
        return "级别不明", "level unknown"
    words = load_table("zones")["levels"][level]
    return words["zh"], words["en"]


def weakest(*marks: str) -> str:
    """
    Give the least trusted of some confidence marks.

    Examples
    --------
    >>> weakest("V", "M", "1")
    'M'
    """
    return min(marks, key=lambda mark: _TRUST[mark])


def _left_out(table: Mapping[str, Any]) -> list[Any]:
    return list(table.get("left_out", []))


def _text(entry: Any, where: str) -> tuple[str, str]:
    """Give a note as (zh, en); a plain text serves for both."""
    if isinstance(entry, str):
        return entry, entry
    if isinstance(entry, Mapping) and "zh" in entry:
        return str(entry["zh"]), str(entry.get("en", entry["zh"]))
    raise TableError(
        f"规则 {where} 的说明应为文字或 {{ zh, en }}，得到 {entry!r}。",
        f"The note of {where} must be text or {{ zh, en }}, got {entry!r}.",
    )


def _shape(entry: Mapping[str, Any], where: str) -> str:
    shape = entry.get("shape")
    if shape not in ("river", "radius"):
        raise TableError(
            f"规则 {where} 的 shape 为 {shape!r}；应为 river 或 radius。",
            f"Rule {where}: shape is {shape!r}; it must be river or radius.",
        )
    return str(shape)


def _choose_variant(
    entry: Mapping[str, Any], variant: str
) -> tuple[str, Mapping[str, Any], list[tuple[str, str]]]:
    """Pick the variant asked for or the default; say which where it was not given."""
    column, variants = entry.get("variant_column", ""), entry["variants"]
    choices = "、".join(variants)
    got = f"为 {variant!r}" if variant else "未填"
    got_en = f"is {variant!r}" if variant else "is not given"
    notes = []
    if variant not in variants:
        taken = entry.get("default_variant", "")
        if not taken:
            zh = f"{column} {got}（可填：{choices}），无缺省值，未计算"
            en = f"{column} {got_en} (one of {choices}), no default, not computed"
            return "", {}, [(zh, en)]
        notes.append(
            (
                f"{column} {got}（可填：{choices}），按 {taken} 取值",
                f"{column} {got_en} (one of {choices}); {taken} is used",
            )
        )
        variant = taken
    chosen = variants[variant]
    if "note" in chosen:
        notes.append(_text(chosen["note"], variant))
    return variant, chosen.get("levels", {}), notes


def _cumulate(levels: Mapping[str, Any], where: str) -> tuple[Extent, ...]:
    """Sum the steps of the levels; land depth is never less than the level before."""
    unknown = [str(level) for level in levels if str(level) not in LEVELS]
    if unknown:
        raise TableError(
            f"规则 {where} 有不认识的级别 {'、'.join(unknown)}；可用 1、2、3。",
            f"Rule {where} has unknown levels {', '.join(unknown)}; use 1, 2, 3.",
        )
    total = dict.fromkeys(_LENGTHS, 0.0)
    trust, extents = "V", []
    for level, row in sorted(levels.items()):
        for name in _LENGTHS:
            if name in row:
                number, mark = _number(row[name], f"{where}.{level}.{name}")
                trust = weakest(trust, mark)
                whole = total[name] + number
                total[name] = max(total[name], number) if name == "land_m" else whole
        extents.append(Extent(level=str(level), confidence=trust, **total))
    return tuple(extents)


def _number(entry: Any, where: str) -> tuple[float, str]:
    """Give (value, confidence); a bare number is the user's own and counts as 1."""
    value, mark = entry, "1"
    if isinstance(entry, Mapping):
        value, mark = entry.get("value"), str(entry.get("confidence", "1"))
    number = (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and isfinite(value)
        and value >= 0
    )
    if not number or mark not in _TRUST:
        raise TableError(
            f"规则数值 {where} 应为不小于 0 的米数（可信度 V、1、M），得到 {entry!r}。",
            f"{where} must be metres, not below 0 (confidence V, 1 or M), "
            f"got {entry!r}.",
        )
    return float(value), mark
