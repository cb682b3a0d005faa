"""Files that are read with a value of another kind: accepted or refused in one line, never a crash.

Each value of a good file is replaced by each of VALUES in turn, and left out.
"""

import copy
import io
import json
import shutil
import tomllib
import zipfile

import numpy as np
import pytest

from codegen.emit import budget
from codegen.emit import detector as emit_detector
from codegen.frontend import tflite
from host_tools.errors import DataError
from host_tools.formats import description, detector, golden, npz, scaler
from targets import build, load, make, pack, size
from targets.errors import ExitCode, SafeError, TargetError

NAN, INF = float("nan"), float("inf")
VALUES = (NAN, INF, -INF, 0, -1, 1.5, 10**400, True, "", "x", "../x", [], [NAN], {}, {"x": 1})


def leaves(value, path=()):
    """Yield the path of every value of a document, of long lists the first two."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:2])
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key)


def variants(document):
    """Yield the document with one value changed, and what was changed."""
    for path in leaves(document):
        for value in (*VALUES, None):
            changed = copy.deepcopy(document)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            if value is None:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
            yield changed, f"{path} = {value!r}"


def toml(value):
    """Return a value in TOML's notation; tables are written inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}" = {toml(v)}' for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def document(values):
    return "\n".join(f'"{key}" = {toml(value)}' for key, value in values.items()) + "\n"


def refused(read, path, text):
    """Write and read a file; return how often it was refused (0 or 1)."""
    path.write_text(text)
    try:
        read(path)
    except SafeError as error:
        told = error
    else:
        return 0
    assert told.exit_code != ExitCode.INTERNAL
    assert str(told).count("\n") == 0
    return 1


def survives(read, path, document, write, free=()):
    """Read each variant; at least half of them must be refused, so that the reader does read.

    NaN must be refused everywhere but below the keys `free`, which hold words.
    """
    results = []
    for changed, what in variants(document):
        try:
            results.append(refused(read, path, write(changed)))
        except Exception as error:
            raise AssertionError(f"{path.name} with {what}: {type(error).__name__}") from error
        is_free = any(f"('{key}'," in what for key in free)
        assert results[-1] or is_free or not what.endswith((" = nan", " = [nan]")), what
    assert len(results) > 40
    assert sum(results) > len(results) // 2
    assert refused(read, path, write(document)) == 0
    for text in ("", "[", "[" * 100_000, "\x00", "null", "3"):
        assert refused(read, path, text) == 1
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SafeError):
        read(path)


@pytest.fixture(scope="module")
def shipped(root):
    return root / "models/forecaster"


def test_scaler(shipped, tmp_path):
    survives(scaler.load, tmp_path / "s.json", json.loads((shipped / "scaler.json").read_text()),
             json.dumps)  # fmt: skip


def test_detector(shipped, tmp_path):
    survives(lambda p: detector.load(p, 16), tmp_path / "d.json",
             json.loads((shipped / "detector.json").read_text()), json.dumps, {"rule"})  # fmt: skip


@pytest.mark.parametrize("name", ["scaler.json", "detector.json"])
def test_both_as_the_generator_reads_them(shipped, tmp_path, name):
    graph = tflite.load(shipped / "model_int8.tflite", "forecaster")
    for one in ("scaler.json", "detector.json"):
        shutil.copy(shipped / one, tmp_path / one)

    def read(_):
        emit_detector.load(graph, tmp_path / "scaler.json", tmp_path / "detector.json")

    survives(read, tmp_path / name, json.loads((shipped / name).read_text()), json.dumps,
             {"rule"})  # fmt: skip


def test_model_toml(shipped, tmp_path):
    shutil.copy(shipped / "model_int8.tflite", tmp_path)
    good = tomllib.loads((shipped / "model.toml").read_text())
    good["budget"] = {"ram_bytes": 100_000, "flash_bytes": 100_000}
    good["channels"] = good["channels"][:2]
    figures = {"flash_bytes": 1, "static_ram_bytes": 1}
    path = tmp_path / "model.toml"
    survives(lambda p: description.load(p.parent), path, good, document)
    readers = (budget.load, lambda p: size.check_budget(figures, p),
               lambda p: build.find_model(str(p.parent)))  # fmt: skip
    for changed, _ in variants(good):
        for read in readers:
            refused(read, path, document(changed))


