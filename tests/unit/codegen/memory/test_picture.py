"""The picture shows every block where and when it is taken."""

from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.ir.step import ScratchRequest, Step
from codegen.memory import picture, planner


def planned(count, size=16):
    tensors = {i: Tensor(i, f"t{i}", (size,), DType.INT8) for i in range(count + 1)}
    scratch = (ScratchRequest(0, "s", 8, 4, persistent=False),)
    steps = [Step(i, (i,), (i + 1,), scratch if i == 0 else ()) for i in range(count)]
    operators = tuple(Operator(s.operator_index, "X", s.reads, s.writes) for s in steps)
    return planner.plan(Graph("g", tensors, operators, (0,), (count,)), steps)


def test_whole():
    text = picture.picture(planned(2), [0, 5])
    assert text == (
        "arena 48 bytes, at least 40 needed; one row is 4 bytes, one column 1 operator, "
        "first and last column before and after all\n"
        "       0 AABB\n"
        "       4 AABB\n"
        "       8 AABB\n"
        "      12 AABB\n"
        "      16 .CC.\n"
        "      20 .CC.\n"
        "      24 .CC.\n"
        "      28 .CC.\n"
        "      32 .D..\n"
        "      36 .D..\n"
        "      40 ....\n"
        "      44 ....\n"
        "\n"
        "A        0       16 bytes    start to op 0     t0\n"
        "B        0       16 bytes     op 5 to end      t2\n"
        "C       16       16 bytes     op 0 to op 5     t1\n"
        "D       32        8 bytes     op 0 to op 0     op0.s\n"
    )


def test_many_operators_fit_a_page():
    text = picture.picture(planned(500, 64), list(range(500)))
    head, _, table = text.partition("\n\n")
    assert max(len(line) for line in head.splitlines()[1:]) <= 9 + 72
    assert len(head.splitlines()) <= 26
    assert len(table.splitlines()) == 502
