"""Layers that stand at several places of a model: stored once, and called as one."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import msgspec
import pytest
from packaging.version import Version

from models.migration.cases import content, translated
from tfmac.models.migration.placement import Placement, placed
from tfmac.models.migration.translation import Translation
from tfmac.schema.model_content import Content, Graph, ModelFormat, Node, Tensor, WeightGroup

NEWEST = Version("3.15.1")
DENSE = ("kernel", "bias")


def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    """Describe a layer as Keras 2 does in every format."""
    return {"class_name": class_name, "config": {"name": name, **config}}


def model(name: str, *layers: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a model of layers one after the other."""
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}}


def archive(
    configuration: Mapping[str, Any], arrays: Mapping[str, Sequence[int]], keras: str = "2.15.0"
) -> Content:
    """Make the content of an archive that has the arrays below the objects that own them."""
    owners: dict[str, list[str]] = {}
    for path in arrays:
        owners.setdefault(path.rpartition("/vars/")[0], []).append(path)
    return Content(
        path="a.keras",
        format=ModelFormat.KERAS_ARCHIVE,
        bytes=1,
        stated={"keras_version": keras},
        configuration=dict(configuration),
        tensors=tuple(
            Tensor(path=path, shape=tuple(shape), dtype="float32", bytes=4)
            for path, shape in arrays.items()
        ),
        groups=tuple(WeightGroup(layer=one, tensors=tuple(own)) for one, own in owners.items()),
        entries=("layers",),
    )


