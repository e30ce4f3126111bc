"""What the rank of a candidate hangs on: gates, directions, flow states, the bank."""

from typing import TYPE_CHECKING

import numpy as np

from geotool.attribution._mixing import near_sections
from geotool.attribution._problem import Words

if TYPE_CHECKING:
    from geotool.attribution._reasons import Told


def hinges(told: "Told", k: int) -> list[Words]:
    """List what the rank of a candidate hangs on."""
    problem = told.problem
    row = problem.source(k)
    parts: list[Words] = []
    gates = [str(key) for key in row["structures"]][:3]
    if gates:
        parts.append(
            (
                f"{'、'.join(gates)} 的启闭（其水经过那里）",
                f"the state of {', '.join(gates)}, which its water passes",
            )
        )
    if row["relation"] == "possible":
        parts.append(
            ("途中流向不明的河段", "stretches of unknown direction on the way")
        )
    psi = told.influence.psi[:, 0, problem.target, k]
    reach = float((psi > 0).mean())
    if len(psi) > 1 and reach < 0.95:
        parts.append(
            (
                f"水流走向：估算的流态中 {reach:.0%} 能到断面",
                f"the flow: in {reach:.0%} of the flows that fit, it reaches the section",
            )
        )
    parts += _states(told, k)
    parts += _unmixed(told, k)
    if row["located"] == "ambiguous":
        parts.append(
            ("排口落在哪条河上（位置有歧义）", "which river it lies on (ambiguous)")
        )
    return parts


def _unmixed(told: "Told", k: int) -> list[Words]:
    """Say which sections it lies so near above that they may not read its mixed water."""
    psi = told.influence.psi[:, 0, :, k]
    length = float(told.mixing_m[k])
    parts: list[Words] = []
    for section, metres in near_sections(told.problem, k, length):
        if not (psi[:, section] > 0).any():
            continue
        name = told.problem.sections["section_id"].iloc[section]
        zh = f"采样在哪一岸：距断面 {name} 只有 {metres:.0f} m，"
        en = f"the bank that is sampled: {metres:.0f} m above {name}, "
        parts.append(
            (
                f"{zh}横向混匀约需 {length:.0f} m",
                f"{en}while mixing across takes some {length:.0f} m",
            )
        )
    return parts


def _states(told: "Told", k: int) -> list[Words]:
    """Say when the rank by influence differs between the flow states."""
    by_state = told.influence.state_psi[:, told.problem.target]
    if len(by_state) < 2:
        return []
    load = np.zeros(by_state.shape[1])
    load[: told.problem.n] = told.problem.load_g_s[:, 0]
    ranks = [int((made > made[k]).sum()) + 1 for made in by_state * load]
    only = [
        state.name
        for state, psi in zip(told.problem.states, by_state, strict=True)
        if psi[k] > 0
    ]
    if only and len(only) < len(by_state):
        return [
            (f"只在“{'、'.join(only)}”时到达", f"reaches it only in {', '.join(only)}")
        ]
    if max(ranks) - min(ranks) > 2:
        names = [f"“{state.name}”" for state in told.problem.states]
        each = list(zip(names, ranks, strict=True))
        zh = "、".join(f"{name}第 {rank}" for name, rank in each)
        en = ", ".join(f"{name} {rank}" for name, rank in each)
        return [(f"流态（按负荷：{zh}）", f"the flow state (by load: {en})")]
    return []
