"""Every check of the repository, in sequence: `./safe test [--full] [pytest arguments]`.

Formatting, types, C analysis, tests. All of them run even when one fails; the exit code is 0
only when all passed and at least one test ran.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON_ROOMS = ("codegen", "targets", "models", "host_tools", "safe_edge", "docs", "tests")
C_ROOMS = ("sdk", "targets", "host_tools", "tests", "examples")
NO_TESTS_RAN = 5
CCACHE = Path("/usr/lib/ccache")
"""Debian's folder of compilers that compile nothing twice: many tests build the same sources. With
CCACHE_NOHASHDIR debug information may name the folder of the first build."""
SLOWEST = 10
"""Tests whose time is told at the end, so that one that has grown is seen."""
CPPCHECK = (
    "cppcheck",
    "--std=c99",
    "--enable=warning,performance,portability",
    "--inline-suppr",
    "--error-exitcode=1",
    "--quiet",
    "--suppress=missingIncludeSystem",
    "-Isdk/include",
)
MACHINE = ("-D__GNUC__=12", "-D__BYTE_ORDER__=1234", "-D__ORDER_LITTLE_ENDIAN__=1234")
"""What the runtime's headers ask of a compiler: without it cppcheck passes over every file that
includes safe/compiler.h, and says nothing."""


@dataclass(frozen=True)
class Step:
    """One check: a name and a command, run in the repository."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What became of a step."""

    name: str
    code: int
    seconds: float

    def __str__(self) -> str:
        """`ruff check ok (0.4 s)`."""
        word = "ok" if self.code == 0 else f"FAILED ({self.code})"
        return f"{self.name} {word} {self.seconds:.1f} s"


def c_files() -> list[str]:
    """Return the C files of the repository, sorted, relative to it."""
    found = (
        path.relative_to(ROOT)
        for room in C_ROOMS
        for pattern in ("*.c", "*.h", "*.hpp")
        for path in (ROOT / room).rglob(pattern)
    )
    return sorted(path.as_posix() for path in found if "build" not in path.parts)


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the steps: in CI nothing may be skipped."""
    result = dict(base)
    if CCACHE.is_dir() and os.access(Path("~").expanduser(), os.W_OK):  # where it keeps them
        result["PATH"] = os.pathsep.join([str(CCACHE), base.get("PATH", os.defpath)])
        result["CCACHE_NOHASHDIR"] = "1"
    if base.get("CI", "").lower() not in ("", "0", "false"):
        result.setdefault("SAFE_FORBID_SKIP", "1")
        if (ROOT.parent / "shared" / "data").is_dir():
            result.setdefault("SAFE_REQUIRE_SHARED", "1")
    return result


def steps(full: bool, pytest_arguments: Sequence[str]) -> list[Step]:
    """Return the checks in order; pytest is the last, so that its summary stays in sight."""
    python = sys.executable
    sources = c_files()
    c_sources = tuple(name for name in sources if name.endswith(".c"))
    mypy_rooms = tuple(room for room in PYTHON_ROOMS if room != "tests")
    checks = [
        Step("ruff check", (python, "-m", "ruff", "check", ".")),
        Step("ruff format", (python, "-m", "ruff", "format", "--check", ".")),
        Step("mypy", (python, "-m", "mypy", "--strict", *mypy_rooms)),
    ]
    if sources:
        checks.append(Step("clang-format", ("clang-format", "--dry-run", "-Werror", *sources)))
    if c_sources:
        runtime = tuple(name for name in c_sources if name.startswith("sdk/"))
        others = tuple(name for name in c_sources if name not in runtime)
        checks.append(Step("cppcheck sdk", (*CPPCHECK, *MACHINE, *runtime)))
        checks.append(Step("cppcheck", (*CPPCHECK, *others)))
    tests = [python, "-m", "pytest", *(["--full"] if full else [])]
    if not any(argument.startswith("-n") for argument in pytest_arguments):
        tests += ["-n", "2", "--dist", "worksteal"]
    tests += [f"--durations={SLOWEST}", "--durations-min=1"]
    checks.append(Step("pytest", (*tests, *pytest_arguments)))
    return checks


def run(step: Step, variables: Mapping[str, str]) -> Result:
    """Run one step with its output on this terminal."""
    print(f"== {step.name}", flush=True)
    start = time.monotonic()
    try:
        code = subprocess.run(step.command, cwd=ROOT, env=dict(variables), check=False).returncode
    except FileNotFoundError:
        print(f"{step.command[0]} is not installed: run ./safe setup test", flush=True)
        code = 127
    if step.name == "pytest" and code == NO_TESTS_RAN:
        print("no test ran: that is a failure", flush=True)
    return Result(step.name, code, time.monotonic() - start)


def main(argv: Sequence[str] | None = None) -> int:
    """Run all checks; with pytest arguments (a path, `-k …`) only pytest."""
    parser = argparse.ArgumentParser(prog="./safe test", description=__doc__, allow_abbrev=False)
    parser.add_argument("--full", action="store_true", help="run the tests marked slow, too")
    arguments, rest = parser.parse_known_args(argv)
    wanted = steps(arguments.full, rest)
    if rest:
        wanted = wanted[-1:]
    variables = environment(os.environ)
    results = [run(step, variables) for step in wanted]
    failed = [result for result in results if result.code != 0]
    total = sum(result.seconds for result in results)
    print(f"== safe test: {'; '.join(map(str, results))}; together {total:.0f} s")
    if failed:
        print(f"== safe test: FAILED: {', '.join(result.name for result in failed)}")
    else:
        print(f"== safe test: all {len(results)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
