"""What the command line understands."""

import argparse
from typing import NoReturn

from geotool._version import __version__
from geotool.cli import _options_data as data
from geotool.cli import _options_results as results


class UsageError(ValueError):
    """A command line that cannot be understood."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        said = " ".join(message.split())
        raise UsageError(f"命令有误：{said}；用法见 {self.prog} --help / usage: {said}")


def build_parser() -> argparse.ArgumentParser:
    """
    Make the parser of all commands.

    Examples
    --------
    >>> build_parser().parse_args(["map", "a.gpkg", "--out", "a.html"]).out
    'a.html'
    """
    parser = _Parser(
        prog="geotool",
        description="入河排污口一张图与上游溯源 · one map and upstream tracing",
        epilog=_WAY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"geotool {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    for add in (
        data.add_demo,
        data.add_import,
        data.add_build,
        data.add_check,
        results.add_trace,
        results.add_compare,
        results.add_catchments,
        results.add_alert,
        data.add_assess,
        data.add_zones,
        results.add_map,
        results.add_report,
        data.add_doctor,
    ):
        add(commands)
    return parser


_WAY = """\
次序 the usual way: import（rivers、outfalls、sections…）→ build → check → assess → trace → map
每个命令的选项 options of a command: geotool COMMAND --help
没有数据先看示例 an example: geotool demo"""
