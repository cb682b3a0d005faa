"""Write networks that carry code, then load each: `python make.py FOLDER`.

The code, a lambda in a Lambda layer, writes the file `ran` beside the networks. Prints, as JSON,
what `network.load` said of each file and whether the code ran.
"""

import json
import sys
import zipfile
from pathlib import Path

import keras
import tensorflow as tf
import tf_keras

from host_tools.conversion import network
from targets.errors import SafeError

FOLDER = Path(sys.argv[1])
MARK = FOLDER / "ran"
SOURCE = f"lambda x: (open({str(MARK)!r}, 'w').close(), x)[1]"


def hostile(module):
    """Return a network of Dense layers and a Lambda layer that writes a file when it runs."""
    samples = module.Input((8, 2))
    flow = module.layers.Dense(2)(samples)
    flow = module.layers.Lambda(eval(SOURCE), output_shape=(8, 2), name="evil")(flow)
    return module.Model(samples, flow)


def plain(module):
    """Return a harmless network, compiled and regularized, so that its file has all the parts."""
    samples = module.Input((8, 2))
    flow = module.layers.LSTM(3, kernel_regularizer="l2", kernel_constraint="max_norm")(samples)
    model = module.Model(samples, module.layers.Dropout(0.1)(module.layers.Dense(4)(flow)))
    model.compile("adam", "mse", metrics=["mae"])
    return model


def edited(source, target, change):
    """Copy a .keras file with another configuration."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == "config.json" else content)


class Writer(tf.Module):
    """A SavedModel whose graph writes a file."""

    @tf.function(input_signature=[tf.TensorSpec((None, 8, 2), tf.float32)])
    def serve(self, samples):
        """Return the samples."""
        tf.io.write_file(str(MARK), "x")
        return samples


def from_elsewhere(content):
    """Say that the first Dense comes from a module of Python's own."""
    return content.replace(
        b'"module": "keras.layers", "class_name": "Dense"',
        b'"module": "antigravity", "class_name": "Dense"',
        1,
    )


def write():
    """Write every file, hostile and harmless."""
    keras.utils.set_random_seed(1)
    hostile(keras).save(FOLDER / "evil.keras")
    hostile(keras).save(FOLDER / "evil.h5")
    hostile(tf_keras).save(FOLDER / "evil_old.h5")
    hostile(tf_keras).save(FOLDER / "evil_saved", save_format="tf")
    # HDF5 under the name of a ZIP: tf_keras looks at the content.
    (FOLDER / "evil_hdf5.keras").write_bytes((FOLDER / "evil_old.h5").read_bytes())
    module = Writer()
    tf.saved_model.save(module, str(FOLDER / "evil_graph"), signatures=module.serve)
    plain(keras).save(FOLDER / "good.keras")
    plain(keras).save(FOLDER / "good.h5")
    plain(tf_keras).save(FOLDER / "good_old.h5")
    plain(tf_keras).save(FOLDER / "good_saved", save_format="tf")
    edited(FOLDER / "good.keras", FOLDER / "elsewhere.keras", from_elsewhere)
    edited(FOLDER / "good.keras", FOLDER / "huge.keras", lambda text: text + b" " * (65 << 20))
    edited(FOLDER / "good.keras", FOLDER / "deep.keras", lambda _: b"[" * 100_000)


def main():
    """Write, load, tell."""
    write()
    said = {}
    for path in sorted(FOLDER.iterdir()):
        if path == MARK:
            continue
        MARK.unlink(missing_ok=True)
        try:
            network.load(path)
            text = "loaded"
        except SafeError as error:
            text = str(error)
        said[path.name] = [text, MARK.exists() or "antigravity" in sys.modules]
    print("SAID", json.dumps(said))


main()
