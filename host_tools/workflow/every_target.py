"""One image for every built-in target: what came of it, and what each takes of its chip."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from host_tools.report.table import aligned
from host_tools.report.words import number
from targets import every, load
from targets.errors import ExitCode, SafeError
from targets.make import Built

BUILT, SKIPPED, FAILED = "built", "skipped", "failed"


@dataclass(frozen=True)
class Row:
    """What came of one target.

    Attributes:
        target: Its name.
        result: `built`, `skipped` (no toolchain here, or not built with the one asked for) or
            `failed`.
        flash_bytes: Flash of the image; None where none was built.
        static_ram_bytes: RAM without the stack; None where none was built.
        reason: Why there is no image; empty where there is one.
        exit_code: Exit code that this target alone would have ended with.
    """

    target: str
    result: str
    flash_bytes: int | None = None
    static_ram_bytes: int | None = None
    reason: str = ""
    exit_code: int = int(ExitCode.OK)

    def fields(self) -> dict[str, Any]:
        """Return the row as JSON."""
        return asdict(self)


def build(
    make: Callable[[str], Built], compiler: str = "", say: Callable[[str], None] = lambda _: None
) -> list[Row]:
    """Build every target, one after the other; one that fails does not stop the others.

    `make` builds the image of the target that it is given; `compiler` is the one asked for, or
    empty; `say` takes the name of each target before its build.
    """
    rows = []
    for name in load.available():
        if (why := every.missing_tool(name, compiler)) is not None:
            rows.append(Row(name, SKIPPED, reason=why))
            continue
        say(name)
        try:
            size = make(name).size()
            rows.append(Row(name, BUILT, size["flash_bytes"], size["static_ram_bytes"]))
        except SafeError as error:
            rows.append(Row(name, FAILED, reason=str(error), exit_code=int(error.exit_code)))
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, and below them why there is no image of some."""
    head = ["target", "result", "flash", "static RAM"]
    cells = [
        [row.target, row.result, *(number(n) for n in (row.flash_bytes, row.static_ram_bytes))]
        for row in rows
    ]
    lines = aligned([head, *cells], right=True)
    lines += [f"  {row.target}: {row.result}: {row.reason}" for row in rows if row.reason]
    return "\n".join(lines)


def exit_code(rows: Sequence[Row]) -> int:
    """Return the exit code of the first target that failed; 0 where none did."""
    return next((row.exit_code for row in rows if row.result == FAILED), int(ExitCode.OK))
