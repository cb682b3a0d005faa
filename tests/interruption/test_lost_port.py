# ruff: noqa: ARG002 (every fault has the same signature)
"""A port that goes away for good while a verb works: told in one line, and nothing half is left."""

import socket
from contextlib import suppress

import pytest

from host_tools import cli
from targets.emulate import process
from targets.errors import ExitCode
from targets.load import load
from targets.make import make
from tests.interruption import matrix
from tests.unit.host_tools.device.faults import Fault, Proxy

CODES = {ExitCode.PORT_NOT_FOUND, ExitCode.DEVICE_SILENT, ExitCode.LINK_LOST}
PHASES = (0.0, 0.4, 0.8, 1.0)
"""Shares of the bytes of an undisturbed run, after which the port is gone."""
VERBS = {
    "bench": ("bench", "bench --windows 3 --samples 40 --out {out}/bench.json"),
    "soak": ("detector", "soak --csv {csv} --hours 1 --out {out}/soak.json"),
    "golden": ("bench", "golden --windows 3 --outdir {out}"),
    "mlperf": ("mlperf", "bench --mode mlperf --windows 3 --out {out}/mlperf.json"),
}


class Lost(Fault):
    """Passes so many bytes, and then neither this connection nor another one."""

    def __init__(self, limit):
        self.limit, self.passed = limit, 0

    def pass_on(self, direction, data, proxy):
        self.passed += len(data)
        if self.passed < self.limit:
            return data
        proxy.refuse = True
        with suppress(OSError):
            proxy.client.shutdown(socket.SHUT_RDWR)
        raise OSError("gone")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log.csv"
    assert cli.main(["plant", "--rows", "60", "--out", str(path)]) == 0
    return path


def run(elf, words, fault):
    with (
        process.start(load("host"), elf) as device,
        Proxy(int(device.url.rsplit(":", 1)[1]), fault) as proxy,
    ):
        return cli.main([*words, "--port", proxy.url])


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
def test_a_port_that_is_lost_in_each_phase(tmp_path, capsys, log, name):
    app, line = VERBS[name]
    elf = make("host", "forecaster", app=app).elf
    out = tmp_path / "out"
    words = line.format(out=out, csv=log).split()
    whole = Lost(10**9)
    out.mkdir()
    assert run(elf, words, whole) == ExitCode.OK
    earlier = matrix.tree(out)
    assert earlier
    capsys.readouterr()
    for phase in PHASES:
        code = run(elf, words, Lost(round(phase * whole.passed)))
        said = capsys.readouterr().err.splitlines()
        if code == ExitCode.OK and phase == 1.0:  # it had all that it needs
            assert matrix.tree(out).keys() == earlier.keys()
            continue
        assert code in CODES, (phase, code, said)
        assert [text for text in said if text.startswith("host_tools ")] == said[-1:], phase
        assert matrix.tree(out) == earlier, phase
