"""What the command line understands."""

import argparse
from typing import Any, NoReturn

from geotool._version import __version__


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
    )
    parser.add_argument("--version", action="version", version=f"geotool {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    for add in (
        _demo,
        _import,
        _build,
        _check,
        _trace,
        _alert,
        _assess,
        _zones,
        _map,
        _report,
        _doctor,
    ):
        add(commands)
    return parser


def _command(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text
    )
    parser.set_defaults(run=lambda chosen: _run(name, chosen))
    return parser


def _run(name: str, chosen: argparse.Namespace) -> int:
    # the commands bring geopandas along; --help should not
    from geotool.cli import _commands, _demo_story, _doctor, _paths

    _paths.check_outputs(name, chosen)
    table = {
        **_commands.COMMANDS,
        "demo": _demo_story.run_demo,
        "doctor": _doctor.run_doctor,
    }
    return int(table[name](chosen) or 0)


def _report(commands: Any) -> None:
    parser = _command(
        commands, "report", "断面、排污口的一策表和水质月报 sheets and bulletins (docx)"
    )
    parser.add_argument(
        "workspace",
        nargs="?",
        metavar="WS.gpkg",
        help="工作空间（--write-template 不需要）the workspace",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--section", metavar="ID", help="一断面一策：断面编号或名称")
    what.add_argument("--outfall", metavar="ID", help="一口一策：排污口编号或名称")
    what.add_argument(
        "--outfalls",
        metavar="all|FILE",
        help="批量一口一策，--out 为文件夹 one sheet each into a folder",
    )
    what.add_argument("--bulletin", action="store_true", help="水质月报")
    what.add_argument(
        "--write-template",
        metavar="section|outfall|bulletin",
        help="写出模板供修改 the template, to be changed in Word",
    )
    parser.add_argument("--item", metavar="NH3N", help="溯源项目 item to trace")
    parser.add_argument("--readings", metavar="FILE.csv")
    parser.add_argument("--scenario", metavar="FILE", help="情景文件 TOML 或 JSON")
    parser.add_argument("--period", metavar="2026-10", help="通报时段 of the bulletin")
    parser.add_argument("--standard", default="GB3838-2002", metavar="NAME")
    parser.add_argument("--max-offset-m", type=float, default=200.0, metavar="M")
    parser.add_argument(
        "--photos", metavar="DIR", help="照片文件夹 folder of the photographs"
    )
    parser.add_argument("--on", metavar="YYYY-MM-DD", help="编制日期 date of the sheet")
    parser.add_argument("--notice", default="", help="表上常显的提示语")
    parser.add_argument(
        "--template", metavar="FILE.docx", help="本单位的模板 a template of your own"
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE.docx|DIR", help=".docx，批量时为文件夹"
    )


def _doctor(commands: Any) -> None:
    _command(commands, "doctor", "检查本机能否运行 check this machine")


def _workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workspace", metavar="WS.gpkg", help="工作空间 the workspace")


def _demo(commands: Any) -> None:
    parser = _command(
        commands, "demo", "用示例数据走一遍全程 the whole story on demo data"
    )
    parser.add_argument("folder", nargs="?", default="geotool_demo", metavar="DIR")
    parser.add_argument(
        "--data", metavar="DIR", help="示例数据目录 folder of the demo data"
    )


def _import(commands: Any) -> None:
    parser = _command(commands, "import", "读入登记表或图层 read a register or layer")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--as", dest="kind", required=True, metavar="LAYER")
    parser.add_argument("--into", required=True, metavar="WS.gpkg")
    parser.add_argument("--crs", metavar="EPSG:…", help="坐标系 CRS of the source")
    parser.add_argument(
        "--datum", metavar="NAME", help="gcj02 | bd09 | wgs84 | cgcs2000 | unknown"
    )
    parser.add_argument("--encoding", metavar="NAME")
    parser.add_argument("--sheet", metavar="NAME", help="工作表 sheet of a workbook")
    parser.add_argument("--layer", metavar="NAME", help="源图层 layer of the source")
    parser.add_argument(
        "--map",
        dest="columns",
        action="append",
        default=[],
        metavar="列名=column",
        help="指定列对应，可重复 which column a header is, may be repeated",
    )
    parser.add_argument(
        "--append",
        action="store_true",
        help="并入已有图层（编号不得重复）add to the layer that is there",
    )
    parser.add_argument(
        "--year",
        type=int,
        metavar="YYYY",
        help="监测时间没有年份时的年份 year of times written without one",
    )
    parser.add_argument("--rejects", metavar="FILE.xlsx", help="退回行写到此处")


def _build(commands: Any) -> None:
    parser = _command(commands, "build", "由河流和闸站建河网 make the network")
    _workspace(parser)
    parser.add_argument("--snap-m", type=float, default=1.0, metavar="M")
    parser.add_argument(
        "--drawn-with-flow",
        action="store_true",
        help="画线方向即流向（由使用者担保）lines are drawn with the flow",
    )


def _check(commands: Any) -> None:
    parser = _command(commands, "check", "列出河网问题 issues of the network")
    _workspace(parser)
    parser.add_argument("--out", metavar="FILE", help="问题清单写到此处")


def _trace(commands: Any) -> None:
    parser = _command(commands, "trace", "溯源或下泄追踪 trace up- or downstream")
    _workspace(parser)
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--section", metavar="ID", help="断面编号或名称")
    start.add_argument("--outfall", metavar="ID", help="排污口编号或名称")
    start.add_argument("--at", metavar="LON,LAT", help="经纬度（CGCS2000）")
    parser.add_argument("--item", metavar="NH3N")
    parser.add_argument("--readings", metavar="FILE.csv")
    parser.add_argument("--down", action="store_true", help="向下游 downstream")
    parser.add_argument("--max-km", type=float, metavar="X")
    parser.add_argument("--max-hours", type=float, metavar="H")
    parser.add_argument("--max-offset-m", type=float, default=200.0, metavar="M")
    parser.add_argument("--scenario", metavar="FILE", help="情景文件 TOML 或 JSON")
    parser.add_argument(
        "--save", action="store_true", help="结果存入工作空间，一张图会画出来"
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help=".json .csv .xlsx .gpkg .geojson"
    )


def _alert(commands: Any) -> None:
    parser = _command(
        commands, "alert", "由监测数据出预警单 from readings to a page to act on"
    )
    _workspace(parser)
    parser.add_argument("--readings", metavar="FILE.csv", required=True)
    parser.add_argument("--item", metavar="NH3N", help="只看这一项 this item only")
    parser.add_argument(
        "--until", metavar="TIME", help="只用此前的读数 take no later readings"
    )
    parser.add_argument("--scenario", metavar="FILE", help="情景文件 TOML 或 JSON")
    parser.add_argument("--standard", default="GB3838-2002", metavar="NAME")
    parser.add_argument(
        "--lead-hours",
        type=float,
        default=1.0,
        metavar="H",
        help="取水口停水所需小时 hours an intake needs to close",
    )
    parser.add_argument("--max-offset-m", type=float, default=200.0, metavar="M")
    parser.add_argument(
        "--language", default="zh", metavar="zh|en", help="页面语言 of the page"
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help=".docx .html .xlsx .json"
    )


def _assess(commands: Any) -> None:
    parser = _command(commands, "assess", "断面水质评价 assess the sections")
    _workspace(parser)
    parser.add_argument("--readings", metavar="FILE.csv")
    parser.add_argument(
        "--standard",
        default="GB3838-2002",
        metavar="NAME|FILE.toml",
        help="标准名，或自己的标准表 a standard, or a table of your own",
    )
    parser.add_argument(
        "--period",
        default="month",
        metavar="PERIOD",
        help="hour|day|month|quarter|half|year|season|cumulative",
    )
    parser.add_argument(
        "--rounding",
        default="none",
        metavar="none|decimals",
        help="定类前是否修约 round means before the class",
    )
    parser.add_argument("--out", required=True, metavar="FILE", help=".xlsx .csv .json")


def _zones(commands: Any) -> None:
    parser = _command(commands, "zones", "保护区、缓冲带与筛查 zones and conflicts")
    _workspace(parser)
    parser.add_argument("--rule", default="jiangsu", metavar="jiangsu|hj338|FILE.toml")
    parser.add_argument(
        "--buffer-m", type=float, metavar="M", help="另划缓冲带的宽度，自岸边起"
    )
    for name, text in (
        ("water", "水面多边形 water polygons"),
        ("dykes", "背水坡堤脚线 landward toes of dykes"),
        ("catchments", "水源汇水区 catchments of sources"),
        ("clip", "裁剪界线 district or watershed where zones end"),
    ):
        parser.add_argument(
            f"--{name}", metavar="FILE", help=f"{text}（文件或工作空间图层名）"
        )
    parser.add_argument(
        "--screen",
        action="append",
        default=[],
        metavar="LAYER",
        help="另筛查的图层，可重复，如 sources、projects",
    )
    parser.add_argument(
        "--shore",
        metavar="RULE|M",
        help="岸线规则或米数，如 yangtze_chemical_1km、survey_2km",
    )
    parser.add_argument(
        "--shore-of", metavar="NAME", help="岸线规则的水体名称 rivers of that name"
    )
    parser.add_argument(
        "--upstream-km",
        type=float,
        metavar="N",
        help="列出取水口上游 N km 内的企业、排口",
    )
    parser.add_argument(
        "--upstream-hours", type=float, metavar="T", help="或 T 小时内可到达的"
    )
    parser.add_argument(
        "--on", metavar="YYYY-MM-DD", help="判定日期 date of the finding"
    )
    parser.add_argument("--out", metavar="FILE", help="筛查结果写到此处")
    parser.add_argument(
        "--atlas", metavar="DIR", help="水源地图集写到此文件夹 a sheet per water source"
    )


def _map(commands: Any) -> None:
    parser = _command(commands, "map", "生成一张图 write the one map")
    _workspace(parser)
    parser.add_argument("--out", required=True, metavar="onemap.html")
    parser.add_argument("--title", default="入河排污口一张图")
    parser.add_argument("--subtitle", default="")
    parser.add_argument("--notice", default="", help="图上常显的提示语")
    parser.add_argument("--source", default="", help="数据来源")
    parser.add_argument("--png", metavar="FILE", help="另出打印图 also a printed map")
    parser.add_argument(
        "--photos", metavar="FOLDER", help="登记表“照片”列所指的文件夹，缩小后随图"
    )
    parser.add_argument(
        "--tianditu-key",
        metavar="KEY",
        help="天地图密钥，图中可开关的在线底图（默认不开）base map, off until turned on",
    )
