"""Styles of layers as QGIS reads them, from ``tables/styles.toml``."""

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import quoteattr

from geotool.schema import layer_kind, layer_kinds
from geotool.tables import load_table

_MARKERS = {
    "circle": "circle",
    "square": "square",
    "triangle": "triangle",
    "diamond": "diamond",
    "drop": "circle",
    "flag": "star",
    "pin": "pentagon",
}
_MM = 0.26
"""Millimetres on paper for one pixel on screen."""


_ALWAYS_NAMED = ("sections", "water_sources", "rivers", "admin")
_NEAR_SCALE = 25_000
"""Names of other layers are shown from this scale on (1:25 000)."""


def style_qml(name: str, columns: Iterable[str], geometry: str) -> str | None:
    """
    Make the QGIS style of a layer: its classes as rules, Chinese names of columns.

    Parameters
    ----------
    name : str
        Layer.
    columns : iterable of str
        Columns it has: a rule speaks only of these.
    geometry : str
        ``Point``, ``LineString`` or ``Polygon``.

    Returns
    -------
    str or None
        QML; None when ``styles.toml`` does not know the layer.

    Examples
    --------
    >>> "未整治" in (style_qml("outfalls", ["stage"], "Point") or "")
    True
    >>> style_qml("my own", [], "Point") is None
    True
    """
    tables = load_table("styles")
    if name not in tables["layers"] or name == "other":
        return None
    style = tables["layers"][name]
    columns = list(columns)
    entries = _entries(style, columns)
    rules, symbols = [], []
    for number, (label, wanted, looks) in enumerate(entries):
        rules.append(
            f'<rule key="r{number}" symbol="{number}" label={quoteattr(label)} '
            f"filter={quoteattr(wanted)}/>"
        )
        symbols.append(_symbol(number, geometry, {**style["base"], **looks}))
    last = len(entries)
    label = str(tables["other"]["zh"]) if entries else _layer_name(name, style)
    wanted = ' filter="ELSE"' if entries else ""
    rules.append(
        f'<rule key="r{last}" symbol="{last}" label={quoteattr(label)}{wanted}/>'
    )
    symbols.append(_symbol(last, geometry, style["base"]))
    return (
        '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">'
        '<qgis version="3.22" styleCategories="Symbology|Labeling|Fields" '
        f'labelsEnabled="{int("name" in columns)}">'
        '<renderer-v2 type="RuleRenderer" symbollevels="0" forceraster="0" '
        f'enableorderby="0"><rules key="root">{"".join(rules)}</rules>'
        f"<symbols>{''.join(symbols)}</symbols></renderer-v2>"
        f"{_labels(name, geometry) if 'name' in columns else ''}"
        f"<aliases>{''.join(_aliases(name, columns))}</aliases></qgis>"
    )


def _labels(name: str, geometry: str) -> str:
    """Write the names beside the shapes; where there are many, only when near."""
    placement = {"Point": 6, "LineString": 2}.get(geometry, 1)
    near = int(name not in _ALWAYS_NAMED)
    return (
        '<labeling type="simple"><settings calloutType="simple">'
        '<text-style fieldName="name" isExpression="0" fontSize="8" '
        'fontSizeUnit="Point" textColor="40,40,40,255" textOpacity="1">'
        '<text-buffer bufferDraw="1" bufferSize="0.7" bufferSizeUnits="MM" '
        'bufferColor="255,255,255,255" bufferOpacity="0.8"/></text-style>'
        f'<placement placement="{placement}" dist="0.6" distUnits="MM" '
        'predefinedPositionOrder="TR,R,BR,TL,L,BL,T,B" offsetType="1"/>'
        f'<rendering scaleVisibility="{near}" scaleMin="{_NEAR_SCALE}" scaleMax="1" '
        'drawLabels="1" obstacle="1"/></settings></labeling>'
    )


def _layer_name(name: str, style: dict[str, Any]) -> str:
    return layer_kind(name).zh if name in layer_kinds() else str(style.get("zh", name))


def _entries(
    style: dict[str, Any], columns: list[str]
) -> list[tuple[str, str, dict[str, Any]]]:
    """List label, filter and looks of the classes the layer is coloured by."""
    classes = load_table("styles")["classes"]
    for key in style.get("color_by", ()):
        there = [column for column in classes[key]["columns"] if column in columns]
        if not there:
            continue
        found = []
        for entry in classes[key]["entries"]:
            values = dict.fromkeys(
                (entry["value"], entry["zh"], *entry.get("alias", ()))
            )
            words = ", ".join("'" + str(v).replace("'", "''") + "'" for v in values)
            wanted = " OR ".join(f'"{column}" IN ({words})' for column in there)
            found.append((str(entry["zh"]), wanted, entry))
        return found
    return []


def _rgb(color: str, opacity: float = 1.0) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"


def _props(**values: object) -> str:
    return "".join(
        f'<prop k="{key}" v={quoteattr(str(value))}/>' for key, value in values.items()
    )


def _symbol(number: int, geometry: str, looks: dict[str, Any]) -> str:
    color = str(looks.get("color", "#8a8f94"))
    if geometry == "Point":
        kind, layer = "marker", "SimpleMarker"
        props = _props(
            name=_MARKERS.get(str(looks.get("shape", "circle")), "circle"),
            color=_rgb(color),
            size=round(float(looks.get("size", 6)) * _MM * 1.6, 2),
            outline_color="255,255,255,255",
            outline_width=0.2,
        )
    elif geometry == "Polygon":
        kind, layer = "fill", "SimpleFill"
        props = _props(
            color=_rgb(color, float(looks.get("fill", 0.2))),
            style="solid",
            outline_color=_rgb(color),
            outline_width=round(float(looks.get("width", 1)) * _MM, 2),
        )
    else:
        kind, layer = "line", "SimpleLine"
        width = round(float(looks.get("width", 1.5)) * _MM, 2)
        dash = [round(part * width, 2) for part in looks.get("dash", ())]
        props = _props(
            line_color=_rgb(color),
            line_width=width,
            use_custom_dash=int(bool(dash)),
            customdash=";".join(map(str, dash)) or "5;2",
        )
    return (
        f'<symbol name="{number}" type="{kind}" alpha="1" clip_to_extent="1">'
        f'<layer class="{layer}" enabled="1" locked="0" pass="0">{props}</layer></symbol>'
    )


def _aliases(name: str, columns: list[str]) -> list[str]:
    """Chinese names of the columns, as the attribute table shows them."""
    ours = layer_kind(name).columns if name in layer_kinds() else {}
    other = load_table("styles")["columns"]
    found = []
    for index, column in enumerate(columns):
        label = ours[column].label if column in ours else str(other.get(column, ""))
        if label:
            found.append(
                f'<alias index="{index}" field={quoteattr(column)} name={quoteattr(label)}/>'
            )
    return found
