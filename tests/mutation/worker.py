"""Runs tests in a copy of the tree, a fork for each mutant; started inside of the copy.

Reads one JSON object a line (`module`, `source`, `tests`, `seconds`) and answers each with
{"outcome": "noticed" | "survived" | "timeout", "seconds": processor time}. Third-party packages
are imported once, the project's own modules by each fork anew.
"""

import contextlib
import importlib
import itertools
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

ATTEMPT = 120.0
"""Seconds of wall time after which a mutant counts as noticed: it waits for something."""
_POLL = 0.02
_HEAVY = ("numpy", "pandas", "hypothesis", "pytest", "elftools.elf.elffile", "serial", "jinja2")


def _child(request: dict[str, Any], log: Path) -> None:
    """Become a session of pytest; never returns."""
    os.setsid()
    limit = int(request["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(handle, stream)
    import pytest

    code = 3
    with contextlib.suppress(BaseException):
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *request["tests"]]))
    sys.stdout.flush()
    os._exit(code)


def _await(pid: int) -> tuple[int | None, float]:
    """Return the exit status of a child, None when its time ran out, and its processor time."""
    end = time.monotonic() + ATTEMPT
    while time.monotonic() < end:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return status, usage.ru_utime + usage.ru_stime
        time.sleep(_POLL)
    os.killpg(pid, signal.SIGKILL)
    _, _, usage = os.wait4(pid, 0)
    return None, usage.ru_utime + usage.ru_stime


_versions = itertools.count(1)


def _write(module: Path, content: bytes) -> None:
    """Write a module with a time of its own: compiled code is told apart by seconds and size."""
    module.write_bytes(content)
    os.utime(module, (next(_versions), next(_versions)))


def attempt(request: dict[str, Any]) -> dict[str, Any]:
    """Run the tests of one mutant; the module is as before afterwards."""
    module = Path(request["module"])
    before = module.read_bytes()
    _write(module, request["source"].encode())
    try:
        pid = os.fork()
        if pid == 0:
            _child(request, Path("mutant.log"))
        status, seconds = _await(pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # devices that a failed test has left
    finally:
        _write(module, before)
    if status is None or os.WIFSIGNALED(status):
        return {"outcome": "timeout", "seconds": seconds}
    survived = os.WEXITSTATUS(status) == 0
    return {"outcome": "survived" if survived else "noticed", "seconds": seconds}


def main() -> None:
    """Answer requests until there are none."""
    for name in _HEAVY:
        importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(attempt(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
