"""The native backend: SAFE's own C kernels, chosen by each operator's `lower`."""

from collections.abc import Iterator

from codegen.errors import ModelUnsupportedError, VerifierError, where
from codegen.ir.graph import ABSENT, Graph, Operator
from codegen.ir.step import ScratchRequest, Step
from codegen.operators.base import ConstantArg, KernelCall, KernelChoice, ScratchArg, TensorArg
from codegen.operators.registry import operators

NAME = "native"

Lowered = tuple[Operator, KernelCall | None]
"""An operator with its call; None is a view, which needs no code."""


def lower(graph: Graph, choice: KernelChoice) -> list[Lowered]:
    """Return the kernel call of every operator, in execution order."""
    lowered = []
    for operator in graph.operators:
        call = operators()[operator.kind].lower(graph, operator, choice)
        if call is not None:
            _check(graph, operator, call)
        lowered.append((operator, call))
    return lowered


def steps(graph: Graph, lowered: list[Lowered]) -> list[Step]:
    """Return what each operator does to the arena; scratch of 0 bytes is a null pointer."""
    return [
        Step(
            operator_index=operator.index,
            reads=_reads(graph, operator, is_view=call is None),
            writes=operator.outputs,
            scratch=tuple(_scratch(operator, call)),
            is_view=call is None,
            in_place=() if call is None else call.in_place,
        )
        for operator, call in lowered
    ]


def _reads(graph: Graph, operator: Operator, *, is_view: bool) -> tuple[int, ...]:
    """Return the values that an operator reads; a view shows its first input only."""
    inputs = operator.inputs[:1] if is_view else operator.inputs
    found = [i for i in inputs if i != ABSENT and not graph.tensor(i).is_constant]
    if is_view and (len(found) != 1 or graph.tensor(found[0]).is_variable):
        raise ModelUnsupportedError(
            f"{where(operator.index, operator.kind)}: its input is a constant or a variable; "
            "export the model with constants folded"
        )
    return tuple(dict.fromkeys(found))


def _scratch(operator: Operator, call: KernelCall | None) -> Iterator[ScratchRequest]:
    for s in () if call is None else call.scratch:
        if s.size_bytes > 0:
            yield ScratchRequest(
                operator.index, s.name, s.size_bytes, s.alignment, persistent=s.persistent
            )


def _check(graph: Graph, operator: Operator, call: KernelCall) -> None:
    """Raise unless each argument names something that the call has."""
    place = where(operator.index, operator.kind)
    constants = [c.suffix for c in call.constants]
    scratch = [s.name for s in call.scratch]
    if len(set(constants)) != len(constants) or len(set(scratch)) != len(scratch):
        raise VerifierError(f"{place}: two constants or scratches of one name; a defect of SAFE")
    _check_in_place(graph, operator, call)
    for argument in call.arguments:
        wrong = (
            (isinstance(argument, ConstantArg) and argument.suffix not in constants)
            or (isinstance(argument, ScratchArg) and argument.name not in scratch)
            or (
                isinstance(argument, TensorArg)
                and (
                    argument.tensor not in (*operator.inputs, *operator.outputs)
                    or graph.tensor(argument.tensor).is_constant
                )
            )
        )
        if wrong:
            raise VerifierError(f"{place}: argument {argument} is unknown; a defect of SAFE")


def _check_in_place(graph: Graph, operator: Operator, call: KernelCall) -> None:
    """Raise unless the first output fits into each input whose memory it may take."""
    for index in call.in_place:
        source, target = graph.tensor(index), graph.tensor(operator.outputs[0])
        if (
            index not in operator.inputs
            or source.is_constant
            or source.is_variable
            or target.size_bytes > source.size_bytes
        ):
            raise VerifierError(
                f"{where(operator.index, operator.kind, source.name)}: cannot be computed in "
                "place; a defect of SAFE"
            )
