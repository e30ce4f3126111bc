"""Make the table of pinyin initials that the map's search uses.

Takes the readings of pypinyin (MIT, ``pypinyin-LICENSE``), keeps the first letter of
each reading and the characters of GBK. Run once, by hand, where pypinyin is installed::

    python geotool/maps/vendor/make_pinyin_initials.py
"""

import unicodedata
from pathlib import Path

TARGET = Path(__file__).with_name("pinyin_initials.txt")


def initials(readings: str) -> set[str]:
    """
    First letters of readings parted by commas, without their accents.

    Examples
    --------
    >>> sorted(initials("zhòng,chóng")), initials("lǜ"), initials("ê̄")
    (['c', 'z'], {'l'}, {'e'})
    """
    plain = (
        unicodedata.normalize("NFD", one)[0].lower() for one in readings.split(",")
    )
    return {letter for letter in plain if letter.isascii() and letter.isalpha()}


def is_common(character: str) -> bool:
    """Whether a character stands in GBK, which Chinese office files are kept in."""
    try:
        return len(character.encode("gbk")) == 2
    except UnicodeEncodeError:
        return False


def main() -> None:
    """Write the table: a letter, and the characters that may be read with it."""
    from pypinyin.pinyin_dict import pinyin_dict  # type: ignore[import-not-found]

    found: dict[str, list[str]] = {}
    for code, readings in sorted(pinyin_dict.items()):
        if is_common(chr(code)):
            for letter in initials(readings):
                found.setdefault(letter, []).append(chr(code))
    lines = [f"{letter} {''.join(found[letter])}\n" for letter in sorted(found)]
    TARGET.write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
