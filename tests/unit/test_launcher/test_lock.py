"""What is locked, and that pyproject.toml and the lock agree; without network."""

import importlib.metadata
import importlib.util
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
FILES = ("run", "train", "onnx", "monitor", "ibex", "update", "docs", "test", "lock")


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


def profile(lock, layers, layer):
    """Package → version of all that is installed with a layer."""
    return {k: v for name in (*lock.BELOW[layer], layer) for k, v in layers[name].items()}


def wanted(root, lock, layer):
    """The requirements of pyproject.toml that a layer locks."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    words = [
        word for e in lock.LAYERS[layer] for word in project["project"]["optional-dependencies"][e]
    ]
    if layer == "run":
        words += project["project"]["dependencies"] + project["build-system"]["requires"]
    return [Requirement(word) for word in words]


@pytest.mark.parametrize("layer", FILES)
def test_the_lock_holds_what_pyproject_wants(root, lock, layers, layer):
    held = profile(lock, layers, layer)
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


@pytest.mark.parametrize("layer", FILES)
def test_every_package_is_pinned_and_hashed(root, layers, layer):
    text = (root / f"requirements/{layer}.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-{1,2}(index|extra|find|trusted)", text, re.MULTILINE)
    rows = [r for r in text.replace("\\\n", " ").splitlines() if r and not r.startswith("#")]
    for row in rows:
        assert re.match(r"[a-z0-9][a-z0-9._-]*==\S+( ; .*?)? +--hash=sha256:", row), row
        assert HASH.search(row)
    assert len(rows) == len(layers[layer]) > 0


def test_a_layer_leaves_out_what_those_below_it_hold(lock, layers):
    assert set(lock.BELOW) == set(lock.LAYERS) == set(FILES)
    versions = {}
    for layer, held in layers.items():
        for below in lock.BELOW[layer]:
            assert not set(held) & set(layers[below]), f"{layer} and {below}"
        for name, version in held.items():
            assert versions.setdefault(name, version) == version, name
    assert len(versions) > 100


@pytest.mark.parametrize("layer", FILES)
def test_nothing_that_a_locked_package_needs_is_missing(lock, layers, layer):
    """What is installed here and needed, as its metadata tell: pip is not asked to look."""
    locked = {*profile(lock, layers, layer), *lock.PRESENT}
    for name in layers[layer]:
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
