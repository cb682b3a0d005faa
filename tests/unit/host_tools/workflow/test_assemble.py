"""The figures of a report are those of their definitions."""

from dataclasses import replace

import numpy as np
import pytest

from host_tools.compare.exact import Exact
from host_tools.errors import DataError
from host_tools.formats.golden import Golden
from host_tools.workflow import assemble
from host_tools.workflow.assemble import DeviceRun, ImageFacts

SCALE, ZERO = 0.25, -4
RECORD = np.dtype(
    [("index", np.uint32), ("state", np.uint8), ("score", np.float32), ("top", np.uint16, (4,))]
)
SUBJECT = ImageFacts(
    target="t",
    backend="native",
    model="m",
    model_sha256="00" * 32,
    data="made up",
    channel_names=("a", "b"),
    scale=SCALE,
    zero_point=ZERO,
    threshold=1.0,
)


@pytest.fixture
def golden():
    random = np.random.default_rng(11)
    outputs = random.integers(-100, 100, (8, 3, 2)).astype(np.int8)
    real = ((outputs.astype(np.float32) - ZERO) * SCALE).astype(np.float32)
    kinds = np.array([0, 0, 0, 0, 0, 1, 1, 2], np.uint8)
    truth = real + np.float32(0.5)
    truth[kinds > 0] = np.nan
    float_outputs = real - np.float32(0.1)
    float_outputs[kinds > 0] += 50
    return Golden(
        windows=random.integers(-128, 128, (8, 5, 2)).astype(np.int8),
        kinds=kinds,
        outputs=outputs,
        float_inputs=random.normal(size=(8, 5, 2)).astype(np.float32),
        float_outputs=float_outputs,
        truth=truth,
        samples=random.normal(size=(6, 2)).astype(np.float32),
        labels=np.array([0, 0, 0, 1, 1, 0], np.uint8),
    )


@pytest.fixture
def device(golden):
    records = np.zeros(6, RECORD)
    records["state"] = [0, 1, 2, 2, 1, 2]
    records["score"] = [0, 0.5, 2, 3, 0.5, 2]
    return DeviceRun(golden.outputs.copy(), records, stack_bytes=100)


@pytest.fixture
def exact(golden, device):
    outputs = {"host C": golden.outputs.copy(), "TFLM": golden.outputs.copy()}
    return Exact(outputs, device.records.copy())


def test_agreement(golden, device, exact):
    report = assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0)
    assert report.exact
    assert (report.mismatched_bytes, report.max_lsb, report.chain_mismatches) == (0, 0, 0)
    assert (report.windows, report.horizon, report.channels, report.window) == (8, 3, 2, 5)
    assert report.windows_by_kind == {"in-distribution": 5, "saturated": 2, "random": 1}
    assert (report.alarms, report.alarm_episodes) == (3, 2)
    assert len(report.comparisons) == 3


def test_real_errors_are_over_in_distribution_windows_only(golden, device, exact):
    report = assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0)
    assert report.rmse_vs_float == pytest.approx(0.1, abs=1e-5)
    assert report.max_vs_float == pytest.approx(0.1, abs=1e-5)
    assert report.int8_vs_truth.rmse == pytest.approx(0.5, abs=1e-5)
    assert report.float_vs_truth.rmse == pytest.approx(0.6, abs=1e-5)


def test_one_byte_that_differs_from_one_result_is_counted_once(golden, device, exact):
    exact.outputs["TFLM"][7, 2, 1] ^= 1
    report = assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0)
    assert (report.mismatched_bytes, report.max_lsb) == (1, 1)
    assert not report.exact
    device.outputs[7, 2, 1] ^= 2
    report = assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0)
    assert report.mismatched_bytes == 1
    assert [pair.delta.mismatched_bytes for pair in report.comparisons] == [1, 1, 1]


def test_implementations_that_differ_from_each_other_are_not_exact(golden, device, exact):
    report = assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0)
    exact.outputs["host C"][0, 0, 0] ^= 1
    assert not assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0).exact
    assert report.exact


@pytest.mark.parametrize("field", ["state", "score", "index", "top"])
def test_one_bit_of_one_record_is_counted(golden, device, exact, field):
    raw = exact.records.view(np.uint8).reshape(6, -1)
    raw[4, RECORD.fields[field][1]] ^= 1
    report = assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0)
    assert report.chain_mismatches == 1
    assert not report.exact


def test_negative_zero_is_not_zero_and_nan_equals_itself(golden, device, exact):
    exact.records["score"][0] = -0.0
    assert assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0).chain_mismatches == 1
    exact.records["score"][0] = np.nan
    device.records["score"][0] = np.nan
    assert assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0).chain_mismatches == 0


def test_a_cut_result_is_refused(golden, device, exact):
    cut = DeviceRun(device.outputs, device.records[:5])
    with pytest.raises(DataError, match="chain records"):
        assemble.report(SUBJECT, golden, cut, exact, host_seconds=1.0)
    cut = DeviceRun(device.outputs[:7], device.records)
    with pytest.raises(DataError, match="shapes"):
        assemble.report(SUBJECT, golden, cut, exact, host_seconds=1.0)


def test_series_shows_the_window_that_moves_most(golden, device, exact):
    series = assemble.series(SUBJECT, golden, device, exact)
    shown = np.argmax(np.ptp(golden.truth[:5], axis=1).sum(axis=1))
    assert np.array_equal(series.truth, golden.truth[shown])
    assert series.exact_lsb == {0: 48}
    assert sum(series.float_lsb.values()) == 30


def test_without_in_distribution_windows_there_are_no_real_errors(golden, device, exact):
    random = replace(golden, kinds=np.full(8, 2, np.uint8))
    report = assemble.report(SUBJECT, random, device, exact, host_seconds=1.0)
    assert report.rmse_vs_float is None
    assert report.exact
    assert assemble.series(SUBJECT, random, device, exact) is None
