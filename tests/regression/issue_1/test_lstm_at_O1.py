"""The RV32 LSTM did not compile clean at -O1: gcc saw a memcpy of a negative size (fuzz input 429).

The path on which a loop over the units is empty was followed on, into the copy of the hidden state.
"""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from codegen import pipeline
from tests.operators.cases import CASES
from tests.operators.kernels import WARNINGS


@pytest.mark.parametrize("level", ["-O1", "-O2", "-Os"])
@pytest.mark.parametrize("isa", ["ref", "dsp", "rv32"])
def test_an_lstm_compiles_clean(isa: str, level: str, tmp_path: Path) -> None:
    model = tmp_path / "lstm.tflite"
    model.write_bytes(CASES["UNIDIRECTIONAL_SEQUENCE_LSTM"](np.random.default_rng(1)).model)
    pipeline.generate(model, name="m", out=tmp_path / "c", isa=isa, standalone=True)
    for source in sorted((tmp_path / "c").glob("*.c")):
        command = [
            "gcc",
            f"-I{tmp_path / 'c'}",
            "-std=c99",
            level,
            *WARNINGS.split(),
            "-c",
            str(source),
            "-o",
            "/dev/null",
        ]
        subprocess.run(command, check=True)
