"""Networks with functions in them, as the reader of configurations gives them."""

from collections.abc import Sequence
from typing import Any, Optional

from packaging.version import Version

from tfmac.models.migration.network import Call, Layer, Network, Reference
from tfmac.models.migration.operations.express import express
from tfmac.schema.migration import Untranslated

NEWEST = Version("3.15.1")
X = Reference("x")
Y = Reference("y")


def input_layer(name: str, *lengths: Optional[int], dtype: str = "float32") -> Layer:
    """Make an input; the examples come before the lengths."""
    config = {"name": name, "batch_shape": [None, *lengths], "dtype": dtype}
    return Layer(name=name, class_name="InputLayer", module="keras.layers", config=config)


def function(name: str, called: str, *args: Any, **kwargs: Any) -> Layer:
    """Make a call of a function of TensorFlow."""
    config = {"name": name, "function": called, "dtype": "float32"}
    calls = (Call(args=args, kwargs=kwargs),)
    return Layer(name=name, class_name="TFOpLambda", config=config, calls=calls)


def model(*layers: Layer, ends: Sequence[Reference] = ()) -> Network:
    """Make a model of layers; it ends in the last one unless it is said."""
    outputs = list(ends) or [Reference(layers[-1].name)]
    inputs = [Reference(one.name) for one in layers if one.class_name == "InputLayer"]
    return Network(name="m", class_name="Functional", layers=layers, inputs=inputs, outputs=outputs)


def made(network: Network, keras: Version = NEWEST, **options: bool) -> tuple[Layer, ...]:
    """Give the layers that took the place of functions; all have to be expressed."""
    result, _, untranslated = express(network, keras, **options)
    assert untranslated == ()
    return tuple(one for one in result.layers if one.class_name != "InputLayer")


def refused(network: Network, keras: Version = NEWEST) -> Untranslated:
    """Give the one thing that cannot be expressed."""
    _, _, (one,) = express(network, keras)
    return one


def names(layers: Sequence[Layer]) -> str:
    """Name the classes of layers."""
    return " ".join(one.class_name for one in layers)
