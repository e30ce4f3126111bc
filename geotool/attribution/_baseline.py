"""What the sections would show without an incident, and how well that fits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from geotool.attribution._lags import (
    Kernels,
    lag_kernels,
    step_responses,
    travel_hours,
)
from geotool.attribution._members import Flow, FlowModel
from geotool.attribution._problem import Floats, Ints


@dataclass(frozen=True, eq=False)
class Series:
    """
    Readings on a common clock.

    Attributes
    ----------
    times_h : array of float
        Hours since the first reading.
    value : array, items x times x sections
        mg/L; NaN where nothing was read.
    sigma : array, as value
        Standard deviation of a reading about the truth and of the truth about a model.
    aside : array of bool, as value
        Readings that rise and fall again: set aside while the flow is sought.
    """

    times_h: Floats
    value: Floats
    sigma: Floats
    aside: Floats


@dataclass(frozen=True, eq=False)
class Loads:
    """
    What reaches the water without an incident, before the readings are seen.

    Attributes
    ----------
    nodes : array of int
        Outfalls first, then the inlets of the web.
    mean : array, items x nodes
        g/s of an outfall, mg/L of an inlet.
    spread : array, items x nodes x nodes
        Its covariance.
    """

    nodes: Ints
    mean: Floats
    spread: Floats


@dataclass(frozen=True, eq=False)
class Fit:
    """
    A member's baseline, fitted to the readings by generalised least squares.

    Attributes
    ----------
    effect : array, items x nodes x readings
        What one unit of each load makes of each reading.
    rest : array, items x readings
        Readings less the fitted baseline; 0 where nothing was read.
    inverse : array, items x nodes x nodes
        Covariance of the loads after the fit.
    """

    effect: Floats
    rest: Floats
    inverse: Floats


class Baseline:
    """
    The readings as a function of flow, the loads fitted inside.

    Parameters
    ----------
    model : FlowModel
    sections : array of int
        Nodes.
    series : Series
    loads : Loads
    decay_per_d : array of float
        One an item.
    """

    def __init__(
        self,
        model: FlowModel,
        sections: Ints,
        series: Series,
        loads: Loads,
        decay_per_d: Floats,
    ) -> None:
        self.model, self.sections, self.series = model, sections, series
        self.loads, self.decay_per_d = loads, decay_per_d
        items = len(series.value)
        self.value = np.nan_to_num(series.value).reshape(items, -1)
        read = ~np.isnan(series.value)
        self.weight = (read / series.sigma**2).reshape(items, -1)
        kept = (read & ~series.aside.astype(bool)) / series.sigma**2
        self.kept_weight = kept.reshape(items, -1)
        self._kept_root = np.sqrt(self.kept_weight)
        self._precision = np.linalg.inv(loads.spread)
        self._root = np.linalg.cholesky(self._precision).transpose(0, 2, 1)

    def kernels(self, flow: Flow) -> Iterator[Kernels]:
        """Give the lag kernels of every member."""
        web = self.model.web
        hours = travel_hours(web.length_m, web.width_m, flow.depth_m, flow.flow_m3_s)
        return lag_kernels(
            web.start, web.end, flow.flow_m3_s, hours, flow.head, self.sections
        )

    def decay(self, flow: Flow, member: int) -> Floats:
        """Give the decay of each item in one member."""
        return np.asarray(self.decay_per_d * flow.decay_factor[member])

    def _effects(self, flow: Flow, member: int, kernels: Kernels) -> Floats:
        """Give what a unit of each load makes of each reading: items x nodes x readings."""
        times = self.series.times_h + flow.start_h[member]
        effect = step_responses(
            kernels, self.loads.nodes, times, self.decay(flow, member)
        )
        effect = effect.reshape(*effect.shape[:2], -1).astype(float)
        outfalls = effect.shape[1] - len(self.model.web.inlets)
        effect[:, outfalls:] *= flow.inlet_m3_s[member][:, None]
        return effect

    def fit(self, flow: Flow, member: int, kernels: Kernels, weight: Floats) -> Fit:
        """Fit the loads to the readings in one member."""
        effect = self._effects(flow, member, kernels)
        weighed = effect * weight[:, None]
        first = self.value - (self.loads.mean[:, None] @ effect)[:, 0]
        inverse = np.linalg.inv(weighed @ effect.transpose(0, 2, 1) + self._precision)
        change = (inverse @ (weighed @ first[..., None]))[..., 0]
        return Fit(
            effect=effect,
            rest=first - (change[:, None] @ effect)[:, 0],
            inverse=inverse,
        )

    def _missed(self, flow: Flow, member: int, kernels: Kernels) -> Floats:
        """Give residuals of the fit by readings not set aside, and of the loads."""
        effect = self._effects(flow, member, kernels)
        effect *= self._kept_root[:, None]
        first = self.value * self._kept_root - (self.loads.mean[:, None] @ effect)[:, 0]
        # item by item: numpy makes half of a symmetric product only in two dimensions
        normal = np.stack([one @ one.T for one in effect]) + self._precision
        change = np.linalg.solve(normal, effect @ first[..., None])
        rest = first - (change.transpose(0, 2, 1) @ effect)[:, 0]
        return np.concatenate([rest.ravel(), (self._root @ change).ravel()])

    def doubtful_weight(
        self, flow: Flow, member: int, kernels: Kernels, *, least: int = 8
    ) -> Floats:
        """
        Give the weight of each reading in one member: less where that member is wrong.

        A section whose usual readings a member misses by more than their errors cannot
        be trusted to tell of an unusual discharge either: its errors are taken so much
        larger, item by item.
        """
        rest = self.fit(flow, member, kernels, self.kept_weight).rest
        shape = self.series.value.shape
        missed = (rest**2 * self.kept_weight).reshape(shape).sum(axis=1, keepdims=True)
        count = (self.kept_weight > 0).reshape(shape).sum(axis=1, keepdims=True)
        wrong = np.where(count >= least, missed / np.maximum(count, 1), 1.0)
        trusted = self.weight.reshape(shape) / np.maximum(wrong, 1.0)
        return np.asarray(trusted.reshape(self.weight.shape))

    def residuals(self, values: Floats) -> Floats:
        """
        Give the residuals of all members: of flow, readings and loads.

        Those of readings grow ever more slowly beyond three standard deviations: one
        stagnant branch whose water comes a day late must not outweigh all the rest.
        """
        flow = self.model.flow(values)
        found = [
            self._missed(flow, member, kernels)
            for member, kernels in enumerate(self.kernels(flow))
        ]
        rest = 3.0 * np.arcsinh(np.array(found) / 3.0)
        return np.hstack([self.model.residuals(flow), rest])


def reading_sigma(
    value: Floats, limit: Floats, *, share: float, model_share: float
) -> Floats:
    """
    Give the standard deviation of each reading about a model of it.

    A share of the level around it, a share of the section's high level for what the
    model leaves out, and more where the series jumps: there a small error of time is a
    large one of level.

    Parameters
    ----------
    value : array, items x times x sections
    limit : array of float, one an item
    share : float
        Noise of a reading.
    model_share : float
    """
    pad = np.pad(value, ((0, 0), (2, 2), (0, 0)), constant_values=np.nan)
    near = np.stack([pad[:, k : k + value.shape[1]] for k in range(5)])
    level = _quiet(np.nanmedian, near, value)
    jump = _quiet(np.nanmax, near[1:4], value) - _quiet(np.nanmin, near[1:4], value)
    jump = np.maximum(jump - 3.0 * share * level, 0.0)
    high = _quiet_percentile(value)
    floor = np.maximum(0.004 * limit[:, None, None], _reporting_limit(value, limit))
    return np.asarray(
        np.sqrt(
            (share * level) ** 2
            + (0.25 * jump) ** 2
            + (model_share * high) ** 2
            + floor**2
        )
    )


def _reporting_limit(value: Floats, limit: Floats, *, least: int = 5) -> Floats:
    """Give the value below which a station tells no more, where one is at it; else 0.

    The least value of an item, read many times over, is no reading but the end of the
    scale: anything from nought to there may have been the truth.
    """
    found = np.zeros(value.shape)
    for item, series in enumerate(value):
        read = series[~np.isnan(series)]
        lowest = read.min(initial=np.inf)
        if np.count_nonzero(read == lowest) >= least and lowest <= 0.1 * limit[item]:
            found[item] = np.where(series <= 1.5 * lowest, lowest, 0.0)
    return found


def _quiet(reduce: Any, near: Floats, value: Floats) -> Floats:
    """Reduce a window that may be empty: the whole series' mean stands in."""
    empty = np.isnan(near).all(axis=0)
    filled = np.where(empty, 0.0, near)
    found: Floats = reduce(filled, axis=0)
    count = np.maximum((~np.isnan(value)).sum(axis=1, keepdims=True), 1)
    mean = np.nansum(value, axis=1, keepdims=True) / count
    return np.where(empty, mean, found)


