"""The least change that helps where a plain load does not do."""

from collections.abc import Callable, Iterator, Sequence
from typing import Optional

from tfmac.models.loadability import lambdas
from tfmac.models.loadability.cases import Case, Obstacle, Way
from tfmac.models.loadability.checkpoints import has_keras_3_objects
from tfmac.models.loadability.readers import Generation
from tfmac.models.loadability.saved_models import operations
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import ModelFormat

Judge = Callable[[str], Verdict]

_ARGUMENTS_PASSED_FROM = (3, 3)
"""Before that, Keras 3 hands no argument of ``load_model`` on to the reading of HDF5."""
_WORDS = {
    Way.CUSTOM_OBJECTS: "custom_objects={…} with the classes and functions that are missing",
    Way.SAFE_MODE: "safe_mode=False, if the file's author is trusted: its code is run",
    Way.COMPILE: "compile=False, then compile() anew",
}
# ``model_from_json`` takes no other argument.
_WORDS_FOR_JSON = {
    Way.CUSTOM_OBJECTS: _WORDS[Way.CUSTOM_OBJECTS],
    Way.SAFE_MODE: "keras.config.enable_unsafe_deserialization() before it, if the file's author "
    "is trusted: its code is run",
    Way.COMPILE: _WORDS[Way.CUSTOM_OBJECTS],
}
_ORDER = (Way.COMPILE, Way.SAFE_MODE, Way.CUSTOM_OBJECTS)
# Tried in this order: what keeps the user's TensorFlow first, then the last Keras 2, then Keras 3.
_LEGACY = "tensorflow=={0}.{1}.0,tf-keras=={0}.{1}.0"
_OTHERS = (
    "tensorflow==2.15.1",
    "tensorflow==2.16.2,tf-keras==2.16.0",
    "tensorflow==2.12.1",
    "tensorflow==2.21.0,keras==3.15.1",
)


def remedy(case: Case, met: Sequence[Obstacle], judge: Judge) -> Optional[str]:
    """Word the first way that helps; None where none is known."""
    serious = [one for one in met if one.verdict not in {Verdict.UNKNOWN, Verdict.LOADS}]
    for way in (_arguments(case, serious), _other_function(case)):
        if way is not None:
            return way
    for text in _readers(case):
        if judge(text) is Verdict.LOADS:
            return _reader(text)
    return None


def _arguments(case: Case, met: Sequence[Obstacle]) -> Optional[str]:
    """Name the arguments of ``load_model`` that pass all obstacles together."""
    if not met or not all(one.ways for one in met) or not _passes_arguments(case):
        return None
    chosen = {next(way for way in _ORDER if way in one.ways) for one in met}
    is_json = case.content.format is ModelFormat.KERAS_JSON
    words = _WORDS_FOR_JSON if is_json else _WORDS
    parts = list(dict.fromkeys(words[way] for way in _ORDER if way in chosen))
    if Way.SAFE_MODE in chosen:
        parts.append(f"with Python {_pythons(case)}, whose byte code it is")
    return f"{'model_from_json' if is_json else 'load_model'}: " + "; ".join(parts)


def _pythons(case: Case) -> str:
    return " or ".join(lambdas.pythons(case.content.configuration)) or "of the writer"


def _passes_arguments(case: Case) -> bool:
    hdf5 = case.content.format is ModelFormat.KERAS_HDF5
    return case.reader.is_keras_2 or not hdf5 or case.keras >= _ARGUMENTS_PASSED_FROM


def _other_function(case: Case) -> Optional[str]:
    """Name a function of TensorFlow that reads what Keras does not."""
    if case.reader.backend != "tensorflow" or case.reader.generation is Generation.STANDALONE:
        return None
    if case.content.format is ModelFormat.SAVED_MODEL and not any(True for _ in operations(case)):
        if case.reader.is_keras_2:
            return "tf.saved_model.load(path), which gives its functions but no Keras model"
        return (
            "keras.layers.TFSMLayer(path, call_endpoint='serving_default') or "
            "tf.saved_model.load(path), for inference"
        )
    if (
        case.content.format is ModelFormat.CHECKPOINT
        and not case.reader.is_keras_2
        and has_keras_3_objects(case.content)
    ):
        return "tf.train.Checkpoint(model=model).restore(path)"
    return None


def _readers(case: Case) -> Iterator[str]:
    """Name readers to try: legacy mode beside the user's own TensorFlow before all others."""
    tensorflow = case.reader.tensorflow
    if tensorflow is not None and not case.reader.is_keras_2:
        yield _LEGACY.format(*tensorflow[:2])
    yield from _OTHERS
    stated = case.content.stated.get("keras_version", "")
    if stated.startswith("3."):
        backend = case.content.stated.get("backend", "tensorflow")
        others = {"torch": ",torch==2.13.0", "jax": ",jax==0.12.0"}
        yield f"keras=={stated}{others.get(backend, '')}"


def _reader(text: str) -> str:
    if "tf-keras" in text:
        return f"legacy mode: {text} with TF_USE_LEGACY_KERAS=1 loads it"
    return f"another reader: {text} loads it"
