"""Functions within a Sequential or a wrapper: each becomes a small model of its own there."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.

from collections.abc import Iterable, Sequence
from typing import Optional

import msgspec
from packaging.version import Version

from tfmac.models.migration.network import Call, Layer, Network, Reference
from tfmac.models.migration.operations import inference
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.structures import replaced
from tfmac.models.migration.operations.translators import translated
from tfmac.models.migration.operations.values import Inexpressible, Shape, Tensor

_OPERATIONS = "keras.src.ops"
MODELS_WITHIN_SINCE = Version("3.11")
"""Before, a model that is read from a file gives a list where a chain of layers needs a tensor."""


def standing_alone(
    layer: Layer,
    keras: Version,
    given: Tensor,
    taken: Iterable[str],
    *,
    first_version: bool,
) -> tuple[Layer, Shape, Optional[str]]:
    """Give what takes the place of a layer that is called by what is around it.

    That is a layer, or a model with an input of the same shape. Gives shape and type of the
    output too. Raises ``Inexpressible``.
    """
    shape, dtype = given.shape, given.dtype
    if shape is None:
        raise Inexpressible("it is not known how many axes its input has")
    entry = f"{layer.name}_input"
    builder = Builder(layer.name, keras, {*taken, layer.name, entry})
    builder.legacy_images = builder.first_version = first_version
    inside = Tensor(reference=Reference(entry), shape=shape, dtype=dtype)
    result = translated(builder, layer, Call(args=(inside,)))
    if not isinstance(result, Tensor):
        raise Inexpressible("it gives several outputs, or none, within a chain of layers")
    only = builder.layers[0]
    if len(builder.layers) == 1 and not str(only.module).startswith(_OPERATIONS):
        config = {**only.config, "name": layer.name}
        alone = msgspec.structs.replace(only, name=layer.name, config=config, calls=())
        return alone, result.shape, result.dtype
    sizes = [one if isinstance(one, int) else None for one in shape]
    start = Layer(
        name=entry,
        class_name="InputLayer",
        module="keras.layers",
        config={"name": entry, "batch_shape": sizes, "dtype": dtype or "float32"},
    )
    network = Network(
        name=layer.name,
        class_name="Functional",
        config={"trainable": True},
        layers=(start, *builder.layers),
        inputs=Reference(entry),
        outputs=result.reference,
    )
    model = Layer(
        name=layer.name,
        class_name="Functional",
        module="keras.src.models.functional",
        registered_name="Functional",
        config={"name": layer.name, "trainable": True},
        network=network,
    )
    return model, result.shape, result.dtype


def first_shape(network: Network) -> Shape:
    """Give the shape that a Sequential states for its input, in whatever way."""
    for config in (*(one.config for one in network.layers[:1]), network.config):
        shape = inference.input_tensor_shape(config, network.name)
        if shape is not None:
            return shape
        built = config.get("build_input_shape")
        if isinstance(built, (list, tuple)):
            return inference.input_tensor_shape({"batch_shape": built}, network.name)
    return None


def as_graph(
    network: Network, layers: Sequence[Layer], made: Iterable[str], shape: Shape
) -> Network:
    """Give a Sequential as a model of layers and calls, with what was made for it in the open."""
    own = set(made)
    graph: list[Layer] = []
    first = layers[0] if layers and layers[0].class_name == "InputLayer" else None
    if first is None:
        if shape is None:
            raise Inexpressible("it is not known how many axes its input has")
        name = f"{network.name}_input"
        sizes = [one if isinstance(one, int) else None for one in shape]
        config = {"name": name, "batch_shape": sizes, "dtype": "float32"}
        first = Layer(name=name, class_name="InputLayer", module="keras.layers", config=config)
    graph.append(first)
    current = Reference(first.name)
    for layer in layers:
        if layer is first:
            continue
        if layer.network is not None and layer.name in own:
            entry = Reference(layer.network.layers[0].name)
            links = {entry: current}
            graph += [_linked(one, links) for one in layer.network.layers[1:]]
            current = links.get(layer.network.outputs, layer.network.outputs)
        else:
            calls = (Call(args=(current,)),)
            graph.append(msgspec.structs.replace(layer, calls=calls))
            current = Reference(layer.name)
    return msgspec.structs.replace(
        network,
        class_name="Functional",
        config={"trainable": True},
        layers=tuple(graph),
        inputs=Reference(first.name),
        outputs=current,
    )


def _linked(layer: Layer, links: "dict[Reference, Reference]") -> Layer:
    calls = tuple(
        Call(
            args=tuple(replaced(one, lambda place: links.get(place, place)) for one in call.args),
            kwargs={
                key: replaced(one, lambda place: links.get(place, place))
                for key, one in call.kwargs.items()
            },
        )
        for call in layer.calls
    )
    return msgspec.structs.replace(layer, calls=calls)
