"""Whether the calls between the layers of a functional model can be made anew."""

from collections.abc import Iterator, Mapping
from typing import Any

from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.stored import MODELS, model_layers, models

_MERGING = frozenset(
    {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"}
)
_ONE_CALL_MORE = (3, 3)
"""Since then Keras 3 counts the call in which an inner functional model was made, as Keras 2."""
Calls = Mapping[str, list[Any]]


def bare_inputs(case: Case) -> Iterator[Obstacle]:
    """Whether a model with one input or output is written without the list around it.

    Keras writes it so from 3.11 on, and reads it so from 3.4 on.
    """
    for model in models(case.content.configuration):
        config = model.get("config")
        for key in ("input_layers", "output_layers"):
            value = config.get(key) if isinstance(config, dict) else None
            if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
                yield Obstacle(cause="keras-3-file-newer-than-reader", message=_unpacked(value[0]))


def _unpacked(name: str) -> str:
    """Word what comes of a layer's name that is taken for a list of three."""
    if len(name) == 3:
        return "AssertionError"
    start = "functional_from_config.<locals>.get_tensor()"
    if len(name) < 3:
        return f"{start} missing {3 - len(name)} required positional arguments"
    return f"{start} takes 3 positional arguments but {len(name)} were given"


def unresolved_calls(case: Case) -> Iterator[Obstacle]:
    """Whether a call in the old form refers to a call of an inner model that is not there.

    Keras 2 counts the call in which an inner model was made, and Keras 3 does not.
    """
    for model in models(case.content.configuration):
        calls = _calls(model)
        if calls and not _resolves(calls):
            message = (
                "Invalid Functional model configuration. The graph of the Functional model "
                "either has loops or disconnected nodes."
                if case.keras >= (3, 14)
                else "it never ends: the calls of an inner model are waited for"
            )
            yield Obstacle(cause="keras-2-file-in-keras-3", message=message)


def outputs(case: Case) -> Iterator[Obstacle]:
    """Whether an output comes from a call of an inner model that the reader does not count."""
    for model in models(case.content.configuration):
        layers = {str(one.get("name")): one for one in model_layers(model)}
        config = model.get("config")
        found = config.get("output_layers") if isinstance(config, dict) else None
        for name, number in _references(found):
            layer = layers.get(name)
            if layer is not None and _is_beyond(case, layer, number):
                yield Obstacle(cause="keras-2-file-in-keras-3", message="list index out of range")


def _is_beyond(case: Case, layer: Mapping[str, Any], number: int) -> bool:
    """Whether an inner model is called less often: one more call is counted than is made."""
    nodes = layer.get("inbound_nodes")
    if layer.get("class_name") not in MODELS or not isinstance(nodes, list):
        return False
    counted = layer.get("class_name") != "Sequential" and case.keras >= _ONE_CALL_MORE
    return number - int(counted) >= len(nodes)


def _references(value: object) -> Iterator[tuple[str, int]]:
    """Give the layers and calls that a list of outputs, of whatever shape, refers to."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return
    if len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
        yield value[0], value[1]
        return
    for one in value:
        if isinstance(one, (list, dict)):
            yield from _references(one)


def operation_calls(case: Case) -> Iterator[Obstacle]:
    """Whether an operation is taken for the layer of the same name, which is called otherwise."""
    for model in models(case.content.configuration):
        for layer in model_layers(model):
            if layer.get("class_name") in _MERGING and "module" not in layer:
                nodes = layer.get("inbound_nodes")
                if any(_is_spread(node) for node in (nodes if isinstance(nodes, list) else ())):
                    yield Obstacle(
                        cause="keras-3-op-layer-in-h5",
                        message="Only input tensors may be passed as positional arguments.",
                    )


def _is_spread(node: object) -> bool:
    """Whether a call has several arguments, where layers take one list."""
    args = node.get("args") if isinstance(node, dict) else None
    return isinstance(args, list) and len(args) > 1


def _calls(model: Mapping[str, Any]) -> Calls:
    """Give the calls of each layer, for a model that has them in the old form."""
    calls: dict[str, list[Any]] = {}
    for layer in model_layers(model):
        name, nodes = layer.get("name"), layer.get("inbound_nodes")
        if not isinstance(name, str) or not isinstance(nodes, list):
            return {}
        calls[name] = nodes
    is_old = any(isinstance(node, list) for nodes in calls.values() for node in nodes)
    return calls if is_old else {}


def _resolves(calls: Calls) -> bool:
    """Make the calls in the reader's order, and tell whether all could be made."""
    made = {name: 0 if nodes else 1 for name, nodes in calls.items()}
    waiting = {name: list(nodes) for name, nodes in calls.items() if nodes}
    while waiting:
        before = sum(len(nodes) for nodes in waiting.values())
        for name in list(waiting):
            while waiting[name] and all(
                made.get(source, 0) > number for source, number in _sources(waiting[name][0])
            ):
                waiting[name].pop(0)
                made[name] += 1
            if not waiting[name]:
                del waiting[name]
        if sum(len(nodes) for nodes in waiting.values()) == before:
            return False
    return True


def _sources(node: object) -> Iterator[tuple[str, int]]:
    """Give the layers and the numbers of their calls that a call takes its tensors from."""
    if not isinstance(node, list):
        return
    for one in node:
        if isinstance(one, list) and len(one) >= 3 and isinstance(one[1], int):
            yield str(one[0]), one[1]