def test_what_a_build_left(tmp_path):
    """Only the values that every reader takes: those of a deeper level are the build's own."""
    built = make.Built(tmp_path / "bench.elf", tmp_path)
    (tmp_path / "gen").mkdir()
    size_json = {"flash_bytes": 70_000, "static_ram_bytes": 9_000, "parts": [{}]}
    manifest = {"name": "m", "model_sha256": "0", "inputs": [{}], "outputs": [{}], "operators": []}
    documents = (
        (tmp_path / "size.json", size_json, built.size),
        (built.generated / "manifest.json", manifest, built.manifest),
    )
    for path, good, read in documents:
        assert refused(lambda _, r=read: r(), path, json.dumps(good)) == 0
        for key in good:
            for value in (NAN, None, {}, "x" * 100):
                if type(value) is type(good[key]):
                    continue
                text = json.dumps({**good, key: value})
                assert refused(lambda _, r=read: r(), path, text) == 1, (key, value)
        for text in ("", "[]", "[" * 100_000):
            assert refused(lambda _, r=read: r(), path, text) == 1


@pytest.mark.parametrize("key", ["ram_bytes", "flash_bytes"])
@pytest.mark.parametrize("value", ["nan", "-1", "'big'", "0", "true", "[]", "1.5"])
def test_a_wrong_budget_is_refused_by_each_that_reads_it(tmp_path, key, value):
    path = tmp_path / "model.toml"
    text = f"[budget]\n{key} = {value}\n"
    assert refused(budget.load, path, text) == 1
    figures = {"flash_bytes": 1, "static_ram_bytes": 1}
    assert refused(lambda p: size.check_budget(figures, p), path, text) == 1


@pytest.mark.parametrize("name", ["stm32f4", "stm32u5", "hifive1", "ibex", "host"])
def test_target(root, tmp_path, monkeypatch, name):
    monkeypatch.setattr(load, "TARGETS_DIR", tmp_path / "own")
    good = tomllib.loads((root / f"targets/{name}.toml").read_text())
    survives(lambda p: load.load(str(p)), tmp_path / f"{name}.toml", good, document)


def entry(array, name="windows", shape=None):
    """Return an .npy whose header may claim another shape."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    if shape is None:
        return {f"{name}.npy": stream.getvalue()}
    head = io.BytesIO()
    about = {"descr": array.dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, about)
    return {f"{name}.npy": head.getvalue() + array.tobytes()}


def pickled():
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array([object], object), allow_pickle=True)
    return {"windows.npy": stream.getvalue()}


GOOD = np.zeros((2, 3, 4), np.float32)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (entry(GOOD, shape=(2**40, 3, 4)), r"says that it holds \[1099511627776, 3, 4\] float32"),
        (entry(GOOD, shape=(1, 3, 4)), "says that it holds"),
        (entry(GOOD, shape=(-2, -3, 4)), "not a whole npz file|says that it holds"),
        ({"windows.npy": b"\x93NUMPY\x01\x00\xff\xff{" + b" " * 65534}, "not a whole npz file"),
        ({"windows.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{"}, "not a whole npz file"),
        ({"windows.npy": b""}, "not a whole npz file"),
        (pickled(), "Python objects"),
    ],
)
def test_damaged_arrays(tmp_path, entries, said):
    path = tmp_path / "golden.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    for read in (npz.windows, golden.load):
        with pytest.raises(DataError, match=said):
            read(path)


def test_an_archive_that_unpacks_to_more_than_the_bound_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "windows.npz"
    np.savez_compressed(path, windows=np.zeros((1000, 30, 16), np.float32))
    assert npz.windows(path).shape == (1000, 30, 16)
    monkeypatch.setattr(npz, "MOST_BYTES", 100_000)
    with pytest.raises(DataError, match="unpacks to 1920128 bytes, more than 100000"):
        npz.windows(path)


def test_a_pack_that_unpacks_to_600_megabytes(tmp_path):
    path = tmp_path / "Keil.Bomb.pack"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("Keil.Bomb.pdsc", "w") as stream,
    ):
        for _ in range(600):
            stream.write(bytes(1_000_000))
    assert path.stat().st_size < 700_000
    with pytest.raises(TargetError, match=r"its \.pdsc has 600,000,000 bytes, more than"):
        pack.read(path, "STM32F405RG")
    plain = tmp_path / "Keil.Bomb.pdsc"
    with plain.open("wb") as stream:
        stream.truncate(pack.MOST_PDSC_BYTES + 1)
    with pytest.raises(TargetError, match=r"its \.pdsc has"):
        pack.read(plain, "STM32F405RG")
