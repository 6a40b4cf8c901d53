"""Layers, their shapes and their numbers, as each Keras writes them."""

from typing import Any, Optional

import msgspec
import pytest

from builders.models import (
    archive,
    hdf5,
    input_2,
    layer_2,
    layer_3,
    model,
    tensor,
)
from tfmac.models.summary import summarise
from tfmac.schema.model_content import Content, Graph, ModelFormat, Node, Tensor, WeightGroup
from tfmac.schema.models import LayerLine, ModelLine, Parameters

NORMALISED = model(
    "Functional",
    "net",
    input_2("x", None, 4),
    layer_2("Dense", "d", "x", units=3),
    layer_2("BatchNormalization", "bn", "d"),
)
BY_LAYER = {
    "x": [],
    "d": [
        tensor("model_weights/d/d/kernel:0", 4, 3, name="d/kernel:0"),
        tensor("model_weights/d/d/bias:0", 3, name="d/bias:0"),
    ],
    "bn": [
        tensor(f"model_weights/bn/bn/{name}:0", 3, name=f"bn/{name}:0")
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    ],
}


def counted(line: ModelLine) -> "tuple[int, Optional[int], Optional[int]]":
    assert line.parameters is not None
    return line.parameters.total, line.parameters.trainable, line.parameters.non_trainable


def named(line: ModelLine, path: str) -> LayerLine:
    layers, found = line.layers, None
    for name in path.split("/"):
        (found,) = (one for one in layers if one.name == name)
        layers = found.layers
    assert found is not None
    return found


def numbered(owner: str, *shapes: "tuple[int, ...]") -> "list[Tensor]":
    return [tensor(f"{owner}/vars/{number}", *shape) for number, shape in enumerate(shapes)]


def test_weights_by_layers() -> None:
    """Each array is its layer's; moving statistics are not trained."""
    line = summarise(hdf5(NORMALISED, BY_LAYER))

    assert counted(line) == (27, 21, 6)
    assert [(one.name, one.parameters) for one in line.layers] == [("x", 0), ("d", 15), ("bn", 12)]
    assert [one.trainable for one in named(line, "bn").weights] == [True, True, False, False]
    assert [(one.dtype, one.arrays, one.bytes) for one in line.weights] == [("float32", 6, 108)]


def test_weights_by_objects() -> None:
    """Without names the order tells: a normalisation's last two arrays are its statistics."""
    line = summarise(
        archive(
            NORMALISED,
            {
                "layers/input_layer": [],
                "layers/dense": numbered("layers/dense", (4, 3), (3,)),
                "layers/batch_normalization": numbered(
                    "layers/batch_normalization", (3,), (3,), (3,), (3,)
                ),
            },
        )
    )

    assert counted(line) == (27, 21, 6)
    assert named(line, "d").parameters == 15


@pytest.mark.parametrize(
    ("container", "second"), [("layers", 1), ("_layer_checkpoint_dependencies", 2)]
)
def test_objects_of_one_class_are_told_apart_by_their_order(container: str, second: int) -> None:
    """Keras 2.12 and 2.13 count in twos, the others in ones."""
    line = summarise(
        archive(
            model("Sequential", "s", layer_2("Dense", "wide"), layer_2("Dense", "thin")),
            {
                f"{container}/dense": numbered(f"{container}/dense", (9, 9)),
                f"{container}/dense_{second}": numbered(f"{container}/dense_{second}", (2, 2)),
            },
        )
    )

    assert (named(line, "wide").parameters, named(line, "thin").parameters) == (81, 4)


@pytest.mark.parametrize("number", ["7", "99999999999999999999"])
def test_an_object_that_no_layer_is_called_for(number: str) -> None:
    """It counts for the model, and for none of its layers."""
    owner = f"layers/dense_{number}"
    line = summarise(
        archive(
            model("Sequential", "s", layer_2("Dense", "c"), layer_2("Dense", "d")),
            {owner: numbered(owner, (2, 3))},
        )
    )

    assert line.parameters is not None
    assert line.parameters.total == 6
    assert [one.parameters for one in line.layers] == [0, 0]


def test_what_is_frozen_is_not_trained() -> None:
    """A layer's own flag, and that of the model around it."""
    inner = model("Sequential", "inner", layer_2("Dense", "deep"))
    inner["config"]["trainable"] = False
    configuration = model(
        "Sequential", "outer", {**inner, "name": "inner"}, layer_2("Dense", "cold", trainable=False)
    )
    line = summarise(
        hdf5(
            configuration,
            {
                "inner": [tensor("w/inner/deep/kernel:0", 5, name="deep/kernel:0")],
                "cold": [tensor("w/cold/kernel:0", 7, name="cold/kernel:0")],
            },
        )
    )

    assert counted(line) == (12, 0, 12)
    assert not named(line, "inner/deep").trainable
    assert named(line, "inner").parameters == 5


