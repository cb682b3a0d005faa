"""SQUEEZE: a view without axes of extent 1."""

from codegen.operators.layout.reshape import View


class Squeeze(View):
    """SQUEEZE as a view; the output tensor has the shape."""

    kind = "SQUEEZE"
    _input_counts = (1,)


OPERATOR = Squeeze()
