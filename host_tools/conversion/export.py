"""Export a network in several forms, each compared with what was read, whole or not at all."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from host_tools.conversion import export_worker, worker
from host_tools.errors import ConversionError
from targets.errors import OutputError

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
        `window`, `forecast` (shapes) and `forms`: per form the file, and the RMSE and largest
        difference of its outputs from the network's on 16 random windows.

    Raises:
        DataError: No such network, or one of another shape.
        ConversionError: The worker failed, or a form computes something else.
        OutputError: `out` cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}") from error
    try:
        job = {"network": str(network.resolve()), "forms": forms, "shape": shape}
        (folder / "job.json").write_text(json.dumps(job))
        worker.run(
            "host_tools.conversion.export_worker",
            folder,
            f"export of {network.name}",
            ConversionError,
        )
        done: dict[str, Any] = json.loads((folder / "done.json").read_text())
        for row in done["forms"].values():
            replace(folder / row["file"], out / row["file"])
    except OSError as error:
        raise OutputError(f"{error.filename or out}: {error.strerror}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return done


def replace(source: Path, target: Path) -> None:
    """Move a file or folder into place; a folder that is there goes only when the new is whole."""
    if target.is_dir():
        old = target.with_name(f".{target.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        target.replace(old)
        source.replace(target)
        shutil.rmtree(old)
        return
    source.replace(target)
