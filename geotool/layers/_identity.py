"""Identifiers: made where missing, refused where used twice; likely duplicates noted."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool._marks import is_missing
from geotool.layers._columns import Matched
from geotool.layers._ledger import Ledger, Words
from geotool.schema import LayerKind

EARTH_M = 6_371_000.0
NEAR_M = 5.0
"""Points of one name nearer than this are noted as possible duplicates."""

FEW_SPOTS = 64
"""Up to so many points abreast, in a strip of ``NEAR_M``, are held against each other;
beyond, a tree finds the near ones."""


def check_ids(
    made: dict[str, pd.Series],
    kind: LayerKind,
    matched: Matched,
    cells: pd.DataFrame,
    ledger: Ledger,
) -> pd.Series:
    """
    Give every accepted row an identifier of its own.

    Parameters
    ----------
    made : dict
        Columns read so far.
    kind : LayerKind
    matched : Matched
    cells : DataFrame
        The source, to see which other column could identify the rows.
    ledger : Ledger

    Returns
    -------
    Series of str
    """
    empty = pd.Series(None, index=cells.index, dtype=object)
    ids = made.get(kind.id_column, empty).copy()
    header = matched.header(kind.id_column)
    good = ~ids.index.isin(list(ledger.refused))
    there = ids[good & ids.notna().to_numpy()]
    if len(set(there.tolist())) < len(there):
        again = there[there.duplicated()]
        unique = there.drop_duplicates()
        first = dict(zip(unique.tolist(), unique.index.tolist(), strict=True))
        for row, value in zip(again.index.tolist(), again.tolist(), strict=True):
            words = Words(
                f"编号与第 {first[value]} 行重复",
                f"Row {first[value]} has the same id",
                "改为不重复的编号，或删除重复的行",
                "Give it an id of its own, or delete the row",
            )
            ledger.refuse([int(row)], header or kind.id_column, [value], words)
        _hint(again, there, cells, kind, ledger, header)
    return _made(ids, kind, ledger, header)


def _hint(
    again: pd.Series,
    there: pd.Series,
    cells: pd.DataFrame,
    kind: LayerKind,
    ledger: Ledger,
    header: str | None,
) -> None:
    """Where many ids repeat, another column may be the identifier."""
    if len(again) < 0.05 * len(there):
        return
    texts = cells.loc[there.index].map(lambda cell: None if cell is None else str(cell))
    unique = [
        str(name)
        for name in texts.columns
        if name != header
        and texts[name].notna().all()
        and texts[name].is_unique
        and texts[name].str.len().mean() < 40
        and not texts[name].str.fullmatch(r"-?\d+\.\d+").all()  # coordinates
    ]
    if unique:
        ledger.tell(
            f"“{header}”多有重复，或许不是编号；没有重复的列：{'、'.join(unique[:4])}"
            f"，可用 columns 指定为 {kind.id_column}",
            f"{header} repeats often; columns without repeats: {', '.join(unique[:4])}; "
            f"name one as {kind.id_column} with columns",
            column=header or "",
        )


def _made(
    ids: pd.Series, kind: LayerKind, ledger: Ledger, header: str | None
) -> pd.Series:
    """Make identifiers of the row number for rows that have none."""
    refused = ledger.refused
    rows = [row for row in ids.index[ids.isna()] if row not in refused]
    taken = set(ids.dropna()) if rows else set()
    width = max(4, len(str(ids.index.max() if len(ids) else 0)))
    for row in rows:
        new = f"{kind.prefix}{row:0{width}d}"
        while new in taken:
            new += "a"
        taken.add(new)
        ids[row] = new
    if header is not None:
        new_ids = [ids[row] for row in rows]
        zh, en = "缺编号，按行号生成", "No id: made from the row number"
        ledger.tell_each(rows, header, [""] * len(rows), new_ids, zh, en)
    return ids


def note_duplicates(layer: pd.DataFrame, kind: LayerKind, ledger: Ledger) -> None:
    """Note points of the same name at the same place, and points on one spot."""
    if not isinstance(layer, gpd.GeoDataFrame) or "Point" not in kind.geometry:
        return
    shapes = layer.geometry
    is_point = shapely.get_type_id(shapes.to_numpy()) == shapely.GeometryType.POINT
    if is_point.sum() < 2 or shapes.crs is None:
        return
    places = np.flatnonzero(is_point)
    xy = shapely.get_coordinates(shapes.to_numpy()[is_point])
    degrees = shapes.crs.is_geographic
    key = (xy * (1e7 if degrees else 100)).round().astype(np.int64)  # centimetres
    spots = _on_the_ball(xy) if degrees else xy
    names = layer["name"] if "name" in layer else pd.Series(None, index=layer.index)
    ids = layer[kind.id_column]
    for one, other in _near(spots, key[:, 0] * 2**32 + key[:, 1]).items():
        later, first = layer.index[places[one]], layer.index[places[other]]
        same = not is_missing(names[later]) and names[later] == names[first]
        zh = f"与 {ids[first]} 相距不到 {NEAR_M:g} 米" + (
            "且同名，可能重复" if same else ""
        )
        en = f"Within {NEAR_M:g} m of {ids[first]}" + (", same name" if same else "")
        ledger.tell(zh, en, column=kind.id_column, before=str(ids[later]))


def _on_the_ball(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Turn degrees into places in space, so that distances are metres.

    No projection is needed, it holds for any country, and 5 m are wrong by less than
    3 cm.
    """
    lon, lat = np.radians(degrees).T
    ball = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    return EARTH_M * np.column_stack(ball)


