"""The bulletin of a period: classes, shares, what changed, what failed, alerts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from geotool._progress import long_step
from geotool._version import __version__
from geotool.errors import ReportError
from geotool.quality import (
    assess_sections,
    class_changes,
)
from geotool.quality._limits import standard_table
from geotool.quality._periods import period_place
from geotool.readings import tidy_readings
from geotool.report._assessment import write_assessment
from geotool.report._bulletin_rows import (
    alert_rows,
    basis_lines,
    failing_note,
    failing_rows,
    period_picture,
    river_rows,
    section_rows,
    summary_lines,
)
from geotool.report._given import Given, Workspaces
from geotool.report._phrases import report_day, taken_lines
from geotool.report._report_value import Report

_FORMS = {
    "month": re.compile(r"\d{4}-(0[1-9]|1[0-2])"),
    "quarter": re.compile(r"\d{4}-Q[1-4]"),
    "half": re.compile(r"\d{4}-H[12]"),
    "year": re.compile(r"\d{4}"),
}
_PERIOD_ZH = {"month": "月报", "quarter": "季报", "half": "半年报", "year": "年报"}


@dataclass(frozen=True, eq=False, repr=False)
class Bulletin(Report):
    """
    The bulletin of a period.

    Attributes
    ----------
    values : mapping
        What the template is given.
    assessment : DataFrame
        :func:`geotool.assess_sections` of all periods up to this one.
    sections : DataFrame
        The layer, for the workbook.
    """

    assessment: pd.DataFrame = field(default_factory=pd.DataFrame)
    sections: pd.DataFrame = field(default_factory=pd.DataFrame)
    kind: ClassVar[str] = "bulletin"

    def to_xlsx(self, path: str | PathLike[str]) -> Path:
        """Write the tables behind the bulletin: :func:`geotool.write_assessment`."""
        return write_assessment(self.assessment, path, sections=self.sections)


@long_step("水质月报", "monthly bulletin")
def bulletin(
    workspace: Workspaces,
    *,
    period: str | None = None,
    readings: pd.DataFrame | None = None,
    standard: str | Mapping[str, Any] = "GB3838-2002",
    on: Any = None,
    notice: str = "",
    taken: Sequence[tuple[str, str]] = (),
) -> Bulletin:
    """
    Make the bulletin of a period: classes, shares, changes, what failed, alerts.

    Parameters
    ----------
    workspace : Workspace, path of one, or mapping of name to table
        ``sections``; ``readings`` where none are given.
    period : str, optional
        ``"2026-10"``, ``"2026-Q3"``, ``"2026-H1"`` or ``"2026"``. The last month with
        readings if None.
    readings : DataFrame, optional
        As they came or tidy, with the earlier periods to compare with; those of the
        workspace if None.
    standard : str or mapping
        As :func:`geotool.assess_sections`: a name, or a table of your own.
    on : date, optional
        Day of the bulletin; today if None.
    notice : str
        A warning to stand on it.
    taken : sequence of (Chinese, English), optional
        What was taken for granted when the readings were read, to be told too.

    Returns
    -------
    Bulletin
        Write it with ``.to_docx("月报.docx")`` and ``.to_xlsx("月报.xlsx")``.

    Raises
    ------
    ReportError
        If a table is missing, or there is no reading in the period.

    Examples
    --------
    >>> sections = pd.DataFrame(
    ...     {"section_id": ["A"], "name": ["东桥"], "target_class": ["III"]}
    ... )
    >>> readings = pd.DataFrame(
    ...     {"断面编号": ["A", "A"], "时间": ["2026-04-03", "2026-05-03"], "氨氮": [0.4, 1.2]}
    ... )
    >>> made = bulletin({"sections": sections, "readings": readings}, period="2026-05")
    >>> made.values["summary"][0]
    '2026-05 共 1 个断面，1 个有水质类别：Ⅳ类 1 个；优Ⅲ比例 0%，劣Ⅴ比例 0%。'
    >>> made.values["sections"][0]["before"]
    '明显变差（Ⅱ类）'
    """
    given = Given(workspace)
    day = report_day(on)
    sections = given.read("sections")
    source = given.read("readings") if readings is None else readings
    tidy, rejected = tidy_readings(source)
    kind = _kind(period)
    standard = str(standard_table(standard)["key"])
    every = assess_sections(tidy, sections, standard=standard, period=kind)
    name = _period(every, period)
    place = _place(name)
    until = every[[_place(one) <= place for one in every["period"]]]
    until = until.reset_index(drop=True)
    now = until[until["period"] == name]
    changes = class_changes(until)
    changes = changes[changes["period"] == name].set_index("section_id")
    failing = failing_rows(now, sections)
    values = {
        "title": f"地表水监测断面水质{_PERIOD_ZH[kind]}（{name}）",
        "period": name,
        "date": f"{day:%Y-%m-%d}",
        "version": __version__,
        "source": given.name,
        "notice": notice,
        "summary": summary_lines(until, now, name, failing),
        "failing": failing,
        "failing_note": failing_note(now),
        "sections": section_rows(now, changes),
        "rivers": river_rows(until, name, standard),
        "alerts": alert_rows(until, name, standard),
        "shares": period_picture(until, name, "shares"),
        "calendar": period_picture(until, name, "calendar"),
        "basis": [
            *basis_lines(until, now, name, standard, len(rejected), rejected),
            *taken_lines(taken),
        ],
    }
    return Bulletin(values, until, sections)


def _kind(period: str | None) -> str:
    if period is None:
        return "month"
    found = [kind for kind, form in _FORMS.items() if form.fullmatch(period)]
    if not found:
        raise ReportError(
            f"时段应写成 2026-10、2026-Q3、2026-H1 或 2026，得到 {period!r}。",
            f"A period is written 2026-10, 2026-Q3, 2026-H1 or 2026, got {period!r}.",
        )
    return found[0]


def _period(every: pd.DataFrame, period: str | None) -> str:
    """Give the period, or the last one with readings."""
    there = sorted(
        {str(one) for one in every.loc[every["n_readings"] > 0, "period"].dropna()}
    )
    if not there:
        raise ReportError(
            "没有可用的监测值，写不了通报；请核对监测时间、断面编号和项目。",
            "There is no usable reading for a bulletin; check times, sections and items.",
        )
    if period is None:
        return there[-1]
    if period not in there:
        some = "、".join(there[-6:])
        raise ReportError(
            f"{period} 没有监测值；有：{some}。",
            f"There is no reading in {period}; there are {', '.join(there[-6:])}.",
        )
    return period


def _place(name: Any) -> tuple[str, int]:
    return period_place(name) or ("~", 0)  # rows without a time come after all
