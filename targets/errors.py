"""The root of the project's one exception tree, and the exit code that each branch means.

`targets` is the lowest Python room, so the root lives here. Only `host_tools.cli` and
`codegen.command` turn an exception into a message on stderr and an exit code.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Process exit codes; documented in README and stable across releases."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    DATA = 10
    TRAINING = 11
    CONVERSION = 12
    DETECTOR_REFUSED = 13
    MODEL_INVALID = 20
    MODEL_UNSUPPORTED = 21
    MEMORY_PLAN = 22
    BUDGET = 23
    TARGET = 30
    BUILD = 31
    OUTPUT = 32
    PORT_NOT_FOUND = 40
    DEVICE_SILENT = 41
    DEVICE_UNKNOWN = 42
    DEVICE_VERSION = 43
    DEVICE_MODEL = 44
    LINK_LOST = 45
    DEVICE_ERROR = 46
    PROBE_NOT_FOUND = 47
    RUNNER_MISSING = 48
    FLASH = 49
    DIFFERENT = 50
    VERIFY = 51
    UPDATE_REFUSED = 52
    UPDATE_REJECTED = 53
    EMULATOR = 60
    INTERRUPTED = 130


class SafeError(Exception):
    """Base of every error a user can cause; its text is one line: what, where, what to do."""

    exit_code: ExitCode = ExitCode.INTERNAL


class TargetError(SafeError):
    """A target description is missing, malformed or contradictory."""

    exit_code = ExitCode.TARGET


class ExternalError(SafeError):
    """A runtime that is installed elsewhere is not found, or its archive does not fit the image."""

    exit_code = ExitCode.BUILD


class AppUnknownError(SafeError):
    """An application is neither one of SAFE's own nor a folder of C files."""

    exit_code = ExitCode.USAGE


class BackendUnknownError(SafeError):
    """No backend has the name that was asked for."""

    exit_code = ExitCode.USAGE


class ModelError(SafeError):
    """The model that a command names is not there, or its folder is not whole."""

    exit_code = ExitCode.MODEL_INVALID


class BuildError(SafeError):
    """A compiler, linker or build tool is missing or failed."""

    exit_code = ExitCode.BUILD


class BudgetError(SafeError):
    """An image takes more than its budget in `model.toml`, or than the target reserves."""

    exit_code = ExitCode.BUDGET


class OutputError(SafeError):
    """An output file or folder cannot be written."""

    exit_code = ExitCode.OUTPUT


class EmulatorError(SafeError):
    """The emulator is missing, did not start, or died."""

    exit_code = ExitCode.EMULATOR
