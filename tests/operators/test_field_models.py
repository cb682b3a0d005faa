"""Small models of the kinds that are met in the field: every one generates and is exact."""

from pathlib import Path

import numpy as np
import pytest

from codegen import pipeline, reference
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from tests.conftest import SHARED
from tests.operators import oracle, program
from tests.operators.draw import Array

FOLDER = SHARED.parent / "cases" / "models"
WINDOWS = 8
OTHER_ORACLE = {
    # TFLM computes one row of an open TRANSPOSE_CONV; TFLite's reference kernels compute all.
    "conv1dtranspose_open_batch_tfkeras": "tflite",
    # TFLM has no TILE, the reference kernels of this package neither; TILE has cases of its own.
    "lstm_autoencoder_repeatvector_unrolled": None,
}


def draw(graph: Graph) -> list[Array]:
    rng = np.random.default_rng(4)
    found = []
    for index in graph.inputs:
        tensor = graph.tensor(index)
        limits = np.iinfo(tensor.dtype.value)
        shape = (WINDOWS, *tensor.shape)
        values = rng.integers(limits.min, limits.max + 1, shape).astype(tensor.dtype.value)
        values[0], values[1] = limits.min, limits.max
        found.append(values)
    return found


def test_each_model_generates_compiles_and_is_exact(shared_data: Path, tmp_path: Path) -> None:
    if not FOLDER.is_dir():
        pytest.skip("shared data are absent: no folder of models")
    for path in sorted(FOLDER.glob("*.tflite")):
        graph = load(path, "m")
        inputs = draw(graph)
        found = reference.run(graph, inputs)
        name = OTHER_ORACLE.get(path.stem, "tflm")
        if name is not None:
            expected = oracle.ORACLES[name](path.read_bytes(), inputs, len(graph.outputs))
            for own, truth in zip(found, expected, strict=True):
                assert np.array_equal(own.reshape(truth.shape), truth), path.name
        work = tmp_path / path.stem
        pipeline.generate(path, name="m", out=work, isa="dsp", standalone=True)
        sources = [p for p in sorted(work.glob("*.c")) if p.name != "example.c"]
        program.compile_program(["gcc", "-O1"], [*sources, program.DRIVER], work / "m", work)
        for own, truth in zip(program.run(work / "m", inputs, found, "none"), found, strict=True):
            assert np.array_equal(own, truth), path.name
