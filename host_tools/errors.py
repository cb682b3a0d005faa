"""Errors of the host tools; each class has its own exit code."""

from targets.errors import ExitCode, SafeError


class DataError(SafeError):
    """A CSV or array file cannot be used; the message names file, row and column."""

    exit_code = ExitCode.DATA


class TrainingError(SafeError):
    """Training cannot start or did not converge to a usable model."""

    exit_code = ExitCode.TRAINING


class DetectorRefusedError(SafeError):
    """A detector would be in alarm too often in quiet times: it is not installed."""

    exit_code = ExitCode.DETECTOR_REFUSED


class ConversionError(SafeError):
    """Conversion to TFLite failed; the message names the route and the versions."""

    exit_code = ExitCode.CONVERSION


class PortNotFoundError(SafeError):
    """No serial port, or none that can be opened."""

    exit_code = ExitCode.PORT_NOT_FOUND


class DeviceSilentError(SafeError):
    """The port opens but nothing (or no frame) comes back: power, wiring or baud rate."""

    exit_code = ExitCode.DEVICE_SILENT


class DeviceUnknownError(SafeError):
    """Something answers, but not a SAFE device."""

    exit_code = ExitCode.DEVICE_UNKNOWN


class DeviceVersionError(SafeError):
    """The device speaks another protocol version."""

    exit_code = ExitCode.DEVICE_VERSION


class DeviceModelError(SafeError):
    """The device holds another model than the host compares with."""

    exit_code = ExitCode.DEVICE_MODEL


class LinkLostError(SafeError):
    """The link broke and retries did not bring it back, or the device restarted."""

    exit_code = ExitCode.LINK_LOST


class DeviceError(SafeError):
    """The device answered with an error."""

    exit_code = ExitCode.DEVICE_ERROR


class ProbeNotFoundError(SafeError):
    """The flash runner finds no debug probe, or none with the given number."""

    exit_code = ExitCode.PROBE_NOT_FOUND


class RunnerMissingError(SafeError):
    """No flash runner is installed that can serve the target; each one's reason is named."""

    exit_code = ExitCode.RUNNER_MISSING


class FlashError(SafeError):
    """The flash runner failed: connection, erasing or programming."""

    exit_code = ExitCode.FLASH


class VerifyError(SafeError):
    """The flash was written, but does not hold the image, or nobody said that it does."""

    exit_code = ExitCode.VERIFY


class DifferentError(SafeError):
    """Device and host do not agree."""

    exit_code = ExitCode.DIFFERENT


class UpdateRefusedError(SafeError):
    """A model image is not for this device, or not signed with its key: nothing was changed."""

    exit_code = ExitCode.UPDATE_REFUSED


class UpdateRejectedError(SafeError):
    """A device tried a model image in vain, and runs what it ran before."""

    exit_code = ExitCode.UPDATE_REJECTED
