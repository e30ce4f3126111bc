"""The entries of a zone rule read one by one: notes, shapes, variants, lengths."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from geotool.errors import TableError

_LEVELS = ("1", "2", "3")
_MARKS = ("M", "1", "V")
_LENGTHS = ("up_m", "down_m", "land_m", "radius_m", "crossing_m")
_AREAS = ("", "water", "catchment")
_DYKES = ("", "toe", "limit")


@dataclass(frozen=True)
class Extent:
    """
    How far one level reaches, counted from the intake (cumulative), in metres.

    Attributes
    ----------
    level : str
        ``1``, ``2`` or ``3``.
    up_m, down_m : float
        River distances from the intake; 0 for circles.
    land_m : float
        Land depth from the bank.
    radius_m : float
        Radius round the intake; 0 for river stretches.
    crossing_m : float
        So far up rivers that join the stretch, counted from the junction.
    area : str
        ``water`` or ``catchment`` where the level is the whole of it, else empty.
    confidence : str
        The weakest mark among the numbers used: ``V``, ``1`` or ``M``.
    """

    level: str
    up_m: float
    down_m: float
    land_m: float
    radius_m: float
    crossing_m: float
    area: str
    confidence: str


def note_text(entry: Any, where: str) -> tuple[str, str]:
    """Give a note as (zh, en); a plain text serves for both."""
    if isinstance(entry, str):
        return entry, entry
    if isinstance(entry, Mapping) and "zh" in entry:
        return str(entry["zh"]), str(entry.get("en", entry["zh"]))
    raise TableError(
        f"规则 {where} 的说明应为文字或 {{ zh, en }}，得到 {entry!r}。",
        f"The note of {where} must be text or {{ zh, en }}, got {entry!r}.",
    )


def shape_of(entry: Mapping[str, Any], where: str) -> str:
    """Read how a zone is drawn: along a river, or by a radius."""
    shape = entry.get("shape")
    if shape not in ("river", "radius"):
        raise TableError(
            f"规则 {where} 的 shape 为 {shape!r}；应为 river 或 radius。",
            f"Rule {where}: shape is {shape!r}; it must be river or radius.",
        )
    return str(shape)


def dyke_role(entry: Mapping[str, Any], where: str) -> str:
    """Read what a dyke means to the land of a zone."""
    role = str(entry.get("dyke", ""))
    if role not in _DYKES:
        raise TableError(
            f"规则 {where} 的 dyke 为 {role!r}；应为 toe 或 limit。",
            f"Rule {where}: dyke is {role!r}; it must be toe or limit.",
        )
    return role


def size_variant(
    entry: Mapping[str, Any], size: float, where: str
) -> tuple[str, str, list[tuple[str, str]]]:
    """Tell the variant by a size, and how sure the limits are.

    Each row of ``sizes`` ends below its own limit.
    """
    trust = "V"
    for row in entry.get("sizes", []):
        limits = [key for key in row if key.startswith("below_")]
        if limits:
            limit, mark = number_of(row[limits[0]], f"{where}.sizes")
            trust = min(trust, mark, key=_MARKS.index)
            if size >= limit:
                continue
        taken = str(row.get("variant", ""))
        column, by = entry.get("variant_column", ""), entry.get("size_column", "")
        return (
            taken,
            trust,
            [
                (
                    f"{column} 未填，由 {by}={size:g} 判为 {taken}（分档值 [{trust}]）",
                    f"{column} is not given; {by}={size:g} makes it {taken} [{trust}]",
                )
            ],
        )
    return "", "V", []


def choose_variant(
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
    if chosen.get("like") in variants:
        chosen = {**variants[chosen["like"]], **chosen}
    if "note" in chosen:
        notes.append(note_text(chosen["note"], variant))
    return variant, chosen.get("levels", {}), notes


def cumulate(
    levels: Mapping[str, Any], where: str, *, trust: str = "V"
) -> tuple[Extent, ...]:
    """Sum the steps of the levels; land depth is never less than the level before."""
    unknown = [str(level) for level in levels if str(level) not in _LEVELS]
    if unknown:
        raise TableError(
            f"规则 {where} 有不认识的级别 {'、'.join(unknown)}；可用 1、2、3。",
            f"Rule {where} has unknown levels {', '.join(unknown)}; use 1, 2, 3.",
        )
    total = dict.fromkeys(_LENGTHS, 0.0)
    extents = []
    for level, row in sorted(levels.items()):
        for name in _LENGTHS:
            if name in row:
                number, mark = number_of(row[name], f"{where}.{level}.{name}")
                trust = min(trust, mark, key=_MARKS.index)
                whole = total[name] + number
                # depth and crossings are whole for each level, lengths are steps
                is_step = name not in ("land_m", "crossing_m")
                total[name] = whole if is_step else max(total[name], number)
        area = str(row.get("area", ""))
        if area not in _AREAS:
            raise TableError(
                f"规则 {where}.{level} 的 area 为 {area!r}；应为 water 或 catchment。",
                f"Rule {where}.{level}: area is {area!r}; use water or catchment.",
            )
        extents.append(Extent(level=str(level), confidence=trust, area=area, **total))
    return tuple(extents)


def number_of(entry: Any, where: str) -> tuple[float, str]:
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
    if not number or mark not in _MARKS:
        raise TableError(
            f"规则数值 {where} 应为不小于 0 的米数（可信度 V、1、M），得到 {entry!r}。",
            f"{where} must be metres, not below 0 (confidence V, 1 or M), "
            f"got {entry!r}.",
        )
    return float(value), mark
