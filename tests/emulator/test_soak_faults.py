"""A day with faults of sensors, line and power: the device answers as its model on this host."""

import functools
import json
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from host_tools.cli import main
from host_tools.errors import DifferentError
from host_tools.formats import description
from host_tools.workflow.soak import material as materials
from host_tools.workflow.soak import scenario
from host_tools.workflow.soak.run import Asked, run
from host_tools.workflow.soak.supply import Supply, used_flash
from host_tools.workflow.soak.twin import Twin
from host_tools.workflow.soak.walk import Terms
from targets import build, emulate
from targets.load import load
from targets.make import make

pytestmark = pytest.mark.emulator
FORECASTER = build.ROOT / "models/forecaster"
SEED = 92
DAY_SAMPLES = 2400
ROWS, DAY = 2000, 24 * 3600 - 400
QUICK = Terms(reply_seconds=0.25)


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """The shipped detector without its network, which learns its baseline in a minute, and knows
    the hours of a day of forty minutes.
    """
    folder = tmp_path_factory.mktemp("learner") / "learner"
    folder.mkdir()
    about = replace(description.load(FORECASTER).without_network(), name="learner")
    (folder / "model.toml").write_text(about.text(), encoding="utf-8")
    detector = json.loads((FORECASTER / "detector.json").read_text(encoding="utf-8"))
    detector |= {f"residual_{part}": [] for part in ("channels", "factor", "prior")}
    detector |= {"baseline": "learned", "learn_samples": 60, "settle_samples": 15}
    detector |= {"drift_channels": [], "drift_limit": [], "stale_samples": 0}
    steps = [(7 * i) % 41 - 20 for i in range(24 * 16)]
    detector |= {"day_samples": DAY_SAMPLES, "hour_mean": steps, "hour_scale": [0.01] * 16}
    (folder / "detector.json").write_text(json.dumps(detector), encoding="utf-8")
    shutil.copy(FORECASTER / "scaler.json", folder)
    return folder


@functools.cache
def of_plant(product, hours):
    return materials.of_plant(product, hours, SEED)


def soaked(name, product, folder, asked, *, kind=None, rows=ROWS, store=True, terms=QUICK):
    """Soak `name` with the faults that are asked for; `store`: its flash outlives the power."""
    target = load(name)
    image = make(name, str(product), app="detector", out=product.parent / name)
    kind = emulate.configuration(target, kind).kind
    path = folder / "store"
    used_flash(path, target, kind, asked.seed)
    whole = of_plant(product, -(-rows // 3600))
    material = materials.Material(whole.samples[:rows], whole.numbers[:rows])

    def start(conditions):
        return emulate.start(target, image.elf, kind=kind, conditions=conditions)

    with Supply(start, path if store else None) as supply:
        bound = image.size().get("stack", {}).get("bound_bytes")
        return run(
            supply, product, material, folder / "host", asked=asked, terms=terms, stack_bound=bound
        )


def check(found, kinds):
    found.require_expected()
    assert found.total("different") == 0
    assert all(fault.expected for fault in found.faults)
    assert {fault.kind for fault in found.faults} == set(kinds)
    assert found.total("lost") >= sum(fault.lost for fault in found.faults)


def came(found, kind):
    return {fault.came for fault in found.faults if fault.kind == kind}


@pytest.fixture
def told_phases(monkeypatch):
    """Return a list of whether each stream was told the time of day of its first sample."""
    right = []
    opened, taken = Twin.open, Twin.take

    def open_(self, phase, *, forgets):
        self.phase = phase
        opened(self, phase, forgets=forgets)

    def take(self, first, last):
        if self.phase is not None:
            right.append(self.phase == self._numbers[first] % DAY_SAMPLES)
            self.phase = None
        return taken(self, first, last)

    monkeypatch.setattr(Twin, "open", open_)
    monkeypatch.setattr(Twin, "take", take)
    return right


def test_everything_fails_on_a_host_process(product, tmp_path, told_phases):
    asked = Asked(scenario.GROUPS, 5, keeps=True)
    found = soaked("host", product, tmp_path, asked, rows=3000)
    kinds = set(scenario.WORDS) - {scenario.SAVE, scenario.SILENCE}
    check(found, kinds)
    assert came(found, scenario.RESTART) == came(found, scenario.OFF) == {"restored"}
    assert came(found, scenario.MISSING) == came(found, scenario.DEAD) == {"masked"}
    assert came(found, scenario.CABLE) == {"degraded"}
    repeats = {fault.kind: fault.repeats for fault in found.faults}
    assert all(repeats[kind] for kind in ("flip", "drop", "cut", "unplug"))
    assert "learn" in found.states
    assert told_phases == [True] * found.starts
    told = "\n".join(found.lines())
    assert "all as expected" in told
    assert "restored" in told
    json.dumps(found.fields())


def test_the_power_goes_in_a_save_on_a_board(product, tmp_path):
    """Flash was another program's; what an interrupted save leaves is the baseline before it."""
    asked = Asked((scenario.POWER,), 2, keeps=True, has_power_cut=True)
    found = soaked("stm32f4", product, tmp_path, asked, kind="board", rows=1000, terms=Terms())
    check(found, scenario.KINDS[scenario.POWER])
    assert came(found, scenario.SAVE) == {"restored"}
    assert 0 < found.hours[-1].stack_bytes <= found.stack_bound


def test_a_lost_baseline_is_told(product, tmp_path):
    """A device without its store, where the host believes that there is one."""
    asked = Asked((scenario.POWER,), 5, keeps=True)
    found = soaked("host", product, tmp_path, asked, rows=1200, store=False)
    assert found.states["learn"] > 60
    with pytest.raises(DifferentError, match=r"records differ from the host's, the first at"):
        found.require_expected()
    assert [fault.expected for fault in found.faults].count(False) > 0
    assert "not as expected" in "\n".join(found.lines())


def test_wrong_usage(capsys):
    assert main(["soak", "--port", "none", "--faults", "power"]) == 2
    assert "nobody here switches a board on --port" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["soak", "--faults", "lines"])
    assert stop.value.code == 2
    assert "give some of sensors,line,power, or all" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [("stm32f4", "board"), ("stm32f4", None), ("stm32g0", "board"), ("stm32u5", "board")],
)
def test_a_day_with_faults(product, tmp_path, name, kind):
    keeps = kind == "board"
    asked = Asked(scenario.GROUPS, 11, keeps, has_power_cut=keeps)
    found = soaked(name, product, tmp_path, asked, kind=kind, rows=DAY, terms=Terms())
    check(found, set(scenario.WORDS) - {scenario.SILENCE} - (set() if keeps else {scenario.SAVE}))
    assert len(found.faults) > 100
    assert came(found, scenario.OFF) >= ({"restored"} if keeps else {"learned anew"})
    assert Counter(f.group for f in found.faults).keys() == set(scenario.GROUPS)
    assert np.diff([hour.stack_bytes for hour in found.hours]).min() >= 0
