"""What a user asks of a detector."""

from dataclasses import dataclass

from host_tools.detection.rule import Rule
from host_tools.errors import DataError
from host_tools.formats.detector import INNOVATION_ROWS, LEARNED, MOST_REGIMES, TRAINING

AUTO = "auto"
BASELINES = (AUTO, TRAINING, LEARNED)
LEAST_LEARN_ROWS, MOST_LEARN_ROWS = 100, 1_000_000
MOST_MEAN_SECONDS = 1800.0
"""Time that a row mean spans at most, where that is three rows or more."""
MOST_QUIET_ALARMS = 5.0
"""Percent of quiet held-out rows in alarm up to which a detector is installed."""


@dataclass(frozen=True)
class Choice:
    """What is asked.

    Attributes:
        baseline: TRAINING, LEARNED, or AUTO: by the data.
        learn_rows: Rows that a device learns from, with LEARNED; 0 asks for TRAINING.
        notice: The lower threshold; the upper one is half as much again.
        max_quiet_alarms: Percent of quiet held-out rows that may be in alarm.
        regimes: States in which the plant is normal; more than one asks for TRAINING.
    """

    baseline: str = AUTO
    learn_rows: int = Rule.learn_rows
    notice: float = Rule.notice
    max_quiet_alarms: float = MOST_QUIET_ALARMS
    regimes: int = Rule.regimes

    def check(self) -> None:
        """Raise DataError where a value is out of range, or two contradict each other."""
        rows = self.learn_rows
        if rows == 0 and self.baseline == LEARNED:
            raise DataError("--learn-rows 0 asks for --baseline training: leave one of them out")
        if rows != 0 and not LEAST_LEARN_ROWS <= rows <= MOST_LEARN_ROWS:
            raise DataError(
                f"--learn-rows {rows}: must be 0, or {LEAST_LEARN_ROWS} to {MOST_LEARN_ROWS}"
            )
        if not 1 <= self.regimes <= MOST_REGIMES:
            raise DataError(f"--regimes {self.regimes}: must be 1 … {MOST_REGIMES}")
        if self.regimes > 1 and self.baseline == LEARNED:
            raise DataError(
                f"--regimes {self.regimes} asks for --baseline training: a device that learns its"
                " baseline sees one regime"
            )
        if not 0 < self.notice <= 1000:
            raise DataError(f"--threshold {self.notice:g}: must be above 0 and at most 1000")
        if not 0 <= self.max_quiet_alarms <= 100:
            raise DataError(f"--max-quiet-alarms {self.max_quiet_alarms:g}: must be 0 … 100")

    @property
    def wanted(self) -> str:
        """TRAINING, LEARNED or AUTO."""
        return TRAINING if self.learn_rows == 0 or self.regimes > 1 else self.baseline

    def rule(self, baseline: str, rate_hz: float) -> Rule:
        """Return the rule of a baseline that was chosen, for samples at a rate.

        Where samples come slowly, ten of them are hours: what is averaged spans half an hour at
        most, and the score is smoothed as much as the rows are.
        """
        learn = self.learn_rows if baseline == LEARNED else 0
        ratio = Rule.alarm / Rule.notice
        rows = min(max(int(MOST_MEAN_SECONDS * rate_hz), INNOVATION_ROWS), Rule.rows)
        return Rule(
            rows=rows,
            alpha=Rule.alpha * Rule.rows / rows,
            learn_rows=learn,
            notice=self.notice,
            alarm=self.notice * ratio,
            regimes=self.regimes if baseline == TRAINING else 1,
        )
