"""What the architecture tests read: the files of the rooms, their imports and functions."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("sdk", "codegen", "targets", "models", "host_tools", "safe_edge")


@cache
def files() -> tuple[Path, ...]:
    """Every file that git holds or would add, relative to the repository, sorted."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        names = {Path(name) for name in listed.decode().split("\0") if name}
    except (OSError, subprocess.CalledProcessError):
        ignored = {"build", ".venv", ".git", ".safe-setup", "__pycache__"}
        names = {
            path.relative_to(ROOT)
            for path in ROOT.rglob("*")
            if not ignored & set(path.relative_to(ROOT).parts)
        }
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


def python_files(*rooms: str) -> list[Path]:
    """Python files of the named rooms, relative."""
    return [path for path in files() if path.suffix == ".py" and path.parts[0] in rooms]


def c_files(*rooms: str) -> list[Path]:
    """C sources and headers of the named rooms, relative."""
    return [path for path in files() if path.suffix in {".c", ".h"} and path.parts[0] in rooms]


def text(path: Path) -> str:
    """The file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(text(path), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """Modules that the file imports anywhere, as full dotted names.

    `from a.b import c` yields `a.b.c`: c may be a module.
    """
    for statement in ast.walk(tree(path)):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, f"{path}: relative import"
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
        elif isinstance(statement, ast.Call) and _is_import_module(statement):
            argument = statement.args[0]
            if isinstance(argument, ast.Constant):
                yield str(argument.value)
            elif isinstance(argument, ast.JoinedStr) and isinstance(
                argument.values[0], ast.Constant
            ):
                yield str(argument.values[0].value).rstrip(".")


def _is_import_module(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"import_module", "__import__"} and bool(call.args)


def includes(path: Path) -> list[str]:
    """Names between the quotes of `#include "…"`."""
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', text(path), flags=re.MULTILINE)


@dataclass(frozen=True)
class Function:
    """A C function: `body` runs from the opening brace to the closing one."""

    path: Path
    name: str
    line: int
    body: str

    @property
    def lines(self) -> int:
        """Lines from the brace that opens to the brace that closes."""
        return self.body.count("\n") + 1

    @property
    def complexity(self) -> int:
        """Cyclomatic complexity as ruff counts it for Python: branches and loops, plus 1."""
        decisions = re.findall(r"\b(?:if|for|while|case)\b|\?", self.body)
        return len(decisions) + 1


_C_NOISE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def c_functions(path: Path) -> list[Function]:
    """C functions defined in the file; a brace that opens in column 0 starts a body."""
    source = _C_NOISE.sub(_blank, text(path))
    found = []
    for match in re.finditer(r"^\{.*?^\}", source, flags=re.DOTALL | re.MULTILINE):
        head = source[: match.start()].rstrip()
        name = re.findall(r"(\w+)\s*\(", head.rsplit("\n\n", 1)[-1].rsplit("}", 1)[-1])
        if not head.endswith(")") or not name:
            continue
        line = source.count("\n", 0, match.start()) + 1
        found.append(Function(path, name[0], line, match.group()))
    return found
