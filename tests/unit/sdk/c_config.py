"""safe_detector_config_t as ctypes: any detector into the compiled SDK."""

import ctypes

import numpy as np

from host_tools.detection.replay import ChainConfig
from host_tools.formats.record import HAS_DRIFT, HAS_FORECAST, IS_MISSING, NO_CHANNEL, RECORD

FLOATS = ctypes.POINTER(ctypes.c_float)
NUMBERS = ctypes.POINTER(ctypes.c_uint16)


class Sensors(ctypes.Structure):
    _fields_ = [
        ("low", FLOATS),
        ("high", FLOATS),
        ("stuck_band", FLOATS),
        ("stuck_samples", NUMBERS),
        ("max_masked", ctypes.c_uint16),
        ("return_samples", ctypes.c_uint16),
        ("max_missed", ctypes.c_uint16),
    ]


class Baseline(ctypes.Structure):
    _fields_ = [
        ("learn_samples", ctypes.c_uint32),
        ("settle_samples", ctypes.c_uint32),
        ("prior_rows", ctypes.c_float),
        ("block_rows", ctypes.c_uint16),
        ("mean_step", ctypes.c_float),
        ("spread_step", ctypes.c_float),
        ("growth", ctypes.c_float),
        ("peak", ctypes.c_float),
    ]


class Form(ctypes.Structure):
    _fields_ = [
        ("count", ctypes.c_uint16),
        ("channels", NUMBERS),
        ("factor", FLOATS),
        ("prior", FLOATS),
    ]


class Verdict(ctypes.Structure):
    _fields_ = [
        ("notice", ctypes.c_float),
        ("alarm", ctypes.c_float),
        ("hold", ctypes.c_float),
        ("confirm_rows", ctypes.c_uint16),
        ("recover_share", ctypes.c_float),
        ("recover_samples", ctypes.c_uint32),
        ("change_samples", ctypes.c_uint32),
    ]


class Config(ctypes.Structure):
    _fields_ = [
        ("network", ctypes.c_void_p),
        ("channels", ctypes.c_uint16),
        ("window", ctypes.c_uint16),
        ("horizon", ctypes.c_uint16),
        ("rows", ctypes.c_uint16),
        ("mean", FLOATS),
        ("inv_std", FLOATS),
        ("clip", ctypes.c_float),
        ("score_limit", ctypes.c_float),
        ("input_inv_scale", ctypes.c_float),
        ("input_zero_point", ctypes.c_int32),
        ("forecast_scale", ctypes.c_float),
        ("output_zero_point", ctypes.c_int32),
        ("sensors", Sensors),
        ("baseline", Baseline),
        ("forms", Form * 4),
        ("innovation_alpha", FLOATS),
        ("residual_alpha", ctypes.c_float),
        ("feature_limit", ctypes.c_float),
        ("alpha", ctypes.c_float),
        ("verdict", Verdict),
        ("day_samples", ctypes.c_uint32),
        ("hour_mean", ctypes.POINTER(ctypes.c_int16)),
        ("hour_scale", FLOATS),
        ("regimes", ctypes.c_uint16),
        ("regime_mean", FLOATS),
        ("drift_count", ctypes.c_uint16),
        ("drift_channels", NUMBERS),
        ("drift_limit", FLOATS),
        ("drift_alpha", ctypes.c_float),
        ("period_us", ctypes.c_uint32),
        ("stale_samples", ctypes.c_uint16),
    ]


def _floats(values):
    array = np.ascontiguousarray(values, np.float32)
    return (ctypes.c_float * max(1, array.size))(*array.tolist())


def _numbers(values):
    return (ctypes.c_uint16 * max(1, len(values)))(*[int(v) for v in values])


def _form(form):
    return Form(
        len(form.channels), _numbers(form.channels), _floats(form.factor), _floats(form.prior)
    )


def c_config(config: ChainConfig) -> Config:
    """The returned object keeps the arrays it points to."""
    a, d = config.adapter, config.detector
    hours = (ctypes.c_int16 * max(1, len(d.hour_mean)))(*d.hour_mean.tolist())
    return Config(
        None, a.channels, a.window, a.horizon, d.rows,
        _floats(a.scaler.mean), _floats(a.scaler.inv_std), a.scaler.clip, a.scaler.score_limit,
        a.input_inv_scale, a.input_zero_point, a.forecast_scale, a.output_zero_point,
        Sensors(_floats(d.low), _floats(d.high), _floats(d.stuck_band),
                _numbers(d.stuck_samples), d.max_masked, d.return_samples, d.max_missed),
        Baseline(d.learn_samples, d.settle_samples, d.prior_rows, d.block_rows, d.mean_step,
                 d.spread_step, d.growth, d.peak),
        (Form * 4)(*[_form(f) for f in (d.level, d.median, d.innovation, d.residual)]),
        _floats(d.innovation_alpha), d.residual_alpha, d.feature_limit, d.alpha,
        Verdict(d.notice, d.alarm, d.hold, d.confirm_rows, d.recover_share, d.recover_samples,
                d.change_samples),
        d.day_samples, hours, _floats(d.hour_scale), len(d.regimes), _floats(d.regime_mean),
        len(d.drift_channels), _numbers(d.drift_channels), _floats(d.drift_limit), d.drift_alpha,
        d.period_us, d.stale_samples,
    )  # fmt: skip


WORDS = 22


def words_to_record(words, status):
    """One RECORD from what shim_step writes."""
    record = np.zeros(1, RECORD)[0]
    bits = np.array(words[5:11], np.uint32).view(np.float32)
    flags = (HAS_FORECAST if words[2] else 0) | (IS_MISSING if words[3] else 0)
    flags |= HAS_DRIFT if words[13] != NO_CHANNEL else 0
    record["index"], record["state"], record["flags"] = words[0], words[1], flags
    record["status"], record["event"] = status, words[4]
    for name, value in zip(
        ("level", "median", "innovation", "residual", "score", "limit"), bits, strict=True
    ):
        record[name] = value
    record["forecast_crc"], record["masked_count"], record["drift"] = (
        words[11],
        words[12],
        words[13],
    )
    record["top"], record["masked"] = words[14:18], words[18:22]
    return record


def run_c(library, data, channels, resets=(), phase=None):
    """Takes samples through a started detector; returns RECORD [rows]."""
    records = np.zeros(len(data), RECORD)
    words = (ctypes.c_uint32 * WORDS)()
    if phase is not None:
        assert library.shim_set_phase(phase) == 0
    for row, sample in enumerate(data):
        if row in resets:
            library.shim_reset()
        values = (ctypes.c_float * channels)()
        ctypes.memmove(values, np.ascontiguousarray(sample).ctypes.data, 4 * channels)
        status = library.shim_step(values, channels, words)
        records[row] = words_to_record(words, status)
    return records
