"""The power of an emulated device: switched off and on, or cut while its store is written."""

import random
from collections.abc import Callable
from pathlib import Path

from host_tools.errors import DifferentError
from targets.emulate import BOARD
from targets.emulate.emulator import Emulator
from targets.emulate.soft_board import Conditions
from targets.errors import ExitCode, OutputError
from targets.load import Target

_CUT_SECONDS = 120.0
"""Longest time from the reply to a sample to the power cut in the save that follows."""

Start = Callable[[Conditions], Emulator]
"""Function that starts the image under conditions."""


class Supply:
    """A device that is on from the beginning. Use as a context manager."""

    def __init__(self, start: Start, store: Path | None = None) -> None:
        """Switch on what `start` starts; `store`: file that keeps its flash, None: nothing does."""
        self._start, self._store = start, store
        self._emulator = self._on()

    def _on(self, cut_after: int | None = None) -> Emulator:
        return self._start(Conditions(store=self._store, cut_after=cut_after))

    @property
    def url(self) -> str:
        """Address of its line; another one after each `on`."""
        return self._emulator.url

    def off(self) -> None:
        """Take the power away, whatever the device does.

        Raises:
            OutputError: There is no room for the file of its flash.
        """
        self._emulator.close()
        if self._store is not None and self._emulator.status == ExitCode.OUTPUT:
            raise OutputError(self._emulator.messages.rpartition("board: ")[2])

    def on(self, cut_after: int | None = None) -> None:
        """Give the power back; it goes again after so many bytes of the store."""
        self._emulator = self._on(cut_after)

    def wait_cut(self) -> None:
        """Wait until the power has gone while the store was written.

        Raises:
            DifferentError: It did not: the device saved nothing where this host would.
        """
        if not self._emulator.wait_end(_CUT_SECONDS):
            raise DifferentError("the device did not save a baseline that this host saves")
        self.off()

    def __enter__(self) -> "Supply":
        """Return the supply."""
        return self

    def __exit__(self, *error: object) -> None:
        """Switch off; an emulator that has died is blamed."""
        self._emulator.__exit__(*error)  # type: ignore[arg-type]


def used_flash(path: Path, target: Target, kind: str, seed: int) -> None:
    """Write flash where another program was: no record, and nothing erased.

    A process of the host begins with an erased file of its own.
    """
    if kind == BOARD and target.store is not None:
        size = target.store.size_bytes
        path.write_bytes(random.Random(seed).randbytes(size) + bytes(size))