def test_layers_in_layers_have_their_own_weights() -> None:
    """Weights of a model in a model are those of its layers, in both layouts."""
    inner = {**model("Functional", "inner", layer_2("Dense", "deep")), "name": "inner"}
    outer = model("Functional", "outer", inner, layer_2("Dense", "last"))
    owner = "layers/functional/layers/dense"
    by_layers = hdf5(outer, {"inner": [tensor("w/inner/deep/kernel:0", 6, name="deep/kernel:0")]})
    by_objects = archive(outer, {owner: numbered(owner, (6,))})

    for content in (by_layers, by_objects):
        assert [one.shape for one in named(summarise(content), "inner/deep").weights] == [(6,)]


def test_an_array_that_two_layers_list_counts_once() -> None:
    """A shared layer is written below each user of it."""
    shared = tensor("w/shared/kernel:0", 4, 4, name="shared/kernel:0")
    content = hdf5(
        model("Functional", "m", layer_2("Dense", "a"), layer_2("Dense", "b")),
        {"a": [shared], "b": [shared]},
    )

    assert counted(summarise(content)) == (16, 16, 0)


@pytest.mark.parametrize(
    ("entry", "owner", "trainable"),
    [
        (layer_2("LSTM", "r", units=2), "layers/lstm/cell", True),
        (layer_2("LSTM", "r", units=2, stateful=True), "layers/lstm", False),
        (
            layer_2("Bidirectional", "r", layer=layer_2("LSTM", "inner")),
            "layers/bidirectional/forward_layer/cell",
            True,
        ),
        (layer_2("Normalization", "r"), "layers/normalization", False),
    ],
)
def test_what_is_trained_without_names(entry: Any, owner: str, *, trainable: bool) -> None:
    """A cell's weights are; the states of a stateful layer and adapted statistics are not."""
    line = summarise(
        archive(model("Sequential", "s", entry), {owner: numbered(owner, (3, 8), (8,))})
    )

    assert counted(line) == ((32, 32, 0) if trainable else (32, 0, 32))


def test_quantised_weights_are_not_trained() -> None:
    """Integers have no gradient."""
    owner = "layers/dense"
    arrays = [tensor(f"{owner}/vars/0", 4, 4, dtype="int8"), tensor(f"{owner}/vars/1", 4)]
    line = summarise(archive(model("Sequential", "s", layer_3("Dense", "d")), {owner: arrays}))

    assert counted(line) == (20, 4, 16)
    assert [one.dtype for one in line.weights] == ["float32", "int8"]


def test_an_unknown_class_is_assumed_to_be_trained() -> None:
    """Keras's default; that it is assumed is said."""
    line = summarise(
        archive(
            model("Sequential", "s", {**layer_3("Mine", "m"), "module": "package.layers"}),
            {"layers/mine": numbered("layers/mine", (5,))},
        )
    )

    assert line.parameters == Parameters(total=5, trainable=5, non_trainable=0, assumed_trainable=5)


def test_weights_alone() -> None:
    """Without an architecture the groups are the layers, and nothing tells what is trained."""
    owner = "layers/dense"
    content = Content(
        path="w",
        format=ModelFormat.KERAS_WEIGHTS,
        bytes=10,
        tensors=tuple(numbered(owner, (2, 3), (3,))),
        groups=(
            WeightGroup(layer="", tensors=()),
            WeightGroup(
                layer=owner, tensors=("layers/dense/vars/0", "layers/dense/vars/1"), name="out"
            ),
        ),
    )
    line = summarise(content)

    assert counted(line) == (9, None, None)
    assert [(one.name, one.parameters) for one in line.layers] == [("out", 9)]


def test_variables_of_a_saved_model() -> None:
    """The graph of objects says of each variable whether it is trained."""
    variable = {"name": "v", "dtype": "float32", "shape": [3]}
    nodes = (
        Node(number=0, kind="user_object", children={"layer-0": 1}),
        Node(
            number=1,
            kind="user_object",
            identifier="_tf_keras_layer",
            metadata={"name": "d"},
            children={"kernel": 2, "state/x": 3},
        ),
        Node(number=2, kind="variable", metadata={**variable, "trainable": True}),
        Node(number=3, kind="variable", metadata={**variable, "trainable": False}),
    )
    content = Content(
        path="m",
        format=ModelFormat.SAVED_MODEL,
        bytes=10,
        configuration=model("Functional", "m", layer_2("Dense", "d")),
        tensors=(
            tensor("layer-0/kernel/.ATTRIBUTES/VARIABLE_VALUE", 3),
            tensor("layer-0/state.Sx/.ATTRIBUTES/VARIABLE_VALUE", 3),
            tensor("gone/.ATTRIBUTES/VARIABLE_VALUE", 2),
        ),
        graph=Graph(operations={}, nodes=nodes),
    )
    line = summarise(content)

    assert line.parameters == Parameters(total=8, trainable=5, non_trainable=3, assumed_trainable=2)
    assert named(line, "d").parameters == 6


