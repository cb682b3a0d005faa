"""Mutants of a module: one small change each, written into its text.

A mutant differs from the module in one of these ways:

comparison   a limit moves to the other side (`<` and `<=`, `>` and `>=`), or a test is inverted
constant     a number grows or shrinks by one; True and False change places
boolean      `and` and `or` change places, `not` is left out
arithmetic   `+` and `-`, `*` and `//` (of `/`: `*`), `<<` and `>>`, `&` and `|` change places
return       a function returns None instead of its value, which is no constant that is false

Not changed: annotations, decorators, docstrings and other text, patterns, defaults of `strict`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_SKIPPED_FIELDS = {"annotation", "returns", "decorator_list", "type_comment", "type_params"}
_GUARDS = {"strict"}
"""Keywords whose value guards against a defect of the program itself: zip(…, strict=True)."""


@dataclass(frozen=True, order=True)
class Mutant:
    """One change: `text` replaces the part of the module from `start` to `end` (UTF-8 bytes)."""

    module: str
    line: int
    start: int
    end: int
    operator: str
    text: str

    def apply(self, source: str) -> str:
        """Return the module with the change."""
        data = source.encode()
        return (data[: self.start] + self.text.encode() + data[self.end :]).decode()

    def described(self, source: str) -> tuple[str, str]:
        """Return the line that changes, and `old → new`, each without line breaks."""
        old = source.encode()[self.start : self.end].decode()
        change = f"{' '.join(old.split())} → {' '.join(self.text.split())}"
        return source.splitlines()[self.line - 1].strip(), change


def mutants(module: str, source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its text."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node, operator, text in _changes(ast.parse(source)):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        found.append(Mutant(module, node.lineno, start, end, operator, text))
    return sorted(found)


Change = tuple[ast.expr | ast.stmt, str, str]


def _changes(node: ast.AST) -> Iterator[Change]:
    """Yield (node to be replaced, operator, its new text) below a node."""
    if isinstance(node, ast.JoinedStr | ast.pattern):
        return  # the parts of an f-string have no place of their own in the text
    yield from _of(node)
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED_FIELDS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.keyword) and child.arg in _GUARDS:
                continue
            if isinstance(child, ast.AST):
                yield from _changes(child)


def _of(node: ast.AST) -> Iterator[Change]:
    """Yield the changes of one node."""
    if isinstance(node, ast.Compare):
        for place, operation in enumerate(node.ops):
            changed = [*node.ops]
            changed[place] = _COMPARISONS[type(operation)]()
            yield node, "comparison", _text(ast.Compare(node.left, changed, node.comparators))
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield node, "boolean", _text(ast.BoolOp(other, node.values))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, "boolean", _text(node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield node, "arithmetic", _text(ast.BinOp(node.left, _other(node.op), node.right))
    elif isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
        changed_statement = ast.AugAssign(node.target, _other(node.op), node.value)
        yield node, "arithmetic", ast.unparse(changed_statement)
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Return) and not _is_like_none(node.value):
        yield node, "return", "return None"


def _constants(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield node, "constant", str(not node.value)
    elif isinstance(node.value, int | float):
        yield node, "constant", f"({node.value + 1!r})"
        yield node, "constant", f"({node.value - 1!r})"


def _is_like_none(value: ast.expr | None) -> bool:
    """Whether callers that ask for the truth of a value take it for None: False, 0, ""."""
    return value is None or (isinstance(value, ast.Constant) and not value.value)


def _other(operation: ast.operator) -> ast.operator:
    return _ARITHMETIC[type(operation)]()


def _text(expression: ast.expr) -> str:
    return f"({ast.unparse(expression)})"
