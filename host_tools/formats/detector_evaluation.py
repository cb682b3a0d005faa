"""The last evaluation of a model directory's detector, which a build holds to `[budget]`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from host_tools.formats import json_file
from targets.detection_budget import DETECTOR, FILE, VERSION, hash_of


def held_out(folder: Path, verb: str, figures: Mapping[str, Any]) -> None:
    """Write what a fit that was just made says of quiet held-out rows; raises OutputError.

    Args:
        folder: The model directory; without a detector.json, one that was refused, nothing is
            written.
        verb: What made it.
        figures: The fit's, `quiet_alarm_share` among them.
    """
    detector = folder / DETECTOR
    if detector.exists():
        text = detector.read_text(encoding="utf-8")
        share = figures["quiet_alarm_share"]
        write(folder, text, f"{verb}, on quiet held-out rows", quiet_alarm_share=share)


def write(
    folder: Path,
    detector: str,
    by: str,
    *,
    quiet_alarm_share: float | None,
    f1: float | None = None,
    missed: int | None = None,
) -> None:
    """Write the record into a model directory.

    Args:
        folder: The model directory.
        detector: Text of the detector.json that was evaluated.
        by: What evaluated it, in words.
        quiet_alarm_share: Percent of the quiet time in alarm; None: not known.
        f1: Over labelled runs; None: not known.
        missed: Labelled faults without an alarm; None: not known.

    Raises:
        OutputError: It cannot be written.
    """
    content = {
        "detector_sha256": hash_of(detector),
        "by": by,
        "quiet_alarm_share": quiet_alarm_share,
        "f1": f1,
        "missed": missed,
    }
    json_file.write(folder / FILE, content, version=VERSION)
