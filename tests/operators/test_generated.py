"""Generated C of whole models, compiled strictly and run: values in place, views, own order.

The other tests call the kernels one by one on memory of their own; here the arena is shared as
the memory plan says.
"""

from pathlib import Path

import numpy as np
import pytest

from codegen import pipeline
from codegen.frontend import tflite
from tests.fuzz import campaign
from tests.operators import oracle
from tests.operators.cases import int8_values

ROOT = Path(__file__).resolve().parents[2]
SMALL = sorted((ROOT / "tests/unit/codegen/models").glob("small*.tflite"))
OWN = [p for p in SMALL if "float" not in p.stem] + sorted(ROOT.glob("models/*/model_int8.tflite"))
TINY = ("ad01_int8", "kws_ref_model", "pretrainedResnet_quant")
WINDOWS = 6


def equals_the_oracle(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "WINDOWS", WINDOWS)
    data = path.read_bytes()
    graph = tflite.load(data, "m")
    shape = graph.tensor(graph.inputs[0]).shape
    values = [int8_values(np.random.default_rng(6), shape, WINDOWS)]
    program = pipeline.compile_model(graph, target="host", isa="ref")
    expected = oracle.run(data, values)
    assert campaign._compiled(data, program, values, expected) == "survivor, compiled and equal"


@pytest.mark.parametrize("path", OWN, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_own_models(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    equals_the_oracle(path, monkeypatch)


@pytest.mark.parametrize("name", TINY)
def test_mlperf_tiny(name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    equals_the_oracle(shared_data / "mlperf-tiny" / f"{name}.tflite", monkeypatch)
