"""Instructions, flash and arena of every model stay within 1% of tests/perf/budgets.toml."""

import tomllib

import pytest

from host_tools.perf import budget, suite
from host_tools.perf.standalone import model_name
from targets import build
from tests.conftest import SHARED
from tests.perf import drawn

pytestmark = pytest.mark.emulator

MODELS = {model_name(path): path for path in suite.default_models(SHARED / "mlperf-tiny")}
MLPERF = ("ad01_int8", "kws_ref_model", "pretrainedresnet_quant")


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    return tmp_path_factory.mktemp("plugins")


def held(path, goals, plugins, *, stream=False, targets=suite.TARGETS):
    results = suite.measure([path], targets, goals, plugins, stream=stream)
    assert not results.failures
    assert len(results.costs) == len(targets) * len(goals)
    hint = "better code, or a reason and `python -m host_tools perf --update`"
    assert budget.excesses(results.costs, budget.load()) == [], hint


@pytest.mark.parametrize("name", build.models())
def test_own_models(name, plugins):
    held(MODELS[name], ["balanced"], plugins)


@pytest.mark.parametrize("name", build.models())
def test_own_models_sample_by_sample(name, plugins):
    held(MODELS[name], ["balanced"], plugins, stream=True)


@pytest.mark.parametrize("name", MLPERF)
def test_mlperf_tiny(name, plugins, shared_data):
    held(MODELS[name], ["balanced"], plugins)


def test_a_drawn_unrolled_lstm(tmp_path, plugins):
    held(drawn.write(tmp_path), ["balanced"], plugins)


def test_zba_and_zbb(plugins):
    """A little less than without: what the compiler does with the extensions of the description."""
    held(MODELS["forecaster"], ["balanced"], plugins, targets=suite.NAMED_TARGETS)
    budgets = tomllib.loads((build.ROOT / "tests/perf/budgets.toml").read_text())["forecaster"]
    least, most = (
        budgets[name]["balanced"]["instructions"] for name in ("riscv-virt-b", "riscv-virt")
    )
    assert 0.99 * most < least < most


@pytest.mark.slow
@pytest.mark.parametrize("name", [*build.models(), *MLPERF])
def test_other_goals(name, plugins, shared_data):
    held(MODELS[name], ["speed", "size"], plugins)
