"""Keep PROJ and GDAL settings of other programs out of our process.

QGIS, PostGIS, ArcGIS and SuperMap set PROJ_LIB and the like for themselves.
Inherited, they point our wheels at a foreign ``proj.db`` and rasterio fails
("DATABASE.LAYOUT.VERSION.MINOR = 2 whereas a number >= 6 is expected").
Taking them away after rasterio is imported is too late, hence this module is
the first import of the package.
"""

import os

FOREIGN_VARIABLES = (
    "PROJ_LIB",
    "PROJ_DATA",
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
)
"""Variables that name folders of another installation."""

KEEP_VARIABLE = "GEOTOOL_KEEP_GDAL_ENV"
"""Set it to any text to keep the variables, for example inside conda."""


def clear_foreign_variables() -> dict[str, str]:
    """
    Remove inherited PROJ and GDAL folders from this process's environment.

    Nothing is removed inside conda (which sets the same variables rightly for
    its own libraries) or when ``GEOTOOL_KEEP_GDAL_ENV`` is set.

    Returns
    -------
    dict
        What was removed, for ``geotool doctor`` to show.
    """
    if os.environ.get(KEEP_VARIABLE) or os.environ.get("CONDA_PREFIX"):
        return {}
    return {
        name: os.environ.pop(name) for name in FOREIGN_VARIABLES if name in os.environ
    }


REMOVED = clear_foreign_variables()
