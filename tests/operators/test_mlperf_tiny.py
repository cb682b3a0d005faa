"""The MLPerf Tiny reference models, whole, against TensorFlow Lite Micro: no byte may differ."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from codegen import pipeline, reference
from codegen.frontend.tflite import load
from codegen.passes import absorb
from host_tools.perf import windows
from targets.kernels import Isa
from tests import compiling
from tests.operators import kernels, oracle

Array = NDArray[Any]
NAMES = ("ad01_int8", "kws_ref_model", "pretrainedResnet_quant")
WINDOWS = 210


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    """One of the models."""
    path = shared_data / "mlperf-tiny" / f"{request.param}.tflite"
    assert path.is_file(), f"{path} is not there"
    return path


def compiled(model: Path, folder: Path, isa: Isa = "ref") -> Callable[[Array], Array]:
    """Generate the standalone program, compile it, and return its `safe_tiny_run` over rows."""
    manifest = pipeline.generate(model, name="tiny", out=folder / "gen", isa=isa, standalone=True)
    sources = sorted((folder / "gen").glob("*.c"))
    library = folder / "tiny.so"
    command = ["gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-I."]
    compiling.link(command, sources, library, cwd=folder / "gen", last=["-shared"])
    run = ctypes.CDLL(str(library)).safe_tiny_run
    output = manifest["outputs"][0]

    def all_rows(values: Array) -> Array:
        result = np.zeros((len(values), *output["shape"]), np.int8)
        for row, out in zip(np.ascontiguousarray(values), result, strict=True):
            assert (
                run(row.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p)) == 0
            )
        return result

    return all_rows


def mismatches(result: Array, expected: Array) -> int:
    """Return the number of different bytes; shapes and types must agree."""
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    return int(np.count_nonzero(result != expected))


def test_the_program_equals_the_oracle(model: Path, tmp_path: Path) -> None:
    graph = load(model, "model")
    values = windows.draw(model, WINDOWS).values
    expected = oracle.run(model.read_bytes(), [values])[0]
    assert len(np.unique(expected)) > 20, "outputs too poor to show a difference"
    assert mismatches(compiled(model, tmp_path)(values), expected) == 0
    few = slice(None, None, 10)
    assert mismatches(reference.run(graph, [values[few]])[0], expected[few]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("isa", ["dsp", "rv32"])
def test_the_program_of_an_instruction_set_equals_the_oracle(
    model: Path, isa: Isa, tmp_path: Path
) -> None:
    values = windows.draw(model, WINDOWS).values
    expected = oracle.run(model.read_bytes(), [values])[0]
    assert mismatches(compiled(model, tmp_path, isa)(values), expected) == 0


def test_every_value_inside_equals_the_oracle(model: Path) -> None:
    """A softmax at the end hides much: so every operator's output is made one of the model."""
    table = schema.ModelT.InitFromPackedBuf(model.read_bytes(), 0)
    subgraph = table.subgraphs[0]
    subgraph.outputs = [int(operator.outputs[0]) for operator in subgraph.operators]
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(table.Pack(builder), file_identifier=b"TFL3")
    opened = bytes(builder.Output())
    graph = load(opened, "model")
    values = windows.draw(model, 12).values
    expected = oracle.run(opened, [values], len(graph.outputs))
    computed = {
        "reference": reference.run(graph, [values]),
        "kernels": kernels.library("gcc-O3").run(absorb.run(graph), [values]),
    }
    for name, results in computed.items():
        wrong = [
            (operator.index, operator.kind)
            for operator, result, truth in zip(graph.operators, results, expected, strict=True)
            if mismatches(result, truth)
        ]
        assert wrong == [], name
