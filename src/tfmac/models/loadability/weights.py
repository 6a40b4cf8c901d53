"""Whether weights are found in the layout in which a file has them."""

import re
from collections.abc import Iterator

from tfmac.models.loadability import classes
from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.functions import is_before_keras_2_3
from tfmac.models.loadability.stored import LAYERS as LAYER_PLACE
from tfmac.models.loadability.weight_owners import LAYOUT, OLD_LAYOUT

_NUMBERED = re.compile(r"(?P<base>.+)_\d+")
SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
"""What a scope of a TensorFlow graph may be called."""
_ARRAYS_OF_GRU = 3
"""Kernel, recurrent kernel, bias."""
# Layers that the names of their weights give away.
_BY_PARTS = {
    "MultiHeadAttention": frozenset({"query", "key", "value", "attention_output"}),
    "Normalization": frozenset({"mean", "variance", "count"}),
}


def old_layout(case: Case) -> Iterator[Obstacle]:
    """Whether the weights lie where the reader no longer looks."""
    yield from _elsewhere(case, OLD_LAYOUT)


def new_layout(case: Case) -> Iterator[Obstacle]:
    """Whether the weights lie where the reader does not look yet."""
    yield from _elsewhere(case, LAYOUT)


def by_attributes(case: Case) -> Iterator[Obstacle]:
    """Whether the parts of a model that is a user's class are kept under its attributes.

    TensorFlow 2.15 and later Keras 2 look for them under the group for layers.
    """
    places = {tensor.path.partition("/")[0] for tensor in case.content.tensors}
    if places - {LAYOUT, OLD_LAYOUT, "vars"}:
        yield Obstacle(
            cause="weights-not-found-for-layer",
            message="A layer expected its variables, but received 0 variables during loading.",
        )


def _elsewhere(case: Case, group: str) -> Iterator[Obstacle]:
    if _below(case, group):
        yield Obstacle(
            cause="weights-not-found-for-layer",
            message="A layer expected its variables, but received 0 variables during loading.",
        )


def numbered_twice(case: Case) -> Iterator[Obstacle]:
    """Whether layers of one class are numbered 0, 2, 4: Keras 2.12 and 2.13 counted each twice."""
    yield from _numbered_otherwise(case, twice=True)


def numbered_once(case: Case) -> Iterator[Obstacle]:
    """Whether layers of one class in the old layout are numbered one by one, as from 2.14 on."""
    yield from _numbered_otherwise(case, twice=False)


def _numbered_otherwise(case: Case, *, twice: bool) -> Iterator[Obstacle]:
    names = {path.split("/")[1] for path in _below(case, OLD_LAYOUT) if path.count("/")}
    for name in sorted(names):
        numbered = _NUMBERED.fullmatch(name)
        if not numbered or numbered["base"] not in names:
            continue
        if twice is (f"{numbered['base']}_1" not in names):
            yield Obstacle(
                cause="weights-not-found-for-layer",
                message="objects could not be loaded: Layer expected variables, but received 0 "
                f"variables during loading ({name} is looked for under another number)",
            )
            return


def attention(case: Case) -> Iterator[Obstacle]:
    """Whether the parts of an attention layer have the names of Keras 3."""
    if any(part in _parts(case) for part in ("query_dense", "key_dense", "value_dense")):
        yield Obstacle(
            cause="weights-not-found-for-layer",
            message="Layer 'value' expected 2 variables, but received 0 variables during loading.",
        )


def object_layout_in_old_keras(case: Case) -> Iterator[Obstacle]:
    """Whether the reader knows weights by layers alone."""
    if not case.content.tensors:
        return
    yield Obstacle(
        cause="keras-2-file-newer-than-reader",
        message="You are trying to load a weight file containing 0 layers into a model.",
    )


def gated_bias(case: Case, dimensions: int) -> Iterator[Obstacle]:
    """Whether a GRU keeps its bias in another form than those of the reader do by default.

    One that is not in its writer's default form was asked for, and is by the same script again.
    """
    default = 1 if is_before_keras_2_3(case.content.stated.get("keras_version", "")) else 2
    shape_of = {tensor.path: tensor.shape for tensor in case.content.tensors}
    for group in case.content.groups:
        shapes = [shape_of[path] for path in group.tensors if path in shape_of]
        for first in range(0, len(shapes), _ARRAYS_OF_GRU):  # of a wrapper: one after the other
            one = shapes[first : first + _ARRAYS_OF_GRU]
            if _is_gru(one) and len(one[-1]) == default != dimensions:
                yield Obstacle(
                    cause="weights-do-not-fit-model",
                    message="GRU(reset_after=False) is not compatible with GRU(reset_after=True)",
                )


def one_bias(case: Case) -> Iterator[Obstacle]:
    """Whether a GRU has one bias, where the reader's have two by default."""
    yield from gated_bias(case, 2)


def two_biases(case: Case) -> Iterator[Obstacle]:
    """Whether a GRU has two biases, where the reader's have one by default."""
    yield from gated_bias(case, 1)


def _is_gru(shapes: list[tuple[int, ...]]) -> bool:
    """Whether three arrays can be those of a GRU: three gates side by side."""
    if len(shapes) != _ARRAYS_OF_GRU or len(shapes[0]) != 2 or len(shapes[1]) != 2:
        return False
    units, gates = shapes[1]
    return gates == 3 * units and shapes[0][1] == gates and shapes[2][-1] == gates


def missing_class(case: Case) -> Iterator[Obstacle]:
    """Whether the names of the weights tell of a layer that the reader does not have."""
    for group in case.content.groups:
        names = {_plain(part) for path in group.tensors for part in path.split("/")}
        for name, parts in _BY_PARTS.items():
            if parts <= names and classes.exists(case.reader, LAYER_PLACE, name) is False:
                yield Obstacle(
                    cause="keras-2-file-newer-than-reader",
                    message=f"the reader has no layer {name}, which the weights belong to",
                )


def _plain(part: str) -> str:
    return part.partition(":")[0]


def scope_names(case: Case) -> Iterator[Obstacle]:
    """Whether a layer has a name that cannot be a scope of a graph."""
    for tensor in case.content.tensors:
        if tensor.name and not SCOPE.fullmatch(tensor.name):
            yield Obstacle(
                cause=None,
                message=f"'{tensor.name}/' is not a valid root scope name.",
            )
            return


def _below(case: Case, group: str) -> list[str]:
    return [tensor.path for tensor in case.content.tensors if tensor.path.startswith(f"{group}/")]


def _parts(case: Case) -> set[str]:
    return {part for tensor in case.content.tensors for part in tensor.path.split("/")}
