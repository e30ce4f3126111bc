"""Names of files made from text of a register: never a path, never a device."""

import re
import unicodedata

_FORBIDDEN = re.compile(
    r'[<>:"/\\|?*\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\ud800-\udfff]+'
)
_DEVICES = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE
)
_LONGEST_BYTES = 150
"""A path of Windows has 260 letters, a name of Linux 255 bytes."""


def safe_name(text: str, *, taken: set[str], ending: str = ".docx") -> str:
    """
    Make the name of a file from any text, other than those that are taken.

    Parameters
    ----------
    text : str
        What it should say; separators, control characters, names of devices and what
        is too long are mended.
    taken : set of str
        Names given before, without case; the new one is added.
    ending : str

    Returns
    -------
    str

    Examples
    --------
    >>> taken = set()
    >>> [safe_name(text, taken=taken) for text in ("../x", "CON", "/", "东口", "东口")]
    ['_x.docx', '_CON.docx', '未命名.docx', '东口.docx', '东口(2).docx']
    """
    name = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", text))
    name = " ".join(name.split()).strip(" .")
    name = re.sub(r"^[.\s]+", "", name)
    if not name.strip("_ ."):
        name = "未命名"
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    name = _cut(name)
    chosen, count = f"{name}{ending}", 1
    while chosen.casefold() in taken:
        count += 1
        chosen = f"{name}({count}){ending}"
    taken.add(chosen.casefold())
    return chosen


def _cut(name: str) -> str:
    """Cut a name at so many bytes, between letters."""
    kept = name.encode()[:_LONGEST_BYTES].decode(errors="ignore")
    return kept.rstrip(" .") or "未命名"
