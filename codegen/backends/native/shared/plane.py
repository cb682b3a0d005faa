"""One channel of an image as a plane of its own, as `safe/kernel/depthwise_plane.h` has it."""

from collections.abc import Mapping
from typing import Any

from codegen.operators.window import Axis


def params(axes: tuple[Axis, Axis], along: int, inputs: int, outputs: int) -> Mapping[str, Any]:
    """Return the fields of `safe_depthwise_plane_t`.

    `axes` y and x, of which lines lie along number `along`; channels of input and output.
    """
    y, x = axes
    fields = (_axis(y, x.size * inputs, x.output * outputs), _axis(x, inputs, outputs))
    return {
        "line": fields[along],
        "across": fields[1 - along],
        "line_bytes": axes[along].seen,
    }


def _axis(axis: Axis, input_step: int, output_step: int) -> Mapping[str, int]:
    """Return the fields of `safe_depthwise_axis_t`."""
    return {
        "before": min(axis.pad, axis.seen),
        "seen": max(0, min(axis.size, axis.seen - axis.pad)),
        "input_step": input_step,
        "output": axis.output,
        "output_step": output_step,
    }
