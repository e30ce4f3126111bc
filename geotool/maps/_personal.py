"""Columns that speak of a person stay out of a map unless they are named."""

from collections.abc import Collection, Mapping

import geopandas as gpd

from geotool.errors import LayerError
from geotool.schema import fold_name, layer_kind, layer_kinds, personal_headers


def is_personal(header: str) -> bool:
    """
    Tell whether a header speaks of a person.

    It does when it holds an alias of a personal column of any layer: ``手机号码``
    is as personal as ``手机``.

    Examples
    --------
    >>> is_personal("手机号码"), is_personal("Contact_Name"), is_personal("责任单位")
    (True, True, False)
    """
    folded = fold_name(header)
    return any(alias in folded for alias in personal_headers())


def check_personal(
    layers: Mapping[str, gpd.GeoDataFrame], personal: Collection[str]
) -> None:
    """
    Refuse names that no personal column has, so that a typing error shows.

    Raises
    ------
    LayerError
        If a name is neither a personal column of a kind nor a header of a layer.
    """
    known = {key for kind in layer_kinds() for key in layer_kind(kind).personal_columns}
    known |= {str(header) for layer in layers.values() for header in layer.columns}
    unknown = [name for name in personal if name not in known]
    if unknown:
        raise LayerError(
            f"personal 中的 {'、'.join(unknown)} 不是任何图层的列；"
            f"例如 phone、contact。",
            f"personal names {', '.join(unknown)}, which no layer has; "
            "for example phone or contact.",
        )
