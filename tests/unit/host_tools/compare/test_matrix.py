"""The matrix of all implementations: what counts as equal, what one LSB is, the exit code."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from host_tools import cli
from host_tools.compare import matrix as golden_matrix
from host_tools.compare import participants as golden_run
from host_tools.compare.matrix import (
    DEVICE,
    EXACT,
    FLOAT,
    OTHER,
    ROUNDING,
    Lsb,
    Participant,
)
from host_tools.errors import DataError
from host_tools.formats import golden as golden_file
from host_tools.formats.golden import Golden
from host_tools.report import golden_page
from host_tools.workflow import golden as workflow
from host_tools.workflow.run import Port, RunPlan

LSB = Lsb(0.25, 3, {"flow": 0.5})
SHAPE = (12, 2, 3)


def golden(kinds: tuple[int, ...] = (0, 0, 1, 2)) -> Golden:
    random = np.random.default_rng(3)
    outputs = random.integers(-100, 100, SHAPE).astype(np.int8)
    return Golden(
        windows=np.zeros((12, 4, 3), np.int8),
        kinds=np.array(kinds * (12 // len(kinds)), np.uint8),
        outputs=outputs,
        float_inputs=np.zeros((12, 4, 3), np.float32),
        float_outputs=((outputs.astype(np.float32) - 3) * 0.25),
        truth=np.full(SHAPE, np.nan, np.float32),
        samples=np.empty((0, 3), np.float32),
        labels=np.empty(0, np.uint8),
    )


def build(data: Golden, **changed: Any) -> golden_matrix.Matrix:
    values = {"host C": data.outputs, "TFLM": data.outputs, "board": data.outputs,
              "TFLite": data.outputs, "float": data.float_outputs, **changed}  # fmt: skip
    kinds = {"float": FLOAT, "TFLite": OTHER, "board": DEVICE}
    people = [Participant(n, kinds.get(n, EXACT), v) for n, v in values.items() if v is not None]
    return golden_matrix.build(people, data, LSB, model="m", model_sha256="ab")


def off_by(data: Golden, amount: int, *where: int) -> np.ndarray:
    changed = data.outputs.copy()
    changed[where] += np.int8(amount)
    return changed


def test_all_equal() -> None:
    found = build(golden())
    assert found.exact
    assert found.device_equals_host is True
    assert len(found.pairs) == 10
    assert all(pair.mismatched == 0 and pair.rmse == 0 for pair in found.pairs)
    assert golden_page.verdict(found).startswith("device = host, to the last bit")


def test_one_byte_of_the_device_is_enough() -> None:
    data = golden()
    found = build(data, board=off_by(data, -5, 7, 1, 2))
    assert found.device_equals_host is False
    pair = found.pair("board", "TFLM")
    assert pair is not None
    assert (pair.mismatched, pair.max_lsb, pair.values) == (1, 5, 72)
    assert pair.rmse_lsb == pytest.approx(np.sqrt(25 / 72))
    assert golden_page.verdict(found).startswith("DIFFERENT")


def test_tflite_may_differ_and_float_counts_rounded() -> None:
    data = golden()
    floats = data.float_outputs + np.float32(0.12)  # rounds to the same integer
    found = build(data, TFLite=off_by(data, 2, 0), float=floats)
    assert found.exact
    tflite, real = found.pair("TFLite", "TFLM"), found.pair("float", "TFLM")
    assert tflite is not None
    assert real is not None
    assert (tflite.mismatched, tflite.max_lsb) == (6, 2)
    assert tflite.rmse == pytest.approx(0.5 / np.sqrt(6))  # of six in-distribution windows, one
    assert (real.windows, real.mismatched) == (6, 0)
    assert real.rmse == pytest.approx(0.12, rel=1e-5)
    assert found.histogram["TFLite"][2] == 6


def test_without_device_and_without_usual_windows() -> None:
    data = golden(kinds=(1, 2))
    found = build(data, board=None)
    assert found.device_equals_host is None
    assert found.exact
    assert found.pair("float", "TFLM") is None
    assert all(pair.rmse is None for pair in found.pairs)
    assert "no device asked" in golden_page.verdict(found)
    assert "<html" in golden_page.page(found)
    json.dumps(found.fields(), allow_nan=False)


def test_nothing_to_prove_is_an_error() -> None:
    with pytest.raises(DataError, match="fewer than two"):
        build(golden(), board=None, TFLM=None)


def run(out: Path, *options: str) -> int:
    return cli.main(["golden", "--windows", "6", "--outdir", str(out), *options])


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replace the slow parts: the generated C by the golden outputs, the board by a function."""
    state: dict[str, Any] = {"board": lambda outputs: outputs, "backend": "native"}

    class Compiled:
        def run(self, windows: Any) -> Any:
            state["windows"] = windows
            return state["golden"].outputs

    def first(self: Any, count: int) -> Any:
        state["golden"] = original(self, count)
        return state["golden"]

    original = Golden.first
    monkeypatch.setattr(golden_file.Golden, "first", first)
    monkeypatch.setattr(golden_run.host_c, "compile_model", lambda *_, **__: Compiled())

    def measured(plan: RunPlan, _: Path) -> Any:
        assert isinstance(plan.place, Port)
        assert plan.golden is not None
        assert (plan.steps, len(plan.golden.samples)) == ({"bench"}, 0)
        outputs = state["board"](state["golden"].outputs)
        answers = SimpleNamespace(outputs=outputs, info=SimpleNamespace(backend=state["backend"]))
        return SimpleNamespace(bench=answers, link={"url": plan.place.url})

    monkeypatch.setattr(workflow, "run", measured)
    return state


