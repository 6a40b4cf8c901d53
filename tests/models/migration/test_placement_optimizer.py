"""The state of an optimizer: carried over whole and in the new order, or not at all."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import msgspec
import pytest
from packaging.version import Version

from tfmac.models.migration.placement import PlacedArray, Placement, placed
from tfmac.models.migration.translation import Translation
from tfmac.schema.model_content import Content, ModelFormat, Tensor, WeightGroup

NEWEST = Version("3.15.1")
Named = Sequence[tuple[str, tuple[int, ...]]]

WEIGHTS: Named = [("a/kernel:0", (4, 3)), ("a/bias:0", (3,)), ("b/kernel:0", (3, 2))]
LEGACY_ADAM: Named = [
    ("Adam/iter:0", ()),
    *((f"Adam/{name[:-2]}/m:0", shape) for name, shape in WEIGHTS),
    *((f"Adam/{name[:-2]}/v:0", shape) for name, shape in WEIGHTS),
]
NEW_ADAM: Named = [
    ("iteration:0", ()),
    *((f"Adam/{kind}/{name}", shape) for name, shape in WEIGHTS for kind in ("m", "v")),
]
KERAS_3_ADAM: Named = [
    ("adam/iteration", ()),
    ("adam/learning_rate", ()),
    *(
        (f"adam/{name[:-2].replace('/', '_')}_{kind}", shape)
        for name, shape in WEIGHTS
        for kind in ("momentum", "velocity")
    ),
]
SCHEDULE = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1}}


def model(*, trainable: bool = True) -> dict[str, Any]:
    """Describe two layers one after the other, of which the first may be switched off."""
    layers = [
        {"class_name": "Dense", "config": {"name": "a", "units": 3, "trainable": trainable}},
        {"class_name": "Dense", "config": {"name": "b", "units": 2, "use_bias": False}},
    ]
    return {"class_name": "Sequential", "config": {"name": "model", "layers": layers}}


def content(
    state: Named,
    class_name: str = "Adam",
    settings: Optional[Mapping[str, Any]] = None,
    *,
    keras: str = "2.9.0",
    trainable: bool = True,
) -> Content:
    """Make the content of an HDF5 file with the state of an optimizer."""
    config = {"learning_rate": 0.25, **(settings or {})}
    return Content(
        path="a.h5",
        format=ModelFormat.KERAS_HDF5,
        bytes=1,
        stated={"keras_version": keras},
        configuration=model(trainable=trainable),
        training={"optimizer_config": {"class_name": class_name, "config": config}},
        tensors=tuple(_tensors(WEIGHTS)),
        optimizer=tuple(_tensors(state, "state/")),
        groups=(
            WeightGroup(layer="a", tensors=("a/kernel:0", "a/bias:0")),
            WeightGroup(layer="b", tensors=("b/kernel:0",)),
        ),
    )


def _tensors(named: Named, top: str = "") -> "list[Tensor]":
    return [
        Tensor(path=f"{top}{name}", shape=shape, dtype="float32", bytes=4, name=name)
        for name, shape in named
    ]


def place(
    old: Content, keras: Version = NEWEST, *, strip: bool = False, wanted: Optional[str] = None
) -> Placement:
    """Place by a translation that changes nothing but how the optimizer is written."""
    given = (old.training or {})["optimizer_config"]
    name = wanted or given["class_name"].rpartition(">")[2]
    optimizer = {"class_name": name, "config": given["config"]}
    translation = Translation(
        configuration=old.configuration or {},
        training={"optimizer": optimizer},
        sources={"a": "a", "b": "b"},
    )
    return placed(old, translation, keras, strip_optimizer=strip)


def state_of(placement: Placement) -> "list[PlacedArray]":
    """Give the arrays of the optimizer, which are numbered without a gap."""
    assert placement.untranslated == ()
    found = [one for one in placement.arrays if one.path.startswith("optimizer")]
    assert [one.path for one in found] == [f"optimizer/vars/{at}" for at in range(len(found))]
    return found


def sources_of(placement: Placement) -> "list[str]":
    """Give what stands behind the number of steps and the learning rate."""
    return [one.sources[0].removeprefix("state/") for one in state_of(placement)[2:]]


def test_what_goes_by_kind_then_goes_by_variable() -> None:
    """The old Adam lists all momenta first; the learning rate is that of the configuration."""
    placement = place(content(LEGACY_ADAM))

    steps, rate = state_of(placement)[:2]
    assert steps.sources == ("state/Adam/iter:0",)
    assert (rate.values, rate.shape, rate.dtype) == ((0.25,), (), "float32")
    assert sources_of(placement) == [
        f"Adam/{name[:-2]}/{kind}:0" for name, _ in WEIGHTS for kind in ("m", "v")
    ]
    assert placement.changes == ()


def test_the_new_optimizers_of_keras_2_have_the_order_already() -> None:
    """From 2.11 on the state goes by variable, without a learning rate."""
    placement = place(content(NEW_ADAM, "Custom>Adam", keras="2.15.0"))

    assert sources_of(placement) == [name for name, _ in NEW_ADAM[1:]]


def test_legacy_optimizers_are_known_by_their_names_after_2_11() -> None:
    """The release alone does not tell which generation wrote it."""
    placement = place(content(LEGACY_ADAM, keras="2.15.0"))

    assert sources_of(placement)[1] == "Adam/a/kernel/v:0"


def test_keras_3_keeps_its_learning_rate() -> None:
    """It may have been changed while the model was trained."""
    placement = place(content(KERAS_3_ADAM, keras="3.8.0"))

    assert state_of(placement)[1].sources == ("state/adam/learning_rate",)
    assert sources_of(placement) == [name for name, _ in KERAS_3_ADAM[2:]]


def test_a_schedule_has_no_variable() -> None:
    """The slots follow on the number of steps."""
    placement = place(content(LEGACY_ADAM, settings={"learning_rate": SCHEDULE}))

    assert [one.sources[0] for one in state_of(placement)][:2] == [
        "state/Adam/iter:0",
        "state/Adam/a/kernel/m:0",
    ]


def test_what_keras_3_has_no_use_for_is_left_out() -> None:
    """SGD of Keras 2.11 and later keeps momenta even where there is no momentum."""
    state = [("iteration:0", ()), *((f"SGD/m/{name}", shape) for name, shape in WEIGHTS)]
    old = content(state, "SGD", {"momentum": 0.0}, keras="2.15.0")

    assert len(state_of(place(old))) == 2
    assert place(old).changes == ()


def test_a_layer_that_is_switched_off_has_no_state() -> None:
    """Only what is trained is counted, on both sides; Keras 3.0 may train it nevertheless."""
    state = [one for one in LEGACY_ADAM if "/a/" not in one[0]]
    old = content(state, trainable=False)

    assert sources_of(place(old)) == ["Adam/b/kernel/m:0", "Adam/b/kernel/v:0"]
    assert "switched off" in _reason(place(old, Version("3.0.5")))


@pytest.mark.parametrize(
    ("keras", "place_of_product"), [("3.0.5", 2), ("3.8.0", 2), ("3.15.1", 8), ("3.10.0", None)]
)
def test_the_product_of_nadam_stands_where_the_release_has_it(
    keras: str, place_of_product: Optional[int]
) -> None:
    """Early releases make it before the momenta, late ones after; between was not measured."""
    named = [(name.replace("adam/", "nadam/"), shape) for name, shape in KERAS_3_ADAM]
    named.insert(2, ("nadam/variable", ()))

    placement = place(content(named, "Nadam", keras="3.8.0"), Version(keras))

    if place_of_product is None:
        assert "product" in _reason(placement)
    else:
        product = state_of(placement)[place_of_product]
        assert product.sources == ("state/nadam/variable",)
        assert len(state_of(placement)) == 9


def _reason(placement: Placement) -> str:
    assert state_of(placement) == []
    (change,) = placement.changes
    assert change.rule == "optimizer-state"
    return change.statement


@pytest.mark.parametrize(
    ("state", "class_name", "expected"),
    [
        (LEGACY_ADAM[:-1], "Adam", "5 arrays where 6"),
        ([*LEGACY_ADAM, ("Adam/more:0", (2,))], "Adam", "7 arrays where 6"),
        ([*LEGACY_ADAM[:-1], ("Adam/b/kernel/v:0", (2, 3))], "Adam", "another shape"),
        ([*LEGACY_ADAM[:-1], ("Adam/b/kernel/m:0", (3, 2))], "Adam", "v of kernel"),
        ([*LEGACY_ADAM[:-1], ("Adam/b/gamma/v:0", (3, 2))], "Adam", "v of kernel"),
        ([("training/Adam/Variable:0", ()), *LEGACY_ADAM[1:]], "Adam", "iter is expected"),
        (LEGACY_ADAM[1:], "Adam", "no iter"),
        (LEGACY_ADAM, "Nadam", "was not measured"),
        (LEGACY_ADAM, "Lion", "was not measured"),
    ],
)
def test_a_state_that_does_not_fit_is_left_behind(
    state: Named, class_name: str, expected: str
) -> None:
    """Nothing is guessed: a word says what is missing, and training starts afresh."""
    assert expected in _reason(place(content(state, class_name)))


def test_another_optimizer_gets_nothing() -> None:
    """The state is that of the old one."""
    assert "that optimizer" in _reason(place(content(LEGACY_ADAM), wanted="SGD"))


def test_what_is_computed_with_half_the_bits_is_left_behind() -> None:
    """Keras 3 wraps the optimizer of such a model into another one."""
    old = content(LEGACY_ADAM)
    configuration = model()
    configuration["config"]["layers"][0]["config"]["dtype"] = "mixed_float16"

    placement = place(msgspec.structs.replace(old, configuration=configuration))

    assert "scales the loss" in _reason(placement)


def test_a_state_that_is_not_wanted_is_not_mentioned() -> None:
    """Who leaves it out knows that."""
    placement = place(content(LEGACY_ADAM), strip=True)

    assert state_of(placement) == []
    assert placement.changes == ()


def test_a_step_that_is_another_one_is_told() -> None:
    """The old RMSprop adds epsilon beside the root, unless it has momentum."""
    state: Named = [
        ("RMSprop/iter:0", ()),
        *((f"RMSprop/{name[:-2]}/rms:0", shape) for name, shape in WEIGHTS),
    ]

    placement = place(content(state, "RMSprop", {"momentum": 0.0}))

    assert len(state_of(placement)) == 5
    assert [one.rule for one in placement.changes] == ["optimizer-step"]
