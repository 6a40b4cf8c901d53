"""The probe: imports TensorFlow and uses it, in the interpreter that is being diagnosed.

It is run as a file by that interpreter, so it needs nothing but the standard library and is valid
Python 3.8. It appends one JSON object per line to RESULT_FILE and flushes: one before it enters a
stage, one with what the stage saw. Whatever kills the process, the last line names the stage.
It prints nothing to standard output and leaves no files behind, byte code included.
"""

from __future__ import annotations

import sys

# The folder of this file is the first place that imports are looked for: nothing may come from it.
if not sys.flags.isolated:
    del sys.path[0]
sys.dont_write_bytecode = True

import argparse  # noqa: E402
import faulthandler  # noqa: E402
import importlib  # noqa: E402
import importlib.metadata  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import re  # noqa: E402
import signal  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
import zipfile  # noqa: E402
from typing import Any, Iterator  # noqa: E402, UP035 (3.8: no collections.abc.Iterator[...])

FACTORS = ([[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]])
PRODUCT = [[19.0, 22.0], [43.0, 50.0]]
PRODUCT_NAME = "tfmac_product"
TRACEBACK_LIMIT = 6000
LINE_LIMIT = 600
SEED = 20
STEPS = 3
BATCH = 8
TENSORFLOW_PACKAGES = ("tensorflow", "tensorflow-macos", "tensorflow-cpu", "tensorflow-intel")
PACKAGES = (
    *TENSORFLOW_PACKAGES,
    "tensorflow-metal",
    "tensorflow-metal-plugin",
    "keras",
    "tf-keras",
    "numpy",
    "protobuf",
    "h5py",
    "ml-dtypes",
)


class Journal:
    """The result file: every line is on its way to the disk before the next step is taken."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 (open until the end)

    def write(self, stage: str, event: str, **values: object) -> None:
        """Append one line about a stage."""
        self._file.write(json.dumps({"stage": stage, "event": event, **values}) + "\n")
        self._file.flush()


def last_line(error: BaseException) -> str:
    """Return an exception as the last line of its traceback, in bounds."""
    lines = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()
    text = " ".join(line.strip() for line in lines if line.strip())
    return text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT] + " …"


def traceback_end(error: BaseException) -> str:
    """Return the end of an exception's traceback, in bounds."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return text[-TRACEBACK_LIMIT:]


def start_stage() -> dict[str, object]:
    """Say which interpreter this is."""
    return {"python": platform.python_version(), "executable": sys.executable}


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution by its metadata, None without one."""
    try:
        return importlib.metadata.version(name)
    except Exception:  # noqa: BLE001 (damaged metadata raises what it likes)
        return None


def required_names(name: str) -> Iterator[str]:
    """Yield the names that an installed distribution's Requires-Dist asks for, extras left out."""
    try:
        lines = importlib.metadata.requires(name) or []
    except Exception:  # noqa: BLE001
        return
    for line in lines:
        requirement, _, marker = line.partition(";")
        match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
        if match and "extra" not in marker:
            yield re.sub(r"[-_.]+", "-", match.group(1)).lower()


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that matter and of all that TensorFlow requires."""
    names = list(PACKAGES)
    for name in (*TENSORFLOW_PACKAGES, "tensorflow-metal", "tensorflow-metal-plugin"):
        names.extend(required_names(name))
    versions = ((name, installed_version(name)) for name in dict.fromkeys(names))
    return {name: version for name, version in versions if version is not None}


def module_version(module: Any) -> str | None:  # noqa: ANN401
    """Return what a module says its version is, None when it does not."""
    version = getattr(module, "__version__", None)
    return None if version is None else str(version)


def keras_version(tensorflow: Any) -> str | None:  # noqa: ANN401
    """Return the version of the Keras behind tf.keras: keras, tf_keras or TensorFlow's own."""
    keras = tensorflow.keras
    owner = sys.modules.get(keras.Model.__module__.partition(".")[0])
    return module_version(keras) or module_version(owner)


def imported_versions(tensorflow: Any) -> dict[str, str]:  # noqa: ANN401
    """Return the versions by metadata, corrected by what the imported modules say themselves."""
    versions = {"python": platform.python_version(), **package_versions()}
    seen = {
        "tensorflow": module_version(tensorflow),
        "numpy": module_version(sys.modules.get("numpy")),
    }
    try:
        seen["tf.keras"] = keras_version(tensorflow)
    except Exception:  # noqa: BLE001 (a Keras that cannot be loaded is the last stage's business)
        seen["tf.keras"] = None
    versions.update({name: version for name, version in seen.items() if version is not None})
    return versions


