"""A SavedModel without the structure of its network, run operation by operation.

`model.export()` of Keras 3 and many other tools keep a graph of TensorFlow operations only: a
recurrent operator is a loop over lists of tensors there, which does not become an int8 model.
For a batch of one window everything about such a loop but its numbers is known. So the graph is
run symbolically: lists are Python lists, loops are followed step by step, and a loop that is an
LSTM becomes the operator again (`lstm_loop`), unless it is to be unrolled. Whoever uses the
result compares its outputs with the SavedModel's.
"""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.conversion import lstm_loop, structure
from host_tools.conversion.lstm_loop import Items
from host_tools.errors import ConversionError, DataError

MOST_STEPS = 10_000
"""Largest number of steps of one loop; a longer loop would give a model that nobody can use."""

_INFERRED = ("type_attr", "number_attr", "type_list_attr")
_SAME = {"Identity", "StopGradient", "PreventGradient", "Snapshot"}
_LOOPS, _BRANCHES = {"While", "StatelessWhile"}, {"If", "StatelessIf"}
_CALLS = {"PartitionedCall", "StatefulPartitionedCall"}


class SavedGraph:
    """A SavedModel's serving function of one input and one output.

    Attributes:
        path: Its folder.
        name: For the networks built from it.
        inputs, outputs: One tensor description each, with `shape`, batch first.
    """

    layers: tuple[()] = ()
    """Layers of the network: none, because a SavedModel's structure is not known."""

    def __init__(self, path: Path) -> None:
        """Read a folder.

        Raises:
            DataError: Not a SavedModel that can be called with one tensor.
            ConversionError: It has operations that reach files or Python.
        """
        import tensorflow as tf

        structure.check_operations(path)

        try:
            self._kept = tf.saved_model.load(str(path))
            signatures = self._kept.signatures
            self.call = signatures["serving_default"]
        except (OSError, ValueError, KeyError, AttributeError, tf.errors.OpError) as error:
            text = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise DataError(f"{path}: not a SavedModel that can be called: {text}") from error
        sources, results = self.call.structured_input_signature[1], self.call.structured_outputs
        self.path, self.name = path, path.name
        self.inputs = [source for _, source in sorted(sources.items())]
        self.outputs = [result for _, result in sorted(results.items())]
        self._source = next(iter(sources), "")

    def __call__(self, windows: Any, **_: Any) -> Any:
        """Return what the SavedModel computes, through its signature as any user would."""
        import tensorflow as tf

        outputs = self.call(**{self._source: tf.constant(windows)})
        return next(iter(outputs.values()))

    def save(self, path: Path) -> None:
        """Write the serving function as a SavedModel of its own."""
        import tensorflow as tf

        tf.saved_model.save(self._kept, str(path), signatures={"serving_default": self.call})

    def build(self, *, unroll: bool) -> "RebuiltNetwork":
        """Return the network for one window at a time; see `RebuiltNetwork`."""
        return RebuiltNetwork(self, unroll=unroll)


class RebuiltNetwork:
    """A SavedGraph as a function of one window [1, W, C], and what it uses.

    Attributes:
        loops: What each loop became, in order: LSTM, or UNROLLED.
        inputs: Of the SavedModel, see there.
        name: Of the SavedModel.
    """

    UNROLLED = "unrolled"

    def __init__(self, source: SavedGraph, *, unroll: bool) -> None:
        """Follow the graph once, which makes the operators that hold weights.

        Raises:
            ConversionError: An operation cannot be followed.
        """
        import tensorflow as tf
        from tensorflow.python.framework.convert_to_constants import (
            convert_variables_to_constants_v2,
        )

        frozen = convert_variables_to_constants_v2(source.call, lower_control_flow=False)
        self._graph = frozen.graph.as_graph_def()
        self._feed = frozen.inputs[0].name.split(":")[0]
        self._fetch = frozen.outputs[0].name
        self._unroll = unroll
        self._lstms: list[Any] = []
        self.loops: list[str] = []
        self.inputs, self.name = source.inputs, source.name
        shape = tuple(source.inputs[0].shape[1:])
        try:
            tf.function(self, autograph=False).get_concrete_function(
                tf.TensorSpec((1, *shape), tf.float32)
            )
        except (ValueError, TypeError, LookupError, AttributeError, tf.errors.OpError) as error:
            text = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
            raise ConversionError(f"{source.path}: its graph cannot be followed: {text}") from error

    @property
    def variables(self) -> list[Any]:
        """The weights that are no constants."""
        return [variable for operator in self._lstms for variable in operator.variables]

    def __call__(self, samples: Any, **_: Any) -> Any:
        """Return the forecast of one window, within a tf.function."""
        self.loops = []
        run = _Run(self._graph, self)
        return run.graph(self._graph, {self._feed: samples}, [self._fetch])[0]

    def lstm(self, found: lstm_loop.Found) -> Any:
        """Return the operator of a loop: made the first time, the same from then on."""
        number = self.loops.count(lstm_loop.KIND)
        if number == len(self._lstms):
            import tensorflow as tf

            with tf.init_scope():
                self._lstms.append(found.operator())
        return self._lstms[number]

    @property
    def unroll(self) -> bool:
        """Whether LSTMs stay loops, to be unrolled."""
        return self._unroll


