"""Re-rolling of an unrolled Keras GRU (reset_after) to one loop, REROLLED_GRU, with the same bytes.

The steps are matched as `reroll` matches those of an LSTM: from an UNPACK of a sequence, step by
step. The bias of the input's product must have the same values in every step; the bias of the
hidden state's product has the scale of the hidden state, and so differs.
"""

from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from codegen.ir.graph import ABSENT, Graph, Operator
from codegen.operators.layout.strided_slice import slices
from codegen.operators.recurrent.gru import GATES, GruScales
from codegen.passes.reroll import Accepts, Matcher, require, rerolled

_KIND = "REROLLED_GRU"


def run(graph: Graph, accepts: Accepts = lambda *_: True) -> Graph:
    """Return the graph with every unrolled GRU as one operator, at the place of its UNPACK."""
    return rerolled(graph, accepts, _GruMatcher, _KIND)


@dataclass
class _GruMatcher(Matcher):
    """One attempt; terms of the first step, and the recurrent bias of each other."""

    first_terms: list[int] = field(default_factory=list)
    biases: list[int] = field(default_factory=list)

    def replaced(self, unpack: Operator) -> Graph:
        """Return the graph with the loop that begins at `unpack`."""
        require(unpack.options["axis"] == 0 and len(unpack.outputs) >= 2)
        self.matched.append(unpack)
        steps: list[GruScales] = []
        hidden: list[int] = []
        for x in unpack.outputs:
            step, state = self._gru_step(x, hidden[-1] if hidden else None)
            steps.append(step)
            hidden.append(state)
        result = self._result(hidden)
        self._check_readers(result)
        shared = (self.shared[name] for name in ("weights", "recurrent", "bias", "one"))
        operator = Operator(
            unpack.index,
            _KIND,
            (unpack.inputs[0], *shared, *self.first_terms, *self.biases),
            (result,),
            MappingProxyType({"steps": tuple(steps), "all_steps": result != hidden[-1]}),
        )
        return self._with(operator, unpack)

    def _gru_step(self, x: int, hidden: int | None) -> tuple[GruScales, int]:
        """Match one step; return its scales and its hidden state."""
        product = self._product(x, "weights")
        parts = self._split(product)
        if hidden is None:
            terms = [ABSENT] * GATES
        else:
            recurrent = self._product(hidden, "recurrent")
            terms = self._slices(recurrent)
        update, terms[0] = self._plus(parts[0], "ADD", terms[0])
        reset, terms[1] = self._plus(parts[1], "ADD", terms[1])
        z, r = self._activation(update, "LOGISTIC"), self._activation(reset, "LOGISTIC")
        reset_product, terms[2] = self._plus(r, "MUL", terms[2])
        value, _ = self._plus(parts[2], "ADD", reset_product)
        candidate = self._activation(value, "TANH")
        opened = self._opened(z)
        new = self._only(opened, "MUL", candidate).outputs[0]
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

    def _product(self, value: int, name: str) -> int:
        """Match a matrix product with the shared weights and a bias; return its result."""
        operator = self._reader(value, "FULLY_CONNECTED")
        require(operator.inputs[0] == value and operator.options["fused_activation"] == "NONE")
        self._share(name, operator.inputs[1])
        require(len(operator.inputs) == 3 and operator.inputs[2] != ABSENT)
        bias = operator.inputs[2]
        require(self.graph.tensor(bias).is_constant)
        if name == "weights":
            first = self.shared.setdefault("bias", bias)
            one, other = (np.asarray(self.graph.tensor(i).data) for i in (first, bias))
            require(np.array_equal(one, other))
        else:
            self.biases.append(bias)
        weights = self.graph.tensor(operator.inputs[1])
        require(weights.shape[1] == self.graph.tensor(value).elements)
        require(weights.shape[0] == self.graph.tensor(operator.outputs[0]).elements)
        return operator.outputs[0]

    def _split(self, product: int) -> list[int]:
        split = self._reader(product, "SPLIT")
        require(split.inputs[1] == product and len(split.outputs) == GATES)
        self._check_split(split, GATES)
        return list(split.outputs)

    def _slices(self, product: int) -> list[int]:
        """Match the three thirds of a product; return them in order."""
        whole = self.graph.tensor(product)
        units = whole.elements // GATES
        found: dict[int, int] = {}
        for operator in self.read.get(product, ()):
            require(operator.kind == "STRIDED_SLICE" and operator.inputs[0] == product)
            axis = slices(self.graph, operator)[-1]
            require(self.graph.tensor(operator.outputs[0]).elements == axis.count == units)
            require(axis.step == 1 or units == 1)
            found[axis.start] = operator.outputs[0]
            self.matched.append(operator)
        require(whole.shape[-1] == whole.elements and sorted(found) == [0, units, 2 * units])
        return [found[start] for start in sorted(found)]

    def _plus(self, first: int, kind: str, second: int) -> tuple[int, int]:
        """Match the operator of `first` and `second`, or of a constant; return both others."""
        if second != ABSENT:
            return self._only(first, kind, second).outputs[0], second
        operator = self._reader(first, kind)
        others = [i for i in operator.inputs if i != first]
        require(len(others) == 1 and self.graph.tensor(others[0]).is_constant)
        self._plain(operator, self.graph.tensor(first).elements)
        return operator.outputs[0], others[0]

    def _opened(self, z: int) -> int:
        """Match the term 1 − z of the update gate z."""
        operator = self._reader(z, "SUB")
        require(operator.inputs[1] == z and operator.options["fused_activation"] == "NONE")
        require(self.graph.tensor(operator.inputs[0]).elements == 1)
        self._share("one", operator.inputs[0])
        output = self.graph.tensor(operator.outputs[0])
        require(output.elements == self.graph.tensor(z).elements)
        return operator.outputs[0]
