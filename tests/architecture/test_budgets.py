"""Files, functions and templates stay small enough to be read at one go."""

import ast
from pathlib import Path

import pytest

from tests.architecture import tree

FILE_LINES = 400
FUNCTION_LINES = 60
FUNCTION_P90_LINES = 40
TEMPLATE_LINES = 120
COMPLEXITY = 12
FILE_BUDGETS = {"SConstruct": 150, "codegen/pipeline.py": 100}

SOURCES = [
    path
    for path in tree.files()
    if path.suffix in {".py", ".c", ".h", ".def"}
    and path.parts[0] in (*tree.ROOMS, "site_scons", "tests")
]


def lines(path: Path) -> int:
    return tree.text(path).count("\n")


def test_files():
    assert len(SOURCES) > 50
    assert [f"{path}: {lines(path)}" for path in SOURCES if lines(path) > FILE_LINES] == []


@pytest.mark.parametrize("name", sorted(FILE_BUDGETS))
def test_files_with_a_budget_of_their_own(name):
    path = Path(name)
    assert (tree.ROOT / path).is_file(), f"{name} is not there"
    assert lines(path) <= FILE_BUDGETS[name]


def test_templates():
    templates = [path for path in tree.files() if path.suffix == ".j2"]
    assert templates
    assert [f"{path}: {lines(path)}" for path in templates if lines(path) > TEMPLATE_LINES] == []


def python_functions():
    """(path, name, lines without the docstring) of every function outside the tests."""
    for path in tree.python_files("codegen", "targets", "models", "host_tools", "site_scons"):
        for item in ast.walk(tree.tree(path)):
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (item.end_lineno or item.lineno) - item.lineno + 1
                yield path, item.name, size


def c_functions():
    for path in tree.c_files("sdk", "targets", "host_tools"):
        yield from tree.c_functions(path)


def test_functions():
    sizes = [(f"{path}: {name}", size) for path, name, size in python_functions()]
    sizes += [(f"{item.path}:{item.line}: {item.name}", item.lines) for item in c_functions()]
    assert len(sizes) > 100
    assert [f"{name}: {size}" for name, size in sizes if size > FUNCTION_LINES] == []
    ordered = sorted(size for _, size in sizes)
    assert ordered[int(len(ordered) * 0.9)] <= FUNCTION_P90_LINES


def test_complexity_of_c():
    """Python's is ruff's C901."""
    wrong = [
        f"{item.path}:{item.line}: {item.name}: {item.complexity}"
        for item in c_functions()
        if item.complexity > COMPLEXITY
    ]
    assert wrong == []


def test_c_functions_are_found():
    functions = tree.c_functions(Path("sdk/src/status.c"))
    assert [item.name for item in functions] == ["safe_status_text"]
