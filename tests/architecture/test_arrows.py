"""A room imports or includes only what its arrows allow."""

import sys
from pathlib import Path

import pytest

from tests.architecture import tree

ROOM_ARROWS = {
    "targets": {"targets"},
    "models": {"models"},
    "codegen": {"codegen", "targets"},
    "host_tools": {"host_tools", "codegen", "models", "targets"},
    "safe_edge": {"safe_edge", "host_tools"},
}

# A package that only one place may use, so that the others work without it.
ONLY_IN = {
    "tensorflow": ("host_tools/conversion", "host_tools/training/fit_worker.py"),
    "tf_keras": ("host_tools/conversion", "models"),
    "keras": ("host_tools/conversion", "host_tools/training/fit_worker.py", "models"),
    "sklearn": ("host_tools/detection", "host_tools/training", "host_tools/data"),
    "serial": ("host_tools/device",),
    "cmsis_pack_manager": ("targets/pack",),
    "modm_devices": ("targets/parts",),
    "jinja2": ("codegen/emit", "host_tools/package", "host_tools/report"),
    "cyclonedx": ("host_tools/package",),
    "tflite": ("codegen/frontend", "codegen/operators", "host_tools/conversion"),
    "bokeh": ("host_tools/monitor",),
    "tornado": ("host_tools/monitor",),
    "paho": ("host_tools/monitor",),
    "matplotlib": ("host_tools/report",),
    "pandas": ("host_tools/data", "host_tools/eda"),
    "tflite_micro": ("host_tools/runtimes",),
}

# Public headers and sources of the SDK by stem; a stem absent here stands for itself.
SDK_BASE = {"status", "version", "compiler", "exact_float"}
SDK_ARROWS = {
    "fixed_point": SDK_BASE,
    "frame": SDK_BASE | {"crc32"},
    "crc32": SDK_BASE,
    "window": SDK_BASE,
    "scaler": SDK_BASE | {"fixed_point", "scaler_internal"},
    "scaler_internal": SDK_BASE | {"scaler"},
    "model": SDK_BASE,
    "stream": SDK_BASE | {"model"},
    "baseline": SDK_BASE | {"root", "scaler_internal"},
    "detector": SDK_BASE
    | {"window", "scaler", "model", "stream", "frame", "baseline", "rows", "quadratic"}
    | {"detector_check", "detector_internal", "scaler_internal", "sensors", "verdict"},
    "detector_internal": SDK_BASE | {"detector"},
    "detector_memory": SDK_BASE | {"detector", "detector_check"},
    "detector_network": SDK_BASE | {"detector", "model", "scaler_internal", "stream", "window"},
    "detector_time": SDK_BASE | {"detector"},
    "detector_score": SDK_BASE | {"detector", "detector_internal", "quadratic"},
    "sensors": SDK_BASE,
    "verdict": SDK_BASE,
    "detector_check": SDK_BASE | {"detector", "quadratic", "scaler"},
    "server": SDK_BASE
    | {"detector", "frame", "port", "model", "stream", "app", "window", "scaler"},
    "port": SDK_BASE | {"store"},
    "store": SDK_BASE | {"crc32"},
    "saved": SDK_BASE | {"detector", "detector_internal", "crc32"},
    "app": SDK_BASE | {"model", "detector"},
    "update": SDK_BASE
    | {"detector", "model", "store", "port", "crc32", "server", "app", "saved", "detector_network"},
    "safe": None,
}


@pytest.mark.parametrize("room", sorted(ROOM_ARROWS))
def test_rooms(room):
    rooms = set(tree.ROOMS)
    wrong = [
        f"{path}: {name}"
        for path in tree.python_files(room)
        for name in tree.imports(path)
        if (top := name.split(".")[0]) in rooms | {"tests"} and top not in ROOM_ARROWS[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_package_stays_in_its_place(package):
    wrong = [
        str(path)
        for path in tree.python_files("codegen", "targets", "models", "host_tools")
        if any(name.split(".")[0] == package for name in tree.imports(path))
        and not path.as_posix().startswith(ONLY_IN[package])
    ]
    assert wrong == []


def test_planner_and_checker_share_no_code():
    checker = Path("codegen/memory/checker.py")
    assert not [name for name in tree.imports(checker) if ".planner" in name or ".liveness" in name]


def _part(path: Path) -> str:
    """Which part of the SDK a file belongs to."""
    if "kernel" in path.parts:
        return "kernel"
    if "app" in path.parts:
        return "app"
    if "update" in path.parts:
        return "update"
    return path.stem.removesuffix("_internal").split("_")[0] if "server" in path.stem else path.stem


def _allowed(part: str) -> set[str] | None:
    if part == "kernel":
        return SDK_BASE | {"fixed_point", "kernel"}
    if part == "app":
        return None
    allowed = SDK_ARROWS.get(part, SDK_BASE)
    return None if allowed is None else allowed | {part}


def test_inside_sdk():
    wrong = []
    for path in tree.c_files("sdk"):
        allowed = _allowed(_part(path))
        for name in tree.includes(path):
            if name.endswith(".def"):
                continue
            included = Path(name)
            if name.startswith("safe/"):
                part = _part(included)
                assert (tree.ROOT / "sdk/include" / name).is_file(), f"{path}: {name} is not there"
            else:
                part = _part(path.parent / included)
                assert (
                    (tree.ROOT / path.parent / included).resolve().is_relative_to(tree.ROOT / "sdk")
                ), f"{path}: {name} lies outside the SDK"
            if allowed is not None and part not in allowed:
                wrong.append(f"{path}: {name}")
            if (
                part == "app"
                and _part(path) not in {"app", "server", "update"}
                and path.stem != "safe"
            ):
                wrong.append(f"{path}: {name}")
    assert wrong == []


def test_sdk_knows_no_target_and_no_model():
    words = ("stm32", "cortex", "nrf", "forecaster")
    wrong = [
        f"{path}: {word}"
        for path in tree.c_files("sdk")
        for word in words
        if f'"{word}' in tree.text(path).lower() or f"include <{word}" in tree.text(path).lower()
    ]
    assert wrong == []


def test_targets_include_only_sdk_and_themselves():
    wrong = []
    signature = Path("targets/update/sodium.c")  # includes the library that it stands before
    for path in set(tree.c_files("targets")) - {signature}:
        for name in tree.includes(path):
            mine = [tree.ROOT / path.parent / name, tree.ROOT / "targets" / name]
            mine += [tree.ROOT / "targets" / part / name for part in ("arch", "driver")]
            generated = name.startswith("safe_")
            if not (name.startswith("safe/") or generated or any(p.is_file() for p in mine)):
                mine_anywhere = [p for p in tree.c_files("targets") if p.name == Path(name).name]
                if not mine_anywhere:
                    wrong.append(f"{path}: {name}")
    assert wrong == []


def test_standard_library_only_where_nothing_is_installed():
    """The launcher's checks run before anything may be wrong with the environment."""
    for path in (Path("tests/checks.py"), Path("targets/errors.py")):
        names = {name.split(".")[0] for name in tree.imports(path)}
        assert names <= sys.stdlib_module_names
