"""What can be wrong with an input, as a small tree of errors.

Every error is also a ``ValueError``. The message is one line in Chinese and in
English: what came, what was needed, what to do.
"""


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
