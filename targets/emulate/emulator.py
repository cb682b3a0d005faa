"""A process that stands for a board: started within a bound, ended for certain."""

import contextlib
import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from re import Pattern
from types import MappingProxyType, TracebackType
from typing import IO

from targets import processes
from targets.errors import EmulatorError, SafeError

START_SECONDS = 10.0
STOP_SECONDS = 5.0
_CHECK_SECONDS = 0.2
_KEPT_LINES = 50


class Emulator:
    """A running emulator. Leaving the context ends the process."""

    def __init__(self, process: "subprocess.Popen[bytes]", name: str, ready: Pattern[str]) -> None:
        """Watch `process`, whose output matches `ready` (group 1: the port) once it listens."""
        self._process = process
        self._name = name
        self._pattern = ready
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._news: deque[str] = deque(maxlen=_KEPT_LINES)
        self._port = 0
        self._ready = threading.Event()
        assert process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw.decode(errors="replace").rstrip()
            self._lines.append(line)
            match = self._pattern.search(line)
            if match is not None:
                self._port = int(match[1])
                self._ready.set()
            elif self._port:
                self._news.append(line)
        self._ready.set()

    @property
    def url(self) -> str:
        """The pyserial URL of the command UART; the image starts when it is opened."""
        return f"socket://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the emulator."""
        return self._process.pid

    @property
    def messages(self) -> str:
        """The last lines that the emulator wrote."""
        return "\n".join(self._lines)

    def is_running(self) -> bool:
        """Return whether the process lives."""
        return self._process.poll() is None

    def wait(
        self, seconds: float | None, heard: Callable[[str], object] = lambda _line: None
    ) -> None:
        """Sleep until `seconds` have passed (None: for ever); EmulatorError when it dies.

        `heard` is given each line that the emulator wrote since it opened its port.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            while self._news:
                heard(self._news.popleft())
            self.check()
            remaining = _CHECK_SECONDS if end is None else max(0.0, end - time.monotonic())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(min(_CHECK_SECONDS, remaining))

    def rest(self) -> list[str]:
        """Return the lines that `wait` has given to nobody yet."""
        found = list(self._news)
        self._news.clear()
        return found

    def wait_end(self, seconds: float) -> bool:
        """Wait until the process ends by itself; return whether it did."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.is_running()

    def check(self) -> None:
        """Raise EmulatorError when the process has died."""
        status = self._process.poll()
        if status is not None:
            last = self._lines[-1] if self._lines else "no message"
            raise EmulatorError(f"{self._name} ended with status {status}: {last}")

    def wait_ready(self, seconds: float) -> None:
        """Wait until the port is open; EmulatorError when it is not in time."""
        if not self._ready.wait(seconds):
            raise EmulatorError(f"{self._name} opened no port within {seconds:g} s")
        if not self._port:
            self._process.wait(STOP_SECONDS)
            self.check()

    @property
    def status(self) -> int | None:
        """Exit code of the process, negative where a signal ended it; None while it runs."""
        return self._process.poll()

    def close(self) -> None:
        """End the process: first politely, so that a plugin can write its last lines."""
        if self.is_running():
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._reader.join(STOP_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if isinstance(error, SafeError) and not isinstance(error, EmulatorError):
                self._blame(error)
        finally:
            self.close()

    def _blame(self, error: SafeError) -> None:
        """Raise EmulatorError from `error` when the process has died: a lost line follows it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_CHECK_SECONDS)  # its socket closes before it can be waited for
        try:
            self.check()
        except EmulatorError as death:
            raise death from error


def launch(
    arguments: Sequence[str],
    ready: Pattern[str],
    seconds: float,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Emulator:
    """Start a process and return when its output matches `ready`, whose group 1 is its port.

    `environment` is added to that of this process.

    Raises EmulatorError when it cannot start, dies, or opens no port within `seconds`.
    """
    name = Path(arguments[0]).name
    try:
        process = subprocess.Popen(
            arguments,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us, and we end it in order
            preexec_fn=processes.with_parent(),  # noqa: PLW1509 - system calls only
        )
    except OSError as error:
        raise EmulatorError(f"cannot start {arguments[0]}: {error.strerror}") from error
    emulator = Emulator(process, name, ready)
    try:
        emulator.wait_ready(seconds)
    except BaseException:
        emulator.close()
        raise
    return emulator
