"""Whole recordings: boards that print, fall silent, are unplugged, or are no such boards."""

import contextlib
import json
import socket
import threading
import time

import pytest

from host_tools import cli
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceSilentError, DeviceUnknownError
from host_tools.recording.label import Label, Marks
from host_tools.recording.log_file import LogFile
from host_tools.recording.recorder import Plan, Recorder
from host_tools.recording.text import TextSource
from targets.errors import ExitCode, OutputError
from tests.json_page import differences

ROWS = [f"{i},{i % 7}.5" for i in range(60)]


class Board:
    """A socket that says pieces of text, 10 ms apart, to each that connects in turn."""

    def __init__(self, *sessions):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._sessions = sessions
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        for pieces in self._sessions:
            client, _ = self._listener.accept()
            with client, contextlib.suppress(OSError):
                for piece in pieces:
                    time.sleep(0.01)
                    client.sendall(piece.encode() if isinstance(piece, str) else piece)
        time.sleep(30)


def lines(rows):
    return [row + "\r\n" for row in rows]


def record(board, plan, channels=(), between=lambda _: None):
    said = []
    with SerialPort(board.url) as port:
        recorder = Recorder(port, TextSource(port, channels), plan, Label())
        recorder.run(between, said.append)
    return recorder.result, said


def table(path):
    return [line.split(",") for line in path.read_text().splitlines()]


def test_rows_with_names_and_stamps(tmp_path):
    path = tmp_path / "log.csv"
    before = time.time()
    board = Board(["booting\r\n" * 3, "flow [l/min],motor\r\n", *lines(ROWS)])
    result, said = record(board, Plan(path, rows=60))
    header, *rows = table(path)
    assert said == []
    assert header == ["time", "flow [l/min]", "motor"]
    assert [row[1:] for row in rows] == [row.split(",") for row in ROWS]
    stamps = [row[0] for row in rows]
    assert stamps == sorted(stamps)
    assert time.strftime("%Y-%m-%dT%H", time.gmtime(before)) <= stamps[0][:13]
    assert (result.rows, result.dropped, result.files) == (60, 0, [path])


def test_the_log_reads_without_options(tmp_path, capsys):
    path = tmp_path / "log.csv"
    board = Board(
        ["\n", "flow [l/min],motor\r\n", *lines(ROWS[:30]), "WARN 7\r\n", *lines(ROWS[30:])]
    )
    words = ["record", "--port", board.url, "--out", str(path), "--rows", "60", "--json"]
    assert cli.main(words) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert differences("record", told) == set()
    assert (told["rows"], told["left_out"], told["first_left_out"]) == (60, 1, "WARN 7")
    assert cli.main(["read", "--csv", str(path), "--json"]) == ExitCode.OK
    read = json.loads(capsys.readouterr().out)
    assert read["rows"] == 60
    assert read["channels"] == ["flow [l/min]", "motor"]
    assert read["time"]["order"] == "year-first"


def test_channels_without_names_are_told(tmp_path):
    _, said = record(Board(["\n", *lines(ROWS)]), Plan(tmp_path / "log.csv", rows=9))
    assert said == [
        "no line of names came before the rows: the channels are ch0, ch1; --channels names them"
    ]


def test_an_unplugged_board_is_waited_for(tmp_path):
    path = tmp_path / "log.csv"
    board = Board(["\n", *lines(ROWS[:20]), "20,6."], ["6.5\r\n", *lines(ROWS[30:])])
    result, said = record(board, Plan(path, rows=50), ("a", "b"))
    assert [row[1] for row in table(path)[1:]] == [str(i) for i in (*range(20), *range(30, 60))]
    assert result.reopened == 1
    assert len(result.timing.gaps) == 1
    assert result.timing.gaps[0][1] > 0.4
    assert [("was lost" in line, "is back" in line) for line in said] == [
        (True, False),
        (False, True),
    ]


def test_marked_faults(tmp_path):
    path = tmp_path / "log.csv"
    board = Board(["\n", *lines(ROWS)])
    marker = Board(["\n", *[""] * 14, "begin\n", *[""] * 14, "0\n"])
    label = Label()

    class NoKeys:
        def pressed(self):
            return ""

    with SerialPort(board.url) as port, SerialPort(marker.url) as marks:
        plan = Plan(path, has_label=True, rows=60)
        recorder = Recorder(port, TextSource(port, ("a", "b")), plan, label)
        recorder.run(Marks(label, NoKeys(), marks).ask)
    header, *rows = table(path)
    assert header[-1] == "anomaly"
    marked = [i for i, row in enumerate(rows) if row[-1] == "1"]
    assert 0 < len(marked) < 50
    assert marked == list(range(marked[0], marked[-1] + 1))
    assert recorder.result.faults == 1


@pytest.mark.parametrize(
    ("pieces", "error", "says"),
    [
        ([""] * 50, DeviceSilentError, "nothing came"),
        (["\nhello\r\n"] * 50, DeviceUnknownError, "the last line was 'hello'"),
        ([b"\xfe\x80\n\xff"] * 50, DeviceUnknownError, "is the rate right"),
    ],
)
def test_what_prints_no_rows(tmp_path, pieces, error, says):
    path = tmp_path / "log.csv"
    with pytest.raises(error, match=says):
        record(Board(pieces), Plan(path, wait=0.3))
    assert not path.exists()


def test_a_full_disk_ends_and_tells_what_there_is(tmp_path, monkeypatch, capsys):
    path = tmp_path / "log.csv"

    def full(_log):
        raise OutputError("log.csv: cannot be written (No space left on device)")

    monkeypatch.setattr(LogFile, "flush", full)
    board = Board(["\n", *lines(ROWS)])
    words = ["record", "--port", board.url, "--out", str(path), "--rows", "5", "--json"]
    assert cli.main(words) == ExitCode.OUTPUT
    captured = capsys.readouterr()
    assert json.loads(captured.out)["files"] == [str(path)]
    assert "No space left" in captured.err


def test_an_end_by_hand_is_a_good_end(tmp_path, capsys, monkeypatch):
    path = tmp_path / "log.csv"
    board = Board(["\n", *lines(ROWS * 100)])
    asked = 0

    def interrupt(_marks, _now):
        nonlocal asked
        asked += 1
        if asked == 60:
            raise KeyboardInterrupt

    monkeypatch.setattr(Marks, "ask", interrupt)
    assert cli.main(["record", "--port", board.url, "--out", str(path)]) == ExitCode.OK
    rows = len(table(path)) - 1
    assert f"{rows} rows of ch0, ch1" in capsys.readouterr().out
    assert path.read_text().endswith("\n")


@pytest.mark.parametrize(
    "words",
    [["--duration", "0s"], ["--duration", "5x"], ["--rotate", "1T"], ["--channels", "a,,b"]],
)
def test_wrong_words(words):
    with pytest.raises(SystemExit) as ended:
        cli.main(["record", *words])
    assert ended.value.code == ExitCode.USAGE
