"""Differences of a runtime that need not be exact: LSB, RMSE, and alarms that came or went."""

import json
from dataclasses import replace

import numpy as np
import pytest

from host_tools.compare import rounding
from host_tools.errors import DifferentError
from host_tools.report import report_page, table
from host_tools.workflow import assemble, report
from tests.unit.host_tools.workflow.test_assemble import SUBJECT, device, exact, golden

__all__ = ["device", "exact", "golden"]
ROUNDS = replace(SUBJECT, backend="xcubeai", must_be_exact=False)


@pytest.fixture
def apart(golden, device, exact):
    """A device that is off by 1 and 2 LSB and misses one alarm of the exact chain."""
    device.outputs[0, 0, 0] += 1
    device.outputs[3, 2, 1] -= 2
    device.records["state"][3] = 1
    return assemble.report(ROUNDS, golden, device, exact, host_seconds=1.0)


def test_differences_are_counted_by_lsb_and_alarms_by_chain(apart):
    found = apart.rounding
    assert dict(found.histogram) == {-2: 1, 0: 46, 1: 1}
    assert found.max_lsb == 2
    assert found.rmse_lsb == pytest.approx(np.sqrt(5 / 48))
    change = found.detection
    assert (change.samples, change.labelled, change.alarms_differ, change.states_differ) == (
        6,
        2,
        1,
        1,
    )
    # Labels 0 0 0 1 1 0; alarms of the device at 2 and 5, of the exact chain at 2, 3 and 5.
    assert (change.device, change.host) == (
        rounding.Alarms(2, 2, 0.0), rounding.Alarms(3, 2, pytest.approx(0.4)),
    )  # fmt: skip
    assert change.f1_change == pytest.approx(-0.4)


def test_nothing_labelled_and_nothing_raised_has_no_f1(golden, device, exact):
    device.records["state"] = exact.records["state"] = 1
    quiet = replace(golden, labels=np.zeros(6, np.uint8))
    found = assemble.report(ROUNDS, quiet, device, exact, host_seconds=1.0).rounding
    assert (found.detection.device.f1, found.detection.f1_change) == (None, None)
    json.dumps(found.fields(), allow_nan=False)


def test_a_gate_is_held_at_its_limit(apart):
    report.require_agreement(apart)
    report.require_agreement(apart, max_lsb=2)
    with pytest.raises(DifferentError, match=r"differ by up to 2 LSB .*more than --max-lsb 1"):
        report.require_agreement(apart, max_lsb=1)


def test_the_host_must_agree_with_itself_all_the_same(golden, device, exact):
    exact.outputs["TFLM"][7, 2, 1] ^= 1
    found = assemble.report(ROUNDS, golden, device, exact, host_seconds=1.0)
    with pytest.raises(DifferentError):
        report.require_agreement(found, max_lsb=9)


def test_a_backend_that_must_be_exact_has_no_tolerance(golden, device, exact):
    device.outputs[0, 0, 0] += 1
    found = assemble.report(SUBJECT, golden, device, exact, host_seconds=1.0)
    assert found.rounding is None
    with pytest.raises(DifferentError):
        report.require_agreement(found, max_lsb=9)
    assert report.must_be_exact("native")
    assert report.must_be_exact("backend 9")
    assert not report.must_be_exact("xcubeai")


def test_table_page_and_json_show_it(apart):
    text = table.render(apart)
    assert "RMSE 0.3227 LSB" in text
    assert "1 of 6 samples in alarm in one chain only, 1 with another state" in text
    assert "at most 2 LSB apart; backend xcubeai need not be exact" in text
    assert "DIFFERENT" not in text
    page = report_page.render(apart, None)
    assert "Change in detection" in page
    assert "need not be exact" in page
    fields = json.loads(json.dumps(apart.fields(), allow_nan=False))
    assert fields["exact"] is False
    assert fields["rounding"]["lsb_histogram"] == {"-2": 1, "0": 46, "1": 1}
    assert fields["rounding"]["detection"]["alarms_differ"] == 1
