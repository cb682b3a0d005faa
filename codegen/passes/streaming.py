"""Streaming: operators along the window are computed for the new sample only, the rest on demand.

The graph becomes two: the operators that run once per sample, and those that make the outputs
from what was kept. A value that moves with the window is known but for its newest row, so its
operator is computed on as many input rows as one output row sees. Rows that saw padding do not
move: they are computed from the rows at the end of the window whenever the outputs are wanted.
The outputs are those of the whole window, to the last bit: each row is the same operator, with
the same numbers, on the same inputs.

Rows that see padding may instead share the products of their samples with the others
(`shared_products.py`): then all is computed per sample.

What is kept lies in variables (`Buffer`), changed by SLIDE and CONV_STREAM only. The first
operators that need all rows read a view of the whole buffer, and nothing after them changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from codegen.errors import ModelUnsupportedError, VerifierError, where
from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.ir.rows import RowRule, Rows
from codegen.ir.stream import Stopped, Stream, Streamed
from codegen.operators.registry import operators
from codegen.options import Goal
from codegen.passes import shared_products as _shared
from codegen.passes.rows import rule, supported, time_axis
from codegen.passes.shared_products import Shared

Part = Literal["new", "head", "tail"]
"""Part of a streamed value: the newest row that moves, the border before, or the border behind."""


@dataclass
class _Need:
    """Rows of a streamed value that its readers take."""

    whole: bool = False
    new: int = 1
    head: int = 0
    tail: int = 0


@dataclass(frozen=True)
class _Buffer:
    """Rows of a streamed value that are kept: from `first` to the last."""

    variable: int
    first: int


def run(graph: Graph, optimize: Goal) -> tuple[Graph, Stream]:
    """Return the graph that computes per sample, and what it is made of.

    `optimize` says whether memory may be spent on fewer instructions, see `shared_products.find`.
    Raises `ModelUnsupportedError`, naming the operator, when nothing but views comes before the
    first operator that needs the whole window.
    """
    keeping = next((o for o in graph.operators if operators()[o.kind].keeps_state), None)
    if keeping is not None:
        raise ModelUnsupportedError(
            f"{where(keeping.index, keeping.kind)}: the model keeps its own state from call to "
            "call: generate without --streaming"
        )
    source, rows = _input(graph)
    known = {source.index: rows}
    rules: dict[Operator, RowRule] = {}
    stopped = []
    for operator in graph.operators:
        if known.keys().isdisjoint(operator.inputs):
            continue
        found = rule(graph, operator, known)
        if isinstance(found, RowRule):
            rules[operator] = found
            known[operator.outputs[0]] = found.rows
        else:
            stopped.append(Stopped(operator.index, operator.kind, found))
    if all(operators()[o.kind].is_view for o in rules):
        if not stopped:
            raise ModelUnsupportedError(
                "the model computes nothing, it only shapes its input: generate without --streaming"
            )
        first = stopped[0]
        raise ModelUnsupportedError(
            f"{where(first.index, first.kind)}: nothing can be computed per sample, because "
            f"{first.why}: generate without --streaming; streamed are {', '.join(supported())}"
        )
    shared = _shared.find(graph, known, rules, optimize)
    return _Builder(graph, source, known, rules, shared).build(tuple(stopped))


def _input(graph: Graph) -> tuple[Tensor, Rows]:
    """Return the model's input and its rows."""
    source = graph.tensor(graph.inputs[0])
    axis = time_axis(source)
    if len(graph.inputs) != 1 or axis is None:
        raise ModelUnsupportedError(
            f'input "{source.name}" is {source.dtype}{list(source.shape)}, one of '
            f"{len(graph.inputs)}: streaming needs a single one of shape [1, window, channels]; "
            "generate without --streaming"
        )
    return source, Rows(axis, source.shape[axis])


