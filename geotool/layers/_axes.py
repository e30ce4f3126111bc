"""Which headers hold coordinates, whole or in degrees, minutes and seconds."""

import re
from collections.abc import Iterable, Mapping

from geotool.schema import fold_name
from geotool.tables import load_table

_COORDINATES = (
    ("longitude", "latitude"),
    ("lon_d", "lon_m", "lon_s", "lat_d", "lat_m", "lat_s"),
    ("pair",),
    ("easting", "northing"),
)
"""Ways to write a place in columns, the one that says most first."""


def coordinate_names(names: Iterable[object]) -> dict[str, str]:
    """
    Find the headers that hold coordinates.

    Returns
    -------
    dict
        ``longitude`` and ``latitude``; or ``lon_d``, ``lon_m`` … ``lat_s`` (degrees,
        minutes and seconds in columns of their own); or ``pair`` (both in one
        cell); or ``easting`` and ``northing`` → header. Empty when no whole set is
        there.

    Examples
    --------
    >>> coordinate_names(["名称", "经度", "纬度"])
    {'longitude': '经度', 'latitude': '纬度'}
    >>> coordinate_names(["X坐标", "Y坐标"])
    {'easting': 'Y坐标', 'northing': 'X坐标'}
    >>> names = [f"{axis}（{part}）" for axis in ("经度", "纬度") for part in "度分秒"]
    >>> list(coordinate_names(names))
    ['lon_d', 'lon_m', 'lon_s', 'lat_d', 'lat_m', 'lat_s']
    """
    forms = [(str(name), _forms(str(name))) for name in names]
    table = load_table("layers")["coordinates"]
    found: dict[str, str] = {}
    for key, aliases in table.items():
        folded = {fold_name(alias): place for place, alias in enumerate(aliases)}
        hits = [
            (folded[form], order, name)
            for order, (name, folds) in enumerate(forms)
            for form in folds
            if form in folded
        ]
        if hits:
            found[key] = min(hits)[2]
    degrees, *others = _COORDINATES
    apart = _whole(found, others[0])
    if found.get("longitude") in apart.values():
        return (
            apart  # 经度（度） is no whole longitude where 经度（分） stands beside it
        )
    return next(
        filter(None, (_whole(found, parts) for parts in (degrees, *others))), {}
    )


def _whole(found: Mapping[str, str], parts: tuple[str, ...]) -> dict[str, str]:
    """Give the headers of one way to write a place, nothing where one is missing."""
    wanted = [part for part in parts if not part.endswith("_s")]
    chosen = {part: found[part] for part in parts if part in found}
    whole = all(part in chosen for part in wanted)
    return chosen if whole and len(set(chosen.values())) == len(chosen) else {}


_PART = re.compile(r"[(\[【]\s*([度分秒°′″'\"])\s*[)\]】]\s*$")
_SIGNS = "°′″'\""
_PART_SIGNS = str.maketrans(_SIGNS, "度分秒分秒")


def _forms(name: str) -> list[str]:
    """List the folded forms of a header: whole, below a group, with 度, 分 or 秒."""
    tail = name.rsplit(" / ", 1)[-1]
    # before NFKC, which would take the sign of minutes apart
    plain = tail.replace("（", "(").replace("）", ")")
    part = _PART.sub(lambda found: found[1].translate(_PART_SIGNS), plain)
    forms = [fold_name(name), fold_name(tail), fold_name(part)]
    if tail in _SIGNS:  # below a group: 东经 / ′
        forms.append(fold_name(name.translate(_PART_SIGNS)))
    return forms