class _Run:
    """One walk through the graph. Values are numpy arrays as far as they are known, tensors,
    or `Items` for lists.
    """

    def __init__(self, graph: Any, built: RebuiltNetwork) -> None:
        self._functions = {one.signature.name: one for one in graph.library.function}
        self._built = built
        self._transposed: dict[int, tuple[Any, Any]] = {}

    def graph(self, graph: Any, feeds: Mapping[str, Any], fetches: Sequence[str]) -> list[Any]:
        """Return the tensors `fetches` ("name:0") of a GraphDef."""
        values: dict[str, list[Any]] = {name: [value] for name, value in feeds.items()}
        for one in _in_order(graph):
            if one.name not in values:
                inputs = [_pick(values, name) for name in one.input if not name.startswith("^")]
                values[one.name] = self._operation(one, inputs)
        return [_pick(values, name) for name in fetches]

    def function(self, name: str, arguments: Sequence[Any]) -> list[Any]:
        """Return what a function of the library gives."""
        from tensorflow.python.framework import function_def_to_graph

        about = self._functions[name]
        graph, flat = function_def_to_graph.function_def_to_graph_def(about)
        names = [argument.name for argument in about.signature.input_arg]
        fetches = [flat[about.ret[result.name]] for result in about.signature.output_arg]
        return self.graph(graph, dict(zip(names, arguments, strict=True)), fetches)

    def _operation(self, one: Any, inputs: list[Any]) -> list[Any]:
        import tensorflow as tf

        if one.op == "NoOp":
            return []
        if one.op == "Const":
            return [tf.make_ndarray(one.attr["value"].tensor)]
        if one.op in _SAME:
            return inputs[:1]
        if one.op in _LOOPS:
            return self._loop(one, inputs)
        if one.op in _BRANCHES:
            branch = "then_branch" if bool(_known(one, inputs[0])) else "else_branch"
            return self.function(one.attr[branch].func.name, inputs[1:])
        if one.op in _CALLS:
            return self.function(one.attr["f"].func.name, inputs)
        if one.op.startswith("TensorList") or one.op == "EmptyTensorList":
            return [self._list(one, inputs)]
        return self._tensor(one, inputs)

    def _tensor(self, one: Any, inputs: list[Any]) -> list[Any]:
        if isinstance(inputs[0] if inputs else None, Items):
            items: Items = inputs[0]
            if (found := items.shortcut(one, inputs[1:])) is not None:
                return [found]
            inputs = [items.stacked(), *inputs[1:]]
        known = one.op == "Shape" and inputs[0].shape
        if known and not isinstance(known, tuple) and known.is_fully_defined():
            return [np.array(known, dtype=np.int32)]
        outputs = _taken(one, inputs) or _execute(one, inputs)
        if one.op == "Transpose" and len(outputs[0].shape) == 3:
            self._transposed[id(outputs[0])] = (outputs[0], inputs)
        return outputs

    def _list(self, one: Any, inputs: list[Any]) -> Any:
        """Return the result of an operation on lists."""
        kind = one.op.removeprefix("TensorList")
        if kind == "Reserve":
            return Items([None] * int(_known(one, inputs[1])))
        if kind == "EmptyTensorList":
            return Items([])
        if kind == "FromTensor":
            return Items.of(inputs[0], self._transposed.get(id(inputs[0])))
        items: Items = inputs[0]
        if kind == "GetItem":
            return items.values[int(_known(one, inputs[1]))]
        if kind == "SetItem":
            return items.replaced(int(_known(one, inputs[1])), inputs[2])
        if kind == "PushBack":
            return Items([*items.values, inputs[1]])
        if kind == "Length":
            return np.int32(len(items.values))
        if kind == "Stack":
            return items
        raise ConversionError(f'"{one.name}" is {one.op}: lists of this kind are not supported')

    def _loop(self, one: Any, inputs: list[Any]) -> list[Any]:
        body, condition = one.attr["body"].func.name, one.attr["cond"].func.name
        found = None if self._built.unroll else lstm_loop.find(self._functions[body], inputs)
        if found is not None:
            operator = self._built.lstm(found)
            self._built.loops.append(lstm_loop.KIND)
            return found.outputs(operator, inputs)
        self._built.loops.append(RebuiltNetwork.UNROLLED)
        for _ in range(MOST_STEPS):
            if not bool(_known(one, self.function(condition, inputs)[0])):
                return inputs
            inputs = self.function(body, inputs)
        raise ConversionError(f'"{one.name}" runs for more than {MOST_STEPS} steps')


