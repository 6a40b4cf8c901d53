"""Asks an installed Keras for the variables of its layers: prints JSON. Runs where Keras is.

Without arguments all layers are asked for, else those of the names.

Each layer is built by a model of its own in several ways: with the arguments of ``WAYS``, and
with each switch of its signature turned, alone and two at a time.
"""

import importlib
import inspect
import itertools
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, Optional

from ways_script import INNER, SEQUENCE, TEXT, UNTOUCHED, WAYS, WHOLE  # type: ignore[import-not-found,unused-ignore]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Everything of Keras: its releases have different types.
Thing = Any


def main() -> None:
    """Print what the Keras that is here has."""
    keras: Thing = importlib.import_module("keras")

    record = {"keras": keras.__version__, "layers": {}}
    for name in sys.argv[1:] or sorted(WAYS):
        kind = getattr(keras.layers, name, None) or legacy(keras, name)
        if kind is None:
            continue
        ways: list[Thing] = []
        for arguments in variations(kind, *WAYS[name][1:]):
            add(ways, keras, name, kind, arguments)
        for arguments in combinations(WAYS[name], ways):
            add(ways, keras, name, kind, arguments)
        if ways:
            record["layers"][name] = {"ways": ways, "defaults": defaults(kind)}
    print(json.dumps(record))


def add(ways: Thing, keras: Thing, name: str, kind: Thing, arguments: Thing) -> None:
    """Build a layer in one way, and add what it has."""
    try:
        ways.append({"arguments": arguments, "variables": measured(keras, name, kind, arguments)})
    except Exception as error:  # noqa: BLE001 - some ways are not for every release
        print(name, arguments, repr(error)[:300], file=sys.stderr)


def combinations(known: Thing, ways: Thing) -> Iterator[Thing]:
    """Give the pairs of changes of which one alone mattered, or that are named for it."""
    base = [one["object"] + "/" + one["name"] for one in ways[0]["variables"]] if ways else []
    changes = []
    for way in ways[1:]:
        change = [
            (key, value)
            for key, value in way["arguments"].items()
            if key not in known[1] or known[1][key] != value
        ]
        found = [one["object"] + "/" + one["name"] for one in way["variables"]]
        if found != base or any(key in known[2] for key, _ in change):
            changes += change
    for two in itertools.combinations(changes, 2):
        if two[0][0] != two[1][0]:
            yield {**known[1], **dict(two)}


def legacy(keras: Thing, name: str) -> Thing:
    """Find what is only below ``experimental`` or in the version-1 names."""
    for path in ("layers.experimental", "layers.experimental.preprocessing"):
        place = keras
        for part in path.split("."):
            place = getattr(place, part, None)
        if getattr(place, name, None) is not None:
            return getattr(place, name)
    if name.startswith("CuDNN"):
        tf: Thing = importlib.import_module("tensorflow")

        return getattr(tf.compat.v1.keras.layers, name, None)
    return None


def signature(kind: Thing) -> Thing:
    """Give the arguments of a class and of those that it comes from."""
    found: dict[Thing, Thing] = {}
    for one in reversed(kind.__mro__):
        if "__init__" in vars(one):
            try:
                own = inspect.signature(one.__init__).parameters
            except (TypeError, ValueError):
                continue
            found.update((name, value.default) for name, value in own.items())
    return found


def defaults(kind: Thing) -> Thing:
    """Give the values that arguments have when they are not given."""
    return {
        name: value
        for name, value in signature(kind).items()
        if isinstance(value, (bool, int, float, str, type(None)))
    }


def variations(kind: Thing, arguments: Thing, others: Thing) -> Iterator[Thing]:
    """Give the arguments of a class, and each change of one of them."""
    known = signature(kind)
    changes = [(name, value) for name, values in others.items() for value in values]
    for name, default in known.items():
        value = arguments.get(name, default)
        if isinstance(value, bool) and name not in UNTOUCHED:
            changes.append((name, not value))
    yield dict(arguments)
    for name, value in changes:
        also = (
            {"variance": [2.0] * 5}
            if name == "mean"
            else {"mean": [0.5] * 5}
            if name == "variance"
            else {}
        )
        yield {**arguments, name: value, **also}


def made(keras: Thing, kind: Thing, arguments: Thing) -> Thing:
    """Make a layer, with what it is around."""
    own = dict(arguments)
    for key in INNER & set(own):
        inner = own[key]
        own[key] = (
            [made_cell(keras, one) for one in inner]
            if isinstance(inner, list)
            else made_cell(keras, inner)
        )
    return kind(**own)


def made_cell(keras: Thing, name: str) -> Thing:
    """Make what a wrapper is around."""
    extra = {"return_sequences": True} if name == "LSTM" else {}
    return getattr(keras.layers, name)(units=17, **extra)


def measured(keras: Thing, name: str, kind: Thing, arguments: Thing) -> Thing:
    """Build a model of one layer, and give the variables of that."""
    keras.backend.clear_session()
    shape = WAYS[name][0]
    layer = made(keras, kind, arguments)
    owner, inner = layer, ""
    if shape is None:
        layer = keras.layers.RNN(layer)
        shape, inner = SEQUENCE, "cell"
    dtype = "string" if name in TEXT else "int64" if name in WHOLE else None
    batch = 2 if arguments.get("stateful") else None
    inputs = [
        keras.Input(batch_shape=(batch, *one), dtype=dtype)
        for one in (shape if isinstance(shape, list) else [shape])
    ]
    outputs = (
        layer(*inputs)
        if name in {"MultiHeadAttention", "GroupQueryAttention"}
        else layer(inputs if len(inputs) > 1 else inputs[0])
    )
    model = keras.Model(inputs, outputs)
    if keras.__version__.startswith("2"):
        return by_objects(owner)
    return by_store(model, layer, inner)


