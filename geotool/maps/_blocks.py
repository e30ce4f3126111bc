"""Blocks of deflated bytes behind one header, in base64, to lie inside the page.

A pack is four bytes (the length of the header, little-endian), the header (deflated
JSON) and blocks of deflated bytes that the header points to as
``[start, length packed, length unpacked]``.
"""

import base64
import json
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVEL = 4  # takes half the time of the usual 6 and makes a map 1 % larger


class Pack:
    """The blocks of a pack, one after the other."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.length = 0

    def add(self, raw: bytes) -> list[int]:
        packed = deflate(raw)
        place = [self.length, len(packed), len(raw)]
        self.blocks.append(packed)
        self.length += len(packed)
        return place

    def array(self, values: NDArray[Any]) -> list[int]:
        """Add numbers, split into byte planes."""
        values = np.ascontiguousarray(values)
        planes = values.view("u1").reshape(len(values), values.dtype.itemsize)
        return self.add(planes.T.tobytes())

    def steps(self, values: NDArray[np.integer]) -> list[int]:
        """Add whole numbers as differences, small ones of either sign alike."""
        step = np.diff(values.astype(np.int64), prepend=0).astype(np.int32)
        return self.array(((step << 1) ^ (step >> 31)).astype("<u4"))

    def close(self, header: dict[str, Any]) -> str:
        """Put header and blocks together, as base64."""
        head = deflate(to_json(header))
        body = len(head).to_bytes(4, "little") + head + b"".join(self.blocks)
        return base64.b64encode(body).decode("ascii")


def deflate(raw: bytes) -> bytes:
    """
    Compress without a header.

    Examples
    --------
    >>> zlib.decompress(deflate(b"river " * 100), -15) == b"river " * 100
    True
    """
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15, 9)
    return packer.compress(raw) + packer.flush()


def to_json(value: Any) -> bytes:
    """Write as UTF-8 JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # a lone surrogate is no UTF-8
