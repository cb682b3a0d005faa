"""The grid of the line: a sample of it, whole with --full; and what it calls a failure."""

import socket

import pytest

from host_tools.errors import DeviceUnknownError, LinkLostError
from tests.emulator import line_grid
from tests.emulator.line_faults import FAULTS, RATES
from tests.unit.host_tools.device.faults import Fault

pytestmark = pytest.mark.emulator
SAMPLE = [("flip", 1e-2), ("unplug", 1e-3)]


def bad(rows):
    """The cells that are neither right nor told."""
    return [row for row in rows if row["verdict"] not in ("right", "told")]


def test_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(line_grid, "WINDOWS", 2)
    monkeypatch.setattr(line_grid, "SAMPLES", 6)
    rows = list(line_grid.cells("qemu", "bench", SAMPLE, tmp_path))
    assert bad(rows) == []
    assert [row["verdict"] for row in rows] == ["right"] * len(SAMPLE)
    assert rows[0]["hits"] > 20
    assert rows[0]["count"] > 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("way", line_grid.WAYS)
@pytest.mark.parametrize("emulator", line_grid.EMULATORS)
def test_the_whole_grid(tmp_path, emulator, way, kind):
    wanted = [(kind, rate) for rate in RATES]
    assert bad(line_grid.cells(emulator, way, wanted, tmp_path)) == []


def test_what_the_grid_calls_a_failure(monkeypatch):
    def way(what):
        def run(_url):
            if isinstance(what, BaseException):
                raise what
            while not what:
                pass
            return what, 7

        return line_grid.Way("bench", run)

    monkeypatch.setattr(line_grid, "SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"

        def verdict(what):
            return line_grid.cell(url, way(what), Fault(), b"right")["verdict"]

        assert verdict(b"right") == "right"
        assert verdict(b"wrong") == "another result"
        assert verdict(LinkLostError("x")) == "told"
        assert verdict(DeviceUnknownError("x")) == "exit code 42"
        assert verdict(AssertionError("row")) == "row"
        assert verdict(KeyError("x")) == "KeyError: 'x'"
        assert verdict(b"") == "no end within 1 s"
