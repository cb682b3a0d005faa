"""The on-device chain, written once: raw sample → sensors, baseline, model → statistics → state.

This is the specification that the SDK (`sdk/src/{sensors,scaler,window,baseline,quadratic,
verdict,detector}.c`) follows to the last bit. float32, one rounding per operation (no fused
multiply-add), sums in the order written, nothing from libm: the square root is the correctly
rounded one. numpy's element-wise operations round once each, so each line here is one line of C
over the channels.

For each sample x, float32 [C], with n samples in the window since the last gap:

1. Sensors (`sensors.py`): a sample without one good value is *missing* (see below). A channel
   with a bad value is masked; the last value that was finite and in range stands for it.
2. z = clamp((last − mean) · inv_std, ±score_limit). With hours, d = z − the mean of this hour, else
   d = z. d joins the level ring (`rows` samples) and the median of the last three d that ring.
3. Innovation: i = d − l, l += a · i, per channel; i = 0 and l = d at the first sample since a gap
   and where a channel returns; i = 0 where it is bad. i joins a ring of three.
4. Model input u = clamp(d − baseline mean, ±score_limit), relative to the baseline's level. From
   n = window + horizon − 1 on, a sample has been forecast `horizon` times: the residual r follows
   the error, r += residual_alpha · ((u − mean of the forecasts) − r), from 0. Where the value is
   bad, the forecast is the input, so that the error is 0; while there is none, u is.
5. Features: row means of the level ring (once it is full), of the median ring and of the
   innovation ring, and r, as deviations from the baseline in its spreads, ± feature_limit. With
   regimes the level's baseline is the nearest one (`regimes.nearest_exactly`). Each form is
   |factor · f|² over its channels that are not masked (`statistic.form`).
6. s = the largest form; e = s the first time since a gap, e + alpha · (s − e) later.
7. State: WARMUP until the level ring is full (and, with hours, until the time of day is known),
   DEGRADED while more than max_masked channels are masked, LEARN while the baseline is learned,
   else that of `verdict.py`. In NOTICE and ALARM `top` names the channels that contribute most to
   the largest form (`statistic.contributions`).
8. The baseline (`baseline.py`). While learning: the mean of the d since power-up for
   `settle_samples`, then running moments of the row means. Later it follows good blocks, never in
   NOTICE or ALARM. A state that recovered is the plant's new one: the mean is that of the present
   rows. One that has used up the credit of the baseline (`verdict.py`) is normal beside the old
   one: mean and spread are those of both. The score starts anew; `event` tells. A brief one is
   normal beside it, too, after a calm block in OK.
9. Drift: m += drift_alpha · (d − m) from the mean at the end of the learning, except in NOTICE
   and ALARM; |m − that mean| > drift_limit names a channel for maintenance.
10. u joins the window; a full window runs the model (from reset state), and its forecasts are
   added for the coming `horizon` samples.

A missing sample runs step 10 with its forecast (while there is none, the last u) and nothing
else; the state stays. More than `max_missed` in a row are a gap: recent samples, the score and
the blocks are forgotten, the baseline stays. Silence (`stale`) is such a gap, told by a clock.
"""

import numpy as np
from numpy.typing import NDArray

from host_tools.detection.baseline import Blocks, Tracker, learns
from host_tools.detection.result import Result
from host_tools.detection.rings import Forecaster, Rows
from host_tools.detection.saved import Saved
from host_tools.detection.sensors import Sensors
from host_tools.detection.statistic import ZERO, contributions, top
from host_tools.detection.verdict import Verdict
from host_tools.detection.watched import Watched
from host_tools.formats.detector import FORMS, HOURS, INNOVATION_ROWS, Detector
from host_tools.formats.record import RAISED, TOP, Event, State
from host_tools.runtimes.adapter import F32, Adapter