def test_shapes_of_keras_3() -> None:
    """A layer's output is what the next one says that it takes."""
    line = summarise(
        archive(
            model(
                "Functional",
                "m",
                layer_3("InputLayer", "x", batch_shape=[None, 8]),
                layer_3("Dense", "d", ("x", [None, 8])),
                layer_3("Dense", "out", ("d", [None, 3])),
            ),
            {},
        )
    )

    assert [(one.input_shape, one.output_shape) for one in line.layers] == [
        ("(?, 8)", "(?, 8)"),
        ("(?, 8)", "(?, 3)"),
        ("(?, 3)", None),
    ]
    assert [one.dtype for one in line.layers] == ["float32"] * 3


def test_shapes_of_keras_2() -> None:
    """The shape that a layer was built for is what the one before it gives."""
    second = {**layer_2("Dense", "out", "d"), "build_config": {"input_shape": [None, 3]}}
    line = summarise(
        archive(
            model("Functional", "m", input_2("x", None, 8), layer_2("Dense", "d", "x"), second), {}
        )
    )

    assert [one.output_shape for one in line.layers] == ["(?, 8)", "(?, 3)", None]


def test_shapes_of_a_sequential_model() -> None:
    """Its layers name no one: their order does."""
    second = {"class_name": "Dense", "config": {"name": "b"}}
    second["build_config"] = {"input_shape": [None, 3]}
    first = {"class_name": "Dense", "config": {"name": "a", "batch_input_shape": [None, 8]}}
    line = summarise(archive(model("Sequential", "s", first, second), {}))

    assert [(one.input_shape, one.output_shape) for one in line.layers] == [
        ("(?, 8)", "(?, 3)"),
        ("(?, 3)", None),
    ]


@pytest.mark.parametrize("reference", [["x", 0, 1, {}], ["x", 1, 0, {}], ["x"], "x", None])
def test_another_output_than_the_first_tells_no_shape(reference: Any) -> None:
    """A layer's second output, or that of its second use, is not its first."""
    taking = {**layer_2("Dense", "d"), "inbound_nodes": [[reference]]}
    taking["build_config"] = {"input_shape": [None, 5]}
    line = summarise(archive(model("Functional", "m", layer_2("Dense", "x"), taking), {}))

    assert named(line, "x").output_shape is None


@pytest.mark.parametrize(
    "configuration",
    [
        None,
        3,
        [],
        {},
        {"class_name": 3},
        {"class_name": "Sequential"},
        {"class_name": "Sequential", "config": None},
        {"class_name": "Sequential", "config": {"layers": [1, 2]}},
        {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}},
        {"class_name": "Sequential", "config": {"layers": [{"config": {"name": "d"}}]}},
        model("Functional", "m", {"class_name": "D", "config": [], "inbound_nodes": [[[[]]]]}),
        model("Functional", "m", {"class_name": "D", "config": {}, "inbound_nodes": [{"args": 3}]}),
        model("Functional", "m", {"class_name": "D", "config": {"dtype": {"config": 3}}}),
        model("Functional", "m", {"class_name": "D", "config": {"batch_shape": [True, "x", {}]}}),
        model("Functional", "m", {"class_name": "D", "build_config": 3}),
    ],
)
def test_a_configuration_of_other_types_than_keras_writes(configuration: Any) -> None:
    """It is passed over where it makes no sense; nothing is raised."""
    for content in (hdf5(configuration, BY_LAYER), archive(configuration, BY_LAYER)):
        line = summarise(msgspec.structs.replace(content, training=configuration))
        assert line.parameters is not None
        assert line.parameters.total == 27


def test_a_configuration_that_is_deeper_than_any_model() -> None:
    """Nesting is followed as far as models go, and no further."""
    configuration = layer_2("Dense", "d")
    for number in range(500):
        configuration = {**model("Sequential", f"m{number}", configuration), "name": f"m{number}"}

    line = summarise(hdf5(configuration, {}))

    depth, layers = 0, line.layers
    while layers:
        depth, layers = depth + 1, layers[0].layers
    assert 10 < depth < 100


def test_objects_are_in_the_order_of_their_numbers() -> None:
    """The tenth is not the second, and thousands are found as fast as two."""
    count = 3000
    keys = ["layers/dense", *(f"layers/dense_{number}" for number in range(1, count))]
    weights = {key: numbered(key, (number + 1,)) for number, key in enumerate(keys)}
    in_another_order = dict(sorted(weights.items()))
    layers = [layer_2("Dense", f"d{number}") for number in range(count)]
    line = summarise(archive(model("Sequential", "s", *layers), in_another_order))

    assert [one.parameters for one in line.layers] == list(range(1, count + 1))