def import_stage() -> dict[str, object]:
    """Import TensorFlow and say how long that took and what is there."""
    started = time.monotonic()
    tensorflow = importlib.import_module("tensorflow")
    seconds = time.monotonic() - started
    # A folder named tensorflow without __init__.py imports as an empty namespace package.
    if not hasattr(tensorflow, "config"):
        where = getattr(tensorflow, "__file__", None) or list(getattr(tensorflow, "__path__", []))
        raise ImportError(f"the module named tensorflow has no tf.config: it came from {where}")
    return {"seconds": round(seconds, 3), "versions": imported_versions(tensorflow)}


def device_details(tensorflow: Any, device: Any) -> dict[str, str]:  # noqa: ANN401
    """Return what TensorFlow tells about a device; nothing when it refuses."""
    try:
        details = tensorflow.config.experimental.get_device_details(device)
    except Exception as error:  # noqa: BLE001
        return {"error": last_line(error)}
    return {str(key): str(value) for key, value in details.items()}


def devices_stage() -> dict[str, object]:
    """List the physical devices that TensorFlow sees."""
    tensorflow = importlib.import_module("tensorflow")
    return {
        "devices": [
            {
                "name": device.name,
                "kind": device.device_type,
                "details": device_details(tensorflow, device),
            }
            for device in tensorflow.config.list_physical_devices()
        ]
    }


def eager_product(tensorflow: Any, device: str) -> dict[str, object]:  # noqa: ANN401
    """Multiply on the device and say the value and where the result tensor lives."""
    with tensorflow.device(device):
        left, right = (tensorflow.constant(factor, tensorflow.float32) for factor in FACTORS)
        result = tensorflow.linalg.matmul(left, right)
    value = [[float(number) for number in row] for row in result.numpy()]
    return {"value": value, "correct": value == PRODUCT, "result_device": result.device}


def product_graph(tensorflow: Any, device: str) -> tuple[Any, Any, dict[Any, Any]]:  # noqa: ANN401
    """Return a graph with the product on the device, its result and what to feed to it.

    The factors are fed, so that no optimiser can replace the product by its value.
    """
    compat = tensorflow.compat.v1
    graph = tensorflow.Graph()
    with graph.as_default():
        factors = [compat.placeholder(tensorflow.float32, shape=(2, 2)) for _ in FACTORS]
        with tensorflow.device(device):
            result = tensorflow.linalg.matmul(*factors, name=PRODUCT_NAME)
    return graph, result, dict(zip(factors, FACTORS))


def traced_devices(tensorflow: Any, device: str) -> list[str]:  # noqa: ANN401
    """Run the product in a session under full trace: the devices that executed its node."""
    compat = tensorflow.compat.v1
    graph, result, fed = product_graph(tensorflow, device)
    config = compat.ConfigProto(allow_soft_placement=False)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    metadata = compat.RunMetadata()
    options = compat.RunOptions(trace_level=compat.RunOptions.FULL_TRACE)
    with compat.Session(graph=graph, config=config) as session:
        session.run(result, feed_dict=fed, options=options, run_metadata=metadata)
    seen = {
        # CUDA's tracer adds rows such as /device:GPU:0/stream:all for the same device.
        re.sub(r"/(stream|memcpy).*$", "", step.device)
        for step in metadata.step_stats.dev_stats
        for node in step.node_stats
        if node.node_name.partition(":")[0] == PRODUCT_NAME
    }
    return sorted(seen)


def placement(tensorflow: Any, device: str) -> dict[str, object]:  # noqa: ANN401
    """Place the product on one device; a refusal is an answer, not a failure."""
    answer: dict[str, object] = {"requested": device}
    try:
        answer.update(eager_product(tensorflow, device))
    except Exception as error:  # noqa: BLE001
        answer["error"] = last_line(error)
        return answer
    try:
        answer["traced_devices"] = traced_devices(tensorflow, device)
    except Exception as error:  # noqa: BLE001
        answer["error"] = "the trace failed: " + last_line(error)
    return answer


def placement_stage(journal: Journal) -> dict[str, object]:
    """Place the product on the first GPU, if one is listed, and on the CPU.

    Each device is announced before it is tried: a GPU that kills the process is known by name.
    """
    tensorflow = importlib.import_module("tensorflow")
    listed = ["/GPU:0"] if tensorflow.config.list_physical_devices("GPU") else []
    tensorflow.config.set_soft_device_placement(False)
    try:
        for device in [*listed, "/CPU:0"]:
            journal.write("placement", "trying", requested=device)
            journal.write("placement", "placed", **placement(tensorflow, device))
    finally:
        tensorflow.config.set_soft_device_placement(True)
    return {}


def small_model(tensorflow: Any) -> Any:  # noqa: ANN401
    """Build and compile a model with two dense layers."""
    keras = tensorflow.keras
    model = keras.Sequential(
        [
            keras.Input(shape=(4,)),
            keras.layers.Dense(8, activation="relu", name="hidden"),
            keras.layers.Dense(1, name="answer"),
        ]
    )
    model.compile(optimizer="sgd", loss="mse")
    return model


