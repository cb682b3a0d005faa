"""An unrolled LSTM becomes a loop with the same bytes, or stays as it is."""

import ctypes
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.backend import compile_model
from codegen.backends.native.lower import call_of
from codegen.fixed_point import requantize
from codegen.frontend import tflite
from codegen.ir.graph import Quantization
from codegen.ir.verifier import verify
from codegen.operators.elementwise import add, mul
from codegen.operators.recurrent import rerolled as _rerolled
from codegen.operators.recurrent import rerolled_fit as _rerolled_fit
from codegen.operators.recurrent import rerolled_lstm
from codegen.operators.recurrent import words as _rerolled_words
from codegen.options import KernelChoice
from codegen.passes import dead, reroll
from codegen.quantization import output_multipliers
from tests.operators import kernels, oracle
from tests.operators.builder import ModelBuilder, options

INPUTS = 5
DSP, RV32 = KernelChoice("dsp"), KernelChoice("rv32")
SIGMOID, TANH = (1 / 256, -128), (1 / 128, 0)


class Unrolled:
    """Writes an unrolled LSTM as Keras and the converter do, with random scales per step."""

    def __init__(
        self, units, steps, *, every, deviation=None, per_channel=True, seed=0, cell=0.008,
        biased=True,
    ):  # fmt: skip
        self.m = ModelBuilder()
        self.rng = np.random.default_rng([seed, units, steps])
        self.units, self.steps, self.every = units, steps, every
        self.deviation, self.cell, self.biased = deviation, cell, biased
        rows = 4 * units
        self.axis = self.m.constant(np.array(1, np.int32))
        self.shape = self.m.constant(np.array([rows], np.int32))
        self.weights = [self._weights(rows, INPUTS, per_channel) for _ in range(2)]
        self.recurrent = self._weights(rows, units, per_channel)
        first = self.rng.integers(-2000, 2000, rows).astype(np.int32)
        self.first_bias = self.m.constant(first, None)
        self.bias = [self._constant(rows) for _ in range(2)]
        self.hidden_scale = (0.0061, 3)

    def _weights(self, rows, depth, per_channel):
        data = self.rng.integers(-127, 128, (rows, depth)).astype(np.int8)
        scales = self.rng.uniform(0.001, 0.006, rows)
        return self.m.constant(data, scales if per_channel else float(scales[0]))

    def _constant(self, rows):
        return self.m.constant(self.rng.integers(-128, 128, rows).astype(np.int8), 0.004, -90)

    def _value(self, low, high, shape, zero=20):
        scale, point = self.rng.uniform(low, high), int(self.rng.integers(-zero, zero + 1))
        return self.m.tensor(shape, "int8", scale, point)

    def _apply(self, kind, inputs, output, activation=0):
        names = {"ADD": "Add", "MUL": "Mul", "FULLY_CONNECTED": "FullyConnected"}
        table = options(names[kind], fusedActivationFunction=activation) if kind in names else None
        self.m.operator(kind, inputs, [output], table)
        return output

    def _activation(self, kind, source):
        result = self.m.tensor((1, self.units), "int8", *(SIGMOID if kind != "TANH" else TANH))
        return self._apply(kind, [source], result)

    def _odd(self, name, t):
        return self.deviation == name and t == self.steps - 1

    def _gates(self, x, hidden, t):
        whole = (1, 4 * self.units)
        weights = self.weights[self._odd("weights", t)]
        bias = self.first_bias if hidden is None and self.biased else -1
        product = self._value(0.012, 0.05, whole)
        self._apply("FULLY_CONNECTED", [x, weights, bias], product)
        if hidden is None:
            return product
        scale, point = self.rng.uniform(0.01, 0.03), int(self.rng.integers(-20, 20))
        recurrent = self.m.tensor(whole, "int8", scale, point)
        self._apply("FULLY_CONNECTED", [hidden, self.recurrent, -1], recurrent)
        flat = self.m.tensor((4 * self.units,), "int8", scale, point)
        self.m.operator("RESHAPE", [recurrent, self.shape], [flat])
        activation = 1 if self._odd("activation", t) else 0
        total = self._apply("ADD", [product, flat], self._value(0.02, 0.05, whole), activation)
        if not self.biased:
            return total
        bias = self.bias[self._odd("bias", t)]
        return self._apply("ADD", [total, bias], self._value(0.02, 0.05, whole))

    def _step(self, x, hidden, cell, t):
        part = (1, self.units)
        gates = self._gates(x, hidden, t)
        quantization = self.m._graph.tensors[gates].quantization
        scale, point = quantization.scale[0], quantization.zeroPoint[0]
        i, f, g, o = (self.m.tensor(part, "int8", scale, point) for _ in range(4))
        self.m.operator("SPLIT", [self.axis, gates], [i, f, g, o], options("Split", numSplits=4))
        kinds = ("TANH", "LOGISTIC") if self._odd("order", t) else ("LOGISTIC", "TANH")
        update = self._value(0.004, 0.008, part)
        self._apply("MUL", [self._activation(kinds[0], i), self._activation(kinds[1], g)], update)
        if cell is None:
            cell = update
        else:
            forget = self._value(self.cell / 2, 1.5 * self.cell, part)
            self._apply("MUL", [self._activation("LOGISTIC", f), cell], forget)
            cell = self._apply("ADD", [forget, update], self._value(self.cell, 2 * self.cell, part))
        limited, opened = self._activation("TANH", cell), self._activation("LOGISTIC", o)
        hidden = self.m.tensor(part, "int8", *self.hidden_scale)
        return self._apply("MUL", [opened, limited], hidden), cell

    def build(self):
        m, steps = self.m, self.steps
        x = m.input((steps, 1, INPUTS), "int8", 0.03, -7)
        values = [m.tensor((1, INPUTS), "int8", 0.03, -7) for _ in range(steps)]
        m.operator("UNPACK", [x], values, options("Unpack", axis=0, num=steps))
        states, cell = [], None
        for t, value in enumerate(values):
            state, cell = self._step(value, states[-1] if states else None, cell, t)
            states.append(state)
        result = states[-1]
        if self.every:
            result = m.tensor((1, steps, self.units), "int8", *self.hidden_scale)
            table = options("Pack", axis=1, valuesCount=steps)
            m.operator("PACK", states, [result], table)
        m.output(*({"reader": [result, states[1]]}.get(self.deviation, [result])))
        return m.build()


