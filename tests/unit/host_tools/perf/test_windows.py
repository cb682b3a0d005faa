"""The kinds of windows that outputs are compared on, and the report of a difference."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from host_tools.errors import DifferentError
from host_tools.formats import golden
from host_tools.perf import agreement, windows
from host_tools.perf.agreement import Row
from host_tools.perf.interface import ModelEdge
from host_tools.perf.standalone import Cost, Standalone
from targets.build import ROOT
from targets.emulate.bare import Call, Interface
from tests.operators import forecaster
from tests.operators.builder import ModelBuilder

WINDOW = (ModelEdge("int8", 0, 480),)
MODEL = ROOT / "models/forecaster/model_int8.tflite"


def kind_of(found, kind):
    return found.values[[k == kind for k in found.kinds]]


@pytest.fixture
def other(tmp_path):
    """A model without a golden file."""
    path = tmp_path / "model.tflite"
    path.write_bytes(forecaster.model())
    return path


def test_the_kinds_in_turn_and_the_same_each_time(other):
    found, again = windows.draw(other, 210), windows.draw(other, 210)
    assert found.values.shape == (210, 1, 30, 16)
    assert found.values.dtype == np.int8
    assert found.kinds[:5] == (*windows.KINDS, windows.KINDS[0])
    assert [found.kinds.count(kind) for kind in windows.KINDS] == [53, 53, 52, 52]
    assert np.array_equal(found.values, again.values)
    assert len(np.unique(found.values.reshape(210, -1), axis=0)) == 210


def neighbours(values):
    """Return how much a step along time is of what two unrelated values differ by."""
    real = values.astype(float)
    return np.abs(np.diff(real, axis=2)).mean() / np.abs(real - real[::-1, :, ::-1]).mean()


def test_each_kind_is_what_it_says(other):
    found = windows.draw(other, 210)
    saturated = kind_of(found, windows.SATURATED)
    assert set(np.unique(saturated)) == {-128, 127}
    assert (saturated[0] == -128).all()
    assert (saturated[1] == 127).all()
    assert neighbours(saturated[2::2]) > 0.9
    assert neighbours(saturated[3::2]) < 0.6
    uniform = kind_of(found, windows.RANDOM)
    assert (np.bincount(uniform.reshape(-1).view(np.uint8), minlength=256) > 50).all()
    assert neighbours(uniform) > 0.9
    smooth = kind_of(found, windows.SMOOTH)
    assert neighbours(smooth) < 0.5
    assert np.ptp(smooth.reshape(len(smooth), -1).mean(axis=1)) > 60
    signals = kind_of(found, windows.IN_DISTRIBUTION)
    assert neighbours(signals) < 0.6
    assert np.isin(signals, (-128, 127)).mean() < 0.05


def test_in_distribution_is_the_golden_data_where_there_is_some():
    known = golden.load(MODEL.parent / "golden.npz")
    data = {w.tobytes() for w in known.windows[known.in_distribution]}
    for count in (5, 210, 4 * 160 + 40):
        found = kind_of(windows.draw(MODEL, count), windows.IN_DISTRIBUTION)
        assert {w.tobytes() for w in found} <= data
        assert len({w.tobytes() for w in found}) == min(len(found), len(data))


def test_wide_inputs_and_those_of_few_values(tmp_path):
    m = ModelBuilder()
    x = m.input((1, 1), "int16", 0.001)
    y = m.tensor((1, 1), "int16", 1 / 32768)
    m.operator("TANH", [x], [y])
    m.output(y)
    path = tmp_path / "wide.tflite"
    path.write_bytes(m.build())
    found = windows.draw(path, 40)
    assert found.values.dtype == np.int16
    assert set(np.unique(kind_of(found, windows.SATURATED))) == {-32768, 32767}
    assert len(windows.draw(path, 1).values) == 1


def test_a_float_input_is_drawn_at_the_scale_of_its_integers(tmp_path):
    m = ModelBuilder()
    x = m.input((1, 200), "float32")
    y = m.tensor((1, 200), "int8", 0.5, 10)
    m.operator("QUANTIZE", [x], [y])
    m.output(y)
    path = tmp_path / "float.tflite"
    path.write_bytes(m.build())
    found = windows.draw(path, 40)
    assert found.values.dtype == np.float32
    real = kind_of(found, windows.RANDOM)
    low, high = (-128 - 10) * 0.5, (127 - 10) * 0.5
    assert low - 0.31 < real.min() < low + 1 < high - 1 < real.max() < high + 0.31
    assert len(np.unique(real)) > 1000, "between the steps, too"


def test_samples_of_a_stream_are_windows_in_a_row(other):
    whole = windows.feed(other, Interface("h", "run", 480, 160), 9, WINDOW)
    assert whole.inputs == tuple(w.tobytes() for w in windows.draw(other, 9).values)
    assert whole.kinds == windows.draw(other, 9).kinds
    stream = windows.feed(other, Interface("h", "run", 16, 160, warmup=29), 40, WINDOW)
    assert len(stream.inputs) == 69
    assert len(stream.kinds) == 40
    assert b"".join(stream.inputs) == windows.draw(other, 3).values.tobytes()[: 69 * 16]
    first, second, third = windows.KINDS[:3]
    assert stream.kinds == (first,) + (second,) * 30 + (third,) * 9


def compared(outputs, expected, kinds):
    """Compare bytes that a device gave with those of an oracle."""
    calls = tuple(Call(0, 0, row.tobytes()) for row in outputs)
    blank = {f.name: None for f in dataclasses.fields(Cost)}
    cost = Cost(**{**blank, "name": "m", "target": "t", "optimize": "size", "calls": calls})
    own = {f.name: None for f in dataclasses.fields(Standalone)}
    feed = windows.Feed((), kinds)
    built = Standalone(**{**own, "model": Path(), "feed": feed})
    return cost, agreement.compare(built, cost, agreement.Expected(expected))


def test_one_flipped_bit_is_one_byte_of_its_kind():
    expected = np.arange(24, dtype=np.int8).reshape(4, 2, 3)
    kinds = ("random", "smooth", "random", "smooth")
    cost, rows = compared(expected, expected, kinds)
    assert rows == (Row("random", 2, 12, 0, 0, None), Row("smooth", 2, 12, 0, 0, None))
    agreement.require_equal(cost, rows)
    wrong = expected.copy()
    wrong[2, 1, 1] ^= 64
    cost, rows = compared(wrong, expected, kinds)
    assert rows == (Row("random", 2, 12, 1, 1, 2), Row("smooth", 2, 12, 0, 0, None))
    message = r"m on t \(size\): 1 of 24 output bytes differ .* call 2 \(random\)"
    with pytest.raises(DifferentError, match=message):
        agreement.require_equal(cost, rows)
    lines = [line.split() for line in agreement.table(rows).splitlines()]
    assert lines[1:] == [
        ["random", "2", "12", "1", "1"],
        ["smooth", "2", "12", "0", "0"],
        ["all", "4", "24", "1", "1"],
    ]


def test_outputs_of_another_size_are_different():
    expected = np.zeros((2, 4), np.int16)
    with pytest.raises(DifferentError, match="shape"):
        compared(np.zeros((2, 4), np.int8), expected, ("random", "random"))
