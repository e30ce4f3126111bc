"""A verdict on one point, put into words."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from geotool.tables import load_table
from geotool.zones._laws import clause_on, what_is_ruled
from geotool.zones._plan import DRAFT_EN, DRAFT_ZH
from geotool.zones._rules import level_words

_CLAUSE_OF = {
    "in_ban": "conflict",
    "near_ban": "conflict",
    "in_level_3": "attention",
    "near_level_3": "attention",
}
"""Which clause a cause points to; the others point to none."""

_STATUS = {
    "approved": ("已批复", "approved"),
    "draft": ("草案", "draft"),
}


@dataclass(frozen=True)
class Verdict:
    """
    What was found of one point.

    Attributes
    ----------
    grade : str
        ``conflict``, ``attention``, ``uncertain`` or ``clear``.
    cause : str
        ``in_ban, near_ban, vague, in_level_3, near_level_3, outside, no_place`` or
        ``no_zones``.
    distance_m : float
        To the edge that decides, negative inside; NaN where nothing was measured.
    zone_id, zone_name, level, zone_status, zone_datum
        The zone meant; an unknown ``zone_datum`` makes the zone itself unsure.
    """

    grade: str
    cause: str = "outside"
    distance_m: float = float("nan")
    zone_id: str = ""
    zone_name: str = ""
    level: str | None = None
    zone_status: str = ""
    zone_datum: str = ""


def describe(
    verdict: Verdict,
    *,
    day: date,
    datum_status: str,
    uncertainty_m: float = 0.0,
) -> dict[str, Any]:
    """
    Give the columns of a finding.

    Parameters
    ----------
    verdict : Verdict
    day : date
        Decides which law is cited.
    datum_status : str
        ``known``, ``declared`` or ``unknown``.
    uncertainty_m : float
        What the verdict allowed for.

    Examples
    --------
    >>> row = describe(
    ...     Verdict("clear", distance_m=870, zone_name="二墩港准保护区", level="3"),
    ...     day=date(2026, 9, 1),
    ...     datum_status="known",
    ... )
    >>> row["reason"]
    '在保护区外，距最近的二墩港准保护区（划定状态不明）边界 870 m'
    """
    grade = load_table("zones")["grades"][verdict.grade]
    cited = _CLAUSE_OF.get(verdict.cause)
    clause = clause_on(cited, day) if cited else (None, None)
    zh, en = _reason(verdict, clause, datum_status, uncertainty_m)
    return {
        "grade": verdict.grade,
        "grade_zh": grade["zh"],
        "zone_id": verdict.zone_id or None,
        "zone_name": verdict.zone_name or None,
        "level": verdict.level,
        "zone_status": verdict.zone_status or None,
        "distance_m": verdict.distance_m,
        "clause": clause[0],
        "clause_en": clause[1],
        "law_on": day.isoformat(),
        "datum_status": datum_status,
        "uncertainty_m": uncertainty_m,
        "reason": zh,
        "reason_en": en,
    }


def _reason(
    verdict: Verdict,
    clause: tuple[str | None, str | None],
    datum_status: str,
    uncertainty_m: float,
) -> tuple[str, str]:
    zone, zone_en = _zone_words(verdict)
    far = _metres(abs(verdict.distance_m))
    if verdict.cause == "no_place":
        return "没有坐标，不能判定", "no coordinates, no verdict"
    if verdict.cause == "no_zones":
        return (
            "没有可比对的保护区，不能判定",
            "there are no protection zones to compare with, no verdict",
        )
    if verdict.grade == "clear":
        zh = f"在保护区外，距最近的{zone}边界 {far}"
        en = f"outside, {far} from the nearest zone, {zone_en}"
    elif verdict.grade == "uncertain":
        zh, en = _doubt(verdict, datum_status, uncertainty_m)
    else:
        what = what_is_ruled(verdict.grade)
        verb = (
            ("疑似违反", "may violate")
            if verdict.grade == "conflict"
            else (
                "须核对",
                "check against",
            )
        )
        zh = f"位于{zone}内，距边界 {far}；{verb[0]}{clause[0]}（{what[0]}）"
        en = f"inside {zone_en}, {far} from the edge; {verb[1]} {clause[1]} ({what[1]})"
    if verdict.zone_status == "draft":
        zh, en = f"{zh}；保护区为{DRAFT_ZH}", f"{en}; the zone is a {DRAFT_EN}"
    if datum_status == "unknown":
        zh += "；坐标基准不明，若为 BD-09 偏移可达 1.2 km"
        en += "; datum unknown, a BD-09 shift would be up to 1.2 km"
    return zh, en


def _doubt(
    verdict: Verdict, datum_status: str, uncertainty_m: float
) -> tuple[str, str]:
    zone, zone_en = _zone_words(verdict)
    if verdict.cause == "vague":
        return (
            f"在{zone}内或其边界附近，该分区未注明级别，不能判定",
            f"in or by {zone_en}, whose level is not given, no verdict",
        )
    inside = verdict.distance_m <= 0
    side, side_en = ("内", "inside") if inside else ("外", "outside")
    far = _metres(abs(verdict.distance_m))
    because, because_en = "坐标有误差", "positions are uncertain"
    if datum_status == "unknown":
        because = "坐标基准不明（可能为 GCJ-02）"
        because_en = "the datum is unknown (perhaps GCJ-02)"
    elif verdict.zone_datum == "unknown":
        because = "水源地坐标基准不明，保护区位置不准"
        because_en = "the datum of the water source is unknown"
    limit = _metres(uncertainty_m)
    zh = f"{because}：在{zone}边界{side}侧 {far}，不超过 {limit}，不能判定在内或在外"
    en = f"{because_en}: {far} {side_en} the edge of {zone_en}, within {limit}"
    return zh, f"{en}, no verdict"


def _zone_words(verdict: Verdict) -> tuple[str, str]:
    """Name the zone with its status, level and id as far as known."""
    status = _STATUS.get(verdict.zone_status, ("划定状态不明", "status unknown"))
    zh, en = level_words(verdict.level)
    name = verdict.zone_name or f"{zh}保护区 {verdict.zone_id}".strip()
    return f"{name}（{status[0]}）", f"{name} ({status[1]}, {en})"


def _metres(value: float) -> str:
    return f"{value:.1f} m" if value < 10 else f"{value:.0f} m"
