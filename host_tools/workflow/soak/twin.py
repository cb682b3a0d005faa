"""The device as this host computes it: its chain, and what its store holds when the power goes."""

import numpy as np
from numpy.typing import NDArray

from host_tools.detection import replay
from host_tools.detection.saved import Saved
from host_tools.formats.detector import Detector
from host_tools.formats.record import RECORD, Event
from host_tools.workflow.soak.material import Material

_UNIT_BYTES = 16  # SAFE_STORE_UNIT_BYTES
_WORD_BYTES = 4
_NEW_BASELINE = Event.LEARNED | Event.CHANGED | Event.RECOVERED
"""Events after which a device saves at once (`sdk/src/app/keeper.c`). It also saves once in an hour
of its own clock, which no stretch between two faults of the power takes."""


class Twin:
    """What the device must answer, sample by sample, through the same interruptions."""

    def __init__(
        self,
        config: replay.ChainConfig,
        material: Material,
        forecast: replay.Forecast | None,
        *,
        keeps: bool,
    ) -> None:
        """Start as the device does.

        Args:
            config: Constants of the device's chain.
            material: What goes through it.
            forecast: Its model; None in a product without a network.
            keeps: Whether it has a store that outlives the power.

        Raises:
            DataError: The material has other channels.
        """
        self.detector: Detector = config.detector
        self._player = replay.Player(config, material.samples, forecast)
        self._numbers = material.numbers
        self._keeps = keeps
        self._kept: Saved | None = None
        self._last: int | None = None
        self.is_due = False
        """Whether the device saves its baseline after the samples of the last `take`."""

    def open(self, phase: int | None, *, forgets: bool) -> None:
        """A stream is opened: all is forgotten, or recent samples only."""
        self._last = None
        if phase is not None:
            self._player.chain.set_phase(phase)
        if forgets:
            self._player.chain.reset()
        else:
            self._player.chain.gap()

    def take(self, first: int, last: int) -> NDArray[np.void]:
        """Take rows of one frame through; return RECORD [last - first].

        What was not taken since the row before is lost, but for what lies before a stream.
        """
        records = np.zeros(last - first, RECORD)
        for row in range(first, last):
            number = int(self._numbers[row])
            lost = 0 if self._last is None else number - self._last - 1
            self._last = number
            records[row - first] = self._player.take(row, lost)
        events = int(np.bitwise_or.reduce(records["event"]))
        self.is_due = self._keeps and bool(events & _NEW_BASELINE)
        return records

    def keep(self) -> None:
        """The save that was due is done."""
        self._kept = self._player.chain.saved() or self._kept

    def stale(self) -> None:
        """Nothing came for so long that all is stale."""
        self._player.chain.stale()

    def power_up(self) -> bool:
        """Start anew with what the store holds; return whether that is a baseline."""
        self._player.power_up()
        if self._kept is not None:
            self._player.chain.restore(self._kept)
        return self._kept is not None


def record_bytes(d: Detector) -> int:
    """Return the bytes that a saved baseline takes in a store (`safe/saved.h`, `safe/store.h`)."""
    both = d.channels + len(d.median.channels)
    spreads = len(d.innovation.channels) + len(d.residual.channels)
    words = 5 + d.channels + 2 * len(d.drift_channels) + 3 * both + 2 * spreads
    units = -(-_WORD_BYTES * words // _UNIT_BYTES)
    return _UNIT_BYTES * (units + 2)
