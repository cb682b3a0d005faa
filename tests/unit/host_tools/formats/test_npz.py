"""Windows from npz files that may be damaged."""

from pathlib import Path

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.formats import npz

WINDOWS = np.random.default_rng(2).standard_normal((5, 4, 3)).astype(np.float32)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "rep.npz"
    np.savez_compressed(path, windows=WINDOWS)
    return path


@pytest.mark.parametrize("name", ["windows", "rep_windows", "anything"])
def test_known_and_single_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / "rep.npz"
    np.savez(path, **{name: WINDOWS.astype(np.float64)})
    found = npz.windows(path, (4, 3))
    assert found.dtype == np.float32
    assert np.array_equal(found, WINDOWS)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.95])
def test_half_written(good: Path, part: float) -> None:
    content = good.read_bytes()
    good.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(DataError, match=r"rep\.npz: .*write it again"):
        npz.windows(good)


def test_damaged_inside(good: Path) -> None:
    content = bytearray(good.read_bytes())
    content[len(content) // 2] ^= 0xFF
    good.write_bytes(content)
    with pytest.raises(DataError, match="write it again"):
        npz.windows(good)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"a": WINDOWS, "b": WINDOWS}, "no array is called"),
        ({"windows": WINDOWS[0]}, "real numbers"),
        ({"windows": WINDOWS.astype(np.int8)}, "real numbers"),
        ({"windows": WINDOWS[:0]}, "holds no window"),
        ({"windows": WINDOWS * np.nan}, "NaN or infinity"),
        ({"windows": WINDOWS[:, :2]}, "2 samples x 3 channels where the model takes 4 x 3"),
        ({"windows": np.array([[["x"]]], dtype=object)}, "not a whole npz"),
    ],
)
def test_refused(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    path = tmp_path / "rep.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=said):
        npz.windows(path, (4, 3))


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        npz.windows(tmp_path / "absent.npz")


def test_a_bare_array(tmp_path: Path) -> None:
    path = tmp_path / "rep.npy"
    np.save(path, WINDOWS)
    with pytest.raises(DataError, match="one bare array"):
        npz.windows(path)
