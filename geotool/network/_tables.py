"""The network as plain tables for the workspace, and back; scenarios from files."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool.errors import NetworkError
from geotool.network._model import RiverNetwork
from geotool.network._scenario import Scenario

NETWORK_TABLES = (
    "reaches",
    "nodes",
    "network_structures",
    "network_unplaced",
    "network_votes",
    "network_log",
)
"""Names of the tables a network is kept in."""


def network_tables(network: RiverNetwork) -> dict[str, pd.DataFrame]:
    """
    Give the tables that hold a network; the inverse of :func:`network_from_tables`.

    Returns
    -------
    dict
        By the names of :data:`NETWORK_TABLES`.
    """
    return {
        "reaches": network.reaches,
        "nodes": network.nodes,
        "network_structures": network.structures,
        "network_unplaced": network.unplaced,
        "network_votes": network.votes,
        "network_log": network.log,
    }


def network_from_tables(tables: Mapping[str, pd.DataFrame]) -> RiverNetwork:
    """
    Make a network of the tables it was kept in.

    Raises
    ------
    NetworkError
        If a table or a column is missing.

    Examples
    --------
    >>> import shapely
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (100, 0)])
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line], crs=4549)
    >>> network = build_network(rivers)
    >>> network_from_tables(network_tables(network)).hash == network.hash
    True
    """
    missing = [name for name in NETWORK_TABLES[:3] if name not in tables]
    if missing:
        raise NetworkError(
            f"缺少河网表：{'、'.join(missing)}；请先 geotool build。",
            f"The network tables {', '.join(missing)} are missing; run geotool build.",
        )
    reaches = _plain(tables["reaches"])
    nodes = _plain(tables["nodes"])
    for column in ("from_node", "to_node"):
        reaches[column] = reaches[column].astype(np.int64)
    nodes["node_id"] = nodes["node_id"].astype(np.int64)
    structures = _plain(tables["network_structures"])
    structures["node_id"] = structures["node_id"].astype(np.int64)
    return RiverNetwork(
        gpd.GeoDataFrame(reaches),
        gpd.GeoDataFrame(nodes),
        pd.DataFrame(structures),
        log=_plain(tables.get("network_log", pd.DataFrame())),
        unplaced=gpd.GeoDataFrame(
            _plain(tables.get("network_unplaced", gpd.GeoDataFrame()))
        ),
        votes=_plain(tables.get("network_votes", pd.DataFrame())),
    )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Text as text with None for missing, whatever a file made of it."""
    made = table.reset_index(drop=True).copy()
    for column in made.columns:
        cells = made[column]
        if isinstance(cells.dtype, gpd.array.GeometryDtype):
            continue
        if pd.api.types.is_string_dtype(cells.dtype) or cells.dtype == object:
            made[column] = _texts(cells)
    return made


def _texts(cells: pd.Series) -> Any:
    texts = np.array(cells, dtype=object)
    texts[pd.isna(cells).to_numpy()] = None
    return pd.Series(texts, index=cells.index, dtype=object)


def read_scenario(path: str | PathLike[str]) -> Scenario:
    """
    Read a scenario from a TOML or JSON file.

    Raises
    ------
    SourceError
        If there is no such file or it is neither TOML nor JSON.
    NetworkError
        If an entry is not one of a scenario's.
    """
    # the reader of readings and all tables comes along with it
    from geotool.io import read_mapping

    return Scenario.from_dict(read_mapping(path))
