"""The order of the layers of a Functional model, as Keras 3 works it out of the calls.

The files number the layers of a class by that order, whatever order the configuration has. It is
that of ``map_graph`` (keras/src/ops/function.py): the farthest from the outputs first, and among
those of one distance the first one that a search from the outputs meets.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Optional

from tfmac.models.migration.variables.owners import Owner

_Node = tuple[str, int]


def ordered_layers(model: Owner) -> tuple[Owner, ...]:
    """Give the layers of a model in the order of ``model.layers``: no operations are among them."""
    layers = [one for one in model.layers if one.is_layer]
    outputs = model.config.get("output_layers")
    if model.class_name == "Sequential" or outputs is None:
        return tuple(layers)
    places = _places(model, list(_histories(outputs)))
    last = (0, len(places))
    return tuple(sorted(layers, key=lambda one: places.get(one.name, last)))


def _places(model: Owner, outputs: Sequence[_Node]) -> dict[str, tuple[int, int]]:
    """Give the sort key of each operation: its distance, the farthest first, then its place."""
    inputs = {
        (one.name, number): tuple(_inputs_of(call))
        for one in model.layers
        for number, call in enumerate(one.calls or ())
    }
    order, met = _search(outputs, inputs)
    node_depths: dict[_Node, int] = {}
    depths: dict[str, int] = {}
    for node in reversed(order):
        depth = max(node_depths.setdefault(node, 0), depths.get(node[0], 0))
        depths[node[0]] = depth
        node_depths[node] = depth
        for before in inputs.get(node, ()):
            node_depths[before] = max(depth + 1, node_depths.get(before, 0))
    for one in model.layers:
        if one.class_name == "InputLayer":
            depths.setdefault(one.name, 0)
    return {name: (-depth, met.get(name, -1)) for name, depth in depths.items()}


def _search(
    outputs: Sequence[_Node], inputs: dict[_Node, tuple[_Node, ...]]
) -> tuple[list[_Node], dict[str, int]]:
    """Search from the outputs, depth first: give the calls as they are finished.

    Also the place at which each layer was first met. A stack, because a model may be deep.
    """
    order: list[_Node] = []
    met: dict[str, int] = {}
    finished: set[_Node] = set()
    started: set[_Node] = set()
    for output in outputs:
        waiting: list[tuple[_Node, Optional[Iterator[_Node]]]] = [(output, None)]
        while waiting:
            node, rest = waiting.pop()
            if rest is None:
                if node in started:
                    continue
                started.add(node)
                met.setdefault(node[0], len(met))
                rest = iter(inputs.get(node, ()))
            following = next(rest, None)
            if following is not None:
                waiting += ((node, rest), (following, None))
            elif node not in finished:
                finished.add(node)
                order.append(node)
    return order, met


def _inputs_of(call: object) -> Iterator[_Node]:
    """Give the calls that one call takes its tensors from, in the order of its arguments."""
    if not isinstance(call, dict):
        return
    yield from _tensors(call.get("args"))
    kwargs = call.get("kwargs")
    if isinstance(kwargs, dict):
        yield from _tensors(kwargs)


def _tensors(value: object) -> Iterator[_Node]:
    if isinstance(value, dict):
        config = value.get("config")
        if value.get("class_name") == "__keras_tensor__" and isinstance(config, dict):
            yield from _histories(config.get("keras_history"))
            return
        for name in sorted(value, key=str):
            yield from _tensors(value[name])
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _tensors(one)


def _histories(value: Any) -> Iterator[_Node]:  # noqa: ANN401 - a structure of the model's own
    """Find the references ``[layer, call, output]`` in a structure of outputs."""
    if isinstance(value, dict):
        for name in sorted(value, key=str):
            yield from _histories(value[name])
    elif isinstance(value, (list, tuple)):
        if len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0], value[1]
            return
        for one in value:
            yield from _histories(one)
