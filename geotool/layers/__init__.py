"""Raw table → clean layer, refused rows with reasons, and notes: three that add up."""

from geotool.layers._build import build_layer, read_layer
from geotool.layers._classes import outfall_class, remedy_word, stage_word
from geotool.layers._export import export_layers, without_personal
from geotool.layers._registers import (
    compare_registers,
    match_registers,
    summary_tables,
)
from geotool.layers._result import LayerImport

__all__ = [
    "LayerImport",
    "build_layer",
    "compare_registers",
    "export_layers",
    "match_registers",
    "outfall_class",
    "read_layer",
    "remedy_word",
    "stage_word",
    "summary_tables",
    "without_personal",
]
