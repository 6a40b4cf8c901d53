"""Who wrote a file: by its own words, by its content, and where the two differ."""

from typing import Any

import pytest

from builders.models import archive, hdf5, input_2, layer_2, layer_3, model, tensor
from tfmac.models.summary import summarise
from tfmac.models.versions import Interval
from tfmac.schema.model_content import Content, Graph, ModelFormat
from tfmac.schema.models import Writer

OLD = model("Functional", "m", input_2("x", None, 4), layer_2("Conv2D", "c", "x", groups=1))
NEW = model(
    "Functional",
    "m",
    layer_3("InputLayer", "x", batch_shape=[None, 4], sparse=False, ragged=False, optional=False),
    layer_3("Conv2D", "c", ("x", [None, 4]), groups=1),
    module="keras.src.models.functional",
    registered_name="Functional",
)


def writer(content: Content) -> Writer:
    return summarise(content).writer


def allows(found: Writer, *releases: str) -> "list[bool]":
    from packaging.specifiers import SpecifierSet

    assert found.proved is not None
    return [one in SpecifierSet(found.proved) for one in releases]


def test_what_a_file_of_keras_2_proves() -> None:
    """Its arguments are of releases that know them, and its inputs are not of Keras 3."""
    found = writer(hdf5(OLD, {}, stated={"keras_version": "2.9.0"}))

    assert found.keras == "2.9.0"
    assert found.contradictions == ()
    assert allows(found, "2.2.4", "2.4.0", "2.9.0", "2.15.0", "3.0.5") == [
        *(False, True, True, True, False)
    ]
    statements = [one.statement for one in found.signs]
    assert "Conv2D has groups" in statements
    assert "its inputs: batch_input_shape" in statements
    assert all(one.keras and one.known_from for one in found.signs)


def test_what_a_file_of_keras_3_proves() -> None:
    """Types as policies and inputs that may be left out are of its later releases."""
    found = writer(archive(NEW, {}, stated={"keras_version": "3.15.1", "date_saved": "2026-11-22"}))

    assert found.saved == "2026-11-22"
    assert found.contradictions == ()
    assert allows(found, "2.15.0", "3.0.5", "3.11.3", "3.15.1") == [False, False, False, True]


@pytest.mark.parametrize(
    ("content", "stated"),
    [
        (hdf5(OLD, {}, stated={"keras_version": "3.8.0"}), "3.8.0"),
        (archive(NEW, {}, stated={"keras_version": "2.12.0"}), "2.12.0"),
        (hdf5(NEW, {}, stated={"keras_version": "2.2.4-tf"}), "2.2.4-tf"),
    ],
)
def test_a_file_that_states_another_writer(content: Content, stated: str) -> None:
    """It is said what in it that release does not write."""
    found = writer(content)

    assert found.keras == stated
    (said,) = found.contradictions
    assert f"it states Keras {stated}, which does not write so" in said


def test_a_file_that_no_release_writes() -> None:
    """Inputs of Keras 2 and of Keras 3 in one model: somebody changed it."""
    mixed = model("Functional", "m", input_2("x", None, 4), layer_3("InputLayer", "y"))
    mixed["config"]["layers"][1]["config"]["batch_shape"] = [None, 4]
    found = writer(hdf5(mixed, {}))

    assert found.proved is None
    assert found.contradictions == (
        "no release of Keras writes all of this: it was put together or changed",
    )


@pytest.mark.parametrize(
    ("module", "inside", "outside"),
    [
        ("keras.src.engine.functional", ("2.13.1", "2.15.0"), ("2.12.0", "3.0.5")),
        ("keras.engine.functional", ("2.12.0",), ("2.15.0", "3.0.5")),
        ("keras.src.models.functional", ("3.0.0", "3.0.5"), ("2.15.0",)),
    ],
)
def test_the_module_of_a_model(
    module: str, inside: "tuple[str, ...]", outside: "tuple[str, ...]"
) -> None:
    """Keras moved its own classes about, and archives name the place."""
    found = writer(archive(model("Functional", "m", layer_2("Dense", "d"), module=module), {}))

    assert all(allows(found, *inside))
    assert not any(allows(found, *outside))


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [("layers", "2.15.0", "2.12.0"), ("_layer_checkpoint_dependencies", "2.12.0", "2.15.0")],
)
def test_the_layout_of_weights(entry: str, inside: str, outside: str) -> None:
    """The group that holds the layers has two names."""
    found = writer(
        Content(
            path="w",
            format=ModelFormat.KERAS_WEIGHTS,
            bytes=1,
            tensors=(tensor(f"{entry}/dense/vars/0", 3),),
            entries=(entry, "vars"),
        )
    )

    assert found.keras is None
    assert allows(found, inside, outside) == [True, False]


