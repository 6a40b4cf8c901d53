"""Layers that stand at several places of a model, numbered and called as Keras 3 counts them.

Reading a configuration, Keras 3 makes one object of all places that have the same number. Its
calls are counted through all the models that it stands in, in the order in which they are made.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Optional

import msgspec

from tfmac.models.migration.network import Layer, Network, Reference
from tfmac.models.migration.reading_calls import replaced


def shared_as_read(network: Network) -> Network:
    """Number what is shared anew, and the calls of that as the reader will."""
    counts: dict[int, int] = {}
    for one in _everything(network):
        if one.shared is not None:
            counts[one.shared] = counts.get(one.shared, 0) + 1
    return _Numbering({number for number, count in counts.items() if count > 1}).network(network)


def tied(network: Network, pairs: Iterable[tuple[str, str]]) -> Network:
    """Number the layers that are one by the file's own word, whatever the configuration says."""
    first: dict[str, str] = {}
    for one, other in pairs:
        first[other] = first.get(one, one)
    if not first:
        return network
    above = max((one.shared or 0 for one in _everything(network)), default=0)
    numbers = {
        place: above + number for number, place in enumerate(dict.fromkeys(first.values()), 1)
    }
    numbers.update({other: numbers[one] for other, one in first.items()})
    return _tied(network, numbers)


def _tied(network: Network, numbers: Mapping[str, int]) -> Network:
    layers = tuple(_tied_layer(one, numbers) for one in network.layers)
    return msgspec.structs.replace(network, layers=layers)


def _tied_layer(layer: Layer, numbers: Mapping[str, int]) -> Layer:
    return msgspec.structs.replace(
        layer,
        parts={
            key: tuple(_tied_layer(one, numbers) for one in inner)
            for key, inner in layer.parts.items()
        },
        network=None if layer.network is None else _tied(layer.network, numbers),
        shared=layer.shared if layer.source is None else numbers.get(layer.source, layer.shared),
    )


def _everything(network: Network) -> Iterator[Layer]:
    waiting = list(network.layers)
    while waiting:
        one = waiting.pop()
        yield one
        for parts in one.parts.values():
            waiting.extend(parts)
        if one.network is not None:
            waiting.extend(one.network.layers)


class _Numbering:
    def __init__(self, shared: set[int]) -> None:
        self._shared = shared
        self._numbers: dict[int, int] = {}
        self._last = 0
        self._calls: dict[int, int] = {}
        """How often each shared object was called so far."""
        self._made: set[int] = set()

    def network(self, network: Network) -> Network:
        """Go through a model as a reader does: first all that is in it, then its calls."""
        layers = tuple(self._layer(one) for one in network.layers)
        before = {
            one.name: self._calls.get(one.shared, 0) for one in layers if one.shared is not None
        }

        def counted(one: Reference) -> Reference:
            return Reference(one.layer, one.call + before.get(one.layer, 0), one.output)

        for place, one in enumerate(layers):
            if one.shared is not None:
                made = len(one.calls)
                if network.class_name == "Sequential":
                    made = _calls_in_row(layers, place)
                self._calls[one.shared] = before[one.name] + made
        return msgspec.structs.replace(
            network,
            layers=tuple(
                msgspec.structs.replace(
                    one, calls=tuple(replaced(call, counted) for call in one.calls)
                )
                for one in layers
            ),
            outputs=replaced(network.outputs, counted),
        )

    def _layer(self, layer: Layer) -> Layer:
        shared = self._number(layer.shared)
        if shared is not None and shared in self._made:
            # What is in it was made before, and is not made again.
            return msgspec.structs.replace(layer, shared=shared)
        parts = {key: tuple(map(self._layer, inner)) for key, inner in layer.parts.items()}
        if layer.class_name == "Bidirectional":
            parts = {
                key: tuple(map(self._held, inner)) if key == "layer" else inner
                for key, inner in parts.items()
            }
        if shared is not None:
            self._made.add(shared)
        return msgspec.structs.replace(
            layer,
            parts=parts,
            network=None if layer.network is None else self.network(layer.network),
            shared=shared,
        )

    def _number(self, shared: Optional[int]) -> Optional[int]:
        if shared is None or shared not in self._shared:
            return None
        if shared not in self._numbers:
            self._numbers[shared] = self._next()
        return self._numbers[shared]

    def _next(self) -> int:
        self._last += 1
        return self._last

    def _held(self, layer: Layer) -> Layer:
        """Number a layer that is copied when it is read, so that the reader holds it.

        Keras 3 takes the address of the copied layer for its number: where that layer is gone, the
        next one may lie at its address, and is taken for it.
        """
        if layer.shared is not None:
            return layer
        return msgspec.structs.replace(layer, shared=self._next())


def _calls_in_row(layers: tuple[Layer, ...], place: int) -> int:
    """Tell how often a layer of a Sequential is called: again with each that is added after it."""
    if not layers or layers[0].class_name != "InputLayer":
        return 0
    return len(layers) - place
