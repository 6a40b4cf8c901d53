"""What classes a reader has, and what their constructors accept: from the API history."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Optional

from tfmac.knowledge import api_history, api_names
from tfmac.models.loadability.readers import Generation, Reader, Release

_ROOTS = {
    Generation.STANDALONE: ("keras", "keras"),
    Generation.TF_KERAS: ("tensorflow", "tensorflow.keras"),
    Generation.LEGACY: ("tf_keras", "tf_keras"),
    Generation.KERAS_3: ("keras", "keras"),
}
# What every layer takes, whatever its own constructor says.
_BASE_2 = frozenset(
    {"name", "trainable", "dtype", "dynamic", "input_shape", "batch_input_shape", "batch_size"}
    | {"input_dim", "weights", "activity_regularizer", "autocast", "implementation"}
)
_BASE_STANDALONE = frozenset(
    {"name", "trainable", "dtype", "input_shape", "batch_input_shape", "batch_size"}
    | {"weights", "input_dtype"}
)
# Classes that a file may name though no release shows them to users: first and last release.
_HIDDEN_2: dict[str, tuple[Release, Release]] = {
    "Functional": ((2, 3), (99, 0)),
    "TensorFlowOpLayer": ((1, 15), (99, 0)),
    "TFOpLambda": ((2, 4), (99, 0)),
    "SlicingOpLambda": ((2, 4), (99, 0)),
    "ClassMethod": ((2, 4), (99, 0)),
    "InstanceMethod": ((2, 5), (99, 0)),
    "InstanceProperty": ((2, 5), (99, 0)),
    "BatchNormalizationV1": ((1, 13), (99, 0)),
    "BatchNormalizationV2": ((1, 13), (99, 0)),
    "CuDNNLSTM": ((1, 13), (99, 0)),
    "CuDNNGRU": ((1, 13), (99, 0)),
    "Model": ((0, 0), (99, 0)),
    "Sequential": ((0, 0), (99, 0)),
}
_NAME = re.compile(r"[A-Za-z_]\w{0,99}(?:\.[A-Za-z_]\w{0,99}){0,9}|", re.ASCII)
_MODELS = frozenset({"Model", "Sequential", "Functional"})
# What ``from_config`` or the constructor takes out before it looks at what is left.
_RECURRENT = frozenset(
    {"num_constants", "implementation", "enable_caching_device", "input_length", "input_dim"}
    | {"zero_output_for_mask", "return_runtime", "cell"}
)
_LOOKUP = frozenset({"vocabulary_size", "has_input_vocabulary", "has_static_table"})
_TAKEN_OUT_2 = {
    "MultiHeadAttention": frozenset({"query_shape", "key_shape", "value_shape"}),
    "Bidirectional": frozenset({"num_constants", "forward_layer"}),
    "StackedRNNCells": frozenset({"cells", "reverse_state_order"}),
    **dict.fromkeys(("RNN", "LSTM", "GRU", "SimpleRNN"), _RECURRENT),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell"), _RECURRENT),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), _RECURRENT),
    **dict.fromkeys(("TextVectorization", "StringLookup", "IntegerLookup"), _LOOKUP),
}
_TAKEN_OUT_3 = {"Bidirectional": frozenset({"forward_layer"})}
# Layers that Keras 2 has and does not find when it loads them.
_UNKNOWN_TO_LOADING_2 = frozenset({"SpectralNormalization"})
# Where Keras 3 shows a class under another name than its own.
_SHOWN_AS = {"GroupedQueryAttention": "GroupQueryAttention"}
# Where a layer lived before it had its place among the others.
_OTHER_PLACES = {"layers": ("layers.experimental.preprocessing", "layers.experimental")}


def exists(reader: Reader, place: str, name: str) -> Optional[bool]:
    """Whether a reader has a class under ``place``, such as ``layers``; None where unknown."""
    if reader.is_keras_2 and name in _HIDDEN_2 and reader.generation is not Generation.STANDALONE:
        first, last = _HIDDEN_2[name]
        return first <= reader.keras <= last
    if place == "layers" and reader.is_keras_2 and name in _UNKNOWN_TO_LOADING_2:
        return False
    if name in _MODELS:
        return name != "Functional" or reader.generation is not Generation.STANDALONE
    return _exists(reader.generation, reader.keras, place, name)


def accepts(reader: Reader, place: str, name: str, parameter: str) -> Optional[bool]:
    """Whether the constructor of a class takes a keyword; None where unknown."""
    if place == "layers" and parameter in _ignored(reader, name):
        return True
    if place == "initializers" and parameter == "dtype" and _ignores_dtype(reader):
        return True
    return _accepts(reader.generation, reader.keras, place, name, parameter)


def _ignores_dtype(reader: Reader) -> bool:
    """Whether initializers drop a type, which those of TensorFlow 1 have in their configuration."""
    return reader.is_keras_2 and reader.generation is not Generation.STANDALONE


def _ignored(reader: Reader, name: str) -> frozenset[str]:
    """Name what a layer takes beside what the history has of its constructor.

    The history is complete for Keras 3, where some layers take no more than they name.
    """
    if not reader.is_keras_2:
        return _TAKEN_OUT_3.get(name, frozenset())
    base = _BASE_STANDALONE if reader.generation is Generation.STANDALONE else _BASE_2
    return base | _TAKEN_OUT_2.get(name, frozenset())


@lru_cache(maxsize=4096)
def _exists(generation: Generation, minor: Release, place: str, name: str) -> Optional[bool]:
    package, version = _release(generation, minor)
    answers = [
        api_history.exists(text, package, version) for text in _names(generation, place, name)
    ]
    if True in answers:
        return True
    return None if None in answers else False


@lru_cache(maxsize=16384)
def _accepts(
    generation: Generation, minor: Release, place: str, name: str, parameter: str
) -> Optional[bool]:
    package, version = _release(generation, minor)
    for text in _names(generation, place, name):
        if api_history.exists(text, package, version):
            return api_history.parameter_exists(text, parameter, package, version)
    return None


def _names(generation: Generation, place: str, name: str) -> Iterator[str]:
    """Spell the places of a class; what a hostile file calls a name may have none."""
    root = _ROOTS[generation][1]
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(place):
        return
    name = _SHOWN_AS.get(name, name)
    for one in (place, *_OTHER_PLACES.get(place, ())):
        yield ".".join(part for part in (root, one, name) if part)


@lru_cache(maxsize=256)
def _release(generation: Generation, minor: Release) -> tuple[str, str]:
    """Name the recorded release that stands for one: itself, else the one before, else the first.

    TensorFlow 1.15 has the Keras of 2.0.
    """
    package = _ROOTS[generation][0]
    known = [tuple(int(one) for one in text.split(".")) for text in api_names.minors(package)]
    if generation is Generation.KERAS_3:
        known = [one for one in known if one >= (3, 0)]
    if generation is Generation.STANDALONE:
        known = [one for one in known if one < (2, 4)]
    fitting = [one for one in known if one <= minor] or known[:1]
    return package, ".".join(str(number) for number in fitting[-1])


@lru_cache(maxsize=1024)
def known(name: str) -> bool:
    """Whether a layer of this name was ever shown to users by any Keras."""
    return any(
        life.lived
        for generation in Generation
        for text in _names(generation, "layers", name)
        for life in api_history.look_up(text).lives
    )


@lru_cache(maxsize=1024)
def is_operation(name: str) -> bool:
    """Whether Keras 3 has an operation whose class is called so: ``NotEqual`` is ``not_equal``."""
    words = "".join(f"_{one.lower()}" if one.isupper() else one for one in name).lstrip("_")
    places = ("ops", "ops.nn", "ops.numpy", "activations")
    if not _NAME.fullmatch(words):
        return False
    texts = [f"keras.{place}.{one}" for place in places for one in {words, name.lower()}]
    return name == "GetItem" or any(
        life.lived for text in texts for life in api_history.look_up(text).lives
    )


@lru_cache(maxsize=256)
def known_activation(name: str) -> bool:
    """Whether any Keras ever had an activation function of this name."""
    return any(
        life.lived
        for generation in Generation
        for text in _names(generation, "activations", name)
        for life in api_history.look_up(text).lives
    )
