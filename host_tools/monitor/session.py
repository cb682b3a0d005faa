"""The threads of a monitor, and what the main thread has to do with them."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from host_tools.monitor.watched import Hub

LOOK_SECONDS = 0.1
"""How often the main thread looks for an error, the end, or Ctrl-C."""


class Source(Protocol):
    """A thread that gives samples to devices."""

    error: Exception | None

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End it."""

    def is_alive(self) -> bool:
        """Return whether it still runs."""


class Session:
    """Sources, the hub that they fill, and what is to be done each second."""

    def __init__(self, hub: Hub, sources: Sequence[Source], seconds: float = 0.0) -> None:
        """Prepare; `seconds` is how long it goes at most, 0 for ever."""
        self.hub = hub
        self._sources, self._seconds = sources, seconds
        self._each_second: list[Callable[[], None]] = []
        self._begin = self._second = time.monotonic()

    def each_second(self, action: Callable[[], None]) -> None:
        """Call `action` each second in the main thread; what it raises ends the monitor."""
        self._each_second.append(action)

    def start(self) -> None:
        """Start the sources."""
        self._begin = self._second = time.monotonic()
        for source in self._sources:
            source.start()

    def stop(self) -> None:
        """End the sources; devices that answer are told."""
        for source in self._sources:
            source.stop()

    def look(self) -> bool:
        """Return whether it goes on.

        Raises:
            SafeError: What ended a source, or the log that is written.
        """
        now = time.monotonic()
        if now - self._second >= 1.0:
            self._second = now
            for action in self._each_second:
                action()
        for error in (self.hub.failure, *(source.error for source in self._sources)):
            if error is not None:
                raise error
        return not self._seconds or now - self._begin < self._seconds

    @property
    def has_ended(self) -> bool:
        """Whether no source gives anything any more: logs have an end."""
        return not any(source.is_alive() for source in self._sources)

    def wait(self) -> None:
        """Stay until the time is over or all sources have ended. Raises as `look`."""
        while self.look():
            if self.has_ended:
                self.look()
                return
            time.sleep(LOOK_SECONDS)
