"""A scenario: what one assumes of gates, pumps and directions, as data."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

import pandas as pd

from geotool.errors import NetworkError

GATE_STATES = ("open", "closed", "one_way", "unknown")
"""States of a structure. ``one_way``: passes along the drawn direction only."""

DIRECTIONS = ("forward", "backward", "both", "unknown")
"""Directions a scenario may give a reach, against the way it is drawn."""


@dataclass(frozen=True)
class Scenario:
    """
    Assumptions about gates and directions, with a name.

    Attributes
    ----------
    name : str
    structures : dict
        Structure id → one of :data:`GATE_STATES`; others stay as registered.
    directions : dict
        Reach id or river id → one of :data:`DIRECTIONS`; ``backward`` reverses.
    velocities_m_s : dict
        Reach id or river id → velocity in m/s.
    note : str
        Where the assumption comes from.

    Examples
    --------
    >>> flood = Scenario("排涝", structures={"Z3": "closed"})
    >>> flood.structures["Z3"]
    'closed'
    >>> Scenario("错", structures={"Z3": "half"})
    Traceback (most recent call last):
        ...
    geotool.errors.NetworkError: 情景“错”中 Z3 的状态 'half' 不认识...
    """

    name: str = "现状"
    structures: Mapping[str, str] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    velocities_m_s: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        for part in ("structures", "directions", "velocities_m_s"):
            if not isinstance(getattr(self, part), Mapping):
                raise NetworkError(
                    f"情景“{self.name}”的 {part} 应是“编号 = 值”的表，得到 "
                    f"{getattr(self, part)!r}。",
                    f"Scenario {self.name!r}: {part} must be a table of ids and values, "
                    f"got {getattr(self, part)!r}.",
                )
        for mapping, choices in (
            (self.structures, GATE_STATES),
            (self.directions, DIRECTIONS),
        ):
            for key, value in mapping.items():
                if value not in choices:
                    raise NetworkError(
                        f"情景“{self.name}”中 {key} 的状态 {value!r} 不认识；"
                        f"可用：{'、'.join(choices)}。",
                        f"Scenario {self.name!r}: {key} has the unknown state "
                        f"{value!r}; choose one of {', '.join(choices)}.",
                    )
        for key, speed in self.velocities_m_s.items():
            is_number = isinstance(speed, int | float) and not isinstance(speed, bool)
            if not (is_number and isfinite(speed) and speed > 0):
                raise NetworkError(
                    f"情景“{self.name}”中 {key} 的流速 {speed} 不是正数。",
                    f"Scenario {self.name!r}: the velocity of {key} is {speed}, "
                    "not a positive number.",
                )

    def to_dict(self) -> dict[str, Any]:
        """Give the scenario as plain data, for TOML, JSON and the workspace."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Scenario":
        """
        Make a scenario from plain data; the inverse of :meth:`to_dict`.

        Raises
        ------
        NetworkError
            If a key is not one of the attributes.
        """
        unknown = set(data) - set(cls.__dataclass_fields__)
        if unknown:
            raise NetworkError(
                f"情景中有不认识的项：{'、'.join(sorted(unknown))}；"
                f"可用：{'、'.join(cls.__dataclass_fields__)}。",
                f"A scenario has no {', '.join(sorted(unknown))}; "
                f"it may have {', '.join(cls.__dataclass_fields__)}.",
            )
        texts = {key: str(data[key]) for key in ("name", "note") if key in data}
        return cls(**{**data, **texts})

    @property
    def hash(self) -> str:
        """Fingerprint of the assumptions."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


SCENARIO_COLUMNS = ("scenario", "part", "key", "value", "note")
"""Columns of scenarios kept as a plain table, one row an assumption."""


def scenario_table(scenarios: Iterable[Scenario]) -> pd.DataFrame:
    """
    Give scenarios as one table for the workspace.

    Examples
    --------
    >>> flood = Scenario("排涝", structures={"Z3": "closed"}, velocities_m_s={"A": 0.2})
    >>> scenario_table([flood])[["scenario", "part", "key", "value"]].values.tolist()
    [['排涝', 'structures', 'Z3', 'closed'], ['排涝', 'velocities_m_s', 'A', '0.2']]
    >>> scenarios_from_table(scenario_table([flood])) == [flood]
    True
    """
    rows = []
    for one in scenarios:
        assumed = [
            (part, key, value)
            for part in ("structures", "directions", "velocities_m_s")
            for key, value in getattr(one, part).items()
        ]
        # a scenario that assumes nothing still has its name and note
        for part, key, value in assumed or [("", "", "")]:
            rows.append((one.name, part, key, str(value), one.note))
    return pd.DataFrame(rows, columns=list(SCENARIO_COLUMNS), dtype=object)


def scenarios_from_table(table: pd.DataFrame) -> list[Scenario]:
    """
    Make scenarios of the table they were kept in; the inverse of the former.

    Raises
    ------
    NetworkError
        If a column is missing or an entry is not one of a scenario's.
    """
    missing = [column for column in SCENARIO_COLUMNS if column not in table.columns]
    if missing:
        raise NetworkError(
            f"情景表缺少列：{'、'.join(missing)}。",
            f"The table of scenarios lacks the columns {', '.join(missing)}.",
        )
    made: dict[str, dict[str, Any]] = {}
    plain = table[list(SCENARIO_COLUMNS)].astype(object)
    plain = plain.where(plain.notna(), "")
    for name, part, key, value, note in plain.itertuples(index=False):
        data = made.setdefault(str(name), {"name": str(name), "note": str(note)})
        if part:
            data.setdefault(str(part), {})[str(key)] = _cell(str(part), str(value))
    return [Scenario.from_dict(data) for data in made.values()]


def _cell(part: str, text: str) -> str | float:
    if part != "velocities_m_s":
        return text
    try:
        return float(text)
    except ValueError:
        raise NetworkError(
            f"情景表中的流速 {text!r} 不是数字。",
            f"The velocity {text!r} in the table of scenarios is not a number.",
        ) from None
