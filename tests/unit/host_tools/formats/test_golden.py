"""A golden file is either whole and consistent, or an error that says what is wrong."""

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.formats import golden


def arrays(count=12, window=4, horizon=2, channels=3):
    random = np.random.default_rng(3)
    kinds = np.array([0, 0, 1, 2] * (count // 4), np.uint8)
    truth = random.normal(size=(count, horizon, channels)).astype(np.float32)
    truth[kinds > 0] = np.nan
    return {
        "windows": random.integers(-128, 128, (count, window, channels)).astype(np.int8),
        "kinds": kinds,
        "outputs": random.integers(-128, 128, (count, horizon, channels)).astype(np.int8),
        "float_inputs": random.normal(size=(count, window, channels)).astype(np.float32),
        "float_outputs": random.normal(size=(count, horizon, channels)).astype(np.float32),
        "truth": truth,
        "samples": random.normal(size=(20, channels)).astype(np.float32),
        "labels": np.zeros(20, np.uint8),
    }


def save(path, values):
    np.savez(path, **values)
    return path


def test_a_whole_file_is_read(tmp_path):
    loaded = golden.load(save(tmp_path / "golden.npz", arrays()))
    assert loaded.in_distribution.tolist() == [0, 1, 4, 5, 8, 9]


def test_first_keeps_order_and_mix(tmp_path):
    loaded = golden.load(save(tmp_path / "golden.npz", arrays(count=400)))
    part = loaded.first(100)
    assert len(part.windows) == 100
    assert set(part.kinds.tolist()) <= {0, 1, 2}
    assert loaded.first(400).kinds.tolist() == loaded.kinds.tolist()
    for count in (0, 401):
        with pytest.raises(DataError, match="holds 400"):
            loaded.first(count)


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        golden.load(tmp_path / "none.npz")


def test_not_an_archive(tmp_path):
    path = tmp_path / "golden.npz"
    path.write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DataError, match=r"not a whole npz file .*: train again"):
        golden.load(path)


def test_an_empty_or_half_written_archive(tmp_path):
    path = save(tmp_path / "golden.npz", arrays(count=400))
    whole = path.read_bytes()
    for size in (0, 10, 100, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"(not a whole npz file|is empty) .*: train again"):
            golden.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kinds": None}, "kinds is missing"),
        ({"windows": np.zeros((12, 4, 3), np.int16)}, "windows is int16"),
        ({"labels": np.zeros(19, np.uint8)}, r"labels has shape \(19,\)"),
        ({"float_outputs": np.zeros((12, 3, 3), np.float32)}, "float_outputs has shape"),
    ],
)
def test_inconsistent_arrays(tmp_path, change, message):
    values = {**arrays(), **change}
    values = {name: value for name, value in values.items() if value is not None}
    with pytest.raises(DataError, match=message):
        golden.load(save(tmp_path / "golden.npz", values))


def test_what_is_saved_is_loaded_and_what_would_not_be_is_refused(tmp_path):
    path, given = tmp_path / "golden.npz", arrays()
    golden.save(path, given)
    loaded = golden.load(path)
    for name, values in given.items():
        assert np.array_equal(getattr(loaded, name), values, equal_nan=values.dtype.kind == "f")
    before = path.read_bytes()
    with pytest.raises(DataError, match="array labels has shape"):
        golden.save(path, given | {"labels": np.zeros(19, np.uint8)})
    assert path.read_bytes() == before
