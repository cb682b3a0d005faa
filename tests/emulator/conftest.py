"""Images for the emulator tests, built once, and a line to a running one."""

import contextlib
import shutil
import socket
import subprocess
import time

import numpy as np
import pytest

from codegen.emit import linker
from targets import build
from targets.load import load
from targets.make import make

SECONDS = 20.0


class Line:
    """A byte line to an emulator, with a deadline on every read."""

    def __init__(self, url):
        host, port = url.removeprefix("socket://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=SECONDS)
        self.held = b""

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def read(self, length):
        deadline = time.monotonic() + SECONDS
        while len(self.held) < length:
            assert time.monotonic() < deadline, f"got only {self.held!r}"
            self.held += self.socket.recv(65536)
        data, self.held = self.held[:length], self.held[length:]
        return data

    def line(self):
        deadline = time.monotonic() + SECONDS
        while b"\n" not in self.held:
            assert time.monotonic() < deadline, f"got only {self.held!r}"
            self.held += self.socket.recv(65536)
        line, _, self.held = self.held.partition(b"\n")
        return line.decode().strip()

    def ask(self, command):
        """Send one command of the probe; return the number in its answer."""
        self.send(command)
        return int(self.line().split("=")[1], 16)


ECHOED = np.frombuffer(b"ABCDEFGHIJKLMNOPQRTUVWXYZ0123456789", np.uint8)
"""Bytes that are no command of the probe."""


def echo(line, total, window):
    """Send `total` bytes, `window` of them unacknowledged; every one must come back."""
    rng = np.random.default_rng(1)
    for _ in range(-(-total // window)):
        data = ECHOED[rng.integers(0, len(ECHOED), window)].tobytes()
        line.send(data)
        assert line.read(window) == data


@pytest.fixture(scope="session")
def stm32f4():
    return load("stm32f4")


@pytest.fixture(scope="session")
def forecaster(once):
    """The unmodified product image of the default model."""
    return make("stm32f4", "forecaster", out=once("image", lambda _: None))


def build_probe(target, folder, source="probe.c", sdk=()):
    """Compile a test image with the target's own start-up code, drivers and linker script.

    `sdk` names sources of `sdk/src` that it needs.
    """
    (folder / "safe_target.h").write_text(linker.target_header(target, "0"))
    (folder / "linker.ld").write_text(linker.linker_script(target, "0"))
    shutil.copy(build.ROOT / "tests/emulator/images" / source, folder)
    sources = [f for d in build.code_folders(target) for f in sorted(d.glob("*.c"))]
    image = folder / f"{target.name}.elf"
    warnings = [w for w in build.WARNINGS if w != "-Wmissing-prototypes"]
    subprocess.run(
        [
            build.tool(target, "gcc"),
            *target.cpu.flags,
            *(f for f in build.CFLAGS if f != "-fstack-usage"),
            *warnings,
            *target.toolchain.ldflags,
            "-Wl,--gc-sections,--fatal-warnings",
            f"-T{folder / 'linker.ld'}",
            f"-I{folder}",
            *(f"-I{p}" for p in build.include_paths(target)),
            "-o",
            str(image),
            str(folder / source),
            *(str(build.ROOT / "sdk/src" / f"{name}.c") for name in sdk),
            *map(str, sources),
        ],
        check=True,
    )
    return image


@pytest.fixture(scope="session")
def probe(stm32f4, tmp_path_factory):
    return build_probe(stm32f4, tmp_path_factory.mktemp("probe"))


@pytest.fixture
def connect():
    """Return connect(emulator) → Line, closed after the test."""
    with contextlib.ExitStack() as stack:

        def open_line(emulator):
            line = Line(emulator.url)
            stack.callback(line.close)
            return line

        yield open_line
