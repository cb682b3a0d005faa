"""ONNX in: a model of PyTorch or of another framework as a SavedModel, by onnx2tf.

From there on it goes the way of any SavedModel (`saved_graph`). ONNX networks mostly have their
channels first ([1, channels, window]); SAFE's windows, like TensorFlow's, have them last. The
windows' shape decides which of both the model has; where both fit, the user says it.
"""

import importlib.util
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import ConversionError, DataError
from host_tools.runtimes import tensors

SUFFIX = ".onnx"
CHANNELS = ("first", "last")
COMPARED = 8
"""Number of windows on which the outputs are compared."""
TOLERANCE = 1e-4
"""Largest difference of an output, as part of the largest output: float32 sums in another order
are a hundred times closer."""
_MODULES = ("onnx", "onnx2tf", "onnx_graphsurgeon", "sng4onnx", "psutil", "requests")


@dataclass(frozen=True)
class Source:
    """A model that was read and checked.

    Attributes:
        model: The ModelProto, its batch fixed at 1.
        name: Of its input.
        shape: Of one window, as the file has it.
        channels: Where the file has its channels: first or last.
    """

    model: Any
    name: str
    shape: tuple[int, ...]
    channels: str

    def facts(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        return {
            "converter": f"onnx2tf {version('onnx2tf')}",
            "input": self.name,
            "shape": [1, *self.shape],
            "channels": self.channels,
        }


def is_onnx(path: Path) -> bool:
    """Return whether a file is named as one of ONNX."""
    return path.suffix.lower() == SUFFIX


def require_packages(path: Path) -> None:
    """Raise ConversionError unless the extra is installed."""
    missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise ConversionError(
            f"{path}: reading ONNX needs {', '.join(missing)}: ./safe setup onnx, or"
            " pip install 'safe-edge[train,onnx]'"
        )


def read(path: Path, window: tuple[int, ...], channels: str | None) -> Source:
    """Read a file for windows of the given shape; `channels` where the user said it.

    Raises:
        DataError: No ONNX file, or one for other windows.
        ConversionError: Not one input and output of float32, or an open shape.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except (OSError, DecodeError, onnx.checker.ValidationError, ValueError) as error:
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: not an ONNX model that can be read: {text}") from error
    constants = {one.name for one in model.graph.initializer}
    sources = [one for one in model.graph.input if one.name not in constants]
    if len(sources) != 1 or len(model.graph.output) != 1:
        raise ConversionError(
            f"{path}: has {len(sources)} inputs and {len(model.graph.output)} outputs: one of each"
            " is needed"
        )
    shape = _fixed(path, sources[0])
    _fix_batch(model)
    _start_lstms(model)
    return Source(model, sources[0].name, shape, _channels(path, shape, window, channels))


def _fixed(path: Path, source: Any) -> tuple[int, ...]:
    """Return the shape of one window."""
    import onnx

    tensor = source.type.tensor_type
    found = [one.dim_value if one.HasField("dim_value") else None for one in tensor.shape.dim]
    text = f'{path}: input "{source.name}" [{", ".join(str(n or "?") for n in found)}]'
    if tensor.elem_type != onnx.TensorProto.FLOAT:
        raise ConversionError(f"{text} is not float32")
    if len(found) < 2 or (found[0] or 1) != 1:
        raise ConversionError(f"{text}: the first axis must be a batch of 1: export it so")
    shape = tuple(size for size in found[1:] if size)
    if len(shape) != len(found) - 1:
        raise ConversionError(f"{text} has an open axis: export it with fixed sizes")
    return shape


def _fix_batch(model: Any) -> None:
    """Set an open batch to 1, and drop the shapes inside, which may depend on it."""
    for end in (*model.graph.input, *model.graph.output):
        sizes = end.type.tensor_type.shape.dim
        if len(sizes) and not sizes[0].HasField("dim_value"):
            sizes[0].dim_value = 1
    del model.graph.value_info[:]


def _start_lstms(model: Any) -> None:
    """Give every LSTM that names no state to start from the zeros that this means."""
    from onnx import numpy_helper

    for number, node in enumerate(model.graph.node):
        if node.op_type != "LSTM":
            continue
        facts = {one.name: one for one in node.attribute}
        both = "direction" in facts and facts["direction"].s == b"bidirectional"
        zeros = np.zeros((2 if both else 1, 1, facts["hidden_size"].i), np.float32)
        node.input.extend([""] * (7 - len(node.input)))
        for place in (5, 6):
            if not node.input[place]:
                name = f"safe_start_{number}_{place}"
                node.input[place] = name
                model.graph.initializer.append(numpy_helper.from_array(zeros, name))


def _channels(
    path: Path, shape: tuple[int, ...], window: tuple[int, ...], channels: str | None
) -> str:
    """Return where the file has its channels, by the shape of the windows."""
    fits = {"first": len(shape) > 1 and (*shape[1:], shape[0]) == window, "last": shape == window}
    found = [name for name in CHANNELS if fits[name]]
    if channels is not None:
        found = [name for name in found if name == channels]
    if len(found) == 2:
        raise DataError(
            f"{path}: takes {list(shape)}, which fits the windows with channels first and last: say"
            " --channels first or --channels last, as the model has them"
        )
    if not found:
        told = f" with channels {channels}" if channels else ""
        raise DataError(
            f"{path}: takes windows of {' x '.join(map(str, shape))}{told}, the representative"
            f" windows are {' x '.join(map(str, window))}"
        )
    return found[0]


def save(source: Source, path: Path, out: Path) -> None:
    """Write the SavedModel, which takes windows with their channels last.

    Raises:
        ConversionError: onnx2tf cannot convert it.
    """
    import onnx
    import onnx2tf

    # Its reader of files does more than that of models: it names the operators, for example.
    read = out.with_suffix(SUFFIX)
    onnx.save(source.model, str(read))
    kept = [source.name] if source.channels == "last" else None
    try:
        onnx2tf.convert(
            input_onnx_file_path=str(read),
            output_folder_path=str(out),
            output_signaturedefs=True,
            keep_shape_absolutely_input_names=kept,
            not_use_onnxsim=True,
            non_verbose=True,
            verbosity="error",
        )
    # It raises whatever an operation raises, and exits where it gives up.
    except (Exception, SystemExit) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ConversionError(f"{path}: onnx2tf cannot convert it: {lines[0][:160]}") from error
    if not (out / "saved_model.pb").is_file():
        raise ConversionError(f"{path}: onnx2tf wrote no SavedModel")


def compare(source: Source, path: Path, floating: bytes, windows: NDArray[np.float32]) -> float:
    """Return the largest difference between the ONNX model and the float TFLite model.

    Args:
        source: From `read`.
        path: Its file, for the message.
        floating: The TFLite model.
        windows: float32 [N, *window]; the first `COMPARED` are taken.

    Raises:
        ConversionError: They do not compute the same.
    """
    from onnx.reference import ReferenceEvaluator

    few = windows[:COMPARED]
    evaluator = ReferenceEvaluator(source.model)
    given = few if source.channels == "last" else np.moveaxis(few, -1, 1)
    before = np.stack(
        [np.asarray(evaluator.run(None, {source.name: one[None]}))[0, 0] for one in given]
    )
    after = tensors.forecast(floating, few)
    # An output of several axes has its channels last, too, where the input was turned.
    forms = [before] if before.ndim < 3 else [before, np.moveaxis(before, 1, -1)]
    found = [form for form in forms if form.shape == after.shape]
    if not found:
        raise ConversionError(
            f"{path}: gives {list(before.shape[1:])}, the converted model {list(after.shape[1:])}"
        )
    largest = min(float(np.abs(form - after).max()) for form in found)
    if not largest <= TOLERANCE * max(1.0, float(np.abs(before).max())):
        raise ConversionError(
            f"{path}: the converted model's outputs differ by up to {largest:.3g}: an operation was"
            " not converted as it is meant, or the model keeps a state"
        )
    return largest
