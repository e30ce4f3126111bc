"""Why a place is graded as it is, in words."""

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

_ZONE = "\0"
"""Stands for the name of a zone: many findings have but this apart."""

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
    >>> Wording(date(2026, 9, 1)).reason(("outside", False, "known", 10.0), zone)[0]
    '在保护区外，最近的是二墩港准保护区（划定状态不明）'
    """

    def __init__(self, day: date, *, subject: str = "outfall") -> None:
        self._subject = subject
        self._named: dict[int, tuple[Any, ...]] = {}
        self._said: dict[tuple[Any, ...], tuple[str, str]] = {}
        self.levels = {level: level_words(level) for level in (*LEVELS, None)}
        cited = {clause_of(each, subject=subject) for each in _CLAUSE_OF}
        self.clause = {name: clause_on(name, day) for name in cited}
        self.ruled = {name: what_is_ruled(name) for name in cited}

    def reason(
        self, kind: tuple[str, bool, str, float], zone: dict[str, Any] | None
    ) -> tuple[str, str]:
        """
        Say in Chinese and English what was found and why.

        Parameters
        ----------
        kind : (str, bool, str, float)
            One of ``CAUSES``; whether the place lies inside the edge that decides, or
            overlaps the area; ``known``, ``declared`` or ``unknown``, the status of its
            datum; the metres that the verdict allowed for.
        zone : dict or None
            The zone meant: ``zone_id, name, level, status, datum_status, confidence``.
        """
        named = self._named.get(id(zone)) or self._name(zone)
        said = self._said.get((kind, named[2:]))
        if said is None:
            said = self._said[kind, named[2:]] = self._words(*kind, *named[2:])
        return said[0].replace(_ZONE, named[0]), said[1].replace(_ZONE, named[1])

    def _words(self, *kind: Any) -> tuple[str, str]:
        """Say the same with ``_ZONE`` for the name of the zone."""
        cause, inside, datum_status, unsure_m, is_nowhere, is_draft, is_loose = kind
        limit = f"{unsure_m:g} m"
        if cause in _NOTHING:
            return _NOTHING[cause]
        grade = grade_of(cause)
        if grade == "clear":
            zh, en = "在保护区外", "outside all protection zones"
            if not is_nowhere:
                zh, en = f"{zh}，最近的是{_ZONE}", f"{en}; the nearest is {_ZONE}"
        elif grade == "uncertain":
            zh, en = _doubt(cause, is_loose, inside, datum_status, limit)
        else:
            name = clause_of(cause, subject=self._subject)
            clause, what, verb = self.clause[name], self.ruled[name], _VERB[grade]
            zh = f"位于{_ZONE}内；{verb[0]}{clause[0]}（{what[0]}）"
            en = f"inside {_ZONE}; {verb[1]} {clause[1]} ({what[1]})"
        if is_draft:
            zh, en = f"{zh}；保护区为{DRAFT_ZH}", f"{en}; the zone is a {DRAFT_EN}"
        if datum_status == "unknown":
            zh += "；坐标基准不明，若为 BD-09 偏移可达 1.2 km"
            en += "; datum unknown, a BD-09 shift would be up to 1.2 km"
        return zh, en

    def _name(self, zone: dict[str, Any] | None) -> tuple[Any, ...]:
        """Name a zone with its status, level and id as far as known; tell its kind."""
        zh, en = "保护区", "a zone"
        known = zone or {}
        if zone is not None:
            status = _STATUS.get(zone.get("status", ""), _UNKNOWN_STATUS)
            zh, en = self.levels[zone.get("level")]
            name = zone.get("name") or f"{zh}保护区 {zone.get('zone_id', '')}".strip()
            zh, en = f"{name}（{status[0]}）", f"{name} ({status[1]}, {en})"
        is_draft = known.get("status") == "draft"
        is_loose = known.get("datum_status") == "unknown"
        self._named[id(zone)] = zh, en, zone is None, is_draft, is_loose
        return self._named[id(zone)]


def _doubt(cause: str, *kind: Any) -> tuple[str, str]:
    """Say why there is no verdict, with ``_ZONE`` for the name of the zone."""
    is_loose, inside, datum_status, limit = kind
    if cause == "vague":
        return (
            f"在{_ZONE}内或其边界附近，该分区未注明级别，不能判定",
            f"in or by {_ZONE}, whose level is not given, no verdict",
        )
    side, side_en = ("内", "inside") if inside else ("外", "outside")
    because, because_en = "坐标有误差", "positions are uncertain"
    if datum_status == "unknown":
        because = "坐标基准不明（可能为 GCJ-02）"
        because_en = "the datum is unknown (perhaps GCJ-02)"
    elif is_loose:
        because = "水源地坐标基准不明，保护区位置不准"
        because_en = "the datum of the water source is unknown"
    zh = f"{because}：在{_ZONE}边界{side}侧，距边界不超过 {limit}，不能判定在内或在外"
    en = f"{because_en}: {side_en} the edge of {_ZONE} by no more than {limit}"
    return zh, f"{en}, no verdict"
