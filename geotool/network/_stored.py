"""The network that a workspace holds, or the one that its rivers make."""

from typing import TYPE_CHECKING

from geotool.network._model import RiverNetwork
from geotool.network._tables import NETWORK_TABLES, network_from_tables

if TYPE_CHECKING:
    from geotool.workspace import Workspace


def workspace_network(workspace: "Workspace") -> tuple[RiverNetwork, tuple[str, ...]]:
    """
    Give the network of a workspace; it is built in memory where there is none.

    Parameters
    ----------
    workspace : Workspace
        From :func:`geotool.open_workspace`.

    Returns
    -------
    network : RiverNetwork
    warnings : tuple of str
        Tells when rivers or structures were imported after the network was built.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import geopandas as gpd, shapely
    >>> from geotool.layers import build_layer
    >>> from geotool.workspace import create_workspace
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"]}, geometry=[shapely.LineString([(0, 0), (900, 0)])],
    ...     crs=4549,
    ... )
    >>> with TemporaryDirectory() as folder:
    ...     workspace = create_workspace(Path(folder) / "a.gpkg")
    ...     workspace.write({"rivers": build_layer(rivers, "rivers").layer})
    ...     network, warnings = workspace_network(workspace)
    >>> len(network.reaches), warnings
    (1, ())
    """
    if not all(workspace.has(name) for name in NETWORK_TABLES[:3]):
        # what builds and directs networks loads solvers; a stored one needs none
        from geotool.network._build import build_network
        from geotool.network._orient import orient_network

        structures = (
            workspace.read("structures") if workspace.has("structures") else None
        )
        built = build_network(workspace.read("rivers"), structures=structures)
        return orient_network(built), ()
    tables = {
        name: workspace.read_stored(name)
        for name in NETWORK_TABLES
        if workspace.has(name)
    }
    return network_from_tables(tables), _stale(workspace)


def _stale(workspace: "Workspace") -> tuple[str, ...]:
    # what was written last stands last; clocks may be wrong and count seconds
    order = {name: k for k, name in enumerate(workspace.provenance()["layer"])}
    built = order.get("reaches", len(order))
    newer = [name for name in ("rivers", "structures") if order.get(name, -1) > built]
    if not newer:
        return ()
    return (
        (
            f"{'、'.join(newer)} 在建网之后更新过，结果可能过期，请重新 geotool build / "
            f"{', '.join(newer)} changed after the network was built"
        ),
    )
