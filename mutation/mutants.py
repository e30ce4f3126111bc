"""Small wrong edits of Python source, one at a time: what a test ought to notice.

An edit replaces the bytes of one node, so that what is reported is what a reader of the
file would see, and line numbers stay as they were.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARE = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
_ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.MatMult: ("@", "*"),
    ast.BitXor: ("^", "&"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_Edit = tuple[str, int, int, str]  # kind, first and last byte, text instead
_NOT_PROGRAM = {"annotation", "returns"}  # types are mypy's to check


@dataclass(frozen=True)
class Mutant:
    """One edit: which bytes of which file become what."""

    path: Path
    line: int
    last_line: int
    kind: str
    start: int
    stop: int
    text: str
    function: str
    """Qualified name of the outermost function around it; empty at import."""
    function_lines: tuple[int, int]

    def source(self) -> bytes:
        """Give the whole file with the edit made."""
        whole = self.path.read_bytes()
        old = whole[self.start : self.stop]
        padding = b"\n" * (old.count(b"\n") - self.text.count("\n"))
        return whole[: self.start] + self.text.encode() + padding + whole[self.stop :]

    def edit(self) -> str:
        """Say in one line what became what."""
        whole = self.path.read_bytes()
        begin = whole.rfind(b"\n", 0, self.start) + 1
        end = whole.find(b"\n", self.stop)
        before, after = whole[begin : self.start], whole[self.stop : end]
        old = (before + whole[self.start : self.stop] + after).decode()
        new = (before + self.text.encode() + after).decode()
        return f"{' '.join(old.split())}   →   {' '.join(new.split())}"


def mutants_of(path: Path) -> list[Mutant]:
    """Give every edit known for a file, in the order of its lines."""
    return list(_Finder(path).found())


class _Finder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = path.read_bytes()
        lines = self.source.splitlines(keepends=True)
        self.begins = [0]
        for line in lines:
            self.begins.append(self.begins[-1] + len(line))

    def found(self) -> Iterator[Mutant]:
        yield from self._walk(ast.parse(self.source), (), "", (0, 0))

    def _walk(
        self,
        node: ast.AST,
        scope: tuple[str, ...],
        function: str,
        lines: tuple[int, int],
    ) -> Iterator[Mutant]:
        for kind, start, stop, text in self._edits(node):
            yield Mutant(
                path=self.path,
                line=node.lineno,
                last_line=node.end_lineno,
                kind=kind,
                start=start,
                stop=stop,
                text=text,
                function=function,
                function_lines=lines,
            )
        for name, child in _children(node):
            inner, inside, span = scope, function, lines
            if isinstance(node, ast.ClassDef):
                inner = (*scope, node.name)
            is_body = name == "body"
            if isinstance(node, ast.FunctionDef) and is_body and not function:
                inside = ".".join((*scope, node.name))
                span = (node.lineno, node.end_lineno)
            if isinstance(child, ast.keyword) and child.arg == "strict":
                continue  # zip's says what is known already: no test could tell
            yield from self._walk(child, inner, inside, span)

    def _edits(self, node: ast.AST) -> Iterator[_Edit]:
        way = getattr(self, f"_of_{type(node).__name__}", None)
        if way is not None:
            yield from way(node)

    def _of_Compare(self, node: ast.Compare) -> Iterator[_Edit]:
        ends = [node.left, *node.comparators]
        for left, right, op in zip(ends, ends[1:], node.ops, strict=False):
            old, others = _COMPARE[type(op)]
            for new in others:
                yield from self._between(left, right, old, new, "comparison")

    def _of_BoolOp(self, node: ast.BoolOp) -> Iterator[_Edit]:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from self._between(left, right, old, new, "boolean")

    def _of_BinOp(self, node: ast.BinOp) -> Iterator[_Edit]:
        if any(_is_text(side) for side in (node.left, node.right)):
            return
        old, new = _ARITHMETIC[type(node.op)]
        yield from self._between(node.left, node.right, old, new, "arithmetic")

    def _of_AugAssign(self, node: ast.AugAssign) -> Iterator[_Edit]:
        old, new = _ARITHMETIC[type(node.op)]
        yield from self._between(
            node.target, node.value, f"{old}=", f"{new}=", "arithmetic"
        )
        yield self._whole(node, "pass", "statement")

    def _of_UnaryOp(self, node: ast.UnaryOp) -> Iterator[_Edit]:
        if isinstance(node.op, ast.Not):
            yield self._whole(node, f"({self._text(node.operand)})", "boolean")

    def _of_Return(self, node: ast.Return) -> Iterator[_Edit]:
        gives_none = isinstance(node.value, ast.Constant) and node.value.value is None
        if node.value is not None and not gives_none:
            yield self._whole(node, "return None", "return")

    def _of_Raise(self, node: ast.Raise) -> Iterator[_Edit]:
        yield self._whole(node, "pass", "statement")

    def _of_Expr(self, node: ast.Expr) -> Iterator[_Edit]:
        if isinstance(node.value, ast.Call):
            yield self._whole(node, "pass", "statement")

    def _of_Assign(self, node: ast.Assign) -> Iterator[_Edit]:
        """Leave out what sets a part of something; a name left unset fails at once."""
        names = (ast.Name, ast.Tuple)
        if not any(isinstance(target, names) for target in node.targets):
            yield self._whole(node, "pass", "statement")

    def _of_Continue(self, node: ast.Continue) -> Iterator[_Edit]:
        yield self._whole(node, "break", "statement")

    def _of_Break(self, node: ast.Break) -> Iterator[_Edit]:
        yield self._whole(node, "continue", "statement")

    def _of_Constant(self, node: ast.Constant) -> Iterator[_Edit]:
        if isinstance(node.value, bool):
            yield self._whole(node, repr(not node.value), "boolean")
        elif isinstance(node.value, int | float):
            yield self._whole(node, f"({self._text(node)} + 1)", "constant")
            yield self._whole(node, f"({self._text(node)} - 1)", "constant")

    def _of_Call(self, node: ast.Call) -> Iterator[_Edit]:
        """Leave out one keyword, so that its default holds."""
        for keyword in node.keywords:
            if keyword.arg in (None, "strict"):
                continue
            start, stop = self._span(keyword)
            after = re.match(rb"\s*,", self.source[stop:])
            before = re.search(rb",\s*$", self.source[:start])
            if after:
                stop += after.end()
            elif before:
                start = before.start()
            yield "keyword", start, stop, ""

    def _between(
        self, left: ast.AST, right: ast.AST, old: str, new: str, kind: str
    ) -> Iterator[_Edit]:
        begin, end = self._span(left)[1], self._span(right)[0]
        word = re.escape(old).replace(r"\ ", r"\s+")
        found = re.search(word.encode(), self.source[begin:end])
        if found:
            yield kind, begin + found.start(), begin + found.end(), new

    def _whole(self, node: ast.AST, text: str, kind: str) -> _Edit:
        return kind, *self._span(node), text

    def _span(self, node: ast.AST) -> tuple[int, int]:
        start = self.begins[node.lineno - 1] + node.col_offset
        return start, self.begins[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.AST) -> str:
        start, stop = self._span(node)
        return self.source[start:stop].decode()


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Give the nodes below one; texts with fields keep no positions before 3.12."""
    for name, value in ast.iter_fields(node):
        if name in _NOT_PROGRAM or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield name, child


def _is_text(node: ast.AST) -> bool:
    is_constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_constant or isinstance(node, ast.JoinedStr)
