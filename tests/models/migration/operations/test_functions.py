"""Calls of TensorFlow's functions become operations of Keras 3 that compute the same."""

from typing import Any

import pytest
from packaging.version import Version

from models.migration.operations.networks import (
    NEWEST,
    X,
    Y,
    function,
    input_layer,
    made,
    model,
    names,
    refused,
)
from tfmac.models.migration.network import Call, Layer, Reference
from tfmac.models.migration.operations.express import express
from tfmac.models.migration.operations.registry import RECIPES

ALL = {"start": None, "stop": None, "step": None}


def _on_x(called: str, *args: Any, **kwargs: Any) -> tuple[Layer, ...]:
    return made(model(input_layer("x", 3, 4), function("f", called, X, *args, **kwargs)))


@pytest.mark.parametrize(
    ("called", "kwargs", "expected"),
    [
        ("math.multiply", {"y": 2.0}, "Multiply"),
        ("__operators__.add", {"y": Y}, "Add"),
        ("math.squared_difference", {"y": 1.0}, "Subtract Square"),
        ("compat.v1.transpose", {"perm": [0, 2, 1], "conjugate": False}, "Transpose"),
        ("expand_dims", {"axis": -1}, "ExpandDims"),
        ("nn.softmax", {"axis": 1}, "Softmax"),
        ("math.argmax", {"axis": -1}, "Argmax Cast"),
        ("linalg.matmul", {"b": Y, "transpose_b": True}, "Transpose Matmul"),
        ("cast", {"dtype": "<dtype: 'int32'>"}, "Cast"),
        ("split", {"num_or_size_splits": 2, "axis": -1}, "Split"),
        ("clip_by_value", {"clip_value_min": 0, "clip_value_max": 1}, "Clip"),
        ("keras.backend.hard_sigmoid", {}, "Multiply Add Clip"),
    ],
)
def test_calls(called: str, kwargs: "dict[str, Any]", expected: str) -> None:
    """Arguments are taken by the names that TensorFlow gives them."""
    layers = made(
        model(input_layer("x", 3, 4), input_layer("y", 3, 4), function("f", called, X, **kwargs))
    )

    assert names(layers) == expected


def test_the_last_operation_keeps_the_name() -> None:
    """What takes the output finds it where it was."""
    (layer,) = _on_x("math.reduce_mean", axis=[1, 2], keepdims=True)

    assert layer.name == "f"
    assert layer.module == "keras.src.ops.numpy"
    assert layer.config == {"axis": [1, 2], "keepdims": True, "name": "f"}


def test_constants_have_the_type_of_the_tensor() -> None:
    """A list of whole numbers is one of real numbers beside a tensor of these."""
    (layer,) = _on_x("math.multiply", y=[1, 2, 3, 4])

    array = layer.calls[0].args[1]
    assert array["class_name"] == "__numpy__"
    assert array["config"] == {"value": [1, 2, 3, 4], "dtype": "float32"}


def test_infinite_constants_can_be_written_as_json() -> None:
    """JSON has no infinite numbers."""
    (layer,) = _on_x("math.maximum", y=float("-inf"))

    assert layer.calls[0].args[1]["config"]["value"] == "-inf"


@pytest.mark.parametrize("called", ["math.reduce_mean", "math.exp", "math.reduce_std"])
def test_results_whose_type_would_be_another_are_refused(called: str) -> None:
    """Keras makes real numbers where TensorFlow gives whole ones, or an error."""
    network = model(input_layer("x", 4, dtype="int32"), function("f", called, X))

    assert "int32" in refused(network).reason


def test_whole_numbers_are_divided_as_tensorflow_does() -> None:
    """The quotient has double precision."""
    network = model(input_layer("x", 4, dtype="int32"), function("f", "math.truediv", X, y=2))

    layers = made(network)

    assert names(layers) == "Cast TrueDivide"
    assert layers[0].config["dtype"] == "float64"


def test_unknown_functions_are_named() -> None:
    """The reason says which, and what has to be supplied."""
    one = refused(model(input_layer("x", 4), function("f", "signal.stft", X)))

    assert "signal.stft" in one.reason
    assert one.needs == "--custom module:function"


def test_what_cannot_be_expressed_stays() -> None:
    """And nothing half-made is beside it."""
    network = model(input_layer("x", 4), function("f", "math.l2_normalize", X, axis="a"))

    result, changes, _ = express(network, NEWEST)

    assert (result, changes) == (network, ())


