"""What each layer is: its columns, their meaning, unit and other names.

All of it is data in ``tables/layers.toml``; this module reads it and answers
two questions: which column is this header, and which value is this spelling.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from geotool.errors import LayerError
from geotool.tables import load_table

_NOT_KINDS = ("coordinates", "values", "units")


@dataclass(frozen=True)
class Column:
    """One column of a layer.

    Attributes
    ----------
    key : str
        The name geotool uses, unit included.
    zh, en : str
        What a person calls it.
    type : str
        ``text``, ``number``, ``integer``, ``date`` or ``datetime``.
    unit : str
        Unit of a number, empty when it has none.
    need : str
        ``required`` (a row without it is rejected), ``wanted`` or empty.
    allowed : tuple of str
        The only values it may have; empty when any will do.
    low, high : float or None
        A number outside is doubtful.
    alias : tuple of str
        Headers seen in registers.
    refers : str
        Kind of layer whose ids or names it speaks of; empty for most.
    personal : bool
        Contact data, which leave geotool only when named.
    """

    key: str
    zh: str
    en: str
    type: str
    unit: str = ""
    need: str = ""
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    alias: tuple[str, ...] = ()
    refers: str = ""
    personal: bool = False

    @property
    def label(self) -> str:
        """Chinese name with its unit, as a table header shows it."""
        return f"{self.zh}（{self.unit}）" if self.unit else self.zh


@dataclass(frozen=True)
class LayerKind:
    """One kind of layer.

    Attributes
    ----------
    kind : str
        Its name, also the GeoPackage layer name.
    zh, en : str
        What a person calls it.
    geometry : tuple of str
        Geometry types it may hold; ``None`` for a plain table.
    id_column : str
        Its identifier; empty for readings.
    prefix : str
        How an identifier made by geotool begins.
    columns : dict
        Columns by key, in the order a table shows them.
    """

    kind: str
    zh: str
    en: str
    geometry: tuple[str, ...]
    id_column: str
    prefix: str
    columns: Mapping[str, Column]

    @property
    def is_spatial(self) -> bool:
        """Whether the layer has geometry."""
        return self.geometry != ("None",)

    @property
    def personal_columns(self) -> list[str]:
        """Columns with contact data."""
        return [column.key for column in self.columns.values() if column.personal]


def layer_kinds() -> list[str]:
    """
    List the kinds of layers.

    Examples
    --------
    >>> layer_kinds()[:4]
    ['rivers', 'structures', 'outfalls', 'sections']
    """
    return [name for name in load_table("layers") if name not in _NOT_KINDS]


@cache
def column_headers(kind: str, column: str) -> frozenset[str]:
    """
    List the folded headers by which tables call a column.

    Examples
    --------
    >>> {"断面编码", "断面名称", "站码"} <= column_headers("readings", "section_id")
    True
    """
    one = layer_kind(kind).columns[column]
    return frozenset(map(fold_name, (one.key, one.zh, *one.alias)))


@cache
def personal_headers() -> frozenset[str]:
    """
    List the folded headers of columns with contact data, of all kinds.

    Examples
    --------
    >>> "联系电话" in personal_headers()
    True
    """
    return frozenset().union(
        *(
            column_headers(kind, column)
            for kind in layer_kinds()
            for column in layer_kind(kind).personal_columns
        )
    )


@cache
def layer_kind(kind: str) -> LayerKind:
    """
    Describe one kind of layer.

    Parameters
    ----------
    kind : str
        Such as ``"outfalls"``.

    Raises
    ------
    LayerError
        If there is no such kind.

    Examples
    --------
    >>> layer_kind("outfalls").columns["permitted_discharge_m3_d"].label
    '许可排水量（m3/d）'
    """
    if kind not in layer_kinds():
        raise LayerError(
            f"没有图层种类 {kind!r}；可用：{'、'.join(layer_kinds())}。",
            f"No kind of layer {kind!r}; choose one of {', '.join(layer_kinds())}.",
        )
    row = load_table("layers")[kind]
    columns: dict[str, Column] = {}
    for key, facts in row["columns"].items():
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in facts.items()
        }
        columns[key] = Column(key=key, **values)
    return LayerKind(
        kind=kind,
        zh=row["zh"],
        en=row["en"],
        geometry=tuple(row["geometry"]),
        id_column=row["id"],
        prefix=row["prefix"],
        columns=columns,
    )


SERIAL = frozenset(("序号", "编号", "no", "№", "序", "行号", "id"))
"""Headers of a column that only numbers the rows."""


_BRACKETED = re.compile(r"[(\[【][^)\]】]*[)\]】]")
_DROPPED = re.compile(r"[\s_*:.\-/]")


def fold_name(name: object) -> str:
    """
    Reduce a header to what matters when two are compared.

    Full-width letters become plain, case, spaces, underscores, stars and a
    unit in brackets at the end are dropped.

    Examples
    --------
    >>> fold_name(" 许可排水量（m³/d）*")
    '许可排水量'
    >>> fold_name("Permitted_Discharge")
    'permitteddischarge'
    """
    text = unicodedata.normalize("NFKC", str(name)).casefold()
    return _DROPPED.sub("", _BRACKETED.sub("", text))


@cache
def _aliases(kind: str) -> dict[str, tuple[int, str]]:
    """Folded header → (place in its alias list, column key); 0 is the best."""
    found: dict[str, tuple[int, str]] = {}
    for column in layer_kind(kind).columns.values():
        names = (column.key, column.zh, column.label, column.en, *column.alias)
        for place, name in enumerate(names):
            folded = fold_name(name)
            if folded not in found or place < found[folded][0]:
                found[folded] = (place, column.key)
    return found


def align_names(
    names: Iterable[object], kind: str, *, chosen: Mapping[str, str] | None = None
) -> dict[str, str]:
    """
    Find which column of a layer each header of a source is.

    A column takes one header: the user's choice first, then the key itself,
    then its Chinese name, then aliases in the order of the table.

    Parameters
    ----------
    names : iterable of str
        Headers of the source.
    kind : str
        Kind of layer.
    chosen : mapping, optional
        Header → column, as the user decided. Overrides the aliases.

    Returns
    -------
    dict
        Header → column key, only for headers that were recognised.

    Raises
    ------
    LayerError
        If a chosen header or column does not exist.

    Examples
    --------
    >>> align_names(["排口编号", "排口名称", "经度", "颜色"], "outfalls")
    {'排口编号': 'outfall_id', '排口名称': 'name'}
    """
    headers = [str(name) for name in names]
    found = dict(chosen or {})
    for name, key in found.items():
        if name not in headers or key not in layer_kind(kind).columns:
            raise LayerError(
                f"指定的列对应 {name!r}→{key!r} 不成立；表中有：{'、'.join(headers)}；"
                f"可对应：{'、'.join(layer_kind(kind).columns)}。",
                f"Cannot map {name!r} to {key!r}; the source has {', '.join(headers)}; "
                f"columns are {', '.join(layer_kind(kind).columns)}.",
            )
    aliases = _aliases(kind)
    ranked = sorted(
        (aliases[fold_name(name)] + (order, name))
        for order, name in enumerate(headers)
        if name not in found and fold_name(name) in aliases
    )
    for _, key, _, name in ranked:
        if key not in found.values():
            found[name] = key
    return {name: found[name] for name in headers if name in found}


@cache
def known_headers() -> frozenset[str]:
    """
    List all folded headers that any layer or coordinate knows.

    Examples
    --------
    >>> "经度" in known_headers(), "排污口编号" in known_headers()
    (True, True)
    """
    names = {name for kind in layer_kinds() for name in _aliases(kind)}
    for aliases in load_table("layers")["coordinates"].values():
        names.update(fold_name(alias) for alias in aliases)
    return frozenset(names)


@cache
def _spellings(kind: str, key: str) -> dict[str, str]:
    """Folded spelling → allowed value, for one column of one kind of layer."""
    allowed = layer_kind(kind).columns[key].allowed
    other = load_table("layers")["values"].get(key, {})
    found = {fold_name(value): value for value in allowed}
    for value, spellings in other.items():
        if value in allowed:
            found.update({fold_name(text): value for text in spellings})
    return found


def canonical_value(text: object, kind: str, key: str) -> str | None:
    """
    Turn a spelling into the allowed value it stands for.

    Returns
    -------
    str or None
        None when the spelling is unknown.

    Examples
    --------
    >>> canonical_value("Ⅲ类", "sections", "target_class")
    'III'
    >>> canonical_value("节制闸", "structures", "kind")
    'sluice'
    >>> canonical_value("蓝色", "structures", "kind") is None
    True
    """
    return _spellings(kind, key).get(fold_name(text))
