"""The generated files of a model, by name."""

from codegen.emit import detector, model
from codegen.emit.description import Description
from codegen.emit.program import KernelProgram, Program

EXAMPLE = "example/main.c"
"""Program of a standalone folder, beside the sources that it is linked with."""


def model_texts(program: KernelProgram) -> dict[str, str]:
    """Return the text of model and weights, by file name."""
    stem = program.prefix
    return {
        f"{stem}.h": model.header(program),
        f"{stem}.c": model.source(program),
        f"{stem}_weights.h": model.weights_header(program),
        f"{stem}_weights.c": model.weights_source(program),
    }


def edge_texts(
    program: Program,
    rules: detector.DetectorConstants | None,
    about: Description,
    *,
    standalone: bool,
) -> dict[str, str]:
    """Return what stands around the model of any backend: detector, and the firmware's model, or
    the example of a standalone folder.

    Raises `DetectorInvalidError`.
    """
    files = {}
    if rules is not None:
        detector.check_pace(rules, about.rate_hz)
        files = detector.texts(program, rules, about)
    if not standalone:
        files["safe_app_model.c"] = detector.app_model(program, rules)
    elif rules is not None:
        files[EXAMPLE] = detector.example_source(program)
    elif isinstance(program, KernelProgram):
        files[EXAMPLE] = model.example_source(program)
    return files
