"""Estimated cost of a kernel call, in executed instructions: for choices and the manifest.

What a call has to do is read from its parameters (`extent`): places, lines and taps of windows,
elements, products in whole tiles. Each has a rate, which `rates` holds for every kernel that was
counted (Cortex-M4 for dsp, RV32IMAC for rv32; GCC 12, -O2, QEMU): `python -m tests.perf.calibrate`
fits them. Instruction sets without counted calls take the reference kernels' rates of the
Cortex-M4, and figures of whole models for their own kernels. All are estimates for another shape:
`host_tools count` and `host_tools profile` measure.
"""

from codegen.backends.native.shared.extent import Extent, Tile, extent
from codegen.backends.native.shared.rate import Rate
from codegen.backends.native.shared.rates import MEASURED
from codegen.ir.call import KernelCall
from targets import kernels

_COUNTED = ("dsp", "rv32")
_TILES = {
    ("dsp", "conv_1d"): Tile(rows=8, depth=4),
    ("dsp", "conv_1d_pairs"): Tile(rows=4, depth=4, places=2),
    ("dsp", "conv_2d"): Tile(rows=4, depth=4, places=2),
    ("dsp", "fully_connected"): Tile(rows=8, depth=4),
    ("dsp", "fully_connected_few"): Tile(rows=2, depth=4),
    ("dsp", "rerolled_gru"): Tile(rows=8, depth=4),
    ("dsp", "rerolled_lstm"): Tile(rows=8, depth=4),
    ("dsp", "unidirectional_sequence_lstm"): Tile(rows=8, depth=4),
    ("dsp", "transpose_conv"): Tile(rows=4, depth=4, places=2),
    ("rv32", "conv_1d"): Tile(rows=8),
    ("rv32", "conv_2d"): Tile(rows=4, places=4),
    ("rv32", "fully_connected"): Tile(rows=8),
    ("rv32", "fully_connected_few"): Tile(rows=2),
    ("rv32", "rerolled_gru"): Tile(rows=8),
    ("rv32", "rerolled_lstm"): Tile(rows=8),
    ("rv32", "unidirectional_sequence_lstm"): Tile(rows=8),
}
_WHOLE_MODELS = {
    ("ref", "fully_connected"): Rate(per_product=7.4, per_element=20.0),
    ("ref", "conv_2d"): Rate(per_product=8.6, per_element=20.0),
    ("ref", "depthwise_conv_2d"): Rate(per_product=16.2, per_element=20.0),
    ("ref", "unidirectional_sequence_lstm"): Rate(per_product=11.7, per_element=60.0),
    ("dsp", "fully_connected"): Rate(per_product=1.15, per_element=10.0),
    ("dsp", "conv_2d"): Rate(per_product=0.99, per_element=10.0),
    ("dsp", "depthwise_conv_2d"): Rate(per_product=7.8, per_element=10.0),
    ("dsp", "unidirectional_sequence_lstm"): Rate(per_product=1.15, per_element=60.0),
    ("dsp", "depthwise_conv_2d_3x3"): Rate(per_product=3.0, per_element=3.0),
    ("dsp", "depthwise_lines"): Rate(per_product=3.4, per_element=6.5),
    ("dsp", "conv_2d_s16"): Rate(per_product=1.5, per_element=8.0),
    ("shared", "conv_2d_s16_tiled"): Rate(per_product=3.0, per_element=40.0),
    ("ref", "rerolled_gru"): Rate(per_product=6.9, per_element=0.0),
    ("ref", "rerolled_lstm"): Rate(per_product=6.3, per_element=0.0),
    ("ref", "conv_stream"): Rate(per_product=11.8, per_element=0.0),
    ("dsp", "conv_1d"): Rate(per_product=1.3, per_element=10.0),
    ("dsp", "conv_stream"): Rate(per_product=2.2, per_element=0.0),
    ("dsp", "rerolled_gru"): Rate(per_product=1.6, per_element=0.0),
    ("dsp", "rerolled_lstm"): Rate(per_product=1.52, per_element=0.0),
    ("mve", "fully_connected"): Rate(per_product=0.16, per_element=11.0),
    ("mve", "conv_2d"): Rate(per_product=0.13, per_element=6.0),
    ("mve", "depthwise_conv_2d"): Rate(per_product=0.65, per_element=6.0),
    ("mve", "rerolled_gru"): Rate(per_product=0.75),
    ("mve", "rerolled_lstm"): Rate(per_product=0.75),
    ("mve", "unidirectional_sequence_lstm"): Rate(per_product=0.16, per_element=70.0),
    ("rv32", "fully_connected"): Rate(per_product=3.22, per_element=33.0),
    ("rv32", "conv_1d"): Rate(per_product=3.3, per_element=20.0),
    ("rv32", "conv_2d"): Rate(per_product=2.5, per_element=15.0),
    ("rv32", "conv_stream"): Rate(per_product=5.1, per_element=0.0),
    ("rv32", "depthwise_conv_2d"): Rate(per_product=7.8, per_element=15.0),
    ("rv32", "unidirectional_sequence_lstm"): Rate(per_product=3.2, per_element=80.0),
    ("rv32", "rerolled_gru"): Rate(per_product=4.2, per_element=0.0),
    ("rv32", "rerolled_lstm"): Rate(per_product=4.15, per_element=0.0),
    ("v6m", "fully_connected"): Rate(per_product=2.5, per_element=55.0),
    ("v6m", "conv_1d"): Rate(per_product=2.7, per_element=50.0),
    ("v6m", "conv_2d"): Rate(per_product=2.7, per_element=45.0),
    ("v6m", "depthwise_conv_2d"): Rate(per_product=7.5, per_element=40.0),
    ("v6m", "unidirectional_sequence_lstm"): Rate(per_product=2.6, per_element=450.0),
}
"""Rates of kernels that no counted call has: of products and elements, from whole models."""
_OTHER = Rate(per_product=8.0, per_element=12.0)


def _stem(variant: str, source: str) -> str:
    return source.removesuffix(f"_{variant}")


def tile(variant: str, source: str) -> Tile:
    """Return what the kernel file `source` in folder `variant` computes together."""
    return _TILES.get((variant, _stem(variant, source)), Tile())


def rate(isa: str, variant: str, source: str) -> Rate:
    """Return the rates of kernel file `source` in folder `variant`, or a common guess."""
    counted = isa if isa in _COUNTED else _COUNTED[0]
    stem = _stem(variant, source)
    return (
        MEASURED.get((counted, variant, source))
        or _WHOLE_MODELS.get((variant, stem))
        or MEASURED.get((_COUNTED[0], variant, source))
        or _WHOLE_MODELS.get(("ref", stem))
        or _OTHER
    )


def instructions(isa: str, call: KernelCall, elements: int) -> int:
    """Return the estimate for one call that writes `elements` values."""
    variant = kernels.variant(isa, call.source)
    work = extent(call, elements, tile(variant, call.source))
    return round(rate(isa, variant, call.source).instructions(work))


def product(isa: str, source: str, batches: int, units: int, depth: int) -> float:
    """Return the estimate for a matrix product with constant weights by kernel file `source`."""
    variant = kernels.variant(isa, source)
    own = tile(variant, source)
    rows = -(-units // own.rows) * own.rows
    values = -(-depth // own.depth) * own.depth
    work = Extent(batches, batches, batches * depth, batches * units, 0, batches * rows * values)
    return rate(isa, variant, source).instructions(work)
