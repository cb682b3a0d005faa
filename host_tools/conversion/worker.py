"""Run a TensorFlow worker in a process of its own, and report its failure in one line."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import host_tools
from host_tools.errors import ConversionError, DataError, TrainingError
from targets import processes
from targets.errors import SafeError

LOG, FAILED = "log.txt", "error.json"
_VERSIONED = ("tensorflow", "keras", "tf_keras")


def versions() -> str:
    """Return the versions that a failure report needs, for example `tensorflow 2.21.0, …`."""
    found = []
    for package in _VERSIONED:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"no {package}")
    return ", ".join(found)


def environment() -> dict[str, str]:
    """One thread, no GPU, one instruction set on every x86: less to differ between machines."""
    root = str(Path(next(iter(host_tools.__path__))).parent)
    path = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": root if not path else os.pathsep.join((root, path)),
        "PYTHONHASHSEED": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "OMP_NUM_THREADS": "1",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def guard(folder: Path, work: Callable[[Path], None]) -> int:
    """Run a worker's work; an error of ours becomes a file that `run` raises again.

    Returns:
        The process's exit code.
    """
    try:
        work(folder)
    except SafeError as error:
        kind = "data" if isinstance(error, DataError) else "other"
        (folder / FAILED).write_text(json.dumps({"kind": kind, "text": str(error)}))
        return 3
    return 0


def divert_log(folder: Path) -> int:
    """Send this process's stderr to the folder's log, and return the former one.

    TensorFlow writes to file descriptor 2 from C++; the user sees only our progress.
    """
    kept = os.dup(2)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 2)
    os.close(log)
    return kept


def _process(module: str, folder: Path) -> int:
    """Run the worker; return its exit code, less than 0 for a signal."""
    return subprocess.run(
        [sys.executable, "-m", module, str(folder)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        check=False,
        preexec_fn=processes.with_parent(),
    ).returncode


def run(module: str, folder: Path, what: str, error: type[TrainingError | ConversionError]) -> None:
    """Run `python -m <module> folder` to its end.

    Args:
        module: The worker, e.g. `host_tools.conversion.export_worker`.
        folder: Its job, inputs and outputs.
        what: What it does, for the message, with the route.
        error: What to raise.

    Raises:
        TrainingError, ConversionError: TensorFlow is missing, or the worker failed or died.
        DataError: The worker refused its input.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise error(f"{what}: TensorFlow is not installed: install the extra `train`")
    code = _process(module, folder)
    if code == 0:
        return
    if (folder / FAILED).exists():
        told = json.loads((folder / FAILED).read_text())
        raise DataError(told["text"]) if told["kind"] == "data" else error(told["text"])
    end = f"died with {signal.Signals(-code).name}" if code < 0 else f"failed with code {code}"
    log = folder / LOG
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    raise error(f"{what} {end} ({versions()}): {lines[-1].strip() if lines else 'no message'}")
