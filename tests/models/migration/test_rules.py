"""Each rule, on what a real release wrote or on a single layer of it."""

from typing import Any, Optional

import pytest

from models.migration.cases import (
    case,
    config_of,
    content,
    entry_of,
    layer,
    rules_of,
    sequential,
    translated,
)
from tfmac.models.migration.rules.registry import RULES
from tfmac.models.migration.translate import Translation


def one(
    class_name: str, *, keras: str = "3.15.1", writer: str = "2.9.0", **config: Any
) -> Translation:
    """Translate one layer."""
    return translated(sequential(layer(class_name, **config), keras=writer), keras)


def kept(class_name: str, **config: Any) -> dict[str, Any]:
    """Translate one layer and give what is written of it."""
    translation = one(class_name, **config)
    assert translation.untranslated == ()
    return config_of(translation)


def reason(translation: Translation) -> str:
    """Give why the only layer that is left over is."""
    assert len(translation.untranslated) == 1
    return translation.untranslated[0].reason


def test_names_of_rules_are_unique() -> None:
    """A change names the rule that made it."""
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("key", ["activation", "recurrent_activation"])
def test_the_old_hard_sigmoid_is_written_out(key: str) -> None:
    """Keras 3 has another function of that name."""
    config = {"activation": "tanh", "recurrent_activation": "sigmoid", key: "hard_sigmoid"}
    translation = one("LSTM", units=2, **config)

    steps = config_of(translation)[key]["config"]["layers"]

    assert [step["class_name"] for step in steps] == ["Rescaling", "ReLU"]
    assert (steps[0]["config"]["scale"], steps[0]["config"]["offset"]) == (0.2, 0.5)
    assert steps[1]["config"]["max_value"] == 1.0
    assert "activations" in rules_of(translation)


def test_the_hard_sigmoid_of_keras_3_stays() -> None:
    """It is the one that it was."""
    assert one("Dense", writer="3.8.0", units=2, activation="hard_sigmoid").changes == ()


def test_gates_that_are_hard_without_saying_so() -> None:
    """What Keras 2 does by default is written out."""
    translation = one("ConvLSTM2D", filters=2, kernel_size=[2, 2])

    assert config_of(translation)["recurrent_activation"]["class_name"] == "Sequential"


def test_before_3_10_an_activation_becomes_a_layer() -> None:
    """Older releases take functions alone; what followed takes the new layer's output."""
    given = case("hard_gates-2.9")
    translation = translated(given, "3.9.0")

    assert {one.layer for one in translation.untranslated} == {"conv_lstm", "lstm"}
    assert config_of(translation, "dense")["activation"] == "linear"
    follower = entry_of(translation, "dense_activation")
    assert [one["class_name"] for one in follower["config"]["layers"]] == ["Rescaling", "ReLU"]
    history = entry_of(translation, "again")["inbound_nodes"][0]["args"][0]["config"]
    assert history["keras_history"] == ["dense_activation", 0, 0]


@pytest.mark.parametrize(("keras", "layers"), [("3.9.0", 5), ("3.10.0", 4)])
def test_a_layer_as_activation(keras: str, layers: int) -> None:
    """It stays one from 3.10 on."""
    translation = translated(case("layer_as_activation-2.15"), keras)

    assert translation.untranslated == ()
    written = translation.configuration["config"]["layers"]
    assert len(written) == layers
    slope = written[1]["config"]["activation"] if layers == 4 else written[2]
    assert slope["class_name"] == "LeakyReLU"
    assert slope["config"]["negative_slope"] == pytest.approx(0.1)


@pytest.mark.parametrize(("old", "new"), [("softmax_v2", "softmax"), ("swish", "swish")])
def test_functions_by_their_names(old: str, new: str) -> None:
    """Those that have another name get it."""
    assert kept("Dense", units=2, activation=old)["activation"] == new


def test_a_function_of_somebodys_own() -> None:
    """Its code is needed."""
    translation = one("Dense", units=2, activation="my_function")

    assert translation.untranslated[0].needs == "--custom module:my_function"


@pytest.mark.parametrize(
    ("class_name", "given", "written"),
    [
        ("LeakyReLU", {"alpha": 0.2}, {"negative_slope": 0.2}),
        (
            "LeakyReLU",
            {"alpha": {"class_name": "__numpy__", "config": {"value": 0.2}}},
            {"negative_slope": 0.2},
        ),
        ("LeakyReLU", {}, {"negative_slope": 0.3}),
        ("BatchNormalization", {"axis": [3]}, {"axis": 3}),
        ("GRU", {"units": 2, "recurrent_activation": "sigmoid"}, {"reset_after": False}),
        (
            "CategoryEncoding",
            {"max_tokens": 4, "output_mode": "binary"},
            {"num_tokens": 4, "output_mode": "multi_hot"},
        ),
        (
            "Dense",
            {"units": 2, "dtype": {"class_name": "Policy", "config": {"name": "mixed_float16"}}},
            {"dtype": "mixed_float16"},
        ),
        (
            "Dense",
            {"units": 2, "kernel_initializer": "uniform"},
            {"kernel_initializer": "RandomUniform"},
        ),
    ],
)
def test_arguments_that_are_called_or_written_otherwise(
    class_name: str, given: dict[str, Any], written: dict[str, Any]
) -> None:
    """The layer does what it did."""
    found = kept(class_name, **given)

    for key, value in written.items():
        assert found[key] == value
    assert set(given) - set(written) <= set(found) | {"alpha", "max_tokens"}


