"""The Keras of the release that runs this, and what all builders share.

It runs inside every release: standard library and the release alone, valid Python 3.7.
"""

from __future__ import annotations

import importlib
import zlib
from typing import Any, Callable, NamedTuple

Array = Any
Layer = Any
Model = Any
Tensor = Any

BATCH = 3
HIDDEN_MODULE = "training_code"
"""Where classes of a user claim to live: a module that no reader can import."""
UNFILLED = ("Normalization", "TextVectorization", "Discretization")
"""Layers whose weights are what they were adapted to."""
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon")

numpy = importlib.import_module("numpy")


class Missing(Exception):
    """The release has not what a model is made of."""


class Data(NamedTuple):
    """What goes into one input of a model."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    limit: int = 0
    name: str = ""


class Builder(NamedTuple):
    """How one model is made."""

    name: str
    make: Callable[..., Model]
    inputs: tuple[Data, ...]
    whole: bool = False
    """``make`` gives a model, not the outputs of one."""
    subclassed: bool = False
    half: bool = False
    """Computes in half precision."""
    feed: str = "dense"
    train: Callable[[Framework, Model], None] | None = None
    """Compiles the model; it is then trained for a step."""


class Framework:
    """One Keras, its layers, and TensorFlow where the backend is that."""

    def __init__(self, package: str, version: str, backend: str) -> None:
        self.backend = backend
        self.tensorflow = importlib.import_module("tensorflow") if backend == "tensorflow" else None
        in_tensorflow = package == "tf.keras"
        self.keras: Any = (
            self.tensorflow.keras
            if self.tensorflow and in_tensorflow
            else importlib.import_module(package)
        )
        self.layers: Any = self.keras.layers
        self.version = tuple(int(number) for number in version.split(".")[:2])
        self.is_third = self.version >= (3,)

    def layer(self, name: str) -> Callable[..., Layer]:
        """Give the class of a layer, wherever this release keeps it."""
        for place in ("", "experimental.preprocessing"):
            holder = self.layers
            for part in place.split(".") if place else ():
                holder = getattr(holder, part, None)
            found: Callable[..., Layer] | None = getattr(holder, name, None)
            if found is not None:
                return found
        raise Missing(f"this release has no layer {name}")

    def input(self, data: Data, feed: str = "dense") -> Tensor:
        """Make the symbolic input."""
        options: dict[str, Any] = {} if feed == "dense" else {feed: True}
        if data.name:
            options["name"] = data.name
        shape = (None, *data.shape[1:]) if feed == "ragged" else data.shape
        return self.keras.Input(shape=shape, dtype=data.dtype, **options)

    def custom(self, made: Any) -> Any:  # noqa: ANN401 - a class or a function
        """Hide where a class or function of a user comes from."""
        made.__module__ = HIDDEN_MODULE
        made.__qualname__ = made.__name__
        return made

    def register(self, made: Any) -> Any:  # noqa: ANN401 - a class
        """Register a class of a user under a package's name."""
        for place in ("saving", "utils"):
            register = getattr(
                getattr(self.keras, place, None), "register_keras_serializable", None
            )
            if register is not None:
                return register(package="Training")(made)
        raise Missing("this release cannot register classes")


def seed(*parts: object) -> int:
    """Give a number that depends on what is named alone."""
    return zlib.crc32("|".join(str(part) for part in parts).encode())


def arrays(builder: Builder) -> list[Array]:
    """Give the input of a model, the same in each release."""
    return [_array(builder.name, place, data) for place, data in enumerate(builder.inputs)]


def _array(model: str, place: int, data: Data) -> Array:
    random = numpy.random.RandomState(seed(model, "input", place))
    shape = (BATCH, *data.shape)
    if data.dtype == "string":
        return numpy.asarray(WORDS)[random.randint(0, len(WORDS), size=shape)]
    if data.limit:
        numbers = random.randint(1, data.limit, size=shape).astype(data.dtype)
        numbers[..., -1] = 0  # what a mask leaves out
        return numbers
    numbers = random.uniform(-1, 1, size=shape).astype(data.dtype)
    if len(shape) == 3:
        numbers[0, -1] = 0
    return numbers


