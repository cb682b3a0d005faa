"""A small untrained network in the forms that users have; made once, in another process."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from host_tools.conversion import worker
from tests.tensorflow_server import Server

SMALL = (16, 8, 3)
"""Channels, window, horizon."""

_TOML = """name = "small"
window = 8
horizon = 3
rate_hz = 1.0
seed = 5
source = "plant"
"""


@pytest.fixture(scope="session", autouse=True)
def forked() -> Iterator[Server]:
    """Workers of TensorFlow are forks of one process; the regression tests start real ones."""
    server = Server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_process", server.run)
        yield server
    server.close()


@pytest.fixture(scope="session")
def networks(once: Callable[[str, Callable[[Path], object]], Path], forked: Server) -> Path:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed (extra `train`)")
    return once("networks", lambda folder: _write(folder, forked))


def _write(folder: Path, forked: Server) -> None:
    assert forked.run("tests.unit.host_tools.small_networks", folder) == 0
    (folder / "model.toml").write_text(_TOML)
    windows = np.random.default_rng(1).standard_normal((40, 8, 16)).astype(np.float32)
    np.savez(folder / "rep.npz", windows=windows)