@pytest.mark.parametrize(
    ("class_name", "config"),
    [
        ("LSTM", {"units": 2, "time_major": False, "recurrent_activation": "tanh"}),
        ("DepthwiseConv2D", {"kernel_size": [2, 2], "groups": 1}),
        ("Embedding", {"input_dim": 3, "output_dim": 2, "input_length": 4}),
        ("SpatialDropout2D", {"rate": 0.2, "noise_shape": None}),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 2, "query_shape": [None, 2, 2]}),
        ("Dense", {"units": 2, "batch_input_shape": [None, 4], "dtype": "_infer"}),
    ],
)
def test_arguments_that_say_nothing_are_left_out(class_name: str, config: dict[str, Any]) -> None:
    """Keras 3 would refuse them."""
    found = kept(class_name, **config)

    gone = {"time_major", "groups", "noise_shape", "query_shape"}
    assert not (gone | {"batch_input_shape"}) & set(found)
    assert found.get("dtype") != "_infer"


@pytest.mark.parametrize(
    ("class_name", "config", "words"),
    [
        ("LSTM", {"units": 2, "time_major": True, "recurrent_activation": "tanh"}, "time_major"),
        ("DepthwiseConv2D", {"kernel_size": [2, 2], "groups": 2}, "groups=2"),
        ("BatchNormalization", {"axis": [1, 3]}, "along one axis"),
        ("Resizing", {"height": 2, "width": 2, "interpolation": "area"}, "area"),
        ("TextVectorization", {"ragged": True}, "ragged"),
        ("RNN", {"num_constants": 1}, "constants"),
        ("RandomCrop", {"height": 2, "width": 2}, "outside training"),
        ("LocallyConnected2D", {"filters": 2, "kernel_size": [2, 2]}, "has no layer"),
    ],
)
def test_what_has_no_counterpart_is_named(
    class_name: str, config: dict[str, Any], words: str
) -> None:
    """Nothing is left out that changes what is computed."""
    assert words in reason(one(class_name, **config))


def test_a_random_crop_is_what_it_was_before_3_6() -> None:
    """Those releases crop outside training too."""
    assert one("RandomCrop", keras="3.5.0", height=2, width=2).untranslated == ()


@pytest.mark.parametrize(
    ("class_name", "name", "reset"), [("CuDNNLSTM", "LSTM", None), ("CuDNNGRU", "GRU", True)]
)
def test_layers_of_nvidias_library(class_name: str, name: str, *, reset: Optional[bool]) -> None:
    """They are the plain ones, with the functions that the library has."""
    translation = one(class_name, units=3, return_sequences=False)
    written = config_of(translation)

    assert entry_of(translation)["class_name"] == name
    assert (written["activation"], written["recurrent_activation"]) == ("tanh", "sigmoid")
    assert written.get("reset_after") is reset
    assert "cudnn" in rules_of(translation)


def test_what_is_only_not_above_a_threshold() -> None:
    """ThresholdedReLU is an operation that an activation may be, from 3.10 on."""
    new, old = one("ThresholdedReLU", theta=0.5), one("ThresholdedReLU", keras="3.9.0", theta=0.5)

    assert entry_of(new)["class_name"] == "Activation"
    operation = config_of(new)["activation"]
    assert operation["class_name"] == "Threshold"
    assert list(operation["config"].values()) == [0.5, 0.0]
    assert "3.10" in reason(old)


def test_states_that_a_layer_starts_with_are_an_argument() -> None:
    """Keras 2 puts them into the list with the input."""
    node = entry_of(translated(case("encoder_decoder-2.15")), "decoder")["inbound_nodes"][0]

    places = [one["config"]["keras_history"] for one in node["kwargs"]["initial_state"]]

    assert node["args"][0]["config"]["keras_history"] == ["target", 0, 0]
    assert places == [["encoder", 0, 1], ["encoder", 0, 2]]


def test_attention_that_does_not_look_ahead() -> None:
    """The call says so in Keras 3; here there is none, and the argument goes."""
    assert "causal" not in kept("Attention", causal=False)


