"""Re-rolling of an unrolled Keras GRU (reset_after) to one loop, REROLLED_GRU, with the same bytes.

The steps are matched as `reroll` matches those of an LSTM: from an UNPACK of a sequence, step by
step. The bias of the input's product must have the same values in every step; the bias of the
hidden state's product has the scale of the hidden state, and so differs. Without a bias the first
step has no sums.
"""

from dataclasses import dataclass, field

import numpy as np

from codegen.ir.graph import ABSENT, Graph, Operator
from codegen.operators.layout.strided_slice import slices
from codegen.operators.recurrent.gru import GATES, GruScales
from codegen.passes.reroll import Accepts, Matcher, place, rerolled

_KIND = "REROLLED_GRU"
_SPLITS = ("SPLIT", "SPLIT_V")


def run(graph: Graph, accepts: Accepts = lambda *_: True) -> Graph:
    """Return the graph with every unrolled GRU as one operator, at the place of its UNPACK."""
    return rerolled(graph, accepts, GruMatcher, _KIND)


@dataclass
class GruMatcher(Matcher):
    """One attempt; terms of the first step, and the recurrent bias of each other."""

    first_terms: list[int] = field(default_factory=list)
    biases: list[int] = field(default_factory=list)

    def replaced(self, unpack: Operator) -> Graph:
        """Return the graph with the loop that begins at `unpack`."""
        self._begin(unpack)
        steps: list[GruScales] = []
        hidden: list[int] = []
        for x in self._inputs(unpack):
            self.steps += 1
            step, state = self._gru_step(x, hidden[-1] if hidden else None)
            steps.append(step)
            hidden.append(state)
        self.steps = 0
        result = self._result(hidden)
        self._check_readers(result)
        shared = (self.shared[name] for name in ("weights", "recurrent", "bias", "one"))
        constants = (*shared, *self.first_terms, *self.biases)
        options = {"steps": tuple(steps), "all_steps": result != hidden[-1]}
        return self._with(Operator(0, _KIND, constants, (result,), options), unpack)

    def _gru_step(self, x: int, hidden: int | None) -> tuple[GruScales, int]:
        """Match one step; return its scales and its hidden state."""
        product = self._product(x, "weights")
        parts = self._gates_of(product)
        if hidden is not None:
            terms = self._slices(self._product(hidden, "recurrent"))
        elif all(o.kind == "ADD" for o in self.read.get(parts[0], ())):
            terms = [ABSENT] * GATES
        else:
            return self._first_step_without_bias(product, parts)
        update, terms[0] = self._plus(parts[0], "ADD", terms[0])
        reset, terms[1] = self._plus(parts[1], "ADD", terms[1])
        z, r = self._activation(update, "LOGISTIC"), self._activation(reset, "LOGISTIC")
        reset_product, terms[2] = self._plus(r, "MUL", terms[2])
        value, _ = self._plus(parts[2], "ADD", reset_product)
        opened, new = self._new(z, self._activation(value, "TANH"))
        kept = state = new
        if hidden is None:
            self.first_terms = list(terms)
        else:
            kept = self._only(z, "MUL", hidden).outputs[0]
            state = self._only(kept, "ADD", new).outputs[0]
        q = self._quantization
        step = GruScales(
            input=q(product),
            terms=(q(terms[0]), q(terms[1]), q(terms[2])),
            update=q(update),
            reset=q(reset),
            reset_product=q(reset_product),
            value=q(value),
            open=q(opened),
            kept=q(kept),
            new=q(new),
            hidden=q(state),
        )
        return step, state

    def _first_step_without_bias(self, product: int, parts: list[int]) -> tuple[GruScales, int]:
        """Match a first step whose sums are left out, as the hidden state and its terms are 0.

        In their place stand sums with 0 at the scale of the input's terms, which change nothing.
        """
        z = self._activation(parts[0], "LOGISTIC")
        used = any(o.kind != "RESHAPE" for o in self.read.get(parts[1], ()))
        self._require(not used, "its reset gate is used although there is no bias")
        opened, new = self._new(z, self._activation(parts[2], "TANH"))
        q, units = self._quantization, self.graph.tensor(new).elements
        self.first_terms = [self._nothing(q(product).scale, units)] * GATES
        nothing = q(self.first_terms[0])
        step = GruScales(
            input=q(product),
            terms=(nothing, nothing, nothing),
            update=q(product),
            reset=q(product),
            reset_product=nothing,
            value=q(product),
            open=q(opened),
            kept=q(new),
            new=q(new),
            hidden=q(new),
        )
        return step, new

    def _new(self, z: int, candidate: int) -> tuple[int, int]:
        """Match 1 − z and its product with the candidate; return both."""
        opened = self._opened(z)
        return opened, self._only(opened, "MUL", candidate).outputs[0]

    def _product(self, value: int, name: str) -> int:
        """Match a matrix product with the shared weights; return its result."""
        operator = self._matrix(value, name)
        rows, depth = self.graph.tensor(operator.inputs[1]).shape
        before = name == "recurrent" and rows == (GATES - 1) * depth
        self._require(not before, "the reset comes before the product (reset_after=False): no loop")
        bias = operator.inputs[2] if len(operator.inputs) == 3 else ABSENT
        if bias == ABSENT:
            bias = self._no_bias(self.graph.tensor(operator.outputs[0]).elements)
        self._require(self.graph.tensor(bias).is_constant, place(operator, "has a computed bias"))
        if name == "weights":
            first = self.shared.setdefault("bias", bias)
            one, other = (np.asarray(self.graph.tensor(i).data) for i in (first, bias))
            self._require(np.array_equal(one, other), place(operator, "has a bias of its own"))
        else:
            self.biases.append(bias)
        return operator.outputs[0]

    def _gates_of(self, product: int) -> list[int]:
        """Match the three gates that a product is cut into; return them in order."""
        read = self.read.get(product, ())
        kind = next((o.kind for o in read if o.kind in _SPLITS), "SPLIT")
        split = self._reader(product, kind)
        self._require(len(read) == 1, place(split, "is not all that reads the product"))
        self._check_split(split, GATES)
        return [self._through(part) for part in split.outputs]

    def _slices(self, product: int) -> list[int]:
        """Match the three thirds of a product; return them in order."""
        read = self.read.get(product, ())
        if any(o.kind in _SPLITS for o in read):
            return self._gates_of(product)
        whole = self.graph.tensor(product)
        units = whole.elements // GATES
        found: dict[int, int] = {}
        for operator in read:
            is_slice = operator.kind == "STRIDED_SLICE" and operator.inputs[0] == product
            self._require(is_slice, place(operator, "reads the hidden state's terms"))
            axis = slices(self.graph, operator)[-1]
            cuts = self.graph.tensor(operator.outputs[0]).elements == axis.count == units
            self._require(cuts and (axis.step == 1 or units == 1), place(operator, "cuts no gate"))
            found[axis.start] = operator.outputs[0]
            self.matched.append(operator)
        thirds = whole.shape[-1] == whole.elements and sorted(found) == [0, units, 2 * units]
        self._require(thirds, "the hidden state's terms are not three gates")
        return [found[start] for start in sorted(found)]

    def _plus(self, first: int, kind: str, second: int) -> tuple[int, int]:
        """Match the operator of `first` and `second`, or of a constant; return both others."""
        if second != ABSENT:
            return self._only(first, kind, second).outputs[0], second
        operator = self._reader(first, kind)
        others = [i for i in operator.inputs if i != first]
        constant = len(others) == 1 and self.graph.tensor(others[0]).is_constant
        self._require(constant, place(operator, "adds no constant"))
        self._plain(operator, self.graph.tensor(first).elements)
        return operator.outputs[0], others[0]

    def _opened(self, z: int) -> int:
        """Match the term 1 − z of the update gate z."""
        operator = self._reader(z, "SUB")
        sizes = [self.graph.tensor(i).elements for i in (*operator.inputs, *operator.outputs)]
        self._require(
            operator.inputs[1] == z
            and operator.options["fused_activation"] == "NONE"
            and sizes == [1, self.graph.tensor(z).elements, self.graph.tensor(z).elements],
            place(operator, "is not 1 less the update gate"),
        )
        self._share("one", operator.inputs[0])
        return operator.outputs[0]
