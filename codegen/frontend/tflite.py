"""A TFLite file to a graph: every malformed or unsupported input is one clear error.

The order of the checks is the order in which they help: damage first, then what the model is
(several subgraphs, float), then single operators and tensors.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tflite
from flatbuffers.number_types import Int32Flags

from codegen.errors import CodegenError, ModelInvalidError, ModelUnsupportedError, where
from codegen.frontend import dilation, islands, parts, reader, shapes, support, variables
from codegen.frontend.tensors import Tensors
from codegen.ir import verifier
from codegen.ir.graph import ABSENT, Graph, Operator, Tensor
from codegen.operators.registry import operators as supported_operators

MAX_OPERATORS = 4096
_BUILTIN_CODE_SLOT = 10
"""vtable slot of field number 3 of OperatorCode in the TFLite schema: 4 + 2 · 3."""

_MAX_EDGES = 1024
"""Largest number of inputs or outputs of one operator, or of the model."""


def _names_of(enumeration: Any) -> dict[int, str]:
    return {v: k for k, v in vars(enumeration).items() if isinstance(v, int)}


_KINDS = _names_of(tflite.BuiltinOperator)
_OPTIONS = _names_of(tflite.BuiltinOptions)


def load(source: Path | bytes, name: str) -> Graph:
    """Read a model from a file or from its bytes.

    Raises `ModelInvalidError` when it is damaged or breaks the format, `ModelUnsupportedError`
    when SAFE does not generate code for it. The result keeps the rules of `ir.verifier`, and
    every operator has passed its own check.
    """
    label = name if isinstance(source, bytes) else str(source)
    try:
        data = reader.read_bytes(source)
        return _Importer(data, name).graph()
    except CodegenError as error:
        raise type(error)(f"{label}: {error}") from error


class _Importer:
    """One import: the file, its main subgraph, and the tensors read so far."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._model = reader.root(data)
        self._subgraphs = reader.tables(
            data, "subgraph", self._model.SubgraphsLength, self._model.Subgraphs
        )
        if not self._subgraphs:
            raise ModelInvalidError("the model has no subgraph")
        self._tensors = Tensors(data, self._model, self._subgraphs[0])

    def graph(self) -> Graph:
        """Return the checked graph."""
        kinds = self._kinds()
        entries = self._entries(0)
        found = list(self._raw(entries, kinds))
        bare = self._operators(found, self._initial_values(found, kinds))
        inputs = self._edges("model inputs", self._subgraphs[0], "Inputs")
        outputs = self._edges("model outputs", self._subgraphs[0], "Outputs")
        for role, index in [("input", i) for i in inputs] + [("output", i) for i in outputs]:
            self._tensors.load(index, f"model {role}")
        tensors = self._tensors.found
        graph = Graph(
            name=self._name,
            tensors=MappingProxyType({i: tensors[i] for i in sorted(tensors)}),
            operators=tuple(bare),
            inputs=inputs,
            outputs=outputs,
            sha256=hashlib.sha256(self._data).hexdigest(),
            source_operators=tuple(bare),
        )
        graph = parts.run(graph)
        _verify(graph)
        typed = _Options(entries)
        graph = islands.run(graph, typed)
        support.check_model(graph)
        graph = shapes.run(replace(graph, operators=tuple(_with_options(graph, typed))))
        _verify(graph)
        graph = dilation.run(graph)
        for operator in graph.operators:
            self._check(graph, operator)
        return graph

    def _check(self, graph: Graph, operator: Operator) -> None:
        """Run the operator's own check; where the file leaves a shape open, it breaks no rule."""
        try:
            supported_operators()[operator.kind].check(graph, operator)
        except ModelInvalidError as error:
            named = [i for i in (*operator.inputs, *operator.outputs) if i in self._tensors.open]
            if not named:
                raise
            raise ModelUnsupportedError(
                f'{error} (the file leaves the shape of "{graph.tensor(named[0]).name}" open: '
                "convert with a fixed batch of 1)"
            ) from error

    def _entries(self, number: int) -> list[Any]:
        subgraph = self._subgraphs[number]
        entries = reader.tables(
            self._data, "operator", subgraph.OperatorsLength, subgraph.Operators
        )
        if len(entries) > MAX_OPERATORS:
            raise ModelUnsupportedError(
                f"the model has {len(entries)} operators, the limit is {MAX_OPERATORS}"
            )
        return entries

    def _initial_values(
        self, found: Sequence[variables.Raw], kinds: list[str]
    ) -> dict[variables.Name, Tensor]:
        """Return what the subgraphs that CALL_ONCE names assign; raises for any other subgraph."""
        with reader.reading(f"the options of {variables.ONCE}"):
            once = {raw.options.InitSubgraphIndex() for raw in found if raw.kind == variables.ONCE}
        if set(range(1, len(self._subgraphs))) != once:
            raise ModelUnsupportedError(
                f"the model has {len(self._subgraphs)} subgraphs (control flow such as WHILE, or "
                "several signatures): convert one function with a fixed batch of 1 and a fused LSTM"
            )
        values: dict[variables.Name, Tensor] = {}
        for number in sorted(once):
            raw = list(self._raw(self._entries(number), kinds))
            tensors = Tensors(self._data, self._model, self._subgraphs[number])
            for assignment in (r for r in raw if r.kind == variables.ASSIGN):
                for index in assignment.inputs[1:]:
                    tensors.load(index, where(assignment.index, assignment.kind))
            values |= variables.initial_values(raw, tensors.found)
        return values

    def _operators(
        self, found: Sequence[variables.Raw], initial: Mapping[variables.Name, Tensor]
    ) -> list[Operator]:
        """Return the operators with their tensors read; resources are variables."""
        kept = variables.Variables(found, initial, self._tensors.count)
        bare = []
        for raw in found:
            if raw.kind in (variables.HANDLE, variables.ONCE):
                continue
            is_access = raw.kind in (variables.READ, variables.ASSIGN)
            place = where(raw.index, raw.kind)
            for tensor in (*raw.inputs[1 if is_access else 0 :], *raw.outputs):
                if tensor != ABSENT:
                    self._tensors.load(tensor, place)
            if is_access:
                value = self._tensors.found[(*raw.outputs, *raw.inputs[1:])[0]]
                bare.append(kept.operator(raw, value))
            else:
                bare.append(Operator(raw.index, raw.kind, raw.inputs, raw.outputs))
        self._tensors.found |= {tensor.index: tensor for tensor in kept.tensors}
        return bare

    def _kinds(self) -> list[str]:
        """Return the operator name of each entry of the operator code table."""
        codes = reader.tables(
            self._data, "operator code", self._model.OperatorCodesLength, self._model.OperatorCodes
        )
        found = []
        for code in codes:
            with reader.reading("operator code"):
                value = builtin_code(code)
            kind = _KINDS.get(value, f"BUILTIN_{value}")
            if kind == "CUSTOM":
                custom = reader.text("name of a custom operator", code.CustomCode)
                kind = f'CUSTOM "{custom}"'
            found.append(kind)
        return found

    def _raw(self, entries: Sequence[Any], kinds: list[str]) -> Iterator[variables.Raw]:
        for index, entry in enumerate(entries):
            with reader.reading(f"operator {index}"):
                code = int(entry.OpcodeIndex())
            if not 0 <= code < len(kinds):
                raise ModelInvalidError(
                    f"operator {index}: operator code {code} does not exist, the model has "
                    f"{len(kinds)}"
                )
            place = where(index, kinds[code])
            inputs = self._edges(f"{place}: inputs", entry, "Inputs")
            outputs = self._edges(f"{place}: outputs", entry, "Outputs")
            is_access = kinds[code] in variables.KINDS
            options = None
            if is_access:
                with reader.reading(f"{place}: options"):
                    options = _typed_options(entry, place)
                variables.check(index, kinds[code], (inputs, outputs), options)
            elif not outputs:
                raise ModelInvalidError(f"{place}: has no output; export the model again")
            yield variables.Raw(index, kinds[code], inputs, outputs, options)

    @staticmethod
    def _edges(what: str, table: Any, field: str) -> tuple[int, ...]:
        return reader.integers(
            what, getattr(table, f"{field}Length"), getattr(table, f"{field}AsNumpy"), _MAX_EDGES
        )


