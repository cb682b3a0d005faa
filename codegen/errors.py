"""Errors of the generator; each names the operator index, the operator and the tensor."""

from targets.errors import ExitCode, SafeError


class CodegenError(SafeError):
    """Base of every generator error."""

    exit_code = ExitCode.MODEL_INVALID


class ModelInvalidError(CodegenError):
    """The file is not a readable TFLite model, or breaks a rule of the format."""

    exit_code = ExitCode.MODEL_INVALID


class ModelUnsupportedError(CodegenError):
    """The model is well formed but uses something that SAFE does not generate."""

    exit_code = ExitCode.MODEL_UNSUPPORTED


class DetectorInvalidError(CodegenError):
    """scaler.json or detector.json is damaged or does not fit the model."""

    exit_code = ExitCode.MODEL_INVALID


class DescriptionInvalidError(CodegenError):
    """model.toml is damaged where it describes the samples."""

    exit_code = ExitCode.MODEL_INVALID


class BudgetInvalidError(CodegenError):
    """The table [budget] of model.toml is damaged."""

    exit_code = ExitCode.USAGE


class BackendInvalidError(CodegenError):
    """The file of a backend cannot be loaded, or does not define a whole one."""

    exit_code = ExitCode.INTERNAL


class NetworkInvalidError(CodegenError):
    """The files that a vendor's tool generated are not whole, or are not of the model."""

    exit_code = ExitCode.MODEL_INVALID


class StyleInvalidError(CodegenError):
    """A project's style lacks something, or a user's text has no place in the new files."""

    exit_code = ExitCode.USAGE


class BackendRefusedError(CodegenError):
    """The backend cannot do what was asked for."""

    exit_code = ExitCode.USAGE


class NameInvalidError(CodegenError):
    """The model's name cannot be part of a C identifier."""

    exit_code = ExitCode.USAGE


class MemoryPlanError(CodegenError):
    """The arena plan is wrong or does not fit."""

    exit_code = ExitCode.MEMORY_PLAN


class BudgetExceededError(CodegenError):
    """The generated model needs more memory than it may."""

    exit_code = ExitCode.BUDGET


class VerifierError(CodegenError):
    """A graph breaks an IR rule after a pass: a defect of SAFE, not of the model."""

    exit_code = ExitCode.INTERNAL


def where(index: int, kind: str, tensor: str | None = None) -> str:
    """Return the common prefix of a message: `operator 3 FULLY_CONNECTED, tensor "x"`."""
    text = f"operator {index} {kind}"
    return text if tensor is None else f'{text}, tensor "{tensor}"'
