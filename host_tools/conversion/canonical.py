"""A hash of what a TFLite model computes, and a check that it computes in integers only.

File bytes are no measure: the same tensors can be written in another order or with other
bookkeeping. The hash covers tensors (name, type, shape, quantization, constant data) and
operators (kind, inputs, outputs) in graph order.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codegen.frontend import tflite as importer
from host_tools.errors import ConversionError
from targets.errors import SafeError

FUSED = "UNIDIRECTIONAL_SEQUENCE_LSTM"


def _names(enumeration: Any) -> dict[int, str]:
    return {v: k for k, v in vars(enumeration).items() if isinstance(v, int)}


def _kinds(model: Any) -> list[str]:
    """Return the name of each operator code; newer files fill only one of two fields."""
    import tflite

    names = _names(tflite.BuiltinOperator)
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    numbers = [max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) for code in codes]
    return [names.get(number, f"operator {number}") for number in numbers]


def _array(values: Any) -> list[Any]:
    return [] if isinstance(values, int) else np.asarray(values).tolist()


def _tensor(model: Any, tensor: Any) -> dict[str, Any]:
    data = model.Buffers(tensor.Buffer()).DataAsNumpy()
    content = b"" if isinstance(data, int) else np.asarray(data).tobytes()
    quantization = tensor.Quantization()
    edges: list[Any] = []
    if quantization is not None:
        edges = [
            [float(scale).hex() for scale in _array(quantization.ScaleAsNumpy())],
            _array(quantization.ZeroPointAsNumpy()),
            quantization.QuantizedDimension(),
        ]
    return {
        "name": (tensor.Name() or b"").decode(),
        "type": tensor.Type(),
        "shape": _array(tensor.ShapeAsNumpy()),
        "quantization": edges,
        "data": hashlib.sha256(content).hexdigest(),
    }


@dataclass(frozen=True)
class _Content:
    """A model as plain values: tensors as dictionaries, operators as (kind, inputs, outputs)."""

    tensors: list[dict[str, Any]]
    operators: list[tuple[str, list[int], list[int]]]


def _read(path: Path) -> _Content:
    import tflite

    try:
        model = tflite.Model.GetRootAs(path.read_bytes(), 0)
        if model.SubgraphsLength() != 1:
            raise ConversionError(f"{path}: has {model.SubgraphsLength()} subgraphs, not one")
        graph, kinds = model.Subgraphs(0), _kinds(model)
        found = [graph.Operators(i) for i in range(graph.OperatorsLength())]
        return _Content(
            [_tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength())],
            [
                (kinds[o.OpcodeIndex()], _array(o.InputsAsNumpy()), _array(o.OutputsAsNumpy()))
                for o in found
            ],
        )
    # What a damaged flatbuffer raises depends on where its numbers point.
    except (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise ConversionError(f"{path}: cannot be read as TFLite: {error}") from error


def canonical_hash(path: Path) -> str:
    """Return the SHA-256 of a model's tensors and operators, hexadecimal.

    Raises:
        ConversionError: Not a readable TFLite model of one subgraph.
    """
    text = json.dumps(vars(_read(path)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def scales(path: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the quantization scales by tensor name, as hexadecimal floats: of tensors that the
    operators before the first fused recurrent one touch, and of all others.

    Raises:
        ConversionError: Not a readable TFLite model of one subgraph.
    """
    content = _read(path)
    early: set[int] = set()
    for kind, inputs, outputs in content.operators:
        if kind == FUSED:
            break
        early |= {*inputs, *outputs}
    parts: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
    for number, tensor in enumerate(content.tensors):
        if tensor["quantization"] and tensor["quantization"][0]:
            part = parts[0] if number in early else parts[1]
            part[tensor["name"]] = tensor["quantization"][0]
    return parts


def operators(path: Path) -> list[str]:
    """Return the operator kinds of a model, in order.

    Raises:
        ConversionError: Not a readable TFLite model of one subgraph.
    """
    return [kind for kind, _, _ in _read(path).operators]


def check_integer(path: Path, *, fused: bool = True) -> list[str]:
    """Return the operator kinds of a model after the generator's own check of it.

    Float operators that it makes integers of on import are none any more.

    Raises:
        ConversionError: SAFE does not generate the model, or (with `fused`) the recurrent
            operator is not the fused one.
    """
    content = _read(path)
    try:
        importer.load(path.read_bytes(), path.name)
    except SafeError as error:
        raise ConversionError(f"SAFE does not generate the converted model: {error}") from error
    found = [kind for kind, _, _ in content.operators]
    if fused and FUSED not in found:
        raise ConversionError(f"{path.name}: no fused {FUSED}, only {', '.join(found)}")
    return found
