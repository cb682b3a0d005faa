"""A real build of TensorFlow Lite Micro, where TFLM_DIR names one: exact, and at the known cost.

The figures are of commit 90b983c with CMSIS-NN 4ab83cc, BUILD_TYPE=release, GCC 12.2.
"""

from pathlib import Path

import pytest

from host_tools.workflow import backends
from targets.places import MODELS

pytestmark = [pytest.mark.emulator, pytest.mark.tflm]

WINDOWS = 8
FORECASTER = MODELS / "forecaster" / "model_int8.tflite"
TOLERANCE = 0.01

KNOWN = {
    ("forecaster", "stm32f4"): (3_536_568, 11_088),
    ("forecaster", "mps2-an505"): (3_548_719, 11_088),
    ("ad01_int8", "stm32f4"): (583_000, 3_584),
    ("ad01_int8", "mps2-an505"): (583_476, 3_584),
    ("kws_ref_model", "stm32f4"): (7_697_941, 23_648),
    ("kws_ref_model", "mps2-an505"): (7_680_233, 23_648),
    ("pretrainedResnet_quant", "stm32f4"): (29_868_123, 55_904),
    ("pretrainedResnet_quant", "mps2-an505"): (29_972_471, 55_904),
}
"""Instructions and arena by model and target."""


def path_of(name: str, shared: Path) -> Path:
    return FORECASTER if name == "forecaster" else shared / "mlperf-tiny" / f"{name}.tflite"


@pytest.mark.parametrize(("name", "target"), KNOWN, ids=str)
def test_exact_at_the_known_cost(name, target, shared_data):
    model = path_of(name, shared_data)
    native, foreign = backends.compare(model, target, ["native", "tflm"], WINDOWS)
    assert (native.differing_bytes, foreign.differing_bytes) == (0, 0)
    instructions, arena = KNOWN[name, target]
    assert foreign.counted == pytest.approx(instructions, rel=TOLERANCE)
    assert foreign.arena_bytes == pytest.approx(arena, rel=TOLERANCE)
    assert native.counted < foreign.counted
