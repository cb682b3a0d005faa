"""Re-rolling of an unrolled Keras LSTM to one loop, REROLLED_LSTM, exact with the unrolled graph.

The search starts at an UNPACK of a sequence and follows the steps from one to the next, or from the
last one back: a loop that goes backwards reads the sequence through a REVERSE_V2. Both loops of a
bidirectional layer share their UNPACK; which product of an input belongs to which is told by its
weights. The graph stays as it is when a step has another form than the rest, when any other
operator reads a value of the loop, or when the loop cannot reproduce the scales. `unrolled` tells
which of these it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from codegen.errors import ModelInvalidError, ModelUnsupportedError, where
from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator, Quantization, Tensor
from codegen.operators.recurrent.rerolled import GATES, SIGMOID, TANH, LstmScales
from codegen.operators.registry import operators
from codegen.passes.graph import Readers, readers

_KIND = "REROLLED_LSTM"


class OtherFormError(Exception):
    """Raised when the graph is no unrolled loop of the kind from here on; the message says why."""


Accepts = Callable[[Graph, Graph], bool]
"""Function that decides whether the second graph, with one loop more, is better than the first."""


def run(graph: Graph, accepts: Accepts = lambda *_: True) -> Graph:
    """Return the graph with every unrolled LSTM as one operator, at the place of its UNPACK."""
    return rerolled(graph, accepts, Matcher, _KIND)


def rerolled(graph: Graph, accepts: Accepts, matcher: "type[Matcher]", kind: str) -> Graph:
    """Return the graph with everything that matches as one operator of that kind."""
    for operator in [o for o in graph.operators if o.kind == "UNPACK"]:
        for way in ways(readers(graph), operator):
            changed = attempt(matcher(graph, readers(graph), way), operator, kind)
            if not isinstance(changed, str) and accepts(graph, changed):
                graph = changed
    return graph


def ways(read: Readers, unpack: Operator) -> list["Way"]:
    """Return the ways in which loops may read what `unpack` takes apart."""
    products = (o for o in read.get(unpack.outputs[0], ()) if o.kind == "FULLY_CONNECTED")
    weights = tuple(dict.fromkeys(o.inputs[1] for o in products))
    return [Way(w, backwards) for w in weights for backwards in (False, True)]


def attempt(matcher: "Matcher", unpack: Operator, kind: str) -> Graph | str:
    """Return the graph with the loop that begins at `unpack`, or why there is none."""
    before = set(matcher.graph.operators)
    try:
        changed = matcher.replaced(unpack)
        (made,) = (o for o in changed.operators if o.kind == kind and o not in before)
        operators()[kind].check(changed, made)
    except (OtherFormError, ModelInvalidError, ModelUnsupportedError) as error:
        return str(error)
    return changed


def require(condition: bool, reason: str) -> None:
    """Raise with the reason unless the graph has the form that is sought."""
    if not condition:
        raise OtherFormError(reason)


@dataclass(frozen=True)
class Way:
    """One loop over a sequence: the weights of its inputs, and its direction."""

    weights: int
    backwards: bool = False


@dataclass
class Matcher:
    """One attempt: what was matched so far, and the constants that all steps share."""

    graph: Graph
    read: Readers
    way: Way
    matched: list[Operator] = field(default_factory=list)
    shared: dict[str, int] = field(default_factory=dict)
    steps: int = 0
    """Steps that were begun."""
    _has_bias: bool = True

    def replaced(self, unpack: Operator) -> Graph:
        """Return the graph with the loop that begins at `unpack`."""
        self._begin(unpack)
        steps: list[LstmScales] = []
        hidden: list[int] = []
        cell: int | None = None
        for x in self._inputs(unpack):
            self.steps += 1
            before = hidden[-1] if hidden else None
            step, cell, state = self._step(x, before, cell)
            steps.append(step)
            hidden.append(state)
        self.steps = 0
        result = self._result(hidden)
        self._check_readers(result)
        if not self._has_bias:
            least = min(step.sum.scale for step in steps)
            self.shared["bias"] = self._nothing(
                least, GATES * self.graph.tensor(hidden[0]).elements
            )
        names = ("weights", "recurrent", "first_bias", "bias")
        constants = (self.shared[name] for name in names)
        options = {"steps": tuple(steps), "all_steps": result != hidden[-1]}
        return self._with(Operator(0, _KIND, (*constants,), (result,), options), unpack)

    def _require(self, condition: bool, reason: str) -> None:
        """Raise unless the graph has the form that is sought; tell the step."""
        require(condition, f"step {self.steps}: {reason}" if self.steps else reason)

    def _begin(self, unpack: Operator) -> None:
        self._require(unpack.options["axis"] == 0, "its steps do not lie one after the other")
        self._require(len(unpack.outputs) >= 2, "it has one step")
        self.matched.append(unpack)

    def _inputs(self, unpack: Operator) -> tuple[int, ...]:
        """Return the inputs of the steps in the order of the steps."""
        return unpack.outputs[::-1] if self.way.backwards else unpack.outputs

    def _is_shared(self, unpack: Operator) -> bool:
        """Return whether something else reads the inputs of the steps, too."""
        gone = set(self.matched)
        return any(o not in gone for i in unpack.outputs for o in self.read.get(i, ()))

    def _with(self, loop: Operator, unpack: Operator) -> Graph:
        """Return the graph with the loop at the place of its UNPACK, for all that matched.

        `loop` has all inputs but the sequence, which comes first. It gets the index of the UNPACK,
        or where that stays, as another loop reads it, of an operator of its own.
        """
        shared = self._is_shared(unpack)
        turn, own = (operator.index for operator in self.matched[1:3])
        index = own if shared else unpack.index
        source, new = unpack.inputs[0], [unpack] if shared else []
        if self.way.backwards:
            turned = self._reversed(source, turn)
            new.append(turned)
            source = turned.outputs[0]
        options = MappingProxyType(dict(loop.options))
        new.append(replace(loop, index=index, inputs=(source, *loop.inputs), options=options))
        gone = set(self.matched)
        kept: list[Operator] = []
        for operator in self.graph.operators:
            kept += new if operator is unpack else [] if operator in gone else [operator]
        return replace(self.graph, operators=tuple(kept))

    def _reversed(self, source: int, index: int) -> Operator:
        """Return a new operator: the sequence with its last step first."""
        axis = self._constant(np.zeros(1, np.int32), None)
        made = replace(self.graph.tensor(source), index=axis + 1, name=f"backwards_{axis + 1}")
        tensors = {**self.graph.tensors, made.index: made}
        self.graph = replace(self.graph, tensors=MappingProxyType(tensors))
        return Operator(index, "REVERSE_V2", (source, axis), (made.index,))

    def _step(self, x: int, hidden: int | None, cell: int | None) -> tuple[LstmScales, int, int]:
        """Match one step; return its scales, and its cell and hidden state."""
        values: dict[str, int] = {}
        gates = self._gates(x, hidden, values)
        self._check_split(gates, GATES)
        i, g, o = (
            self._activation(gates.outputs[n], kind)
            for n, kind in ((0, "LOGISTIC"), (2, "TANH"), (3, "LOGISTIC"))
        )
        values["update"] = new_cell = self._only(i, "MUL", g).outputs[0]
        values["forget"] = new_cell
        if cell is None:
            self._require(not self.read.get(gates.outputs[1]), "its forget gate is used")
        else:
            f = self._activation(gates.outputs[1], "LOGISTIC")
            values["forget"] = self._only(f, "MUL", cell).outputs[0]
            new_cell = self._only(values["forget"], "ADD", values["update"]).outputs[0]
        values["cell"] = new_cell
        state = self._only(o, "MUL", self._activation(new_cell, "TANH")).outputs[0]
        values["hidden"] = state
        return self._scales(values), new_cell, state

    def _gates(self, x: int, hidden: int | None, values: dict[str, int]) -> Operator:
        """Match all before the activations; return the SPLIT of the gates."""
        product = self._dense(x, "weights", first=hidden is None)
        names = ("input", "recurrent", "sum", "gates")
        values.update(dict.fromkeys(names, product))
        if hidden is not None:
            recurrent = self._dense(hidden, "recurrent", first=False)
            values["recurrent"] = recurrent
            recurrent = self._through(recurrent)
            values["sum"] = values["gates"] = self._only(product, "ADD", recurrent).outputs[0]
            if not self._has_bias:
                return self._reader(values["sum"], "SPLIT")
            biased = self._reader(values["sum"], "ADD")
            others = [i for i in biased.inputs if i != values["sum"]]
            self._require(len(others) == 1, "a sum is added to itself")
            self._share("bias", others[0])
            self._plain(biased, self.graph.tensor(values["sum"]).elements)
            values["gates"] = biased.outputs[0]
        return self._reader(values["gates"], "SPLIT")

    def _dense(self, value: int, name: str, *, first: bool) -> int:
        """Match a matrix product with the shared weights; return its result."""
        operator = self._matrix(value, name)
        bias = operator.inputs[2] if len(operator.inputs) == 3 else ABSENT
        if first:
            self._has_bias = bias != ABSENT
            rows = self.graph.tensor(operator.outputs[0]).elements
            self._share("first_bias", bias if self._has_bias else self._no_bias(rows))
        else:
            self._require(bias == ABSENT, place(operator, "has a bias of its own"))
        return operator.outputs[0]

    def _matrix(self, value: int, name: str) -> Operator:
        """Match a matrix product with the shared weights: of an input that of the sought loop."""
        own = self.way.weights if name == "weights" else None
        if not any(own in o.inputs for o in self.read.get(value, ())):
            own = None  # of a step that has other weights: `_share` tells it
        operator = self._reader(value, "FULLY_CONNECTED", own)
        self._check_product(operator, value)
        self._share(name, operator.inputs[1])
        return operator

    def _no_bias(self, rows: int) -> int:
        """Return a new constant: the bias of a product that has none."""
        return self._constant(np.zeros(rows, np.int32), None)

    def _nothing(self, scale: float, elements: int) -> int:
        """Return a new constant of zeros: a value of that scale or a larger one plus these, at the
        value's scale and zero point, is the value.

        ADD takes 2^20 times the value by 1/2, then by 2^-19: nothing is rounded.
        """
        return self._constant(np.zeros(elements, np.int8), Quantization((scale,), (0,)))

    def _constant(self, data: Array, quantization: Quantization | None) -> int:
        """Return the index of a new constant."""
        index = max(self.graph.tensors) + 1
        data.setflags(write=False)
        dtype = DType(str(data.dtype))
        made = Tensor(index, f"none_{index}", data.shape, dtype, quantization, data)
        self.graph = replace(
            self.graph, tensors=MappingProxyType({**self.graph.tensors, index: made})
        )
        return index

    def _check_product(self, operator: Operator, value: int) -> None:
        """Require a plain product of one row of values."""
        self._require(
            operator.inputs[0] == value and operator.options["fused_activation"] == "NONE",
            place(operator, "has an activation of its own, or takes the value as weights"),
        )
        rows, depth = self.graph.tensor(operator.inputs[1]).shape
        sizes = (self.graph.tensor(i).elements for i in (operator.outputs[0], value))
        self._require((rows, depth) == tuple(sizes), place(operator, "takes more than one row"))

    def _activation(self, value: int, kind: str) -> int:
        operator = self._reader(self._through(value), kind)
        expected = SIGMOID if kind == "LOGISTIC" else TANH
        same = self._quantization(operator.outputs[0]) == expected
        self._require(same, place(operator, "has another scale than TFLite gives it"))
        return operator.outputs[0]

    def _through(self, value: int) -> int:
        """Return the value behind RESHAPEs that are all that reads it."""
        found = self.read.get(value, [])
        while len(found) == 1 and found[0].kind == "RESHAPE":
            self.matched.append(found[0])
            after = found[0].outputs[0]
            same = self._quantization(value) == self._quantization(after)
            self._require(same, place(found[0], "changes the scale"))
            value, found = after, self.read.get(after, [])
        return value

    def _only(self, first: int, kind: str, second: int) -> Operator:
        """Return the operator of both values, which must be of one size."""
        operator = self._reader(first, kind)
        same = sorted(operator.inputs) == sorted((first, second))
        self._require(same, place(operator, "joins other values than the form has"))
        self._plain(operator, self.graph.tensor(first).elements)
        return operator

    def _plain(self, operator: Operator, elements: int) -> None:
        tensors = [self.graph.tensor(i) for i in (*operator.inputs, *operator.outputs)]
        self._require(
            operator.options["fused_activation"] == "NONE"
            and all(t.elements == elements and t.dtype == DType.INT8 for t in tensors),
            place(operator, "is no plain int8 operator on values of one size"),
        )

    def _reader(self, value: int, kind: str, weights: int | None = None) -> Operator:
        """Return the one operator of that kind, and with those weights, that reads the value."""
        read = self.read.get(value, ())
        found = [o for o in read if o.kind == kind and (weights is None or o.inputs[1] == weights)]
        if len(found) != 1:
            kinds = ", ".join(sorted({o.kind for o in read})) or "nothing"
            name = self.graph.tensor(value).name
            several = f"{len(found)} {kind}, where the loop has one"
            to = several if len(found) > 1 else f"{kinds}, where the loop has {kind}"
            self._require(False, f'"{name}" goes to {to}')
        self.matched.append(found[0])
        return found[0]

    def _check_split(self, split: Operator, parts: int) -> None:
        """All parts together are the whole in its order: the axis is the last that counts."""
        tensors = [self.graph.tensor(i) for i in split.outputs]
        whole = self.graph.tensor(split.inputs[operators()[split.kind].data_input])
        self._require(
            len(tensors) == parts
            and all(t.elements * parts == whole.elements for t in tensors)
            and tensors[0].shape[-1] == tensors[0].elements
            and whole.shape[-1] == whole.elements,
            place(split, f"does not cut {parts} equal gates"),
        )

    def _result(self, hidden: list[int]) -> int:
        """Return what is left: the last hidden state, or the PACK of all."""
        found = [o for o in self.read.get(hidden[0], ()) if o.kind == "PACK"]
        if not found:
            return hidden[-1]
        same = len(found) == 1 and list(found[0].inputs) == hidden
        self._require(
            same, place(found[0], "does not take the hidden state of every step in order")
        )
        self.matched.append(found[0])
        return found[0].outputs[0]

    def _check_readers(self, result: int) -> None:
        gone = set(self.matched)
        for operator in self.matched[1:]:  # the UNPACK may be another loop's, too
            for index in operator.outputs:
                if index != result:
                    others = [o for o in self.read.get(index, ()) if o not in gone]
                    name = self.graph.tensor(index).name
                    require(index not in self.graph.outputs, f'"{name}" is an output of the model')
                    require(not others, f'"{name}" is used outside of the loop, too')

    def _share(self, name: str, index: int) -> None:
        words = name.replace("_", " ")
        self._require(self.graph.tensor(index).is_constant, f"its {words} are computed")
        same = self.shared.setdefault(name, index) == index
        self._require(same, f"it has {words} of its own")

    def _quantization(self, index: int) -> Quantization:
        quantization = self.graph.tensor(index).quantization
        if quantization is None or quantization.per_channel:
            name = self.graph.tensor(index).name
            raise OtherFormError(f'step {self.steps}: "{name}" has not one scale')
        return replace(quantization, axis=0)

    def _scales(self, values: Mapping[str, int]) -> LstmScales:
        return LstmScales(**{name: self._quantization(index) for name, index in values.items()})


def place(operator: Operator, what: str) -> str:
    """Return a reason that begins with the operator."""
    return f"{where(operator.index, operator.kind)} {what}"
