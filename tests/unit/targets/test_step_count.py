"""What the counter's output says of a detector's steps."""

import pytest

from targets.emulate import step_count
from targets.emulate.step_count import StepCount
from targets.errors import EmulatorError

# Two steps: one without inference, one with an inference of 500 between glue; a third is cut.
OUTPUT = "0 100\n-2 101\n-1 140\n0 200\n-2 201\n1 260\n-2 760\n-1 800\n0 900\n-2"


def test_chain_and_inference_stand_apart():
    assert step_count.parse(OUTPUT) == [StepCount(40, 0), StepCount(100, 500)]


def test_output_without_a_step():
    with pytest.raises(EmulatorError, match="no whole step"):
        step_count.parse("0 100\n-2 101\n")
