"""A folium map as one file that asks nothing of a network.

folium links to its scripts and styles. Here each is looked up by the *name* folium
gives it in a table of copies we carry (``vendor/README.md``); whatever has no copy is
an error, never a link left in silence. The page carries a Content-Security-Policy
with the hash of each script: nothing else can run, and nothing can be loaded.
"""

import base64
import hashlib
import os
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import folium
from branca.element import CssLink, Figure, JavascriptLink

from geotool._progress import long_step
from geotool.errors import MapError

VENDORED = {
    "leaflet": "leaflet.js",
    "leaflet_css": "leaflet.css",
    "jquery": "jquery.slim.min.js",
}
"""folium's name of a script or style → our copy in ``vendor``."""

_AWESOME = r"L\.AwesomeMarkers\.icon\("
_ON_CALL = {
    "jquery": r"\$\(",
    "bootstrap": r"\bbootstrap\.|data-bs-",
    "bootstrap_css": r"\bbootstrap\.|data-bs-",
    "glyphicons_css": r"glyphicon",
    "awesome_markers": _AWESOME,
    "awesome_markers_css": _AWESOME,
    "awesome_markers_font_css": _AWESOME,
    "awesome_rotate_css": _AWESOME,
}
"""What folium puts on every map (1.3 MB) → the call without which it stays out."""

SCRIPTS = (
    "onemap_data.js",
    "onemap_draw.js",
    "onemap_arrows.js",
    "onemap_clusters.js",
    "onemap_labels.js",
    "onemap_layer.js",
    "onemap_find.js",
    "onemap_legend.js",
    "onemap_popup.js",
    "onemap_ranked.js",
    "onemap_panel.js",
    "onemap_travel.js",
    "onemap_answer.js",
    "onemap_follow.js",
    "onemap_period.js",
    "onemap_series.js",
    "onemap_photo.js",
    "onemap_ground.js",
    "onemap_view.js",
    "onemap_tools.js",
    "onemap_sheet.js",
    "onemap.js",
)
"""Our own script, section by section, in the order it is read."""

_OUTSIDE = re.compile(
    r"""\bL\.(?:tileLayer(?:\.wms)?|imageOverlay|videoOverlay)\(\s*["'`](?!data:)"""
    r"""|\bfetch\(|\$\.(?:ajax|getJSON)|\bimportScripts\("""
)
"""Calls by which a folium layer would fetch something."""

_LINK = re.compile(
    r"""(?:src|href)\s*=\s*["']?(?:https?:)?//[^"'\s>]+""", re.IGNORECASE
)
_SCRIPT = re.compile(r"<script[^>]*>(.*?)</script>", re.IGNORECASE | re.DOTALL)
_PACKED = re.compile(r'(<script type="application/x-onemap"[^>]*>)[^<]*')
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'


@long_step("写一张图", "writing the one map")
def save_map(map: folium.Map, path: str | os.PathLike[str]) -> Path:
    """
    Write a map as one self-contained HTML file.

    Parameters
    ----------
    map : folium.Map
        As :func:`geotool.one_map` gives it; any other folium map will do.
    path : str or path
        File to write. An older one is replaced in one step: whoever has it open, or
        pulls the plug, never sees half a map.

    Returns
    -------
    Path

    Raises
    ------
    MapError
        If a layer of the map needs something from a network, or the file cannot be
        written.

    Examples
    --------
    >>> import tempfile
    >>> plain = folium.Map([31.9, 120.9], tiles=None)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = save_map(plain, Path(folder, "map.html"))
    ...     "Content-Security-Policy" in saved.read_text("utf-8")
    True
    """
    if not isinstance(map, folium.Map):
        raise MapError(
            f"save_map 需要 folium 地图（gt.one_map 的结果），得到的是 "
            f"{type(map).__name__}。",
            f"save_map needs a folium map (what gt.one_map returns), got "
            f"{type(map).__name__}.",
        )
    figure = map.get_root()
    assert isinstance(figure, Figure)  # folium puts every map into one
    return write_page(render_offline(figure), path)


