"""The generated files of a model, by name."""

from codegen.emit import detector, model
from codegen.emit.program import KernelProgram, Program


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
    program: Program, rules: detector.DetectorConstants | None, *, standalone: bool
) -> dict[str, str]:
    """Return what stands around the model of any backend: detector, and the firmware's model."""
    stem, files = program.prefix, {}
    if rules is not None:
        files[f"{stem}_detector.h"] = detector.header(program, rules)
        files[f"{stem}_detector.c"] = detector.source(program, rules)
    if not standalone:
        files["safe_app_model.c"] = detector.app_model(program, rules)
    return files
