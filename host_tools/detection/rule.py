"""Every choice of the fit, in one place."""

from dataclasses import dataclass

SMOOTHERS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
"""Factors from which each channel's smoother is chosen."""


@dataclass(frozen=True)
class Rule:
    """The defaults are the rule; none of them was set on a row that is reported.

    Attributes:
        rows: Samples in a row mean.
        alpha: Of the score's EWMA.
        shrinkage: Of second moments to their diagonal.
        least_moment: Of a feature, whose spread is about 1 by definition: a channel that hardly
            moved would make every later movement an alarm.
        least_eigenvalue: Of the moments, for the same reason.
        drift_blocks: Blocks into which the rows that a baseline stands for are cut.
        drift_share: A channel wanders when the means of these blocks hold more than this share
            of its variance: more than the rows in a block do (white noise: one over the block's
            length). With a learned baseline its level is not scored.
        white_share: Below it a channel is white over blocks: it can be watched for slow drift.
        quantile: Of the smoothed score over quiet rows; becomes 1 by scaling.
        notice: The lower threshold, in such units.
        alarm: The upper one.
        hold: Share of a threshold down to which its state is held.
        confirm_rows: Rows above a threshold before the state rises.
        learn_rows: Rows that a device learns its baseline from; 0: that of the training rows.
        settle_share: Of them, the first ones, which are dropped.
        prior_rows: Weight of the priors while it learns.
        block_rows: Rows of a block from which a learned baseline follows.
        mean_step: Share of a quiet block's mean that the baseline takes.
        spread_step: Share of its spread, and of its peak score.
        growth: A block counts with at most so many times the present variance.
        spiky_growth: The same where single spikes are scored by medians.
        spiky_share: A channel is spiky when medians of three lower the variance of its row means
            below this share.
        median_share: Channels whose medians keep at least this share are scored by them.
        recover_share: A raised state is over when it is a notice and below this share of its peak
        recover_rows: for so many rows.
        change_rows: A state raised for so long is normal, too; sooner where it lasts for longer
            than nothing was raised since the learning began.
        feature_limit: Limit of features, in spreads.
        stuck_share: A channel stands still while it moves by no more than this share of its
            typical step: a frozen sensor keeps the noise of its electronics.
        stuck_factor: Values that stand still in a row mean a stuck sensor, in units of the longest
        stuck_extra: run of quiet rows, and so many more.
        max_missed: Rows in a row that may be missing.
        stale_rows: Rows without which the device says that nothing comes.
        regimes: Means that the level of a training baseline may be relative to, the nearest one.
        hours: Days of training rows from which the hour of the day counts.
    """

    rows: int = 10
    alpha: float = 0.1
    shrinkage: float = 0.3
    least_moment: float = 0.05
    least_eigenvalue: float = 0.02
    drift_blocks: int = 8
    drift_share: float = 0.5
    white_share: float = 0.035
    quantile: float = 0.99
    notice: float = 2.0
    alarm: float = 3.0
    hold: float = 0.7
    confirm_rows: int = 1
    learn_rows: int = 400
    settle_share: float = 0.25
    prior_rows: float = 10.0
    block_rows: int = 50
    mean_step: float = 0.25
    spread_step: float = 0.125
    growth: float = 4.0
    spiky_growth: float = 6.0
    spiky_share: float = 0.8
    median_share: float = 0.25
    recover_share: float = 0.25
    recover_rows: int = 200
    change_rows: int = 1200
    feature_limit: float = 32.0
    stuck_share: float = 0.25
    stuck_factor: int = 2
    stuck_extra: int = 10
    max_missed: int = 10
    stale_rows: int = 30
    regimes: int = 1
    hours: float = 3.0

    @property
    def settle_rows(self) -> int:
        """First rows of the learning that are dropped, at least until the row mean is full."""
        return max(int(self.learn_rows * self.settle_share), self.rows) if self.learn_rows else 0

    @property
    def return_rows(self) -> int:
        """Good rows after which a channel is believed again: every ring then holds such rows."""
        return 3 * self.rows

    @property
    def residual_alpha(self) -> float:
        """Factor of an EWMA that smooths as much as a mean over `rows`."""
        return 2.0 / (self.rows + 1)

    def words(self) -> str:
        """Return the thresholds' origin in words."""
        return (
            f"notice {self.notice:g}, alarm {self.alarm:g} times the {self.quantile:g} quantile of"
            " the smoothed score over quiet rows that trained nothing"
        )
