"""The hour of the day: found by the log's own clock, taken off, told to the device."""

from dataclasses import replace

import numpy as np
import pytest

from host_tools.data import scaling, window
from host_tools.data.table import Table
from host_tools.detection import hours, quiet, replay
from host_tools.detection.rule import Rule
from host_tools.formats.detector import HOURS
from host_tools.formats.record import VERDICTS, State
from host_tools.runtimes import adapter

TRAINING = Rule(learn_rows=0)
PERIOD = 60.0
DAY = 1440
NOON = 1_700_000_000 // 86_400 * 86_400 + 43_200.0
"""A day of November 2023, 12:00."""


def log(days, *, start=NOON, seed=1):
    """A log of a row a minute whose first channel is warm at six and cold at eighteen o'clock."""
    rows = days * DAY
    seconds = start + PERIOD * np.arange(rows)
    angle = 2 * np.pi * (seconds % 86_400) / 86_400
    random = np.random.default_rng(seed)
    values = np.array([20, 0, 50]) + random.normal(size=(rows, 3))
    values[:, 0] += 8 * np.sin(angle)
    return Table(
        "log", ("a", "b", "c"), ("", "", ""), values.astype(np.float32),
        np.zeros(rows, np.uint8), np.zeros(rows, np.int32), 1 / PERIOD, seconds=seconds,
    )  # fmt: skip


def parts_of(table):
    return window.split(table)


def test_the_mean_of_each_hour_is_found_and_taken_off():
    parts = parts_of(log(6))
    found, calm = hours.split(parts, TRAINING)
    assert found.day_samples == DAY
    assert found.mean[6, 0] == pytest.approx(8, abs=1)
    assert found.mean[18, 0] == pytest.approx(-8, abs=1)
    assert np.abs(found.mean[:, 1:]).max() < 0.5
    for before, after in ((parts.train, calm.train), (parts.test, calm.test)):
        assert before.samples[:, 0].std() > 4
        assert after.samples[:, 0].std() < 1.6
    assert calm.train.samples.mean(axis=0) == pytest.approx([20, 0, 50], abs=0.3)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(parts_of(log(4)), id="fewer than three days train"),
        pytest.param(parts_of(log(6, start=0.0)), id="a clock with a zero of its own"),
        pytest.param(parts_of(replace(log(6), seconds=None)), id="no clock"),
    ],
)
def test_where_the_hour_does_not_count(parts):
    found, calm = hours.split(parts, TRAINING)
    assert found.day_samples == 0
    assert calm is parts


def test_a_device_that_learns_knows_no_hours():
    assert hours.split(parts_of(log(6)), Rule())[0].day_samples == 0


def test_labelled_rows_and_rows_without_a_stamp_tell_nothing():
    table = log(6)
    table.samples[:200, 0] = 500
    table.labels[:200] = 1
    table.seconds[300:310] = np.nan
    found, calm = hours.split(parts_of(table), TRAINING)
    assert found.mean[12, 0] == pytest.approx(0, abs=1.5)
    assert (calm.train.samples[300:310] == table.samples[300:310]).all()


def test_a_device_that_is_told_the_time_is_quiet_and_without_it_silent():
    """The fitted detector over the raw log: the device takes the hour off itself."""
    parts = parts_of(log(6))
    found, calm = hours.split(parts, TRAINING)
    scaler = scaling.fit(calm.train)
    edges = adapter.without_network(scaler)
    made = quiet.fit(calm, edges, None, TRAINING, on_trial=False)
    detector = found.onto(made.config.detector, scaler)
    config = replay.ChainConfig(edges, detector)
    phase = hours.phase(float(parts.test.seconds[0]), detector.day_samples)
    rows = parts.test.samples
    told = replay.run_chain(config, rows, None, phase=phase)
    verdicts = told["state"][np.isin(told["state"], VERDICTS)]
    assert len(verdicts) == len(rows) - TRAINING.rows + 1
    assert (verdicts != State.OK).mean() < 0.02
    late = replay.run_chain(config, rows, None, phase=(phase + DAY // 2) % DAY)
    assert (late["state"] == State.ALARM).mean() > 0.3
    silent = replay.run_chain(config, rows, None)
    assert set(silent["state"].tolist()) == {State.WARMUP}


def test_rows_since_midnight_have_the_mean_of_their_hour():
    found, calm = hours.split(parts_of(log(6)), TRAINING)
    rows = found.since_midnight(calm.test.samples[:DAY])
    assert (rows - calm.test.samples[:DAY])[[0, 6 * 60, 18 * 60]] == pytest.approx(
        found.mean[[0, 6, 18]], abs=1e-4
    )


@pytest.mark.parametrize(
    ("seconds", "phase"),
    [(NOON, 720), (NOON + 59.9, 720), (NOON + 60, 721), (NOON + 43_199, 1439), (NOON + 43_200, 0),
     (99_999_999.0, None), (float("nan"), None)],
)  # fmt: skip
def test_phase(seconds, phase):
    assert hours.phase(seconds, DAY) == phase
    assert hours.phase(seconds, 0) is None


def test_the_table_of_the_device_keeps_the_mean():
    parts = parts_of(log(6))
    found, calm = hours.split(parts, TRAINING)
    scaler = scaling.fit(calm.train)
    made = quiet.fit(calm, adapter.without_network(scaler), None, TRAINING, on_trial=False)
    detector = found.onto(made.config.detector, scaler)
    steps = detector.hour_mean.reshape(HOURS, 3) * detector.hour_scale
    assert steps / scaler.inv_std == pytest.approx(found.mean, abs=1e-3)
