"""Pages made of what is already written: notebooks, docstrings, tables of rules."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

import geotool
from geotool._progress import PROGRESS_VARIABLE
from geotool.tables import load_table

PLAIN = "GEOTOOL_DOCS_PLAIN"
"""Set it to any text to show the notebooks as written, without running them."""

CONFIDENCE = {
    "V": "两处核实 verified by two sources",
    "H": "任取或定义 by definition",
    "1": "一处 one source",
    "M": "凭记忆或假定 from memory or assumed",
    "L": "粗略假定 rough",
}

TABLES = {
    "gb3838_2002": "GB 3838-2002 限值",
    "assessment": "评价规则",
    "pollutants": "监测项目与单位",
    "zones": "保护区、缓冲带与条款",
    "outfall_classes": "排污口分类",
    "hydraulics": "流速与水力假定",
    "river_classes": "河流等级",
    "attribution": "归因：定常证据",
    "attribution_series": "归因：时间序列证据",
    "catchment": "汇水区",
    "layers": "图层与列名",
    "styles": "样式",
}


def make_pages(folder: Path) -> None:
    """
    Write the generated pages beside the written ones.

    Parameters
    ----------
    folder : Path
        The one of ``conf.py``; everything goes into its ``generated``.
    """
    out = folder / "generated"
    shutil.rmtree(out, ignore_errors=True)
    (out / "reference").mkdir(parents=True)
    (out / "rules").mkdir()
    (out / "notebooks").mkdir()
    _reference(out / "reference")
    _rules(folder.parent / "geotool" / "tables", out / "rules")
    _notebooks(folder.parent / "notebooks", out / "notebooks")


# ---------------------------------------------------------------- reference
def _reference(out: Path) -> None:
    """Write one page for each module, in the order in which data pass them."""
    pages = []
    for module, names in geotool._HOME.items():
        lines = [f"# {module}", "", _first_line(module), ""]
        for name in sorted(names, key=str.lower):
            found = getattr(geotool, name)
            kind = "autoclass" if isinstance(found, type) else "autofunction"
            lines += [f"## {name}", "", "```{eval-rst}"]
            lines += [f".. {kind}:: geotool.{module}.{name}"]
            lines += ["   :members:"] if kind == "autoclass" else []
            lines += ["```", ""]
        (out / f"{module}.md").write_text("\n".join(lines), encoding="utf-8")
        pages.append(module)
    _index(out, "参考 Reference", _REFERENCE_WORDS, pages)


_REFERENCE_WORDS = (
    "每个公开的名字都可由 `import geotool as gt` 直接取用，如 `gt.trace_upstream`。"
    "按数据流动的次序排列。\n\n"
    "Every public name is at hand as `gt.name`; modules stand in the order in which "
    "data pass them."
)


def _first_line(module: str) -> str:
    from importlib import import_module

    return (import_module(f"geotool.{module}").__doc__ or "").strip().split("\n\n")[0]


# ---------------------------------------------------------------- rules
def _rules(tables: Path, out: Path) -> None:
    """Show each table as it is, and list what in it still has to be checked."""
    pages = []
    for name, title in TABLES.items():
        if not (tables / f"{name}.toml").exists():
            continue
        table = load_table(name)
        sources = table.get("sources", {})
        doubtful = [row for row in facts(table) if row[3] == "M"]
        lines = [f"# {title}（{name}.toml）", ""]
        if doubtful:
            lines += ["## 待核实 To be checked (M)", ""]
            lines += ["| 位置 | 值 | 出处 |", "|---|---|---|"]
            lines += [
                f"| `{key}` | {_cell(value)} | {_cell(sources.get(source, source))} |"
                for key, value, source, _ in doubtful
            ]
            lines += [""]
        lines += ["## 全表 The table", ""]
        place = os.path.relpath(tables / f"{name}.toml", out)
        lines += [f"```{{literalinclude}} {place}", ":language: toml", "```", ""]
        (out / f"{name}.md").write_text("\n".join(lines), encoding="utf-8")
        pages.append(name)
    legend = "\n".join(f"- **{key}** {text}" for key, text in CONFIDENCE.items())
    words = (
        "标准和规则都是数据。每个数的单位在它的名字里，旁边是出处和可信度；不同意就改表，"
        f"不用改程序。\n\n{legend}"
    )
    _index(out, "规则与出处 Rules", words, pages)


def facts(table: Any, key: str = "") -> Iterator[tuple[str, Any, str, str]]:
    """
    List the numbers of a table that say how sure they are.

    Yields
    ------
    tuple
        Place in the table, value, source, confidence.

    Examples
    --------
    >>> list(facts({"a": {"b": {"value": 3, "source": "记忆", "confidence": "M"}}}))
    [('a.b', 3, '记忆', 'M')]
    >>> list(facts({"rule": "x", "rule_confidence": "V"}))
    [('rule', 'x', '', 'V')]
    """
    if not isinstance(table, dict):
        return
    if "confidence" in table:
        value = {k: v for k, v in table.items() if k not in ("source", "confidence")}
        only = value.get("value") if set(value) == {"value"} else value
        yield key, only, str(table.get("source", "")), str(table["confidence"])
        return
    for name, inner in table.items():
        place = f"{key}.{name}" if key else name
        if name.endswith("_confidence"):
            own = name.removesuffix("_confidence")
            yield f"{key}.{own}".lstrip("."), table.get(own), "", str(inner)
        else:
            yield from facts(inner, place)


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text.replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= 120 else f"{text[:117]}…"


# ---------------------------------------------------------------- notebooks
def _notebooks(source: Path, out: Path) -> None:
    """Run the notebooks where they live and keep what they show."""
    pages = []
    for path in sorted(source.glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)
        if not os.environ.get(PLAIN):
            client = NotebookClient(
                book,
                timeout=600,
                kernel_name="python3",
                resources={"metadata": {"path": source}},
            )
            # bars are for who watches, not for a page
            client.execute(env={**os.environ, PROGRESS_VARIABLE: "0"})
        nbformat.write(book, out / path.name)
        pages.append(path.stem)
    words = (
        "笔记本就是手册：按次序读，每一本讲一件事，都用随带的示例数据，可在自己机器上运行"
        "（`make lab`）。\n\nThe notebooks are the manual."
    )
    _index(out, "教程 Tutorials", words, pages)


def _index(out: Path, title: str, words: str, pages: list[str]) -> None:
    listed = "\n".join(pages)
    text = f"# {title}\n\n{words}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    (out / "index.md").write_text(text, encoding="utf-8")
