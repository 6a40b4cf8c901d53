"""The kinds of layers that hold functions, and how each says what it calls."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

from collections.abc import Mapping
from typing import Any, Callable

import msgspec

from tfmac.models.migration.network import Call, Layer
from tfmac.models.migration.operations import graph_nodes, lambdas, registry
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.upsampling import is_old_bilinear, old_bilinear
from tfmac.models.migration.operations.values import Inexpressible, Tensor, is_constant


def translated(b: Builder, layer: Layer, call: Call) -> Any:
    """Express one call of a layer. Raises ``Inexpressible``."""
    try:
        result = _translator(layer)(b, layer, call)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # Arguments are somebody else's text, of whatever type.
        raise Inexpressible("its arguments are none that its function takes") from None
    if isinstance(result, Tensor) and all(result.reference.layer != one.name for one in b.layers):
        # A layer of its own gives the result its name, and lets no mask through.
        return b.operation("numpy.Copy", result, shape=result.shape, dtype=result.dtype)
    return result


def _translator(layer: Layer) -> Callable[[Builder, Layer, Call], Any]:
    return old_bilinear if is_old_bilinear(layer) else TRANSLATED[layer.class_name]


def is_translated(layer: Layer, *, old_images: bool) -> bool:
    """Whether a layer has to be replaced."""
    return layer.class_name in TRANSLATED or (old_images and is_old_bilinear(layer))


def _function_call(b: Builder, layer: Layer, call: Call) -> Any:
    function = layer.config.get("function")
    if not isinstance(function, str):
        raise Inexpressible("it does not name its function")
    return registry.apply(b, function, list(call.args), _named(call.kwargs))


def _named(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if key != "name"}


def _graph_node(b: Builder, layer: Layer, call: Call) -> Any:
    node = layer.config.get("node_def")
    if isinstance(node, str):
        try:
            node = msgspec.json.decode(node)
        except msgspec.DecodeError as error:
            raise Inexpressible("its operation is written in an unknown way") from error
    if not isinstance(node, Mapping):
        raise Inexpressible("it does not name its operation")
    given = call.args[0] if len(call.args) == 1 else list(call.args)
    waiting = list(given) if isinstance(given, (list, tuple)) else [given]
    constants = layer.config.get("constants")
    places = constants if isinstance(constants, Mapping) else {}
    inputs: list[Any] = []
    for place in range(len(waiting) + len(places)):
        if str(place) in places:
            inputs.append(_constant(places[str(place)]))
        elif waiting:
            inputs.append(waiting.pop(0))
    name, args, kwargs = graph_nodes.call_of(node, inputs)
    return registry.apply(b, name, args, kwargs)


def _constant(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = value.get("value", value.get("config", {}).get("value"))
    if not is_constant(value):
        raise Inexpressible("one of its constants is not known")
    return value


TRANSLATED: dict[str, Callable[[Builder, Layer, Call], Any]] = {
    "TFOpLambda": _function_call,
    "SlicingOpLambda": _function_call,
    "TensorFlowOpLayer": _graph_node,
    "Lambda": lambdas.expressed,
}
