"""What the prose of the project keeps to: plain sentences, no goals, links and paths that exist."""

import ast
import os
import re
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
        "Where the error of an int8 model comes f",
        "Where there is no verdict.",
        "For the type checker: every value here i",
        "Before the first learned row: the mean o",
        "Of the int16 table: the largest mean of ",
        "Which channels can be believed: the mask",
        "Which channels are left out of the stati",
        "From a smoothed score to a state: two th",
        "Of what is compared, beyond which a chan",
        "Of the model directory that is written.",
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


C_MIDDLE = re.compile(
    r"(?:/\*\*<?|@param (?:\w+, )*\w+) (?:Of|Those|Its|Their|Whose|Which|Where|Who) "
)
KNOWN_C_RIDDLES = frozenset(
    {
        "sdk/include/safe/baseline.h",
        "sdk/include/safe/detector.h",
        "sdk/include/safe/verdict.h",
        "sdk/src/detector_check.c",
    }
)
"""Files with comments that break the rule still. No line is ever added."""


def test_comments_of_headers_begin_with_the_thing():
    riddles = [
        f"{path}:{number}: {line.strip()}"
        for path in tree.c_files("sdk", "targets")
        if str(path) not in KNOWN_C_RIDDLES
        for number, line in enumerate(tree.text(path).splitlines(), 1)
        if C_MIDDLE.search(line)
    ]
    assert riddles == []


PATHS = re.compile(
    r"(?<![\w/])(?:codegen|host_tools|targets|sdk|docs|site_scons|models)/[\w./-]+\.(?:py|[ch]|md|toml|def|S)\b"
)
KNOWN_PATHS = frozenset({"host_tools/detection/detector.py"})
"""Paths that do not exist, in files that are rewritten. No line is ever added."""
EXAMPLES = frozenset(
    {
        "codegen/backends/plain/__init__.py",
        "codegen/backends/plain/backend.py",
        "codegen/operators/elementwise/abs.py",
        "sdk/src/x.c",
        "targets/pump.toml",
    }
)
"""Paths of files that a recipe makes."""


def test_paths_in_prose_and_comments_exist():
    kinds = {".md", ".py", ".c", ".h", ".toml"}
    paths = [p for p in tree.files() if p.suffix in kinds and p.parts[0] != "tests"]
    missing = [
        f"{path}: {named}"
        for path in paths
        if path.name != "CHANGELOG.md"
        for named in sorted(set(PATHS.findall(tree.text(path))))
        if not (tree.ROOT / named).exists() and named not in EXAMPLES | KNOWN_PATHS
    ]
    assert missing == []


GOALS_IN_DOCS = re.compile(r"(?<!\[)\b(?:(?:bars?|stretch)\b|goals? of \d)", re.IGNORECASE)
"""Words of goals; in square brackets, bar is a unit of pressure."""
GOALS_IN_DOCSTRINGS = re.compile(
    r"\b(?:(?:misses|meets|beyond) (?:its|the) bar|stretch goals?|goals? of \d+|SAFE's goals?)\b"
)


def test_prose_states_figures_not_goals():
    """A reader learns what was measured; what was once wished for says nothing to them."""
    goals = [
        f"{path}:{number}: {line.strip()}"
        for path in tree.files()
        if path.suffix == ".md" and path.name != "CHANGELOG.md"
        for number, line in enumerate(tree.text(path).splitlines(), 1)
        if GOALS_IN_DOCS.search(line)
    ]
    goals += [
        f"{path}:{line}: {first}"
        for path in tree.python_files(*tree.ROOMS)
        for line, first in docstrings(path)
        if GOALS_IN_DOCSTRINGS.search(first)
    ]
    assert goals == []


LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")


def links(path: Path) -> Iterator[Path]:
    """The files that a page links to or shows, relative to the repository."""
    for match in LINK.finditer(tree.text(path)):
        target = (match[1] or match[2]).split("#")[0]
        if target and "://" not in target and not target.startswith("mailto:"):
            yield Path(os.path.normpath(path.parent / target))


def test_links_of_pages_resolve():
    pages = [path for path in tree.files() if path.suffix == ".md"]
    broken = [
        f"{page}: {target}"
        for page in pages
        for target in links(page)
        if not (tree.ROOT / target).exists()
    ]
    assert broken == []


def test_every_page_is_in_the_index_and_the_index_in_the_readme():
    index = Path("docs/index.md")
    assert index in set(links(Path("README.md")))
    pages = {p for p in tree.files() if p.suffix == ".md" and p.parts[0] == "docs"}
    pages |= {Path(name) for name in ("README.md", "DESIGN.md", "PROTOCOL.md", "CONTRIBUTING.md")}
    assert sorted(map(str, pages - {index} - set(links(index)))) == []
