"""Estimated cost of a kernel call, in executed instructions: for choices and the manifest.

Instructions per multiply-accumulate are figures measured on Cortex-M4 under QEMU with GCC 12 -O2
(RV32IMAC for rv32, Armv6-M for v6m), from whole models or tiles of K = 512; docs/kernels.md has
the table. They are estimates for another shape: `host_tools count` and `host_tools profile`
measure.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """Instructions per multiply-accumulate, and per element of the output."""

    per_mac: float
    per_element: float


# Reference: TFLM's reference kernels on ad01, kws, ResNet-8 and the fused forecaster, which loop
# alike. dsp: paired rows, 8 x 1 (matrix-vector) and 4 x 2 tiles, C with intrinsics. rv32:
# register tiles of 4 x 4 and matrix-vector. Depthwise: CMSIS-NN's 3 x 3. Re-rolled LSTM and GRU:
# the unrolled forecaster, also with a GRU of 80 units, with all that is done per unit and step. A
# convolution per sample: the fused forecaster's, with three rescalings per channel and the moved
# rows.
_RATES = {
    ("ref", "fully_connected"): Rate(7.4, 20.0),
    ("ref", "conv_2d"): Rate(8.6, 20.0),
    ("ref", "depthwise_conv_2d"): Rate(16.2, 20.0),
    ("ref", "unidirectional_sequence_lstm"): Rate(11.7, 60.0),
    ("dsp", "fully_connected"): Rate(1.15, 10.0),
    ("dsp", "conv_2d"): Rate(0.99, 10.0),
    ("dsp", "depthwise_conv_2d"): Rate(7.8, 10.0),
    ("dsp", "unidirectional_sequence_lstm"): Rate(1.15, 60.0),
    ("dsp", "depthwise_conv_2d_3x3"): Rate(3.0, 3.0),
    ("dsp", "depthwise_lines"): Rate(3.4, 6.5),
    ("dsp", "conv_2d_s16"): Rate(1.5, 8.0),
    ("shared", "conv_2d_s16_tiled"): Rate(3.0, 40.0),
    ("ref", "rerolled_gru"): Rate(6.9, 0.0),
    ("ref", "rerolled_lstm"): Rate(6.3, 0.0),
    ("ref", "conv_stream"): Rate(11.8, 0.0),
    ("dsp", "conv_1d"): Rate(1.3, 10.0),
    ("dsp", "conv_stream"): Rate(2.2, 0.0),
    ("dsp", "rerolled_gru"): Rate(1.6, 0.0),
    ("dsp", "rerolled_lstm"): Rate(1.52, 0.0),
    ("mve", "fully_connected"): Rate(0.16, 11.0),
    ("mve", "conv_2d"): Rate(0.13, 6.0),
    ("mve", "depthwise_conv_2d"): Rate(0.65, 6.0),
    ("mve", "rerolled_gru"): Rate(0.75, 0.0),
    ("mve", "rerolled_lstm"): Rate(0.75, 0.0),
    ("mve", "unidirectional_sequence_lstm"): Rate(0.16, 70.0),
    ("rv32", "fully_connected"): Rate(3.22, 33.0),
    ("rv32", "conv_1d"): Rate(3.3, 20.0),
    ("rv32", "conv_2d"): Rate(2.5, 15.0),
    ("rv32", "conv_stream"): Rate(5.1, 0.0),
    ("rv32", "depthwise_conv_2d"): Rate(7.8, 15.0),
    ("rv32", "unidirectional_sequence_lstm"): Rate(3.2, 80.0),
    ("rv32", "rerolled_gru"): Rate(4.2, 0.0),
    ("rv32", "rerolled_lstm"): Rate(4.15, 0.0),
    ("v6m", "fully_connected"): Rate(2.8, 55.0),
    ("v6m", "conv_2d"): Rate(2.7, 45.0),
    ("v6m", "depthwise_conv_2d"): Rate(7.5, 40.0),
    ("v6m", "unidirectional_sequence_lstm"): Rate(3.4, 600.0),
}
_PER_ELEMENT = {"lookup": 5.0, "copy": 1.5, "pad": 1.5, "add": 12.0, "mul": 23.0, "sub": 12.0}
_OTHER = Rate(8.0, 12.0)


def rate(variant: str, source: str) -> Rate:
    """Return the figures of kernel file `source` in folder `variant`, or a common guess."""
    stem = source.removesuffix(f"_{variant}")
    known = _RATES.get((variant, stem)) or _RATES.get(("ref", stem))
    return known or Rate(_OTHER.per_mac, _PER_ELEMENT.get(stem, _OTHER.per_element))


def instructions(variant: str, source: str, macs: int, elements: int) -> int:
    """Return the estimate for one call that writes `elements` values."""
    found = rate(variant, source)
    return round(found.per_mac * macs + found.per_element * elements)
