"""Know an LSTM in a loop of TensorFlow operations, and put the operator in its place.

A guess by structure: two matrix products with known weights, a split into four gates, three
sigmoids and two tanh, and a state that starts at zero. Whoever uses it compares outputs, so that
a loop that only looks like an LSTM is an error and never a wrong model.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

KIND = "LSTM"
_CELL = {"MatMul": 2, "Split": 1, "Sigmoid": 3, "Tanh": 2, "Mul": 3}


class Items:
    """A list of tensors, as loops read and write them.

    Attributes:
        values: The tensors; None where nothing was written yet.
        whole: The same with the batch first, [1, T, …], when it is at hand.
    """

    def __init__(self, values: list[Any], whole: Any = None) -> None:
        self.values, self.whole = values, whole

    @classmethod
    def of(cls, tensor: Any, transposed: "tuple[Any, list[Any]] | None") -> "Items":
        """Return the parts of a tensor along its first axis.

        `transposed` is (tensor, (what it was transposed from, permutation)), if it was.
        """
        import tensorflow as tf

        whole = None
        if transposed is not None and _swaps(transposed[1][1]):
            whole = transposed[1][0]
        parts = list(tensor) if isinstance(tensor, np.ndarray) else tf.unstack(tensor)
        return cls(parts, whole)

    def replaced(self, number: int, value: Any) -> "Items":
        """Return the list with another value at one place."""
        return Items([*self.values[:number], value, *self.values[number + 1 :]])

    def stacked(self) -> Any:
        """Return the values as one tensor [T, …]."""
        import tensorflow as tf

        if self.whole is not None:
            return tf.transpose(self.whole, (1, 0, 2))
        return tf.stack(self.values)

    def shortcut(self, one: Any, others: list[Any]) -> Any:
        """Return the result of an operation on the stacked list without stacking it: one of its
        values, or the whole with the batch first; None when the operation is another.
        """
        if one.op == "Transpose" and self.whole is not None and _swaps(others[0]):
            return self.whole
        if one.op != "StridedSlice" or one.attr["shrink_axis_mask"].i != 1:
            return None
        begin = others[0]
        if not isinstance(begin, np.ndarray) or begin.shape != (1,):
            return None
        return self.values[int(begin[0])]


def _swaps(permutation: Any) -> bool:
    return isinstance(permutation, np.ndarray) and permutation.tolist() == [1, 0, 2]


class _Unknown:
    """The cell's last state, which the operator does not give: any use of it fails."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError("the last cell state of an LSTM is used: give --unrolled")


@dataclass(frozen=True, eq=False)
class Found:
    """An LSTM in a loop.

    Attributes:
        weights: Kernel [C, 4U], recurrent kernel [U, 4U] and, if it has one, bias [4U].
        source: Place of the list that it reads among the loop's inputs.
        result: Place of the list that it writes.
        hidden: Place of the output state.
        cell: Place of the cell state.
    """

    weights: list[NDArray[np.float32]]
    source: int
    result: int
    hidden: int
    cell: int

    def operator(self) -> Any:
        """Return the operator, a layer of tf_keras with these weights."""
        import tf_keras

        width, units = self.weights[0].shape[0], self.weights[1].shape[0]
        made = tf_keras.layers.LSTM(
            units, return_sequences=True, use_bias=len(self.weights) == 3, name="lstm"
        )
        made.build((1, None, width))
        made.set_weights(self.weights)
        return made

    def outputs(self, operator: Any, inputs: list[Any]) -> list[Any]:
        """Return what the loop would give: lists, states, and the rest as it was."""
        import tensorflow as tf

        items: Items = inputs[self.source]
        steps = len(items.values)
        whole = items.whole
        if whole is None:
            whole = tf.reshape(items.stacked(), (1, steps, self.weights[0].shape[0]))
        sequence = operator(whole)
        last = sequence[:, -1]
        outputs = list(inputs)
        if len(inputs[self.result].values) == 1:
            outputs[self.result] = Items([last])
        else:
            outputs[self.result] = Items(tf.unstack(sequence, axis=1), sequence)
        outputs[self.hidden], outputs[self.cell] = last, _Unknown()
        return outputs


