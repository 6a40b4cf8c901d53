"""The calls of layers in a model's configuration: which output of which call goes where."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tfmac.models.configuration import Json
from tfmac.models.migration.network import Call, Layer, Reference
from tfmac.models.migration.values import NOTHING, UnreadableArchitecture

_CONSTANT = "_CONSTANT_VALUE"
_ABSENT = frozenset({"mask", "training", "initial_state", "constants", "attention_mask"})
# Layers of Keras 2 that get a list of one tensor as that list; all others get the tensor.
_KEEPS_LISTS = frozenset(
    {"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"}
)


class Wired(NamedTuple):
    """The layers of a model with their calls, and the model's ends."""

    layers: tuple[Layer, ...]
    inputs: Any
    outputs: Any


def wired(entries: Sequence[Json], layers: Sequence[Layer], config: Json) -> Wired:
    """Add the calls to the layers of a model. Raises ``UnreadableArchitecture``."""
    if "output_layers" not in config:
        return Wired(tuple(layers), (), ())
    names = {one.name: one for one in layers}
    if len(names) != len(layers):
        raise UnreadableArchitecture("several layers of one model have the same name")
    calls = {
        one.name: [_call(node, one, names) for node in _nodes(entry)]
        for entry, one in zip(entries, layers)
    }
    is_keras_3 = _written_by_keras_3(entries)
    inputs = _ends(config.get("input_layers"), names)
    outputs = _ends(config.get("output_layers"), names)
    if not is_keras_3:
        inputs, outputs = _single(inputs), _single(outputs)
    shifts = _Shifts(names, calls, outputs, is_keras_3)
    return Wired(
        tuple(
            msgspec.structs.replace(one, calls=tuple(map(shifts.call, calls[one.name])))
            for one in layers
        ),
        inputs,
        shifts.outputs(outputs),
    )


def _nodes(entry: Json) -> Sequence[object]:
    nodes = entry.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise UnreadableArchitecture(f"the calls of {entry.get('name')} are no list")
    return nodes


def _written_by_keras_3(entries: Sequence[Json]) -> bool:
    return any(isinstance(node, dict) and "args" in node for one in entries for node in _nodes(one))


def _call(node: object, layer: Layer, names: Mapping[str, Layer]) -> Call:
    if isinstance(node, dict) and isinstance(node.get("args"), list):
        return Call(
            args=tuple(_revived(one) for one in node["args"]),
            kwargs={key: _revived(value) for key, value in _given(_json(node.get("kwargs")))},
        )
    first, kwargs = _first_argument(node, names)
    if isinstance(first, list) and len(first) == 1 and layer.class_name not in _KEEPS_LISTS:
        first = first[0]
    return Call(
        args=(first,),
        kwargs={key: _referenced(value, names) for key, value in _given(kwargs)},
    )


def _given(kwargs: Json) -> Iterator[tuple[str, Any]]:
    """Leave out what a call was not given, and is written as nothing."""
    for key, value in kwargs.items():
        if value is not None or key not in _ABSENT:
            yield key, value


def _json(value: object) -> Json:
    return value if isinstance(value, dict) else NOTHING


