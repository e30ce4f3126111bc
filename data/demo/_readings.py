"""Invented readings: four-hourly for October 2026, monthly for 2025."""

import statistics

import numpy as np
import pandas as pd

from demo import INVENTED, NOTE
from demo._curves import chance
from demo._facts import NANTONG_SECTIONS, YANGZHONG_SECTIONS
from demo._hydraulics import Model, usual_mg_l
from demo._incident import DAYS, FIRST_READING, Incident
from demo._outfalls import Outfall

ITEMS = {
    "PH": "pH",
    "DO": "溶解氧",
    "CODMN": "高锰酸盐指数",
    "NH3N": "氨氮",
    "TP": "总磷",
}
_UNITS = {"PH": "无量纲"}
_DIGITS = {"PH": 2, "DO": 2, "CODMN": 1, "NH3N": 3, "TP": 3}
_NOISE = {"PH": 0.008, "DO": 0.035, "CODMN": 0.06, "NH3N": 0.07, "TP": 0.08}
"""Standard deviation as a share of the value."""

# what the model does not give: pH, DO, CODMn at every section; NH3-N, TP off the network
_BASE: dict[str, dict[str, float]] = {
    "DM01": {"PH": 7.95, "DO": 8.4, "CODMN": 2.1, "NH3N": 0.13, "TP": 0.078},
    "DM02": {"PH": 7.70, "DO": 7.1, "CODMN": 4.1},
    "DM03": {"PH": 7.62, "DO": 6.4, "CODMN": 4.6},
    "DM04": {"PH": 7.66, "DO": 6.7, "CODMN": 4.3},
    "DM05": {"PH": 7.60, "DO": 6.3, "CODMN": 4.7},
    "DM06": {"PH": 7.58, "DO": 5.6, "CODMN": 6.2},
    "DM07": {"PH": 7.64, "DO": 5.9, "CODMN": 5.4},
    "DM08": {"PH": 7.55, "DO": 5.4, "CODMN": 6.0},
    "YZ01": {"PH": 7.90, "DO": 8.0, "CODMN": 2.6, "NH3N": 0.24, "TP": 0.088},
    "YZ02": {"PH": 7.88, "DO": 7.8, "CODMN": 2.7, "NH3N": 0.27, "TP": 0.089},
    "YZ03": {"PH": 7.91, "DO": 7.9, "CODMN": 2.5, "NH3N": 0.22, "TP": 0.082},
    "YZ04": {"PH": 7.74, "DO": 6.6, "CODMN": 4.2, "NH3N": 0.58, "TP": 0.155},
}
# times when the instrument was under maintenance: value "--"
_MAINTENANCE = (("DM02", "NH3N", 40), ("DM05", "TP", 77), ("DM08", "DO", 120))

_NORMAL = statistics.NormalDist()


def _gauss(*key: object) -> float:
    return _NORMAL.inv_cdf(min(max(chance("gauss", *key), 1e-6), 1 - 1e-6))


def usual_values(model: Model, outfalls: list[Outfall]) -> dict[str, dict[str, float]]:
    """Usual value of every item at every section."""
    found = {section: dict(values) for section, values in _BASE.items()}
    for item in ("NH3N", "TP"):
        modelled = usual_mg_l(model, outfalls, item)
        for section, values in found.items():
            if section in modelled:
                values[item] = modelled[section]
    return found


def four_hourly(usual: dict[str, dict[str, float]], incident: Incident) -> pd.DataFrame:
    """Make the readings of the automatic stations of the Nantong zone, one a row."""
    times = pd.date_range(FIRST_READING, periods=DAYS * 6, freq="4h")
    parts = []
    for section, *_ in NANTONG_SECTIONS:
        extra = incident.at(section, "NH3N", times)
        for item, name in ITEMS.items():
            values = _with_noise(section, item, usual[section][item], times)
            added = {
                "NH3N": extra,
                "TP": incident.at(section, "TP", times),
                "CODMN": 0.8 * extra,
                "DO": -0.5 * extra,
            }.get(item, 0.0)
            cells = [f"{value:.{_DIGITS[item]}f}" for value in values + added]
            parts.append(
                pd.DataFrame(
                    {
                        "断面编号": section,
                        "监测时间": times.strftime("%Y-%m-%d %H:%M"),
                        "监测项目": name,
                        "监测值": cells,
                        "单位": _UNITS.get(item, "mg/L"),
                        "备注": INVENTED,
                    }
                )
            )
    table = pd.concat(parts, ignore_index=True)
    for section, item, step in _MAINTENANCE:
        here = (table["断面编号"] == section) & (table["监测项目"] == ITEMS[item])
        table.loc[table.index[here][step], "监测值"] = "--"
    return table.sort_values(["断面编号", "监测时间"], kind="stable", ignore_index=True)


