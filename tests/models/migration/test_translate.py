"""Models of real releases, translated for releases of Keras 3."""

import msgspec
import pytest
from packaging.version import Version

from models.migration.cases import (
    NAMES,
    NEWEST,
    architecture,
    case,
    config_of,
    content,
    entry_of,
    layer,
    rules_of,
    sequential,
    translated,
)
from tfmac.models.migration.translate import Translation, translate
from tfmac.schema.model_content import ModelFormat

WHOLE = [one for one in NAMES if not one.startswith("gone")]


@pytest.mark.parametrize("name", WHOLE)
def test_everything_is_translated_for_the_newest(name: str) -> None:
    """Nothing is left over, and every layer has the module that Keras 3 finds it by."""
    translation = translated(case(name))

    assert translation.untranslated == ()
    modules = {one["module"] for one in translation.configuration["config"]["layers"]}
    assert None not in modules
    assert all(one.startswith("keras") for one in modules)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("keras", ["3.0.5", "3.8.0", "3.15.1", "4.0"])
def test_what_is_written_is_plain_json(name: str, keras: str) -> None:
    """It is the same after it was written and read."""
    written = translated(case(name), keras).configuration

    assert msgspec.json.decode(msgspec.json.encode(written)) == written


@pytest.mark.parametrize("name", WHOLE)
def test_every_weight_has_a_source(name: str) -> None:
    """Each layer of the old model is the source of one of the new."""
    given = case(name)
    translation = translated(given)
    old = {
        one.get("name", one["config"]["name"]) for one in architecture(given)["config"]["layers"]
    }
    operations = {one.layer for one in translation.changes if one.rule == "operations"}

    assert old - operations <= set(translation.sources.values())


def test_locations_go_into_models() -> None:
    """Layers of inner models, and of a model in a wrapper, are named with what they are in."""
    sources = translated(case("shared_models-2.9")).sources

    assert sources["inner/d"] == "inner/d"
    assert sources["timed/small/e"] == "timed/small/e"


def test_names_have_no_slashes() -> None:
    """The weights are still those of the layer with the old name."""
    translation = translated(case("by_names-2.15"))

    assert translation.sources["block_dense"] == "block/dense"
    assert entry_of(translation, "block_dense")["inbound_nodes"][0]["args"][0]["config"][
        "keras_history"
    ] == ["block_joined", 0, 0]


def test_a_name_that_is_taken_gets_a_number() -> None:
    """What loses its slash does not take another layer's name."""
    given = sequential(
        {"class_name": "ReLU", "config": {"name": "a_b"}},
        {"class_name": "ReLU", "config": {"name": "a/b"}},
    )

    assert translated(given).sources == {"in": "in", "a_b": "a_b", "a_b_1": "a/b"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("my dense: 1", "my_dense__1"),
        ("modèle", "mod_le"),
        ("a\\b", "a_b"),
        ("(a)", "_a_"),
        ("_a-b.c>d", "_a-b.c>d"),
    ],
)
def test_layers_have_names_that_tensorflow_takes(old: str, new: str) -> None:
    """Torch and JAX take any."""
    inner = {"class_name": "ReLU", "config": {"name": old}}
    given = sequential(
        {"class_name": "ReLU", "config": {"name": old}},
        {"class_name": "TimeDistributed", "config": {"name": "timed", "layer": inner}},
    )
    translation = translated(given)

    assert translation.sources == {"in": "in", new: old, "timed": "timed"}
    assert config_of(translation, "timed")["layer"]["config"]["name"] == new
    assert ("name" in rules_of(translation)) == (old != new)


def test_an_input_keeps_the_name_that_it_is_fed_by() -> None:
    """It is no scope."""
    given = sequential({"class_name": "ReLU", "config": {"name": "one"}})
    architecture(given)["config"]["layers"][0]["config"]["name"] = "entrée: 1"

    assert translated(given).sources == {"entrée: 1": "entrée: 1", "one": "one"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("modèle", "mod_le"), ("_model", "model"), ("é", "model"), ("a/b c", "a_b_c"), ("a", "a")],
)
def test_models_have_names_that_tensorflow_takes(old: str, new: str) -> None:
    """Their names stand first, where fewer signs may."""
    given = sequential({"class_name": "ReLU", "config": {"name": "one"}})
    architecture(given)["config"]["name"] = old
    translation = translated(given)

    assert translation.configuration["config"]["name"] == new
    assert ("name" in rules_of(translation)) == (old != new)


@pytest.mark.parametrize(
    ("keras", "end"),
    [("3.0.5", ["inner", 2, 0]), ("3.2.1", ["inner", 2, 0]), ("3.3.3", ["inner", 3, 0])],
)
def test_ends_of_inner_models_are_counted_as_the_release_counts(
    keras: str, end: "list[object]"
) -> None:
    """From 3.3 on, Keras takes one away from the number when it reads the outputs."""
    written = translated(case("shared_models-2.15"), keras).configuration

    assert written["config"]["output_layers"][0] == end


