"""Sentences that an inspector can check: for each rank, why it stands there.

Facts of evidence that are spoken of, all optional: ``travel_time_min_h`` and
``travel_time_max_h``, ``amplitude`` (extra load over the declared), ``is_least``
(no larger one was tried), ``extra_mg_l``, ``sections`` or ``fits`` and ``against``
(section id to log-ratio against the average candidate), ``fingerprint``, ``lag``,
``onset``, ``end``, ``wet``, ``needs``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.attribution._hinges import hinges
from geotool.attribution._loads import class_words, effluent_class
from geotool.attribution._mixing import source_mixing_m
from geotool.attribution._problem import Floats, Problem, Words
from geotool.attribution._states import Influence
from geotool.tables import load_table
from geotool.trace._sources import LaterList

WORTH_TELLING = 0.2
"""Smallest log-ratio that is worth a word: a factor of 1.2."""


def strength_words(probability: float, ratio: float, even: float) -> Words:
    """
    Give the word for a probability, from the fixed table.

    Parameters
    ----------
    probability : float
    ratio : float
        To the second (of the first), to the first (of the others).
    even : float
        Probability if all candidates were alike.

    Examples
    --------
    >>> strength_words(0.8, 20.0, 0.1), strength_words(0.001, 0.01, 0.05)
    (('很可能', 'very likely'), ('基本排除', 'largely cleared'))
    """
    rows = load_table("attribution")["strength"]
    for row in rows:
        holds = probability >= row["p"] and ratio >= row.get("ratio", 0.0)
        if "below_even" in row:
            holds = probability * row["below_even"] <= even
        if "above_even" in row:
            holds = probability >= row["above_even"] * even
        if holds:
            return str(row["zh"]), str(row["en"])
    return str(rows[-1]["zh"]), str(rows[-1]["en"])


HARDLY = 0.02
"""Part of a load that hardly counts as arriving."""


@dataclass(frozen=True, eq=False)
class Told:
    """
    What the reasons are made of, for all candidates.

    Attributes
    ----------
    problem, influence : Problem, Influence
    facts : sequence of mapping
        Of the evidence.
    value_mg_l : array of float, sections x items
        What was read in the window; NaN where nothing was.
    time_h : array of float, candidates x 3
        Middle, low and high.
    level : int
    """

    problem: Problem
    influence: Influence
    facts: tuple[Mapping[str, Any], ...]
    value_mg_l: Floats
    time_h: Floats
    level: int

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """Names of rivers; :attr:`name_of` gives the one of each reach."""
        return self._named[1]

    @property
    def name_of(self) -> NDArray[np.int64]:
        """Number of the name of each reach; -1 where it has none."""
        return self._named[0]

    @cached_property
    def _named(self) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
        # strings are made of the names there are, not of every reach
        number, names = pd.factorize(self.problem.network.reaches["name"])
        return np.asarray(number), np.asarray(names, dtype=object)

    @cached_property
    def mixing_m(self) -> Floats:
        """Length over which each source's water mixes across."""
        return source_mixing_m(self.problem)

    @cached_property
    def arrived(self) -> Floats:
        """Part of each candidate's load that passes the section."""
        target = self.problem.target
        psi, flow = (
            self.influence.psi[:, 0, target],
            self.influence.flow_m3_s[:, target],
        )
        return np.asarray(np.minimum(psi * flow[:, None], 1.0).mean(axis=0))


def reasons(told: Told, k: int) -> list[Words]:
    """Tell why candidate ``k`` of the register stands where it does."""
    if told.level == 0:
        return [_way(told, k), _distance_only()]
    facts = told.facts[k] if k < len(told.facts) else {}
    parts = [_way(told, k), _size(told, k, facts), *_when(facts)]
    good, bad = _pieces(told, k, facts)
    if good:
        parts.append(_joined("支持", "for", good))
    if bad:
        parts.append(_joined("不支持", "against", bad))
    depends = hinges(told, k)
    if depends:
        parts.append(_joined("取决于", "depends on", depends))
    parts += [facts["needs"]] if facts.get("needs") else []
    return parts


def _joined(zh: str, en: str, parts: list[Words]) -> Words:
    return (
        f"{zh}：{'；'.join(part[0] for part in parts)}",
        f"{en}: {'; '.join(part[1] for part in parts)}",
    )


def _distance_only() -> Words:
    row = load_table("attribution")["levels"]["0"]
    return str(row["zh"]), str(row["en"])