def _taken(one: Any, inputs: list[Any]) -> list[Any] | None:
    """Return one place along an axis by a slice, which there is in integers; else None."""
    if one.op != "GatherV2" or not all(
        isinstance(v, np.ndarray) and not v.shape for v in inputs[1:]
    ):
        return None
    place, axis = (int(value) for value in inputs[1:])
    return [inputs[0][(*[slice(None)] * (axis % len(inputs[0].shape)), place)]]


def _pick(values: Mapping[str, list[Any]], name: str) -> Any:
    owner, _, number = name.partition(":")
    return values[owner][int(number or 0)]


def _known(one: Any, value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value
    raise ConversionError(f'"{one.name}" ({one.op}) depends on the samples: not a fixed network')


def _in_order(graph: Any) -> list[Any]:
    """Return the operations of a GraphDef, each after what it uses."""
    by_name = {one.name: one for one in graph.node}
    done: set[str] = set()
    order: list[Any] = []
    for root in graph.node:
        stack = [root.name]
        while stack:
            name = stack[-1]
            uses = [used.lstrip("^").split(":")[0] for used in by_name[name].input]
            if missing := [used for used in uses if used not in done]:
                stack += missing
                continue
            stack.pop()
            if name not in done:
                done.add(name)
                order.append(by_name[name])
    return order


def _execute(one: Any, inputs: list[Any]) -> list[Any]:
    """Run one operation of TensorFlow; at once, when all its inputs are known."""
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    about, call = op_def_registry.get(one.op), getattr(tf.raw_ops, one.op, None)
    if about is None or call is None:
        raise ConversionError(f'"{one.name}" is {one.op}: not an operation of TensorFlow')
    left, arguments = list(inputs), {}
    # Python calls some inputs otherwise (`axis` for `reduction_indices`) and keeps their order.
    taken = list(inspect.signature(call).parameters)
    named = {one.name for one in (*about.input_arg, *about.attr)} | {"name"}
    renamed = [name for name in taken if name not in named]
    for argument in about.input_arg:
        name = argument.name if argument.name in taken else renamed.pop(0)
        many = argument.number_attr or argument.type_list_attr
        if not many:
            arguments[name] = left.pop(0)
            continue
        attribute = one.attr[many]
        count = attribute.i if argument.number_attr else len(attribute.list.type)
        arguments[name] = [left.pop(0) for _ in range(count)]
    counted = {getattr(a, kind) for a in about.input_arg for kind in _INFERRED}
    for attribute in about.attr:
        if attribute.name in counted or attribute.name not in one.attr:
            continue
        name = attribute.name
        if name not in taken and renamed:
            name = renamed.pop(0)
        if name in taken:
            arguments[name] = _attribute(one.attr[attribute.name])
    if all(isinstance(value, np.ndarray | np.generic) for value in inputs):
        with tf.init_scope():
            return [np.asarray(value) for value in _listed(call(**arguments))]
    return _listed(call(**arguments))


def _listed(result: Any) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


def _attribute(value: Any) -> Any:
    import tensorflow as tf

    kind = value.WhichOneof("value")
    if kind == "list":
        held = value.list
        for name in ("i", "f", "b", "s", "type", "shape"):
            if len(getattr(held, name)):
                return [tf.as_dtype(v) if name == "type" else v for v in getattr(held, name)]
        return []
    if kind == "type":
        return tf.as_dtype(value.type)
    if kind == "shape":
        return tf.TensorShape(value.shape)
    if kind == "tensor":
        return value.tensor
    return getattr(value, kind)
