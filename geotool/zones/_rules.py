"""Dimensions of protection zones, read from ``tables/zones.toml`` or a mapping.

A rule gives, for each kind of water source, how far each level reaches. Steps in
the table count from the level before; here they are summed to cumulative extents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

from geotool.errors import TableError
from geotool.io import read_mapping
from geotool.tables import load_table
from geotool.zones._rule_parts import (
    Extent,
    choose_variant,
    cumulate,
    dyke_role,
    note_text,
    number_of,
    shape_of,
    size_variant,
)

MARKS = ("M", "1", "V")
"""Marks of confidence, the least trusted first."""

LEVELS = ("1", "2", "3")
"""一级, 二级, 准; the protection zone of the law is the first two."""


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
    dyke : str
        ``toe``: land counts from the landward toe of the dyke; ``limit``: land ends
        at the dyke; empty when the rule says nothing of dykes.
    notes : tuple of (zh, en)
        What the table adds, such as an extent it cannot give.
    """

    shape: str
    extents: tuple[Extent, ...]
    assumed_width_m: float
    far_bank_m: float | None
    variant: str
    dyke: str
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

    def size_column(self, kind: str) -> str:
        """Name what a variant may be told by where it is not given: a size."""
        return str(self._entry(kind).get("size_column", ""))

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

    def kind_rule(
        self, kind: str, variant: str = "", *, size: float | None = None
    ) -> KindRule:
        """
        Look up one kind of water source.

        Parameters
        ----------
        kind : str
        variant : str
            Value of :meth:`variant_column`; empty or unknown is told by the size,
            and without it takes the default.
        size : float, optional
            Value of :meth:`size_column`.

        Raises
        ------
        TableError
            If the rule has no such kind or a number in it is not a length.
        """
        where = f"{self.key}.{kind}"
        entry = self._entry(kind)
        notes = [note_text(entry["note"], where)] if "note" in entry else []
        levels, taken, trust = entry.get("levels", {}), "", "V"
        if "variants" in entry:
            if variant not in entry["variants"] and size is not None:
                variant, trust, more = size_variant(entry, size, where)
                notes += more
            taken, levels, more = choose_variant(entry, variant)
            notes += more
        far = entry.get("far_bank_m")
        return KindRule(
            shape=shape_of(entry, where),
            extents=cumulate(levels, where, trust=trust),
            assumed_width_m=number_of(
                entry.get("assumed_width_m", 0), f"{where}.assumed_width_m"
            )[0],
            far_bank_m=None
            if far is None
            else number_of(far, f"{where}.far_bank_m")[0],
            variant=taken,
            dyke=dyke_role(entry, where),
            notes=tuple(notes),
        )


def zone_rule(rule: str | PathLike[str] | Mapping[str, Any]) -> ZoneRule:
    """
    Read a rule by its name in the table, or from a mapping of the same form.

    Parameters
    ----------
    rule : str, path or mapping
        ``"jiangsu"``, ``"hj338"``, a TOML or JSON file of your own, or what such a
        file gives.

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
    if not isinstance(rule, str | Mapping) or (
        isinstance(rule, str) and rule.lower().endswith((".toml", ".json"))
    ):
        rule = read_mapping(rule)
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
        left_out=tuple(
            note_text(item, f"{key}.left_out") for item in table.get("left_out", [])
        ),
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
    return number_of(entry, ".".join(path))[0]


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
    return min(marks, key=MARKS.index)
