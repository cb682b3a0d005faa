"""The backend refuses calls that do not fit their operator."""

from dataclasses import replace

import pytest

from codegen.backends.native import lower as native
from codegen.errors import ModelUnsupportedError, VerifierError
from codegen.ir.call import ConstantArg, ScratchArg, TensorArg


def fully_connected(program):
    return next((o, c) for o, c in program.calls if o.kind == "FULLY_CONNECTED")


def test_good_calls(small_program):
    for operator, call in small_program.calls:
        if call is not None:
            native._check(small_program.graph, operator, call)


@pytest.mark.parametrize("argument", [ConstantArg("no"), ScratchArg("no"), TensorArg(0)])
def test_unknown_arguments(small_program, argument):
    operator, call = fully_connected(small_program)
    broken = replace(call, arguments=(*call.arguments, argument))
    with pytest.raises(VerifierError, match="operator 5 FULLY_CONNECTED"):
        native._check(small_program.graph, operator, broken)


def test_a_constant_is_no_tensor_argument(small_program):
    operator, call = fully_connected(small_program)
    broken = replace(call, arguments=(TensorArg(operator.inputs[1]),))
    with pytest.raises(VerifierError):
        native._check(small_program.graph, operator, broken)


def test_two_constants_of_one_name(small_program):
    operator, call = fully_connected(small_program)
    broken = replace(call, constants=(*call.constants, call.constants[0]))
    with pytest.raises(VerifierError, match="one name"):
        native._check(small_program.graph, operator, broken)


def test_a_view_of_a_constant(small_graph):
    view = next(o for o in small_graph.operators if o.kind == "RESHAPE")
    constant = next(i for i, t in small_graph.tensors.items() if t.is_constant)
    with pytest.raises(ModelUnsupportedError, match="constants folded"):
        native.steps(small_graph, [(replace(view, inputs=(constant,)), None)])


def test_a_view_reads_its_first_input_only(small_graph):
    view = next(o for o in small_graph.operators if o.kind == "RESHAPE")
    (step,) = native.steps(small_graph, [(replace(view, inputs=(0, 34)), None)])
    assert step.reads == (0,)
    assert step.is_view