# ---------------------------------------------------------------- way and size
def _way(told: Told, k: int) -> Words:
    row = told.problem.source(k)
    km = row["distance_m"] / 1000
    names = _rivers(told, row["path"])
    zh, en = f"沿河 {km:.1f} km", f"{km:.1f} km by water"
    if names:
        zh += f"，经 {'、'.join(names[:4])}"
        en += f" by {', '.join(names[:4])}"
    middle, low, high = told.time_h[k]
    if np.isfinite([low, high]).all():
        places = 0 if high >= 10 else 1
        about, least, most = (f"{one:.{places}f}" for one in (middle, low, high))
        is_known = np.isfinite(middle)
        zh += (
            f"，约 {about} h（{least}–{most} h）" if is_known else f"，{least}–{most} h"
        )
        en += (
            f", about {about} h ({least} to {most} h)"
            if is_known
            else f", {least} to {most} h"
        )
    arrived = float(told.arrived[k])
    if told.level > 0 and _by_series_only(told, k):
        zh += "；平常的水流很少把它带到断面，与读数相符的水流能带到"
        en += "; usual flow hardly brings it there, flow that fits the readings does"
    elif told.level > 0:
        zh += f"，其负荷的 {arrived:.0%} 到达断面"
        en += f"; {arrived:.0%} of its load arrives"
    return zh, en


def _by_series_only(told: Told, k: int) -> bool:
    """Whether only the flows that were fitted to series bring its water there."""
    fitted = k < len(told.facts) and "travel_time_min_h" in told.facts[k]
    return fitted and float(told.arrived[k]) < HARDLY


def _rivers(told: Told, path: Any) -> list[str]:
    """Names of the rivers on a way, in order, each once."""
    if isinstance(path, LaterList):
        rows = path.rows
    else:
        index = told.problem.network.reach_position.index
        rows = index.get_indexer(pd.Index(path))
    number = pd.unique(told.name_of[rows])
    found = told.names[number[number >= 0]].tolist()
    return [name for name in found if isinstance(name, str) and name]


def _size(told: Told, k: int, facts: Mapping[str, Any]) -> Words:
    problem, target = told.problem, told.problem.target
    item = item_table()[problem.item]
    load = problem.load_g_s[k, 0]
    basis = load_table("pollutants")["load"][problem.load_basis[k, 0]]
    made = float(told.influence.mean[target, k] * load)
    seen = float(told.value_mg_l[target, 0])
    zh = f"{item.zh}负荷 {load * 86.4:.3g} kg/d（{basis['zh']}）"
    en = f"{item.en} load {load * 86.4:.3g} kg/d ({basis['en']})"
    if made >= seen:  # no rest is left that more of it would have to make
        return (
            f"{zh}，单按此数断面就有 {made:.2g} {item.unit}（实测 {seen:.3g}）",
            (
                f"{en} alone makes {made:.2g} {item.unit} at the section, where "
                f"{seen:.3g} was read"
            ),
        )
    if np.isfinite(seen) and not _by_series_only(told, k):
        zh += f"，解释断面 {seen:.3g} {item.unit} 中的 {made:.2g}"
        en += f" makes {made:.2g} of {seen:.3g} {item.unit} at the section"
    times = float(facts.get("amplitude", np.nan))
    declared = problem.load_basis[k, 0] != "count"
    if declared and np.isfinite(times) and times > 0:
        # who needs more than the largest that is tried explains only a part
        zh_about, en_about = (
            ("至少", "at least") if facts.get("is_least") else ("约", "about")
        )
        zh += f"；若由它造成，{zh_about}需多排申报量的 {times:.2g} 倍"
        en += f"; if it made the rest, {en_about} {times:.2g} times that more"
    return zh, en


def _when(facts: Mapping[str, Any]) -> list[Words]:
    onset, end = facts.get("onset"), facts.get("end")
    if onset is None or pd.isna(onset):
        return []
    zh_begin, en_begin = _hour(onset)
    zh, en = f"推算排放约始于 {zh_begin}", f"would have begun about {en_begin}"
    if end is None or pd.isna(end):
        return [(f"{zh}，读数里还看不到停", f"{en}; the readings show no end yet")]
    zh_end, en_end = _hour(end)
    return [(f"{zh}，约止于 {zh_end}", f"{en} and ended about {en_end}")]


def _hour(moment: pd.Timestamp) -> Words:
    """Write an estimated moment to the hour: readings tell no more."""
    near = moment.round("h")
    return f"{near:%m-%d %H} 时", f"{near:%m-%d %H}:00"


