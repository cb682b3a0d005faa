"""Export a network in several forms, each compared with what was read, whole or not at all."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from host_tools.conversion import export_worker, worker
from host_tools.errors import ConversionError
from host_tools.formats import json_file
from targets import output

RECORD = "export.json"
FORMS = tuple(export_worker.FORMS)


def export(
    network: Path,
    out: Path,
    forms: Sequence[str] | None = None,
    shape: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Write forms of a network into a folder.

    Args:
        network: .keras or .h5 file, or SavedModel folder.
        out: Made if it does not exist; forms of the same name are replaced.
        forms: Some of FORMS; None for all that the network allows (no .keras when it is a
            SavedModel of unknown structure).
        shape: What it must be: window, channels, horizon, channels; None for any.

    Returns:
        What the file RECORD of the folder tells: `from` (the network's name), `window`,
        `forecast` (shapes) and `forms`: per form the file, and the RMSE and largest difference
        of its outputs from the network's on 16 random windows.

    Raises:
        DataError: No such network, or one of another shape.
        ConversionError: The worker failed, or a form computes something else.
        OutputError: `out` cannot be written.
    """
    with output.staged(out, RECORD) as stage:
        job = {"network": str(network.resolve()), "forms": forms, "shape": shape}
        (stage.work / "job.json").write_text(json.dumps(job))
        worker.run(
            "host_tools.conversion.export_worker",
            stage.work,
            f"export of {network.name}",
            ConversionError,
        )
        done: dict[str, Any] = {"from": network.name}
        done |= json.loads((stage.work / "done.json").read_text())
        for row in done["forms"].values():
            (stage.work / row["file"]).replace(stage.folder / row["file"])
            stage.replaced.add(row["file"])
        json_file.write_plain(stage.folder / RECORD, done)
    return done