def by_store(model: Thing, layer: Thing, inner: str) -> Thing:
    """Give the variables of Keras 3 as they are stored: the place, the name, and the size."""
    saving_lib: Thing = importlib.import_module("keras.src.saving.saving_lib")
    save_state = vars(saving_lib)["_save_state"]

    class Store:
        """Takes down what is stored where, instead of writing it."""

        def __init__(self) -> None:
            self.found: dict[str, Thing] = {}

        def make(self, path: str, metadata: Thing = None) -> Thing:  # noqa: ARG002 - its signature
            return Place(self.found, path)

        def get(self, path: str) -> Thing:
            return Place(self.found, path)

    class Place(dict[str, Thing]):
        def __init__(self, found: Thing, path: str) -> None:
            self.own, self.path = found, path

        def __setitem__(self, key: str, value: Thing) -> None:
            self.own[f"{self.path}/{key}".lstrip("/")] = value

    store = Store()
    names = {"visited_saveables", "visited_trackables"} & set(
        inspect.signature(save_state).parameters
    )
    # The check of the store's type is the only use of these names.
    for one in ("H5IOStore",):
        setattr(saving_lib, one, Store)
    save_state(model, store, None, "", **{names.pop(): set()})
    ordered = {
        id(one): number
        for number, one in enumerate([*layer.trainable_weights, *layer.non_trainable_weights])
    }
    found = []
    for path, value in store.found.items():
        parts = path.split("/")[2:]
        if inner:
            if parts[0] != inner:
                continue
            parts = parts[1:]
        found.append(
            {
                "object": "/".join(parts[:-1]),
                "number": parts[-1],
                "name": getattr(value, "name", "") or "",
                "shape": [int(one) for one in value.shape],
                "dtype": str(getattr(value.dtype, "name", value.dtype)),
                "trainable": bool(getattr(value, "trainable", False)),
                "order": ordered.get(id(value), -1),
                "attributes": sorted(attributes_of(layer, value)),
            }
        )
    return found


def attributes_of(layer: Thing, value: Thing, depth: int = 0, above: str = "") -> Iterator[str]:
    """Find the names under which an object and those in it have a variable."""
    own = vars(layer)
    for name, one in own.items():
        if one is value and not name.startswith("__"):
            yield above + name
    if depth < 4:
        for name, one in own.items():
            if hasattr(one, "trainable_variables") and one is not layer:
                yield from attributes_of(one, value, depth + 1, f"{above}{name}/")
            elif name == "cells" and isinstance(one, (list, tuple)):
                for number, cell in enumerate(one):
                    yield from attributes_of(cell, value, depth + 1, f"{above}cells/{number}/")


def by_objects(layer: Thing) -> Thing:
    """Give the variables of Keras 2 in the order of ``weights``, with their ways in the graph."""
    ways: dict[int, list[str]] = {}
    waiting, seen = [("", layer)], set()
    while waiting:
        above, one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        for name, child in children(one):
            path = f"{above}/{name}" if above else name
            if hasattr(child, "assign") and hasattr(child, "shape"):
                ways.setdefault(id(child), []).append(path)
            else:
                waiting.append((path, child))
    weights = [*layer.trainable_weights, *layer.non_trainable_weights]
    own_numbers = numbers(layer)
    return [
        {
            "object": own_numbers.get(id(one), ("", ""))[0],
            "number": own_numbers.get(id(one), ("", ""))[1],
            "name": one.name.partition(":")[0],
            "shape": [int(size) for size in one.shape],
            "dtype": one.dtype.name,
            "trainable": bool(one.trainable),
            "order": number,
            "attributes": sorted(ways.get(id(one), [])),
        }
        for number, one in enumerate(weights)
    ]


def children(one: Thing) -> Thing:
    """Give what an object tracks."""
    get = getattr(one, "_trackable_children", None)
    if get is not None:
        return list(get().items())
    return [(name, child) for name, child in getattr(one, "_checkpoint_dependencies", [])]


def numbers(layer: Thing, above: str = "", seen: Optional[set[int]] = None) -> Thing:
    """Number each object's own variables as its ``vars`` are."""
    seen = set() if seen is None else seen
    found: dict[Thing, Thing] = {}
    if id(layer) in seen:
        return found
    seen.add(id(layer))
    own = [*getattr(layer, "_trainable_weights", ()), *getattr(layer, "_non_trainable_weights", ())]
    for number, one in enumerate(own):
        found[id(one)] = (above, str(number))
    for name, child in sorted(children(layer), key=lambda one: one[0].startswith("_")):
        if hasattr(child, "_trainable_weights"):
            inner = numbers(child, f"{above}/{name}" if above else name, seen)
            found.update((key, value) for key, value in inner.items() if key not in found)
        elif type(child).__name__ in {"ListWrapper", "List", "_TupleWrapper"}:
            used: dict[str, int] = {}
            for one in child:
                if hasattr(one, "_trainable_weights"):
                    base = snake(type(one).__name__)
                    used[base] = used.get(base, -1) + 1
                    key = base if not used[base] else f"{base}_{used[base]}"
                    found.update(numbers(one, f"{above}/{name}/{key}".lstrip("/"), seen))
    return found


def snake(name: str) -> str:
    """Write a class's name as objects are called for it."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


if __name__ == "__main__":
    main()
