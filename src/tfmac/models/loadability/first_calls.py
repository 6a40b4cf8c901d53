"""Whether a model that was made computes at all."""

from collections.abc import Iterator

from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.stored import LAYERS, model_layers, models, stored
from tfmac.models.loadability.versions import minor_of
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import ModelFormat

_LOOKUPS = frozenset({"TextVectorization", "StringLookup", "IntegerLookup"})


def shape_with_batch(case: Case) -> Iterator[Obstacle]:
    """Whether a Sequential model states its input by its first layer alone, as up to TF 2.2.

    Keras 3 takes the whole batch shape for the shape of one sample.
    """
    for model in models(case.content.configuration):
        layers = model_layers(model)
        if model.get("class_name") != "Sequential" or not layers or "module" in layers[0]:
            continue
        config = layers[0].get("config")
        if layers[0].get("class_name") == "InputLayer" or not isinstance(config, dict):
            continue
        if config.get("batch_input_shape") is not None:
            yield Obstacle(
                cause="keras-2-file-in-keras-3",
                message="Exception encountered when calling Sequential.call(). "
                f"Invalid input shape: expected {(None, *config['batch_input_shape'])}",
            )


def empty_vocabulary(case: Case) -> Iterator[Obstacle]:
    """Whether a vocabulary stood beside the configuration, in a format that has no such place."""
    if case.content.format is ModelFormat.KERAS_ARCHIVE:
        return
    for one in stored(case.content.configuration):
        if one.place == LAYERS and one.name in _LOOKUPS and not one.arguments.get("vocabulary"):
            yield Obstacle(
                cause=None,
                message=f"Exception encountered when calling {one.name}.call(). "
                "Table not initialized.",
            )


def listed_index(case: Case) -> Iterator[Obstacle]:
    """Whether an index into a tensor is a tuple, which comes back as a list."""
    for model in models(case.content.configuration):
        for layer in model_layers(model):
            nodes = layer.get("inbound_nodes")
            if layer.get("class_name") == "GetItem" and _has_list(nodes):
                yield Obstacle(
                    cause="keras-3-op-layer-in-h5",
                    message="Exception encountered when calling GetItem.call().",
                )


def _has_list(nodes: object) -> bool:
    for node in nodes if isinstance(nodes, list) else ():
        args = node.get("args") if isinstance(node, dict) else None
        if isinstance(args, list) and any(isinstance(one, list) for one in args[1:]):
            return True
    return False


def stacked_cells(case: Case) -> Iterator[Obstacle]:
    """Whether weights of several cells lie in HDF5 under names that early Keras 3 mixed up."""
    written = minor_of(case.content.stated.get("keras_version", ""))
    if written is None or not (3, 0) <= written < (3, 8):
        return
    for one in stored(case.content.configuration):
        if one.name == "StackedRNNCells":
            yield Obstacle(
                cause="h5-weight-name-collision",
                message="the cells' weights may be in each other's place",
                verdict=Verdict.UNKNOWN,
            )


def built_twice(case: Case) -> Iterator[Obstacle]:
    """Whether a Bidirectional layer makes its inner layers anew and builds them once more."""
    for one in stored(case.content.configuration):
        if one.name == "Bidirectional" and one.has_module:
            yield Obstacle(
                cause=None,
                message="A total of 1 objects could not be loaded: the cell of a Bidirectional "
                "layer expected its variables, but received 0 variables during loading.",
            )
