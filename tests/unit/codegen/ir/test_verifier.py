"""The verifier is shown to catch every way in which a pass could break a graph."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from codegen.errors import VerifierError
from codegen.ir.graph import ABSENT, DType, Graph, Operator, Quantization, Tensor
from codegen.ir.verifier import MAX_ELEMENTS, problems, verify

Q = Quantization((0.5,), (0,))


def tensor(index, shape=(1, 4), **fields):
    return Tensor(index, f"t{index}", shape, DType.INT8, **({"quantization": Q} | fields))


def constant(index, shape=(4, 4), **fields):
    data = np.zeros(shape, np.int8)
    data.setflags(write=False)
    return tensor(index, shape, data=data, **fields)


def graph(tensors=None, operators=None, inputs=(0,), outputs=(3,)):
    found = tensors or [tensor(0), constant(1), tensor(2), tensor(3)]
    steps = operators or (
        Operator(0, "FULLY_CONNECTED", (0, 1, ABSENT), (2,)),
        Operator(1, "RESHAPE", (2,), (3,)),
    )
    return Graph("g", MappingProxyType({t.index: t for t in found}), tuple(steps), inputs, outputs)


def said(broken):
    return [str(p) for p in problems(broken)]


def test_a_good_graph_has_no_problems(small_graph):
    assert said(graph()) == []
    assert said(small_graph) == []
    verify(small_graph, "nothing")


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (graph(operators=()), None),
        (graph(inputs=()), "no input"),
        (graph(outputs=()), "no output"),
        (graph(inputs=(0, 0)), "names one input twice"),
        (graph(outputs=(9,)), "tensor 9 does not exist"),
        (graph(inputs=(1,)), "a model input is a constant"),
        (graph(outputs=(0,)), "a model output is a model input"),
        (graph(operators=[Operator(0, "X", (0,), (2,))]), "never written"),
        (graph(operators=[Operator(0, "X", (7,), (3,))]), "tensor 7 does not exist"),
        (graph(operators=[Operator(0, "X", (0,), ())]), "has no output"),
        (graph(operators=[Operator(0, "X", (2,), (3,))]), "read before it is written"),
        (graph(operators=[Operator(0, "X", (0,), (1, 3))]), "an output is a constant"),
        (graph(operators=[Operator(0, "X", (0,), (3, 3))]), "written twice"),
        (
            graph(operators=[Operator(0, "X", (0,), (3,)), Operator(1, "X", (0,), (3,))]),
            "written twice",
        ),
        (
            graph(operators=[Operator(1, "X", (0,), (2,)), Operator(1, "X", (2,), (3,))]),
            "has the index of another operator",
        ),
    ],
)
def test_broken_edges(broken, what):
    if what is None:
        broken = replace(graph(), operators=())
        what = "no operators"
    assert any(what in line for line in said(broken)), said(broken)
    with pytest.raises(VerifierError, match=r"after codegen\.passes\.x.*a defect of SAFE"):
        verify(broken, "codegen.passes.x")


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"quantization": None}, "without a scale"),
        ({"quantization": Quantization((0.5, 0.5), (0,))}, "2 scales and 1 zero points"),
        ({"quantization": Quantization((), ())}, "0 scales"),
        ({"quantization": Quantization((-1.0,), (0,))}, "not a positive finite"),
        ({"quantization": Quantization((float("nan"),), (0,))}, "not a positive finite"),
        ({"quantization": Quantization((0.1,), (0,))}, "not a float32"),
        ({"quantization": Quantization((2.0**-41,), (0,))}, "absurd"),
        ({"quantization": Quantization((2.0**41,), (0,))}, "absurd"),
        ({"quantization": Quantization((0.5,), (128,))}, "outside -128 to 127"),
        ({"quantization": Quantization((0.5,) * 4, (0,) * 4, 5)}, "along axis 5"),
        ({"quantization": Quantization((0.5,) * 4, (0,) * 4, 0)}, "which has extent 1"),
        ({"quantization": Quantization((0.5,) * 4, (1,) * 4, 1)}, "zero point that is not 0"),
        ({"shape": (1, 0)}, "extent below 1"),
        ({"shape": (MAX_ELEMENTS, 2)}, "elements"),
        ({"dtype": DType.FLOAT32}, "float32 with a scale"),
        ({"index": 8}, "filed under 2"),
    ],
)
def test_broken_tensor(fields, what):
    found = [tensor(0), constant(1), replace(tensor(2), **fields), tensor(3)]
    broken = replace(graph(), tensors=MappingProxyType(dict(enumerate(found))))
    assert any(what in line for line in said(broken)), said(broken)


def test_broken_constants():
    short = replace(constant(1), data=np.zeros((4, 3), np.int8))
    assert any(
        "expected int8[4, 4]" in p for p in said(graph([tensor(0), short, tensor(2), tensor(3)]))
    )
    writeable = replace(constant(1), data=np.zeros((4, 4), np.int8))
    assert any("writeable" in p for p in said(graph([tensor(0), writeable, tensor(2), tensor(3)])))
    both = replace(constant(1), is_variable=True)
    assert any(
        "variable and a con" in p for p in said(graph([tensor(0), both, tensor(2), tensor(3)]))
    )


def test_a_problem_names_operator_and_tensor():
    found = [tensor(0), constant(1), replace(tensor(2), quantization=None), tensor(3)]
    assert said(graph(found))[0].startswith('operator 0 FULLY_CONNECTED, tensor "t2": ')
