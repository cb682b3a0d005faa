"""A loop that stays unrolled is told with the step and the reason; one without a bias is a loop."""

import json

import numpy as np
import pytest

from codegen import command, reference
from codegen.backends.native.backend import compile_model
from codegen.frontend import tflite
from codegen.passes import dead, reroll
from tests.operators import kernels, oracle
from tests.unit.codegen.passes.test_reroll import DSP, RV32, Unrolled, kinds, windows

STEPS = 5


@pytest.mark.parametrize("every", [True, False])
def test_an_lstm_without_bias_is_a_loop(every):
    model = Unrolled(6, STEPS, every=every, biased=False).build()
    before = tflite.load(model, "m")
    after = dead.run(reroll.run(before))
    assert kinds(after) == ["REROLLED_LSTM"]
    x = windows(before)
    expected = oracle.run(model, [x])[0]
    assert np.unique(expected).size > 20
    np.testing.assert_array_equal(reference.run(after, [x])[0], expected)
    for choice in (kernels.REFERENCE, DSP, RV32):
        found = kernels.library("gcc-O3").run(after, [x], choice)[0]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("deviation", "said"),
    [
        ("weights", "step 5: it has weights of its own"),
        ("bias", "step 5: it has bias of its own"),
        ("activation", "step 5: operator 57 ADD is no plain int8 operator on values of one size"),
        ("order", 'step 5: "t84" goes to TANH, where the loop has LOGISTIC'),
        ("reader", '"t42" is an output of the model'),
    ],
)
def test_the_step_and_the_reason_are_told(deviation, said):
    model = Unrolled(6, STEPS, every=False, deviation=deviation).build()
    program = compile_model(tflite.load(model, "m"), target="host", isa="dsp")
    (loop,) = program.unrolled
    assert (loop.index, loop.steps, loop.reason) == (0, STEPS, said)


def test_what_was_declined_by_the_estimate_points_to_the_choices(monkeypatch):
    from codegen.backends.native.alternatives import Chooser

    monkeypatch.setattr(Chooser, "accepts", lambda *_: False)
    model = Unrolled(6, STEPS, every=False).build()
    program = compile_model(tflite.load(model, "m"), target="host", isa="dsp")
    assert "see `choices`" in program.unrolled[0].reason


def test_a_loop_and_a_plain_network_tell_nothing(models):
    for model in (Unrolled(6, STEPS, every=True).build(), (models / "small.tflite").read_bytes()):
        program = compile_model(tflite.load(model, "m"), target="host", isa="dsp")
        assert program.unrolled == ()


def test_the_command_prints_one_line_and_the_manifest_has_it(tmp_path, capsys):
    model = tmp_path / "m.tflite"
    model.write_bytes(Unrolled(6, STEPS, every=False, deviation="weights").build())
    assert command.main([str(model), "--name", "m", "--out", str(tmp_path / "c")]) == 0
    line = "operator 0: a loop of 5 steps stays unrolled (step 5: it has weights of its own)"
    assert capsys.readouterr().out.splitlines()[1] == line
    (loop,) = json.loads((tmp_path / "c" / "manifest.json").read_text())["unrolled"]
    assert loop == {"index": 0, "steps": 5, "reason": "step 5: it has weights of its own"}