def kinds(graph):
    return [o.kind for o in graph.operators]


def windows(graph, count=240):
    rng = np.random.default_rng(7)
    shape = (count, *graph.tensor(graph.inputs[0]).shape)
    values = rng.integers(-128, 128, shape)
    values[: count // 3] = np.clip(rng.normal(0, 40, values[: count // 3].shape), -128, 127)
    values[-count // 6 :] = rng.choice([-128, 127], values[-count // 6 :].shape)
    return values.astype(np.int8)


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize(
    ("units", "steps"), [(1, 3), (1, 30), (17, 3), (17, 30), (80, 3), (3, 2), (128, 4), (5, 90)]
)
def test_the_loop_gives_the_bytes_of_the_unrolled_graph(units, steps, every, per_channel):
    model = Unrolled(units, steps, every=every, per_channel=per_channel).build()
    before = tflite.load(model, "m")
    after = dead.run(reroll.run(before))
    verify(after, "reroll")
    assert kinds(after) == ["REROLLED_LSTM"]
    x = windows(before)
    expected = oracle.run(model, [x])[0]
    assert np.unique(expected).size > 20
    for found in (
        reference.run(before, [x]),
        reference.run(after, [x]),
        kernels.library("gcc-O3").run(after, [x]),
        kernels.library("clang-O0").run(after, [x[:20]]),
        kernels.library("gcc-O3").run(after, [x], DSP),
        kernels.library("clang-O3").run(after, [x[:20]], DSP),
        kernels.library("gcc-O3").run(after, [x], RV32),
        bytewise().run(after, [x[:60]], RV32),
    ):
        np.testing.assert_array_equal(found[0], expected[: len(found[0])])
    assert {kernel(after, choice) for choice in (DSP, RV32)} == {
        "safe_kernel_rerolled_lstm_s8_dsp",
        "safe_kernel_rerolled_lstm_s8_rv32",
    }


@pytest.mark.parametrize("scale", [0.06, 0.12, 0.21])
def test_a_cell_state_far_beyond_where_tanh_saturates_stays_fast(scale):
    """Its argument, and what a threshold is less than it, must stay within 32 bits."""
    model = Unrolled(9, 30, every=True, cell=scale).build()
    graph = dead.run(reroll.run(tflite.load(model, "m")))
    x = windows(graph, 60)
    expected = oracle.run(model, [x])[0]
    for choice in (DSP, RV32):
        assert kernel(graph, choice).endswith(choice.isa)
        found = checked().run(graph, [x], choice)[0]
        np.testing.assert_array_equal(found, expected)


def kernel(graph, choice):
    """Return the kernel of a graph of one operator."""
    (operator,) = graph.operators
    return call_of(graph, operator, choice).kernel


@cache
def bytewise():
    """Return the kernels as a core compiles them that loads no word from any address."""
    return library("-O2", "-DSAFE_UNALIGNED_WORDS=0")


@cache
def checked():
    """Return kernels that abort where an integer leaves its type."""
    flags = ("-O1", "-DSAFE_UNALIGNED_WORDS=0", "-fsanitize=undefined")
    return library(*flags, "-fno-sanitize-recover=all")


def library(*flags):
    """Return the kernels compiled by gcc."""
    with tempfile.TemporaryDirectory() as folder:
        return kernels.KernelLibrary(
            kernels.compile_library(("gcc", *flags), Path(folder) / "k.so")
        )


def cell_of(units, steps, **options):
    """Return a re-rolled graph and what its operator holds."""
    graph = dead.run(
        reroll.run(tflite.load(Unrolled(units, steps, every=False, **options).build(), "m"))
    )
    return graph, rerolled_lstm.cell(graph, graph.operators[0])


def test_one_flipped_bit_of_any_constant_is_seen():
    graph, _ = cell_of(6, 5)
    (operator,) = graph.operators
    x = windows(graph, 60)
    expected = reference.run(graph, [x])[0]
    for choice in (DSP, RV32):
        assert np.array_equal(kernels.library("gcc-O3").run(graph, [x], choice)[0], expected)
    for place in operator.inputs[1:]:
        data = graph.tensor(place).data.copy()
        data.reshape(-1)[data.size // 2] ^= np.array(1 << 6, data.dtype)
        other = replace(graph.tensor(place), data=data)
        changed = replace(graph, tensors={**graph.tensors, place: other})
        for choice in (DSP, RV32):
            found = kernels.library("gcc-O3").run(changed, [x], choice)[0]
            assert not np.array_equal(found, expected), (place, choice)


def test_affine_sums_give_the_bytes_of_every_pair():
    rng = np.random.default_rng(2)
    values = np.arange(-128, 128, dtype=np.int64)
    exact, seen = [], 0
    for _ in range(60):
        scales = np.float32(np.exp(rng.uniform(-5, -3, 3)))
        one, two, output = (
            Quantization((float(s),), (int(z),))
            for s, z in zip(scales, rng.integers(-128, 128, 3), strict=True)
        )
        first, second, start = _rerolled_fit.add_words(one, two, output, exact)
        if start == _rerolled_fit.EXACT:
            continue
        seen += 1
        terms = ((values << 24) * first >> 32)[:, None] + ((values << 24) * second >> 32)[None, :]
        found = np.clip((terms + start) >> 20, -128, 127)
        part = _rerolled._add(one, two, output)
        truth = add.OPERATOR.evaluate(*part, values[:, None], values[None, :])
        np.testing.assert_array_equal(found, truth)
    assert seen > 50
    assert len(exact) == 60 - seen


@pytest.mark.parametrize("count", [1, 4, 26, 37])
def test_packed_words_come_out_as_they_went_in(count):
    rng = np.random.default_rng(count)
    words = rng.integers(-(1 << 31), 1 << 31, (40, count))
    near = words[:1] + rng.integers(-(1 << 18), 1 << 18, (40, count)).cumsum(axis=0)
    edges = np.multiply.outer([0, 1, -1, 127, 128, -(1 << 15), 1 << 15, 1 << 23], np.ones(count))
    steps = np.concatenate([words, near, near[:3], edges]).astype(np.int64).astype(np.int32)
    packed = _rerolled_words.pack(steps)
    unpack = kernels.library("gcc-O3").tuned.safe_rerolled_unpack
    unpack.restype = ctypes.c_void_p
    found = np.zeros(count, np.int32)
    start = at = packed.ctypes.data
    for step in steps:
        at = unpack(ctypes.c_void_p(at), count, ctypes.c_void_p(found.ctypes.data))
        np.testing.assert_array_equal(found, step)
    assert at - start == packed.size
    close = near.astype(np.int32)
    assert len(_rerolled_words.pack(close)) < (1.01 if count == 1 else 0.9) * close.nbytes


@pytest.mark.parametrize("right", range(1, _rerolled_fit._MOST_RIGHT + 1))
def test_both_roundings_of_a_product_are_one(right):
    """`safe_rerolled_product` without the DSP extension, for every product of two values."""
    products = np.arange(-255 * 255, 255 * 255 + 1, dtype=np.int64)
    multipliers = [1 << 30, (1 << 31) - 1]
    multipliers += list(np.random.default_rng(right).integers(1 << 30, 1 << 31, 20))
    for multiplier in multipliers:
        high = (products << 15) * multiplier >> 32
        rounded = high + (1 << 13) + (1 << (right + 13)) - np.where(products < 0, 1 << 14, 0)
        assert np.abs(rounded).max() < 1 << 31
        truth = requantize(products, np.int32(multiplier), np.int8(-right))
        np.testing.assert_array_equal(rounded >> (right + 14), truth)


def test_a_product_of_which_nothing_is_left_is_0():
    small, large = Quantization((1e-4,), (0,)), Quantization((1.0,), (7,))
    assert _rerolled_fit.product_words(small, small, large) == (0, 7 + 128)
    values = np.arange(-128, 128, dtype=np.int64)
    part = _rerolled._product(small, small, large)
    assert np.unique(mul.OPERATOR.evaluate(*part, values, values)) == 7


def test_a_sum_that_is_not_affine_is_computed_as_tflm_does(monkeypatch):
    monkeypatch.setattr(_rerolled_fit, "_interval", lambda *_: None)
    graph, cell = cell_of(7, 6)
    assert len(_rerolled_fit.fit(cell).exact) == 15
    x = windows(graph, 60)
    expected = reference.run(graph, [x])[0]
    for choice in (DSP, RV32):
        found = kernels.library("gcc-O3").run(graph, [x], choice)[0]
        np.testing.assert_array_equal(found, expected)


def test_coarse_results_are_right_outside_their_window():
    """Every sum around every tie of some rows, as the kernels decide and as TFLM rounds."""
    _, cell = cell_of(17, 4)
    fitted = _rerolled_fit.fit(cell)
    sums = np.arange(-60000, 60000, dtype=np.int64)
    near = 0
    for step in range(1, 4):
        q, before = cell.steps[step], cell.steps[step - 1]
        high, _, packed = (int(w) for w in fitted.words[step, 3:6])
        high &= 0xFFFFFFFF
        zero_point, right = (packed & 255) - 128, packed >> 8 & 255
        window = _rerolled_fit.WINDOW_UNIT * (packed >> 24 & 255)
        scales = before.hidden.scale, cell.recurrent_scales, q.recurrent.scale
        multiplier, shift = output_multipliers(*scales)
        for row in range(0, 68, 5):
            up = max(14 - right, 7)  # where 256 times a sum is rescaled, the factor is less
            factor = int(fitted.recurrent_scales[row]) * (high >> (up + right - 13)) >> 32
            scaled = ((2 * sums << up) * factor >> 32) + (zero_point << 14) + (1 << 13)
            doubtful = (scaled + window & 0x3FFF) < 2 * window
            truth = requantize(sums, multiplier[row], shift[row]) + zero_point
            far = ~doubtful & (np.abs(truth) < 300)
            assert np.array_equal((scaled >> 14)[far], truth[far])
            near += doubtful.sum()
    assert 0 < near < 0.1 * 3 * 14 * sums.size


def test_scales_that_the_fast_kernels_cannot_take_fall_back():
    graph, cell = cell_of(5, 3)
    for scales in ((1e-9,) * 19 + (0.004,), (30.0,) * 20):
        with pytest.raises(_rerolled_fit.UnfitError, match=r"step \d"):
            _rerolled_fit.fit(replace(cell, recurrent_scales=scales))
    (operator,) = graph.operators
    call = call_of(graph, operator, KernelChoice("ref"))
    assert call.kernel == "safe_kernel_rerolled_lstm_s8"


@pytest.mark.parametrize("deviation", ["weights", "bias", "activation", "order", "reader"])
def test_a_step_of_another_form_leaves_the_graph_unrolled(deviation):
    before = tflite.load(Unrolled(4, 4, every=False, deviation=deviation).build(), "m")
    assert reroll.run(before) is before


def test_a_view_between_gate_and_activation_is_passed():
    before = tflite.load(Unrolled(4, 3, every=False).build(), "m")  # as of a fixed batch
    first = next(o for o in before.operators if o.kind == "LOGISTIC")
    gate = before.tensor(first.inputs[0])
    view = replace(gate, index=max(before.tensors) + 1)
    reshape = replace(first, kind="RESHAPE", outputs=(view.index,), options={})
    reader = replace(first, inputs=(view.index,))
    viewed = replace(
        before,
        tensors={**before.tensors, view.index: view},
        operators=tuple(
            new for o in before.operators for new in ([reshape, reader] if o is first else [o])
        ),
    )
    assert kinds(reroll.run(viewed)) == ["REROLLED_LSTM"]


def test_the_pipeline_re_rolls():
    graph = tflite.load(Unrolled(17, 30, every=False).build(), "m")
    program = compile_model(graph, target="host", isa="ref")
    assert [o.kind for o, _ in program.calls] == ["REROLLED_LSTM"]


def test_the_kernel_derives_the_multipliers_of_the_quotients():
    rng = np.random.default_rng(3)
    for _ in range(200):
        source, output = (float(np.float32(v)) for v in np.exp(rng.uniform(-12, 2, 2)))
        scales = [float(v) for v in np.exp(rng.uniform(-12, 0, 300)).astype(np.float32)]
        fraction, exponent = _rerolled.ratio(source, output)
        assert 1 << 63 <= fraction < 1 << 64
        found = _rerolled.kernel_multipliers(fraction, exponent, scales)
        expected = output_multipliers(source, scales, output)
        usable = expected[0] != 0
        np.testing.assert_array_equal(found[0][usable], expected[0][usable])
        np.testing.assert_array_equal(found[1][usable], expected[1][usable])
