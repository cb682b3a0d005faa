"""Children end with their parent, whatever ends it, and signals are tidied up after."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from targets import output
from targets.processes import ended_by_signals
from tests import processes
from tests.architecture import tree

_PARENT = """
import re, sys
from targets import command, output
from targets.emulate import emulator
from targets.errors import BuildError
from targets.processes import ended_by_signals
LISTENS = "import time; print('port 1', flush=True); time.sleep(100)"
try:
    with ended_by_signals(), output.scratch("test"):
        with emulator.launch([sys.executable, "-c", LISTENS], re.compile("port (1)"), 20):
            print("ready", flush=True)
            waits = "import time; time.sleep(101)"
            command.run([sys.executable, "-c", waits], 100, timeout=BuildError)
except KeyboardInterrupt:
    print("tidied", flush=True)
    sys.exit(130)
"""
_POOL = """
import sys, time
from host_tools.quantize.pool import Processes
if __name__ == "__main__":
    with Processes(2, tensorflow=False) as pool:
        print("ready", flush=True)
        list(pool.each(time.sleep, [(100,), (100,)]))
"""


def start(root, code, tmp_path, **options):
    """Start a script that prints `ready`; it has temporary folders of its own."""
    script = tmp_path / "parent.py"
    script.write_text(code)
    (tmp_path / "tmp").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "TMPDIR": str(tmp_path / "tmp")},
        **options,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def family(process, words):
    """Return the descendants of a process when two of them have `words` in their command."""

    def all_there():
        found = processes.descendants(process.pid)
        return found if sum(words in processes.command(pid) for pid in found) == 2 else []

    return processes.wait_for(all_there, 20)


def gone(pids):
    processes.wait_for(lambda: not any(processes.lives(pid) for pid in pids), 10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_emulator_and_tool_end_with_the_process(root, tmp_path, monkeypatch, number):
    with start(root, _PARENT, tmp_path) as process:
        children = family(process, "time.sleep")
        process.send_signal(number)
        gone(children)
        killed = number == signal.SIGKILL
        assert process.wait(10) == (-number if killed else 130)
        assert process.stdout.read() == ("" if killed else "tidied\n")
    left = list((tmp_path / "tmp").iterdir())
    assert len(left) == (1 if killed else 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with output.scratch("test") as folder:  # the next run removes what a kill left
        assert list((tmp_path / "tmp").iterdir()) == [folder]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_process(root, tmp_path, number):
    with start(root, _POOL, tmp_path, stderr=subprocess.DEVNULL) as process:
        children = family(process, "multiprocessing.spawn")
        # SIGTERM ends it on the spot: nobody has turned it into an exception here.
        process.send_signal(number)
        gone(children)


def test_an_ignored_signal_stays_ignored(root, tmp_path):
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with start(root, _PARENT, tmp_path, preexec_fn=ignore) as process:
        children = family(process, "time.sleep")
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.terminate()
        gone(children)


def test_only_the_first_signal_counts_and_handlers_come_back():
    before = signal.getsignal(signal.SIGTERM)
    tidied = False

    def work():
        nonlocal tidied
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGHUP)
            tidied = True

    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        work()
    assert tidied
    assert signal.getsignal(signal.SIGTERM) is before


def test_other_threads_change_no_handler():
    seen = []

    def look():
        with ended_by_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_every_child_is_tied():
    """But that of a flash runner: a chip must not be left half written."""
    for path in tree.python_files("codegen", "host_tools", "targets"):
        text = tree.text(path)
        calls = text.count("subprocess.run(") + text.count("subprocess.Popen(")
        if path.name != "flash.py":
            assert text.count("preexec_fn=") >= calls, path
