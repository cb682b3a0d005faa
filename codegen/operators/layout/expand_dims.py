"""EXPAND_DIMS: a view; the converter puts it around Conv1D."""

from codegen.operators.layout.reshape import View


class ExpandDims(View):
    """EXPAND_DIMS as a view; the axis input is ignored, the output tensor has the shape."""

    kind = "EXPAND_DIMS"
    _input_counts = (2,)


OPERATOR = ExpandDims()