def _near(spots: NDArray[np.float64], key: NDArray[np.int64]) -> dict[int, int]:
    """
    Find for each point the first earlier one near it.

    Points of one spot are put together before: a park with thousands of enterprises
    on the same coordinates would make millions of pairs.
    """
    _, first, spot = np.unique(key, return_index=True, return_inverse=True)
    earliest = first[spot]
    place = np.arange(len(spots))
    found = dict(
        zip(
            place[earliest != place].tolist(),
            earliest[earliest != place].tolist(),
            strict=True,
        )
    )
    alone = np.sort(first)
    for one, other in alone[_near_pairs(spots[alone])].tolist():  # the earlier first
        found[other] = min(found.get(other, one), one)
    return dict(sorted(found.items()))


def _near_pairs(spots: NDArray[np.float64]) -> NDArray[np.int64]:
    """
    List the pairs of points near each other, the earlier one first.

    In the order of their longest side, near points are few places apart: each is
    held against the next one, then the one after it, until all are too far.
    """
    if not len(spots):
        return np.empty((0, 2), dtype=np.int64)
    sides = np.argsort(-np.ptp(spots, axis=0))
    order = np.argsort(np.ascontiguousarray(spots[:, sides[0]]))
    along, across = np.ascontiguousarray(spots[order][:, sides[:2]].T)
    first = np.arange(len(order))
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for step in range(1, FEW_SPOTS + 1):
        first = first[: np.searchsorted(first, len(order) - step)]
        first = first[along[first + step] - along[first] <= NEAR_M]
        if not len(first):
            return np.sort(np.concatenate(pairs), axis=1)
        likely = first[np.abs(across[first + step] - across[first]) <= NEAR_M]
        both = np.column_stack([order[likely], order[likely + step]])
        apart = ((spots[both[:, 0]] - spots[both[:, 1]]) ** 2).sum(axis=1)
        pairs.append(both[apart <= NEAR_M**2])
    return _near_by_tree(spots)


def _near_by_tree(spots: NDArray[np.float64]) -> NDArray[np.int64]:
    """List the pairs of points near each other where many lie abreast."""
    from scipy.spatial import cKDTree  # a fifth of a second to load

    tree = cKDTree(spots, balanced_tree=False, compact_nodes=False)
    return np.asarray(tree.query_pairs(NEAR_M, output_type="ndarray"))
