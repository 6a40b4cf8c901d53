"""Loads and runs model files in an environment of their writer, or of the wanted Keras.

Run as a file by that environment's interpreter: the standard library and what is installed there,
valid Python 3.7. Each line of standard input is a request, each line of standard output the
answer. Arrays come and go as ``.npz`` files. The model that was loaded last stays.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import sys
import traceback
from typing import Any

Value = Any
"""Something of NumPy, TensorFlow or Keras, whose types are only known where this runs."""

_MESSAGE_LIMIT = 600
_KERAS_2_METADATA = "keras_metadata.pb"


def sibling(name: str) -> Value:
    """Load a script that lies beside this one: an isolated interpreter does not look here."""
    if name in sys.modules:
        return sys.modules[name]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None  # noqa: S101 - the file lies beside this one
    assert specification.loader is not None  # noqa: S101 - it is a Python file
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def import_keras(package: str) -> Value:
    """Import Keras under one of its names: ``keras``, ``tf_keras``, ``tensorflow.keras``."""
    framework()
    if package == "tensorflow.keras":
        return framework().keras
    return importlib.import_module(package)


def framework() -> Value:
    """Give TensorFlow, kept off any GPU; None where Keras computes with something else."""
    try:
        tensorflow = importlib.import_module("tensorflow")
    except ImportError:
        return None
    # TensorFlow 1 has no such function; the variables have hidden the GPUs already.
    with contextlib.suppress(AttributeError, RuntimeError, ValueError):
        tensorflow.config.set_visible_devices([], "GPU")
    return tensorflow


def is_eager() -> bool:
    """Whether what is called computes at once: not in TensorFlow 1."""
    tensorflow = framework()
    return tensorflow is None or bool(tensorflow.executing_eagerly())


def array_of(value: Value) -> Value:
    """Give a tensor as a plain array that a file can hold."""
    numpy = importlib.import_module("numpy")
    kind = type(value).__name__
    if kind.startswith("RaggedTensor"):
        value = value.to_tensor()
    elif kind.startswith("SparseTensor"):
        value = framework().sparse.to_dense(value)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if not isinstance(value, numpy.ndarray):
        value = value.numpy() if hasattr(value, "numpy") else numpy.asarray(value)
    array = numpy.asarray(value)
    if array.dtype.kind == "O":
        return numpy.asarray([text.decode("utf-8", "replace") for text in array.reshape(-1)])
    # bfloat16 and the like are types of an extension, which no other NumPy can read.
    return array.astype("float32") if array.dtype.kind == "V" else array


def type_name(value: Value) -> str:
    """Name the type of a tensor's values as NumPy does."""
    dtype = getattr(value, "dtype", None)
    return str(getattr(dtype, "name", dtype)).replace("torch.", "")


def flattened(value: Value, name: str = "") -> list[tuple[str, Value]]:
    """Give the tensors of a structure with their keys, dictionaries in the order of those."""
    if isinstance(value, dict):
        return [one for key in sorted(value) for one in flattened(value[key], str(key))]
    if isinstance(value, (list, tuple)) and not hasattr(value, "dtype"):
        return [one for part in value for one in flattened(part, name)]
    return [] if value is None else [(name, value)]


