"""A board that prints its rows line by line."""

from collections.abc import Callable, Sequence

from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceSilentError, DeviceUnknownError
from host_tools.recording.clock import RowClock
from host_tools.recording.lines import Lines, Rows
from host_tools.recording.source import Row, Timing


class TextSource:
    """Rows of text; see `lines.py` for the form and `clock.py` for the stamps."""

    def __init__(self, port: SerialPort, names: Sequence[str]) -> None:
        """Listen to `port`; `names` for the channels, or () for those of the line."""
        self._port = port
        self._lines, self._rows, self._clock = Lines(), Rows(names), RowClock()
        self._waiting: list[tuple[list[str], bool]] = []
        self._bytes = 0

    def take(self, data: bytes, now: float, *, is_fault: bool) -> list[Row]:
        """See `Source.take`; DataError when the names do not fit to the line."""
        self._bytes += len(data)
        found = []
        for line in self._lines.take(data, now):
            for arrival, values in self._rows.take(line, now):
                self._waiting.append((values, is_fault))
                found += self._stamped(self._clock.take(arrival))
        return found + self._stamped(self._clock.look(now))

    @property
    def waiting(self) -> int:
        """See `Source.waiting`."""
        return len(self._waiting)

    def rest(self) -> list[Row]:
        """See `Source.rest`."""
        return self._stamped(self._clock.rest())

    def _stamped(self, stamps: list[float]) -> list[Row]:
        rows = [
            Row(stamp, values, is_fault)
            for stamp, (values, is_fault) in zip(stamps, self._waiting, strict=False)
        ]
        del self._waiting[: len(stamps)]
        return rows

    def lose(self, say: Callable[[str], None]) -> None:  # noqa: ARG002 - others have something to say
        """See `Source.lose`."""
        self._lines.lose()
        self._clock.lose()

    @property
    def names(self) -> tuple[str, ...]:
        """See `Source.names`."""
        return () if self._rows.form is None else self._rows.form.names

    @property
    def note(self) -> str:
        """See `Source.note`."""
        if self._rows.form is None or not self._rows.form.is_numbered:
            return ""
        return (
            "no line of names came before the rows: the channels are"
            f" {', '.join(self.names)}; --channels names them"
        )

    @property
    def dropped(self) -> int:
        """Lines that were no rows."""
        return self._rows.dropped

    @property
    def first_dropped(self) -> str:
        """The first of them."""
        return self._rows.first_dropped

    def timing(self) -> Timing:
        """See `Source.timing`."""
        clock = self._clock
        return Timing(clock.rate_hz, clock.jitter_seconds, clock.gaps)

    def diagnosis(self, seconds: float) -> DeviceSilentError | DeviceUnknownError:
        """See `Source.diagnosis`."""
        url, heard = self._port.url, self._rows.heard
        if not self._bytes:
            return DeviceSilentError(
                f"nothing came from {url} in {seconds:g} s: is the board running, and is it this"
                " port? Give --wait SECONDS for one that prints seldom, --format frames for a SAFE"
                " logger"
            )
        if heard and heard[-1].isprintable() and "\ufffd" not in heard[-1]:
            return DeviceUnknownError(
                f"{url}: no rows of numbers in {seconds:g} s, the last line was {heard[-1][:60]!r}:"
                " print numbers with commas, tabs or blanks between them"
                + (" (a SAFE logger: --format frames)" if "safe " in heard[-1] else "")
            )
        return DeviceUnknownError(
            f"{url}: {self._bytes} bytes in {seconds:g} s hold no lines of numbers: is the rate"
            f" right (--baud {self._port.baud})?"
        )
