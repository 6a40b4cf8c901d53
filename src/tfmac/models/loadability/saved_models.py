"""Whether a Keras 2 revives the model in a SavedModel."""

from collections.abc import Iterator, Mapping
from typing import Any, Optional

from tfmac.models.loadability import classes
from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.readers import Release
from tfmac.models.loadability.versions import minor_of
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Graph, Node

METADATA = "keras_metadata.pb"
"""Where Keras keeps what it knows of a model, from TensorFlow 2.5 on."""
_LOOKUPS = frozenset({"TextVectorization", "StringLookup", "IntegerLookup"})
_KERAS = "_tf_keras_"
# Operations that a TensorFlow registers, by its first release that does.
_OPERATIONS: dict[str, Release] = {"DisableCopyOnRead": (2, 12)}
_OLD_LOOKUPS = "sparse"
"""An argument that the layers with a vocabulary have from TensorFlow 2.7 on."""


def operations(case: Case) -> Iterator[Obstacle]:
    """Whether the reader's TensorFlow knows the operations of the graph."""
    graph = case.content.graph
    for name, since in _OPERATIONS.items():
        tensorflow = case.reader.tensorflow or case.keras
        if graph is not None and name in graph.operations and tensorflow < since:
            yield Obstacle(
                cause="keras-2-file-newer-than-reader",
                message=f"Op type not registered '{name}' in binary running on this machine.",
            )


def metadata_file(case: Case) -> Iterator[Obstacle]:
    """Whether what Keras knows of the model stands in a file that the reader does not look for."""
    if any(member.name == METADATA for member in case.content.members):
        yield Obstacle(
            cause="keras-2-file-newer-than-reader",
            message="Expecting value: line 1 column 1 (char 0)",
        )


def later_metadata(case: Case) -> Iterator[Obstacle]:
    """Whether the metadata has the form that came after TensorFlow 2.1."""
    written = _written(case)
    if written is not None and written >= (2, 2) and _root_is_keras(case):
        yield Obstacle(
            cause="keras-2-file-newer-than-reader",
            message="the model is revived without its methods, or its shapes are not understood",
        )


def no_keras_model(case: Case) -> Iterator[Obstacle]:
    """Whether the folder holds functions alone, as Keras 3 exports them, and no Keras model."""
    graph = case.content.graph
    if graph is not None and graph.nodes and not _root_is_keras(case):
        yield Obstacle(
            cause="keras-3-file-in-keras-2", message="'_UserObject' object is not callable"
        )


def unread(case: Case) -> Iterator[Obstacle]:
    """Whether the graph could be read."""
    graph = case.content.graph
    if graph is None or not graph.nodes:
        yield Obstacle(
            cause=None,
            message="the objects of the SavedModel are not known",
            verdict=Verdict.UNKNOWN,
        )


def lookups(case: Case) -> Iterator[Obstacle]:
    """Whether a layer with a vocabulary is revived with it: this changed often."""
    written = _written(case)
    for node in case.content.graph.nodes if case.content.graph else ():
        found = _layer(node)
        if found is None or found[0] not in _LOOKUPS:
            continue
        refused = [key for key in found[1] if _refuses(case, found[0], key)]
        if refused:
            yield Obstacle(
                cause="keras-2-file-newer-than-reader",
                message=f"('Keyword argument not understood:', '{refused[0]}')",
            )
        elif _OLD_LOOKUPS not in found[1]:
            yield from _old_lookup(case, written)
        elif written is None or written > case.reader.minor:
            yield Obstacle(
                cause="keras-2-file-newer-than-reader",
                message=f"{found[0]} was written by a later TensorFlow",
                verdict=Verdict.UNKNOWN,
            )


def _old_lookup(case: Case, written: Optional[Release]) -> Iterator[Obstacle]:
    """Judge a vocabulary in the form before 2.7; 2.6 does not find its own again."""
    if written == case.reader.minor:
        if case.reader.minor == (2, 6):
            yield Obstacle(
                cause="saved-behaviour-changed",
                message="loads, and computes something else: the vocabulary is not put to use",
                verdict=Verdict.LOADS_DIFFERENTLY,
            )
        return
    certain = case.keras >= (2, 6)
    yield Obstacle(
        cause="keras-2-file-older-than-reader",
        message="Python objects were not bound to checkpointed values, likely due to changes in "
        "the Python program.",
        verdict=Verdict.FAILS if certain else Verdict.UNKNOWN,
    )


def _refuses(case: Case, name: str, key: str) -> bool:
    return classes.accepts(case.reader, "layers", name, key) is False


def _layer(node: Node) -> Optional[tuple[str, Mapping[str, Any]]]:
    metadata = node.metadata
    if not isinstance(metadata, Mapping):
        return None
    name, config = metadata.get("class_name"), metadata.get("config")
    return (str(name), config) if isinstance(config, Mapping) else None


def _root_is_keras(case: Case) -> bool:
    graph: Optional[Graph] = case.content.graph
    return graph is not None and any(
        node.number == 0 and node.identifier.startswith(_KERAS) for node in graph.nodes
    )


def _written(case: Case) -> Optional[Release]:
    """Give the TensorFlow that the graph states."""
    graph = case.content.graph
    return minor_of(graph.tensorflow) if graph is not None and graph.tensorflow else None
