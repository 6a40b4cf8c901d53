"""Models over what a user adds: code, names, structure, training.

It runs inside every release: standard library and the release alone, valid Python 3.7.
"""

from __future__ import annotations

from typing import Any, Callable

from tools.model_matrix.builders_script import LAYER_BUILDERS, SEQUENCE, VECTOR
from tools.model_matrix.framework_script import Builder, Data, Framework, Missing, Model, Tensor

FEATURE_BUILDERS: dict[str, Builder] = {}

Make = Callable[..., Model]


def _model(*inputs: Data, **options: Any) -> Callable[[Make], Make]:  # noqa: ANN401
    def add(make: Make) -> Make:
        FEATURE_BUILDERS[make.__name__] = Builder(make.__name__, make, inputs, **options)
        return make

    return add


def builders() -> dict[str, Builder]:
    """Give every model by its name."""
    return {**LAYER_BUILDERS, **FEATURE_BUILDERS}


def custom_objects(own: Framework) -> dict[str, Any]:
    """Give the classes and functions of the user that the models need."""
    own_classes = (scale_class(own), subclass(own, "Tower"), subclass(own, "RegisteredTower"))
    known = {one.__name__: one for one in own_classes}
    known["doubled"] = own.custom(doubled)
    known["weighted_square"] = own.custom(weighted_square)
    registered = type("RegisteredScale", (known["ScaleShift"],), {})
    return {**known, "RegisteredScale": registered, "Training>RegisteredScale": registered}


def doubled(x: Tensor) -> Tensor:
    """Compute a user's activation."""
    return x * 2.0


def weighted_square(truth: Tensor, guess: Tensor) -> Tensor:
    """Compute a user's loss."""
    return (truth - guess) ** 2 * 0.5


def scale_class(own: Framework) -> Any:  # noqa: ANN401 - a class of this release
    """Make a user's layer with a weight and an argument."""

    class ScaleShift(own.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, factor: float = 1.0, **options: Any) -> None:  # noqa: ANN401
            super().__init__(**options)
            self.factor = factor

        def build(self, shape: Any) -> None:  # noqa: ANN401
            self.scale = self.add_weight(
                name="scale", shape=(int(shape[-1]),), initializer="ones", trainable=True
            )
            super().build(shape)

        def call(self, x: Tensor) -> Tensor:
            return x * self.scale * self.factor

        def compute_output_shape(self, shape: Any) -> Any:  # noqa: ANN401
            return shape

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "factor": self.factor}

    return own.custom(ScaleShift)


