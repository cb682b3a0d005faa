"""Run verbs as where there is no POSIX: what Windows lacks is gone for the project's own code.

    python without_posix.py ROOM-FOLDER < JSON list of argument lists

Prints one JSON list: exit code, standard output and standard error of each. Other packages still
import what they like: pyserial and multiprocessing have forms of their own for Windows.
"""

import builtins
import contextlib
import io
import json
import os
import sys

MODULES = {"fcntl", "pty", "termios", "tty", "resource", "pwd", "grp", "posix", "curses", "syslog"}
NAMES = {
    "os": {"fork", "killpg", "setsid", "getuid", "geteuid", "uname", "mkfifo", "openpty", "nice"},
    "signal": {"SIGHUP", "SIGALRM", "SIGUSR1", "alarm", "pthread_sigmask"},
}
"""What Python's documentation marks as Unix only, and that somebody might use."""


def take_away(room):
    """Take from the code in `room` what Windows does not have."""
    real = builtins.__import__

    def refuse(name, context=None, *rest, **more):
        place = (context or more.get("globals") or {}).get("__file__") or ""
        ours = place.startswith(room) and ".venv" not in place
        if ours and name.partition(".")[0] in MODULES:
            raise ImportError(f"no module {name!r} here: {place}")
        return real(name, context, *rest, **more)

    builtins.__import__ = refuse


def run(main, words):
    """Return exit code and output of one verb."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    folder = os.path.join(os.path.abspath(sys.argv[1]), "")  # noqa: PTH100, PTH118
    take_away(folder)
    sys.path.insert(0, folder)
    from host_tools.cli import main

    json.dump([run(main, words) for words in json.load(sys.stdin)], sys.stdout)
