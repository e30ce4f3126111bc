"""A package whose public names load their module when first asked for.

A command uses a few modules of each package: to load all of them took a third of a
second before any work began.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def on_demand(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """
    Make what a package answers when a name it does not hold yet is asked of it.

    Parameters
    ----------
    package : str
        Its full name.
    homes : mapping of str to names
        For each of its modules the public names that live there.

    Returns
    -------
    tuple of functions
        ``__getattr__`` and ``__dir__`` of the package (PEP 562).

    Examples
    --------
    >>> ask, names = on_demand("geotool.crs", {"_datums": ["DATUMS", "to_wgs84"]})
    >>> names()
    ['DATUMS', 'to_wgs84']
    >>> ask("to_wgs84").__module__
    'geotool.crs._datums'
    >>> ask("to_mars")
    Traceback (most recent call last):
        ...
    AttributeError: module 'geotool.crs' has no attribute 'to_mars'
    """
    home = {name: module for module, names in homes.items() for name in names}

    def ask(name: str) -> Any:
        if name in home:
            return getattr(import_module(f"{package}.{home[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted(home)

    return ask, names