@dataclass
class _Builder:
    """Makes the new graph, operator by operator."""

    graph: Graph
    source: Tensor
    known: dict[int, Rows]
    rules: dict[Operator, RowRule]
    shared: dict[Operator, Shared]
    tensors: dict[int, Tensor] = field(default_factory=dict)
    push: list[Operator] = field(default_factory=list)
    rest: list[Operator] = field(default_factory=list)
    parts: dict[tuple[int, Part], int] = field(default_factory=dict)
    """Index of the tensor of a part, by the streamed value's index and the part."""
    taken: dict[tuple[int, Part, int, int], int] = field(default_factory=dict)
    """Index of the tensor of rows taken out of a buffer, by the streamed value's index, the part,
    the first row and the number of rows."""
    buffers: dict[int, _Buffer] = field(default_factory=dict)
    next_operator: int = 0

    def build(self, stopped: tuple[Stopped, ...]) -> tuple[Graph, Stream]:
        """Return the new graph and its description."""
        self.tensors = dict(self.graph.tensors)
        self.next_operator = max(o.index for o in self.graph.operators) + 1
        needs = self._needs()
        sample = self._tensor(self.source, self._shape(self.source, 1), "sample")
        self.parts[self.source.index, "new"] = sample
        self._keep(self.source, needs[self.source.index])
        views = {view for shared in self.shared.values() for view in shared.views}
        for operator in self.rules:
            if operator in self.shared:
                self._share(operator)
            elif operator not in views:
                self._stream(operator, needs[operator.outputs[0]])
        for index, need in needs.items():
            if need.whole:
                self._add(self.rest, "RESHAPE", (self.buffers[index].variable,), (index,))
        self.rest += [o for o in self.graph.operators if o not in self.rules]
        graph = replace(
            self.graph,
            tensors=MappingProxyType(self.tensors),
            operators=(*self.push, *self.rest),
            inputs=(sample,),
        )
        self._check()
        streamed = tuple(
            Streamed(o.index, o.kind, r.rows.length, self._border_rows(o))
            for o, r in self.rules.items()
        )
        samples = self.known[self.source.index].length
        return graph, Stream(self.source, samples, len(self.push), streamed, stopped)

    def _needs(self) -> dict[int, _Need]:
        """Return what is needed of every streamed value, from the readers back."""
        needs = {index: _Need() for index in self.known}
        for operator in self.graph.operators:
            for index in operator.inputs if operator not in self.rules else ():
                if index in needs:
                    needs[index].whole = True
        for index in set(self.graph.outputs) & needs.keys():
            needs[index].whole = True
        for operator, found in reversed(self.rules.items()):
            if operator in self.shared:
                continue  # it takes the sample alone, whatever is needed of it
            head, tail = _borders(found.rows, needs[operator.outputs[0]])
            for index in set(operator.inputs) & needs.keys():
                need = needs[index]
                need.new = max(need.new, found.taps + found.delay(self.known[index]))
                need.head = max(need.head, found.head_rows() if head else 0)
                need.tail = max(need.tail, found.tail_rows() if tail else 0)
        return needs

    def _stream(self, operator: Operator, need: _Need) -> None:
        """Add an operator for the newest row, and for the borders where they are needed."""
        found, output = self.rules[operator], self.graph.tensor(operator.outputs[0])
        head, tail = _borders(found.rows, need)
        self._compute(operator, "new", 1, found.taps, (0, 0))
        self._keep(output, need)
        if head:
            self._compute(operator, "head", found.rows.before, found.head_rows(), (found.pad, 0))
            self._put(output, "head")
        if tail:
            padding = (0, found.pad_after)
            self._compute(operator, "tail", found.rows.after, found.tail_rows(), padding)
            self._put(output, "tail")

    def _share(self, operator: Operator) -> None:
        """Add the convolution that makes the rows at the borders, too, into the buffer."""
        found, end = self.rules[operator], self.graph.tensor(self.shared[operator].value)
        variable = self._tensor(end, end.shape, "kept", variable=True)
        self.buffers[end.index] = _Buffer(variable, 0)
        rows, (source, *constants) = found.rows, operator.inputs
        options = {
            "fused_activation": operator.options["fused_activation"],
            "before": rows.before,
            "inside": rows.inside,
            "after": rows.after,
            "counts": self._counts(),
        }
        inputs = (variable, self.parts[source, "new"], *constants)
        made = Operator(operator.index, "CONV_STREAM", inputs, (), MappingProxyType(options))
        self.push.append(made)

    def _border_rows(self, operator: Operator) -> int:
        """Return the rows of an operator that are computed with the outputs."""
        rows = self.rules[operator].rows
        shared = [o for found in self.shared.items() for o in (found[0], *found[1].views)]
        return 0 if operator in shared else rows.before + rows.after

    def _compute(
        self, operator: Operator, part: Part, count: int, taps: int, padding: tuple[int, int]
    ) -> None:
        """Add the operator for `count` output rows, made of `taps` rows of its inputs."""
        found, output = self.rules[operator], self.graph.tensor(operator.outputs[0])
        inputs = tuple(
            self._take(i, part, taps, found) if i in self.known else i for i in operator.inputs
        )
        made = self._tensor(output, self._shape(output, count), part)
        self.parts[output.index, part] = made
        options = operator.options if found.options is None else found.options(*padding)
        is_view = operators()[operator.kind].is_view
        changed = Operator(
            operator.index if part == "new" else self._number(),
            "RESHAPE" if is_view else operator.kind,
            inputs[:1] if is_view else inputs,
            (made,),
            options,
        )
        (self.push if part == "new" else self.rest).append(changed)

    def _take(self, index: int, part: Part, count: int, reader: RowRule) -> int:
        """Return the tensor of `count` rows of a streamed value: the newest that the reader's
        newest row sees, or the first or last of the whole.
        """
        rows = self.known[index]
        first = {"head": 0, "tail": rows.length - count}.get(part, -1)
        whole = count == {"head": rows.before, "tail": rows.after}.get(part, -1)
        if part == "new":
            delay = reader.delay(rows)
            first = rows.length - rows.after - delay - count
            whole = (count, delay) == (1, 0)
        if whole:
            return self.parts[index, part]
        key = (index, part, first, count)
        if key not in self.taken:
            self.taken[key] = self._slice(*key)
        return self.taken[key]

    def _slice(self, index: int, part: Part, first: int, count: int) -> int:
        """Add a view of rows of a buffer; a copy where they are not aligned."""
        buffer, value, axis = self.buffers[index], self.tensors[index], self.known[index].axis
        kept = self.tensors[buffer.variable]
        made = self._tensor(value, self._shape(value, count), f"{part} {count}")
        where_to = self.push if part == "new" else self.rest
        if count == kept.shape[axis]:
            self._add(where_to, "RESHAPE", (buffer.variable,), (made,))
            return made
        begin = [first - buffer.first if n == axis else 0 for n in range(len(kept.shape))]
        extents = (self._constant(begin), self._constant(self.tensors[made].shape))
        self._add(where_to, "SLICE", (buffer.variable, *extents), (made,))
        return made

    def _keep(self, value: Tensor, need: _Need) -> None:
        """Add the buffer of a value, if older rows are needed, and the SLIDE that fills it."""
        rows = self.known[value.index]
        all_rows = need.whole or need.head > rows.before
        if not (all_rows or need.new > 1 or need.tail > rows.after):
            return
        first = 0 if all_rows else rows.length - max(need.tail, need.new + rows.after)
        shape = self._shape(value, rows.length - first)
        variable = self._tensor(value, shape, "kept", variable=True)
        self.buffers[value.index] = _Buffer(variable, first)
        start = max(rows.before - first, 0)
        keep = rows.length - rows.after - first - start - 1
        self._slide(self.push, variable, self.parts[value.index, "new"], (start, keep, 1))

    def _put(self, value: Tensor, part: Part) -> None:
        """Add the SLIDE that puts a border into the buffer, if the buffer has a place for it."""
        buffer, rows = self.buffers.get(value.index), self.known[value.index]
        if buffer is None or (part == "head" and buffer.first > 0):
            return
        count = rows.before if part == "head" else rows.after
        start = 0 if part == "head" else rows.length - rows.after - buffer.first
        self._slide(self.rest, buffer.variable, self.parts[value.index, part], (start, 0, count))

    def _slide(
        self, operators: list[Operator], variable: int, rows: int, place: tuple[int, int, int]
    ) -> None:
        start, keep, count = place
        options = {"start": start, "keep": keep, "count": count, "counts": self._counts()}
        made = Operator(self._number(), "SLIDE", (variable, rows), (), MappingProxyType(options))
        operators.append(made)

    def _counts(self) -> bool:
        """Return whether the next operator that keeps rows is the first: it counts samples."""
        return all(operator.outputs for operator in self.push)

    def _shape(self, tensor: Tensor, count: int) -> tuple[int, ...]:
        axis = self.known[tensor.index].axis
        return (*tensor.shape[:axis], count, *tensor.shape[axis + 1 :])

    def _tensor(
        self, like: Tensor, shape: tuple[int, ...], role: str, *, variable: bool = False
    ) -> int:
        index = max(self.tensors) + 1
        self.tensors[index] = replace(
            like, index=index, name=f"{like.name}/{role}", shape=shape, is_variable=variable
        )
        return index

    def _constant(self, values: Sequence[int]) -> int:
        data = np.array(values, dtype=np.int32)
        data.setflags(write=False)
        index = max(self.tensors) + 1
        self.tensors[index] = Tensor(index, f"rows{index}", data.shape, DType.INT32, data=data)
        return index

    def _add(
        self,
        operators: list[Operator],
        kind: str,
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
    ) -> None:
        operators.append(Operator(self._number(), kind, inputs, outputs))

    def _number(self) -> int:
        self.next_operator += 1
        return self.next_operator - 1

    def _check(self) -> None:
        """Raise unless the outputs are made of what is kept alone."""
        for operator in self.rest:
            lost = set(operator.inputs) & set(_made(self.push))
            if lost:
                raise VerifierError(
                    f"{where(operator.index, operator.kind)}: reads t{min(lost)}, which lasts for "
                    "one sample only; this is a defect of SAFE"
                )


def _borders(rows: Rows, need: _Need) -> tuple[bool, bool]:
    """Return whether the borders before and behind are needed."""
    head = rows.before > 0 and (need.whole or need.head > 0)
    return head, rows.after > 0 and (need.whole or need.tail > 0)


def _made(operators: Sequence[Operator]) -> Iterator[int]:
    for operator in operators:
        yield from operator.outputs