@pytest.mark.parametrize(
    ("keras", "name"), [("3.6.0", "OrthogonalInitializer"), ("3.7.0", "Orthogonal")]
)
def test_an_initializer_by_the_name_that_is_read(keras: str, name: str) -> None:
    """Until 3.6 it could not be read under the name that it was shown under."""
    translation = one(
        "Dense",
        keras=keras,
        units=2,
        kernel_initializer={
            "class_name": "Orthogonal",
            "config": {"gain": 1.0, "dtype": "float32"},
        },
    )

    written = config_of(translation)["kernel_initializer"]

    assert (written["module"], written["class_name"]) == ("keras.initializers", name)
    assert written["config"] == {"gain": 1.0}


def test_initializers_and_regularizers_of_somebodys_own() -> None:
    """They change no prediction: they are left out with a word of it."""
    translation = one(
        "Dense",
        units=2,
        kernel_initializer={"class_name": "Mine", "config": {}},
        kernel_regularizer={"class_name": "Mine", "config": {}},
        bias_constraint={"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}},
    )
    written = config_of(translation)

    assert "kernel_initializer" not in written
    assert written["kernel_regularizer"] is None
    assert written["bias_constraint"]["module"] == "keras.constraints"
    assert len([change for change in translation.changes if change.rule == "objects"]) == 2


@pytest.mark.parametrize("name", ["Convolution2D", "Conv2D"])
def test_old_names_of_classes(name: str) -> None:
    """The class has the name that stayed."""
    assert entry_of(one(name, filters=2, kernel_size=[2, 2]))["class_name"] == "Conv2D"


def _operation(class_name: str, **config: Any) -> dict[str, Any]:
    """Make a call of something that Keras 3 wrote into HDF5."""
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["in", 0, 0]}}
    return {
        "class_name": class_name,
        "name": "one",
        "config": {"name": "one", **config},
        "inbound_nodes": [{"args": [tensor, 2], "kwargs": {}}],
    }


@pytest.mark.parametrize(
    ("config", "module"),
    [({}, "keras.src.ops.numpy"), ({"trainable": True, "dtype": "float32"}, "keras.layers")],
)
def test_an_operation_in_hdf5_gets_its_module_back(config: dict[str, Any], module: str) -> None:
    """Keras 3 writes there no more than its class, which a layer may have too."""
    first = {"class_name": "InputLayer", "name": "in", "config": {}, "inbound_nodes": []}
    model = {
        "name": "m",
        "layers": [first, _operation("Multiply", **config)],
        "input_layers": [["in", 0, 0]],
        "output_layers": ["one", 0, 0],
    }

    translation = translated(content({"class_name": "Functional", "config": model}, "3.15.1"))

    assert entry_of(translation)["module"] == module


@pytest.mark.parametrize(("keras", "name"), [("3.10.0", None), ("3.11.3", "one")])
def test_operations_with_arguments_take_a_name_since_3_11(keras: str, name: Optional[str]) -> None:
    """Before, they refuse it."""
    first = {"class_name": "InputLayer", "name": "in", "config": {}, "inbound_nodes": []}
    model = {
        "name": "m",
        "layers": [first, _operation("ExpandDims", axis=-1)],
        "input_layers": [["in", 0, 0]],
        "output_layers": ["one", 0, 0],
    }

    translation = translated(
        content({"class_name": "Functional", "config": model}, "3.15.1"), keras
    )

    entry = next(
        one
        for one in translation.configuration["config"]["layers"]
        if one["class_name"] == "ExpandDims"
    )
    assert entry["config"].get("name") == name
    assert entry["config"]["axis"] == -1


@pytest.mark.parametrize(
    ("class_name", "key"),
    [
        ("Resizing", "interpolation"),
        ("Dense", "activation"),
        ("Dense", "kernel_initializer"),
        ("Dense", "dtype"),
        ("LeakyReLU", "alpha"),
        ("BatchNormalization", "axis"),
        ("StringLookup", "output_mode"),
        ("GRU", "reset_after"),
    ],
)
@pytest.mark.parametrize("value", [[], {}, [[1]], {"class_name": "x"}, {"config": 3}, 10**30])
def test_any_value_of_an_argument_is_borne(class_name: str, key: str, value: Any) -> None:
    """A file may hold anything: it is translated, or named, and nothing is raised."""
    translation = one(class_name, **{key: value})

    assert translation.configuration["class_name"] == "Sequential"


def test_thousands_of_layers_of_one_name() -> None:
    """Each gets a name of its own, in no time to speak of."""
    given = sequential(*(layer("ReLU") for _ in range(3000)))

    assert len(translated(given).sources) == 3001


@pytest.mark.parametrize(
    ("old", "new"), [("int64", "float32"), (None, "float32"), ("float32", "float32")]
)
def test_numbers_are_sorted_into_bins_whole(old: Optional[str], new: str) -> None:
    """Keras 3 gives them the type of the layer first, where a function is compiled."""
    types = {} if old is None else {"dtype": old}
    written = kept("Discretization", bin_boundaries=[-0.5, 0.5], output_mode="int", **types)

    assert written["dtype"] == new
