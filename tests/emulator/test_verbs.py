"""`host_tools emulate` and `host_tools count`, as a user runs them."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from host_tools.cli import main
from targets.errors import ExitCode
from tests import processes
from tests.json_page import differences

pytestmark = pytest.mark.emulator


@contextlib.contextmanager
def emulate(root, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "host_tools", "emulate", *arguments],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONUNBUFFERED="1"),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize("target", ["stm32f4", "host"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_emulate_prints_the_url_and_ends_in_order(root, target, number):
    with emulate(root, "--target", target) as process:
        url = process.stdout.readline().strip()
        host, port = url.removeprefix("socket://").split(":")
        with socket.create_connection((host, int(port)), timeout=20):
            process.send_signal(number)
            assert process.wait(20) == ExitCode.INTERRUPTED
        assert process.stderr.read() == "host_tools emulate: interrupted\n"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=20)


def test_emulate_ends_after_its_time(root):
    with emulate(root, "--seconds", "0.5") as process:
        assert process.wait(60) == 0
        assert process.stdout.read().startswith("socket://127.0.0.1:")
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["emulate", "--target", "nope"], ExitCode.TARGET, "unknown target 'nope'"),
        (["emulate", "--target", "stm32f"], ExitCode.TARGET, "did you mean 'stm32f4'?"),
        (["count", "--model", "nope"], ExitCode.MODEL_INVALID, "unknown model 'nope'"),
        (["size", "--model", "forcaster"], ExitCode.MODEL_INVALID, "did you mean 'forecaster'?"),
        (["golden", "--model", "forcaster"], ExitCode.MODEL_INVALID, "did you mean 'forecaster'?"),
        (["count", "--target", "host"], ExitCode.EMULATOR, "it needs kind 'qemu' or 'verilator'"),
    ],
)
def test_mistakes(capsys, arguments, code, message):
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_count_prints_json_and_a_table(capsys):
    assert main(["count", "--windows", "3", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert differences("count", facts) == set()
    assert facts["instructions_per_inference"] == facts["maximum"] >= facts["minimum"]
    assert (facts["target"], facts["model"], facts["calls"]) == ("stm32f4", "forecaster", 3)
    assert main(["count", "--windows", "3"]) == 0
    table = capsys.readouterr().out
    assert f"{facts['maximum']:,}" in table
    for operator in facts["operators"]:
        assert operator["symbol"] in table


def test_a_bench_whose_emulator_dies_says_so(root):
    command = [sys.executable, "-m", "host_tools", "bench", "--target", "stm32f4", "--emulate"]
    with subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) as bench:
        emulators = processes.wait_for(
            lambda: [
                pid
                for pid in processes.descendants(bench.pid)
                if processes.name(pid).startswith("qemu-system")
            ],
            120,
        )
        os.kill(emulators[0], signal.SIGKILL)
        assert bench.wait(60) == ExitCode.EMULATOR
        assert "qemu-system-arm ended with status -9" in bench.stderr.read()
