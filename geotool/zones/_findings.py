"""Why a place is graded as it is, in words."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from geotool.zones._laws import clause_on, what_is_ruled
from geotool.zones._plan import DRAFT_EN, DRAFT_ZH
from geotool.zones._rules import LEVELS, level_words

_CLAUSE_OF = {
    "in_ban": "conflict",
    "near_ban": "conflict",
    "in_level_3": "attention",
    "near_level_3": "attention",
}
"""Which clause a cause points to; the others point to none."""

_OF_PROJECTS = {"conflict": "conflict_project"}
"""Clauses that speak of works and projects where that of the left speaks of outfalls."""

SUBJECTS = ("outfall", "project")
"""What a layer holds: the law rules outfalls and other works by clauses of their own."""


def clause_of(cause: str, *, subject: str) -> str:
    """
    Name the clause that a cause points to; empty where it points to none.

    Examples
    --------
    >>> clause_of("in_ban", subject="outfall"), clause_of("in_ban", subject="project")
    ('conflict', 'conflict_project')
    >>> clause_of("outside", subject="outfall")
    ''
    """
    named = _CLAUSE_OF.get(cause, "")
    return _OF_PROJECTS.get(named, named) if subject == "project" else named


_GRADE_OF = {"in_ban": "conflict", "in_level_3": "attention", "outside": "clear"}

_STATUS = {
    "approved": ("已批复", "approved"),
    "draft": ("草案", "draft"),
}
_UNKNOWN_STATUS = ("划定状态不明", "status unknown")

_VERB = {
    "conflict": ("疑似违反", "may violate"),
    "attention": ("须核对", "check against"),
}

_NOTHING = {
    "no_place": ("没有坐标，不能判定", "no coordinates, no verdict"),
    "no_zones": (
        "没有可比对的保护区，不能判定",
        "there are no protection zones to compare with, no verdict",
    ),
}


@dataclass(frozen=True)
class Case:
    """
    What findings may have in common, and are worded by.

    Attributes
    ----------
    cause : str
        One of ``CAUSES``.
    zone : dict or None
        The zone meant: ``zone_id, name, level, status, datum_status, confidence``.
    inside : bool
        Whether the place lies inside the edge that decides, or overlaps the area.
    datum_status : str
        ``known``, ``declared`` or ``unknown``.
    uncertainty_m : float
        What the verdict allowed for.
    """

    cause: str
    zone: dict[str, Any] | None
    inside: bool
    datum_status: str
    uncertainty_m: float = 0.0


def grade_of(cause: str) -> str:
    """
    Grade what a cause says.

    Examples
    --------
    >>> grade_of("in_ban"), grade_of("near_ban")
    ('conflict', 'uncertain')
    """
    return _GRADE_OF.get(cause, "uncertain")


class Wording:
    """
    The words of findings of one day.

    Parameters
    ----------
    day : date
        Decides which law is cited.
    subject : str
        One of ``SUBJECTS``.

    Examples
    --------
    >>> zone = {"zone_id": "Z", "name": "二墩港准保护区", "level": "3", "status": ""}
    >>> case = Case("outside", zone, inside=False, datum_status="known")
    >>> Wording(date(2026, 9, 1)).reason(case)[0]
    '在保护区外，最近的是二墩港准保护区（划定状态不明）'
    """

    def __init__(self, day: date, *, subject: str = "outfall") -> None:
        self._subject = subject
        self._named: dict[int, tuple[str, str]] = {}
        self.levels = {level: level_words(level) for level in (*LEVELS, None)}
        cited = {clause_of(each, subject=subject) for each in _CLAUSE_OF}
        self.clause = {name: clause_on(name, day) for name in cited}
        self.ruled = {name: what_is_ruled(name) for name in cited}

    def reason(self, case: Case) -> tuple[str, str]:
        """Say in Chinese and English what was found and why."""
        if case.cause in _NOTHING:
            return _NOTHING[case.cause]
        grade = grade_of(case.cause)
        zone, zone_en = self.zone(case.zone)
        if grade == "clear":
            zh, en = "在保护区外", "outside all protection zones"
            if case.zone:
                zh, en = f"{zh}，最近的是{zone}", f"{en}; the nearest is {zone_en}"
        elif grade == "uncertain":
            zh, en = self._doubt(case, zone, zone_en)
        else:
            name = clause_of(case.cause, subject=self._subject)
            clause, what, verb = self.clause[name], self.ruled[name], _VERB[grade]
            zh = f"位于{zone}内；{verb[0]}{clause[0]}（{what[0]}）"
            en = f"inside {zone_en}; {verb[1]} {clause[1]} ({what[1]})"
        if case.zone and case.zone.get("status") == "draft":
            zh, en = f"{zh}；保护区为{DRAFT_ZH}", f"{en}; the zone is a {DRAFT_EN}"
        if case.datum_status == "unknown":
            zh += "；坐标基准不明，若为 BD-09 偏移可达 1.2 km"
            en += "; datum unknown, a BD-09 shift would be up to 1.2 km"
        return zh, en

    def _doubt(self, case: Case, zone: str, zone_en: str) -> tuple[str, str]:
        if case.cause == "vague":
            return (
                f"在{zone}内或其边界附近，该分区未注明级别，不能判定",
                f"in or by {zone_en}, whose level is not given, no verdict",
            )
        side, side_en = ("内", "inside") if case.inside else ("外", "outside")
        because, because_en = "坐标有误差", "positions are uncertain"
        if case.datum_status == "unknown":
            because = "坐标基准不明（可能为 GCJ-02）"
            because_en = "the datum is unknown (perhaps GCJ-02)"
        elif (case.zone or {}).get("datum_status") == "unknown":
            because = "水源地坐标基准不明，保护区位置不准"
            because_en = "the datum of the water source is unknown"
        limit = f"{case.uncertainty_m:g} m"
        zh = (
            f"{because}：在{zone}边界{side}侧，距边界不超过 {limit}，不能判定在内或在外"
        )
        en = f"{because_en}: {side_en} the edge of {zone_en} by no more than {limit}"
        return zh, f"{en}, no verdict"

    def zone(self, zone: dict[str, Any] | None) -> tuple[str, str]:
        """Name the zone with its status, level and id as far as known."""
        if zone is None:
            return "保护区", "a zone"
        if id(zone) not in self._named:
            status = _STATUS.get(zone.get("status", ""), _UNKNOWN_STATUS)
            zh, en = self.levels[zone.get("level")]
            name = zone.get("name") or f"{zh}保护区 {zone.get('zone_id', '')}".strip()
            self._named[id(zone)] = (
                f"{name}（{status[0]}）",
                f"{name} ({status[1]}, {en})",
            )
        return self._named[id(zone)]