# ---------------------------------------------------------------- for and against
def _pieces(
    told: Told, k: int, facts: Mapping[str, Any]
) -> tuple[list[Words], list[Words]]:
    """Give what speaks for and against, the strongest first."""
    told_of: list[tuple[float, Words]] = []
    ratios = facts.get("sections") or {
        **facts.get("fits", {}),
        **facts.get("against", {}),
    }
    names = told.problem.sections["section_id"].tolist()
    for name, ratio in ratios.items():
        if name in names and abs(ratio) >= WORTH_TELLING:
            told_of.append((ratio, _of_section(told, k, names.index(name), ratio)))
    fingerprint = float(facts.get("fingerprint", 0.0))
    if abs(fingerprint) >= WORTH_TELLING and len(told.problem.items) > 1:
        told_of.append((fingerprint, _of_items(told, k, fingerprint)))
    for key, zh, en in (
        ("lag", "时间先后", "timing"),
        ("wet", "与雨情的关系", "response to rain"),
    ):
        ratio = float(facts.get(key, 0.0))
        if abs(ratio) >= WORTH_TELLING:
            fits = ("相符", "fits") if ratio > 0 else ("不符", "does not fit")
            told_of.append(
                (
                    ratio,
                    (
                        f"{zh}{fits[0]}{_times(ratio)}",
                        f"{en} {fits[1]}{_times(ratio)}",
                    ),
                )
            )
    good = sorted((one for one in told_of if one[0] > 0), key=lambda one: -one[0])
    bad = sorted((one for one in told_of if one[0] < 0), key=lambda one: one[0])
    return [words for _, words in good[:4]], [words for _, words in bad[:4]]


def _times(ratio: float) -> str:
    """Write a log-ratio as the factor it multiplies the odds by."""
    factor = float(np.exp(np.clip(ratio, -6.9, 6.9)))
    if not 0.01 <= factor <= 100:
        return " ×>100" if factor > 1 else " ×<0.01"
    if factor >= 1:
        return f" ×{factor:.1f}" if factor < 10 else f" ×{factor:.0f}"
    return f" ×{factor:.2f}"


def _of_section(told: Told, k: int, section: int, ratio: float) -> Words:
    problem = told.problem
    name = problem.sections["section_id"].iloc[section]
    item = item_table()[problem.item]
    value, limit = told.value_mg_l[section, 0], problem.limits[section, 0]
    failed = bool(np.isfinite(value) and value > limit)
    reached = bool((told.influence.psi[:, 0, section, k] > 0).mean() >= 0.5)
    shown = f" {value:.3g} {item.unit}" if np.isfinite(value) else ""
    if section == problem.target:
        fit = ("相符", "fits") if ratio > 0 else ("不易解释", "is hard to explain")
        return (
            f"断面 {name} 的浓度{shown} {fit[0]}{_times(ratio)}",
            f"the concentration{shown} at {name} {fit[1]}{_times(ratio)}",
        )
    zh, en = _SECTION_WORDS[reached, failed, ratio > 0]
    what_zh, what_en = f"（{item.zh}{shown}）", f" ({item.key}{shown})" if shown else ""
    return (
        zh.format(name) + (what_zh if shown else "") + _times(ratio),
        en.format(name) + what_en + _times(ratio),
    )


_SECTION_WORDS = {
    # its water passes there, failed there, speaks for it
    (True, True, True): ("其下游断面 {} 也超标", "{} below it failed too"),
    (True, True, False): (
        "其下游断面 {} 超标，但浓度与其不符",
        "{} below it failed, but not by as much as would fit",
    ),
    (True, False, True): (
        "其排水经过断面 {}，浓度与其相符",
        "its water passes {}, where the reading fits",
    ),
    (True, False, False): (
        "其排水经过断面 {}，那里的浓度与其不符",
        "its water passes {}, where the reading does not fit",
    ),
    (False, True, True): (
        "断面 {} 超标与它无关，仍相符",
        "{} failed without it, which still fits",
    ),
    (False, True, False): (
        "断面 {} 也超标，但其排水到不了那里",
        "{} failed too, but its water does not get there",
    ),
    (False, False, True): (
        "断面 {} 未受影响，其排水不经过那里",
        "{} stayed clean, and its water does not pass there",
    ),
    (False, False, False): (
        "断面 {} 的浓度不易解释，其排水不经过那里",
        "the reading at {} is hard to explain, its water does not pass there",
    ),
}


def _of_items(told: Told, k: int, ratio: float) -> Words:
    others = [item_table()[key] for key in told.problem.items[1:]]
    zh, en = class_words(effluent_class(str(told.problem.sources["category"].iloc[k])))
    fit = ("相符", "fit") if ratio > 0 else ("不符", "do not fit")
    return (
        f"{'、'.join(one.zh for one in others)}的比例与其排水（{zh}）{fit[0]}{_times(ratio)}",
        (
            f"{', '.join(one.key for one in others)} {fit[1]} its effluent ({en})"
            f"{_times(ratio)}"
        ),
    )