def test_an_old_tensorflow_is_told_with_its_keras() -> None:
    """The keras of 2.13 to 2.15 is that of the TensorFlow with the same number."""
    configuration = model("Functional", "m", module="keras.src.engine.functional")
    configuration["config"]["layers"] = [{**layer_2("Dense", "d"), "module": "keras.layers"}]

    assert writer(archive(configuration, {})).proved_tensorflow == ">=2.12,<2.16"
    assert writer(archive(NEW, {})).proved_tensorflow is None


def test_the_tensorflow_that_a_file_states() -> None:
    """A graph has the version of its TensorFlow."""
    content = Content(
        path="m",
        format=ModelFormat.SAVED_MODEL,
        bytes=1,
        graph=Graph(operations={}, tensorflow="2.9.3"),
    )

    assert writer(content).tensorflow == "2.9.3"
    assert summarise(content).backend == "tensorflow"


@pytest.mark.parametrize(
    "foreign",
    [
        {"class_name": "Conv2D", "module": "mine.layers", "config": {"name": "c", "groups": 1}},
        {"class_name": "Mine", "config": {"name": "c", "groups": 1}},
        {"class_name": "Conv2D", "config": ["groups"]},
    ],
)
def test_a_class_of_somebody_else_proves_nothing(foreign: Any) -> None:
    """What it writes into its configuration is not Keras's."""
    found = writer(hdf5(model("Sequential", "s", foreign), {}))

    assert not any("groups" in one.statement for one in found.signs)


def test_a_file_of_before_everything_measured() -> None:
    """What a file of Keras 1 lacks does not make it a later one's."""
    configuration = {
        "class_name": "Sequential",
        "config": [{"class_name": "Dense", "config": {"name": "d", "output_dim": 3}}],
    }
    found = writer(hdf5(configuration, {}, stated={"keras_version": "1.2.2"}))

    assert found.contradictions == ()


@pytest.mark.parametrize("stated", ["", "unknown", "2", "9" * 400, "2.9.0.dev+x", "3.0.0rc1"])
def test_what_is_stated_may_be_anything(stated: str) -> None:
    """It is repeated, and believed only where it is a release."""
    assert writer(hdf5(OLD, {}, stated={"keras_version": stated})).keras == stated


@pytest.mark.parametrize(
    ("first", "second", "written"),
    [
        (Interval(lower="2.4"), Interval(upper="3.0"), ">=2.4,<3.0"),
        (Interval(lower="2.4"), Interval(lower="2.4", includes_lower=False), ">2.4"),
        (Interval(upper="3.0", includes_upper=True), Interval(upper="3.0"), "<3.0"),
        (Interval(lower="2.10"), Interval(lower="2.9"), ">=2.10"),
        (Interval(upper="2.10"), Interval(upper="2.9"), "<2.9"),
        (Interval(), Interval(), ""),
    ],
)
def test_intervals_are_intersected(first: Interval, second: Interval, written: str) -> None:
    """The narrower bound counts, whichever side it comes from."""
    assert (first & second).written() == (second & first).written() == written


@pytest.mark.parametrize(
    ("interval", "empty"),
    [
        (Interval(lower="3.0", upper="2.9"), True),
        (Interval(lower="3.0", upper="3.0"), True),
        (Interval(lower="3.0", upper="3.0", includes_upper=True), False),
        (Interval(lower="2.9", upper="2.10"), False),
        (Interval(upper="2.10"), False),
    ],
)
def test_whether_a_release_is_left(interval: Interval, *, empty: bool) -> None:
    """Numbers are compared as numbers."""
    assert interval.is_empty is empty


def test_releases_in_an_interval() -> None:
    """Bounds count where they are included; what is no release is in none."""
    open_, closed = (
        Interval(lower="2.4", includes_lower=inside, upper="3.0", includes_upper=inside)
        for inside in (False, True)
    )

    assert [one in open_ for one in ("2.3", "2.4", "2.10", "3.0", "x")] == [
        *(False, False, True, False, False)
    ]
    assert [one in closed for one in ("2.3", "2.4", "2.10", "3.0", "3.1")] == [
        *(False, True, True, True, False)
    ]
