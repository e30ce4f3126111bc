"""Zip files: find the one table inside and put it where it can be read."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from geotool.errors import SourceError

LIMIT_BYTES = 4 * 1024**3
"""Contents larger than this are refused: a small zip may unpack without end."""

_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix")


@contextmanager
def unpacked(
    path: Path, *, layer: str | None, endings: tuple[str, ...]
) -> Iterator[Path]:
    """
    Unpack the table of a zip file into a folder of our own for a while.

    Parameters
    ----------
    path : Path
    layer : str, optional
        Which one, by its name without ending, when there are several.
    endings : tuple of str
        Endings that can be read.

    Raises
    ------
    SourceError
        If the archive is broken, locked, too large, or holds no table or several.
    """
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory() as folder:
            names = {_decoded(member): member for member in archive.infolist()}
            chosen = _choose(path, names, layer, endings)
            yield _extract(archive, names, chosen, Path(folder))
    except RuntimeError as error:
        if "password" not in str(error) and "encrypted" not in str(error):
            raise
        raise SourceError(
            f"{path.name} 是加密的压缩包；请解压后再导入。",
            f"{path.name} is an encrypted zip; unpack it first.",
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise SourceError(
            f"{path.name} 不是完好的 zip（{error}）；请重新压缩，或解压后再导入。",
            f"{path.name} is not a sound zip ({error}); unpack it and import that.",
        ) from None


def _decoded(member: zipfile.ZipInfo) -> str:
    """Windows writes Chinese member names in GBK and does not say so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _choose(
    path: Path,
    names: dict[str, zipfile.ZipInfo],
    layer: str | None,
    endings: tuple[str, ...],
) -> str:
    found = {}
    for name in names:
        pure = PurePosixPath(name.replace("\\", "/"))
        geodatabase = [
            part for part in pure.parts[:-1] if part.lower().endswith(".gdb")
        ]
        if geodatabase:
            key = name[: name.index(geodatabase[0]) + len(geodatabase[0])]
        elif pure.suffix.lower() in endings and not pure.name.startswith((".", "~$")):
            key = name
        else:
            continue
        if "__MACOSX" not in pure.parts:
            found[key] = PurePosixPath(key.replace("\\", "/"))
    shapes = {p.with_suffix("") for p in found.values() if p.suffix.lower() == ".shp"}
    found = {
        key: pure
        for key, pure in found.items()
        if pure.suffix.lower() != ".dbf" or pure.with_suffix("") not in shapes
    }
    if layer is not None and len(found) > 1:
        found = {
            key: pure for key, pure in found.items() if layer in (pure.stem, pure.name)
        }
    if len(found) == 1:
        return next(iter(found))
    have = "、".join(str(p) for p in found.values()) or "、".join([*names][:12])
    if not found:
        raise SourceError(
            f"{path.name} 里没有可读的数据文件（{layer or '任何图层'}）；内含：{have}。",
            f"No table that can be read ({layer or 'any'}) in {path.name}: {have}.",
        )
    raise SourceError(
        f"{path.name} 里有多个数据文件：{have}；请用 layer（--layer）写明其中一个的名字。",
        f"Several tables in {path.name}: {have}; name one of them with layer.",
    )


def _extract(
    archive: zipfile.ZipFile,
    names: dict[str, zipfile.ZipInfo],
    chosen: str,
    folder: Path,
) -> Path:
    """Write the members under names of our own: a name in a zip is no path."""
    suffix = PurePosixPath(chosen.replace("\\", "/")).suffix.lower()
    if suffix == ".gdb":
        wanted = {
            n: f"layer.gdb/{PurePosixPath(n).name}"
            for n in names
            if n.startswith(f"{chosen}/") and not n.endswith("/")
        }
    elif suffix == ".shp":
        stem = chosen[: -len(suffix)]
        wanted = {
            n: f"layer{n[len(stem) :].lower()}"
            for n in names
            if n.startswith(f"{stem}.") and n[len(stem) :].lower() in _PARTS
        }
    else:
        wanted = {chosen: f"layer{suffix}"}
    if sum(names[name].file_size for name in wanted) > LIMIT_BYTES:
        raise SourceError(
            f"压缩包内容超过 {LIMIT_BYTES // 1024**3} GB；请解压后再导入。",
            f"The zip holds more than {LIMIT_BYTES // 1024**3} GB; unpack it first.",
        )
    for name, target in wanted.items():
        place = folder / target
        place.parent.mkdir(exist_ok=True)
        with archive.open(names[name]) as stream, place.open("wb") as written:
            while block := stream.read(1 << 20):
                written.write(block)
    return folder / f"layer{suffix}"
