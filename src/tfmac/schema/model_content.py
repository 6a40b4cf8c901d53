"""What lies in a model file, as it was read: nothing is judged here.

It comes out of a process of its own, so all of it is plain data.
"""

import enum
from typing import Any, Optional

import msgspec


class ModelFormat(enum.Enum):
    """What a file, or a folder that is one model, is."""

    KERAS_HDF5 = "keras-hdf5"
    """A whole model in HDF5, as Keras 1 to 3 write under ``.h5``."""
    KERAS_HDF5_WEIGHTS = "keras-hdf5-weights"
    """The weights alone, by layers in the order of ``layer_names``."""
    KERAS_ARCHIVE = "keras-archive"
    """The zip that Keras 2.12 and later write under ``.keras``."""
    KERAS_WEIGHTS = "keras-weights"
    """The weights alone under ``.weights.h5``, by the objects that own them."""
    KERAS_JSON = "keras-json"
    """An architecture alone, by ``to_json``."""
    SAVED_MODEL = "saved-model"
    CHECKPOINT = "tensorflow-checkpoint"
    FROZEN_GRAPH = "frozen-graph"
    TFLITE = "tflite"
    ONNX = "onnx"
    PICKLE = "pickle"
    GIT_LFS_POINTER = "git-lfs-pointer"
    HTML_PAGE = "html-page"
    OTHER_HDF5 = "other-hdf5"
    OTHER_ZIP = "other-zip"
    EMPTY = "empty"
    UNKNOWN = "unknown"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a file that is damaged, that is beyond a limit, or that is not followed."""

    statement: str
    location: str = ""
    """Where in the file: a group, a member, a byte."""
    cause: Optional[str] = None


class Tensor(msgspec.Struct, frozen=True, kw_only=True):
    """One array that is stored. ``path`` is its place in the file."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    """As NumPy names it, else as the file does."""
    bytes: int
    """How many the array has when it is read, whatever it takes in the file."""
    name: str = ""
    """The name that the writer gave it, where that is kept apart from its place."""


class WeightGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The arrays of one layer, in the writer's order, where a file keeps that order."""

    layer: str
    tensors: tuple[str, ...]
    """Their paths."""
    name: str = ""
    """The layer's own name, where the file calls it by its place."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an archive or of a folder."""

    name: str
    bytes: int
    stored: bool = True
    """It is not compressed, so that it can be read in place."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """An object of the graph of objects in a SavedModel or a checkpoint."""

    number: int
    kind: str
    """``user_object``, ``variable``, ``function``, ``asset`` and the like."""
    identifier: str = ""
    """What made it: ``_tf_keras_layer``, ``_tf_keras_sequential``."""
    metadata: Optional[Any] = None
    """What Keras 2 keeps of it: class, configuration, name."""
    children: dict[str, int] = {}


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A function that a SavedModel offers: arguments and results as ``name -> dtype[shape]``."""

    name: str
    inputs: dict[str, str]
    outputs: dict[str, str]


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """What a SavedModel or a frozen graph computes with."""

    operations: dict[str, int]
    """How often each kind of operation occurs, functions included."""
    signatures: tuple[Signature, ...] = ()
    tags: tuple[str, ...] = ()
    tensorflow: Optional[str] = None
    """The version that the file states."""
    nodes: tuple[Node, ...] = ()
    producer: Optional[int] = None
    """The version of the graph format that the writer had."""
    minimum_consumer: Optional[int] = None


class Architecture(msgspec.Struct, frozen=True, kw_only=True):
    """An architecture in a file of its own, as ``to_json`` gives it, beside weights."""

    file: str
    """Its name in the folder of the weights."""
    configuration: Any
    stated: dict[str, str] = {}


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was read of one model file."""

    path: str
    format: ModelFormat
    bytes: int
    """Of the file, or of all files of the folder."""
    stated: dict[str, str] = {}
    """What the file says of its writer: ``keras_version``, ``backend``, ``date_saved`` ..."""
    configuration: Optional[Any] = None
    """The architecture as the writer put it into JSON."""
    training: Optional[Any] = None
    """Optimizer, loss and metrics as the writer put them into JSON."""
    tensors: tuple[Tensor, ...] = ()
    """The weights of the model, the optimizer's not among them."""
    optimizer: tuple[Tensor, ...] = ()
    others: tuple[Tensor, ...] = ()
    """Arrays that are neither: totals of metrics, seeds, what no layer lists."""
    groups: tuple[WeightGroup, ...] = ()
    members: tuple[Member, ...] = ()
    entries: tuple[str, ...] = ()
    """The names of the groups at the top of an HDF5 file, which tell one layout from another."""
    graph: Optional[Graph] = None
    beside: Optional[Architecture] = None
    """What lies beside weights under their name. Whether it is theirs is not looked at here."""
    imports: tuple[str, ...] = ()
    """What a pickle would import and call, as ``module.name``."""
    hint: str = ""
    """What else the beginning of a file says: the title of a page, the object of a pointer."""
    problems: tuple[Problem, ...] = ()
