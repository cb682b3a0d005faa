"""Load a trained network from a file, and build it again for another purpose.

A network is trained once and then needed in several forms: with batch 1 and a rolled LSTM in
tf_keras (the only route to a fused int8 operator), unrolled in Keras 3, with a free batch for
scoring. `rebuild` makes each from the same weights; only operators listed here take part, so
that nothing is dropped in silence.
"""

import importlib
from pathlib import Path
from typing import Any

from host_tools.conversion import saved_graph, structure
from host_tools.conversion.structure import METADATA, SAVED_MODEL
from host_tools.errors import ConversionError, DataError

_RECURRENT = ("units", "activation", "recurrent_activation", "use_bias", "return_sequences",
              "go_backwards")  # fmt: skip
_CONVOLUTION = ("kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias")
_POOL = ("pool_size", "strides", "padding")

OPTIONS: dict[str, tuple[str, ...]] = {
    "Activation": ("activation",),
    "Add": (),
    "AveragePooling1D": _POOL,
    "BatchNormalization": ("axis", "momentum", "epsilon", "center", "scale"),
    "Bidirectional": ("merge_mode",),
    "Concatenate": ("axis",),
    "Conv1D": ("filters", "groups", *_CONVOLUTION),
    "Conv1DTranspose": ("filters", *_CONVOLUTION),
    "Dense": ("units", "activation", "use_bias"),
    "DepthwiseConv1D": ("depth_multiplier", *_CONVOLUTION),
    "ELU": ("alpha",),
    "Flatten": (),
    "GRU": (*_RECURRENT, "reset_after"),
    "GlobalAveragePooling1D": (),
    "GlobalMaxPooling1D": (),
    "LSTM": _RECURRENT,
    "LayerNormalization": ("axis", "epsilon", "center", "scale"),
    "LeakyReLU": (),
    "MaxPooling1D": _POOL,
    "Multiply": (),
    "PReLU": ("shared_axes",),
    "Permute": ("dims",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "RepeatVector": ("n",),
    "Reshape": ("target_shape",),
    "SimpleRNN": ("units", "activation", "use_bias", "return_sequences", "go_backwards"),
    "Softmax": ("axis",),
    "TimeDistributed": (),
    "UpSampling1D": ("size",),
    "ZeroPadding1D": ("padding",),
}
"""Layers that can be rebuilt, with the options that decide what each computes."""

_ONLY_TRAINING = {"Dropout", "GaussianNoise", "SpatialDropout1D", "ActivityRegularization"}
_UNROLLED = {"LSTM", "GRU", "SimpleRNN"}
_WRAPPERS = {"Bidirectional": "forward_layer", "TimeDistributed": "layer"}
"""Layers around another one, by the attribute that holds it."""
LOOP = "a loop that is no LSTM"
_LAYERS = {*OPTIONS, *_ONLY_TRAINING, "InputLayer"}
"""Layers that a file may hold: it is read as data first, and refused before loading if it has any
other."""


def load(path: Path) -> Any:
    """Return the network of a `.keras` or `.h5` file, or of a SavedModel: with Keras metadata a
    Keras network, else (from `model.export()`, or another tool) a `SavedGraph`.

    Raises:
        DataError: Nothing there, or another kind of file.
        ConversionError: Damaged, or a class that is not one of those below: it is not loaded.
    """
    if path.is_dir():
        return _load_folder(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file: give a .keras or .h5 file, or a SavedModel folder")
    if path.suffix.lower() == ".onnx":
        raise DataError(f"{path}: ONNX models are taken by host_tools convert only")
    if path.suffix not in (".keras", ".h5", ".hdf5"):
        raise DataError(f"{path}: neither .keras nor .h5: these hold a network's structure")
    if not path.stat().st_size:
        raise DataError(f"{path}: the file is empty: save the network again")
    structure.check_file(path, _LAYERS)
    reasons = []
    # Files of Keras 2 hold options that Keras 3 refuses, and the other way round.
    for name in ("keras", "tf_keras"):
        try:
            return importlib.import_module(name).models.load_model(str(path), compile=False)
        except (OSError, ValueError, TypeError, LookupError, AttributeError, ImportError) as error:
            reasons.append(f"{name}: {_first_line(error)}")
    raise ConversionError(f"{path}: not a readable network: {'; '.join(reasons)}")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def _load_folder(path: Path) -> Any:
    if not (path / SAVED_MODEL).is_file():
        raise structure.not_a_saved_model(path)
    if (path / METADATA).is_file():
        structure.check_saved_model(path, _LAYERS)
        structure.check_operations(path)
        import tf_keras

        try:
            return tf_keras.models.load_model(str(path), compile=False)
        # With parts that Keras does not know; the graph may do.
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            pass
    return saved_graph.SavedGraph(path)


_fused: dict[Path, Any] = {}


def fused(path: Path) -> Any:
    """Return a file's network in the form that converts to a fused operator: tf_keras, batch 1.

    Kept for the next call in this process. Raises what `load` and `rebuild` raise.
    """
    import tf_keras

    if path not in _fused:
        _fused[path] = rebuild(load(path), tf_keras, batch=1)
    return _fused[path]


def warm() -> None:
    """Import TensorFlow, which takes seconds, before the first task needs it."""
    importlib.import_module("tf_keras")


def shapes(model: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of one window and of one forecast, without the batch.

    Raises:
        ConversionError: Not one input and one output of fixed shape.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ConversionError(
            f"the network has {len(model.inputs)} inputs and {len(model.outputs)} outputs:"
            " one of each is needed"
        )
    ends = [tuple(end.shape[1:]) for end in (*model.inputs, *model.outputs)]
    if any(size is None for end in ends for size in end):
        raise ConversionError(f"the network's shapes {ends[0]} → {ends[1]} are not fixed")
    return ends[0], ends[1]


def rebuild(model: Any, keras: Any, *, batch: int | None, unroll: bool = False) -> Any:
    """Return the same network with the same weights, built with another module or batch.

    Args:
        model: From `load`, or from an `architecture.py`.
        keras: `keras` or `tf_keras`.
        batch: Fixed batch size; None for any.
        unroll: Whether recurrent operators are unrolled over time.

    Raises:
        ConversionError: An operator that is not in OPTIONS, or one that is used twice.
    """
    window, _ = shapes(model)
    if isinstance(model, saved_graph.SavedGraph):
        if batch != 1:
            raise ConversionError(
                f"{model.path}: its structure is not known: .keras cannot be written, give"
                " --forms savedmodel unrolled tflite"
            )
        return model.build(unroll=unroll)
    source = keras.Input(shape=window, batch_size=batch, name="samples")
    made = {id(model.inputs[0]): source}
    flow = source
    for part in model.layers:
        kind = type(part).__name__
        if kind == "InputLayer":
            made[id(part.output)] = source
            continue
        before = _inputs(part, made, flow)
        if kind in _ONLY_TRAINING:
            flow = before
        else:
            copy = _copied(keras, part, unroll)
            flow = copy(before)
            if weights := part.get_weights():
                copy.set_weights(weights)
        made[id(part.output)] = flow
    return keras.Model(source, made.get(id(model.outputs[0]), flow), name=_identifier(model.name))


def recurrent(loaded: Any, built: Any) -> list[str]:
    """Return the kinds of the recurrent operators of a network, and of what was built of it:
    LSTM, GRU, or LOOP for one that is only known as a loop.
    """
    if isinstance(built, saved_graph.RebuiltNetwork):
        return [kind if kind == "LSTM" else LOOP for kind in built.loops]
    kinds = [
        type(getattr(p, _WRAPPERS.get(type(p).__name__, ""), p)).__name__ for p in loaded.layers
    ]
    return [kind for kind in kinds if kind in _UNROLLED]


def _inputs(part: Any, made: dict[int, Any], flow: Any) -> Any:
    """Return what feeds an operator: a tensor, or a list of them."""
    try:
        given = part.input
    except (AttributeError, ValueError) as error:
        raise ConversionError(
            f'"{part.name}" is used more than once: such a network cannot be rebuilt'
        ) from error
    if isinstance(given, list | tuple):
        return [made[id(one)] for one in given]
    return made.get(id(given), flow)


def _copied(keras: Any, part: Any, unroll: bool) -> Any:
    """Return a new layer like `part`; the one inside of a wrapper is made anew, too."""
    kind = type(part).__name__
    options = _options(part, kind, unroll)
    if kind == "LeakyReLU":
        given = part.get_config()
        slope = given.get("negative_slope", given.get("alpha"))
        options["alpha" if keras.__name__ == "tf_keras" else "negative_slope"] = slope
    if kind in _WRAPPERS:
        inner = _copied(keras, getattr(part, _WRAPPERS[kind]), unroll)
        return getattr(keras.layers, kind)(inner, name=part.name, **options)
    return getattr(keras.layers, kind)(name=part.name, **options)


def _options(part: Any, kind: str, unroll: bool) -> dict[str, Any]:
    if kind not in OPTIONS:
        raise ConversionError(
            f'"{part.name}" is {kind}: known are {", ".join(sorted(OPTIONS))}; convert it'
            " elsewhere and give the .tflite"
        )
    given = part.get_config()
    chosen = {key: given[key] for key in OPTIONS[kind] if key in given}
    function = chosen.get("activation")
    if function is not None and not isinstance(function, str):
        raise ConversionError(f'"{part.name}": activation {function} is not one of Keras')
    if unroll and kind in _UNROLLED:
        chosen["unroll"] = True
    return chosen


def _identifier(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name) or "network"
