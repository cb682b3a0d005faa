"""The one measured run: which steps are taken, in which order, and what is kept of them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from host_tools.device.link import TIMEOUT_SECONDS
from host_tools.errors import DataError
from host_tools.workflow import count, run
from host_tools.workflow.run import Emulated, Port, RunPlan
from targets.errors import EmulatorError
from targets.load import load

INFO = SimpleNamespace(backend="native", arena_bytes=1824, weight_bytes=52224, channels=0)
ANSWERS = SimpleNamespace(info=INFO, stats=SimpleNamespace(stack_bytes=900, status=0))
EXACT = SimpleNamespace(seconds={"reference": 1.0})


@pytest.fixture
def model(root: Path) -> Path:
    return root / "models" / "forecaster"


@pytest.fixture
def steps(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replace what is slow; returns the list of what was called."""
    called: list[Any] = []

    def note(name: str, value: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            called.append((name, options.get("reply_seconds")) if name == "bench" else name)
            return value

        return call

    @contextlib.contextmanager
    def start(*_: Any, **__: Any) -> Iterator[Any]:
        called.append("start")
        yield SimpleNamespace(url="loop://")

    image = SimpleNamespace(
        elf=tmp_path / "bench.elf",
        manifest=lambda: {"model_sha256": "0" * 64, "backend": "native"},
        size=lambda: {"stack": {"bound_bytes": 800}},
    )
    monkeypatch.setattr(run, "make", note("make", image))
    monkeypatch.setattr(run.emulate, "start", start)
    monkeypatch.setattr(run, "bench", note("bench", ANSWERS))
    monkeypatch.setattr(run.exact_results, "run_all", note("compare", EXACT))
    monkeypatch.setattr(count.qemu, "missing_memory", lambda *_: "")  # there is no image
    monkeypatch.setattr(count, "count_inferences", note("count", "counts"))
    monkeypatch.setattr(count, "count_steps", note("steps", 7))
    monkeypatch.setattr(
        run.link_facts, "link_fields", lambda _, cycles: {"device_status": [], "cycles": cycles}
    )
    return called


def test_an_emulated_run_does_everything_and_warns(
    steps: list[Any], model: Path, tmp_path: Path
) -> None:
    place = Emulated("stm32f4")
    result = run.run(RunPlan(model, place, run.select(model, place, 4)), tmp_path)
    assert steps[0] == "make"
    assert sorted(map(str, steps)) == sorted(
        map(str, ["make", "compare", "count", "steps", "start", ("bench", TIMEOUT_SECONDS)])
    )
    assert (result.counts, result.step_instructions) == ("counts", 7)
    assert result.link["cycles"] == "approximate"
    assert ["proved bound of 800" in line for line in result.warnings] == [True]
    assert list(result.seconds)[-1] == "reference"
    assert result.label == "stm32f4"


def test_only_the_steps_that_are_asked_for(steps: list[Any], model: Path, tmp_path: Path) -> None:
    place = Emulated("stm32f4")
    result = run.run(RunPlan(model, place, steps=frozenset({"count"}), counted=3), tmp_path)
    assert steps == ["make", "count"]
    assert (result.bench, result.exact, result.link) == (None, None, {})


def test_a_slow_emulator_has_time_for_its_replies(
    steps: list[Any], model: Path, tmp_path: Path
) -> None:
    place, config = Emulated("ibex"), load("ibex").emulator
    assert config is not None
    plan = RunPlan(model, place, run.select(model, place, 1, 1), frozenset({"bench"}))
    run.run(plan, tmp_path)
    assert ("bench", TIMEOUT_SECONDS * config.reply_seconds) in steps


def test_on_a_port_the_host_computes_after_the_device(
    steps: list[Any], model: Path, tmp_path: Path
) -> None:
    manifest = tmp_path / "host" / "standalone" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"backend": "native", "operators": []}')
    place = Port("loop://", "stm32f4")
    result = run.run(RunPlan(model, place, run.select(model, place, 4)), tmp_path)
    assert steps == [("bench", None), "compare"]
    assert (result.link["cycles"], result.warnings) == ("measured", ())
    with pytest.raises(DataError, match="cannot be counted"):
        run.run(RunPlan(model, place), tmp_path)


def test_a_slow_emulator_names_how_much_is_enough(model: Path) -> None:
    config = load("ibex").emulator
    assert config is not None
    part = run.select(model, Emulated("ibex"), None)
    assert (len(part.windows), len(part.samples)) == (config.windows, config.samples)
    part = run.select(model, Emulated("ibex"), 2, 3)
    assert (len(part.windows), len(part.samples), len(part.labels)) == (2, 3, 3)
    assert len(run.select(model, Port(None), None).windows) == 256


def test_what_cannot_be_selected(model: Path) -> None:
    with pytest.raises(DataError, match="ask for fewer"):
        run.select(model, Port(None), None, 601)
    with pytest.raises(EmulatorError, match="runs in"):
        run.select(model, Emulated("stm32f4", kind="verilator"), None)
