"""Weights of models whose functions are another in the reader, which weights do not tell.

What decides it is the architecture: it is looked for beside the weights. Without it, what cannot
be excluded is unknown.
"""

import re
from collections.abc import Iterator
from typing import Optional

from tfmac.models.loadability.beside import architecture_of
from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.readers import Generation, Reader, Release
from tfmac.models.loadability.stored import LAYERS, Stored, function_name, stored
from tfmac.models.loadability.weight_owners import (
    is_by_objects,
    recurrent_gates,
    with_choosable_activation,
    written_generation,
)
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Architecture, Content

_CAUSE = "saved-behaviour-changed"
_HARD = "hard_sigmoid"
_SIGMOID = "sigmoid"
_KEYS = ("activation", "recurrent_activation")
_GATED = frozenset({"LSTM", "GRU", "LSTMCell", "GRUCell", "CuDNNLSTM"})
_CONVOLVING = frozenset({"ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
_MOST_NAMED = 3
_SIGMOID_SINCE: Release = (2, 3)
"""The Keras in which an LSTM and a GRU got sigmoid by default; of TensorFlow's it is 2.0's."""
_TENSORFLOW_2: Release = (2, 0)


def changed_function(case: Case) -> Iterator[Obstacle]:
    """Whether a layer uses hard_sigmoid, and weights cross between Keras 2 and 3."""
    architecture = architecture_of(case.content)
    generation = written_generation(case.content)
    if architecture is not None:
        yield from _told(case, architecture, generation or _stated(architecture))
    elif generation is None or (generation == 2) is not case.reader.is_keras_2:
        layers = with_choosable_activation(case.content)
        if layers:
            yield _untold(case.content, layers, generation)


def _told(case: Case, architecture: Architecture, generation: Optional[int]) -> Iterator[Obstacle]:
    """Judge by an architecture."""
    hard = next((one for one in stored(architecture.configuration) if _is_hard(one)), None)
    crosses = generation is not None and (generation == 2) is not case.reader.is_keras_2
    if hard is not None and (crosses or generation is None):
        yield Obstacle(
            cause=_CAUSE,
            message=f"the weights load, and {hard.own_name or hard.name} computes something else "
            f"({architecture.file} says so): hard_sigmoid is another function in Keras 3",
            verdict=Verdict.LOADS_DIFFERENTLY if crosses else Verdict.UNKNOWN,
        )


def _untold(content: Content, layers: tuple[str, ...], generation: Optional[int]) -> Obstacle:
    named = ", ".join(layers[:_MOST_NAMED]) + (", …" if len(layers) > _MOST_NAMED else "")
    either = "" if generation else " nor whether Keras 2 or 3 wrote them"
    return Obstacle(
        cause=_CAUSE,
        message=f"the weights fit, but do not tell the activations{either}: the outputs are the "
        f"same unless a layer ({named}) uses hard_sigmoid, which is another function in Keras 3. "
        f"Put the architecture beside it (to_json, as {_wanted(content.path)}) to know",
        verdict=Verdict.UNKNOWN,
    )


def _wanted(path: str) -> str:
    name = re.split(r"[/\\]", path)[-1]
    return re.sub(r"(?:[._-]weights)?\.(?:h5|hdf5|keras|json)$", "", name) + ".json"


def _is_hard(one: Stored) -> bool:
    if one.place != LAYERS:
        return False
    if any(function_name(one.arguments.get(key)) == _HARD for key in _KEYS):
        return True
    function = one.arguments.get("function")
    return isinstance(function, str) and function.endswith(f".{_HARD}")


def _stated(architecture: Architecture) -> Optional[int]:
    """Tell which Keras wrote an architecture: 2 states its version, 3 the modules of classes."""
    stated = architecture.stated.get("keras_version")
    if stated is None:
        return 3 if "module" in architecture.configuration else None
    return 3 if stated.startswith("3.") else 2


def default_function(case: Case) -> Iterator[Obstacle]:
    """Whether a recurrent layer has the function that its writer's had by default, not its own.

    The same script makes another model in the reader then; with the function in the script it
    makes the same.
    """
    architecture = architecture_of(case.content)
    if architecture is None:
        gated = not is_by_objects(case.content) and recurrent_gates(case.content) & {3, 4}
        if gated and _of_writer(case, architecture, "LSTM") != _of_reader(case.reader, "LSTM"):
            yield _default("a recurrent layer")
        return
    for one in stored(architecture.configuration):
        if one.name not in _GATED | _CONVOLVING:
            continue
        default = _of_writer(case, architecture, one.name)
        own = function_name(one.arguments.get("recurrent_activation"))
        is_told = own == _HARD and not case.reader.is_keras_2  # it differs in Keras 3 either way
        if own == default != _of_reader(case.reader, one.name) and not is_told:
            yield _default(one.own_name or one.name)


def _default(layer: str) -> Obstacle:
    return Obstacle(
        cause=_CAUSE,
        message=f"the weights fit {layer}, whose recurrent_activation is hard_sigmoid in one of "
        "writer and reader where the script names none: the outputs are the same if it names it",
        verdict=Verdict.UNKNOWN,
    )


def _of_reader(reader: Reader, name: str) -> str:
    if name in _CONVOLVING:
        return _HARD if reader.is_keras_2 else _SIGMOID
    since = _SIGMOID_SINCE if reader.generation is Generation.STANDALONE else _TENSORFLOW_2
    is_old = reader.generation is not Generation.KERAS_3 and reader.keras < since
    return _HARD if is_old else _SIGMOID


def _of_writer(case: Case, architecture: Optional[Architecture], name: str) -> str:
    stated = case.content.stated.get("keras_version")
    generation = written_generation(case.content)
    if stated is None and architecture is not None:
        stated = architecture.stated.get("keras_version")
        generation = generation or _stated(architecture)
    if name in _CONVOLVING:
        return _SIGMOID if generation == 3 else _HARD
    return _HARD if stated is not None and is_before_keras_2_3(stated) else _SIGMOID


def is_before_keras_2_3(version: str) -> bool:
    """Whether a Keras has the defaults of recurrent layers that Keras 2.3 changed.

    tf.keras calls itself 2.2.4-tf in TensorFlow 1.13 to 2.1, of which 2.0 and 2.1 have the new
    ones: nothing in a file tells them from the others.
    """
    numbers = re.match(r"(\d{1,4})\.(\d{1,4})", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) < _SIGMOID_SINCE


def ragged_input(case: Case) -> Iterator[Obstacle]:
    """Whether the architecture takes ragged tensors, of which Keras 3 has another kind."""
    architecture = architecture_of(case.content)
    if architecture is None:
        return
    for one in stored(architecture.configuration):
        if one.name == "InputLayer" and one.arguments.get("ragged"):
            yield Obstacle(
                cause=_CAUSE,
                message="the weights fit; whether the model takes the same ragged tensors in "
                "Keras 3 is not known",
                verdict=Verdict.UNKNOWN,
            )


def bilinear(case: Case) -> Iterator[Obstacle]:
    """Whether Keras before 2.4 enlarged images, which it did between other points."""
    stated = case.content.stated.get("keras_version", "")
    architecture = architecture_of(case.content)
    if architecture is None or stated.endswith("-tf") or not stated.startswith("2."):
        return
    for one in stored(architecture.configuration):
        is_old = "dtype" not in one.arguments
        if (
            one.name == "UpSampling2D"
            and is_old
            and one.arguments.get("interpolation") == "bilinear"
        ):
            yield Obstacle(
                cause=_CAUSE,
                message=f"the weights load, and {one.own_name or one.name} computes something "
                "else: bilinear enlargement takes other points than in the writer",
                verdict=Verdict.LOADS_DIFFERENTLY,
            )