def test_files_definition_and_exit_code(
    tmp_path: Path, calls: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tflite_micro")
    assert run(tmp_path, "--port", "loop://") == 0
    text = capsys.readouterr().out
    assert "1 LSB = the scale of the model's output = " in text
    assert "device = host" in text
    content = json.loads((tmp_path / "compare.json").read_text())
    assert content["device_equals_host"] is True
    assert content["link"] == {"url": "loop://"}
    assert content["lsb"]["definition"] in text
    assert len(content["lsb"]["units"]) == 16
    assert {one["name"] for one in content["participants"]} == {
        "float", "TFLite BUILTIN_REF", "TFLite default", "TFLM", "golden file", "reference",
        "host C", "device",
    }  # fmt: skip
    assert content["absent"] == []
    rows = list(csv.DictReader((tmp_path / "compare_human.csv").open()))
    assert len(rows) == 28
    assert {row["mismatched"] for row in rows if row["must_agree"] == "yes"} == {"0"}
    assert "device = host" in (tmp_path / "compare.html").read_text()


def test_a_device_that_differs_ends_with_50_after_writing(
    tmp_path: Path, calls: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    calls["board"] = lambda outputs: outputs ^ 1
    assert run(tmp_path, "--port", "loop://") == 50
    assert "DIFFERENT" in capsys.readouterr().err
    assert json.loads((tmp_path / "compare.json").read_text())["device_equals_host"] is False
    assert (tmp_path / "compare.html").is_file()


def test_a_gate_ends_with_50_where_a_backend_need_not_be_exact(
    tmp_path: Path, calls: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    calls["board"], calls["backend"] = (lambda outputs: outputs ^ 1), "xcubeai"
    assert run(tmp_path, "--port", "loop://", "--max-lsb", "1") == 0
    assert "need not be exact: at most 1 LSB apart" in capsys.readouterr().out
    assert run(tmp_path, "--port", "loop://", "--max-lsb", "0") == 50
    assert "1 LSB from what is exact, more than --max-lsb 0" in capsys.readouterr().err


def test_windows_of_an_npz_are_quantized_as_on_the_device(
    root: Path, tmp_path: Path, calls: dict[str, Any]
) -> None:
    pytest.importorskip("tflite_micro")
    folder = root / "models" / "forecaster"
    whole = golden_file.load(folder / "golden.npz")
    usual = whole.in_distribution[:5]
    np.savez(tmp_path / "rep.npz", windows=whole.float_inputs[usual])
    found = golden_run.windows_of(folder, tmp_path / "rep.npz", None)
    np.testing.assert_array_equal(found.windows, whole.windows[usual])
    np.testing.assert_array_equal(found.outputs, whole.outputs[usual])
    np.testing.assert_array_equal(found.float_outputs, whole.float_outputs[usual])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 half", "not a whole npz"),
        (np.zeros((2, 30, 9), np.float32), "30 samples x 9 channels where the model takes 30 x 16"),
    ],
)
def test_bad_npz(tmp_path: Path, root: Path, content: Any, message: str) -> None:
    path = tmp_path / "rep.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, windows=content)
    with pytest.raises(DataError, match=message):
        golden_run.windows_of(root / "models" / "forecaster", path, None)


def test_other_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["golden", "--windows", "9999", "--outdir", str(tmp_path)]) == 10
    assert "holds 256" in capsys.readouterr().err
    assert cli.main(["golden", "--model", "nothing", "--outdir", str(tmp_path)]) == 20
    assert cli.main(["golden", "--windows", "4", "--baud", "0", "--outdir", str(tmp_path)]) == 10
    assert list(tmp_path.iterdir()) == []


def test_host_c_takes_part_for_real(tmp_path: Path) -> None:
    assert run(tmp_path) == 0
    content = json.loads((tmp_path / "compare.json").read_text())
    assert content["exact"] is True
    assert content["device"] is None
    assert any(one["name"] == "host C" for one in content["participants"])


def test_a_device_that_need_not_be_exact_is_measured_and_no_failure() -> None:
    data = golden()
    parts = [
        Participant("TFLM", EXACT, data.outputs),
        Participant("host C", EXACT, data.outputs),
        Participant("board", ROUNDING, off_by(data, 2, 0)),
    ]
    found = golden_matrix.build(parts, data, LSB, model="m", model_sha256="00")
    assert found.exact
    assert (found.device, found.device_equals_host, found.device_max_lsb) == ("board", False, 2)
    assert "need not be exact: at most 2 LSB apart" in golden_page.verdict(found)
    assert "<html" in golden_page.page(found)
    assert found.fields()["device_max_lsb"] == 2
