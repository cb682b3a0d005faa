"""What the prose of the project keeps to: docstrings that begin with the thing."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture import tree

MIDDLE = frozenset(
    "of as those its their whose which where who it they them from to by with for in on at before "
    "behind beyond below above between beside".split()
)
"""First words of a docstring that begins in the middle of a sentence or as a riddle."""

KNOWN_RIDDLES = frozenset(
    (
        "To which period, and by which rule.",
        "Which columns tell the time, and in what",
        "From the nearest other value, in standar",
        "From what a log showed to the record of ",
        "Its columns.",
        "As a delimiter: a run of blanks or tabs.",
        "Which rows a column labels.",
        "From the stamps of all rows to where tim",
        "Of the files that a folder is searched f",
        "Where the fields of one shape stand.",
        "Before the first row mean: the mean of t",
        "Of a feature, whose spread is about 1 by",
        "Of the model directory that a study writ",
        "Where the error of an int8 model comes f",
        "Where there is no verdict.",
    )
)
"""Beginnings of docstrings that break the rule still. No line is ever added."""


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Every docstring and attribute docstring of a file: its line, and its first line of text."""
    for node in ast.walk(tree.tree(path)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.lineno, value.value.strip().split("\n")[0]


def test_docstrings_begin_with_the_thing():
    riddles = [
        f"{path}:{line}: {first}"
        for path in tree.python_files(*tree.ROOMS, "site_scons")
        for line, first in docstrings(path)
        if (first.split() or [""])[0].strip(",:.").lower() in MIDDLE
        and first[:40] not in KNOWN_RIDDLES
    ]
    assert riddles == [], "begin with the thing: 'Number of …', 'Bytes of …', 'Folder that …'"
