"""The report says what was measured, in three forms, and stands alone."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from host_tools.formats import json_file
from host_tools.report import report_page as html
from host_tools.report import table
from targets import output
from targets.errors import OutputError

ISSUE_FIELDS = (
    "target, backend, model_sha256, channels, window, horizon, windows, mismatched_bytes, max_lsb, "
    "chain_samples, chain_mismatches, rmse_vs_float, mae_vs_float, max_vs_float, "
    "instructions_per_inference, flash_bytes, model_bytes, arena_bytes, static_ram_bytes, "
    "stack_bytes, alarms, host_seconds"
).split(", ")


def test_fields_are_complete_and_survive_json(report):
    values = json.loads(json.dumps(report.fields(), allow_nan=False))
    assert set(ISSUE_FIELDS) <= set(values)
    assert values["exact"] is True
    assert values["comparisons"][0]["left"] == "device"
    assert values["int8_vs_truth"]["rmse"] != values["rmse_vs_float"]


def test_every_definition_names_a_field(report):
    assert set(report.fields()["definitions"]) <= set(report.fields())


def test_one_differing_byte_or_record_is_not_exact(report, different):
    assert report.exact
    assert not different.exact
    assert not replace(report, chain_mismatches=1).exact


def test_table_is_aligned_and_names_the_verdict(report, different):
    text = table.render(report)
    assert "IDENTICAL to the last bit" in text
    assert "in-distribution windows only" in text
    assert "13,280,000" in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert max(map(len, text.splitlines())) <= 100
    assert "DIFFERENT" in table.render(different)


def test_a_figure_that_was_not_measured_is_a_dash(report):
    text = table.render(replace(report, instructions_per_inference=None, rmse_vs_float=None))
    assert re.search(r"instructions per inference\s+–", text)
    assert re.search(r"int8 against float\s+–", text)


def test_page_needs_nothing_else(report, series):
    page = html.render(report, series)
    assert "<script" not in page
    outside = re.findall(r"(?:src|href)=\"(?!#|data:,\")([^\"]*)\"", page)
    assert outside == []
    assert "@import" not in page
    assert "url(" not in page
    assert page.count('role="img"') == 7
    assert page == html.render(report, series)
    parser = HTMLParser()
    parser.feed(page)
    parser.close()


def test_forecasts_stand_in_the_units_of_the_log(report, series):
    raw = replace(series, units=["bar"] * 16, mean=[100.0] * 16, std=[2.0] * 16, scale=0.05)
    page = html.render(report, raw)
    assert "channel 15, bar" in page
    assert "channel 15, σ" not in page
    assert ">104</span>" in page  # a tick: two standard deviations above the mean
    assert "not scored" in page


def test_page_tells_rate_reading_and_scored_channels(report, series):
    about = replace(report, rate_hz=0.25, scored={"channel 3": "level"}, reading=("2 gaps",))
    page = html.render(about, series)
    assert "0.25 Hz, a sample every 4 s" in page
    assert "<li>2 gaps</li>" in page
    assert page.count("not scored: a fault") == 15
    assert "40 min" in page  # the axis of the score: 600 samples of 4 s
    fields = about.fields()
    assert (fields["rate_hz"], fields["scored"]) == (0.25, {"channel 3": "level"})


def test_page_escapes_names(report, series):
    page = html.render(replace(report, model="<b>x", data="a & b"), series)
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page
    assert "a &amp; b" in page


def test_page_without_series_still_tells_the_figures(report):
    page = html.render(replace(report, operators=(), flash_bytes=None), None)
    assert "<svg" not in page
    assert "Exactness" in page


def test_files_are_written_whole_or_not_at_all(tmp_path, report):
    path = tmp_path / "new" / "report.json"
    json_file.write_plain(path, report.fields())
    assert json.loads(path.read_text())["windows"] == 256
    with pytest.raises(ValueError, match="JSON"):
        json_file.write_plain(path, {"x": float("nan")})
    assert json.loads(path.read_text())["windows"] == 256
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"report\.html: cannot be written"):
        output.write(tmp_path / "file" / "report.html", "x")
