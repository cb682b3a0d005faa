"""Run an unmodified image in QEMU, its command UART behind a TCP port of the loopback."""

import contextlib
import re
import shutil
import subprocess
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO

from targets.errors import EmulatorError
from targets.load import Target

START_SECONDS = 10.0
STOP_SECONDS = 5.0
_STDERR_LINES = 50
_WAITING = re.compile(r"waiting for connection on: disconnected:tcp:127\.0\.0\.1:(\d+)")


class Emulator:
    """A running emulator. Leaving the context ends the process."""

    def __init__(self, process: "subprocess.Popen[bytes]", name: str) -> None:
        self._process = process
        self._name = name
        self._lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self._port = 0
        self._ready = threading.Event()
        assert process.stderr is not None
        self._reader = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw.decode(errors="replace").rstrip()
            self._lines.append(line)
            match = _WAITING.search(line)
            if match is not None:
                self._port = int(match[1])
                self._ready.set()
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
        """The last lines that the emulator wrote to stderr."""
        return "\n".join(self._lines)

    def is_running(self) -> bool:
        """Return whether the process lives."""
        return self._process.poll() is None

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
        if self._process.stderr is not None:
            self._process.stderr.close()

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def command(target: Target, elf: Path, *, plugin: str | None = None) -> list[str]:
    """Return QEMU's command line; EmulatorError when it is missing or not for this target."""
    config = target.emulator
    if config is None or config.kind != "qemu":
        raise EmulatorError(f"target {target.name} has no [emulator] of kind 'qemu'")
    program = "qemu-system-arm" if target.target.arch == "cortex_m" else "qemu-system-riscv32"
    found = shutil.which(program)
    if found is None:
        raise EmulatorError(f"{program} is not installed: apt-get install {program}")
    if not elf.is_file():
        raise EmulatorError(f"no image at {elf}: build it with scons target={target.name}")
    arguments = [found, "-M", config.machine, "-kernel", str(elf)]
    arguments += ["-display", "none", "-monitor", "none"]
    for _ in range(config.serial):
        arguments += ["-serial", "null"]
    # Port 0: the system chooses a free one, QEMU prints it, nobody can take it in between.
    arguments += ["-serial", "tcp:127.0.0.1:0,server=on,wait=on"]
    if plugin is not None:
        arguments += ["-plugin", plugin]
    return arguments


def start(
    target: Target, elf: Path, *, plugin: str | None = None, seconds: float = START_SECONDS
) -> Emulator:
    """Start QEMU with image `elf`; returns when its port accepts a connection.

    `plugin` is QEMU's `-plugin` argument. Use as a context manager. Raises EmulatorError when
    QEMU is missing, dies, or opens no port within `seconds`.
    """
    arguments = command(target, elf, plugin=plugin)
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches us, and we end it in order
        )
    except OSError as error:
        raise EmulatorError(f"cannot start {arguments[0]}: {error.strerror}") from error
    emulator = Emulator(process, Path(arguments[0]).name)
    try:
        emulator.wait_ready(seconds)
    except BaseException:
        emulator.close()
        raise
    return emulator


def wait(emulator: Emulator, seconds: float | None) -> None:
    """Sleep until `seconds` have passed (None: for ever) or the emulator dies."""
    end = None if seconds is None else time.monotonic() + seconds
    while end is None or time.monotonic() < end:
        emulator.check()
        remaining = 0.2 if end is None else min(0.2, max(0.0, end - time.monotonic()))
        with contextlib.suppress(subprocess.TimeoutExpired):
            emulator._process.wait(remaining)
