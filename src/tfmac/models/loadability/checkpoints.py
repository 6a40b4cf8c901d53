"""Whether a TensorFlow checkpoint fits a model that the reader built."""

import re
from collections import defaultdict
from collections.abc import Iterator

from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Content

_SLOT = "/.OPTIMIZER_SLOT/"
_END = "/.ATTRIBUTES/VARIABLE_VALUE"
_KERAS_3 = frozenset(
    {
        *("_functional", "_operations", "_tracked", "_layers", "_trainable_variables"),
        *("_inbound_nodes", "_build_shapes_dict", "_kernel", "_embeddings"),
    }
)
_DATA_FILE = re.compile(r".*\.data-\d{5}-of-(\d{5})")
_LAYER = re.compile(r"layer(?:_with_weights)?-\d+")
_NOT_LAYERS = frozenset({"optimizer", "keras_api", "signatures"})
_COUNTER = "save_counter"


def has_keras_3_objects(content: Content) -> bool:
    """Whether a checkpoint was made of a model of Keras 3."""
    if any(_KERAS_3 & set(tensor.path.split("/")) for tensor in content.tensors):
        return True
    # Those of TensorFlow 1 have the layers of a wrapper under one of these names too.
    roots = (content.graph.nodes if content.graph is not None else ())[:2]
    return any((_KERAS_3 - {"_layers"}) & one.children.keys() for one in roots)


def _may_be_of_tensorflow_1(content: Content) -> bool:
    """Whether the values lie in several files, as TensorFlow 1 and the first of 2 write them."""
    found = (_DATA_FILE.fullmatch(member.name) for member in content.members)
    return any(int(match[1]) > 1 for match in found if match)


def keras_3_objects(case: Case) -> Iterator[Obstacle]:
    """Whether the objects have the names that Keras 3 gives them."""
    if has_keras_3_objects(case.content):
        yield Obstacle(
            cause="keras-3-file-in-keras-2",
            message="Nothing except the root object matched a checkpointed value.",
        )


def other_root(case: Case) -> Iterator[Obstacle]:
    """Whether the checkpoint holds a model's layers at its top, as ``save_weights`` writes it."""
    if not _is_model(_top(case.content)):
        yield Obstacle(
            cause="weights-do-not-fit-model",
            message="whether the objects of the checkpoint are those of the model is not known",
            verdict=Verdict.UNKNOWN,
        )


def _top(content: Content) -> frozenset[str]:
    """Name the objects at the top; some of them may have no values."""
    nodes = content.graph.nodes if content.graph is not None else ()
    named = {tensor.path.partition("/")[0] for tensor in content.tensors}
    return frozenset({*named, *(nodes[0].children if nodes else ())})


def _is_model(top: frozenset[str]) -> bool:
    """Whether these are a model's own parts, and not what a script put into a ``Checkpoint``.

    That counts how often it was saved, and mostly holds the model under one name.
    """
    if any(_LAYER.fullmatch(name) for name in top):
        return True
    return _COUNTER not in top and len(top - _NOT_LAYERS) > 1


def old_optimizer(case: Case) -> Iterator[Obstacle]:
    """Whether the state of an optimizer lies where those before TensorFlow 2.11 keep it."""
    if any(_SLOT in tensor.path for tensor in case.content.optimizer):
        yield Obstacle(
            cause="keras-2-file-older-than-reader",
            message="You are trying to restore a checkpoint from a legacy Keras optimizer into a "
            "v2.11+ Optimizer, which can cause errors.",
        )


def one_bias(case: Case) -> Iterator[Obstacle]:
    """Whether a GRU has one bias, where the reader's have two by default.

    In a writer of TensorFlow 2 that was asked for, and is by the same script again.
    """
    if _may_be_of_tensorflow_1(case.content):
        yield from _bias(case, 2)


def two_biases(case: Case) -> Iterator[Obstacle]:
    """Whether a GRU has two biases, where the reader's have one by default."""
    yield from _bias(case, 1)


def old_default(case: Case) -> Iterator[Obstacle]:
    """Whether an LSTM may be of TensorFlow 1, whose recurrent activation was another by default."""
    if _may_be_of_tensorflow_1(case.content) and any(
        len(inner) == 2 and inner[1] == 4 * inner[0]
        for inner in (one.get("recurrent_kernel", ()) for one in _cells(case.content))
    ):
        yield Obstacle(
            cause="saved-behaviour-changed",
            message="the checkpoint fits; where TensorFlow 1 wrote it and the script names no "
            "recurrent_activation, an LSTM computes something else in TensorFlow 2",
            verdict=Verdict.UNKNOWN,
        )


def _cells(content: Content) -> list[dict[str, tuple[int, ...]]]:
    """Give the shapes of each object's own variables by their names."""
    cells: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for tensor in content.tensors:
        cell, _, name = tensor.path.removesuffix(_END).rpartition("/")
        cells[cell][name] = tensor.shape
    return list(cells.values())


def _bias(case: Case, dimensions: int) -> Iterator[Obstacle]:
    for shapes in _cells(case.content):
        inner, bias = shapes.get("recurrent_kernel", ()), shapes.get("bias", ())
        if len(inner) == 2 and inner[1] == 3 * inner[0] and bias and len(bias) != dimensions:
            yield Obstacle(
                cause="weights-do-not-fit-model",
                message=f"Shapes are incompatible: a bias of {bias} in a GRU of the reader",
            )
