"""Names of layers and models: such as TensorFlow takes, each once in its model."""

import re

import msgspec

from tfmac.models.migration.network import Layer, Network, Reference
from tfmac.models.migration.reading_calls import replaced
from tfmac.models.migration.rules.applying import Ledger
from tfmac.models.migration.rules.base import Outcome

# What TensorFlow has in the names of operations. Its own test of a scope lets a backslash pass,
# which then is no name of an operation.
_REFUSED = re.compile(r"[^A-Za-z0-9_.>-]")
_REFUSED_IN_FRONT = re.compile(r"^[^A-Za-z0-9.]+")


def named(network: Network, ledger: Ledger) -> Network:
    """Give the model, and every layer at any depth, a name that Keras 3 and TensorFlow take."""
    name = _REFUSED_IN_FRONT.sub("", _REFUSED.sub("_", network.name)) or "model"
    network = _named(network, ledger)
    if name != network.name:
        model = Layer(name=name, class_name=network.class_name)
        statement = f"the model is called {name}: TensorFlow refuses {network.name}"
        ledger.add("name", model, Outcome(layer=model, statements=(statement,)), "")
    return msgspec.structs.replace(network, name=name)


def _accepted(layer: Layer) -> str:
    """Give its name as it may be; that of an input is what it is fed by, and no scope."""
    if layer.class_name == "InputLayer":
        return layer.name.replace("/", "_")
    return _REFUSED.sub("_", layer.name)


def _named(network: Network, ledger: Ledger) -> Network:
    names: dict[str, str] = {}
    taken: set[str] = {one.name for one in network.layers if one.name == _accepted(one)}
    layers: list[Layer] = []
    seen: set[str] = set()
    for one in network.layers:
        name = _accepted(one)
        if name != one.name or name in seen:
            name = _free(name, taken)
            statement = (
                f"is called {name}: a name has ASCII letters, digits and a few signs alone "
                "(no slash), and is the only one of its model"
            )
            ledger.add("name", one, Outcome(layer=one, statements=(statement,)), one.source or "")
        seen.add(name)
        taken.add(name)
        names.setdefault(one.name, name)
        layers.append(_renamed(one, name, ledger))

    def moved(one: Reference) -> Reference:
        return Reference(names.get(one.layer, one.layer), one.call, one.output)

    return msgspec.structs.replace(
        network,
        config=_without_name(network.config),
        layers=tuple(
            msgspec.structs.replace(one, calls=tuple(replaced(call, moved) for call in one.calls))
            for one in layers
        ),
        inputs=replaced(network.inputs, moved),
        outputs=replaced(network.outputs, moved),
    )


def _without_name(config: object) -> dict[str, object]:
    return {key: value for key, value in dict(config).items() if key != "name"}  # type: ignore[call-overload]


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    # Thousands may have one name: a free number is found by halves.
    low, high = 0, 1
    while f"{name}_{high}" in taken:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if f"{name}_{middle}" in taken:
            low = middle
        else:
            high = middle
    return f"{name}_{high}"


def _renamed(layer: Layer, name: str, ledger: Ledger) -> Layer:
    network = layer.network
    if network is not None:
        network = msgspec.structs.replace(_named(network, ledger), name=name)
    parts = {
        key: tuple(_renamed(one, _accepted(one), ledger) for one in inner)
        for key, inner in layer.parts.items()
    }
    return msgspec.structs.replace(
        layer,
        name=name,
        network=network,
        parts=parts,
        config={key: value for key, value in layer.config.items() if key != "name"},
    )
