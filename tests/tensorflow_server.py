"""Workers of TensorFlow as forks of one process that has imported it, which takes seven seconds.

`Server` starts `python -m tests.tensorflow_server` with the environment of a worker and asks it for
one fork after the other. A fork runs the worker's module as `python -m` would, in the state of a
process that has imported TensorFlow and nothing more.
"""

import importlib
import os
import runpy
import subprocess
import sys
import traceback
from pathlib import Path

from host_tools.conversion import network, worker
from targets import processes


class Server:
    """Runs workers as `worker._process` does; the process is started by the first of them.

    It ends with its standard input, and the forks with it.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, module: str, folder: Path) -> int:
        """Run `python -m <module> folder`; return its exit code, less than 0 for a signal."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.tensorflow_server"],
                env=worker.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[1],
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{module} {folder.resolve()}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


def _work(module: str, folder: str) -> int:
    """Run the module in this process, which ends afterwards; return its exit code."""
    sys.argv = [module, folder]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Fork for each line `module folder` on standard input; answer with its exit code."""
    network.warm()
    importlib.import_module("keras")
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    tie = processes.with_parent()
    for line in sys.stdin:
        module, folder = line.rstrip("\n").split(" ", 1)
        child = os.fork()
        if child == 0:
            if tie is not None:
                tie()
            code = _work(module, folder)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