def _revived(value: object) -> Any:  # noqa: ANN401 - arguments are any JSON
    """Turn the tensors of Keras 3 into references."""
    if isinstance(value, list):
        return [_revived(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__keras_tensor__":
        return _reference(_json(value.get("config")).get("keras_history"))
    return {key: _revived(one) for key, one in value.items()}


def _reference(place: object) -> Reference:
    if not _is_place(place):
        raise UnreadableArchitecture(f"{str(place)[:100]} is no place of a tensor")
    return Reference(*place)  # type: ignore[misc]


def _is_place(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and all(isinstance(one, int) and not isinstance(one, bool) for one in value[1:])
        and min(value[1:]) >= 0
    )


def _first_argument(node: object, names: Mapping[str, Layer]) -> tuple[Any, Json]:
    """Read a call as Keras 2 writes it: the first argument, whose leaves carry all the others."""
    kwargs: Json = NOTHING

    def read(value: object) -> Any:  # noqa: ANN401 - a structure of references
        nonlocal kwargs
        if isinstance(value, list) and value and isinstance(value[0], str):
            if len(value) == 4:
                kwargs = _json(value[3]) or kwargs
            if value[0] == _CONSTANT and len(value) in {3, 4}:
                return value[2]
            found = _reference(value[:3])
            if found.layer not in names:
                raise UnreadableArchitecture(f"a call takes the output of no layer: {found.layer}")
            return found
        if isinstance(value, list):
            return [read(one) for one in value]
        if isinstance(value, dict):
            return {key: read(one) for key, one in value.items()}
        raise UnreadableArchitecture(f"{str(value)[:100]} is no argument of a call")

    return read(node), kwargs


def _referenced(value: object, names: Mapping[str, Layer]) -> Any:  # noqa: ANN401 - any JSON
    """Turn what names a layer's output among other arguments into a reference."""
    if _is_place(value) and value[0] in names:  # type: ignore[index]
        return _reference(value)
    if isinstance(value, list):
        if len(value) in {3, 4} and value[0] == _CONSTANT:
            return value[2]
        return [_referenced(one, names) for one in value]
    if isinstance(value, dict):
        return {key: _referenced(one, names) for key, one in value.items()}
    return value


def _ends(value: object, names: Mapping[str, Layer]) -> Any:  # noqa: ANN401 - any structure
    if isinstance(value, list) and value and isinstance(value[0], str):
        found = _reference(value)
        if found.layer not in names:
            raise UnreadableArchitecture(f"the model ends in no layer: {found.layer}")
        return found
    if isinstance(value, list):
        return [_ends(one, names) for one in value]
    if isinstance(value, dict):
        return {key: _ends(one, names) for key, one in value.items()}
    raise UnreadableArchitecture("the inputs or outputs of a model are not named")


def _single(value: Any) -> Any:  # noqa: ANN401 - any structure
    """Take one tensor out of its list: Keras 2 writes both in the same way, and gives it bare."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


class _Shifts:
    """Counts the calls of a model within a model from nought.

    Keras 2 counts the call first that made the inner model; Keras 3 does so only where it names
    the outputs of the outer one, and some releases not even there.
    """

    def __init__(
        self,
        names: Mapping[str, Layer],
        calls: Mapping[str, Sequence[Call]],
        outputs: Any,  # noqa: ANN401 - any structure
        is_keras_3: bool,  # noqa: FBT001 - the only caller is above
    ) -> None:
        self._names, self._calls, self._is_keras_3 = names, calls, is_keras_3
        used = [one for made in calls.values() for call in made for one in references_in(call)]
        highest: dict[str, int] = {}
        for one in (*used, *references_in(outputs)):
            highest[one.layer] = max(highest.get(one.layer, 0), one.call)
        self._highest = highest

    def call(self, call: Call) -> Call:
        """Count anew what a call takes."""
        return call if self._is_keras_3 else replaced(call, self._shifted)

    def outputs(self, outputs: Any) -> Any:  # noqa: ANN401 - any structure
        """Count anew what the model gives."""
        return replaced(outputs, self._shifted)

    def _shifted(self, one: Reference) -> Reference:
        surplus = self._surplus(self._names[one.layer])
        if surplus <= 0:
            return one
        if one.call < surplus:
            raise UnreadableArchitecture(f"a call takes what {one.layer} never gives")
        return Reference(one.layer, one.call - surplus, one.output)

    def _surplus(self, layer: Layer) -> int:
        if layer.network is None:
            return 0
        if self._is_keras_3:
            return 0 if layer.class_name == "Sequential" else 1
        # All calls that are written are used, so the highest number tells how they are counted.
        return self._highest[layer.name] + 1 - len(self._calls[layer.name])


def references_in(value: object) -> Iterator[Reference]:
    """Find the references in a structure, in order."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Reference):
            yield one
        elif isinstance(one, Call):
            waiting.extend(reversed(list(one.kwargs.values())))
            waiting.extend(reversed(one.args))
        elif isinstance(one, Mapping):
            waiting.extend(reversed(list(one.values())))
        elif isinstance(one, (list, tuple)):
            waiting.extend(reversed(one))


def replaced(value: Any, change: Any) -> Any:  # noqa: ANN401 - any structure
    """Change the references in a structure."""
    if isinstance(value, Reference):
        return change(value)
    if isinstance(value, Call):
        return Call(
            args=tuple(replaced(one, change) for one in value.args),
            kwargs={key: replaced(one, change) for key, one in value.kwargs.items()},
        )
    if isinstance(value, Mapping):
        return {key: replaced(one, change) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(replaced(one, change) for one in value)
    return value