def _quiet_percentile(value: Floats) -> Floats:
    filled = np.where(np.isnan(value).all(axis=1, keepdims=True), 0.0, value)
    return np.asarray(np.nanpercentile(filled, 80, axis=1, keepdims=True))


def bumps(value: Floats, limit: Floats, *, margin: int = 2) -> Floats:
    """
    Mark readings within a bump: a stretch above what lies before and behind it.

    A front that arrives and stays is no bump: it tells of the flow.

    Parameters
    ----------
    value : array, items x times x sections
    limit : array of float, one an item
    margin : int
        Readings on either side that are marked too.

    Returns
    -------
    array of bool, as value
    """
    found = np.zeros(value.shape, dtype=bool)
    for item, section in np.ndindex(value.shape[0], value.shape[2]):
        series = value[item, :, section]
        read = np.flatnonzero(~np.isnan(series))
        if len(read) < 12:
            continue
        one = _bump(series[read], 0.004 * float(limit[item]))
        if one is not None:
            low = max(read[one[0]] - margin, 0)
            found[item, low : read[one[1] - 1] + margin + 1, section] = True
    return found


def _bump(
    series: Floats,
    floor: float,
    *,
    longest: int = 30,
    beside: int = 8,
    least: float = 6.0,
) -> tuple[int, int] | None:
    """Give the clearest bump of a series as a range of positions."""
    count = len(series)
    total = np.concatenate([[0.0], np.cumsum(series)])
    noise = max(0.08 * float(np.median(series)), floor, 1e-12)
    low, high = np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
    size = high - low
    fits = (low >= 3) & (size >= 2) & (size <= longest) & (high < count - 3)
    a, b = low[fits], high[fits]
    inside = (total[b] - total[a]) / (b - a)
    first, last = np.maximum(a - beside, 0), np.minimum(b + beside, count)
    before = (total[a] - total[first]) / (a - first)
    behind = (total[last] - total[b]) / (last - b)
    fewer = np.minimum(a - first, last - b)
    clear = (inside - np.maximum(before, behind)) / (
        noise * np.sqrt(1.0 / (b - a) + 1.0 / fewer)
    )
    if not len(clear) or clear.max() <= least:
        return None
    best = int(np.argmax(clear))
    return int(a[best]), int(b[best])
