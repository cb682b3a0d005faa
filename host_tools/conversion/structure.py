"""Structure of a network file, read as data before anything of it is loaded.

The files of Keras can carry Python code: a Lambda layer holds compiled code that runs as soon as
Keras builds the layer, and a configuration can name any class to import. So the configuration is
read as JSON first, and a class that is not listed ends with its name. A SavedModel is a program of
TensorFlow operations; those that reach files or Python are refused by name in the same way.
"""

import json
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from host_tools.errors import ConversionError, DataError
from host_tools.formats import description

CONFIG, H5_CONFIG = "config.json", "model_config"
SAVED_MODEL, METADATA = "saved_model.pb", "keras_metadata.pb"
MOST_CONFIG_BYTES = 64 << 20
"""Largest size of a configuration when unpacked; an unrolled network of 10,000 steps has a tenth of
it."""

_ROOTS = {"Functional", "Model", "Sequential"}
_PARTS = {
    # Initializers, regularizers and constraints matter to training only and hold no code.
    *("Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity"),
    *("IdentityInitializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal"),
    *("OrthogonalInitializer", "RandomNormal", "RandomUniform", "TruncatedNormal"),
    *("VarianceScaling", "Zeros", "L1", "L1L2", "L2", "OrthogonalRegularizer"),
    *("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"),
    # What an LSTM or GRU layer is made of.
    *("LSTMCell", "GRUCell"),
    *("DTypePolicy", "Policy", "TensorShape"),
    *("__keras_tensor__", "__tuple__"),
}
_PACKAGES = ("keras", "tf_keras")
_METRIC = "_tf_keras_metric"
_REFUSED_OPERATIONS = {
    *("EagerPyFunc", "PyFunc", "PyFuncStateless"),
    *("MatchingFiles", "ReadFile", "WriteFile", "WholeFileReader", "WholeFileReaderV2"),
    *("Save", "SaveSlices", "WriteGraphSummary", "WriteRawProtoSummary", "WriteSummary"),
    *("CreateSummaryFileWriter", "DebugIdentity", "DebugIdentityV2", "PrintV2", "RpcCall"),
    *("LoadDataset", "SaveDataset", "SaveDatasetV2", "SnapshotDataset", "SnapshotDatasetV2"),
}
"""Operations of TensorFlow that reach files, the network or Python. `SaveV2` and `RestoreV2` are
in every SavedModel, for its own variables."""


def check_file(path: Path, layers: Collection[str]) -> None:
    """Check the configuration in a `.keras` or `.h5` file; the content decides which it is.

    Args:
        path: The file.
        layers: Classes of layers that may be loaded.

    Raises:
        ConversionError: A class that may not be loaded, or no configuration.
    """
    configurations = list(_configurations(path))
    if not configurations:
        raise ConversionError(f"{path}: not a readable network: it holds no {CONFIG} and no HDF5")
    for configuration in configurations:
        _check_network(path, configuration, layers)


def check_saved_model(path: Path, layers: Collection[str]) -> None:
    """Check the Keras metadata of a SavedModel folder.

    Raises:
        ConversionError: A class that may not be loaded, or damaged metadata.
    """
    from google.protobuf.message import DecodeError
    from tf_keras.protobuf import saved_metadata_pb2

    metadata = saved_metadata_pb2.SavedMetadata()
    try:
        metadata.ParseFromString((path / METADATA).read_bytes())
        nodes = [(node.identifier, json.loads(node.metadata)) for node in metadata.nodes]
    except (OSError, ValueError, DecodeError, RecursionError) as error:
        raise ConversionError(f"{path}: its {METADATA} is damaged: {error}") from error
    for identifier, content in nodes:
        if not isinstance(content, dict):
            raise ConversionError(f"{path}: its {METADATA} is damaged: a node is no object")
        named = content.get("class_name")
        if identifier == _METRIC:  # what training measured; its class has no code in a file
            _check_parts(path, content.get("config"), layers)
        elif named in _ROOTS:
            _check_network(path, content, layers)
        else:
            _check_class(path, content, layers)
            _check_parts(path, content.get("config"), layers)


