"""The generated files of a model, by name."""

from codegen.emit import detector, model, readme
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
    README and example of a standalone folder. (A foreign backend's own README wins.)

    Raises `DetectorInvalidError`.
    """
    files = {}
    if rules is not None:
        detector.check_pace(rules, about.rate_hz)
        files = detector.texts(program, rules, about)
    if not standalone:
        files["safe_app_model.c"] = detector.app_model(program, rules)
        return files
    files[readme.FILE] = readme.text(program, rules, about)
    if rules is not None:
        files[EXAMPLE] = detector.example_source(program)
    elif isinstance(program, KernelProgram):
        files[EXAMPLE] = model.example_source(program)
    return files
