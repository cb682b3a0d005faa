"""REDUCE_MIN, int8: REDUCE_MAX with the smallest value as the winner."""

from codegen.operators.reduction.reduce_max import ReduceMax


class ReduceMin(ReduceMax):
    """The smallest value over one or more axes."""

    kind = "REDUCE_MIN"
    sign = -1


OPERATOR = ReduceMin()