def subclass(own: Framework, name: str) -> Any:  # noqa: ANN401 - a class of this release
    """Make a user's model class with two layers."""

    def __init__(self: Any, units: int = 4, **options: Any) -> None:  # noqa: ANN401, N807
        super(made, self).__init__(**options)
        self.units = units
        self.first = own.layers.Dense(units, activation="relu", name="first")
        self.last = own.layers.Dense(2, name="last")

    def call(self: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        return self.last(self.first(x))

    def get_config(self: Any) -> dict[str, Any]:  # noqa: ANN401
        return {"units": self.units, "name": self.name}

    def from_config(cls: Any, config: dict[str, Any]) -> Model:  # noqa: ANN401
        return cls(**config)

    members = {"__init__": __init__, "call": call, "get_config": get_config}
    made: Any = type(name, (own.keras.Model,), {**members, "from_config": classmethod(from_config)})
    return own.custom(made)


@_model(VECTOR)
def custom_activation(own: Framework, x: Tensor) -> Tensor:
    """A function of the user as an activation."""
    return own.layers.Dense(3, activation=own.custom(doubled), name="dense")(x)


@_model(VECTOR)
def custom_layer(own: Framework, x: Tensor) -> Tensor:
    """A layer of the user that nobody registered."""
    x = own.layers.Dense(3, name="dense")(x)
    return scale_class(own)(1.5, name="scaling")(x)


@_model(VECTOR)
def custom_layer_registered(own: Framework, x: Tensor) -> Tensor:
    """A layer of the user, registered under a package's name."""
    made = own.register(own.custom(type("RegisteredScale", (scale_class(own),), {})))
    return made(0.5, name="scaling")(x)


@_model(VECTOR, whole=True, subclassed=True)
def subclassed(own: Framework) -> Model:
    """A model that is a class of the user."""
    return subclass(own, "Tower")(4, name="subclassed")


@_model(VECTOR, whole=True, subclassed=True)
def subclassed_registered(own: Framework) -> Model:
    """A model that is a registered class of the user."""
    return own.register(subclass(own, "RegisteredTower"))(3, name="subclassed_registered")


@_model(VECTOR)
def lambda_code(own: Framework, x: Tensor) -> Tensor:
    """Python code inside the file."""
    x = own.layers.Lambda(lambda y: y * 2.0 + 1.0, name="code")(x)
    return own.layers.Dense(2, name="last")(x)


@_model(VECTOR)
def lambda_named(own: Framework, x: Tensor) -> Tensor:
    """A named function of the user in a layer."""
    return own.layers.Lambda(own.custom(doubled), name="named")(x)


@_model(VECTOR, VECTOR)
def raw_operations(own: Framework, x: Tensor, y: Tensor) -> Tensor:
    """Operations on tensors between layers."""
    if own.is_third:
        z = own.keras.ops.concatenate([own.keras.ops.relu(x * y), x[:, :2]], axis=-1)
    elif own.tensorflow is not None and own.version >= (2, 3):
        z = own.tensorflow.concat([own.tensorflow.nn.relu(x * y), x[:, :2]], axis=-1)
    else:
        raise Missing("this release records no raw operations")
    return own.layers.Dense(2, name="last")(z)


@_model(VECTOR)
def nested_models(own: Framework, x: Tensor) -> Tensor:
    """Models as layers of a model."""
    inner_input = own.keras.Input(shape=(6,), name="inner_input")
    inner_output = own.layers.Dense(6, name="inner_dense")(inner_input)
    inner = own.keras.Model(inputs=inner_input, outputs=inner_output, name="inner")
    row = own.keras.Sequential([own.layers.Dense(3, input_shape=(6,), name="in_row")], name="row")
    return row(own.layers.Add(name="sum")([x, inner(x)]))


@_model(VECTOR, VECTOR)
def shared_and_frozen(own: Framework, x: Tensor, y: Tensor) -> Tensor:
    """A layer in two places, and one that is not trained."""
    both = own.layers.Dense(4, name="both")
    frozen = own.layers.Dense(4, name="frozen", trainable=False)
    norm = own.layers.BatchNormalization(name="norm", trainable=False)
    return own.layers.Add(name="sum")([norm(both(x)), frozen(both(y))])


@_model(Data((6,), name="in_a"), Data((4,), name="in_b"))
def inputs_and_outputs(own: Framework, x: Tensor, y: Tensor) -> Tensor:
    """Two inputs and two outputs with names."""
    z = own.layers.Concatenate(name="together")([x, y])
    names = ("out_a", "out_b")
    return [own.layers.Dense(place + 2, name=name)(z) for place, name in enumerate(names)]


@_model(VECTOR)
def names_with_slash(own: Framework, x: Tensor) -> Tensor:
    """Layers whose names are paths."""
    return own.layers.Dense(2, name="block/dense")(x)


@_model(Data((6,), name="größe"))
def names_not_ascii(own: Framework, x: Tensor) -> Tensor:
    """An input whose name is not ASCII."""
    return own.layers.Dense(2, name="last")(x)


@_model(VECTOR, half=True)
def half_precision(own: Framework, x: Tensor) -> Tensor:
    """A policy of two precisions."""
    if own.version < (2, 4):
        raise Missing("this release has no such policy")
    x = own.layers.Dense(4, activation="relu", dtype="mixed_float16", name="half")(x)
    return own.layers.Dense(2, dtype="float32", name="full")(x)


@_model(VECTOR, feed="sparse")
def sparse_input(own: Framework, x: Tensor) -> Tensor:
    """An input of sparse tensors."""
    return own.layers.Dense(2, name="dense")(x)


@_model(SEQUENCE, feed="ragged")
def ragged_input(own: Framework, x: Tensor) -> Tensor:
    """An input of sequences with lengths of their own."""
    return own.layers.LSTM(3, name="long")(x)


def _body(own: Framework, x: Tensor) -> Tensor:
    x = own.layers.Dense(8, activation="relu", name="first")(x)
    return own.layers.Dense(3, activation="softmax", name="last")(x)


def _compiled(*inputs: Data, name: str, train: Callable[[Framework, Model], None]) -> None:
    make = _two_outputs if name.endswith("two_losses") else _body
    FEATURE_BUILDERS[name] = Builder(name, make, inputs or (VECTOR,), train=train)


def _two_outputs(own: Framework, x: Tensor) -> Tensor:
    return [own.layers.Dense(2, name=name)(x) for name in ("out_a", "out_b")]


def _adam(own: Framework, model: Model) -> None:
    model.compile(own.keras.optimizers.Adam(), "categorical_crossentropy", metrics=["accuracy"])


def _aliases(own: Framework, model: Model) -> None:
    del own
    model.compile("sgd", "mse", metrics=["mae"])


def _momentum(own: Framework, model: Model) -> None:
    sgd = own.keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)
    model.compile(sgd, own.keras.losses.mean_squared_error)


def _loss_object(own: Framework, model: Model) -> None:
    losses = own.keras.losses
    if not hasattr(losses, "CategoricalCrossentropy"):
        raise Missing("this release has no losses that are objects")
    model.compile("rmsprop", losses.CategoricalCrossentropy(label_smoothing=0.1))


def _own_loss(own: Framework, model: Model) -> None:
    model.compile("adam", own.custom(weighted_square))


def _two_losses(own: Framework, model: Model) -> None:
    del own
    model.compile(
        "adam", {"out_a": "mse", "out_b": "mae"}, loss_weights={"out_a": 1.0, "out_b": 0.5}
    )


def _weighted(own: Framework, model: Model) -> None:
    del own
    model.compile("adamax", "binary_crossentropy", weighted_metrics=["accuracy"])


def _decayed(own: Framework, model: Model) -> None:
    schedules = getattr(own.keras.optimizers, "schedules", None)
    if schedules is None:
        raise Missing("this release has no schedules")
    rate = schedules.ExponentialDecay(0.01, 100, 0.9)
    model.compile(own.keras.optimizers.RMSprop(rate), "mse")


_compiled(name="compiled_adam", train=_adam)
_compiled(name="compiled_aliases", train=_aliases)
_compiled(name="compiled_momentum", train=_momentum)
_compiled(name="compiled_loss_object", train=_loss_object)
_compiled(name="compiled_own_loss", train=_own_loss)
_compiled(name="compiled_two_losses", train=_two_losses)
_compiled(name="compiled_weighted_metrics", train=_weighted)
_compiled(name="compiled_schedule", train=_decayed)
