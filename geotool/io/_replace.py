"""Writing beside, then in place of the old file: a kill harms nothing."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geotool.errors import SourceError


@contextmanager
def replacing(path: Any) -> Iterator[Path]:
    """
    Give a path beside the target; move it over the target when all went well.

    Parameters
    ----------
    path : path
        The target.

    Yields
    ------
    Path
        A new name in the same folder, with the same ending.

    Raises
    ------
    SourceError
        If the folder is not there or cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as beside:
    ...         _ = beside.write_text("x")
    ...     sorted(found.name for found in Path(folder).iterdir())
    ['a.txt']
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise SourceError(
            f"文件夹 {target.parent} 不存在；请先建立。",
            f"Folder {target.parent} does not exist; make it first.",
        )
    if target.is_dir() and target.suffix.lower() != ".gdb":
        raise SourceError(
            f"{target} 是文件夹，不能写成文件。", f"{target} is a folder, not a file."
        )
    beside = target.with_name(f".{target.stem}-{uuid.uuid4().hex[:8]}{target.suffix}")
    try:
        yield beside
        _settle(beside, target)
    except PermissionError as error:
        raise SourceError(
            f"写不了 {target}（{error.strerror}）；请关闭正在使用它的程序，或换一个文件夹。",
            f"Cannot write {target} ({error.strerror}); close the program that uses "
            "it, or choose another folder.",
        ) from None
    finally:
        for left in target.parent.glob(f"{beside.name}*"):
            if left.is_file():
                left.unlink()


def _settle(beside: Path, target: Path) -> None:
    """Put the bytes on the disk before the name points to them."""
    with beside.open("rb+") as stream:
        os.fsync(stream.fileno())
    beside.replace(target)
    if os.name == "posix":  # Windows has no handle on a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