@pytest.mark.parametrize(
    ("keras", "end"), [("3.10.0", [["dense", 0, 0]]), ("3.11.3", ["dense", 0, 0])]
)
def test_a_single_output_is_written_as_the_release_writes_it(keras: str, end: object) -> None:
    """A list of one until 3.10."""
    entry = {
        "class_name": "Dense",
        "name": "dense",
        "config": {"name": "dense", "units": 2},
        "inbound_nodes": [[["in", 0, 0, {}]]],
    }
    first = {"class_name": "InputLayer", "name": "in", "config": {}, "inbound_nodes": []}
    config = {
        "name": "m",
        "layers": [first, entry],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["dense", 0, 0]],
    }

    # Keras 2 writes one tensor as a list of one, and gives it back as the tensor.
    written = translated(content({"class_name": "Model", "config": config}), keras).configuration

    assert written["class_name"] == "Functional"
    assert written["config"]["output_layers"] == end


def test_a_sequential_gets_its_input() -> None:
    """The shape that the first layer keeps becomes an input before it."""
    given = case("layer_as_activation-2.9")
    layers = architecture(given)["config"]["layers"]
    bare = {**architecture(given), "config": {"name": "m", "layers": layers[1:]}}

    written = translated(content(bare)).configuration["config"]["layers"]

    assert written[0]["class_name"] == "InputLayer"
    assert written[0]["config"]["batch_shape"] == [None, 3]
    assert "batch_input_shape" not in written[1]["config"]


def test_a_sequential_may_state_its_shape_itself() -> None:
    """``build_input_shape`` does what an input does."""
    config = {
        "name": "m",
        "layers": [layer("Dense", units=2)],
        "build_input_shape": [None, 7],
    }

    written = translated(content({"class_name": "Sequential", "config": config})).configuration

    assert written["config"]["layers"][0]["config"]["batch_shape"] == [None, 7]


def test_a_model_of_somebodys_own_needs_its_code() -> None:
    """A configuration without layers says nothing of what is computed."""
    given = content({"class_name": "MyModel", "config": {"units": 3}})

    translation = translate(given, NEWEST)

    assert translation.configuration == {}
    assert [(one.class_name, one.needs) for one in translation.untranslated] == [
        ("MyModel", "--custom module:MyModel")
    ]


@pytest.mark.parametrize("configuration", [None, [], {"class_name": "Functional", "config": 3}])
def test_without_an_architecture_nothing_is_translated(configuration: object) -> None:
    """It is said, and nothing is written."""
    translation = translate(content(configuration), NEWEST)

    assert translation.configuration == {}
    assert len(translation.untranslated) == 1


def test_layers_of_somebodys_own() -> None:
    """They are named with what the user must supply, unless it is supplied."""
    given = sequential({"class_name": "Corpus>Scale", "config": {"name": "one", "by": 3}})

    refused = translated(given)
    supplied = translate(given, NEWEST, custom=("package.layers:Scale",))

    assert [(one.layer, one.needs) for one in refused.untranslated] == [
        ("one", "--custom module:Scale")
    ]
    assert supplied.untranslated == ()
    entry = entry_of(supplied)
    assert (entry["class_name"], entry["registered_name"]) == ("Scale", "Corpus>Scale")
    assert entry["config"]["by"] == 3
    assert "custom-class" in rules_of(supplied)


def test_a_model_of_keras_3_goes_back_to_an_older_one() -> None:
    """Arguments that the older release lacks are dropped where they say nothing."""
    entry = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {
            "name": "one",
            "units": 2,
            "dtype": {
                "module": "keras",
                "class_name": "DTypePolicy",
                "config": {"name": "float32"},
            },
            "quantization_config": None,
        },
        "registered_name": None,
        "build_config": {"input_shape": [None, 4]},
    }
    first = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
    model = {"class_name": "Sequential", "config": {"name": "m", "layers": [first, entry]}}

    translation = translated(
        content({"module": "keras", **model}, "3.15.1", format=ModelFormat.KERAS_ARCHIVE), "3.0.5"
    )

    assert translation.untranslated == ()
    assert config_of(translation) == {"name": "one", "units": 2, "dtype": "float32"}
    assert entry_of(translation)["build_config"] == {"input_shape": [None, 4]}


def test_a_translation_for_a_later_release_is_one_for_the_newest_known() -> None:
    """What is not known yet is judged by the newest."""
    given = case("attention-2.15")

    later: Translation = translate(given, Version("3.99"))

    assert later.configuration == translate(given, NEWEST).configuration
