"""Files of formats nothing here can write, put together byte by byte."""

import struct
import zlib


def drawing(
    version,
    encoding,
    *,
    page="ANSI_936",
    layers=("河道", "排口"),
    at=(481000, 3569000),
    step=500,
):
    """A drawing of two layers: a line on 河道, two texts and a point on 排口."""
    head = f"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\n{version}\n9\n$DWGCODEPAGE\n3\n{page}\n0\nENDSEC\n"
    tables = "0\nSECTION\n2\nTABLES\n0\nTABLE\n2\nLAYER\n70\n2\n"
    first, second = layers
    (x, y), up = at, step
    for name in dict.fromkeys(layers):
        tables += f"0\nLAYER\n2\n{name}\n70\n0\n62\n7\n6\nCONTINUOUS\n"
    tables += "0\nENDTAB\n0\nENDSEC\n"
    shapes = "0\nSECTION\n2\nENTITIES\n"
    shapes += (
        f"0\nLINE\n8\n{first}\n10\n{x}\n20\n{y}\n11\n{x + 2 * up}\n21\n{y + 2 * up}\n"
    )
    shapes += f"0\nTEXT\n8\n{second}\n10\n{x + up}\n20\n{y + up}\n40\n2.5\n1\n东口\n"
    shapes += f"0\nPOINT\n8\n{second}\n10\n{x}\n20\n{y + up}\n"
    return (head + tables + shapes + "0\nENDSEC\n0\nEOF\n").encode(encoding)


def number(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(key, value):
    """One field of a protocol buffer: a number or bytes."""
    if isinstance(value, int):
        return number(key << 3) + number(value)
    return number(key << 3 | 2) + number(len(value)) + value


def zigzag(value):
    return number(value * 2 if value >= 0 else -value * 2 - 1)


def blob(kind, data):
    body = field(2, len(data)) + field(3, zlib.compress(data))
    head = field(1, kind) + field(3, len(body))
    return struct.pack(">I", len(head)) + head + body


def osm_pbf(path):
    """Two waterways, a road, and a weir, as osm.pbf."""
    words = ["", "waterway", "canal", "name", "老通扬运河", "highway", "primary", "weir",
             "width", "20", "river", "name:en", "Old canal"]  # fmt: skip
    at = {word: place for place, word in enumerate(words)}
    strings = b"".join(field(1, word.encode()) for word in words)

    def tags(pairs):
        if not pairs:
            return b""  # GDAL takes an empty list of tags for damage
        keys = b"".join(number(at[key]) for key in pairs)
        values = b"".join(number(at[value]) for value in pairs.values())
        return field(2, keys) + field(3, values)

    def node(ident, lon, lat, pairs):
        place = number(8 << 3) + zigzag(round(lat * 1e7))
        place += number(9 << 3) + zigzag(round(lon * 1e7))
        return field(1, number(1 << 3) + zigzag(ident) + tags(pairs) + place)

    def way(ident, nodes, pairs):
        steps = [b - a for a, b in zip([0, *nodes], nodes, strict=False)]
        return field(
            3, field(1, ident) + tags(pairs) + field(8, b"".join(map(zigzag, steps)))
        )

    nodes = b"".join(
        node(n, 119.8 + n / 100, 32.2, {"waterway": "weir"} if n == 3 else {})
        for n in (1, 2, 3, 4)
    )
    ways = way(
        11,
        [1, 2],
        {
            "waterway": "canal",
            "name": "老通扬运河",
            "width": "20",
            "name:en": "Old canal",
        },
    )
    ways += way(12, [2, 3], {"waterway": "river"}) + way(
        13, [3, 4], {"highway": "primary"}
    )
    block = field(1, strings) + field(2, nodes) + field(2, ways)
    header = field(4, b"OsmSchema-V0.6")
    path.write_bytes(blob(b"OSMHeader", header) + blob(b"OSMData", block))
    return path