def fed(framework: Framework, builder: Builder, given: list[Array]) -> Any:  # noqa: ANN401
    """Give arrays the form that a model's inputs take."""
    ready = [_fed(framework, builder.feed, one) for one in given]
    return ready[0] if len(ready) == 1 else ready


def _fed(framework: Framework, feed: str, array: Array) -> Tensor:
    if feed == "sparse":
        return framework.tensorflow.sparse.from_dense(array)  # type: ignore[union-attr]
    if feed == "ragged":
        ragged = framework.tensorflow.RaggedTensor  # type: ignore[union-attr]
        return ragged.from_tensor(array, lengths=[2, 1, 3])
    if array.dtype.kind == "U":
        return framework.tensorflow.constant(array.tolist())  # type: ignore[union-attr]
    return array


def flat(outputs: Any) -> list[Array]:  # noqa: ANN401 - whatever a model gives
    """Give the arrays of an output in order: of a dictionary by name."""
    if isinstance(outputs, dict):
        return [one for key in sorted(outputs) for one in flat(outputs[key])]
    if isinstance(outputs, (list, tuple)):
        return [one for each in outputs for one in flat(each)]
    if hasattr(outputs, "to_tensor"):
        outputs = outputs.to_tensor()
    return [numpy.asarray(outputs)]


def predict(
    framework: Framework, builder: Builder, model: Model, given: list[Array]
) -> list[Array]:
    """Run a model; without tracing where the release can: it costs more than all else."""
    ready = fed(framework, builder, given)
    tensorflow = framework.tensorflow
    eager = tensorflow is not None and tensorflow.__version__ >= "2"
    if eager:
        return flat(model(ready, training=False))
    return flat(model.predict(ready, verbose=0))


def build(framework: Framework, builder: Builder) -> Model:
    """Build the model as a user's script does, with fresh weights."""
    if builder.feed != "dense" and framework.tensorflow is None:
        raise Missing(f"only TensorFlow has {builder.feed} tensors")
    if builder.whole:
        model = builder.make(framework)
    else:
        inputs = [framework.input(one, builder.feed) for one in builder.inputs]
        outputs = builder.make(framework, *inputs)
        given = inputs[0] if len(inputs) == 1 else inputs
        model = framework.keras.Model(inputs=given, outputs=outputs, name=builder.name)
    if builder.subclassed:
        predict(framework, builder, model, arrays(builder))
    return model


def train(framework: Framework, builder: Builder, model: Model) -> None:
    """Compile the model where its builder does, and train it for a step."""
    if builder.train is None:
        return
    builder.train(framework, model)
    given = arrays(builder)
    targets = [numpy.zeros_like(one) for one in predict(framework, builder, model, given)]
    goal = targets[0] if len(targets) == 1 else targets
    model.fit(fed(framework, builder, given), goal, epochs=1, verbose=0)


def fill(builder: Builder, model: Model) -> None:
    """Give each weight values that depend on its model, layer, index and shape alone."""
    for layer in model.layers:
        if type(layer).__name__ in UNFILLED:
            continue
        weights = layer.get_weights()
        names = [getattr(one, "path", one.name) for one in layer.weights]
        names += [""] * (len(weights) - len(names))
        filled = [
            _weights(weight, names[place], (builder.name, layer.name, place))
            for place, weight in enumerate(weights)
        ]
        layer.set_weights(filled)


def _weights(weight: Array, name: str, key: tuple[object, ...]) -> Array:
    if weight.dtype.kind != "f":
        return weight
    random = numpy.random.RandomState(seed(*key, weight.shape))
    values = random.uniform(-0.5, 0.5, size=weight.shape)
    if "variance" in name:
        values = abs(values) + 0.5
    return values.astype(weight.dtype)
