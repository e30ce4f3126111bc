"""Facts as data: layers, limits, rules and styles, one TOML file each.

Code looks numbers up here; it does not carry them. Each number has a unit, a
source and a confidence (V verified, 1 one source, M from memory: change it
when you know better).
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from geotool.errors import TableError


@cache
def load_table(name: str) -> dict[str, Any]:
    """
    Read one of the tables that come with geotool.

    Parameters
    ----------
    name : str
        File name without ``.toml``, for example ``"gb3838_2002"``.

    Returns
    -------
    dict
        The table as TOML gives it. It is shared: copy before you change it.

    Raises
    ------
    TableError
        If there is no such table.

    Examples
    --------
    >>> load_table("layers")["sections"]["zh"]
    '监测断面'
    """
    path = resources.files(__package__) / f"{name}.toml"
    if not path.is_file():
        have = sorted(
            entry.name.removesuffix(".toml")
            for entry in resources.files(__package__).iterdir()
            if entry.name.endswith(".toml")
        )
        raise TableError(
            f"没有名为 {name!r} 的规则表；现有：{'、'.join(have)}。",
            f"No table {name!r}; there are: {', '.join(have)}.",
        )
    return tomllib.loads(path.read_text(encoding="utf-8"))


def class_words(name: str) -> dict[str, str]:
    """
    Give the Chinese words of a set of values, as ``styles.toml`` shows them.

    Parameters
    ----------
    name : str
        Of ``[classes.…]``.

    Examples
    --------
    >>> class_words("structure_state")["closed"]
    '关闭'
    """
    entries = load_table("styles")["classes"][name]["entries"]
    return {str(entry["value"]): str(entry["zh"]) for entry in entries}
