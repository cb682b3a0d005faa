"""Operators to calls of SAFE's own C kernels: the first form that is exact and pays."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from codegen.backends.native.replacements import replacements
from codegen.errors import ModelUnsupportedError, VerifierError, where
from codegen.ir.call import Argument, ConstantArg, KernelCall, ListArg, ScratchArg, TensorArg
from codegen.ir.graph import ABSENT, Graph, Operator
from codegen.ir.step import Piece, ScratchRequest, Step
from codegen.operators.registry import operators
from codegen.options import KernelChoice
from targets.kernels import CHAIN

Lowered = tuple[Operator, KernelCall | None]
"""An operator with its call; None is a view, which needs no code."""


def lower(graph: Graph, choice: KernelChoice) -> list[Lowered]:
    """Return the kernel call of every operator, in execution order."""
    lowered = []
    for operator in graph.operators:
        call = call_of(graph, operator, choice)
        if call is not None:
            _check(graph, operator, call)
        lowered.append((operator, call))
    return lowered


def call_of(graph: Graph, operator: Operator, choice: KernelChoice) -> KernelCall | None:
    """Return the best call of one operator; None for a view.

    Where no tuned form takes the operator, the plain call tells why behind its first note.
    """
    plain = operators()[operator.kind].call(graph, operator)
    if plain is None:
        return None
    reasons = []
    for folder in CHAIN[choice.isa]:
        form = replacements(folder).get(operator.kind)
        answer = None if form is None else form(graph, operator, plain, choice.optimize)
        if isinstance(answer, KernelCall):
            return answer
        if answer is not None:
            reasons.append(f"no {folder} kernel: {answer}")
    return replace(plain, notes=(*plain.notes[:1], *reasons, *plain.notes[1:]))


def steps(graph: Graph, lowered: list[Lowered], views: frozenset[int] = frozenset()) -> list[Step]:
    """Return what each operator does to the arena; scratch of 0 bytes is a null pointer.

    Operators of `views` (by index) are those whose offer to be a view was taken.
    """
    kept = {index for o in graph.operators for index in _updates(o)}
    # Other variables change while an operator runs; a view of them would not be what was read.
    fixed = {i for i, t in graph.tensors.items() if t.is_constant or t.is_variable} - kept
    return [_step(graph, lower, views, fixed) for lower in lowered]


def _step(graph: Graph, lowered: Lowered, views: frozenset[int], fixed: Set[int]) -> Step:
    operator, call = lowered
    pieces = _pieces(call, fixed)
    is_view = call is None or operator.index in views
    reads = _reads(graph, operator)
    return Step(
        operator_index=operator.index,
        reads=_view_reads(operator, reads, pieces, fixed) if is_view else reads,
        writes=operator.outputs,
        scratch=() if is_view else tuple(_scratch(operator, call)),
        is_view=is_view,
        in_place=() if call is None else call.in_place,
        pieces=pieces,
        updates=_updates(operator),
    )


def _updates(operator: Operator) -> tuple[int, ...]:
    """Return the variable that an operator without outputs changes, before all who read it."""
    return () if operator.outputs else operator.inputs[:1]


def with_views(lowered: list[Lowered], views: frozenset[int]) -> list[Lowered]:
    """Return the calls without those that the memory plan makes a view."""
    return [(o, None if o.index in views else call) for o, call in lowered]


def _pieces(call: KernelCall | None, fixed: Set[int]) -> tuple[Piece, ...]:
    """Return a call's offer to be a view; none when a part is in flash or fixed."""
    found = () if call is None else call.pieces
    return () if any({piece.whole, piece.part} & fixed for piece in found) else found


def _reads(graph: Graph, operator: Operator) -> tuple[int, ...]:
    """Return the values that an operator reads, once each."""
    found = [i for i in operator.inputs if i != ABSENT and not graph.tensor(i).is_constant]
    return tuple(dict.fromkeys(found))


def _view_reads(
    operator: Operator, reads: tuple[int, ...], pieces: tuple[Piece, ...], fixed: Set[int]
) -> tuple[int, ...]:
    """Return the values that a view shows: those of its pieces, else its first input only."""
    shown = {i for piece in pieces for i in (piece.whole, piece.part)}
    found = [i for i in reads if i in (shown or operator.inputs[:1])]
    if not found or not fixed.isdisjoint(found):
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