def save_model(model: Any, folder: str, version: str) -> str:  # noqa: ANN401
    """Save in the newest format of a Keras release, the .keras archive from 2.12 on.

    Keras 2 has to be told, in its old words: by the name of the file alone 2.12 writes HDF5.
    """
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    path = os.path.join(folder, "model.keras" if numbers >= [2, 12] else "model.h5")
    if [2, 12] <= numbers < [3]:
        model.save(path, save_format="keras_v3")
    else:
        model.save(path)
    return path


def save_and_load(tensorflow: Any, model: Any) -> tuple[Any, str]:  # noqa: ANN401
    """Save a model, load it again, and return it with the format that was really written."""
    with tempfile.TemporaryDirectory(prefix="tfmac-probe-") as folder:
        path = save_model(model, folder, keras_version(tensorflow) or "0")
        written = ".keras" if zipfile.is_zipfile(path) else ".h5"
        return tensorflow.keras.models.load_model(path), written


def device_of(value: Any) -> str:  # noqa: ANN401
    """Return the device of a tensor or variable of any Keras; Keras 3 wraps TensorFlow's."""
    for candidate in (value, getattr(value, "value", None)):
        device = getattr(candidate, "device", None)
        if device is not None and not callable(device):
            return str(device)
    return "unknown"


def layer_devices(model: Any, inputs: Any) -> dict[str, str]:  # noqa: ANN401
    """Run the layers one after the other: where each one's output and weights live."""
    devices = {}
    for layer in model.layers:
        inputs = layer(inputs)
        output = device_of(inputs)
        weights = sorted({device_of(weight) for weight in layer.weights} - {output})
        devices[layer.name] = output + "".join(f" (weights on {device})" for device in weights)
    return devices


def keras_stage() -> dict[str, object]:
    """Fit a small model, predict, save, load, predict again."""
    tensorflow = importlib.import_module("tensorflow")
    numpy = importlib.import_module("numpy")
    tensorflow.random.set_seed(SEED)
    generator = numpy.random.RandomState(SEED)
    inputs = generator.uniform(size=(STEPS * BATCH, 4)).astype("float32")
    answers = inputs.sum(axis=1, keepdims=True)
    model = small_model(tensorflow)
    model.fit(inputs, answers, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
    before = model.predict(inputs, verbose=0)
    loaded, written = save_and_load(tensorflow, model)
    difference = numpy.max(numpy.abs(before - loaded.predict(inputs, verbose=0)))
    return {
        "steps": int(model.optimizer.iterations.numpy()),
        "saved_as": written,
        "largest_difference": float(difference),
        "layer_devices": layer_devices(model, tensorflow.constant(inputs)),
    }


def keep_keras_home(folder: str) -> None:
    """Send the settings file that Keras writes on its first import to a folder of our own.

    Only where the user has none: an existing file chooses the backend and is to be honoured.
    """
    home = os.environ.get("KERAS_HOME") or os.path.expanduser(os.path.join("~", ".keras"))
    if not os.path.exists(os.path.join(home, "keras.json")):
        os.environ["KERAS_HOME"] = folder


def run_stages(journal: Journal, stop_after: str) -> bool:
    """Take the stages in order; return whether the last one wished for was reached."""
    stages = {
        "start": start_stage,
        "import": import_stage,
        "devices": devices_stage,
        "placement": lambda: placement_stage(journal),
        "keras": keras_stage,
    }
    for stage, run in stages.items():
        journal.write(stage, "enter")
        try:
            result = run()
        except Exception as error:  # noqa: BLE001 (every exception is what we came to see)
            journal.write(
                stage,
                "exception",
                type=type(error).__name__,
                line=last_line(error),
                traceback=traceback_end(error),
            )
            return False
        journal.write(stage, "result", **result)
        if stage == stop_after:
            break
    journal.write("done", "enter")
    return True


def listen_for_signals() -> None:
    """Have the interpreter write all stacks to standard error when it dies or is asked to."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)


def main() -> int:
    """Run the probe; the exit status says whether it came to its end."""
    parser = argparse.ArgumentParser(description="Import TensorFlow and use it.")
    parser.add_argument("result_file")
    parser.add_argument(
        "--stop-after", choices=["import", "devices", "placement", "keras"], default="keras"
    )
    parser.add_argument("--path-entry", help="put this folder first on the import path")
    options = parser.parse_args()
    listen_for_signals()
    if options.path_entry is not None:
        sys.path.insert(0, options.path_entry)
    with tempfile.TemporaryDirectory(prefix="tfmac-keras-") as folder:
        keep_keras_home(folder)
        return 0 if run_stages(Journal(options.result_file), options.stop_after) else 1


if __name__ == "__main__":
    sys.exit(main())
