"""Run a tool to its end, within a bound, with its output as text."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from targets import processes
from targets.errors import SafeError


def run(
    command: Sequence[str],
    seconds: float,
    *,
    timeout: type[SafeError],
    what: str = "",
    cwd: Path | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Return the ended process; whether it failed is for the caller to say.

    Nothing is on its standard input. Raises `timeout` when it has not ended after `seconds`;
    `what` names it there (default: the program).
    """
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            preexec_fn=processes.with_parent(),
        )
    except subprocess.TimeoutExpired as error:
        name = what or Path(command[0]).name
        raise timeout(f"{name} did not end within {seconds:g} s") from error
