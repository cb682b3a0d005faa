"""From a smoothed score to a state: two thresholds, held and confirmed (`sdk/src/verdict.c`)."""

import numpy as np

from host_tools.detection.statistic import ZERO
from host_tools.formats.detector import Detector
from host_tools.formats.record import RAISED, Event, State


class Verdict:
    """State, how long it has been raised, and when a raised state of the plant is over.

    With L the present limit and r = alarm / notice: NOTICE when the score is above L, ALARM when
    it is above r · L, for `confirm_rows` rows in a row. A state is held until the score falls to
    `hold` times its threshold. A row in OK clears what was counted. A raised state has recovered
    when it was no more than a notice and below `recover_share` of its peak for
    `recover_samples` rows: a quarter of a huge peak may still be an alarm.

    A baseline has a credit: `learn_samples` when it is new, one more with each row in OK, up to
    `change_samples`, one less with each raised row, down to 0. When it has none left, the plant was
    raised for longer than it was not since the learning began, or for `change_samples`: the
    majority is what is normal. The plant has changed as soon as this state is a block long, so
    that its mean and spread are known.

    A raised state that fell to OK within `recover_samples` was brief: it may be a movement that the
    learning was too short to see.
    """

    def __init__(self, detector: Detector) -> None:
        """Starts as after power-up."""
        self._d = detector
        self._ratio = np.float32(detector.alarm / detector.notice)
        self.credit = self.ended = 0
        self.reset()

    def reset(self) -> None:
        """Nothing is raised."""
        self.state = State.OK
        self._rows_notice = self._rows_alarm = 0
        self.lower()

    def lower(self) -> None:
        """The raised state is over."""
        self.state = State.OK
        self._raised = self._below = 0
        self._peak = ZERO

    def believe(self) -> None:
        """The baseline is new."""
        self.credit = min(self._d.learn_samples, self._d.change_samples)

    def take(self, score: np.float32, limit: np.float32) -> State:
        """Judge one row."""
        alarm = np.float32(limit * self._ratio)
        most = self._d.confirm_rows
        self._rows_notice = min(self._rows_notice + 1, most) if score > limit else 0
        self._rows_alarm = min(self._rows_alarm + 1, most) if score > alarm else 0
        before = self.state
        holds_alarm = before == State.ALARM and score > np.float32(self._d.hold * alarm)
        holds_notice = before in RAISED and score > np.float32(self._d.hold * limit)
        if self._rows_alarm >= most or holds_alarm:
            self.state = State.ALARM
        elif self._rows_notice >= most or holds_notice:
            self.state = State.NOTICE
        else:
            self.ended = self._raised
            self.lower()
        if self.state not in RAISED:
            self.credit = min(self.credit + 1, self._d.change_samples)
        else:
            self.credit = max(self.credit - 1, 0)
            self._raised += 1
            self._peak = max(self._peak, score)
            is_low = score < np.float32(self._d.recover_share * self._peak)
            is_notice = self.state == State.NOTICE
            self._below = self._below + 1 if is_low and is_notice else 0
        return self.state

    def was_brief(self) -> bool:
        """Whether the raised state that fell to OK on this row was brief."""
        return self.ended <= self._d.recover_samples

    def ending(self) -> Event:
        """Why the raised state is the plant's new one: RECOVERED, CHANGED, or nothing yet."""
        if 0 < self._d.recover_samples <= self._below:
            return Event.RECOVERED
        changes = self._d.change_samples > 0 and self.credit == 0
        if changes and self._raised >= self._d.block_rows:
            return Event.CHANGED
        return Event(0)
