"""The example of a package: recorded windows and samples, and what they gave on the host.

Its program runs them on the user's machine, with his compiler and flags, and compares each record.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen import reference
from codegen.emit import text
from codegen.frontend import tflite
from codegen.ir.graph import Graph
from host_tools.detection import replay
from host_tools.formats import golden
from host_tools.package.sources import Generated
from targets.errors import ModelError

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
    """Return what the templates print of one model: its arrays, and how many records there are."""
    if generated.model.tflite is None:
        raise ModelError(
            f"{generated.name} has no network, which a package needs for its self-test: use"
            " host_tools generate --standalone"
        )
    graph = tflite.load(generated.model.tflite, generated.name)
    inputs, outputs = _windows(graph, generated)
    count = len(inputs[0])
    listed = [_array(f"{generated.name}_input{i}", data) for i, data in enumerate(inputs)]
    listed += [_array(f"{generated.name}_output{i}", data) for i, data in enumerate(outputs)]
    samples = 0
    if generated.has_detector:
        raw, records = _samples(graph, generated)
        samples = len(raw)
        listed.append(_array(f"{generated.name}_samples", raw.view(np.uint32)))
        listed.append(_array(f"{generated.name}_records", checksums(records)))
        listed.append(_array(f"{generated.name}_states", records["state"]))
    return {
        "name": generated.name,
        "macro": f"SAFE_{generated.name.upper()}",
        "arrays": listed,
        "windows": count,
        "samples": samples,
        "inputs": edges(generated.manifest["inputs"], "input"),
        "outputs": edges(generated.manifest["outputs"], "output"),
        "channels": raw.shape[1] if generated.has_detector else 0,
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


def _windows(graph: Graph, generated: Generated) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Return inputs and outputs of some windows: those of golden.npz, else drawn ones."""
    path = generated.model.folder / _GOLDEN
    if path.is_file():
        kept = golden.load(path)
        kept = kept.first(min(WINDOWS, len(kept.windows)))
        return [kept.windows], [kept.outputs]
    random = np.random.default_rng(_SEED)
    inputs = []
    for index in graph.inputs:
        tensor = graph.tensor(index)
        values = random.integers(-128, 128, (WINDOWS, *tensor.shape))
        inputs.append(values.astype(tensor.dtype.value))
    return inputs, reference.run(graph, inputs)


def _samples(graph: Graph, generated: Generated) -> tuple[NDArray[np.float32], NDArray[np.void]]:
    """Return raw samples [rows, channels], and the records that they give from power-up."""
    config = replay.load(generated.model.folder)
    adapter = config.adapter
    ahead = adapter.window + adapter.horizon
    path = generated.model.folder / _GOLDEN
    if path.is_file():
        kept = golden.load(path)
        labelled = np.flatnonzero(kept.labels)
        first = max(0, int(labelled[0]) - BEFORE_LABEL - ahead) if len(labelled) else 0
        rows = kept.samples[first : first + ahead + AFTER_FORECAST]
    else:
        random = np.random.default_rng(_SEED)
        scaler = adapter.scaler
        noise = random.normal(0, 1, (ahead + AFTER_FORECAST, len(scaler.mean)))
        rows = (scaler.mean + noise / scaler.inv_std).astype(np.float32)
    rows = np.ascontiguousarray(rows, np.float32)

    def forecast(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        shape = (len(windows), *graph.tensor(graph.inputs[0]).shape)
        found = reference.run(graph, [windows.reshape(shape)])[0]
        return found.reshape(len(windows), -1, adapter.channels).astype(np.int8)

    return rows, replay.run_chain(config, rows, forecast)


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
