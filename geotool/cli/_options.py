"""How a command is declared, and the options that several share."""

import argparse
from importlib import import_module
from typing import Any

_HOME = {
    "demo": "_demo_story",
    "import": "_import",
    "build": "_build",
    "check": "_build",
    "trace": "_trace",
    "compare": "_several",
    "catchments": "_several",
    "alert": "_alert",
    "assess": "_assess",
    "zones": "_zones",
    "map": "_map",
    "report": "_report",
    "doctor": "_doctor",
}
"""Module of each command; its function is ``run_`` and the name."""

FROM_WORKSPACE = "-"
"""``--readings`` without a file: those that were imported."""


def command(
    commands: Any, name: str, text: str, examples: str = ""
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text,
        epilog=f"例 for example:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=lambda chosen: _run(name, chosen))
    return parser


def _run(name: str, chosen: argparse.Namespace) -> int:
    # the commands bring geopandas along; --help should not, nor a trace what maps need
    from geotool.cli._later import load_later

    load_later()
    from geotool.cli import _paths

    _paths.check_outputs(name, chosen)
    home = import_module(f"geotool.cli.{_HOME[name]}")
    return int(getattr(home, f"run_{name}")(chosen) or 0)


def workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workspace", metavar="WS.gpkg", help="工作空间 the workspace")


def readings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--readings",
        metavar="FILE.csv",
        help="监测数据文件；不写就用工作空间里的 readings, else those of the workspace",
    )
    year(parser)


def year(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--year",
        type=int,
        metavar="YYYY",
        help="监测数据文件里的时间没有年份时的年份 year of times written without one",
    )


def standard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--standard",
        default="GB3838-2002",
        metavar="NAME|FILE.toml",
        help="标准名，或自己的标准表 a standard, or a table of your own",
    )


def offset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-offset-m",
        type=float,
        default=200.0,
        metavar="M",
        help="点离岸多远还算在河上（默认 200 m）farthest a point may lie from the bank",
    )


def scenario(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", metavar="FILE", help="情景文件 TOML 或 JSON")


def start(parser: argparse.ArgumentParser) -> None:
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--section", metavar="ID", help="断面编号或名称")
    start.add_argument("--outfall", metavar="ID", help="排污口编号或名称")
    start.add_argument("--at", metavar="LON,LAT", help="经纬度（CGCS2000）")


def extent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--down", action="store_true", help="向下游 downstream")
    parser.add_argument(
        "--max-km", type=float, metavar="X", help="最远沿河距离 along the water"
    )
    parser.add_argument(
        "--max-hours", type=float, metavar="H", help="最长流经时间 longest travel time"
    )
    offset(parser)
