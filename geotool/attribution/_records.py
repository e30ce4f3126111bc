"""What sources' own records and the rain say of who it was."""

import numpy as np
import pandas as pd

from geotool.attribution._hints import lag_evidence, wet_dry_evidence, wet_dry_ratio
from geotool.attribution._loads import effluent_class
from geotool.attribution._problem import Floats, Problem, Words
from geotool.attribution._states import Influence
from geotool.errors import LayerError


def extra_evidence(
    problem: Problem,
    influence: Influence,
    records: pd.DataFrame | None,
    rain_mm: pd.Series | None,
) -> tuple[Floats, list[Words]]:
    """Log-ratios of sources' own records and of rain, one a candidate."""
    extra = np.zeros(problem.n + len(problem.groups))
    said: list[Words] = []
    series = _target_series(problem)
    if records is not None:
        extra += _of_records(problem, influence, series, records)
    if rain_mm is not None:
        ratio = wet_dry_ratio(series, rain_mm)
        classes = [effluent_class(text) for text in problem.sources["category"]]
        extra[: problem.n] += wet_dry_evidence(ratio, classes)
        if np.isfinite(ratio):
            said.append(
                (
                    f"雨后与晴天浓度之比 {ratio:.2g}",
                    f"wet over dry concentration {ratio:.2g}",
                )
            )
        else:
            said.append(
                (
                    "雨天或晴天的监测值太少，未比较雨情",
                    "too few readings in wet or dry weather to compare",
                )
            )
    return extra, said


def _target_series(problem: Problem) -> pd.Series:
    table = problem.readings
    own = table[(table["section"] == problem.target) & (table["item"] == problem.item)]
    return own.set_index("time")["value_mg_l"].sort_index()


def _of_records(
    problem: Problem, influence: Influence, series: pd.Series, records: pd.DataFrame
) -> Floats:
    missing = {"outfall_id", "time", "value_mg_l"} - set(records.columns)
    if missing:
        raise LayerError(
            f"在线监测记录缺少列：{'、'.join(sorted(missing))}。",
            f"The records lack the columns {', '.join(sorted(missing))}.",
        )
    found = np.zeros(problem.n + len(problem.groups))
    number = {key: k for k, key in enumerate(problem.sources["outfall_id"])}
    hours = influence.middle_time_h
    for key, table in records.groupby(records["outfall_id"].astype(str)):
        k = number.get(str(key))
        if k is None or not np.isfinite(hours[k]):
            continue
        own = table.set_index(pd.to_datetime(table["time"]))["value_mg_l"]
        own = own.groupby(level=0).mean().dropna()
        found[k] = lag_evidence(own, series, travel_time_h=float(hours[k]))
    return found