def find(body: Any, inputs: list[Any]) -> Found | None:
    """Return the LSTM that a loop's body (a FunctionDef) is, or None.

    Args:
        body: One step.
        inputs: Values that the loop starts with: numpy arrays where known, tensors, `Items`.
    """
    kinds = Counter(one.op for one in body.node_def)
    if any(kinds[op] != count for op, count in _CELL.items()):
        return None
    names = [argument.name for argument in body.signature.input_arg]
    lists = [n for n, value in enumerate(inputs) if isinstance(value, Items)]
    read = [n for n in lists if all(v is not None for v in inputs[n].values)]
    written = [n for n in lists if all(v is None for v in inputs[n].values)]
    if len(read) != 1 or len(written) != 1 or not inputs[read[0]].values:
        return None
    if len(inputs[written[0]].values) not in (1, len(inputs[read[0]].values)):
        return None
    hidden = [
        names.index(one.input[0])
        for one in body.node_def
        if one.op == "MatMul" and one.input[0] in names
    ]
    if len(hidden) != 1 or not isinstance(inputs[hidden[0]], np.ndarray):
        return None
    units = inputs[hidden[0]].shape[-1]
    states = [n for n, v in enumerate(inputs) if _is_state(v, units)]
    weights = _weights(inputs, names, body, hidden[0])
    if len(states) != 2 or hidden[0] not in states or weights is None:
        return None
    cell = states[0] if states[1] == hidden[0] else states[1]
    return Found(weights, read[0], written[0], hidden[0], cell)


def _is_state(value: Any, units: int) -> bool:
    return isinstance(value, np.ndarray) and value.shape == (1, units) and not value.any()


def _weights(
    inputs: list[Any], names: list[str], body: Any, hidden: int
) -> list[NDArray[np.float32]] | None:
    """Return kernel, recurrent kernel and bias, found by what they are multiplied with."""
    by_name = {one.name: one for one in body.node_def}

    def origin(name: str) -> Any:
        """Return the loop's input behind a tensor of the body, through copies."""
        owner = name.split(":", maxsplit=1)[0]
        while owner in by_name and by_name[owner].op == "Identity":
            owner = by_name[owner].input[0].split(":")[0]
        return inputs[names.index(owner)] if owner in names else None

    products = [one for one in body.node_def if one.op == "MatMul"]
    products.sort(key=lambda one: one.input[0] == names[hidden])
    found = [origin(one.input[1]) for one in products]
    found += [origin(one.input[1]) for one in body.node_def if one.op == "BiasAdd"]
    if len(found) == 2:
        parts = [part for part in map(origin, _gate_biases(body)) if part is not None]
        if parts and all(isinstance(part, np.ndarray) for part in parts):
            found.append(np.concatenate([part.reshape(-1) for part in parts]))
    if len(found) > 3 or not all(isinstance(value, np.ndarray) for value in found):
        return None
    units = inputs[hidden].shape[-1]
    if found[1].shape != (units, 4 * units) or found[0].shape[1:] != (4 * units,):
        return None
    if len(found) == 3 and found[2].shape != (4 * units,):
        return None
    return [value.astype(np.float32) for value in found]


def _gate_biases(body: Any) -> list[str]:
    """Return what is added to each gate behind the split, as onnx2tf writes a bias, in order."""
    split = next(one.name for one in body.node_def if one.op == "Split")
    added: dict[int, str] = {}
    for one in body.node_def:
        if one.op in ("Add", "AddV2"):
            for gate, other in (one.input, reversed(one.input)):
                owner, _, place = gate.rpartition(":output:")
                if owner == split:
                    added[int(place)] = other
    return [added[place] for place in sorted(added)]
