"""Whether a TensorFlow checkpoint fits a model that the reader built."""

from collections import defaultdict
from collections.abc import Iterator

from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Content

_SLOT = "/.OPTIMIZER_SLOT/"
_END = "/.ATTRIBUTES/VARIABLE_VALUE"
_KERAS_3 = frozenset({"_functional", "_operations", "_tracked", "_layers", "_trainable_variables"})


def has_keras_3_objects(content: Content) -> bool:
    """Whether a checkpoint was made of a model of Keras 3."""
    return any(_KERAS_3 & set(tensor.path.split("/")) for tensor in content.tensors)


def keras_3_objects(case: Case) -> Iterator[Obstacle]:
    """Whether the objects have the names that Keras 3 gives them."""
    if has_keras_3_objects(case.content):
        yield Obstacle(
            cause="keras-3-file-in-keras-2",
            message="Nothing except the root object matched a checkpointed value.",
        )


def other_root(case: Case) -> Iterator[Obstacle]:
    """Whether the checkpoint holds a model's layers at its top, as ``save_weights`` writes it."""
    tensors = case.content.tensors
    if not any(tensor.path.startswith(("layer_with_weights-", "layer-")) for tensor in tensors):
        yield Obstacle(
            cause="weights-do-not-fit-model",
            message="whether the objects of the checkpoint are those of the model is not known",
            verdict=Verdict.UNKNOWN,
        )


def old_optimizer(case: Case) -> Iterator[Obstacle]:
    """Whether the state of an optimizer lies where those before TensorFlow 2.11 keep it."""
    if any(_SLOT in tensor.path for tensor in case.content.optimizer):
        yield Obstacle(
            cause="keras-2-file-older-than-reader",
            message="You are trying to restore a checkpoint from a legacy Keras optimizer into a "
            "v2.11+ Optimizer, which can cause errors.",
        )


def one_bias(case: Case) -> Iterator[Obstacle]:
    """Whether a GRU has one bias, where the reader's have two by default."""
    yield from _bias(case, 2)


def two_biases(case: Case) -> Iterator[Obstacle]:
    """Whether a GRU has two biases, where the reader's have one by default."""
    yield from _bias(case, 1)


def _bias(case: Case, dimensions: int) -> Iterator[Obstacle]:
    cells: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for tensor in case.content.tensors:
        cell, _, name = tensor.path.removesuffix(_END).rpartition("/")
        cells[cell][name] = tensor.shape
    for shapes in cells.values():
        inner, bias = shapes.get("recurrent_kernel", ()), shapes.get("bias", ())
        if len(inner) == 2 and inner[1] == 3 * inner[0] and bias and len(bias) != dimensions:
            yield Obstacle(
                cause="weights-do-not-fit-model",
                message=f"Shapes are incompatible: a bias of {bias} in a GRU of the reader",
            )
