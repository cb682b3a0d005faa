"""SQUEEZE: a view without axes of extent 1."""

from collections.abc import Mapping
from typing import Any

from codegen.ir.graph import Graph, Operator
from codegen.operators.layout.reshape import View


class Squeeze(View):
    """SQUEEZE as a view; the output tensor has the shape."""

    kind = "SQUEEZE"
    moves = True
    _input_counts = (1,)

    def parse_options(self, builtin_options: Any) -> Mapping[str, Any]:
        """Read the axes that go; none stands for all of extent 1."""
        if builtin_options is None or builtin_options.SqueezeDimsLength() == 0:
            return {"axes": ()}
        return {"axes": tuple(int(v) for v in builtin_options.SqueezeDimsAsNumpy())}

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return the input's shape without the axes."""
        before = graph.tensor(operator.inputs[0]).shape
        gone = {axis % len(before) for axis in operator.options["axes"]}
        gone = gone or {axis for axis, extent in enumerate(before) if extent == 1}
        return tuple(extent for axis, extent in enumerate(before) if axis not in gone)


OPERATOR = Squeeze()
