"""The answer of ``inspect``: what a model file is, who wrote it, and what comes with it."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.loadability import Loadability
from tfmac.schema.model_content import ModelFormat, Problem, Signature

NOT_MODELS = frozenset(
    {
        ModelFormat.GIT_LFS_POINTER,
        ModelFormat.HTML_PAGE,
        ModelFormat.OTHER_HDF5,
        ModelFormat.OTHER_ZIP,
        ModelFormat.EMPTY,
        ModelFormat.UNKNOWN,
    }
)
"""What a file is that was taken for a model and is none."""


class WriterSign(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a file that not every release writes."""

    statement: str
    keras: str
    """The releases of Keras that write so, as a version specifier."""
    known_from: str
    location: Optional[str] = None


class Writer(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote a file: by its own words, and as its content proves."""

    keras: Optional[str] = None
    """As the file states it."""
    tensorflow: Optional[str] = None
    """As the file states it."""
    saved: Optional[str] = None
    """When, by the file's own words."""
    proved: Optional[str] = None
    """The releases of Keras that write all that was found, as a version specifier."""
    proved_tensorflow: Optional[str] = None
    """The releases of TensorFlow that have such a Keras; null from Keras 3 on."""
    signs: tuple[WriterSign, ...] = ()
    contradictions: tuple[str, ...] = ()
    """Where the file's own words and its content cannot both be true."""


class StoredWeight(msgspec.Struct, frozen=True, kw_only=True):
    """One array that belongs to a layer."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool


class LayerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One layer, with what is inside it."""

    name: str
    class_name: str
    module: Optional[str] = None
    wraps: Optional[str] = None
    """The class that a wrapper is around."""
    input_shape: Optional[str] = None
    output_shape: Optional[str] = None
    """As the file tells it; null where only a computation would."""
    dtype: Optional[str] = None
    trainable: bool = True
    """Whether it and all around it are."""
    parameters: int = 0
    """Of the layer and all in it, each array once."""
    weights: tuple[StoredWeight, ...] = ()
    """The layer's own, not those of the layers in it."""
    layers: "tuple[LayerLine, ...]" = ()


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """How many numbers a model has, as Keras counts them."""

    total: int
    trainable: Optional[int]
    """Null where the file does not tell which are."""
    non_trainable: Optional[int]
    assumed_trainable: int = 0
    """Of the trainable ones, those of classes that nothing here knows."""


class WeightBytes(msgspec.Struct, frozen=True, kw_only=True):
    """The weights of one type."""

    dtype: str
    arrays: int
    bytes: int


class OptimizerState(msgspec.Struct, frozen=True, kw_only=True):
    """The optimizer: what it is, and what is stored of its state."""

    class_name: Optional[str] = None
    learning_rate: Optional[str] = None
    arrays: int = 0
    bytes: int = 0


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """What the model was compiled with, besides the optimizer."""

    loss: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


class CustomObject(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not Keras's: a reader needs its code."""

    name: str
    kind: str
    """``layer``, ``loss``, ``metric``, ``optimizer``, ``activation`` or ``object``."""
    module: Optional[str] = None
    registered_name: Optional[str] = None
    locations: tuple[str, ...] = ()


class LambdaKind(enum.Enum):
    """How the function of a Lambda layer is stored."""

    BYTE_CODE = "byte-code"
    NAMED = "named-function"
    UNKNOWN = "unknown"


class LambdaLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer that computes with a Python function. The function is read, never run."""

    layer: str
    kind: LambdaKind
    function: Optional[str] = None
    """The name of a named function; of byte code, the name that it was compiled under."""
    pythons: tuple[str, ...] = ()
    """The Python releases whose byte code it may be; empty where that cannot be told."""
    globals: tuple[str, ...] = ()
    """The names that it takes from around it: a reader needs each of them."""
    attributes: tuple[str, ...] = ()
    """The other names in its code: attributes and methods."""
    captured: tuple[str, ...] = ()
    """The variables of an enclosing function that it uses."""
    source_file: Optional[str] = None
    """Where it was written, by its byte code."""
    unreadable: Optional[str] = None
    """Why its byte code could not be read."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """Something that runs, or is fetched, when the file is loaded or used."""

    what: str
    when: str
    """``load`` or ``call``."""
    location: str


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a model has no need of, or that may do harm."""

    statement: str
    location: str


class BehaviourChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something that computes other numbers in other releases, without a word."""

    cause: str
    layer: str
    statement: str
    differs_in: str
    """Where, as a version specifier of Keras or in words."""


class TensorFlowOperations(msgspec.Struct, frozen=True, kw_only=True):
    """Layers that stand for calls of TensorFlow functions."""

    class_name: str
    layers: tuple[str, ...]
    functions: tuple[str, ...]


class ModelLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one model file."""

    path: str
    format: ModelFormat
    bytes: int
    name: Optional[str] = None
    kind: Optional[str] = None
    """The class of the model: ``Sequential``, ``Functional`` ..."""
    hint: str = ""
    writer: Writer = Writer()
    backend: Optional[str] = None
    layers: tuple[LayerLine, ...] = ()
    parameters: Optional[Parameters] = None
    weights: tuple[WeightBytes, ...] = ()
    optimizer: Optional[OptimizerState] = None
    compile: Optional[Training] = None
    signatures: tuple[Signature, ...] = ()
    custom_objects: tuple[CustomObject, ...] = ()
    lambdas: tuple[LambdaLayer, ...] = ()
    operations: tuple[TensorFlowOperations, ...] = ()
    executes: tuple[Execution, ...] = ()
    suspicious: tuple[Suspicion, ...] = ()
    behaviour_changes: tuple[BehaviourChange, ...] = ()
    problems: tuple[Problem, ...] = ()
    loadability: tuple[Loadability, ...] = ()
    """One for each reader that was asked about, else for each that matters, the oldest first."""
    newest_reader: Optional[str] = None
    """The newest of those that matter that loads it; null where none does, or was not asked."""


class ModelReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``inspect``."""

    schema_version: int
    tfmac: str
    models: tuple[ModelLine, ...]
    unfinished: tuple[str, ...] = ()
    """Why a folder was not searched to its end."""
