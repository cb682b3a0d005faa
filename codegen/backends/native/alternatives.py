"""Choice between two forms of a graph, by estimated instructions and flash, not by rule."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from codegen.backends.native.lower import call_of
from codegen.backends.native.shared import cost
from codegen.emit.program import Decision, Estimate
from codegen.ir.graph import Graph, Operator
from codegen.options import KernelChoice

_CALL_BYTES = 44
"""Bytes of code that one call takes in the generated program, without its kernel."""


def estimate(graph: Graph, some: Iterable[Operator], choice: KernelChoice) -> Estimate:
    """Return the cost of some operators of a graph; a view costs nothing."""
    instructions, calls = 0, 0
    constants: dict[bytes, int] = {}
    for operator in some:
        call = call_of(graph, operator, choice)
        if call is None:
            continue
        elements = sum(graph.tensor(i).elements for i in operator.outputs)
        instructions += cost.instructions(choice.isa, call, elements)
        calls += 1
        constants |= {c.data.tobytes(): c.data.nbytes for c in call.constants}
    return Estimate(instructions, calls * _CALL_BYTES + sum(constants.values()))


_UNCERTAIN = 1.25
"""Ratio of two estimates of instructions up to which either may be the smaller one: see
`tests/perf/test_estimates.py`."""


@dataclass
class Chooser:
    """Decides for one program; remembers what was decided, for the manifest."""

    choice: KernelChoice
    decisions: list[Decision] = field(default_factory=list)

    def accepts(self, before: Graph, after: Graph) -> bool:
        """Return whether `after` is better: one operator for several, or several for one.

        `speed`: fewer instructions; `size`: less flash; `balanced`, and where the estimates of the
        instructions differ by no more than they may err: the smaller product of both.
        """
        old_set, new_set = set(before.operators), set(after.operators)
        made = [o for o in after.operators if o not in old_set]
        gone = [o for o in before.operators if o not in new_set]
        new = estimate(after, made, self.choice)
        old = estimate(before, gone, self.choice)
        taken = self._weight(new, old) <= self._weight(old, new)
        operator = min(made, key=lambda o: o.index)  # the others have indices beyond the file's
        self.decisions.append(Decision(operator, taken, len(gone), new, old))
        return taken

    def _weight(self, found: Estimate, other: Estimate) -> int:
        more, less = sorted((found.instructions, other.instructions), reverse=True)
        match self.choice.optimize:
            case "speed" if more > _UNCERTAIN * less:
                return found.instructions
            case "size":
                return found.flash_bytes
            case _:
                return found.instructions * found.flash_bytes
