"""A sweep's folder: resume, damage, a full disk, Ctrl-C; with tasks that cost nothing."""

import csv
import errno
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.quantize import store, sweep, task
from host_tools.quantize.grid import Grid
from host_tools.quantize.store import Store
from host_tools.quantize.sweep import Hands, SweepInputs
from targets.errors import OutputError

GRID = Grid(max_totals=(10, 20, 30), balances=(0.0, 0.5))
GENERATOR = np.random.default_rng(3)
WINDOWS = GENERATOR.standard_normal((200, 4, 2)).astype(np.float32)
TENSORS = GENERATOR.integers(-9, 10, (8, 64)).astype(np.float32)


class Here:
    """Runs tasks in this process, in order; counts them; may fail after some."""

    def __init__(self, fail_after: int = 10**9, error: BaseException | None = None) -> None:
        self.points = 0
        self.collected = 0
        self._fail_after, self._error = fail_after, error

    def each(self, work: Any, calls: Sequence[Any], shared: Any = None) -> Iterator[Any]:
        for number, call in enumerate(calls):
            if work is task.measure:
                if self.points == self._fail_after and self._error is not None:
                    raise self._error
                self.points += 1
            self.collected += work is task.collect
            yield number, work(*(() if shared is None else (shared,)), *call)


@pytest.fixture
def study(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepInputs:
    int8 = (root / "models" / "forecaster" / "model_int8.tflite").read_bytes()

    def measure(kept: Any, model: bytes, clip: float, seconds: float) -> dict[str, Any]:
        ends = np.frombuffer(model[len(int8) :], dtype="<f4")
        return {"rmse": float(-1 / ends.sum()), "mae": 0.0, "max": 0.0, "max_lsb": 1,
                "rmse_int8_vs_truth": 1.0}  # fmt: skip

    def quantize(template: bytes, wanted: task.Ranges) -> tuple[bytes, float]:
        # A whole model, told apart by what comes after its end.
        return int8 + wanted.low.tobytes(), 0.5

    def collect(template: bytes, windows: np.ndarray, groups: np.ndarray, _: float) -> Any:
        # Whole numbers, and so many tensors that no two points have the same least values.
        seen = np.rint(windows.reshape(len(windows), -1) * 64) @ TENSORS
        low = [seen[groups == group].min(axis=0) for group in range(groups.max() + 1)]
        return np.stack(low), np.zeros_like(np.stack(low))

    monkeypatch.setattr(task, "measure", measure)
    monkeypatch.setattr(task, "quantize", quantize)
    monkeypatch.setattr(task, "collect", collect)
    monkeypatch.setattr(task, "lower", lambda *_: b"lowered")
    monkeypatch.setattr(task, "forecast_float", lambda *_: WINDOWS[:5])
    score = WINDOWS.max(axis=(1, 2))
    return SweepInputs(
        tmp_path / "n.keras", WINDOWS, score, WINDOWS[:5], WINDOWS[:5], {"data": "d"}
    )


def run(study: SweepInputs, folder: Path, here: Here, points: Grid = GRID) -> sweep.SweepResult:
    return sweep.run(study, points, Store(folder), Hands(here, here, here, lambda *_: None))


def read(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_folder_is_as_it_was(study: SweepInputs, tmp_path: Path) -> None:
    outcome = run(study, tmp_path, Here())
    rows = read(tmp_path)
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert rows[0]["max_total"] == "30"
    assert rows[-1]["max_total"] == "10"
    assert len(list((tmp_path / "experiments").iterdir())) == 6
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["grid"]["max_totals"] == [10, 20, 30]
    assert outcome.resumed == 0


def test_the_same_command_does_nothing_again(study: SweepInputs, tmp_path: Path) -> None:
    run(study, tmp_path, Here())
    before = (tmp_path / "results.csv").read_bytes()
    again = Here()
    assert run(study, tmp_path, again).resumed == 6
    assert again.points == again.collected == 0
    assert (tmp_path / "results.csv").read_bytes() == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("killed")])
def test_resume_after_a_stop_loses_nothing(
    study: SweepInputs, tmp_path: Path, error: BaseException
) -> None:
    whole = tmp_path / "whole"
    run(study, whole, Here())
    cut = tmp_path / "cut"
    with pytest.raises(type(error)):
        run(study, cut, Here(4, error))
    again = Here()
    assert run(study, cut, again).resumed == 4
    assert again.points == 2
    assert (cut / "results.csv").read_bytes() == (whole / "results.csv").read_bytes()
    assert not [p for p in cut.rglob("*") if p.name.startswith(".")]


def test_a_full_disk_stops_it_and_resume_goes_on(
    study: SweepInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = Path.replace, []

    def replace(self: Path, target: Path) -> Path:
        if Path(target).name == store.RESULT:
            if len(written) == 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            written.append(target)
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(OutputError, match=r"No space left on device.*run the same command"):
            run(study, tmp_path, Here())
    assert not [p for p in tmp_path.rglob("*") if p.name.startswith(".")]
    again = Here()
    assert run(study, tmp_path, again).resumed == 3
    assert again.points == 3
    assert len(read(tmp_path)) == 6


def test_a_damaged_point_is_done_again(study: SweepInputs, tmp_path: Path) -> None:
    run(study, tmp_path, Here())
    first, second, third = sorted((tmp_path / "experiments").iterdir())[:3]
    (first / store.MODEL).write_bytes(b"")
    (second / store.RESULT).write_text("{")
    shutil.rmtree(third)
    again = Here()
    assert run(study, tmp_path, again).resumed == 3
    assert len(read(tmp_path)) == 6


def test_a_larger_grid_goes_on(study: SweepInputs, tmp_path: Path) -> None:
    run(study, tmp_path, Here())
    here = Here()
    larger = Grid(max_totals=(10, 20, 30, 40), balances=(0.0, 0.5))
    assert run(study, tmp_path, here, larger).resumed == 6
    assert here.points == 2


def test_another_sweep_is_not_overwritten(study: SweepInputs, tmp_path: Path) -> None:
    run(study, tmp_path, Here())
    other = SweepInputs(**{**vars(study), "config": {"data": "other"}})
    with pytest.raises(DataError, match="another data: give another --outdir"):
        run(other, tmp_path, Here())


def test_more_windows_than_exist(study: SweepInputs, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="201 representative windows asked, 200 exist"):
        run(study, tmp_path / "new", Here(), Grid(max_totals=(201,)))
    assert not (tmp_path / "new").exists()


def test_groups_say_the_same_as_windows() -> None:
    generator = np.random.default_rng(1)
    picked = [np.sort(generator.choice(50, size, replace=False)) for size in (3, 20, 20, 50)]
    found = sweep.membership(picked)
    assert sorted(found.rows) == list(range(50))
    assert (np.diff(found.groups) >= 0).all()
    assert found.groups[-1] < 49
    for one, groups, chosen in zip(picked, found.of_point, found.chosen, strict=True):
        assert sorted(found.rows[chosen]) == one.tolist()
        assert sorted(found.rows[np.isin(found.groups, groups)]) == one.tolist()


def test_points_of_equal_ranges_are_measured_once(study: SweepInputs, tmp_path: Path) -> None:
    here = Here()
    same = Grid(max_totals=(200,), balances=(0.0, 0.25, 0.5, 1.0))
    assert len(run(study, tmp_path, here, same).rows) == 4
    assert here.points == 1
    models = {p.read_bytes() for p in tmp_path.glob("experiments/*/model_int8.tflite")}
    assert len(models) == 1