def _with_noise(
    section: str, item: str, base: float, times: pd.DatetimeIndex
) -> np.ndarray:
    """Add to the base a daily wave (light makes oxygen), a slow drift, and noise."""
    hours = times.hour.to_numpy()
    wave = np.cos(2 * np.pi * (hours - 15) / 24)
    swing = {"DO": 0.06, "PH": 0.006}.get(item, -0.02)
    days = np.arange(len(times)) / 6
    drift = 0.03 * np.sin(2 * np.pi * (days / 17 + chance("drift", section, item)))
    noise = np.array([_gauss(section, item, step) for step in range(len(times))])
    if item == "PH":
        drift = drift / 6
    return base * (1 + swing * wave + drift + _NOISE[item] * noise)


MONTHLY_COLUMNS = (
    "断面编号",
    "断面名称",
    "监测时间",
    "pH（无量纲）",
    "溶解氧（mg/L）",
    "高锰酸盐指数（mg/L）",
    "氨氮（mg/L）",
    "总磷（mg/L）",
    "石油类（mg/L）",
    "挥发酚（mg/L）",
    "备注",
)
_NOT_SAMPLED = ("DM06", 2)
_YEAR_BEFORE = {"NH3N": 0.9}
"""What 2025 was to October 2026, where it differed."""
_BLANK_CELLS = (("DM08", 7, "总磷（mg/L）"), ("YZ03", 11, "石油类（mg/L）"))


def monthly(usual: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Make the manual readings of 2025, one row a section and month."""
    rows = []
    for section, name, *_ in (*NANTONG_SECTIONS, *YANGZHONG_SECTIONS):
        for month in range(1, 13):
            rows.append(_month(section, name, month, usual[section]))
    table = pd.DataFrame(rows, columns=list(MONTHLY_COLUMNS))
    for section, month, column in _BLANK_CELLS:
        at = (table["断面编号"] == section) & (table["监测时间"] == f"2025年{month}月")
        table.loc[at, column] = "--"
    return table


def _month(
    section: str, name: str, month: int, usual: dict[str, float]
) -> dict[str, object]:
    warm = -np.cos(2 * np.pi * (month - 1) / 12)  # 1 in July, -1 in January
    season = {"DO": -0.16, "NH3N": -0.18, "TP": 0.10, "CODMN": 0.08, "PH": 0.0}
    values = {
        item: usual[item]
        * _YEAR_BEFORE.get(item, 1.0)
        * (
            1
            + season[item] * warm
            + 1.6 * _NOISE[item] * _gauss(section, item, month, "m")
        )
        for item in ITEMS
    }
    oil = 0.012 + 0.02 * chance("oil", section, month)
    missed = (section, month) == _NOT_SAMPLED
    cells: dict[str, object] = {
        "断面编号": section,
        "断面名称": name,
        "监测时间": f"2025年{month}月",
        "pH（无量纲）": round(values["PH"], 1),
        "溶解氧（mg/L）": round(values["DO"], 1),
        "高锰酸盐指数（mg/L）": round(values["CODMN"], 1),
        "氨氮（mg/L）": _or_limit(values["NH3N"], 0.025, 3),
        "总磷（mg/L）": _or_limit(values["TP"], 0.01, 3),
        "石油类（mg/L）": _or_limit(oil if oil > 0.02 else 0.0, 0.01, 2),
        "挥发酚（mg/L）": "0.0003L",
        "备注": INVENTED,
    }
    if missed:
        for column in MONTHLY_COLUMNS[3:-1]:
            cells[column] = "--"
        cells["备注"] = f"{INVENTED}；当月断流未采样"
    return cells


def _or_limit(value: float, limit: float, digits: int) -> object:
    """Write a value, or the detection limit with L as laboratories do."""
    return round(value, digits) if value >= limit else f"{limit:g}L"


MONTHLY_TITLE = f"国省市考断面2025年逐月监测结果（{INVENTED}，{NOTE}）"
