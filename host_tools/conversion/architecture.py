"""Find a model's network builder: `architecture.py` beside its `model.toml`."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.errors import TrainingError


def load_builder(path: Path) -> Callable[..., Any]:
    """Return the function `build` of an `architecture.py`.

    Raises:
        TrainingError: The file is missing or has no such function.
    """
    spec = importlib.util.spec_from_file_location("safe_architecture", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise TrainingError(f"{path}: no such file: a model to train needs an architecture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    builder = getattr(module, "build", None)
    if not callable(builder):
        raise TrainingError(f"{path}: has no function `build`: see models/forecaster")
    result: Callable[..., Any] = builder
    return result
