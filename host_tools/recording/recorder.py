"""The loop of a recording: bytes of a line in, rows of a log out, until it is enough."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.device.serial_port import PortLostError, SerialPort
from host_tools.errors import DeviceSilentError, DeviceUnknownError, PortNotFoundError
from host_tools.recording.clock import RowClock
from host_tools.recording.label import Label
from host_tools.recording.lines import Lines, Rows
from host_tools.recording.log_file import LogFile

LABEL = "anomaly"
"""Column of the marked faults: `read` takes it for one by this name."""
FORM_SECONDS = 10.0
"""Time in which a board that prints has said three rows, unless `--wait` gives more."""
_FLUSH_SECONDS = 1.0
_REOPEN_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """What is recorded.

    Attributes:
        out: First file of the log.
        channels: Names of the channels; (): those of the line.
        has_label: Whether the log has a column of marked faults.
        append: Whether an existing log goes on.
        most_bytes: Size of a file; 0: no bound.
        seconds: Length; 0: until it is ended.
        rows: Rows; 0: until it is ended.
        wait: Seconds for the first rows.
    """

    out: Path
    channels: Sequence[str] = ()
    has_label: bool = False
    append: bool = False
    most_bytes: int = 0
    seconds: float = 0.0
    rows: int = 0
    wait: float = FORM_SECONDS


@dataclass
class Recording:
    """What a recording has become; it is filled while it runs."""

    files: list[Path] = field(default_factory=list)
    columns: Sequence[str] = ()
    rows: int = 0
    newest: Sequence[str] = ()
    clock: RowClock = field(default_factory=RowClock)
    dropped: int = 0
    first_dropped: str = ""
    reopened: int = 0
    faults: int = 0
    start: float = 0.0
    """Seconds since 1970 at time 0 of the monotonic clock. A clock that is set while the recording
    runs does not tear the log."""


class Recorder:
    """Records from an open port; `result` is right at any time."""

    def __init__(self, port: SerialPort, plan: Plan, label: Label) -> None:
        """Take the port; nothing is written before the first rows came."""
        self.result = Recording(start=time.time() - time.monotonic())
        self._port, self._plan, self._label = port, plan, label
        self._lines, self._rows = Lines(), Rows(plan.channels)
        self._log: LogFile | None = None
        self._pending: list[tuple[list[str], bool]] = []
        self._bytes = 0

    def run(
        self, between: Callable[[float], None], say: Callable[[str], None] = lambda _: None
    ) -> None:
        """Record until the plan is fulfilled.

        Args:
            between: Called with the time after each piece; a mark it sets counts from there.
            say: Takes a line for the user.

        Raises:
            DeviceSilentError: Nothing came in the time for the first rows.
            DeviceUnknownError: What came holds no rows of numbers.
            DataError: The channels that the plan names do not fit to the line.
            OutputError: The log cannot be written; what was written is whole.
        """
        begin = flushed = time.monotonic()
        try:
            while not self._is_enough(time.monotonic() - begin):
                data = self._receive(say)
                now = time.monotonic()
                self._bytes += len(data)
                between(now)
                for line in self._lines.take(data, now):
                    self._take(line, now, say)
                if self._rows.form is None and now - begin > self._plan.wait:
                    raise self._diagnosis()
                if now - flushed >= _FLUSH_SECONDS:
                    self._flush()
                    flushed = now
        finally:
            self._end()

    def _is_enough(self, elapsed: float) -> bool:
        return bool(self._plan.seconds and elapsed >= self._plan.seconds) or self._has_all_rows()

    def _has_all_rows(self) -> bool:
        return bool(self._plan.rows) and self.result.rows + len(self._pending) >= self._plan.rows

    def _receive(self, say: Callable[[str], None]) -> bytes:
        try:
            return self._port.receive()
        except PortLostError as error:
            say(f"{error}; waiting for it")
        self._lines.lose()
        self.result.clock.lose()
        while True:
            time.sleep(_REOPEN_SECONDS)
            try:
                self._port.reopen(self._port.baud)
            except PortNotFoundError:
                continue
            self.result.reopened += 1
            say(f"{self._port.url} is back")
            return b""

    def _take(self, line: str, now: float, say: Callable[[str], None]) -> None:
        for arrival, values in self._rows.take(line, now):
            if self._log is None:
                self._open(say)
            if self._has_all_rows():
                return
            self._pending.append((values, self._label.is_on))
            self._write(self.result.clock.take(arrival))

    def _open(self, say: Callable[[str], None]) -> None:
        assert self._rows.form is not None
        if self._rows.form.is_numbered:
            say(
                "no line of names came before the rows: the channels are"
                f" {', '.join(self._rows.form.names)}; --channels names them"
            )
        columns = [*self._rows.form.names, *([LABEL] if self._plan.has_label else [])]
        self._log = LogFile(
            self._plan.out, columns, append=self._plan.append, most=self._plan.most_bytes
        )
        self.result.columns, self.result.files = columns, self._log.files

    def _write(self, stamps: list[float]) -> None:
        assert self._log is not None
        for stamp, (values, is_fault) in zip(stamps, self._pending, strict=False):
            cells = [*values, str(int(is_fault))] if self._plan.has_label else values
            self._log.write(self.result.start + stamp, cells)
            self.result.newest = values
        del self._pending[: len(stamps)]
        self.result.rows += len(stamps)

    def _flush(self) -> None:
        if self._log is not None:
            self._log.flush()

    def _end(self) -> None:
        """Write what waits, and count."""
        if self._log is not None:
            self._write(self.result.clock.rest())
            self._log.close()
        self.result.dropped = self._rows.dropped
        self.result.first_dropped = self._rows.first_dropped
        self.result.faults = self._label.count

    def _diagnosis(self) -> DeviceSilentError | DeviceUnknownError:
        port = self._port
        if not self._bytes:
            return DeviceSilentError(
                f"nothing came from {port.url} in {self._plan.wait:g} s: is the board running, and"
                " is it this port? Give --wait SECONDS for one that prints seldom"
            )
        heard = self._rows.heard
        if heard and heard[-1].isprintable() and "\ufffd" not in heard[-1]:
            return DeviceUnknownError(
                f"{port.url}: no rows of numbers in {self._plan.wait:g} s, the last line was"
                f" {heard[-1][:60]!r}: print numbers with commas, tabs or blanks between them"
            )
        return DeviceUnknownError(
            f"{port.url}: {self._bytes} bytes in {self._plan.wait:g} s hold no lines of numbers:"
            f" is the rate right (--baud {port.baud})?"
        )
