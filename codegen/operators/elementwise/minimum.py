"""MINIMUM, int8 or int16: MAXIMUM with the smaller value as the winner."""

from codegen.operators.elementwise.maximum import Maximum


class Minimum(Maximum):
    """The smaller of two values."""

    kind = "MINIMUM"
    sign = -1


OPERATOR = Minimum()
