"""What can be wrong with an input, as a small tree of errors.

Every error is also a ``ValueError``. The message is one line in Chinese and in
English: what came, what was needed, what to do.
"""

import contextlib
import os
import traceback
from pathlib import Path

TRACEBACK_VARIABLE = "GEOTOOL_TRACEBACK"
"""Set it to any text to see the traceback of an error or a failure."""

_OWN = str(Path(__file__).parent)


class GeotoolError(ValueError):
    """An input that geotool cannot work with.

    Parameters
    ----------
    zh, en : str
        The same sentence in Chinese and in English. Line breaks become spaces,
        so that a message stays one line wherever it is printed.

    Examples
    --------
    >>> print(GeotoolError("找不到文件 a.xlsx。", "File a.xlsx not found."))
    找不到文件 a.xlsx。 / File a.xlsx not found.
    """

    def __init__(self, zh: str, en: str) -> None:
        self.zh = " ".join(zh.split())
        self.en = " ".join(en.split())
        super().__init__(f"{self.zh} / {self.en}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.zh, self.en)

    def _render_traceback_(self) -> list[str]:
        """Tell it short in a notebook: the user's own line, and what to do.

        IPython asks an error for this. The way through geotool helps nobody who
        has to mend a file; ``GEOTOOL_TRACEBACK=1`` shows it.
        """
        if os.environ.get(TRACEBACK_VARIABLE):
            lines = traceback.format_exception(self)
            return "".join(lines).splitlines()
        return [*self._own_line(), f"{type(self).__name__}: {self.zh}", self.en]

    def _own_line(self) -> list[str]:
        """Give the last line of the user's before geotool was entered."""
        before = None
        for frame in traceback.extract_tb(self.__traceback__):
            if frame.filename.startswith(_OWN):
                break
            if frame.filename != contextlib.__file__:  # a decorator between them
                before = frame
        if before is None or not before.line:
            return []
        return [f"第 {before.lineno} 行 line {before.lineno}: {before.line}"]


class SourceError(GeotoolError):
    """A file is missing, empty, or not what its name says."""


class LayerError(GeotoolError):
    """A layer is unknown, lacks a column, or breaks the rules of its kind."""


class CrsError(GeotoolError):
    """Coordinates have no reference system, or one that does not serve."""


class NetworkError(GeotoolError):
    """The network is empty, or does not hold what was asked for."""


class LocateError(GeotoolError):
    """A point cannot be put on the network."""


class TableError(GeotoolError):
    """A table of rules, limits or styles lacks an entry or is malformed."""


class WorkspaceError(GeotoolError):
    """A workspace is missing, not ours, or written by a newer version."""


class MapError(GeotoolError):
    """A map cannot be made self-contained, or has nothing to draw."""


class ReportError(GeotoolError):
    """A report cannot be written, or its template asks for what there is not."""
