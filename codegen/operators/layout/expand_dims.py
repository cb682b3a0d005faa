"""EXPAND_DIMS: a view; the converter puts it around Conv1D."""

from codegen.ir.graph import Graph, Operator
from codegen.operators.layout.reshape import View


class ExpandDims(View):
    """EXPAND_DIMS as a view; the axis input is ignored, the output tensor has the shape."""

    kind = "EXPAND_DIMS"
    moves = True
    _input_counts = (2,)

    def shape(self, graph: Graph, operator: Operator) -> tuple[int, ...] | None:
        """Return the input's shape with an axis of extent 1, where its place is known."""
        before, place = (graph.tensor(index) for index in operator.inputs)
        rank = len(before.shape)
        if place.data is None or place.data.size != 1:
            return None
        axis = int(place.data.reshape(-1)[0])
        if not -rank - 1 <= axis <= rank:
            return None
        axis = axis + rank + 1 if axis < 0 else axis
        return (*before.shape[:axis], 1, *before.shape[axis:])


OPERATOR = ExpandDims()
