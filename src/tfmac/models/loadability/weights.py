"""Whether weights are found in the layout in which a file has them."""

import re
from collections.abc import Iterator
from typing import Optional

from tfmac.models.loadability import classes
from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.stored import LAYERS as LAYER_PLACE
from tfmac.schema.loadability import Verdict

OLD_LAYOUT = "_layer_checkpoint_dependencies"
"""The group in which TensorFlow 2.12 to 2.14 keep the weights of the layers."""
LAYOUT = "layers"
"""The group in which all later ones do."""
_NUMBERED = re.compile(r"(?P<base>.+)_\d+")
SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
"""What a scope of a TensorFlow graph may be called."""
# Layers that the names of their weights give away.
_BY_PARTS = {
    "MultiHeadAttention": frozenset({"query", "key", "value", "attention_output"}),
    "Normalization": frozenset({"mean", "variance", "count"}),
}
_HARD = "hard_sigmoid"


def old_layout(case: Case) -> Iterator[Obstacle]:
    """Whether the weights lie where the reader no longer looks."""
    yield from _elsewhere(case, OLD_LAYOUT)


def new_layout(case: Case) -> Iterator[Obstacle]:
    """Whether the weights lie where the reader does not look yet."""
    yield from _elsewhere(case, LAYOUT)


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
    """Whether a GRU keeps its bias in another form than those of the reader do by default."""
    for group in case.content.groups:
        shapes = [
            tensor.shape for tensor in case.content.tensors if tensor.path in set(group.tensors)
        ]
        if _is_gru(shapes) and len(shapes[-1]) != dimensions:
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
    if len(shapes) != 3 or len(shapes[0]) != 2 or len(shapes[1]) != 2:
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


def function_by_name(case: Case) -> Iterator[Obstacle]:
    """Whether a layer is called after a function that differs between Keras 2 and 3.

    Weights alone do not tell which function a layer uses.
    """
    names = {group.layer for group in case.content.groups}
    names |= {tensor.name for tensor in case.content.tensors}
    if any(_HARD in name for name in names) and _written_by_keras_2(case) is not (
        case.reader.is_keras_2
    ):
        yield Obstacle(
            cause="saved-behaviour-changed",
            message="weights do not tell the activation, and a layer is called after hard_sigmoid, "
            "which is another function in Keras 3",
            verdict=Verdict.UNKNOWN,
        )


def function_unknown(case: Case) -> Iterator[Obstacle]:
    """Whether weights may cross from Keras 2 to 3 or back, where one function is another."""
    if _written_by_keras_2(case) is not case.reader.is_keras_2:
        yield Obstacle(
            cause=None,
            message="the weights fit; weights do not tell the activation, and where it is "
            "hard_sigmoid the model computes something else than in the other Keras",
            verdict=Verdict.LOADS,
        )


def _written_by_keras_2(case: Case) -> Optional[bool]:
    """Tell by the version that weights by layers state; of the others only Keras 3 has names.

    None where there is neither.
    """
    stated = case.content.stated.get("keras_version")
    if stated is not None:
        return stated.startswith("2.")
    return False if any(tensor.name for tensor in case.content.tensors) else None


def _below(case: Case, group: str) -> list[str]:
    return [tensor.path for tensor in case.content.tensors if tensor.path.startswith(f"{group}/")]


def _parts(case: Case) -> set[str]:
    return {part for tensor in case.content.tensors for part in tensor.path.split("/")}