def dense(place: str, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    """Give the arrays of a Dense at a place."""
    return {f"{place}/vars/0": (inputs, units), f"{place}/vars/1": (units,)}


def place(given: Content) -> Placement:
    """Place everything where it was."""
    configuration = dict(given.configuration or {})
    sources = {one: one for one in _locations(configuration, "")}
    return placed(given, Translation(configuration=configuration, sources=sources), NEWEST)


def _locations(entry: Mapping[str, Any], around: str) -> Any:
    config = entry["config"]
    for one in (*config.get("layers", ()), *([config["layer"]] if "layer" in config else [])):
        location = f"{around}/{one['config']['name']}" if around else one["config"]["name"]
        yield location
        yield from _locations(one, location)


def kernels(placement: Placement) -> dict[str, str]:
    """Give the places of the kernels with what goes there."""
    assert placement.untranslated == ()
    found = {one.path: one.sources[0] for one in placement.arrays}
    return {path: source for path, source in found.items() if path.endswith("/0")}


SHARED = layer("Dense", "shared", units=4)
BESIDE = model("outer", model("inner", SHARED), SHARED, layer("Dense", "last", units=2))


@pytest.mark.parametrize(("keras", "last"), [("2.15.0", "dense"), ("3.8.0", "dense_1")])
def test_a_layer_of_two_models_is_stored_in_the_first(keras: str, last: str) -> None:
    """Keras 2 does not count it again among those of its class, Keras 3 does."""
    arrays = {**dense("layers/sequential/layers/dense", 4, 4), **dense(f"layers/{last}", 4, 2)}

    assert kernels(place(archive(BESIDE, arrays, keras))) == {
        "layers/sequential/layers/dense/vars/0": "layers/sequential/layers/dense/vars/0",
        "layers/dense/vars/0": "layers/sequential/layers/dense/vars/0",
        "layers/dense_1/vars/0": f"layers/{last}/vars/0",
    }


def test_layers_that_are_both_stored_are_two() -> None:
    """Nothing but their place tells two layers apart, and each has its own arrays."""
    arrays = {
        **dense("layers/sequential/layers/dense", 4, 4),
        **dense("layers/dense", 4, 4),
        **dense("layers/dense_1", 4, 2),
    }

    assert kernels(place(archive(BESIDE, arrays)))["layers/dense/vars/0"] == "layers/dense/vars/0"


@pytest.mark.parametrize("change", [{"name": "other"}, {"units": 5}])
def test_another_layer_does_not_take_the_arrays(change: dict[str, Any]) -> None:
    """What differs in anything is another layer, whose arrays are missing."""
    other = layer("Dense", **{"name": "shared", "units": 4, **change})
    given = archive(
        model("outer", model("inner", SHARED), other), dense("layers/sequential/layers/dense", 4, 4)
    )

    (missing, *_) = place(given).untranslated
    assert missing.reason == "nothing is stored for kernel"


def test_a_model_in_two_wrappers_is_stored_in_the_first() -> None:
    """A model is shared with all that is in it, whatever numbers stand in one of them."""
    inner = model("inner", layer("Dense", "a", units=4), layer("Dense", "b", units=3))
    numbered = model(
        "inner", *({**one, "shared_object_id": 7} for one in inner["config"]["layers"])
    )
    wrapped = [
        layer("TimeDistributed", "first", layer=inner),
        layer("TimeDistributed", "second", layer={**numbered, "shared_object_id": 8}),
    ]
    inside = "layers/time_distributed/layer/layers"
    given = archive(
        model("outer", *wrapped),
        {**dense(f"{inside}/dense", 4, 4), **dense(f"{inside}/dense_1", 4, 3)},
    )

    found = kernels(place(given))
    second = "layers/time_distributed_1/layer/layers"
    assert found[f"{second}/dense/vars/0"] == f"{inside}/dense/vars/0"
    assert found[f"{second}/dense_1/vars/0"] == f"{inside}/dense_1/vars/0"


def test_both_sides_of_a_bidirectional_are_two_layers() -> None:
    """They are made of one description, beside a layer that is shared."""
    cell = {"vars/0": (4, 2), "vars/1": (2, 2), "vars/2": (2,)}
    arrays = dense("layers/sequential/layers/dense", 4, 4)
    for side in ("forward_layer", "backward_layer"):
        above = f"layers/bidirectional/{side}/cell"
        arrays.update({f"{above}/{name}": shape for name, shape in cell.items()})
    inner = layer("SimpleRNN", "rnn", units=2, use_bias=True)
    given = archive(
        model(
            "outer",
            layer("Bidirectional", "both", layer=inner),
            model("inner", SHARED),
            SHARED,
        ),
        arrays,
    )

    found = kernels(place(given))
    for side in ("forward_layer", "backward_layer"):
        way = f"layers/bidirectional/{side}/cell/vars/0"
        assert found[way] == way


@pytest.mark.parametrize("same", [True, False])
def test_the_graph_of_objects_tells_which_layers_are_one(same: bool) -> None:  # noqa: FBT001
    """One object at two places is one layer, as far as both places describe the same."""
    other = SHARED if same else layer("Dense", "shared", units=9)
    nodes = (
        Node(number=0, kind="user_object", children={"layer-0": 1, "layer-1": 2}),
        Node(number=1, kind="user_object", children={"layer-0": 2}),
        Node(number=2, kind="user_object", children={"kernel": 3, "bias": 4}),
        Node(number=3, kind="variable"),
        Node(number=4, kind="variable"),
    )
    paths = [f"layer-1/{one}/.ATTRIBUTES/VARIABLE_VALUE" for one in DENSE]
    given = Content(
        path="a.savedmodel",
        format=ModelFormat.SAVED_MODEL,
        bytes=1,
        stated={"keras_version": "2.15.0"},
        configuration=model("outer", model("inner", SHARED), other),
        tensors=tuple(
            Tensor(path=path, shape=shape, dtype="float32", bytes=4)
            for path, shape in zip(paths, [(4, 4), (4,)])
        ),
        graph=Graph(operations={}, nodes=nodes),
    )

    placement = place(given)
    if not same:
        assert placement.untranslated
        return
    assert set(kernels(placement).values()) == {paths[0]}
    assert len(placement.arrays) == 4


@pytest.mark.parametrize("way", ["_rng/_state_var", "_random_generator/_generator/_state_var"])
def test_the_state_of_a_random_generator_is_no_weight(way: str) -> None:
    """Checkpoints of old releases have it beside the weights; Keras 3 starts with a new one."""
    names = ["layer-0", *way.split("/")]
    nodes = tuple(
        Node(
            number=number,
            kind="variable" if number == len(names) else "user_object",
            children={} if number == len(names) else {names[number]: number + 1},
        )
        for number in range(len(names) + 1)
    )
    path = f"layer-0/{way}/.ATTRIBUTES/VARIABLE_VALUE"
    given = Content(
        path="a.index",
        format=ModelFormat.CHECKPOINT,
        bytes=1,
        stated={"keras_version": "2.6.0"},
        configuration=model("outer", layer("RandomFlip", "flip")),
        tensors=(Tensor(path=path, shape=(3,), dtype="int64", bytes=24, name="Variable"),),
        graph=Graph(operations={}, nodes=nodes),
    )

    assert not any("stored here" in one.reason for one in place(given).untranslated)


# -- what is written


def _functional(
    name: str, layers: Sequence[Mapping[str, Any]], outputs: Sequence[Any]
) -> dict[str, Any]:
    config = {
        "name": name,
        "layers": list(layers),
        "input_layers": [[layers[0]["config"]["name"], 0, 0]],
        "output_layers": list(outputs),
    }
    return {"class_name": "Functional", "config": config}


def _input(name: str) -> dict[str, Any]:
    config = {"name": name, "batch_input_shape": [None, 4], "dtype": "float32"}
    return {"class_name": "InputLayer", "name": name, "config": config, "inbound_nodes": []}


def _called(entry: Mapping[str, Any], *inputs: str, shared: Optional[int] = None) -> dict[str, Any]:
    nodes = [[[one, 0, 0, {}]] for one in inputs]
    number = {} if shared is None else {"shared_object_id": shared}
    return {**entry, "name": entry["config"]["name"], "inbound_nodes": nodes, **number}


def _written(inner: Mapping[str, Any], number: Optional[int] = 5) -> dict[str, Any]:
    """Translate a model that has an inner model, and a layer that may be one of that."""
    outer = _functional(
        "outer",
        [_input("x"), _called(inner, "x"), _called(SHARED, "x", shared=number)],
        [["inner", 1, 0], ["shared", 0, 0]],
    )
    written = translated(content(outer)).configuration["config"]
    assert isinstance(written, dict)
    return written


def test_calls_are_counted_through_all_models() -> None:
    """The outer call of a layer that the inner model calls twice is its third."""
    inner = _functional(
        "inner", [_input("y"), _called(SHARED, "y", "y", shared=5)], [["shared", 1, 0]]
    )

    written = _written(inner)

    assert written["output_layers"][1] == ["shared", 2, 0]
    numbers = [
        written["layers"][1]["config"]["layers"][1]["shared_object_id"],
        written["layers"][2]["shared_object_id"],
    ]
    assert numbers == [1, 1]
    assert written["layers"][1]["config"]["output_layers"] == ["shared", 1, 0]


def test_a_sequential_calls_its_layers_again_with_each_that_is_added() -> None:
    """The first of two layers is called twice when the model is read."""
    first = {"class_name": "InputLayer", "config": {"name": "y", "batch_input_shape": [None, 4]}}
    inner = model("inner", first, {**SHARED, "shared_object_id": 5}, layer("ReLU", "r"))

    assert _written(inner)["output_layers"][1] == ["shared", 2, 0]


def test_a_number_that_stands_once_is_left_out() -> None:
    """What nothing is shared with is counted by itself."""
    inner = _functional("inner", [_input("y"), _called(SHARED, "y")], [["shared", 0, 0]])

    written = _written(inner)

    assert written["output_layers"][1] == ["shared", 0, 0]
    assert "shared_object_id" not in written["layers"][2]


def test_layers_that_are_copied_are_held_by_numbers_of_their_own() -> None:
    """A reader takes the address of a copied layer for its number, and addresses come again."""
    both = [
        layer("Bidirectional", f"both_{number}", layer=layer("GRU", "gru", units=2))
        for number in range(3)
    ]
    first = {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [None, 5, 4]}}

    written = translated(content(model("outer", first, *both))).configuration["config"]

    numbers = [one["config"]["layer"]["shared_object_id"] for one in written["layers"][1:]]
    assert sorted(set(numbers)) == numbers
    assert msgspec.json.encode(written)


def test_layers_that_a_file_shows_to_be_one_stay_one() -> None:
    """Where nothing is stored for the second, training goes on with one layer."""
    first = {"class_name": "InputLayer", "config": {"name": "y", "batch_input_shape": [None, 4]}}
    outer = model("outer", first, model("inner", first, SHARED), SHARED)
    once = dense("layers/sequential/layers/dense", 4, 4)

    def numbers(arrays: Mapping[str, Sequence[int]]) -> list[Optional[int]]:
        layers = translated(archive(outer, arrays)).configuration["config"]["layers"]
        inside = layers[1]["config"]["layers"][1]
        return [one.get("shared_object_id") for one in (inside, layers[2])]

    assert numbers(once) == [1, 1]
    assert numbers({**once, **dense("layers/dense", 4, 4)}) == [None, None]
