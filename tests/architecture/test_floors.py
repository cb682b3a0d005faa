"""Folders import down only: tables, no circles, no private module or name across folders."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import floors, tree

ROOMS = ("codegen", "host_tools", "targets", "site_scons", "safe_edge")
MODULES = {
    ".".join(path.with_suffix("").parts).removesuffix(".__init__"): path
    for path in tree.python_files(*ROOMS)
}

# Ratchets: what still breaks a rule. A row that no longer does must be struck.
KNOWN_ARROWS: set[tuple[str, str]] = set()


def folder(path: Path) -> str:
    """`codegen/operators/linear` of a file in it; a file directly in a room stands for itself."""
    if len(path.parts) == 2:
        return path.with_suffix("").as_posix()
    return path.parent.as_posix()


def module_of(name: str) -> str | None:
    """Return the module of the tree that a dotted import names, or None."""
    for candidate in (name, name.rpartition(".")[0]):
        if candidate in MODULES:
            return candidate
    return None


def edges() -> Iterator[tuple[Path, Path]]:
    """Yield importing file and imported file, for imports inside the tree."""
    for path in MODULES.values():
        for name in tree.imports(path):
            module = module_of(name)
            if module is not None and MODULES[module] != path:
                yield path, MODULES[module]


def graph() -> dict[str, set[str]]:
    """Return which folder imports which, whole tree."""
    found: dict[str, set[str]] = {}
    for source, target in edges():
        if target.name == "__init__.py" and len(target.parts) == 2:
            continue
        if folder(source) != folder(target):
            found.setdefault(folder(source), set()).add(folder(target))
    return found


def components(arrows: dict[str, set[str]]) -> list[set[str]]:
    """Return the sets of folders that reach each other, more than one folder each."""
    reach: dict[str, set[str]] = {}
    for start in arrows:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for name in arrows.get(todo.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
        reach[start] = seen
    found: list[set[str]] = []
    for name, seen in reach.items():
        circle = {other for other in seen if name in reach.get(other, ())}
        if circle and circle not in found:
            found.append(circle)
    return found


@pytest.mark.parametrize("room", ["codegen", "host_tools", "targets"])
def test_arrows(room):
    table = {"codegen": floors.CODEGEN, "host_tools": floors.HOST_TOOLS, "targets": floors.TARGETS}
    rows = table[room]
    wrong = set()
    for source, targets in graph().items():
        if not source.startswith(f"{room}/"):
            continue
        part = source.removeprefix(f"{room}/")
        if part not in rows:
            assert room == "targets", f"{source}: say in tests/architecture/floors.py what it uses"
            continue
        allowed = rows[part]
        wrong |= {
            (source, target)
            for target in targets
            if target.startswith(f"{room}/")
            and allowed is not None
            and target.removeprefix(f"{room}/") not in allowed | {"errors", part}
        }
    known = {row for row in KNOWN_ARROWS if row[0].startswith(f"{room}/")}
    assert sorted(wrong - known) == []
    assert sorted(known - wrong) == [], "mended: strike it from KNOWN_ARROWS"


def test_no_circle_between_folders():
    assert components(graph()) == []


def test_a_circle_is_found():
    assert components({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [{"b", "c"}]


def _private(path: Path) -> Iterator[str]:
    for statement in ast.walk(tree.tree(path)):
        if not isinstance(statement, ast.ImportFrom) or not statement.module:
            continue
        for alias in statement.names:
            module = module_of(f"{statement.module}.{alias.name}")
            if module is None or folder(MODULES[module]) == folder(path):
                continue
            parts = f"{statement.module}.{alias.name}".split(".")
            if any(part.startswith("_") and not part.startswith("__") for part in parts):
                yield f"{path}: {statement.module}.{alias.name}"


def test_private_modules_and_names_stay_in_their_folder():
    assert [text for path in MODULES.values() for text in _private(path)] == []
