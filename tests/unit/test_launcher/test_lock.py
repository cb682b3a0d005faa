"""What is locked, and that pyproject.toml and the lock agree; without network."""

import importlib.metadata
import importlib.util
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
HIGHER = {"run": (), "train": ("run",), "ibex": ("run",), "docs": ("run",), "lock": ("run",),
          "onnx": ("run", "train")}  # fmt: skip
HIGHER["test"] = ("run", "train", "onnx", "ibex", "docs")


@pytest.fixture(scope="module")
def lock(root):
    """The module that makes the lock."""
    spec = importlib.util.spec_from_file_location("safe_lock", root / "requirements/lock.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def layers(root, lock):
    """Package → pinned version, for each file."""
    found = {}
    for layer in lock.LAYERS:
        text = (root / f"requirements/{layer}.txt").read_text().replace("\\\n", " ")
        rows = [row for row in text.splitlines() if row and not row.startswith("#")]
        found[layer] = dict(re.match(r"(\S+)==(\S+)", row).groups() for row in rows)
    return found


def wanted(root, lock, layer):
    """The requirements of pyproject.toml that a layer locks."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    words = [
        word for e in lock.LAYERS[layer] for word in project["project"]["optional-dependencies"][e]
    ]
    if layer == "run":
        words += project["project"]["dependencies"] + project["build-system"]["requires"]
    return [Requirement(word) for word in words]


@pytest.mark.parametrize("layer", HIGHER)
def test_the_lock_holds_what_pyproject_wants(root, lock, layers, layer):
    held = {k: v for name in (*HIGHER[layer], layer) for k, v in layers[name].items()}
    for requirement in wanted(root, lock, layer):
        version = held[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), (
            f"{requirement} is wanted, {version} is locked: run ./safe lock"
        )


def test_every_extra_is_in_a_layer_or_left_to_the_user(root, lock):
    extras = set(
        tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    )
    assert extras - {e for row in lock.LAYERS.values() for e in row} == {"dask"}


@pytest.mark.parametrize("layer", HIGHER)
def test_every_package_is_pinned_and_hashed(root, layers, layer):
    text = (root / f"requirements/{layer}.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-{1,2}(index|extra|find|trusted)", text, re.MULTILINE)
    rows = [r for r in text.replace("\\\n", " ").splitlines() if r and not r.startswith("#")]
    for row in rows:
        assert re.match(r"[a-z0-9][a-z0-9._-]*==\S+( ; .*?)? +--hash=sha256:", row), row
        assert HASH.search(row)
    assert len(rows) == len(layers[layer]) > 0


def test_a_package_stands_in_one_layer(layers):
    names = [name for held in layers.values() for name in held]
    assert len(names) == len(set(names)) > 100


def test_nothing_that_a_locked_package_needs_is_missing(lock, layers):
    """What is installed here and needed, as its metadata tell: pip is not asked to look."""
    locked = {name for held in layers.values() for name in held}
    todo, seen = sorted(locked), set(lock.PRESENT)
    locked |= seen
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system, or another profile
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                assert canonicalize_name(need.name) in locked, f"{name} needs {need}"


def test_what_is_installed_is_what_is_locked(layers):
    for held in layers.values():
        for name, version in held.items():
            try:
                assert importlib.metadata.version(name) == version, name
            except importlib.metadata.PackageNotFoundError:
                continue
