"""The verb without a page: a device's log, shown again, gives the same rows and events."""

import json
import sys

import numpy as np
import pytest

from host_tools import cli
from host_tools.formats.record import RECORD, State
from host_tools.monitor.output import LogWriter
from host_tools.monitor.replay import Replay
from host_tools.monitor.watched import Hub
from targets.errors import ExitCode
from tests.json_page import differences
from tests.unit.host_tools.monitor.made import sample, watched


@pytest.fixture
def log(tmp_path):
    hub, device = watched()
    writer = LogWriter(tmp_path / "log.jsonl", hub, with_rows=True)
    device.say(0, "line", "info", "there")
    values = [0.1, np.nan, 3e38, 1e-42, -7.0]
    for number, value in enumerate(values):
        state = State.ALARM if number == 3 else State.OK
        device.take(sample(number, (value, 20.25), state, score=np.float32(0.1) * number))
    writer.close()
    return tmp_path / "log.jsonl"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_log_holds_what_is_needed(log):
    rows = lines(log)
    assert [row["type"] for row in rows[:3]] == ["device", "event", "row"]
    assert rows[0]["channels"] == ["flow", "heat <b>"]
    assert [row["values"][0] for row in rows if row["type"] == "row"] == [
        0.1,
        None,
        3e38,
        1e-42,
        -7,
    ]
    assert set(rows[2]["record"]) == set(RECORD.names)


def test_what_is_shown_again_is_what_was(log, tmp_path):
    hub = Hub()
    again = Replay(hub, log, 0)
    writer = LogWriter(tmp_path / "again.jsonl", hub, with_rows=True)
    again.run()
    writer.close()
    assert again.error is None
    first, second = lines(log), lines(tmp_path / "again.jsonl")
    assert [r for r in second if r["type"] == "row"] == [r for r in first if r["type"] == "row"]
    assert [r for r in second if r["type"] == "event"][:-1] == [
        r for r in first if r["type"] == "event"
    ]
    assert second[-1]["text"] == "the log has ended"


def test_a_line_that_a_power_cut_left_is_left_out(log, tmp_path, capsys):
    whole = log.read_text()
    log.write_text(whole + '{"type": "row", "dev')
    assert (
        cli.main(["monitor", "--replay", str(log), "--speed", "max", "--headless", "--json"]) == 0
    )
    (told,) = json.loads(capsys.readouterr().out)
    assert differences("monitor", told) == set()
    assert (told["device"], told["rows"], told["states"]) == ("pump", 5, {"ok": 4, "alarm": 1})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no device in it"),
        ("time,flow\n", "line 1 is no JSON object"),
        ('{"type": "device", "device": "x"}\n', "line 1: KeyError('channels')"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_log_is_told_in_one_line(tmp_path, capsys, text, words):
    path = tmp_path / "x.jsonl"
    if text is not None:
        path.write_text(text)
    assert cli.main(["monitor", "--replay", str(path), "--headless"]) == ExitCode.DATA
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("--port a --replay b --headless", ExitCode.USAGE, "give one of them"),
        ("--port a --port b --name pump", ExitCode.USAGE, "given 1 times and --port 2"),
        ("--port a --name x --port b --name x", ExitCode.USAGE, "two devices have the same name"),
        ("--port a --model x --model y", ExitCode.USAGE, "more models than devices"),
        ("--emulate --headless", ExitCode.USAGE, "needs samples"),
        ("--replay x --rows --headless", ExitCode.USAGE, "--out FILE"),
        ("--port a --port b --csv x --headless", ExitCode.USAGE, "one --port"),
        ("--replay x --headless --mqtt h", ExitCode.USAGE, "mqtt://"),
        ("--port socket://127.0.0.1:1 --headless", ExitCode.PORT_NOT_FOUND, "cannot open"),
    ],
)
def test_usage(capsys, words, code, said):
    assert cli.main(["monitor", *words.split()]) == code
    assert said in capsys.readouterr().err


def test_a_page_without_its_package_is_told(log, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "bokeh.server.server", None)
    assert cli.main(["monitor", "--replay", str(log)]) == ExitCode.USAGE
    assert "safe-edge[monitor]" in capsys.readouterr().err


def test_a_log_is_not_written_over(log, capsys):
    before = log.read_bytes()
    words = ["--replay", str(log), "--headless", "--out", str(log)]
    assert cli.main(["monitor", *words]) == ExitCode.OUTPUT
    assert log.read_bytes() == before


def test_a_disk_that_is_full_ends_the_monitor(log, capsys):
    words = ["--replay", str(log), "--speed", "max", "--headless", "--out", "/dev/full"]
    assert cli.main(["monitor", *words]) == ExitCode.OUTPUT
