"""The modules that decide, and the quick tests of each, the nearest first."""

UNIT = "tests/unit"

_DATA = f"{UNIT}/host_tools/data"
_READING = (
    f"{_DATA}/test_time_limits.py",
    f"{_DATA}/reading/test_cases.py",
    f"{_DATA}/reading/test_hostile.py",
    f"{_DATA}/reading/test_kinds.py",
    f"{_DATA}/reading/test_layouts.py",
    f"{_DATA}/test_csv.py",
    f"{_DATA}/test_csv_file.py",
)
"""Whole files. The grid, which takes longer than all of these, is left out."""


def _reading(*names: str) -> tuple[str, ...]:
    """Return the tests of a module of the reading: its own first."""
    return (*(f"{_DATA}/reading/test_{name}.py" for name in names), *_READING)


_CHAIN = (
    f"{UNIT}/sdk/test_detector_bounds.py",
    f"{UNIT}/host_tools/detection/test_chain.py",
    f"{UNIT}/sdk/test_detector.py::test_chain_equals_specification[gcc-O0-4x3x2]",
    f"{UNIT}/sdk/test_detector.py::test_any_detector_equals_specification",
)
"""Tests of the chain's specification and of its parts."""

SUBJECTS: dict[str, tuple[str, ...]] = {
    "codegen/fixed_point.py": (f"{UNIT}/codegen/test_fixed_point.py",),
    "codegen/quantization.py": (f"{UNIT}/codegen/test_quantization.py",),
    "codegen/memory/planner.py": (
        f"{UNIT}/codegen/memory/test_planner.py",
        f"{UNIT}/codegen/memory/test_sharing.py",
    ),
    "codegen/memory/checker.py": (
        f"{UNIT}/codegen/memory/test_checker.py",
        f"{UNIT}/codegen/memory/test_sharing.py",
    ),
    "host_tools/detection/baseline.py": _CHAIN,
    "host_tools/detection/chain.py": _CHAIN,
    "host_tools/detection/rings.py": _CHAIN,
    "host_tools/detection/sensors.py": _CHAIN,
    "host_tools/detection/statistic.py": _CHAIN,
    "host_tools/detection/verdict.py": _CHAIN,
    "host_tools/data/csv.py": (f"{_DATA}/test_csv_limits.py", f"{_DATA}/test_csv.py"),
    "host_tools/data/reading/clock.py": _reading("clock"),
    "host_tools/data/reading/numbers.py": _reading("numbers"),
    "host_tools/data/reading/pacing.py": _reading("pacing"),
    "host_tools/data/reading/pick.py": _reading("pick", "pairs"),
    "host_tools/data/reading/sampling.py": _reading("sampling"),
    "host_tools/data/reading/steps.py": _reading("steps"),
    "host_tools/compare/metrics.py": (f"{UNIT}/host_tools/compare/test_metrics.py",),
    "host_tools/detection/metrics.py": (
        f"{UNIT}/host_tools/detection/test_metrics.py",
        f"{UNIT}/host_tools/detection/test_chain.py",
    ),
    "host_tools/device/link.py": (
        f"{UNIT}/host_tools/device/test_link.py",
        f"{UNIT}/host_tools/device/test_link_hello.py",
    ),
    "targets/stack/bound.py": (f"{UNIT}/targets/stack",),
    "targets/stack/cortex_m.py": (f"{UNIT}/targets/stack",),
    "targets/stack/graph.py": (f"{UNIT}/targets/stack",),
    "targets/stack/listing.py": (f"{UNIT}/targets/stack",),
    "targets/stack/riscv32.py": (f"{UNIT}/targets/stack",),
    "targets/stack/rules.py": (f"{UNIT}/targets/stack",),
    "targets/stack/usage.py": (f"{UNIT}/targets/stack",),
    "targets/stack/words.py": (f"{UNIT}/targets/stack",),
}
