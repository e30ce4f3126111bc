"""An extra discharge of some hours from one place: how well it explains the readings."""

from dataclasses import dataclass

import numpy as np

from geotool.attribution._baseline import Baseline, Fit
from geotool.attribution._lags import Kernels, step_responses
from geotool.attribution._members import Flow
from geotool.attribution._multiples import own_multiples, summed_gain
from geotool.attribution._problem import Floats, Ints

HOPELESS = 100.0
"""A gain this far below the best, even with every freedom, is not weighed exactly."""


@dataclass(frozen=True, eq=False)
class Suspects:
    """
    Points where an extra discharge may have come from.

    Attributes
    ----------
    nodes : array of int
        Node of each point.
    owner : array of int
        Candidate of each point, growing: an outfall has one, a stretch has several.
    load_g_s : array, points x items
        Usual load, of which the extra one is a multiple.
    sigma : array of float, one a point
        Of the logarithm of an item's multiple about the common one.
    """

    nodes: Ints
    owner: Ints
    load_g_s: Floats
    sigma: Floats


@dataclass(frozen=True)
class PulseGrid:
    """
    Pulses that are tried.

    Attributes
    ----------
    step_h : float
        Between starts; lengths are multiples of it.
    lengths_h : tuple of float
    before_h : float
        Earliest start before the first reading.
    multiples : tuple of float
        Lowest and highest extra load, as multiples of the usual one.
    multiple_steps : int
    kept : int
        Pulses of each suspect that are weighed exactly, each also half a step earlier
        and later.
    """

    step_h: float = 4.0
    lengths_h: tuple[float, ...] = (8.0, 12.0, 16.0, 24.0, 36.0, 48.0, 72.0, 96.0)
    before_h: float = 0.0
    multiples: tuple[float, float] = (1.0, 60.0)
    multiple_steps: int = 14
    kept: int = 8

    @property
    def trials(self) -> Floats:
        """Multiples that are tried."""
        return np.geomspace(*self.multiples, self.multiple_steps)


@dataclass(frozen=True, eq=False)
class PulseScore:
    """
    Evidence of one member for every suspect.

    Attributes
    ----------
    gain : array, points x pulses
        Log-likelihood ratio against no extra discharge, the multiple summed out.
    start_h, length_h : array, as gain
    multiple : array, as gain
        The likeliest.
    by_section : array, points x sections
        What each section adds to the gain of the best pulse, by the likeliest multiples,
        what these cost, and the loads that then fit.
    by_item : array, points x items
    """

    gain: Floats
    start_h: Floats
    length_h: Floats
    multiple: Floats
    by_section: Floats
    by_item: Floats


@dataclass(frozen=True, eq=False)
class _Class:
    """
    Starts from which the readings lie at the same lags.

    Attributes
    ----------
    starts : array of int
    lag : array of int, starts x times
        In half steps; not above 0 before the start.
    used : array of int
        Those above 0.
    """

    starts: Ints
    lag: Ints
    used: Ints

    def spread(self, reading: Floats) -> Floats:
        """Sort readings by lag: items x (lags, sections) x starts."""
        items, _, sections = reading.shape
        count = len(self.starts)
        table = np.zeros((items, len(self.used) + 1, count, sections), np.float32)
        row = np.searchsorted(self.used, self.lag)
        row[self.lag <= 0] = len(self.used)
        table[:, row, np.arange(count)[:, None]] = reading[:, None]
        return table[:, :-1].transpose(0, 1, 3, 2).reshape(items, -1, count)


