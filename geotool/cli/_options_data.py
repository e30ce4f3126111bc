"""The commands that bring data in and judge them."""

from typing import Any

from geotool.cli._options import command, readings, standard, workspace, year

KINDS = (
    "rivers 河流、structures 闸站、outfalls 排污口、sections 断面、water_sources 水源地、"
    "zones 保护区、sources 污染源（企业）、admin 行政区、projects 工程、readings 监测数据"
)
"""What ``--as`` takes, told in the help; a test holds it to ``layers.toml``."""


def add_demo(commands: Any) -> None:
    parser = command(
        commands, "demo", "用示例数据走一遍全程 the whole story on demo data"
    )
    parser.add_argument("folder", nargs="?", default="geotool_demo", metavar="DIR")
    parser.add_argument(
        "--data", metavar="DIR", help="示例数据目录 folder of the demo data"
    )


def add_import(commands: Any) -> None:
    parser = command(
        commands,
        "import",
        "读入登记表或图层 read a register or layer",
        "  geotool import 登记表.xlsx --as outfalls --datum cgcs2000 --into 我的.gpkg "
        "--rejects 退回.xlsx\n"
        "  geotool import 河流.shp --as rivers --into 我的.gpkg\n"
        "  geotool import 十月.xlsx --as readings --append --into 我的.gpkg",
    )
    parser.add_argument("file", metavar="FILE", help="要读的文件 the file to read")
    parser.add_argument(
        "--as",
        dest="kind",
        required=True,
        metavar="LAYER",
        help=f"读成什么 kind: {KINDS}",
    )
    parser.add_argument(
        "--into",
        required=True,
        metavar="WS.gpkg",
        help="写入的工作空间，没有就新建；已有的同名图层被替换（见 --append）"
        "the workspace, made if it is not there",
    )
    parser.add_argument("--crs", metavar="EPSG:…", help="坐标系 CRS of the source")
    parser.add_argument(
        "--datum",
        metavar="NAME",
        help="经纬度的基准：cgcs2000（国家标准）、wgs84（GPS）、gcj02（高德、腾讯）、"
        "bd09（百度）、unknown（不知道就不写）",
    )
    parser.add_argument("--encoding", metavar="NAME", help="如 gbk；一般自动认出")
    parser.add_argument("--sheet", metavar="NAME", help="工作表 sheet of a workbook")
    parser.add_argument("--layer", metavar="NAME", help="源图层 layer of the source")
    parser.add_argument(
        "--map",
        dest="columns",
        action="append",
        default=[],
        metavar="列名=column",
        help="指定列对应，可重复，右边用英文列名或中文名 which column a header is",
    )
    parser.add_argument(
        "--append",
        action="store_true",
        help="并入已有图层（编号不得重复）add to the layer that is there",
    )
    year(parser)
    parser.add_argument("--rejects", metavar="FILE.xlsx", help="退回行写到此处")


def add_build(commands: Any) -> None:
    parser = command(commands, "build", "由河流和闸站建河网 make the network")
    workspace(parser)
    parser.add_argument(
        "--snap-m",
        type=float,
        default=1.0,
        metavar="M",
        help="端头在此距离内才接上（默认 1 m）ends this close are joined",
    )
    for name, text in (
        ("outlet", "水从这里流出 where water leaves"),
        ("inlet", "水从这里流入 where it enters"),
    ):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="PLACE",
            help=f"{text}：断面、闸站的编号或名称，或“经度,纬度”；可重复",
        )
    parser.add_argument(
        "--repair",
        action="append",
        default=[],
        metavar="KIND|ID|all",
        help="按 check 的建议自动修补，可重复 mend what check proposes: "
        "dangling_near, twin_line, an issue id, or all",
    )
    parser.add_argument(
        "--elevation",
        metavar="FILE.tif",
        help="高程栅格，水往低处流 heights of the ground as evidence of direction",
    )
    parser.add_argument(
        "--drawn-with-flow",
        action="store_true",
        help="画线方向即流向（由使用者担保）lines are drawn with the flow",
    )


def add_check(commands: Any) -> None:
    parser = command(commands, "check", "列出河网问题 issues of the network")
    workspace(parser)
    parser.add_argument("--out", metavar="FILE", help="问题清单写到此处")


def add_assess(commands: Any) -> None:
    parser = command(commands, "assess", "断面水质评价 assess the sections")
    workspace(parser)
    readings(parser)
    standard(parser)
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


def add_zones(commands: Any) -> None:
    parser = command(commands, "zones", "保护区、缓冲带与筛查 zones and conflicts")
    workspace(parser)
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


def add_doctor(commands: Any) -> None:
    command(commands, "doctor", "检查本机能否运行 check this machine")