def not_a_saved_model(path: Path) -> DataError:
    """Return what is wrong with a folder that should be a SavedModel."""
    if not (path / description.FILE).is_file():
        return DataError(f"{path}: not a SavedModel: it has no {SAVED_MODEL}")
    if not description.load(path).has_network:
        return DataError(f"{path}: a model directory without a network, and this needs one")
    return DataError(
        f"{path}: a model directory, not a network of Keras: host_tools train --exports writes"
        " exports/model.keras there"
    )


def check_operations(path: Path) -> None:
    """Check the operations of a SavedModel folder.

    Raises:
        DataError: No SavedModel.
        ConversionError: An operation that reaches files or Python, or a damaged file.
    """
    if not (path / SAVED_MODEL).is_file():  # TensorFlow would take a text form instead
        raise not_a_saved_model(path)
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString((path / SAVED_MODEL).read_bytes())
    except (OSError, DecodeError) as error:
        raise ConversionError(f"{path}: its {SAVED_MODEL} is damaged: {error}") from error
    for graph in saved.meta_graphs:
        bodies = [graph.graph_def.node, *(f.node_def for f in graph.graph_def.library.function)]
        for node in (one for body in bodies for one in body):
            if node.op in _REFUSED_OPERATIONS:
                raise ConversionError(
                    f'{path}: "{node.name}" is {node.op}: a network that reaches files, the'
                    " network or Python is not loaded; write the model without it"
                )


def _configurations(path: Path) -> Iterator[Any]:
    """Yield each configuration that a loader could find; a file can be ZIP and HDF5 at once."""
    import h5py

    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                about = archive.getinfo(CONFIG)
                if about.file_size > MOST_CONFIG_BYTES:
                    raise ConversionError(
                        f"{path}: its {CONFIG} unpacks to {about.file_size} bytes"
                    )
                yield json.loads(archive.read(about))
        if h5py.is_hdf5(path):
            with h5py.File(path, "r") as file:
                text = file.attrs.get(H5_CONFIG)
                if text is None:
                    raise ConversionError(
                        f"{path}: not a readable network: it holds weights only: save the whole"
                        " network with model.save()"
                    )
                yield json.loads(text)
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise ConversionError(f"{path}: not a readable network: {error}") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ConversionError(f"{path}: not a readable network: {error}") from error


def _check_network(path: Path, configuration: Any, layers: Collection[str]) -> None:
    """Check a whole network; its layers stand in `config`, in old files as the list itself."""
    if not isinstance(configuration, dict) or configuration.get("class_name") not in _ROOTS:
        named = configuration.get("class_name") if isinstance(configuration, dict) else None
        raise ConversionError(
            f"{path}: the network is a {named}: known are {', '.join(sorted(_ROOTS))}"
        )
    _check_origin(path, configuration)
    # What it was compiled with is not loaded.
    _check_parts(path, {"config": configuration.get("config")}, layers)


def _check_parts(path: Path, content: Any, layers: Collection[str]) -> None:
    """Check each class that is named anywhere in `content`."""
    todo = [content]
    while todo:
        one = todo.pop()
        if isinstance(one, Mapping):
            if "class_name" in one:
                _check_class(path, one, layers)
            todo += one.values()
        elif isinstance(one, list):
            todo += one


def _check_class(path: Path, content: Mapping[str, Any], layers: Collection[str]) -> None:
    kind = content.get("class_name")
    if not isinstance(kind, str) or (kind not in layers and kind not in _PARTS):
        inner = content.get("config")
        name = inner.get("name") if isinstance(inner, dict) else None
        raise ConversionError(
            f'{path}: "{name or content.get("name")}" is {kind}: known are'
            f" {', '.join(sorted(layers))}; the file was not loaded, as other classes may run code"
            " of their own; convert it elsewhere and give the .tflite"
        )
    _check_origin(path, content)


def _check_origin(path: Path, content: Mapping[str, Any]) -> None:
    """Refuse a class that pretends: the name of a known one, but from another module."""
    kind = content.get("class_name")
    module, registered = content.get("module"), content.get("registered_name")
    package = module.partition(".")[0] if isinstance(module, str) else module
    if package not in (None, *_PACKAGES) or registered not in (None, kind):
        raise ConversionError(
            f"{path}: its {kind} comes from {module or registered}, which is not Keras: the file"
            " was not loaded"
        )
