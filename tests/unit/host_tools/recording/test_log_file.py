"""Files of a log: whole rows whatever happens, rotation, going on."""

import errno
import os

import pytest

from host_tools.recording import log_file
from host_tools.recording.log_file import LogFile
from targets.errors import OutputError

HEADER = "time,a,b\n"
ROW = "1970-01-01T00:00:0{}.500000Z,1,2\n"


def record(path, count, *, append=False, most=0, start=0):
    log = LogFile(path, ["a", "b"], append=append, most=most)
    for i in range(count):
        log.write(start + i + 0.5, ["1", "2"])
    log.close()
    return log


def test_rows(tmp_path):
    record(tmp_path / "new" / "log.csv", 2)
    assert (tmp_path / "new" / "log.csv").read_text() == HEADER + ROW.format(0) + ROW.format(1)


def test_a_file_that_is_there_stays(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("mine")
    with pytest.raises(OutputError, match=r"is there already.*--append"):
        LogFile(path, ["a"], append=False)
    assert path.read_text() == "mine"
    with pytest.raises(OutputError, match="its first line is 'mine'"):
        LogFile(path, ["a"], append=True)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("cut", ["", "1970-01-01T00:00:01.5", "x" * 100_000])
def test_going_on_after_a_power_cut(tmp_path, cut):
    path = tmp_path / "log.csv"
    record(path, 1)
    with path.open("a") as file:
        file.write(cut)
    record(path, 1, append=True, start=2)
    assert path.read_text() == HEADER + ROW.format(0) + ROW.format(2)


def test_going_on_with_nothing_begins(tmp_path):
    path = tmp_path / "log.csv"
    path.touch()
    record(path, 1, append=True)
    assert path.read_text() == HEADER + ROW.format(0)


def test_rotation(tmp_path):
    """Two rows fill a file to the bound exactly; the third one begins another."""
    path = tmp_path / "log.csv"
    taken = tmp_path / "log-2.csv"
    taken.write_text("another's")
    log = record(path, 5, most=len(HEADER) + 2 * len(ROW.format(0)))
    assert [file.name for file in log.files] == ["log.csv", "log-3.csv", "log-4.csv"]
    assert [len(file.read_text().splitlines()) for file in log.files] == [3, 3, 2]
    assert taken.read_text() == "another's"
    assert log.rows == 5


@pytest.mark.parametrize("room", range(0, 70, 7))
def test_a_full_disk_leaves_whole_rows(tmp_path, monkeypatch, room):
    """The disk takes `room` bytes, then no more."""
    path = tmp_path / "log.csv"
    log = LogFile(path, ["a", "b"], append=False)
    left, write = room, os.write

    def full(descriptor, data):
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = write(descriptor, data[:left])
        left -= done
        return done

    monkeypatch.setattr(log_file.os, "write", full)
    for i in range(3):
        log.write(i + 0.5, ["1", "2"])
    with pytest.raises(OutputError, match=r"No space left.*--append"):
        log.flush()
    monkeypatch.undo()
    log.close()
    whole = room // len(ROW.format(0))
    assert path.read_text() == HEADER + "".join(ROW.format(i) for i in range(whole))


def test_names_with_commas_and_quotes(tmp_path):
    path = tmp_path / "log.csv"
    LogFile(path, ['a "b", c'], append=False).close()
    assert path.read_text() == 'time,"a ""b"", c"\n'
