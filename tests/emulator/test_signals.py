"""Signals at the verbs that start emulators and workers: nothing runs on, nothing stays."""

import importlib.util
import os
import signal
import subprocess
import sys

import pytest

from targets.errors import ExitCode
from tests import processes

pytestmark = pytest.mark.emulator
QEMU, FIT, SPAWNED = "qemu-system", "fit_worker", "multiprocessing.spawn"
BOARD = "targets.emulate.board"
VERBS = {
    "bench": (QEMU, "bench --target stm32f4 --emulate --out {out}/bench.json"),
    "demo": (QEMU, "demo --out {out}"),
    "count": (QEMU, "count --windows 5000"),
    "golden": (QEMU, "golden --target stm32f4 --emulate --out {out}"),
    "soak": (
        BOARD,
        "soak --target stm32f4 --emulator board --faults all --out {out}/soak.json",
    ),
    "train": (FIT, "train --out {out}"),
    "sweep": (
        SPAWNED,
        "sweep --from {net} --max-totals 100 --balances 0.5 --jobs 2 --outdir {out}",
    ),
}
NETWORK = """
import sys
import keras
from models.forecaster.architecture import build
build(keras, channels=16, window=30, horizon=10, conv_filters=4, lstm_units=6).save(sys.argv[1])
"""
QUICK = [("bench", signal.SIGTERM), ("bench", signal.SIGKILL)]
ALL = [
    pytest.param(verb, number, marks=() if (verb, number) in QUICK else pytest.mark.slow)
    for verb in VERBS
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
]


@pytest.mark.parametrize(("verb", "number"), ALL)
def test_nothing_runs_on(root, tmp_path, verb, number):
    awaited, line = VERBS[verb]
    if awaited in (FIT, SPAWNED) and importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed (extra `train`)")
    out, work = tmp_path / "out", tmp_path / "tmp"
    out.mkdir()
    work.mkdir()
    network = tmp_path / "network.keras"
    if "{net}" in line:  # untrained: what is stopped is the work, not its result
        subprocess.run([sys.executable, "-c", NETWORK, str(network)], cwd=root, check=True)
    words = line.format(out=out, net=network).split()
    command = [sys.executable, "-m", "host_tools", *words]
    environment = {**os.environ, "TMPDIR": str(work)}
    with subprocess.Popen(
        command, cwd=root, env=environment, stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip

        def started():
            assert process.poll() is None, process.stderr.read()
            pids = processes.descendants(process.pid)
            return pids if any(awaited in processes.command(pid) for pid in pids) else []

        children = processes.wait_for(started, 200)
        children = list({*children, *processes.descendants(process.pid)})
        process.send_signal(number)
        processes.wait_for(lambda: not any(map(processes.lives, children)), 20)
        killed = number == signal.SIGKILL
        assert process.wait(30) == (-number if killed else ExitCode.INTERRUPTED)
        if not killed:
            assert process.stderr.read().endswith(f"host_tools {verb}: interrupted\n")
            assert list(out.rglob(".safe-*")) + list(work.iterdir()) == []