def builtin_code(code: Any) -> int:
    """Return which operator a code stands for, in files older than schema 3a, too.

    The field `builtin_code`, which those lack, is read by its slot:
    `tflite.OperatorCode.BuiltinCode` returns the deprecated byte for every code below 127, and that
    byte is 0 (ADD) where a converter no longer writes it.
    """
    table = code._tab
    place = table.Offset(_BUILTIN_CODE_SLOT)
    field = int(table.Get(Int32Flags, place + table.Pos)) if place else 0
    return max(field, int(code.DeprecatedBuiltinCode()))


def _verify(graph: Graph) -> None:
    problem = next(verifier.problems(graph), None)
    if problem is not None:
        raise ModelInvalidError(str(problem))


class _Options:
    """The options tables of the file's operators, by their index."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self._entries = entries

    def __call__(self, operator: Operator) -> Any:
        """Return the `tflite` table that the file names for an operator, or None."""
        place = where(operator.index, operator.kind)
        with reader.reading(f"{place}: options"):
            return _typed_options(self._entries[operator.index], place)


def _with_options(graph: Graph, typed: _Options) -> Iterator[Operator]:
    """Yield the operators with their attributes; those that the importer made have them."""
    for operator in graph.operators:
        spec = supported_operators()[operator.kind]
        if spec.internal:
            yield operator
            continue
        with reader.reading(f"{where(operator.index, operator.kind)}: options"):
            options: Mapping[str, Any] = spec.parse_options(typed(operator))
        yield replace(operator, options=MappingProxyType(dict(options)))


def _typed_options(entry: Any, place: str) -> Any:
    """Return the operator's options as the `tflite` table that the file names, or None."""
    kind = int(entry.BuiltinOptionsType())
    raw = entry.BuiltinOptions()
    if kind == 0 or raw is None:
        return None
    if kind not in _OPTIONS:
        raise ModelInvalidError(f"{place}: options table type {kind} is unknown")
    options = getattr(tflite, _OPTIONS[kind])()
    options.Init(raw.Bytes, raw.Pos)
    return options
