"""The commands that follow the water, and those that write what came out."""

from typing import Any

from geotool.cli._options import (
    FROM_WORKSPACE,
    command,
    extent,
    offset,
    readings,
    scenario,
    standard,
    start,
    workspace,
    year,
)


def add_trace(commands: Any) -> None:
    parser = command(commands, "trace", "溯源或下泄追踪 trace up- or downstream")
    workspace(parser)
    start(parser)
    parser.add_argument(
        "--item", metavar="NH3N", help="监测项目，如 氨氮、NH3N item of the readings"
    )
    parser.add_argument(
        "--readings",
        metavar="FILE.csv",
        nargs="?",
        const=FROM_WORKSPACE,
        help="按监测数据排“谁最可能”；不写文件名就用工作空间里的 rank by these readings, "
        "or by those of the workspace",
    )
    year(parser)
    extent(parser)
    scenario(parser)
    parser.add_argument(
        "--save", action="store_true", help="结果存入工作空间，一张图会画出来"
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help=".json .csv .xlsx .gpkg .geojson"
    )


def add_compare(commands: Any) -> None:
    parser = command(
        commands,
        "compare",
        "各情景并排：比现状多了谁、少了谁 scenarios side by side",
        "  geotool compare 我的.gpkg --section 断面一 --scenario 引水.toml "
        "--scenario 排涝.toml --out 情景对比.xlsx",
    )
    workspace(parser)
    start(parser)
    parser.add_argument(
        "--scenario",
        dest="scenarios",
        action="append",
        required=True,
        metavar="FILE",
        help="情景文件 TOML 或 JSON，可重复，逐个与现状比 each held against what is "
        "registered",
    )
    parser.add_argument(
        "--weights",
        metavar="300,65",
        help="各占多少时间，现状在前 share of time of each, as registered first",
    )
    extent(parser)
    parser.add_argument("--out", required=True, metavar="FILE.xlsx", help=".xlsx")


def add_catchments(commands: Any) -> None:
    parser = command(
        commands,
        "catchments",
        "每个断面上游有谁，不重复计 who lies above each section",
        "  geotool catchments 我的.gpkg --out 断面汇水.xlsx",
    )
    workspace(parser)
    scenario(parser)
    offset(parser)
    parser.add_argument("--out", required=True, metavar="FILE.xlsx", help=".xlsx")


def add_alert(commands: Any) -> None:
    parser = command(
        commands, "alert", "由监测数据出预警单 from readings to a page to act on"
    )
    workspace(parser)
    readings(parser)
    parser.add_argument("--item", metavar="NH3N", help="只看这一项 this item only")
    parser.add_argument(
        "--until", metavar="TIME", help="只用此前的读数 take no later readings"
    )
    scenario(parser)
    standard(parser)
    parser.add_argument(
        "--lead-hours",
        type=float,
        default=1.0,
        metavar="H",
        help="取水口停水所需小时 hours an intake needs to close",
    )
    offset(parser)
    parser.add_argument(
        "--language", default="zh", metavar="zh|en", help="页面语言 of the page"
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help=".docx .html .xlsx .json"
    )


def add_map(commands: Any) -> None:
    parser = command(commands, "map", "生成一张图 write the one map")
    workspace(parser)
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


def add_report(commands: Any) -> None:
    parser = command(
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
    readings(parser)
    scenario(parser)
    parser.add_argument("--period", metavar="2026-10", help="通报时段 of the bulletin")
    standard(parser)
    offset(parser)
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