class Pulses:
    """
    Rectangular pulses of every suspect against the readings.

    Parameters
    ----------
    baseline : Baseline
    suspects : Suspects
    grid : PulseGrid
    """

    def __init__(self, baseline: Baseline, suspects: Suspects, grid: PulseGrid) -> None:
        self.baseline, self.suspects, self.grid = baseline, suspects, grid
        times = baseline.series.times_h
        self.starts = np.arange(-grid.before_h, times[-1] + 1e-9, grid.step_h)
        # readings are put on half steps; lags of a pulse then lie on one grid
        fine = grid.step_h / 2.0
        lag = np.round((times[None] - self.starts[:, None]) / fine).astype(np.int64)
        self._lags = int(lag.max(initial=0)) + 2  # half a step earlier, one more lag
        self._fine = fine
        # readings at even steps: starts that are no multiple apart share no lag
        apart = int(np.gcd.reduce(np.diff(lag[0]), initial=0)) or 1
        self._classes = [
            _Class(starts, lag[starts], np.unique(lag[starts][lag[starts] > 0]))
            for starts in (
                np.flatnonzero(-lag[:, 0] % apart == k) for k in range(apart)
            )
            if len(starts)
        ]
        self.lengths = np.array(grid.lengths_h)

    def score(
        self, flow: Flow, member: int, kernels: Kernels, weight: Floats
    ) -> PulseScore:
        """Weigh every suspect in one member by readings of that weight."""
        fit = self.baseline.fit(flow, member, kernels, weight)
        step = self._responses(flow, member, kernels)
        rough = self._rough(step, fit, weight)
        points, kept = len(rough), min(self.grid.kept, rough[0].size)
        flat = rough.reshape(points, -1)
        best = np.argpartition(-flat, kept - 1, axis=1)[:, :kept]
        start, length = np.unravel_index(best, rough.shape[1:])
        bound = np.take_along_axis(flat, best, axis=1)
        # who cannot come near the best even with every freedom needs no exact weighing
        near = np.flatnonzero(bound.max(axis=1) >= bound.max() - HOPELESS)
        # edges are sharp: each is also tried half a step earlier and later
        beside = np.array([-1, 0, 1]) * self._fine
        start_h = (self.starts[start][..., None] + beside).reshape(points, -1)
        length_h = np.repeat(self.lengths[length], 3, axis=1)
        bound = np.repeat(bound, 3, axis=1)
        exact = self._exact(
            step[:, near], fit, weight, start_h[near], length_h[near], near
        )
        return self._filled(exact, near, bound, start_h, length_h)

    def _filled(
        self,
        exact: PulseScore,
        near: Ints,
        bound: Floats,
        start_h: Floats,
        length_h: Floats,
    ) -> PulseScore:
        """Put the exact scores among those that need none."""

        def among(values: Floats, rest: Floats) -> Floats:
            rest = rest.astype(float)
            rest[near] = values
            return rest

        points, sections = len(bound), len(self.baseline.sections)
        items = len(self.baseline.value)
        return PulseScore(
            gain=among(exact.gain, bound),
            start_h=start_h,
            length_h=length_h,
            multiple=among(exact.multiple, np.full(bound.shape, np.nan)),
            by_section=among(exact.by_section, np.zeros((points, sections))),
            by_item=among(exact.by_item, np.zeros((points, items))),
        )

    def _responses(self, flow: Flow, member: int, kernels: Kernels) -> Floats:
        """Give step responses by lag: items x suspects x lags x sections."""
        base, suspects = self.baseline, self.suspects
        times = np.arange(self._lags) * self._fine
        found = step_responses(kernels, suspects.nodes, times, base.decay(flow, member))
        found[:, :, 0] = 0.0
        found *= suspects.load_g_s.T[:, :, None, None].astype(np.float32)
        return found

    def _rough(self, step: Floats, fit: Fit, weight: Floats) -> Floats:
        """Gain of every pulse with a free multiple for each item, loads held."""
        base, (items, suspects) = self.baseline, step.shape[:2]
        shape = (items, len(base.series.times_h), len(base.sections))
        rest, held = (weight * fit.rest).reshape(shape), weight.reshape(shape)
        on = np.empty((items, suspects, len(self.starts)), np.float32)
        size = np.empty((len(self.lengths), *on.shape), np.float32)
        late = np.round(self.lengths / self._fine).astype(np.int64).tolist()
        for one in self._classes:
            now, by_lag = step.take(one.used, axis=2), one.spread(held)
            flat = now.reshape(items, suspects, -1)
            on[:, :, one.starts] = flat @ one.spread(rest)
            for k, lags in enumerate(late):
                # there is no response before the start: row 0 is nought
                power = now - step.take(np.maximum(one.used - lags, 0), axis=2)
                power *= power
                size[k][:, :, one.starts] = power.reshape(flat.shape) @ by_lag
        total = np.zeros((suspects, len(self.starts), len(self.lengths)))
        for k, length_h in enumerate(self.lengths.tolist()):
            shift = min(round(length_h / self.grid.step_h), on.shape[2])
            up = on.copy()
            up[:, :, : on.shape[2] - shift] -= on[:, :, shift:]
            up = np.maximum(up, 0.0) ** 2 / np.maximum(size[k], 1e-12)
            total[:, :, k] = up.sum(axis=0) / 2
        return total

    def _exact(
        self,
        step: Floats,
        fit: Fit,
        weight: Floats,
        start_h: Floats,
        length_h: Floats,
        points: Ints,
    ) -> PulseScore:
        """Weigh chosen pulses with the loads fitted anew and one common multiple."""
        base, suspects = self.baseline, self.suspects
        items, count, sections = len(step), start_h.shape[1], len(base.sections)
        since = base.series.times_h - start_h[..., None]
        lag = np.maximum(np.round(since / self._fine).astype(np.int64), 0)
        late = np.round(length_h / self._fine).astype(np.int64)
        first = np.arange(len(points))[:, None, None] * step.shape[2]
        ended = np.maximum(lag - late[..., None], 0)
        every = step.reshape(items, -1, sections)
        pulse = every.take(first + lag, axis=1)
        pulse -= every.take(first + ended, axis=1)
        flat = pulse.reshape(items, len(points) * count, -1)
        weighed = weight[:, None] * flat
        on = (weighed @ fit.rest[..., None].astype(np.float32))[..., 0]
        both = weighed @ fit.effect.transpose(0, 2, 1).astype(np.float32)
        held = ((both @ fit.inverse) * both).sum(axis=2)
        power = (weighed * flat).sum(axis=2)
        size = np.maximum(power - held, 1e-9 * power + 1e-12)
        shape = (items, len(points), count)
        on, size, sigma = on.reshape(shape), size.reshape(shape), suspects.sigma[points]
        gain, multiple, item_gain = summed_gain(on, size, sigma, self.grid.trials)
        best = np.argmax(gain, axis=1)
        each = np.arange(len(points))
        chosen = pulse[:, each, best]
        loads = both.reshape(*shape, -1)[:, each, best] @ fit.inverse
        much, cost = own_multiples(
            on[:, each, best], size[:, each, best], sigma, multiple[each, best]
        )
        made = chosen - (loads @ fit.effect).reshape(chosen.shape)
        made *= much[..., None, None]
        return PulseScore(
            gain=gain,
            start_h=start_h,
            length_h=length_h,
            multiple=multiple,
            by_section=_by_section(made, cost, fit, weight),
            by_item=item_gain[:, each, best].T,
        )


def _by_section(made: Floats, cost: Floats, fit: Fit, weight: Floats) -> Floats:
    """
    Sum how much less the readings of each section miss, points x sections.

    ``made``, items x points x times x sections, is what the best pulse changes; its
    ``cost``, items x points, is charged where that shows.
    """
    shape = (len(made), 1, *made.shape[2:])
    rest, weight = (weight * fit.rest).reshape(shape), weight.reshape(shape)
    power = (weight * made**2).sum(axis=2)
    share = power / np.maximum(power.sum(axis=2, keepdims=True), 1e-300)
    gained = (made * rest).sum(axis=2) - power / 2 + cost[..., None] * share
    return np.asarray(gained.sum(axis=0))
