"""The two ends where files are touched: reading tables, writing results.

No other module opens data files. What a reader returns still holds the cells as they
came, with the row numbers that Excel shows.
"""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.io._raster import read_elevation
    from geotool.io._raw import RawTable, fingerprint
    from geotool.io._read import READABLE, list_layers, read_table
    from geotool.io._readings import (
        noted_cells,
        read_mapping,
        read_readings,
        reading_cells,
    )
    from geotool.io._replace import replacing
    from geotool.io._sheets import (
        SheetLook,
        flat_table,
        is_formula,
        storable,
        write_book,
    )
    from geotool.io._windows import RasterFile, raster_file
    from geotool.io._write import write_table, write_vector

__all__ = [
    "READABLE",
    "RasterFile",
    "RawTable",
    "SheetLook",
    "fingerprint",
    "flat_table",
    "is_formula",
    "list_layers",
    "noted_cells",
    "raster_file",
    "read_elevation",
    "read_mapping",
    "read_readings",
    "read_table",
    "reading_cells",
    "replacing",
    "storable",
    "write_book",
    "write_table",
    "write_vector",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_raster": ("read_elevation",),
        "_raw": ("RawTable", "fingerprint"),
        "_read": ("READABLE", "list_layers", "read_table"),
        "_readings": ("noted_cells", "read_mapping", "read_readings", "reading_cells"),
        "_replace": ("replacing",),
        "_sheets": ("SheetLook", "flat_table", "is_formula", "storable", "write_book"),
        "_windows": ("RasterFile", "raster_file"),
        "_write": ("write_table", "write_vector"),
    },
)
