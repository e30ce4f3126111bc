"""Raw table → clean layer, refused rows with reasons, and notes: three that add up."""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.layers._build import build_layer, read_layer
    from geotool.layers._classes import outfall_class, remedy_word, stage_word
    from geotool.layers._compare import compare_registers
    from geotool.layers._datums import guess_datum
    from geotool.layers._export import export_layers, without_personal
    from geotool.layers._matches import match_registers
    from geotool.layers._places import check_places
    from geotool.layers._references import check_references
    from geotool.layers._result import LayerImport
    from geotool.layers._summary import summary_tables

__all__ = [
    "LayerImport",
    "build_layer",
    "check_places",
    "check_references",
    "compare_registers",
    "export_layers",
    "guess_datum",
    "match_registers",
    "outfall_class",
    "read_layer",
    "remedy_word",
    "stage_word",
    "summary_tables",
    "without_personal",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_build": ("build_layer", "read_layer"),
        "_classes": ("outfall_class", "remedy_word", "stage_word"),
        "_compare": ("compare_registers",),
        "_datums": ("guess_datum",),
        "_export": ("export_layers", "without_personal"),
        "_matches": ("match_registers",),
        "_places": ("check_places",),
        "_references": ("check_references",),
        "_result": ("LayerImport",),
        "_summary": ("summary_tables",),
    },
)
