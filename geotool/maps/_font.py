"""Chinese text on figures, on a machine with or without Chinese fonts.

The font carried here (``vendor/GeotoolSansSC-Regular.otf``) knows GB 2312. A rarer
character is written in an installed Chinese font where there is one; else the
printers' sign for a missing character, 〓, stands in its place and the figure says so.
Nothing is registered with matplotlib, so no other figure changes.
"""

from functools import cache
from importlib import resources
from pathlib import Path

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font

FONT_FILE = "GeotoolSansSC-Regular.otf"
MISSING = "〓"

_INSTALLED = (
    "Microsoft YaHei",
    "SimSun",
    "PingFang SC",
    "Source Han Sans SC",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",  # how matplotlib sees the first face of Debian's collection
)


@cache
def _own_font() -> str:
    return str(Path(str(resources.files(__package__))) / "vendor" / FONT_FILE)


@cache
def _known(path: str) -> frozenset[int]:
    return frozenset(FT2Font(path).get_charmap())


@cache
def _rare_fonts() -> tuple[str, ...]:
    """Installed fonts that may know rarer characters, best first."""
    found = {font.name: font.fname for font in font_manager.fontManager.ttflist}
    return tuple(found[name] for name in _INSTALLED if name in found)


def missing_characters(text: str) -> str:
    """
    List the characters that the carried font does not know, each once.

    Examples
    --------
    >>> missing_characters("通江河㙦口㙦")
    '㙦'
    """
    known = _known(_own_font())
    rare = dict.fromkeys(one for one in text if ord(one) not in known)
    return "".join(one for one in rare if one not in "\n\t\r")


def fit_text(text: str) -> tuple[str, str]:
    """
    Give a text as it can be written, and the font file to write it in.

    Examples
    --------
    >>> fit_text("通江河")[0]
    '通江河'
    """
    text = "".join(one if one.isprintable() else " " for one in str(text))
    rare = missing_characters(text)
    if not rare:
        return text, _own_font()
    for path in _rare_fonts():
        if all(ord(one) in _known(path) for one in text):
            return text, path
    return "".join(MISSING if one in rare else one for one in text), _own_font()


def font(size: float, *, path: str = "") -> FontProperties:
    """Font of a size in points; the carried one if no file is named."""
    return FontProperties(fname=path or _own_font(), size=size)
