"""The page of a fit: every channel and threshold, what was refused, and no fault where none is."""

from dataclasses import replace

import numpy as np
import pytest

from host_tools.detection.sight import Outcome, QuietPoint, Sight
from host_tools.detection.trials import Fault
from host_tools.report import report_page, sight_page
from host_tools.workflow.report import injected_faults


def figures(**changes):
    faults = (Fault("step", 1, 1), Fault("step", 5, 1), Fault("ramp", 5, 3600))
    rows = ((Outcome(4, 1, 0, 7.0), Outcome(4, 4, 4, 2.0), Outcome(2, 0, 0, None)),) * 2
    chance = {"step": Outcome(4, 0, 0, None), "ramp": Outcome(2, 0, 0, None)}
    points = (QuietPoint(1.0, 9.0, 4.0, 0.9, 3.0), QuietPoint(2.0, 0.0, 0.0, 0.6, 5.0))
    seen = Sight(("<pump>", "flow"), faults, rows, chance, 4, 1.0, 150, np.zeros(0), points)
    sides = {"with": {"caught": 0.9, "delay": 2.0, "notices": 0.1},
             "without": {"caught": 0.6, "delay": None, "notices": 0.2}}  # fmt: skip
    found = {
        "baseline": "learned", "notice": 2.0, "quiet_alarm_share": 1.25, "quiet_notice_share": 2.0,
        "episodes_per_quiet_day": 3.0, "level_channels": ["flow"], "median_channels": [],
        "residual_channels": [], "drift_channels": ["flow"], "injected_faults": seen.fields(),
        "network_adds": {"pays": True, "trials": 64, "gained": 9, "lost": 1, **sides},
    }  # fmt: skip
    return found | changes


def test_channels_thresholds_and_the_network_are_on_the_page():
    text = sight_page.page(figures(), "pump")
    for words in ("&lt;pump&gt;", "25% · 7", "100% · 2", "unnoticed in &lt;pump&gt;, flow",
                  "Operating curve", "residual of the network&#39;s forecasts stays",
                  "9 are noticed only with it", "installed"):  # fmt: skip
        assert words in text, words
    assert "not installed" not in text


def test_a_refused_detector_and_too_few_rows():
    text = sight_page.page(figures(injected_faults=None, network_adds=None), "pump", "too loud")
    assert "not installed" in text
    assert "too loud" in text
    assert "Operating curve" not in text


def test_ramps_tell_nothing_where_the_rows_are_not_quiet_so_long():
    made = figures()
    loud = made["injected_faults"] | {"tells_ramps": False}
    assert "ramps tell nothing" in sight_page.page(figures(injected_faults=loud), "pump")


def test_the_page_of_a_bench_shows_what_the_fit_injected(made_report):
    assert "What it sees" not in report_page.render(made_report, None)
    seen = injected_faults(figures())
    text = report_page.render(replace(made_report, injected_faults=seen), None)
    for words in ("What it sees", "&lt;pump&gt;", "25% · 7", "100% · 2"):
        assert words in text, words
    assert replace(made_report, injected_faults=seen).fields()["injected_faults"] == seen


@pytest.mark.parametrize("wrong", [None, [], {}, {"channels": 3}, {"channels": {"a": {"step": 1}}}])
def test_a_record_that_cannot_be_shown_is_left_out(wrong):
    assert injected_faults({"injected_faults": wrong}) is None
