"""Base maps: 天地图 with the user's key, or tiles in a folder beside the map.

Only base maps whose datum agrees with that of the data can be made at all. Those of
Amap, Tencent and Baidu are shifted by hundreds of metres (GCJ-02, BD-09) and are
refused, and so is any other address.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from geotool.errors import MapError

_HOST = "https://t0.tianditu.gov.cn"
_KINDS = {
    "vec": ("天地图 矢量", ("vec", "cva")),
    "img": ("天地图 影像", ("img", "cia")),
    "ter": ("天地图 地形", ("ter", "cta")),
}
"""Kind → label; picture and names, as the service calls them."""

_WMTS = (
    "{host}/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}"
    "&TILECOL={{x}}&tk={key}"
)
_KEY = re.compile(r"[0-9A-Fa-f]{32}")

_SAME_DATUM = ("cgcs2000", "wgs84")
_SHIFTED = {
    "gcj02": re.compile(
        r"autonavi|amap|gaode|qq\.com|gtimg|google\.cn|gcj|高德|腾讯", re.IGNORECASE
    ),
    "bd09": re.compile(r"baidu|bdimg|bdstatic|百度", re.IGNORECASE),
}
_SUFFIXES = ("png", "jpg", "jpeg", "webp")


@dataclass(frozen=True)
class BaseMap:
    """
    A base map that lies on the same datum as the data.

    Made by :func:`tianditu` or :func:`tile_folder`.

    Attributes
    ----------
    label : str
        What the layer tree calls it.
    urls : tuple of str
        Addresses of tiles with ``{z}``, ``{x}`` and ``{y}``, lowest first.
    source : str
        What the page's policy allows besides itself.
    credit : str
        Whose it is.
    max_zoom : int
        Last zoom that has tiles of its own.
    """

    label: str
    urls: tuple[str, ...]
    source: str
    credit: str
    max_zoom: int

    def settings(self) -> dict[str, Any]:
        """Give what the page needs to know."""
        return {
            "label": self.label,
            "urls": list(self.urls),
            "credit": self.credit,
            "maxZoom": self.max_zoom,
        }


def tianditu(key: str, *, kind: str = "vec") -> BaseMap:
    """
    Use 天地图 as base map, with a key of your own.

    It is off when the map opens, and only then asks the one server of 天地图. The key
    stands in the file: whoever gets the file can read it.

    Parameters
    ----------
    key : str
        Key for browsers from https://console.tianditu.gov.cn, 32 hexadecimal digits.
    kind : {"vec", "img", "ter"}
        Map, satellite picture or terrain, each with its names.

    Raises
    ------
    MapError
        If the key has not the form of one, or the kind is not known.

    Examples
    --------
    >>> base = tianditu("0" * 32)
    >>> base.label, base.source
    ('天地图 矢量', 'https://t0.tianditu.gov.cn')
    """
    if not _KEY.fullmatch(key):
        raise MapError(
            "天地图密钥应是 32 位十六进制数（浏览器端），请在 console.tianditu.gov.cn 申请。",
            "A 天地图 key has 32 hexadecimal digits; apply for one (browser) at "
            "console.tianditu.gov.cn.",
        )
    if kind not in _KINDS:
        raise MapError(
            f"不认识的天地图类型 {kind!r}；可用 {'、'.join(_KINDS)}。",
            f"Unknown kind {kind!r}; use one of {', '.join(_KINDS)}.",
        )
    label, layers = _KINDS[kind]
    urls = tuple(_WMTS.format(host=_HOST, layer=name, key=key) for name in layers)
    return BaseMap(label, urls, _HOST, "天地图（国家地理信息公共服务平台）", 18)


def tile_folder(
    folder: str,
    *,
    datum: str,
    label: str = "本地底图",
    credit: str = "",
    suffix: str = "png",
    max_zoom: int = 18,
) -> BaseMap:
    """
    Use a folder of tiles that lies beside the map.

    Parameters
    ----------
    folder : str
        Relative to where the map will be opened, such as ``"tiles"``; holds
        ``z/x/y.png`` in Web Mercator.
    datum : {"cgcs2000", "wgs84"}
        What the tiles refer to. There is no default: tiles saved from Amap, Tencent
        or Baidu lie hundreds of metres off and cannot be used.
    label, credit : str
        What the layer tree calls it, and whose it is.
    suffix : {"png", "jpg", "jpeg", "webp"}
    max_zoom : int
        Last zoom that has tiles; nearer ones enlarge them.

    Raises
    ------
    MapError
        If the datum is another one or the path is not relative.

    Examples
    --------
    >>> tile_folder("底图/瓦片", datum="cgcs2000").urls
    ('底图/瓦片/{z}/{x}/{y}.png',)
    >>> tile_folder("tiles", datum="gcj02")
    Traceback (most recent call last):
        ...
    geotool.errors.MapError: GCJ-02...底图与 CGCS2000 数据相差数百米，不能叠加...
    """
    _refuse_shifted(folder, datum)
    path = PurePosixPath(folder)
    is_odd = re.search(r"[\\:?#%{}<>\"'`\x00-\x1f]", folder) or not folder.strip()
    if is_odd or path.is_absolute() or ".." in path.parts:
        raise MapError(
            f"底图文件夹 {folder!r} 应写成相对地图文件的路径，例如 tiles。",
            f"Give the folder of tiles {folder!r} relative to the map, such as tiles.",
        )
    if suffix not in _SUFFIXES:
        raise MapError(
            f"瓦片格式 {suffix!r} 不能用；可用 {'、'.join(_SUFFIXES)}。",
            f"Tiles cannot be {suffix!r}; use one of {', '.join(_SUFFIXES)}.",
        )
    urls = (f"{path}/{{z}}/{{x}}/{{y}}.{suffix}",)
    return BaseMap(label, urls, "'self'", credit, max_zoom)


def _refuse_shifted(folder: str, datum: str) -> None:
    """Refuse what is known to be shifted, and whatever does not say what it is."""
    told = next(
        (name for name, known in _SHIFTED.items() if known.search(folder)), datum
    )
    if told in _SHIFTED:
        name = {"gcj02": "GCJ-02（高德、腾讯）", "bd09": "BD-09（百度）"}[told]
        raise MapError(
            f"{name} 底图与 CGCS2000 数据相差数百米，不能叠加；请用天地图"
            "（gt.tianditu）或 CGCS2000 瓦片。",
            f"Base maps in {told} lie hundreds of metres off CGCS2000 data and are "
            "refused; use 天地图 (gt.tianditu) or tiles in CGCS2000.",
        )
    if "://" in folder or folder.startswith("//"):
        raise MapError(
            "不能用网络瓦片地址：基准不明，离线也打不开；在线底图请用 gt.tianditu。",
            "Addresses of tiles are refused: their datum is unknown; use gt.tianditu.",
        )
    if datum not in _SAME_DATUM:
        raise MapError(
            f"底图基准 {datum!r} 不能用；应为 {'、'.join(_SAME_DATUM)}。",
            f"Tiles cannot be in {datum!r}; they must be in {', '.join(_SAME_DATUM)}.",
        )
