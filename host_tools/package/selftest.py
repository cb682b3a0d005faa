"""The example of a package: recorded windows and samples, and what they gave on the host.

Its program runs them on the user's machine, with his compiler and flags, and compares each record.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen import reference
from codegen.emit import text
from codegen.frontend import tflite
from codegen.ir.graph import Graph
from host_tools.detection import replay
from host_tools.errors import DataError
from host_tools.formats import golden
from host_tools.package.sources import Generated

WINDOWS = 4
BEFORE_LABEL, AFTER_FORECAST = 10, 40
"""Samples that are replayed: the model's first forecasts, and these around the first labelled one.
"""
_SEED = 20261130
_GOLDEN = "golden.npz"
_WORDS = ("index", "state", "flags", "status")
_FLOATS = ("level", "median", "innovation", "residual", "score", "limit")
_LAST = ("masked_count", "event", "drift")


@dataclass(frozen=True)
class Array:
    """A constant array of the example as C text."""

    name: str
    type: str
    size: int
    body: str


def _array(name: str, data: NDArray[Any]) -> Array:
    return Array(name, text.c_type(data), data.size, text.c_array(data))


def arrays(generated: Generated) -> dict[str, Any]:
    """Return what the templates print of one model: its arrays, and how many records there are.

    Raises DataError when golden.npz is not of this model.
    """
    path, name = generated.model.folder / _GOLDEN, generated.name
    kept = golden.load(path) if path.is_file() else None
    graph = tflite.load(generated.model.tflite, name) if generated.model.tflite else None
    inputs, outputs = ([], []) if graph is None else _windows(graph, path, kept)
    listed = [_array(f"{name}_input{i}", data) for i, data in enumerate(inputs)]
    listed += [_array(f"{name}_output{i}", data) for i, data in enumerate(outputs)]
    channels = samples = 0
    if generated.has_detector:
        config = replay.load(generated.model.folder)
        raw = _samples(config, kept)
        records = replay.run_chain(config, raw, _forecast(graph))
        samples, channels = raw.shape
        listed.append(_array(f"{name}_samples", raw.view(np.uint32)))
        listed.append(_array(f"{name}_records", checksums(records)))
        listed.append(_array(f"{name}_states", records["state"]))
    return {
        "name": name,
        "macro": f"SAFE_{name.upper()}",
        "arrays": listed,
        "windows": len(inputs[0]) if inputs else 0,
        "samples": samples,
        "inputs": edges(generated.manifest["inputs"], "input"),
        "outputs": edges(generated.manifest["outputs"], "output"),
        "channels": channels,
    }


def edges(listed: list[Mapping[str, Any]], role: str) -> list[dict[str, Any]]:
    """Return name and C type of each input or output, as a generated header names them."""
    return [
        {
            "macro": role.upper() if len(listed) == 1 else f"{role.upper()}{i}",
            "array": f"{role}{i}",
            "type": "float" if edge["dtype"] == "float32" else f"{edge['dtype']}_t",
        }
        for i, edge in enumerate(listed)
    ]


def _windows(
    graph: Graph, path: Path, kept: golden.Golden | None
) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Return inputs and outputs of some windows: those of golden.npz, else drawn ones."""
    if kept is None:
        random = np.random.default_rng(_SEED)
        inputs = []
        for tensor in map(graph.tensor, graph.inputs):
            values = random.integers(-128, 128, (WINDOWS, *tensor.shape))
            inputs.append(values.astype(tensor.dtype.value))
        return inputs, reference.run(graph, inputs)
    kept = kept.first(min(WINDOWS, len(kept.windows)))
    tensor = graph.tensor(graph.inputs[0])
    if kept.windows[0].size != tensor.elements:
        raise DataError(f"{path}: its windows are not inputs of this model: train again")
    windows = kept.windows.reshape(-1, *tensor.shape)
    outputs = reference.run(graph, [windows])[0]
    if outputs.tobytes() != kept.outputs.tobytes():
        raise DataError(f"{path}: its outputs are not those of this model: train again")
    return [windows], [outputs]


def _samples(config: replay.ChainConfig, kept: golden.Golden | None) -> NDArray[np.float32]:
    """Return raw samples [rows, channels]: those around the first label of golden.npz, else noise
    of the training data's mean and spread.
    """
    adapter = config.adapter
    ahead = adapter.window + adapter.horizon
    if kept is None:
        random, scaler = np.random.default_rng(_SEED), adapter.scaler
        noise = random.normal(0, 1, (ahead + AFTER_FORECAST, adapter.channels))
        return (scaler.mean + noise / scaler.inv_std).astype(np.float32)
    labelled = np.flatnonzero(kept.labels)
    first = max(0, int(labelled[0]) - BEFORE_LABEL - ahead) if len(labelled) else 0
    return np.ascontiguousarray(kept.samples[first : first + ahead + AFTER_FORECAST], np.float32)


def _forecast(graph: Graph | None) -> replay.Forecast | None:
    """Return the integer reference of a forecaster; None in a product without a network."""
    if graph is None:
        return None
    source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])

    def forecast(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        found = reference.run(graph, [windows.reshape(-1, *source.shape)])[0]
        return np.asarray(found, np.int8).reshape(-1, *result.shape[-2:])

    return forecast


def checksums(records: NDArray[np.void]) -> NDArray[np.uint32]:
    """Return the CRC-32 of each record's words, as the example computes it."""
    columns = [records[name].astype(np.uint32) for name in _WORDS]
    columns += [np.ascontiguousarray(records[name]).view(np.uint32) for name in _FLOATS]
    columns.append(records["forecast_crc"])
    columns += [
        records[name][:, i].astype(np.uint32) for name in ("top", "masked") for i in range(4)
    ]
    columns += [records[name].astype(np.uint32) for name in _LAST]
    rows = np.stack(columns, axis=1).astype("<u4")
    return np.array([zlib.crc32(row.tobytes()) for row in rows], np.uint32)