def test_shapes_that_are_known_when_it_runs() -> None:
    """The number of examples is left to be found, the others are known from the input."""
    layers = made(
        model(
            input_layer("x", 3, 4),
            function("s", "compat.v1.shape", X),
            function("b", "__operators__.getitem", Reference("s"), slice_spec=0),
            function("r", "reshape", X, shape=[Reference("b"), -1]),
        )
    )

    assert names(layers) == "Reshape"
    assert layers[0].config["newshape"] == [-1, 12]


def test_shapes_that_no_operation_can_have() -> None:
    """Two lengths that are only known when it runs."""
    network = model(input_layer("x", None, 4), function("r", "reshape", X, shape=[-1, Y, 4]))

    assert refused(network).layer == "r"


def test_a_shape_that_a_layer_takes() -> None:
    """Keras 3 has no tensor for it."""
    dense = Layer(name="d", class_name="Dense", calls=function("", "", Reference("s")).calls)
    network = model(input_layer("x", 3), function("s", "shape", X), dense)

    assert "no tensor" in refused(network).reason


@pytest.mark.parametrize(
    ("keras", "expected"), [("3.15.1", "GetItem"), ("3.0.5", "Take Split ExpandDims")]
)
def test_brackets(keras: str, expected: str) -> None:
    """The first releases read no list of slices from a file: they get other operations."""
    spec = [ALL, 1, {"start": 1, "stop": None, "step": None}, None]
    network = model(
        input_layer("x", 3, 4), function("g", "__operators__.getitem", X, slice_spec=spec)
    )

    layers = made(network, Version(keras))

    assert names(layers) == expected


def test_names_that_meet() -> None:
    """Before they could be given a name, some operations named themselves as layers are named."""
    network = model(
        input_layer("x", 3, 4),
        function("mean", "math.negative", X),
        function("f", "math.reduce_mean", Reference("mean"), axis=1),
    )

    assert "mean" in refused(network, Version("3.8")).reason
    assert names(made(network)) == "Negative Mean"


def test_operations_that_a_release_does_not_have() -> None:
    """The reason names the one that has it."""
    network = model(input_layer("x", 3, 4), function("f", "math.log_sigmoid", X))
    tested = model(input_layer("x", 3, 4), function("f", "roll", X, shift=1, axis=1))

    assert names(made(network, Version("3.0.5"))) == "LogSigmoid"
    assert "name" not in made(tested, Version("3.0.5"))[0].config


def test_old_bilinear_enlargement() -> None:
    """Repeated points are averaged, where the writer took points from the left."""
    config = {"name": "u", "size": [2, 3], "interpolation": "bilinear"}
    layer = Layer(name="u", class_name="UpSampling2D", config=config, calls=(Call(args=(X,)),))
    network = model(input_layer("x", 4, 5, 3), layer)

    layers = made(network, old_bilinear=True)

    assert names(layers) == "UpSampling2D Pad AveragePooling2D"
    assert layers[1].config["pad_width"] == [[0, 0], [0, 1], [0, 2], [0, 0]]
    assert express(network, NEWEST)[0] == network


def test_graph_nodes() -> None:
    """What TensorFlow 2.0 to 2.3 saved: a node, and its constant inputs by their places."""
    node = {"op": "Mean", "attr": {"keep_dims": {"b": True}}}
    config = {"name": "Mean", "node_def": node, "constants": {"1": [1, 2]}}
    layer = Layer(name="t", class_name="TensorFlowOpLayer", config=config, calls=(Call(args=(X,)),))

    (made_of,) = made(model(input_layer("x", 3, 4), layer))

    assert (made_of.class_name, made_of.config["axis"]) == ("Mean", [1, 2])


def test_every_recipe_refuses_nonsense_in_its_own_way() -> None:
    """Whatever is given to it."""
    nonsense: tuple[tuple[Any, ...], ...] = (
        *((X,), (X, "a", None, {}), ([X, 1], X)),
        *((), (None, [[1], [1, 2]], X)),
    )
    for name in RECIPES:
        for arguments in nonsense:
            network = model(input_layer("x", 3, 4), function("f", name, *arguments))

            _, changes, untranslated = express(network, NEWEST)

            assert len(changes) + len(untranslated) >= 1
