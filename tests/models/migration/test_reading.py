"""Configurations of any Keras as networks of layers and calls."""

from typing import Any

import pytest

from models.migration.cases import NAMES, architecture, case
from tfmac.models.migration.network import Call, Layer, Network, Reference
from tfmac.models.migration.reading import UnreadableArchitecture, network_of


def read(name: str) -> dict[str, Layer]:
    """Read a case, its layers by name."""
    return {one.name: one for one in network_of(case(name).configuration).layers}


def functional(*layers: dict[str, Any], ends: Any = None) -> dict[str, Any]:
    """Make a model with one input."""
    first = {"class_name": "InputLayer", "name": "in", "config": {}, "inbound_nodes": []}
    config = {
        "name": "m",
        "layers": [first, *layers],
        "input_layers": [["in", 0, 0]],
        "output_layers": ends or [["in", 0, 0]],
    }
    return {"class_name": "Functional", "config": config}


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_is_read_once(name: str) -> None:
    """No layer of the configuration is lost, and none is added."""
    given = architecture(case(name))
    entries = given["config"]["layers"]

    network = network_of(given)

    assert [one.class_name for one in network.layers] == [one["class_name"] for one in entries]


def test_a_model_that_is_called_twice_counts_its_calls_from_nought() -> None:
    """Keras 2 counts the call first that made the inner model."""
    network = network_of(case("shared_models-2.15").configuration)
    layers = {one.name: one for one in network.layers}

    assert layers["joined"].calls == (Call(args=([Reference("inner", 0), Reference("inner", 1)],)),)
    assert network.outputs == [Reference("inner", 2), Reference("joined", 0)]


def test_a_model_in_a_wrapper_has_a_location_of_its_own() -> None:
    """Its weights stand under it in the file; a plain layer's stand under the wrapper."""
    wrapper = read("shared_models-2.9")["timed"]
    inner = wrapper.parts["layer"][0]

    assert inner.source == "timed/small"
    assert [one.source for one in (inner.network or Network(name="", class_name="")).layers] == [
        "timed/small/" + one.name
        for one in (inner.network or Network(name="", class_name="")).layers
    ]
    assert read("not_in_the_loop-2.9")["timed"].parts["layer"][0].source is None


def test_cells_and_the_way_back_are_parts() -> None:
    """What a recurrent layer is around is read as layers."""
    layers = read("both_ways-2.15")

    assert layers["both"].parts["backward_layer"][0].name == "back"
    stacked = layers["stacked"].parts["cell"][0]
    assert [one.class_name for one in stacked.parts["cells"]] == ["LSTMCell", "GRUCell"]


def test_other_arguments_are_references_too() -> None:
    """Keras 2 keeps them beside the first argument."""
    heads = read("attention-2.9")["heads"]

    assert heads.calls[0].args == (Reference("query"),)
    assert heads.calls[0].kwargs["value"] == Reference("value")


def test_what_a_call_was_told_is_kept() -> None:
    """``training=False`` holds a layer still; what was not given is left out."""
    layers = read("not_in_the_loop-2.15")

    assert layers["bn"].calls[0].kwargs == {"training": False}
    assert layers["timed"].calls[0].kwargs == {}


def test_dictionaries_of_inputs_and_outputs_are_kept() -> None:
    """The names by which a model takes and gives are part of it."""
    network = network_of(case("by_names-2.9").configuration)

    assert network.inputs == {"first": Reference("first"), "second": Reference("second")}
    assert network.outputs == {"one": Reference("one"), "two": Reference("two")}


def test_a_constant_among_the_inputs_is_a_value() -> None:
    """Keras 2 marks it; nothing gives it."""
    entry = {
        "class_name": "Add",
        "name": "add",
        "config": {},
        "inbound_nodes": [[["in", 0, 0, {}], ["_CONSTANT_VALUE", -1, 2.5, {}]]],
    }

    network = network_of(functional(entry, ends=[["add", 0, 0]]))

    assert network.layers[1].calls[0].args == ([Reference("in"), 2.5],)


def test_tensors_of_keras_3_are_references() -> None:
    """At any depth of the arguments."""
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["in", 0, 0]}}
    entry = {
        "class_name": "Add",
        "name": "add",
        "config": {},
        "inbound_nodes": [{"args": [[tensor, 1]], "kwargs": {"mask": [tensor, None]}}],
    }

    network = network_of(functional(entry, ends=["add", 0, 0]))

    assert network.layers[1].calls == (
        Call(args=([Reference("in"), 1],), kwargs={"mask": [Reference("in"), None]}),
    )


def test_the_old_list_of_a_sequential() -> None:
    """Keras before 2.2 has no dictionary around the layers."""
    given = {
        "class_name": "Sequential",
        "config": [{"class_name": "Dense", "config": {"name": "d"}}],
    }

    assert network_of(given).layers[0].name == "d"


def _deep() -> Any:
    inner: Any = {"class_name": "Dense", "config": {"name": "d"}}
    for _ in range(200):
        inner = {"class_name": "Sequential", "config": {"name": "s", "layers": [inner]}}
    return inner


def _chained() -> Any:
    inner: Any = {"class_name": "Dense", "config": {"name": "d"}}
    for _ in range(40):
        inner = {"class_name": "TimeDistributed", "config": {"name": "t", "layer": inner}}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [inner]}}


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {"class_name": 5, "config": {}},
        {"class_name": "Functional", "config": {}},
        {"class_name": "Functional", "config": {"layers": [1]}},
        {"class_name": "Sequential", "config": {"layers": [{"config": {}}]}},
        functional({"class_name": "Dense", "name": "d", "config": {}, "inbound_nodes": 3}),
        functional({"class_name": "Dense", "name": "d", "config": {}, "inbound_nodes": [[["x"]]]}),
        functional(
            {"class_name": "Dense", "name": "d", "config": {}, "inbound_nodes": [[["x", 0, 0, {}]]]}
        ),
        functional(
            {"class_name": "Dense", "name": "d", "config": {}, "inbound_nodes": [[["in", -1, 0]]]}
        ),
        functional({"class_name": "Dense", "name": "in", "config": {}, "inbound_nodes": []}),
        functional(ends=[["elsewhere", 0, 0]]),
        functional(ends=7),
        _deep(),
        _chained(),
    ],
)
def test_what_no_keras_writes_is_refused(given: Any) -> None:
    """Hostile text gives one kind of error, and no endless descent."""
    with pytest.raises(UnreadableArchitecture):
        network_of(given)