def write_page(page: str, path: str | os.PathLike[str]) -> Path:
    """Write beside, then replace."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)  # noqa: PTH105  # the step that must not be undone
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise MapError(
            f"无法写入 {target.name}（{fault.strerror}）；请检查文件夹是否存在、"
            "是否有写权限、文件是否被占用。",
            f"Cannot write {target.name} ({fault.strerror}); check that the folder "
            "exists, may be written to, and that the file is not in use.",
        ) from None
    return target


def render_offline(figure: Figure) -> str:
    """
    Give the page of a folium figure, self-contained.

    Raises
    ------
    MapError
        If something on it has no copy here and would be fetched.
    """
    parts = (figure.header, figure.html, figure.script)
    before = [part._children.copy() for part in parts]
    try:
        for child in list(figure._children.values()):
            child.render()
        return _write_document(figure)
    finally:  # folium would add the same scripts again at the next rendering
        for part, children in zip(parts, before, strict=True):
            part._children = children


def _write_document(figure: Figure) -> str:
    """Put a rendered figure together."""
    body, script = figure.html.render(), figure.script.render()
    ours = "OneMap." in script
    bare = _PACKED.sub(r"\1", body)  # packed data call nothing, and are megabytes
    styles, libraries, early = _read_header(figure, script + bare)
    scripts = [*early, *libraries]
    if "L.marker(" in script:
        scripts.append(_marker_icons())
    if ours:
        scripts += [_copy("fflate.js"), *(_own(name) for name in SCRIPTS)]
        styles.append(f"<style>{_own('onemap.css')}</style>")
    _refuse_outside("\n".join([*styles, bare]), script)
    scripts.append(_disarm(script))
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="zh-CN"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts, _pictures(figure))}">',
            _VIEWPORT,
            f"<title>{figure.title or '一张图'}</title>",
            *styles,
            "</head><body>",
            body,
            *(f"<script>{text}</script>" for text in scripts),
            f"<!--\n{_licences(ours=ours)}\n-->",
            "</body></html>\n",
        ]
    )


# ---------------------------------------------------------------- what goes in
def _read_header(figure: Figure, calls: str) -> tuple[list[str], list[str], list[str]]:
    """Sort folium's header into styles, libraries and scripts that run before them."""
    styles: list[str] = []
    libraries: list[str] = []
    early: list[str] = []
    for name, element in figure.header._children.items():
        if isinstance(element, JavascriptLink | CssLink):
            if name in _ON_CALL and not re.search(_ON_CALL[name], calls):
                continue
            text = _copy(_vendored(name))
            if isinstance(element, CssLink):
                styles.append(f"<style>{text}</style>")
            else:
                libraries.append(text)
            continue
        text = element.render()
        early += _SCRIPT.findall(text)
        # folium forbids to zoom the page itself, which readers with weak eyes need
        styles.append(
            re.sub(r"<meta[^>]*>", "", _SCRIPT.sub("", text), flags=re.DOTALL)
        )
    return styles, libraries, [_disarm(text) for text in early]


def _vendored(name: str) -> str:
    if name in VENDORED:
        return VENDORED[name]
    raise MapError(
        f"地图用到的组件 {name!r} 没有离线副本；请去掉用它的 folium 图层或图标"
        "（如 folium.Icon、插件），普通标记、GeoJson、折线和面都可以用。",
        f"The map uses {name!r}, of which geotool carries no copy; drop the folium "
        "layer or icon that needs it (folium.Icon, plugins); plain markers, GeoJson, "
        "lines and polygons work.",
    )


def _refuse_outside(markup: str, script: str) -> None:
    """Refuse what would be fetched: the page's policy would block it in silence."""
    found = _LINK.search(_SCRIPT.sub("", markup)) or _OUTSIDE.search(script)
    if found:
        raise MapError(
            f"地图里有要联网读取的内容（{found.group(0)[:60]}）；"
            "离线地图不能用在线底图或网络文件，请去掉该图层。",
            f"The map would fetch something ({found.group(0)[:60]}); a self-contained "
            "map cannot use online tiles or files, remove that layer.",
        )


def _pictures(figure: Figure) -> list[str]:
    """Where pictures may come from besides the page: a base map, if it has one."""
    found = [getattr(child, "base", None) for child in figure._children.values()]
    return [base.source for base in found if base is not None]


def _policy(scripts: list[str], pictures: list[str]) -> str:
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        f"img-src {' '.join(['data:', 'blob:', *pictures])}; "
        "font-src data:; connect-src 'none'; "
        "base-uri 'none'; form-action 'none'; object-src 'none'"
    )


def _disarm(script: str) -> str:
    """Keep text inside a script from ending it or opening a comment."""
    script = re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE)
    return script.replace("<!--", r"<\!--")


@cache
def _own(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


@cache
def _copy(name: str) -> str:
    """One of the libraries carried here, without any address in it."""
    text = (resources.files(__package__) / "vendor" / name).read_text("utf-8")
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)
    text = text.replace('href="https://leafletjs.com" ', "")
    return re.sub(r"url\(images/([\w-]+\.png)\)", _inline, text)


def _inline(found: re.Match[str]) -> str:
    return f"url({_picture(found.group(1))})"


def _picture(name: str) -> str:
    data = (resources.files(__package__) / "vendor" / name).read_bytes()
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def _marker_icons() -> str:
    """Leaflet guesses where its marker pictures lie; inside a page it must be told."""
    return (
        "L.Icon.Default.imagePath = '';"
        "L.Icon.Default.mergeOptions({"
        f"iconUrl: '{_picture('marker-icon.png')}',"
        f"iconRetinaUrl: '{_picture('marker-icon-2x.png')}',"
        f"shadowUrl: '{_picture('marker-shadow.png')}'}});"
    )


@cache
def _licences(*, ours: bool) -> str:
    names = ("leaflet", "jquery", "fflate") if ours else ("leaflet", "jquery")
    folder: Any = resources.files(__package__) / "vendor"
    texts = [
        f"{name}\n{(folder / f'{name}-LICENSE').read_text('utf-8')}" for name in names
    ]
    return "\n".join(texts).replace("--", "- -")
