"""A whole sweep on a small network: against the naive loop, stopped, killed, on a cluster."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from host_tools import cli
from host_tools.conversion import canonical
from host_tools.quantize.pool import Cluster, Processes
from tests.bench import naive_sweep

pytestmark = pytest.mark.train

GRID = ["--max-totals", "20", "40", "--balances", "1", "--n", "8", "--jobs", "1"]


def command(networks: Path, out: Path, *options: str) -> list[str]:
    network = str(networks / "small.keras")
    return ["sweep", "--model", str(networks), "--from", network, "--outdir", str(out),
            *GRID, *options]  # fmt: skip


def points(out: Path) -> int:
    return len(list(out.glob("experiments/*/result.json")))


def start(root: Path, arguments: list[str]) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen(
        [sys.executable, "-m", "host_tools", *arguments],
        env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def wait_for(condition: Any, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def swept(networks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sweep") / "qbench_sweep_small"
    given = ["--model", str(networks), "--from", str(networks / "small.keras")]
    naive_sweep.main([*given, "--outdir", str(out), *GRID])
    # The same grid again: nothing is left to do but the table and the picture.
    assert cli.main(command(networks, out)) == 0
    return out


def test_outputs_and_equal_scales(swept: Path) -> None:
    assert points(swept) == 2
    assert {p.name for p in swept.iterdir()} >= {"config.json", "experiments", "results.csv",
                                                 "pareto.svg", "naive.json"}  # fmt: skip
    assert len((swept / "results.csv").read_text().splitlines()) == 3
    found = json.loads((swept / "naive.json").read_text())
    assert found["points"] == 2
    assert found["upstream"] > 0
    assert found["equal_upstream"] == found["upstream"]
    assert found["ratio"] > 1
    for path in swept.glob("experiments/*/model_int8.tflite"):
        canonical.check_integer(path)


@pytest.mark.parametrize(
    "end",
    [(signal.SIGINT, 130), pytest.param((signal.SIGKILL, -9), marks=pytest.mark.slow)],
)
def test_stopped_in_the_middle(
    root: Path, networks: Path, swept: Path, tmp_path: Path, end: tuple[int, int]
) -> None:
    number, code = end
    out = tmp_path / "sweep"
    many = command(networks, out, "--seeds", *map(str, range(1, 31)))
    process = start(root, many)
    wait_for(lambda: points(out) >= 2 or process.poll() is not None)
    # As a terminal does: Ctrl-C goes to the whole group.
    os.killpg(process.pid, number)
    error = process.communicate(timeout=60)[1].decode()
    assert process.returncode == code
    if code == 130:
        assert "interrupted" in error
        assert "Traceback" not in error
        assert not [p for p in out.rglob("*") if p.name.startswith(".")]
    kept = points(out)
    assert 2 <= kept < 60
    before = {p: p.read_bytes() for p in out.glob("experiments/*_s1/*.tflite")}
    assert cli.main(command(networks, out)) == 0
    assert all(p.read_bytes() == content for p, content in before.items())
    for path in swept.glob("experiments/*/model_int8.tflite"):
        assert (out / path.relative_to(swept)).read_bytes() == path.read_bytes()


def _die_once(marker: str, value: int) -> int:
    path = Path(marker)
    if value == 2 and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return value * value


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    calls = [(str(tmp_path / "marker"), value) for value in range(5)]
    with Processes(1, tensorflow=False) as pool:
        found = dict(pool.each(_die_once, calls))
    assert found == {value: value * value for value in range(5)}


@pytest.mark.slow
def test_on_a_cluster_with_a_worker_killed(
    root: Path, networks: Path, swept: Path, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    out = tmp_path / "sweep"
    cluster = distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None,
        env={"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    with cluster, distributed.Client(cluster) as client:
        process = start(root, command(networks, out, "--scheduler", cluster.scheduler_address,
                                      "--seeds", *map(str, range(1, 6))))  # fmt: skip
        wait_for(lambda: points(out) >= 2 or process.poll() is not None)
        pids = client.run(os.getpid)
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        error = process.communicate(timeout=240)[1].decode()
    assert process.returncode == 0, error
    assert points(out) == 10
    for path in swept.glob("experiments/*/model_int8.tflite"):
        assert (out / path.relative_to(swept)).read_bytes() == path.read_bytes()


def test_no_scheduler_there(
    networks: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(Cluster.__init__, "__defaults__", (1.0,))
    options = command(networks, tmp_path / "sweep", "--scheduler", "tcp://127.0.0.1:9")
    assert cli.main(options) == 12
    assert "no Dask scheduler answers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--balances", "1.2"), "--balances 1.2: must be 0 … 1"),
        (("--max-totals", "999999"), "999999 representative windows asked"),
        (("--calibrations", "entropy"), "known are"),
        (("--from", "absent.h5"), "no such network"),
        (("--window", "30"), "--window 30: small has 8"),
        (("--n", "0"), "--n 0"),
        (("--jobs", "-1"), "--jobs -1"),
    ],
)
def test_bad_requests(
    networks: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    options: tuple[str, ...],
    said: str,
) -> None:
    out = tmp_path / "sweep"
    assert cli.main(command(networks, out, *options)) == 10
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_naive_knows_minmax_only() -> None:
    from host_tools.conversion import calibration
    from host_tools.errors import ConversionError
    from host_tools.quantize.grid import Point

    point = Point(1, 0.0, 8.0, calibration.parse("mse"), 1)
    with pytest.raises(ConversionError, match="minmax only"):
        naive_sweep.convert(None, point, None)  # type: ignore[arg-type]
