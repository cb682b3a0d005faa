"""Faults that somebody marks while the log is recorded: by a key, or on a line of their own."""

import contextlib
import os
import select
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from host_tools.device.serial_port import PortLostError, SerialPort
from host_tools.recording.lines import Lines

KEY = "l"
BEGINNINGS = frozenset({"1", "begin", "on", "fault"})
ENDS = frozenset({"0", "end", "off", "ok"})


@dataclass
class Label:
    """Whether the rows that come now are marked as a fault."""

    is_on: bool = False
    count: int = 0

    def set(self, on: bool) -> None:
        """Begin or end a fault."""
        self.count += on and not self.is_on
        self.is_on = on


class Keyboard:
    """Keys that were pressed, without waiting for one."""

    def __init__(self) -> None:
        """Take standard input; without a terminal no key is ever pressed."""
        self._pressed: Callable[[], str] = lambda: ""

    @contextlib.contextmanager
    def open(self) -> Iterator["Keyboard"]:
        """Read key by key in the body, and leave the terminal as it was."""
        if not sys.stdin.isatty():
            yield self
        elif sys.platform == "win32":
            import msvcrt

            self._pressed = lambda: msvcrt.getwch() if msvcrt.kbhit() else ""
            yield self
        else:
            import termios
            import tty

            number = sys.stdin.fileno()
            before = termios.tcgetattr(number)
            self._pressed = lambda: _read(number)
            tty.setcbreak(number)
            try:
                yield self
            finally:
                termios.tcsetattr(number, termios.TCSADRAIN, before)

    def pressed(self) -> str:
        """Return the key, or nothing."""
        return self._pressed()


def _read(number: int) -> str:
    ready = select.select([number], [], [], 0)[0]
    return os.read(number, 1).decode("ascii", "replace") if ready else ""


class Marks:
    """What may change the label: the key, and a line that says `1` or `begin`, `0` or `end`."""

    def __init__(
        self,
        label: Label,
        keyboard: Keyboard,
        port: SerialPort | None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Ask `keyboard` and `port`; `say` takes a line for the user."""
        self._label, self._keyboard, self._port, self._say = label, keyboard, port, say
        self._lines = Lines()

    def ask(self, now: float) -> None:
        """Take what came since the last question; `now` is the time in seconds."""
        if self._keyboard.pressed().lower() == KEY:
            self._label.set(not self._label.is_on)
        if self._port is None:
            return
        try:
            data = self._port.receive()
        except PortLostError as error:
            state = "marked" if self._label.is_on else "not marked"
            self._say(f"{error}: the rows from here on stay {state} as a fault")
            self._port = None
            return
        for line in self._lines.take(data, now):
            word = line.strip().lower()
            if word in BEGINNINGS | ENDS:
                self._label.set(word in BEGINNINGS)
