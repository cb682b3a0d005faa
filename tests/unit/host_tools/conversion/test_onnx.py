"""ONNX models go to a model that generates by one command, compared before and after."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from codegen.frontend.tflite import load
from host_tools import cli
from host_tools.conversion import onnx_model
from host_tools.errors import ConversionError, DataError
from host_tools.runtimes import tensors
from tests.operators.builder import ModelBuilder, options

pytestmark = pytest.mark.train
WINDOW, CHANNELS, WIDTH, UNITS, OUTPUTS = 8, 3, 4, 5, 2
Shape = list[int | str]


def values(rng: np.random.Generator, name: str, *shape: int) -> Any:
    return numpy_helper.from_array(rng.normal(0, 0.4, shape).astype(np.float32), name)


def model(nodes: list[Any], source: Shape, result: Shape, constants: list[Any]) -> Any:
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("samples", TensorProto.FLOAT, source)],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, result)],
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.checker.check_model(made)
    return made


def forecaster() -> Any:
    """Return a model as PyTorch exports Conv1d, LSTM, its last step, Linear; the batch is open."""
    rng = np.random.default_rng(2)
    nodes = [
        helper.make_node("Conv", ["samples", "w1", "b1"], ["a"], kernel_shape=[3], pads=[1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Transpose", ["b"], ["c"], perm=[2, 0, 1]),
        helper.make_node("LSTM", ["c", "w2", "r2", "b2"], ["d"], hidden_size=UNITS),
        helper.make_node("Squeeze", ["d", "one"], ["e"]),
        helper.make_node("Gather", ["e", "last"], ["f"], axis=0),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["forecast"], transB=1),
    ]
    constants = [
        values(rng, "w1", WIDTH, CHANNELS, 3),
        values(rng, "b1", WIDTH),
        values(rng, "w2", 1, 4 * UNITS, WIDTH),
        values(rng, "r2", 1, 4 * UNITS, UNITS),
        values(rng, "b2", 1, 8 * UNITS),
        values(rng, "w3", OUTPUTS, UNITS),
        values(rng, "b3", OUTPUTS),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
        numpy_helper.from_array(np.array(-1, np.int64), "last"),
    ]
    return model(nodes, ["batch", CHANNELS, WINDOW], ["batch", OUTPUTS], constants)


def dense(source: Shape = (1, 4, 4), **info: Any) -> Any:  # type: ignore[assignment]
    """A product with the last axis."""
    rng = np.random.default_rng(3)
    nodes = [helper.make_node("MatMul", ["samples", "w"], ["forecast"])]
    return model(nodes, list(source), [*source[:-1], 2], [values(rng, "w", 4, 2)])


def windows(count: int = 40) -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(count, WINDOW, CHANNELS)).astype(np.float32)


def saved(path: Path, made: Any) -> Path:
    onnx.save(made, str(path))
    return path


def test_a_convolution_and_an_lstm_convert_and_generate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = saved(tmp_path / "net.onnx", forecaster()), tmp_path / "m.tflite"
    np.savez(tmp_path / "rep.npz", windows=windows())
    command = ["convert", "--from", path, "--rep", tmp_path / "rep.npz", "--out", out]
    assert cli.main(list(map(str, command))) == 0
    told = capsys.readouterr().out.splitlines()[0]
    assert 'net.onnx: input "samples" [1, 3, 8] has its channels first' in told
    assert "the model takes [1, 8, 3]" in told
    manifest = json.loads(out.with_suffix(".json").read_text())
    assert manifest["onnx"]["largest_difference"] < 1e-5
    assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in {o.kind for o in load(out, "m").operators}
    few = windows(8)
    evaluator = ReferenceEvaluator(onnx.load(str(path)))
    expected = np.concatenate(
        [evaluator.run(None, {"samples": np.moveaxis(one, -1, 0)[None]})[0] for one in few]
    )
    edges = tensors.edges(out.read_bytes())
    found = tensors.forecast(out.read_bytes(), edges.quantize(few, 1e6)).astype(np.float64)
    real = (found - edges.output_zero_point) * edges.output_scale
    assert np.abs(real - expected).max() < 0.05 * np.ptp(expected)


def test_the_shape_says_where_the_channels_are_or_the_user(tmp_path: Path) -> None:
    path = saved(tmp_path / "net.onnx", forecaster())
    assert onnx_model.read(path, (WINDOW, CHANNELS), None).channels == "first"
    assert onnx_model.read(path, (CHANNELS, WINDOW), None).channels == "last"
    square = saved(tmp_path / "square.onnx", dense())
    with pytest.raises(DataError, match="--channels first or --channels last"):
        onnx_model.read(square, (4, 4), None)
    for channels in onnx_model.CHANNELS:
        assert onnx_model.read(square, (4, 4), channels).channels == channels
    with pytest.raises(DataError, match=r"takes windows of 3 x 8, the repr.* windows are 9 x 3"):
        onnx_model.read(path, (9, 3), None)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ([2, 4, 4], r'input "samples" \[2, 4, 4\]: the first axis must be a batch of 1'),
        ([1, "steps", 4], r"\[1, \?, 4\] has an open axis"),
    ],
)
def test_shapes_that_are_refused(tmp_path: Path, shape: Shape, said: str) -> None:
    with pytest.raises(ConversionError, match=said):
        onnx_model.read(saved(tmp_path / "m.onnx", dense(shape)), (4, 4), None)


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    for content in (b"", b"not a model", dense().SerializeToString()[:60]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="not an ONNX model that can be read") as error:
            onnx_model.read(path, (4, 4), None)
        assert "\n" not in str(error.value)


def test_another_result_is_refused(tmp_path: Path) -> None:
    """One changed weight is seen by the comparison."""
    made = dense()
    source = onnx_model.read(saved(tmp_path / "m.onnx", made), (4, 4), "last")
    weights = numpy_helper.to_array(made.graph.initializer[0])
    few = np.random.default_rng(4).normal(size=(3, 4, 4)).astype(np.float32)
    for change, is_same in ((0.0, True), (1e-2, False)):
        m = ModelBuilder()
        x = m.input((1, 4, 4), "float32")
        y = m.tensor((1, 4, 2), "float32")
        w = m.constant(weights.T + np.float32(change))
        m.operator("FULLY_CONNECTED", [x, w, -1], [y], options("FullyConnected", keepNumDims=True))
        m.output(y)
        if is_same:
            assert onnx_model.compare(source, tmp_path, m.build(), few) < 1e-5
        else:
            with pytest.raises(ConversionError, match="outputs differ by up to"):
                onnx_model.compare(source, tmp_path, m.build(), few)


def test_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if "onnx" in name else found(name)
    )
    np.savez(tmp_path / "rep.npz", windows=windows())
    path = saved(tmp_path / "m.onnx", forecaster())
    assert cli.main(["convert", "--from", str(path), "--rep", str(tmp_path / "rep.npz")]) == 12
    assert "needs onnx, onnx2tf, onnx_graphsurgeon, sng4onnx: ./safe setup onnx" in (
        capsys.readouterr().err
    )
