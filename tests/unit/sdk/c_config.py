"""safe_detector_config_t as ctypes: any detector into the compiled SDK."""

import ctypes

import numpy as np

from host_tools.detection.chain import ChainConfig
from host_tools.formats.detector import BASELINE
from host_tools.formats.record import RECORD

FLOATS = ctypes.POINTER(ctypes.c_float)
NUMBERS = ctypes.POINTER(ctypes.c_uint16)


class Baseline(ctypes.Structure):
    _fields_ = [
        ("prior_level", FLOATS),
        ("prior_residual", FLOATS),
        ("prior_rows", ctypes.c_float),
        ("learn_samples", ctypes.c_uint32),
        ("track", ctypes.c_float),
    ]


class Form(ctypes.Structure):
    _fields_ = [("count", ctypes.c_uint16), ("channels", NUMBERS), ("factor", FLOATS)]


class Config(ctypes.Structure):
    _fields_ = [
        ("channels", ctypes.c_uint16),
        ("window", ctypes.c_uint16),
        ("horizon", ctypes.c_uint16),
        ("rows", ctypes.c_uint16),
        ("mean", FLOATS),
        ("inv_std", FLOATS),
        ("clip", ctypes.c_float),
        ("score_limit", ctypes.c_float),
        ("input_gain", FLOATS),
        ("input_inv_scale", ctypes.c_float),
        ("input_zero_point", ctypes.c_int32),
        ("forecast_scale", ctypes.c_float),
        ("output_zero_point", ctypes.c_int32),
        ("baseline", Baseline),
        ("level", Form),
        ("residual", Form),
        ("feature_limit", ctypes.c_float),
        ("alpha", ctypes.c_float),
        ("threshold", ctypes.c_float),
        ("quiet", ctypes.c_float),
        ("relearn_samples", ctypes.c_uint32),
    ]


def _floats(values):
    array = np.ascontiguousarray(values, np.float32)
    return (ctypes.c_float * max(1, array.size))(*array.tolist())


def _form(channels, factor):
    names = (ctypes.c_uint16 * max(1, len(channels)))(*channels)
    return Form(len(channels), names, _floats(factor))


def c_config(config: ChainConfig) -> Config:
    """The returned object keeps the arrays it points to."""
    a, d = config.adapter, config.detector
    tracked = slice(None) if d.input == BASELINE else list(d.level_channels)
    return Config(
        a.channels, a.window, a.horizon, d.rows,
        _floats(a.scaler.mean), _floats(a.scaler.inv_std), a.scaler.clip, a.scaler.score_limit,
        _floats(d.input_gain) if d.input == BASELINE else None,
        a.input_inv_scale, a.input_zero_point, a.forecast_scale, a.output_zero_point,
        Baseline(_floats(d.prior_level[tracked]), _floats(d.prior_residual), d.prior_rows,
                 d.learn_samples, d.track),
        _form(d.level_channels, d.level_factor),
        _form(d.residual_channels, d.residual_factor),
        d.feature_limit, d.alpha, d.threshold, d.quiet, d.relearn_samples,
    )  # fmt: skip


def run_c(library, data, channels, resets=()):
    """Takes samples through a started detector; returns RECORD."""
    records = np.zeros(len(data), RECORD)
    words = (ctypes.c_uint32 * 11)()
    for row, sample in enumerate(data):
        if row in resets:
            library.shim_reset()
        values = (ctypes.c_float * channels)()
        ctypes.memmove(values, np.ascontiguousarray(sample).ctypes.data, 4 * channels)
        status = library.shim_step(values, channels, words)
        scores = np.array(words[3:6], np.uint32).view(np.float32)
        records[row] = (words[0], words[1], words[2], status, *scores, words[6], words[7:11])
    return records
