"""SLIDE: rows kept from one sample to the next; no file holds it, the pass `streaming` makes it.

Inputs: the kept rows, a variable, and the new rows, both of the same row size. Options, in rows:
`start`, the first row that slides, `keep`, how many move down to make room for the new ones (0:
the new ones only take their place). There is no output: the variable changes.
"""

from collections.abc import Sequence

import numpy as np

from codegen.ir.call import COUNTER, COUNTER_BYTES, KernelCall, ParamsArg, Scratch, TensorArg
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import invalid, require_counts, require_input


class Slide(OperatorSpec):
    """The shift register; option `counts`: this one owns the counter of samples."""

    kind = "SLIDE"
    dtypes = ()
    internal = True
    updates = (0,)

    def check(self, graph: Graph, operator: Operator) -> None:
        """Check that the new rows are whole rows and that all lies inside the buffer."""
        require_counts(graph, operator, (2,), outputs=0)
        buffer = require_input(graph, operator, 0, "buffer")
        rows = require_input(graph, operator, 1, "rows")
        start, keep, count = _rows(operator)
        fits = buffer.is_variable and buffer.dtype is rows.dtype and rows.elements % count == 0
        size = rows.elements // count
        if not fits or start < 0 or keep < 0 or (start + keep + count) * size > buffer.elements:
            invalid(graph, operator, f"puts {count} rows at {start} + {keep}", buffer.index)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Return the call of `safe_kernel_slide`."""
        rows = graph.tensor(operator.inputs[1])
        start, keep, count = _rows(operator)
        row_bytes = rows.size_bytes // count
        counter = Scratch(COUNTER, COUNTER_BYTES, persistent=True, alignment=COUNTER_BYTES)
        return KernelCall(
            kernel="safe_kernel_slide",
            header="safe/kernel/slide.h",
            source="slide",
            arguments=(ParamsArg(), TensorArg(rows.index), TensorArg(operator.inputs[0])),
            params_type="safe_slide_params_t",
            params={
                "start_bytes": start * row_bytes,
                "keep_bytes": keep * row_bytes,
                "new_bytes": rows.size_bytes,
            },
            scratch=(counter,) if operator.options["counts"] else (),
            notes=(f"keeps {keep} rows of {row_bytes} bytes and adds {count}",),
        )

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Return the buffer as it is afterwards."""
        del graph
        before, rows = inputs
        assert before is not None
        assert rows is not None
        start, keep, count = _rows(operator)
        result = before.reshape(len(before), -1).copy()
        new = rows.reshape(len(rows), -1)
        size = new.shape[1] // count
        kept = result[:, (start + count) * size : (start + count + keep) * size].copy()
        result[:, start * size : (start + keep) * size] = kept
        result[:, (start + keep) * size : (start + keep + count) * size] = new
        return [np.ascontiguousarray(result).reshape(before.shape)]


def _rows(operator: Operator) -> tuple[int, int, int]:
    """Return first row, rows kept, and rows added."""
    o = operator.options
    return int(o["start"]), int(o["keep"]), int(o["count"])


OPERATOR = Slide()
