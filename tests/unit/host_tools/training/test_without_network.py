"""Products without a network: made without TensorFlow, and by the same verbs as others."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.compare.exact import Exact
from host_tools.data import plant
from host_tools.detection import replay
from host_tools.errors import DataError
from host_tools.formats import description, detector_evaluation, golden
from host_tools.report import report_page, table
from host_tools.workflow.assemble import DeviceRun, ImageFacts, report, series
from targets import detection_budget
from targets.errors import BudgetError, ExitCode, ModelError

BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"tensorflow", "tf_keras", "keras", "sklearn", "scipy",
                                  "tflite_micro", "ai_edge_litert"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
from host_tools import cli
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "plant.csv"
    keep = (0, 1, 4, 8, 9, 12, 13, 17)
    lines = plant.csv_text(3, 4200).splitlines()
    path.write_text("\n".join(",".join(line.split(",")[c] for c in keep) for line in lines) + "\n")
    return path


def alone(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A verb where nothing of the extras `train` and `oracle` can be imported."""
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def product(
    root: Path, csv_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("products") / "pump"
    out.mkdir()
    (out / "model_int8.tflite").write_bytes(b"of an earlier training")
    made = alone(
        root, "train", "--network", "none", "--csv", str(csv_file), "--out", str(out),
        "--name", "pump", "--baseline", "learned", "--max-quiet-alarms", "100",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return out, made.stderr


def test_a_directory_without_a_network(product: tuple[Path, str]) -> None:
    out, said = product
    assert sorted(p.name for p in out.iterdir()) == [
        "detector.html", "detector.json", "detector_evaluation.json", "golden.npz", "model.toml",
        "reading.toml", "scaler.json", "training.json",
    ]  # fmt: skip
    about = description.load(out)
    assert (about.name, about.network, about.window, about.horizon) == ("pump", "none", 0, 0)
    assert description.load(out).text() == (out / "model.toml").read_text()
    config = replay.load(out)
    assert (config.adapter.window, config.detector.residual.channels) == (0, ())
    assert len(config.detector.innovation.channels) == len(about.channels) == 6
    assert json.loads((out / "training.json").read_text())["network"] == "none"
    assert "without a network" in said


def test_the_budget_of_the_detector_holds_right_after(
    product: tuple[Path, str], tmp_path: Path
) -> None:
    """`train` leaves the figure that a build holds to `[budget]`; a refused one has none."""
    out = Path(shutil.copytree(product[0], tmp_path / "pump"))
    share = json.loads((out / "training.json").read_text())["quiet_alarm_share"]
    assert json.loads((out / "detector_evaluation.json").read_text())["quiet_alarm_share"] == share
    about, text = out / "model.toml", (out / "model.toml").read_text()
    about.write_text(f"{text}\n[budget]\nquiet_alarm_share = {share}\n")
    assert detection_budget.check(out) == []
    detector_evaluation.held_out(out, "train", {"quiet_alarm_share": share + 1})
    with pytest.raises(BudgetError, match="last evaluation: train, on quiet held-out rows"):
        detection_budget.check(out)
    (out / "detector.json").rename(out / "detector.refused.json")
    (out / "detector_evaluation.json").unlink()
    detector_evaluation.held_out(out, "train", {"quiet_alarm_share": share})
    assert not (out / "detector_evaluation.json").exists()


def test_records_are_the_same_whatever_forecasts(product: tuple[Path, str]) -> None:
    out, _ = product
    samples = golden.load(out / "golden.npz").samples
    records = replay.run_chain(replay.load(out), samples, None)
    assert len(np.unique(records["state"])) > 2
    assert not records["residual"].any()
    assert not records["forecast_crc"].any()


def test_fit_again(root: Path, product: tuple[Path, str], csv_file: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(product[0], tmp_path / "again"))
    before = json.loads((home / "detector.json").read_text())
    fit = ["fit", "--model", str(home), "--csv", str(csv_file), "--max-quiet-alarms", "100"]
    done = alone(root, *fit, "--threshold", "2.5")
    assert done.returncode == 0, done.stderr
    after = json.loads((home / "detector.json").read_text())
    assert (before["notice"], after["notice"]) == (2.0, 2.5)
    assert after["baseline"] == before["baseline"]
    assert after["level_factor"] == before["level_factor"]


def test_fit_takes_the_network_away(
    csv_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = ["fit", "--network", "none", "--csv", str(csv_file)]
    assert cli.main(fit) == ExitCode.DATA
    assert "--network none: give a folder for the product with --out" in capsys.readouterr().err
    home = tmp_path / "six"
    home.mkdir()
    (home / "model.toml").write_text(
        'name = "six"\nwindow = 8\nhorizon = 3\nrate_hz = 1.0\nseed = 5\nsource = "csv"\n'
    )
    out = tmp_path / "out"
    fit += ["--model", str(home), "--out", str(out), "--max-quiet-alarms", "100"]
    assert cli.main([*fit, "--baseline", "training"]) == 0
    assert description.load(out).network == "none"
    fit = ["fit", "--network", "tflite", "--model", str(out), "--csv", str(csv_file)]
    assert cli.main(fit) == ExitCode.DATA
    assert "has none: use train" in capsys.readouterr().err


def test_what_needs_a_network_says_so(
    product: tuple[Path, str], csv_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, csv = str(product[0]), str(csv_file)
    for verb, words in (
        (["golden", "--model", home], "bench compares the records of its detector"),
        (["evaluate", "--model", home], "evaluate --detection FOLDER scores its detector"),
        (["sweep", "--model", home, "--csv", csv], "has no network: give one with --from"),
        (["profile", home], "has no network, and this needs one"),
        (["count", "--model", home, "--streaming"], "leave backend and streaming out"),
    ):
        assert cli.main(verb) == ExitCode.MODEL_INVALID, verb
        assert words in capsys.readouterr().err


def test_model_toml(tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    start = 'name = "a"\nrate_hz = 1.0\nseed = 1\nsource = "csv"\n'
    path.write_text(start + 'network = "none"\nwindow = 8\n')
    with pytest.raises(DataError, match='"window" is given, and there is no network'):
        description.load(tmp_path)
    path.write_text(start + 'network = "keras"\n')
    with pytest.raises(DataError, match='"network" must be "tflite" or "none", not \'keras\''):
        description.load(tmp_path)
    path.write_text(start)
    with pytest.raises(DataError, match='"window"'):
        description.load(tmp_path)
    path.write_text(start + 'network = "none"\n')
    with pytest.raises(ModelError, match="has no network: sweep"):
        description.require_network(tmp_path, "sweep")


def test_report_without_a_network(product: tuple[Path, str]) -> None:
    out, _ = product
    about, kept = description.load(out), golden.load(out / "golden.npz")
    records = replay.run_chain(replay.load(out), kept.samples, None)
    facts = ImageFacts(
        target="stm32f4", backend="native", model="six", model_sha256="ab" * 32, data="CSV file",
        channel_names=about.channels, scale=0.0, zero_point=0, threshold=3.0, network="none",
        instructions_per_step=1234, flash_bytes=20_000, rate_hz=1.0,
    )  # fmt: skip
    device, exact = DeviceRun(kept.outputs, records), Exact({}, records)
    found = report(facts, kept, device, exact, host_seconds=1.0)
    assert found.exact
    assert found.fields()["network"] == "none"
    text = table.render(found)
    assert "6 channels, no network" in text
    assert "instructions per sample" in text
    for word in ("inference", "Forecast error", "windows"):
        assert word not in text
    page = report_page.render(found, series(facts, kept, device, exact))
    assert "Score and alarms on the device" in page
    assert "There is no network" in page
    assert "Forecast against truth" not in page
    flipped = records.copy()
    flipped["score"].view(np.uint32)[7] ^= 1
    other = report(facts, kept, device, Exact({}, flipped), host_seconds=1.0)
    assert (other.chain_mismatches, other.exact) == (1, False)
    nothing = DeviceRun(kept.outputs, records[:0])
    with pytest.raises(DataError, match="cannot be compared: 0 and 0"):
        report(facts, kept, nothing, Exact({}, records[:0]), host_seconds=1.0)
