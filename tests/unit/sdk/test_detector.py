"""The C chain against its Python specification, bit for bit."""

import ctypes

import numpy as np
import pytest

from host_tools.detection import chain
from tests.unit.sdk.tiny import Tiny, samples

SIZES = [Tiny(), Tiny(window=1, channels=1, horizon=1), Tiny(window=7, channels=16, horizon=5)]


def run_c(library, data, channels):
    records = np.zeros(len(data), chain.RECORD)
    words = (ctypes.c_uint32 * 6)()
    for row, sample in enumerate(data):
        values = (ctypes.c_float * channels)()
        ctypes.memmove(values, np.ascontiguousarray(sample).ctypes.data, 4 * channels)
        status = library.shim_step(values, channels, words)
        scores = np.array(words[3:5], np.uint32).view(np.float32)
        records[row] = (words[0], words[1], words[2], status, scores[0], scores[1], words[5])
    return records


@pytest.mark.parametrize("tiny", SIZES, ids=lambda t: f"{t.window}x{t.channels}x{t.horizon}")
def test_chain_equals_specification(builds, variant, tiny):
    library = builds(tiny, *variant)
    assert library.shim_start(3) == 0
    data = samples(tiny, 1500)
    expected = chain.run_chain(tiny.config(), data, tiny.run)
    actual = run_c(library, data, tiny.channels)
    assert actual.tobytes() == expected.tobytes()
    states = set(expected["state"].tolist())
    assert states >= {chain.WARMUP, chain.ALARM}
    assert (expected["status"] == chain.STATUS_NOT_FINITE).sum() >= 20


def test_wrong_channel_count_changes_nothing(builds):
    library = builds()
    assert library.shim_start(3) == 0
    words = (ctypes.c_uint32 * 6)()
    values = (ctypes.c_float * 3)(1, 2, 3)
    assert library.shim_step(values, 3, words) == 0
    assert library.shim_step(values, 2, words) == 1
    assert library.shim_step(values, 3, words) == 0
    assert words[0] == 1


@pytest.mark.parametrize("field", range(1, 18))
def test_inconsistent_configuration_is_refused(builds, field):
    library = builds()
    assert library.shim_start(3) == 0
    assert library.shim_init_spoiled(0) == 0
    assert library.shim_init_spoiled(field) == 1


def test_quantize_edges(builds, variant):
    library = builds(None, *variant)
    quantize = library.shim_quantize
    quantize.argtypes = [ctypes.c_float] * 3 + [ctypes.c_int32]
    assert quantize(0.5, 8, 1, 0) == 1
    assert quantize(-0.5, 8, 1, 0) == -1
    assert quantize(0.49999997, 8, 1, 0) == 1  # 0.49999997 + 0.5 rounds to 1 in float32
    assert quantize(-0.0, 8, 1, -3) == -3
    assert quantize(float("inf"), 8, 16, 0) == 127
    assert quantize(float("-inf"), 8, 16, 0) == -128
    assert quantize(1e30, 1e4, 1e5, -128) == 127
