"""What the tuned forms of REROLLED_LSTM share: parameters, products, and a line of the manifest."""

from collections.abc import Mapping
from typing import Any

from codegen.ir.graph import Operator
from codegen.operators.recurrent.rerolled import LstmCell
from codegen.operators.recurrent.rerolled_fit import FittedRows


def sizes(operator: Operator, p: LstmCell) -> Mapping[str, Any]:
    """Return the fields of `safe_rerolled_lstm_dsp_params_t`, or `_rv32_`, in order."""
    units = p.recurrent_weights.shape[1]
    return {
        "time_steps": len(p.steps),
        "input_size": p.input_weights.shape[1],
        "units": units,
        "output_step": units if operator.options["all_steps"] else 0,
        "input_zero_point": p.sequence.zero_point,
    }


def macs(p: LstmCell) -> int:
    """Return the products of a whole sequence."""
    rows, units = p.recurrent_weights.shape
    steps = len(p.steps)
    return int(rows * (steps * p.input_weights.shape[1] + (steps - 1) * units))


def sums_line(p: LstmCell, fitted: FittedRows) -> str:
    """Return the line for the manifest that counts how sums are computed."""
    exact = len(fitted.exact)
    return f"{3 * (len(p.steps) - 1) - exact} affine sums, {exact} as TFLM rounds them"