class Chain:
    """A running detector. `step`, then, when it returns a window, `forecaster.accept`."""

    def __init__(self, detector: Detector, adapter: Adapter, forecaster: Forecaster) -> None:
        """Binds constants and model and starts as after power-up."""
        self._d, self._a = detector, adapter
        self.forecaster = forecaster
        self._forms = [
            Watched(detector, getattr(detector, name), has_mean=i < 2, all_=i == 0)
            for i, name in enumerate(FORMS)
        ]
        self._level, self._median, self._innovation, self._residual = self._forms
        self._sensors = Sensors(detector, adapter.scaler.mean)
        self._blocks, self._verdict = Blocks(detector), Verdict(detector)
        self._drift = np.array(detector.drift_channels, dtype=np.intp)
        self._phase: int | None = None
        self.reset()

    @property
    def baseline(self) -> Tracker:
        """Mean and spread of the level."""
        return self._level.tracker

    def reset(self) -> None:
        """Forgets everything, the baseline too: it is learned anew. The time of day stays."""
        self._sensors.reset()
        for watched in self._forms:
            watched.tracker.forget()
        self._blocks.forget()
        self._learned = self._progress = self._verdict.credit = 0
        self._slow = np.zeros(len(self._drift), np.float32)
        self._slow_start = self._slow
        self._missing = 0
        self._was_stale = False
        self.gap()

    def saved(self) -> Saved | None:
        """What a device keeps over a restart; None while nothing is learned."""
        if not learns(self._d) or self.is_learning:
            return None
        trackers = tuple(watched.tracker.learned for watched in self._forms)
        slow, credit = (self._slow, self._slow_start), self._verdict.credit
        return Saved(self._blocks.factor, trackers, self._sensors.unlearned, *slow, credit)

    def restore(self, saved: Saved) -> None:
        """Forgets everything, and has learned what was saved. The time of day stays."""
        self.reset()
        for watched, learned in zip(self._forms, saved.trackers, strict=True):
            watched.tracker.restore(learned)
        self._blocks.factor, self._sensors.unlearned = saved.factor, saved.unlearned
        self._slow, self._slow_start = saved.slow, saved.slow_start
        self._verdict.credit = saved.credit
        self._learned, self._progress = self._d.learn_rows, self._d.settle_samples

    def gap(self) -> None:
        """Forgets recent samples, the score and the present blocks, keeps the baseline."""
        d = self._d
        self._samples = 0
        self._level_ring = Rows(d.rows, d.channels)
        self._median_ring = Rows(d.rows, len(d.median.channels))
        self._innovation_ring = Rows(INNOVATION_ROWS, len(d.innovation.channels))
        self._before = np.zeros((2, len(d.median.channels)), np.float32)
        self._smooth = np.zeros(len(d.innovation.channels), np.float32)
        self._has_smooth = False
        self._error = np.zeros(len(d.residual.channels), np.float32)
        self._has_error = False
        self._inputs = np.zeros(d.channels, np.float32)
        self._score: np.float32 | None = None
        self._was_raised = False
        self._verdict.reset()
        self._drop_blocks()
        self.forecaster.reset()

    def stale(self) -> None:
        """Nothing came for `stale_samples` periods, by the clock of whoever asks: as a gap, but
        the event of the next sample tells it. The time of day stands still.
        """
        self._was_stale = True
        self.gap()

    def set_phase(self, sample_of_day: int) -> None:
        """The next sample is this one of its day, 0 … day_samples − 1."""
        self._phase = sample_of_day

    @property
    def is_learning(self) -> bool:
        """Whether no verdict can be given yet."""
        return learns(self._d) and self._learned < self._d.learn_rows

    def step(self, sample: F32) -> tuple[Result, NDArray[np.generic] | None]:
        """One raw sample, float32 [C], to its result and the model window to run, if full."""
        if self._sensors.are_missing(sample):
            return self.step_missing()
        self._missing = 0
        self._sensors.take(sample)
        masked = self._sensors.masked
        d = self._deviations()
        self._level_ring.push(d)
        if len(self._median.channels):
            self._push_median(d[self._median.channels])
        if len(self._innovation.channels):
            self._push_innovation(d[self._innovation.channels])
        inputs = self._take_residual(d)
        result = Result(self._samples, State.WARMUP, self._blocks.limit)
        result.masked = tuple(int(c) for c in np.flatnonzero(masked))
        self._tell_silence(result)
        self._judge(result, d, masked)
        self._samples += 1
        self.skip(1)
        return result, self.forecaster.push(inputs)

    def step_missing(self) -> tuple[Result, NDArray[np.generic] | None]:
        """One sample that is not there."""
        self._missing += 1
        self.skip(1)
        if self._missing > self._d.max_missed:
            self.gap()
        state = self._state_without()
        result = Result(self._samples, state, self._blocks.limit, is_missing=True)
        result.masked = tuple(int(c) for c in np.flatnonzero(self._sensors.masked))
        result.score = ZERO if self._score is None else self._score
        self._tell_silence(result)
        if self._missing > self._d.max_missed:
            return result, None
        forecast = self.forecaster.forecast()
        if forecast is not None:
            self._inputs = np.clip(
                forecast, -self._a.scaler.score_limit, self._a.scaler.score_limit
            )
        self._samples += 1
        return result, self.forecaster.push(self._inputs)

    def miss(self) -> NDArray[np.generic] | None:
        """One sample that never came: as `step_missing`, without a result that could tell."""
        was_stale = self._was_stale
        window = self.step_missing()[1]
        self._was_stale = was_stale
        return window

    def skip(self, samples: int) -> None:
        """Samples that were lost beyond a gap: the day goes on by them."""
        if self._phase is not None and self._d.day_samples:
            self._phase = (self._phase + samples) % self._d.day_samples

    def _tell_silence(self, result: Result) -> None:
        """Marks the first sample since; the rings are empty: nothing else happens on it."""
        if self._was_stale:
            result.event = Event.SILENCE
        self._was_stale = False

    def _state_without(self) -> State:
        """The state of a sample that says nothing."""
        if not self._is_ready():
            return State.WARMUP
        if self._sensors.masked.sum() > self._d.max_masked:
            return State.DEGRADED
        return State.LEARN if self.is_learning else self._verdict.state

    def _is_ready(self) -> bool:
        return self._level_ring.is_full and (not self._d.day_samples or self._phase is not None)

    def _deviations(self) -> F32:
        limit = self._a.scaler.score_limit
        z = np.clip(self._a.scaler.standardize(self._sensors.last), -limit, limit)
        if not self._d.day_samples or self._phase is None:
            return z
        hour = self._phase * HOURS // self._d.day_samples
        count = self._d.channels
        steps = self._d.hour_mean[hour * count : (hour + 1) * count].astype(np.float32)
        return np.asarray(z - steps * self._d.hour_scale, np.float32)

    def _push_median(self, d: F32) -> None:
        """Median of three by comparisons; the first two samples stand for themselves."""
        if not self._median_ring.count:
            self._before = np.stack([d, d])
        a, b = self._before
        low, high = np.minimum(a, b), np.maximum(a, b)
        self._median_ring.push(np.maximum(low, np.minimum(high, d)))
        self._before = np.stack([b, d])

    def _push_innovation(self, d: F32) -> None:
        channels = self._innovation.channels
        starts = self._sensors.returned[channels] | (not self._has_smooth)
        error = d - self._smooth
        still = starts | self._sensors.bad[channels]
        moved = self._smooth + self._d.innovation_alpha * error
        self._smooth = np.where(starts, d, np.where(still, self._smooth, moved))
        self._innovation_ring.push(np.where(still, ZERO, error))
        self._has_smooth = True

    def _take_residual(self, d: F32) -> F32:
        """Return the model's inputs; the residual follows their error."""
        limit = self._a.scaler.score_limit
        inputs = np.clip(d - self.baseline.mean, -limit, limit)
        forecast = self.forecaster.forecast()
        if forecast is not None:
            inputs = np.where(self._sensors.bad, np.clip(forecast, -limit, limit), inputs)
            channels = self._residual.channels
            error = np.where(self._sensors.bad, ZERO, inputs - forecast)[channels]
            change = self._d.residual_alpha * (error - self._error)
            self._error = np.asarray(self._error + change, np.float32)
            self._has_error = True
        self._inputs = np.asarray(inputs, np.float32)
        return self._inputs

    def _judge(self, result: Result, d: F32, masked: NDArray[np.bool_]) -> None:
        """Fill the result from step 5 on; learn and follow."""
        if not self._is_ready():
            self._settle(d)
            return
        if len(result.masked) > self._d.max_masked:
            result.state = State.DEGRADED
            result.score = ZERO if self._score is None else self._score
            self._drop_blocks()
            return
        values = self._values()
        if self.is_learning:
            result.state = State.LEARN
            self._learn(result, values, d, masked)
            return
        self._score_sample(result, values, masked)
        self._follow(result, values, masked)
        self._watch_drift(result, d)

    def _values(self) -> list[F32 | None]:
        """What each form is about, [tracked]; None while there is none."""
        return [
            self._level_ring.mean(),
            self._median_ring.mean() if len(self._median.channels) else None,
            self._innovation_ring.mean() if len(self._innovation.channels) else None,
            self._error if self._has_error and len(self._residual.channels) else None,
        ]

    def _settle(self, d: F32) -> None:
        """Before the first learned row: the mean of the samples so far."""
        if self.is_learning and self._learned == 0:
            self._progress += 1
            self.baseline.prime(d, self._progress)

    def _learn(
        self, result: Result, values: list[F32 | None], d: F32, masked: NDArray[np.bool_]
    ) -> None:
        if self._progress < self._d.settle_samples and self._learned == 0:
            self._settle(d)
            return
        self._learned += 1
        for watched, value in zip(self._forms, values, strict=True):
            if value is not None:
                watched.tracker.learn(value, masked[watched.tracked])
        if self.is_learning:
            return
        counts = [watched.tracker.finish() for watched in self._forms]
        self._sensors.unlearned = counts[0] + counts[0] < np.float32(self._d.learn_rows)
        self._verdict.believe()
        self._slow = self._slow_start = self.baseline.mean[self._drift]
        result.event = Event.LEARNED

    def _score_sample(
        self, result: Result, values: list[F32 | None], masked: NDArray[np.bool_]
    ) -> None:
        largest, at, inner = ZERO, -1, None
        for i, (watched, value) in enumerate(zip(self._forms, values, strict=True)):
            if value is None or not len(watched.channels):
                continue
            result.forms[i], found = watched.statistic(value, masked)
            if at < 0 or result.forms[i] > largest:
                largest, at, inner = result.forms[i], i, found
        if self._score is None:
            self._score = largest
        else:
            change = np.float32(largest - self._score)
            self._score = np.float32(self._score + np.float32(self._d.alpha * change))
        result.score = self._score
        result.state = self._verdict.take(self._score, result.limit)
        if result.state in RAISED and inner is not None:
            names = self._forms[at].channels
            shares = contributions(self._forms[at].factor, inner)
            result.top = tuple(int(names[i]) for i in top(shares, TOP))

    def _follow(self, result: Result, values: list[F32 | None], masked: NDArray[np.bool_]) -> None:
        if not learns(self._d):
            return
        was_raised, self._was_raised = self._was_raised, result.state in RAISED
        if was_raised and not self._was_raised and self._verdict.was_brief():
            self._keep_raised()
        elif was_raised != self._was_raised:
            self._drop_blocks()
        for watched, value in zip(self._forms, values, strict=True):
            if value is not None:
                take = watched.tracker.add_raised if self._was_raised else watched.tracker.add
                take(value, masked[watched.tracked])
        result.event = self._verdict.ending()
        if result.event:
            self._start_anew(result.event, values, masked)
            return
        task = "" if self._was_raised else self._blocks.add(result.score)
        for word in task.split(", ") if task else ():
            for watched in self._forms:
                getattr(watched.tracker, word)()
        if task.startswith("adopt"):
            result.event = Event.CHANGED

    def _start_anew(
        self, event: Event, values: list[F32 | None], masked: NDArray[np.bool_]
    ) -> None:
        """The raised state is normal: instead of the old one, or beside it."""
        for watched, value in zip(self._forms, values, strict=True):
            if event == Event.CHANGED:
                watched.tracker.keep()
                watched.tracker.adopt()
            elif value is not None:
                watched.tracker.move(value, masked[watched.tracked])
        if event == Event.CHANGED:
            self._verdict.believe()
        self._verdict.lower()
        self._score, self._was_raised = None, False
        self._drop_blocks()

    def _keep_raised(self) -> None:
        """A raised state came and went: it waits for a quiet block."""
        self._blocks.keep()
        for watched in self._forms:
            watched.tracker.keep()

    def _drop_blocks(self) -> None:
        self._blocks.drop()
        for watched in self._forms:
            watched.tracker.drop()

    def _watch_drift(self, result: Result, d: F32) -> None:
        if not len(self._drift):
            return
        if result.state not in RAISED:
            bad = self._sensors.bad[self._drift]
            moved = self._slow + self._d.drift_alpha * (d[self._drift] - self._slow)
            self._slow = np.where(bad, self._slow, moved)
        far = np.abs(self._slow - self._slow_start) > self._d.drift_limit
        if far.any():
            result.drift = int(self._drift[int(np.argmax(far))])
