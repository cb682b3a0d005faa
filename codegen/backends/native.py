"""The native backend: SAFE's own C kernels, chosen by each operator's `lower`."""

from collections.abc import Iterable, Iterator

from codegen.errors import ModelUnsupportedError, VerifierError, where
from codegen.ir.graph import ABSENT, Graph, Operator
from codegen.ir.step import Piece, ScratchRequest, Step
from codegen.operators.base import (
    Argument,
    ConstantArg,
    KernelCall,
    KernelChoice,
    ListArg,
    ScratchArg,
    TensorArg,
)
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


def steps(graph: Graph, lowered: list[Lowered], views: frozenset[int] = frozenset()) -> list[Step]:
    """Return what each operator does to the arena; scratch of 0 bytes is a null pointer.

    Operators of `views` (by index) are those whose offer to be a view was taken.
    """
    return [_step(graph, o, call, views) for o, call in lowered]


def _step(graph: Graph, operator: Operator, call: KernelCall | None, views: frozenset[int]) -> Step:
    pieces = _pieces(graph, call)
    is_view = call is None or operator.index in views
    return Step(
        operator_index=operator.index,
        reads=_view_reads(graph, operator, pieces) if is_view else _reads(graph, operator),
        writes=operator.outputs,
        scratch=() if is_view else tuple(_scratch(operator, call)),
        is_view=is_view,
        in_place=() if call is None else call.in_place,
        pieces=pieces,
    )


def with_views(lowered: list[Lowered], views: frozenset[int]) -> list[Lowered]:
    """Return the calls without those that the memory plan makes a view."""
    return [(o, None if o.index in views else call) for o, call in lowered]


def _pieces(graph: Graph, call: KernelCall | None) -> tuple[Piece, ...]:
    """Return a call's offer to be a view; none when a part is in flash or fixed."""
    found = () if call is None else call.pieces
    for tensor in (graph.tensor(i) for piece in found for i in (piece.whole, piece.part)):
        if tensor.is_constant or tensor.is_variable:
            return ()
    return found


def _reads(graph: Graph, operator: Operator) -> tuple[int, ...]:
    """Return the values that an operator reads, once each."""
    found = [i for i in operator.inputs if i != ABSENT and not graph.tensor(i).is_constant]
    return tuple(dict.fromkeys(found))


def _view_reads(graph: Graph, operator: Operator, pieces: tuple[Piece, ...]) -> tuple[int, ...]:
    """Return the values that a view shows: those of its pieces, else its first input only."""
    shown = {i for piece in pieces for i in (piece.whole, piece.part)}
    found = [i for i in _reads(graph, operator) if i in (shown or operator.inputs[:1])]
    if not found or any(graph.tensor(i).is_variable for i in found):
        raise ModelUnsupportedError(
            f"{where(operator.index, operator.kind)}: its input is a constant or a variable; "
            "export the model with constants folded"
        )
    return tuple(found)


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
    for argument in _flat(call.arguments):
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


def _flat(arguments: Iterable[Argument]) -> Iterator[Argument]:
    """Yield the arguments with the items of lists instead of the lists."""
    for argument in arguments:
        yield from argument.items if isinstance(argument, ListArg) else (argument,)


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
