"""Python loads this before a verb: it counts the verb's steps, and strikes at one of them.

SAFE_STRIKE holds JSON: `log` (a file that gets one line for each step, with the seconds since the
machine started), `below` (folders that are watched), `at` (the step to strike at, from 0; -1 only
counts), `after` (seconds from that step to a signal) and `fault`. Steps are what the
audit events of Python tell: a file below a watched folder is opened for writing, renamed or
removed, a folder is made, a process is started. The child processes of the verb are not struck:
the variable is taken out of their environment.
"""

import errno
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

_SIGNALS = {
    "INT": signal.SIGINT,
    "TERM": signal.SIGTERM,
    "HUP": signal.SIGHUP,
    "KILL": signal.SIGKILL,
}
_ERRORS = {"full": errno.ENOSPC, "read-only": errno.EROFS}
_WRITING = os.O_WRONLY | os.O_RDWR


def _send(number, seconds):
    """Send this process a signal, at once or in so many seconds."""
    if not seconds:
        os.kill(os.getpid(), number)
        return
    timer = threading.Timer(seconds, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()


def _install(plan):
    below = tuple(os.path.realpath(folder) + os.sep for folder in plan["below"])
    log = os.open(plan["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    state = {"step": 0, "inside": False}

    def watched(path):
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        return (os.path.realpath(os.fsdecode(path)) + os.sep).startswith(below)

    def step_of(event, arguments):
        if event == "open" and arguments[2] & _WRITING and watched(arguments[0]):
            return f"open {os.fsdecode(arguments[0])}"
        if event in {"os.rename", "os.remove", "os.mkdir", "os.rmdir"} and watched(arguments[0]):
            return f"{event} {os.fsdecode(arguments[0])}"
        if event == "subprocess.Popen":
            return f"{event} {Path(str(arguments[0])).name}"
        return None

    def hook(event, arguments):
        if state["inside"]:
            return
        state["inside"] = True
        try:
            text = step_of(event, arguments)
        finally:
            state["inside"] = False
        if text is None:
            return
        step, state["step"] = state["step"], state["step"] + 1
        os.write(log, f"{time.monotonic():.3f} {text}\n".encode())
        fault = plan["fault"]
        if fault in _SIGNALS and step == plan["at"]:
            _send(_SIGNALS[fault], plan["after"])
        elif fault in _ERRORS and 0 <= plan["at"] <= step and text.startswith(("open", "os.mkdir")):
            raise OSError(_ERRORS[fault], os.strerror(_ERRORS[fault]), arguments[0])

    sys.addaudithook(hook)


_plan = os.environ.pop("SAFE_STRIKE", None)
if _plan is not None:
    _install(json.loads(_plan))
