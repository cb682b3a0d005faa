"""How much work a kernel call has, read from its parameters: what the cost model counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from codegen.ir.call import KernelCall

_WHOLE_RANGE = (-128, 127)


@dataclass(frozen=True)
class Extent:
    """Work of one call, by what kernels loop over."""

    places: int
    """Output positions of a window, rows of a matrix product, or time steps."""
    lines: int
    """Places times the height of a window: pieces of an image that lie in memory as they are; of a
    kernel that goes channel by channel the lines of outputs of all channels."""
    taps: int
    """Places times the positions of a window, or times the values of a row of a matrix product; of
    a kernel that goes channel by channel the values that it copies."""
    elements: int
    """Number of values that are computed; of a recurrent layer units times steps."""
    limited: int
    """Number of values that are limited to less than the range of int8."""
    products: int
    """Multiplications as whole tiles do them, or values that are compared, summed or moved."""


@dataclass(frozen=True)
class Tile:
    """Multiples of rows, of values of each row and of places that a kernel computes together."""

    rows: int = 1
    depth: int = 1
    places: int = 1


def extent(call: KernelCall, elements: int, tile: Tile) -> Extent:
    """Return the work of a call that writes `elements` values."""
    p = call.params
    if "time_steps" in p:
        return _recurrent(call, tile)
    row = p.get("row", p)
    limits = row.get("output_min", _WHOLE_RANGE[0]), row.get("output_max", _WHOLE_RANGE[1])
    limits = row.get("low", limits[0]), row.get("high", limits[1])
    limited = 0 if limits == _WHOLE_RANGE else elements
    if "plane" in p:
        return _by_channel(call, elements, limited)
    places, height, width = _window(p, elements)
    window = height * width
    lines, taps = places * height, places * window
    if not call.macs:
        moved = _loops(p) or taps * max(1, elements // places)
        return Extent(places, lines, taps, elements, limited, max(moved, elements))
    rows = max(1, elements // places)
    depth = call.macs // max(1, places * rows)
    products = _up(places, tile.places) * _up(rows, tile.rows) * _up(depth, tile.depth)
    taps = taps if window > 1 else places * depth
    return Extent(places, lines, taps, elements, limited, products)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def _by_channel(call: KernelCall, elements: int, limited: int) -> Extent:
    """Return the work of a kernel that copies one channel at a time into a plane."""
    p = call.params
    line, across = p["plane"]["line"], p["plane"]["across"]
    places = p["batches"] * line["output"] * across["output"]
    lines = elements // max(1, line["output"])
    copied = p["batches"] * p.get("input_channels", elements // max(1, places))
    copied *= line["seen"] * across["seen"]
    return Extent(places, lines, copied, elements, limited, max(call.macs, elements))


def _recurrent(call: KernelCall, tile: Tile) -> Extent:
    """Return the work of an LSTM or a GRU: its rows are gates of units, in every step."""
    p = call.params
    steps = p["time_steps"] * p.get("batches", 1)
    units, inputs = p["units"], p["input_size"]
    gates = 3 if "gru" in call.source else 4
    rows = _up(gates * units, tile.rows)
    depth = _up(inputs, tile.depth) + _up(units, tile.depth)
    wide = sum(p.get("is_wide", [p.get("any_wide", 0)]))
    values = steps * units
    return Extent(steps, steps, steps * inputs, values, wide * values, steps * rows * depth)


def _window(p: Mapping[str, Any], elements: int) -> tuple[int, int, int]:
    """Return output positions, and height and width of a window: 1 where there is none."""
    axes = p.get("conv", p)
    if "x" in axes and "output" in axes["x"]:
        y, x = axes.get("y", {"output": 1, "kernel": 1}), axes["x"]
        return axes.get("batches", 1) * y["output"] * x["output"], y["kernel"], x["kernel"]
    outer = p.get("walk", p)
    for name in ("batches", "rows"):
        if isinstance(outer.get(name), int) and elements % max(1, outer[name]) == 0:
            return max(1, outer[name]), 1, 1
    return 1, 1, 1


def _loops(p: Mapping[str, Any]) -> int:
    """Return how often nested loops turn, 0 where a call has none."""
    loops = p.get("loops")
    return prod(axis["count"] for axis in loops.values()) if isinstance(loops, Mapping) else 0
