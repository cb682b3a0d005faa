"""A small file with large values: TFLM had too little memory, and that was no clear error."""

from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load
from host_tools.errors import ConversionError
from host_tools.runtimes import tflm as forecasts
from host_tools.runtimes import tflm as oracle
from tests.operators.draw import Case
from tests.operators.networks import Network


def model() -> Case:
    n = Network(np.random.default_rng(5))
    return n.case(n.convolution(n.source((1, 48, 48, 3)), 16, (3, 3)), count=2)


def test_values_much_larger_than_the_file(tmp_path: Path) -> None:
    case = model()
    path = tmp_path / "m.tflite"
    path.write_bytes(case.model)
    windows = case.inputs[0][:, 0]
    (expected,) = reference.run(load(case.model, "m"), case.inputs)
    assert (oracle.run(path, windows) == expected[:, 0]).all()
    assert (forecasts.forecast(path, windows) == expected[:, 0]).all()


def test_a_refusal_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "_ARENA", 0)
    with pytest.raises(ConversionError, match="refuses the model"):
        oracle.interpreter(model().model)
