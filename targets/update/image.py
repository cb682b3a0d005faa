"""What an image must be like to take models over the line."""

from pathlib import Path

from targets import build
from targets.apps import App
from targets.errors import BuildError
from targets.load import Target
from targets.update import key


def public_key(
    file: str, target: Target, app: App, model: build.Model, generation: build.Generation
) -> bytes:
    """Return the public key of `file` for such an image; empty without a file.

    Raises BuildError where the image cannot have updates, TargetError where there are no slots.
    """
    if not file:
        return b""
    if app.name != "detector" or app.folder is not None or model.detector is None:
        raise BuildError("update=KEY is for app=detector and a model with a detector")
    if generation.backend != build.DEFAULT_BACKEND or generation.streaming:
        raise BuildError(
            "update=KEY takes models of SAFE's own kernels that run whole windows: leave backend"
            " and streaming out"
        )
    _ = target.update_origin
    return key.load(Path(file))
