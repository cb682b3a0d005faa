"""SUB: the difference of two quantized tensors, int8 or int16: ADD with the second subtracted."""

from codegen.operators.elementwise.add import Add


class Sub(Add):
    """Difference of two tensors, input1 − input2."""

    kind = "SUB"
    sign = -1


OPERATOR = Sub()
