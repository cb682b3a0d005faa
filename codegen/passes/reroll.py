"""Re-rolling of an unrolled Keras LSTM to one loop, REROLLED_LSTM, exact with the unrolled graph.

The search starts at an UNPACK of a sequence and follows the steps from one to the next. The graph
stays as it is when a step has another form than the rest, when any other operator reads a value of
the loop, or when the loop cannot reproduce the scales.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from codegen.errors import ModelInvalidError, ModelUnsupportedError
from codegen.ir.graph import ABSENT, DType, Graph, Operator, Quantization
from codegen.operators.recurrent.rerolled import GATES, SIGMOID, TANH, LstmScales
from codegen.operators.registry import operators
from codegen.passes.graph import Readers, readers

_KIND = "REROLLED_LSTM"


class OtherFormError(Exception):
    """Raised when the graph is no unrolled LSTM from here on."""


Accepts = Callable[[Graph, Graph], bool]
"""Function that decides whether the second graph, with one loop more, is better than the first."""


def run(graph: Graph, accepts: Accepts = lambda *_: True) -> Graph:
    """Return the graph with every unrolled LSTM as one operator, at the place of its UNPACK."""
    return rerolled(graph, accepts, Matcher, _KIND)


def rerolled(graph: Graph, accepts: Accepts, matcher: "type[Matcher]", kind: str) -> Graph:
    """Return the graph with everything that matches as one operator of that kind."""
    for operator in [o for o in graph.operators if o.kind == "UNPACK"]:
        try:
            changed = matcher(graph, readers(graph)).replaced(operator)
            operators()[kind].check(changed, _named(changed, operator.index, kind))
        except (OtherFormError, ModelInvalidError, ModelUnsupportedError):
            continue
        if accepts(graph, changed):
            graph = changed
    return graph


def _named(graph: Graph, index: int, kind: str) -> Operator:
    return next(o for o in graph.operators if (o.kind, o.index) == (kind, index))


def require(condition: bool) -> None:
    """Raise unless the graph has the form that is sought."""
    if not condition:
        raise OtherFormError


@dataclass
class Matcher:
    """One attempt: what was matched so far, and the constants that all steps share."""

    graph: Graph
    read: Readers
    matched: list[Operator] = field(default_factory=list)
    shared: dict[str, int] = field(default_factory=dict)

    def replaced(self, unpack: Operator) -> Graph:
        """Return the graph with the loop that begins at `unpack`."""
        require(unpack.options["axis"] == 0 and len(unpack.outputs) >= 2)
        self.matched.append(unpack)
        steps: list[LstmScales] = []
        hidden: list[int] = []
        cell: int | None = None
        for x in unpack.outputs:
            before = hidden[-1] if hidden else None
            step, cell, state = self._step(x, before, cell)
            steps.append(step)
            hidden.append(state)
        result = self._result(hidden)
        self._check_readers(result)
        names = ("weights", "recurrent", "first_bias", "bias")
        operator = Operator(
            unpack.index,
            _KIND,
            (unpack.inputs[0], *(self.shared[name] for name in names)),
            (result,),
            MappingProxyType({"steps": tuple(steps), "all_steps": result != hidden[-1]}),
        )
        return self._with(operator, unpack)

    def _with(self, operator: Operator, unpack: Operator) -> Graph:
        """Return the graph with the operator at the place of its UNPACK, for all that matched."""
        gone = set(self.matched)
        kept: Iterator[Operator | None] = (
            operator if o is unpack else None if o in gone else o for o in self.graph.operators
        )
        return replace(self.graph, operators=tuple(o for o in kept if o is not None))

    def _step(self, x: int, hidden: int | None, cell: int | None) -> tuple[LstmScales, int, int]:
        """Match one step; return its scales, and its cell and hidden state."""
        values: dict[str, int] = {}
        gates = self._gates(x, hidden, values)
        require(gates.inputs[1] == values["gates"] and len(gates.outputs) == GATES)
        self._check_split(gates)
        i, g, o = (
            self._activation(gates.outputs[n], kind)
            for n, kind in ((0, "LOGISTIC"), (2, "TANH"), (3, "LOGISTIC"))
        )
        values["update"] = new_cell = self._only(i, "MUL", g).outputs[0]
        values["forget"] = new_cell
        if cell is None:
            require(not self.read.get(gates.outputs[1]))
        else:
            f = self._activation(gates.outputs[1], "LOGISTIC")
            values["forget"] = self._only(f, "MUL", cell).outputs[0]
            new_cell = self._only(values["forget"], "ADD", values["update"]).outputs[0]
        values["cell"] = new_cell
        limited = self._reader(new_cell, "TANH")
        require(self._quantization(limited.outputs[0]) == TANH)
        state = self._only(o, "MUL", limited.outputs[0]).outputs[0]
        values["hidden"] = state
        return self._scales(values), new_cell, state

    def _gates(self, x: int, hidden: int | None, values: dict[str, int]) -> Operator:
        """Match all before the activations; return the SPLIT."""
        product = self._dense(x, "weights", first=hidden is None)
        names = ("input", "recurrent", "sum", "gates")
        values.update(dict.fromkeys(names, product))
        if hidden is not None:
            recurrent = self._dense(hidden, "recurrent", first=False)
            values["recurrent"] = recurrent
            found = self.read.get(recurrent, ())
            if len(found) == 1 and found[0].kind == "RESHAPE":
                self.matched.append(found[0])
                recurrent = found[0].outputs[0]
                require(self._quantization(recurrent) == self._quantization(values["recurrent"]))
            values["sum"] = self._only(product, "ADD", recurrent).outputs[0]
            biased = self._reader(values["sum"], "ADD")
            others = [i for i in biased.inputs if i != values["sum"]]
            require(len(others) == 1)
            self._share("bias", others[0])
            self._plain(biased, self.graph.tensor(values["sum"]).elements)
            values["gates"] = biased.outputs[0]
        return self._reader(values["gates"], "SPLIT")

    def _dense(self, value: int, name: str, *, first: bool) -> int:
        """Match a matrix product with the shared weights; return its result."""
        operator = self._reader(value, "FULLY_CONNECTED")
        require(operator.inputs[0] == value and operator.options["fused_activation"] == "NONE")
        self._share(name, operator.inputs[1])
        bias = operator.inputs[2] if len(operator.inputs) == 3 else ABSENT
        require((bias != ABSENT) == first)
        if first:
            self._share("first_bias", bias)
        weights = self.graph.tensor(operator.inputs[1])
        require(weights.shape[1] == self.graph.tensor(value).elements)
        require(weights.shape[0] == self.graph.tensor(operator.outputs[0]).elements)
        return operator.outputs[0]

    def _activation(self, value: int, kind: str) -> int:
        operator = self._reader(value, kind)
        expected = SIGMOID if kind == "LOGISTIC" else TANH
        require(self._quantization(operator.outputs[0]) == expected)
        return operator.outputs[0]

    def _only(self, first: int, kind: str, second: int) -> Operator:
        """Return the operator of both values, which must be of one size."""
        operator = self._reader(first, kind)
        require(sorted(operator.inputs) == sorted((first, second)))
        sizes = {self.graph.tensor(i).elements for i in (first, second)}
        require(len(sizes) == 1)
        self._plain(operator, sizes.pop())
        return operator

    def _plain(self, operator: Operator, elements: int) -> None:
        require(operator.options["fused_activation"] == "NONE")
        tensors = [self.graph.tensor(i) for i in (*operator.inputs, *operator.outputs)]
        require(all(t.elements == elements and t.dtype == DType.INT8 for t in tensors))

    def _reader(self, value: int, kind: str) -> Operator:
        """Return the one operator of that kind that reads the value."""
        found = [o for o in self.read.get(value, ()) if o.kind == kind]
        require(len(found) == 1)
        self.matched.append(found[0])
        return found[0]

    def _check_split(self, split: Operator, parts: int = GATES) -> None:
        """All parts together are the whole in its order: the axis is the last that counts."""
        tensors = [self.graph.tensor(i) for i in split.outputs]
        whole = self.graph.tensor(split.inputs[1])
        require(all(t.elements * parts == whole.elements for t in tensors))
        require(tensors[0].shape[-1] == tensors[0].elements)
        require(whole.shape[-1] == whole.elements)

    def _result(self, hidden: list[int]) -> int:
        """Return what is left: the last hidden state, or the PACK of all."""
        found = [o for o in self.read.get(hidden[0], ()) if o.kind == "PACK"]
        if not found:
            return hidden[-1]
        require(len(found) == 1 and list(found[0].inputs) == hidden)
        self.matched.append(found[0])
        return found[0].outputs[0]

    def _check_readers(self, result: int) -> None:
        gone = set(self.matched)
        for operator in gone:
            for index in operator.outputs:
                if index != result:
                    require(index not in self.graph.outputs)
                    require(all(o in gone for o in self.read.get(index, ())))

    def _share(self, name: str, index: int) -> None:
        require(self.graph.tensor(index).is_constant)
        require(self.shared.setdefault(name, index) == index)

    def _quantization(self, index: int) -> Quantization:
        quantization = self.graph.tensor(index).quantization
        require(quantization is not None and not quantization.per_channel)
        assert quantization is not None
        return replace(quantization, axis=0)

    def _scales(self, values: Mapping[str, int]) -> LstmScales:
        return LstmScales(**{name: self._quantization(index) for name, index in values.items()})
