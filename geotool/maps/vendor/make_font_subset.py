"""Make the Chinese font that printed maps use on a machine that has none.

Takes the simplified-Chinese face out of Debian's ``fonts-noto-cjk``, keeps the
characters of GB 2312 and the signs of maps and units, and gives the result a name of
its own, so that an installed Noto is never mixed up with it. Run once, by hand::

    python geotool/maps/vendor/make_font_subset.py NotoSansCJK-Regular.ttc

The licence (SIL OFL 1.1, no reserved font name in this edition) and the copyright
notice stay with the font: ``GeotoolSansSC-OFL.txt`` and its name table.
"""

import sys
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped]

FACE = "Noto Sans CJK SC"
FAMILY = "Geotool Sans SC"
TARGET = Path(__file__).with_name("GeotoolSansSC-Regular.otf")
SIGNS = (
    "·—‘’“”…、。〈〉《》「」『』【】〔〕！（），：；？℃°′″±×÷≤≥²³μµ㎡①②③④⑤⑥⑦⑧⑨⑩"
    "ⅠⅡⅢⅣⅤⅥ−–•▲●■◆〓←↑→↓㎎㎏㎜㎝㎞"
)
NAMES = {1: FAMILY, 2: "Regular", 3: FAMILY, 4: FAMILY, 6: "GeotoolSansSC-Regular"}


def wanted_characters() -> set[str]:
    """
    GB 2312, ASCII and the signs of maps.

    Examples
    --------
    >>> len(wanted_characters()) > 7500, "溯" in wanted_characters()
    (True, True)
    """
    found = {chr(code) for code in range(0x20, 0x7F)} | set(SIGNS)
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            found |= set(bytes([row, cell]).decode("gb2312", "ignore"))
    return found


def make_subset(source: Path) -> TTFont:
    """Cut the font down and name it anew."""
    faces = TTCollection(str(source)).fonts
    font = next(face for face in faces if face["name"].getDebugName(1) == FACE)
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(character) for character in wanted_characters()])
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in NAMES:
            record.string = NAMES[record.nameID]
    cff = font["CFF "].cff
    cff.fontNames = [NAMES[6]]
    cff.topDictIndex[0].FullName = cff.topDictIndex[0].FamilyName = FAMILY
    return font


if __name__ == "__main__":
    make_subset(Path(sys.argv[1])).save(TARGET)