class Session:
    """The model that is loaded."""

    def __init__(self) -> None:
        self.keras: Value = None
        self.model: Value = None
        self.signature: Value = None
        self.names: list[str] = []

    def load(self, request: dict[str, Value]) -> dict[str, Value]:
        """Load a model, and say what it takes and gives."""
        self.forget()
        self.keras = import_keras(request["package"])
        objects = custom_objects(request)
        with self.keras.utils.custom_object_scope(objects):
            self.model = self._loaded(request, objects)
        if self.signature is not None:
            return {"inputs": [], "outputs": [], "types": [], "kind": "signature"}
        describing = sibling("verify_describing_script")
        answer: dict[str, Value] = describing.description(self.model)
        self.names = [one["name"] for one in answer["inputs"]]
        return answer

    def _loaded(self, request: dict[str, Value], objects: dict[str, Value]) -> Value:
        path, architecture = request["path"], request.get("architecture")
        if architecture:
            model = self._architecture(architecture, objects)
            if path:
                loaded = model.load_weights(path)
                if hasattr(loaded, "expect_partial"):
                    loaded.expect_partial()
            return model
        if os.path.isdir(path) and not self._is_of_keras(path):
            self._load_signature(path)
            return None
        arguments: dict[str, Value] = {"custom_objects": objects} if objects else {}
        if not request.get("compile", False):
            arguments["compile"] = False
        if not request.get("unsafe"):
            return self.keras.models.load_model(path, **arguments)
        try:
            return self.keras.models.load_model(path, safe_mode=False, **arguments)
        except TypeError as error:
            if "safe_mode" not in str(error):
                raise
        # A Keras from before there was a safe mode.
        return self.keras.models.load_model(path, **arguments)

    def _architecture(self, path: str, objects: dict[str, Value]) -> Value:
        with open(path, "rb") as file:
            beginning = file.read(1)
        if beginning not in (b"{", b'"'):
            return self.keras.models.load_model(path, compile=False)
        with open(path, encoding="utf-8") as text:
            written = text.read()
        return self.keras.models.model_from_json(written, custom_objects=objects)

    def _is_of_keras(self, folder: str) -> bool:
        """Whether Keras can make layers of a SavedModel again; it needs its own file from 2.5."""
        if os.path.exists(os.path.join(folder, _KERAS_2_METADATA)):
            return True
        with open(os.path.join(folder, "saved_model.pb"), "rb") as file:
            return b"_tf_keras_" in file.read()

    def _load_signature(self, folder: str) -> None:
        loaded = framework().saved_model.load(folder)
        names = sorted(loaded.signatures)
        chosen = "serving_default" if "serving_default" in names else names[0]
        self.signature = loaded.signatures[chosen]
        # Without the model that it belongs to it cannot be run.
        self.keras_owner = loaded

    def forget(self, _: dict[str, Value] | None = None) -> dict[str, Value]:
        """Let go of the model and of the graphs that Keras keeps."""
        if self.keras is not None:
            self.keras.backend.clear_session()
        self.model = self.signature = None
        self.names = []
        return {}

    def run(self, request: dict[str, Value]) -> dict[str, Value]:
        """Run the model on arrays, and write what it gives."""
        if self.model is None and self.signature is None:
            raise RuntimeError("no model is loaded")
        numpy = importlib.import_module("numpy")
        with numpy.load(request["inputs"]) as stored:
            arrays = [stored[str(number)] for number in range(len(stored.files))]
        given = dict(zip(request["names"], arrays))
        found = self._signature_outputs(given) if self.signature else self._outputs(given)
        written = [array_of(value) for _, value in found]
        numpy.savez(request["outputs"], **{str(key): value for key, value in enumerate(written)})
        names = [name for name, _ in found]
        return {"outputs": names, "types": [type_name(value) for _, value in found]}

    def _outputs(self, given: dict[str, Value]) -> list[tuple[str, Value]]:
        calling = sibling("verify_calling_script")
        found: list[tuple[str, Value]] = flattened(
            calling.outputs(self.model, calling.arranged(given, self.names))
        )
        known = list(getattr(self.model, "output_names", None) or [])
        if len(known) != len(found):
            known = [str(number) for number in range(len(found))]
        return [(key or name, value) for name, (key, value) in zip(known, found)]

    def _signature_outputs(self, given: dict[str, Value]) -> list[tuple[str, Value]]:
        tensorflow = framework()
        wanted = self.signature.structured_input_signature[1]
        named = given
        if set(wanted) != set(given):
            named = dict(zip(sorted(wanted), given.values()))
        tensors = {
            name: tensorflow.constant(named[name], dtype=wanted[name].dtype) for name in wanted
        }
        return flattened(self.signature(**tensors))

    def layers(self, request: dict[str, Value]) -> dict[str, Value]:
        """Run the model on arrays, and write what each of its layers gives."""
        if self.signature is not None:
            return {"layers": []}
        following = sibling("verify_layers_script")
        answer: dict[str, Value] = following.layer_outputs(self.keras, self.model, request)
        return answer


def custom_objects(request: dict[str, Value]) -> dict[str, Value]:
    """Import what the user has named as ``module:Class``, from a folder of the user's own."""
    folder = request.get("folder")
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)
    found = {}
    for text in request.get("custom") or []:
        module, _, name = text.partition(":")
        found[name] = getattr(importlib.import_module(module), name)
    # Keras looks for what was registered by its whole name: ``package>Class``.
    for whole in request.get("registered") or []:
        bare = whole.rpartition(">")[2]
        if bare in found:
            found[whole] = found[bare]
    return found


def answer_to(session: Session, request: dict[str, Value]) -> dict[str, Value]:
    """Do what one request asks for; whatever goes wrong is an answer, too."""
    works: dict[str, Value] = {
        "load": session.load,
        "run": session.run,
        "layers": session.layers,
        "forget": session.forget,
    }
    try:
        return dict(works[request["do"]](request), ok=True)
    except MemoryError:
        return {"ok": False, "error": "needs more memory than there is"}
    except Exception as error:  # noqa: BLE001 - a framework raises anything
        lines = traceback.format_exception_only(type(error), error)
        said = " ".join("".join(lines).split())[:_MESSAGE_LIMIT]
        return {"ok": False, "error": said, "type": type(error).__name__}


def serve() -> None:
    """Answer requests until there are no more."""
    # What a framework prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    session = Session()
    for line in sys.stdin:
        answers.write(json.dumps(answer_to(session, json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    sys.modules["verify_script"] = sys.modules["__main__"]
    serve()
