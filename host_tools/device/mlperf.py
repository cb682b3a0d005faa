"""MLPerf Tiny's serial protocol, the host's end: text commands to an image of app=mlperf.

A command ends with `%`; the answers are lines of which the last is `m-ready`. One command at a
time: the next one is sent after that line.
"""

import re
import time
from dataclasses import dataclass

from host_tools.device.serial_port import SerialPort
from host_tools.errors import (
    DeviceError,
    DeviceSilentError,
    DeviceUnknownError,
    LinkLostError,
)

LINE_SECONDS = 5.0
"""Longest wait for the next line of an answer."""
INFER_SECONDS = 30.0
"""The same while the model runs."""
FIRST_SECONDS = 2.0
ATTEMPTS = 3
QUIET_SECONDS = 0.2
LOAD_BYTES = 31
"""Bytes of input in one command: with `db ` and `%` they fit the 80 of the device's buffer."""
MOST_HEARD = 4096
"""Bytes that are kept to say what is there instead."""
READY = "m-ready"
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_RESULTS = re.compile(rf"m-results-\[({_NUMBER}(?:,{_NUMBER})*)\]")


@dataclass(frozen=True)
class Identity:
    """Words of a device about itself: vendor, profile of the benchmark, and the model's id."""

    vendor: str
    profile: str
    model: str


@dataclass(frozen=True)
class Run:
    """Answer to `infer`: microseconds for all inferences but the warm-ups, and the results."""

    microseconds: int
    results: tuple[float, ...]


class Runner:
    """The host of the benchmark, over an open port."""

    def __init__(self, port: SerialPort) -> None:
        """Take an open port; nothing is sent before identify()."""
        self._port = port
        self._rest = b""
        self._heard = b""

    def identify(self) -> Identity:
        """Ask who is there; the device may just be starting.

        Raises:
            DeviceSilentError: Nothing came back.
            DeviceError: The image says that it cannot run.
            DeviceUnknownError: Something else did.
        """
        for _ in range(ATTEMPTS):
            self._port.send(b"%name%")  # the first one ends what an earlier host has begun
            deadline = time.monotonic() + FIRST_SECONDS
            while time.monotonic() < deadline:
                line = self._line(deadline)
                found = re.fullmatch(r"m-name-dut-\[([^\]]+)\]", line or "")
                if found is not None:
                    self._drain()
                    lines = self.command("profile")
                    return Identity(found[1], _word(lines, "profile"), _word(lines, "model"))
        url = self._port.url
        if not self._heard:
            raise DeviceSilentError(f"no bytes at all from {url}: check power, wiring and rate")
        refusal = re.search(rb"safe error: ([ -~]*)", self._heard)
        if refusal is not None:
            raise DeviceError(f"the device on {url} refuses: {refusal[1].decode('ascii')}")
        raise DeviceUnknownError(
            f"{url} does not answer name%: not an image of app=mlperf, or another rate than"
            f" {self._port.baud}"
        )

    def command(self, text: str, seconds: float = LINE_SECONDS) -> list[str]:
        """Send a command and return the lines before `m-ready`.

        Raises:
            DeviceError: The device refuses it.
            LinkLostError: A line did not come in time.
        """
        self._port.send(text.encode("ascii") + b"%")
        lines: list[str] = []
        while True:
            line = self._line(time.monotonic() + seconds)
            if line is None:
                raise LinkLostError(
                    f"{self._port.url}: no line in {seconds:g} s after {text[:20]}%: check the"
                    " cable, then run again"
                )
            if line == READY:
                break
            lines.append(line)
        for line in lines:
            if line.startswith("e-["):
                raise DeviceError(f"the device answers {text[:20]}% with {line[3:].rstrip(']')}")
        return lines

    def load(self, data: bytes) -> None:
        """Bring one input.

        Raises:
            DeviceError, LinkLostError: see command(); a byte was lost.
        """
        self.command(f"db load {len(data)}")
        lines: list[str] = []
        for start in range(0, len(data), LOAD_BYTES):
            lines = self.command(f"db {data[start : start + LOAD_BYTES].hex()}")
        if lines != ["m-load-done"]:
            raise LinkLostError(f"{self._port.url}: the device lacks bytes of the input")

    def infer(self, times: int, warm_ups: int) -> Run:
        """Run the model on the input that was loaded."""
        lines = self.command(f"infer {times} {warm_ups}", INFER_SECONDS)
        laps = [int(_word([line], "lap-us")) for line in lines if line.startswith("m-lap-us-")]
        found = [match for line in lines if (match := _RESULTS.fullmatch(line))]
        if len(laps) != 2 or len(found) != 1:
            raise DeviceError(f"infer% is answered with {len(laps)} times, {len(found)} results")
        results = tuple(float(value) for value in found[0][1].split(","))
        return Run((laps[1] - laps[0]) % 2**32, results)

    def _line(self, deadline: float) -> str | None:
        while b"\n" not in self._rest:
            if time.monotonic() >= deadline:
                return None
            data = self._port.receive()
            self._rest += data
            self._heard = (self._heard + data)[-MOST_HEARD:]
        line, _, self._rest = self._rest.partition(b"\n")
        return line.strip().decode("ascii", "replace")

    def _drain(self) -> None:
        """Pass over the rest of the answers to what was sent until now."""
        while self._line(time.monotonic() + QUIET_SECONDS) is not None:
            pass


def _word(lines: list[str], name: str) -> str:
    """Return what follows `m-NAME-` in one of the lines, without brackets."""
    for line in lines:
        if line.startswith(f"m-{name}-"):
            return line.removeprefix(f"m-{name}-").strip("[]")
    raise DeviceError(f"the device does not tell its {name}")
