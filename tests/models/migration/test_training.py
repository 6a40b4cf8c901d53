"""How a model is trained, as Keras 3 writes it."""

from typing import Any

import pytest

from models.migration.cases import case, layer, sequential, translated
from tfmac.models.migration.translate import Translation


def trained(training: Any, keras: str = "3.15.1") -> Translation:
    """Translate a model with a training configuration."""
    return translated(sequential(layer("Dense", units=2), training=training), keras)


def compiled(optimizer: Any, **more: Any) -> dict[str, Any]:
    """Give what is written of the training."""
    found = trained({"optimizer_config": optimizer, "loss": "mse", **more}).training
    assert found is not None
    return found


def adam(**config: Any) -> dict[str, Any]:
    """Make an optimizer as Keras 2 writes it."""
    return {"class_name": "Adam", "config": {"lr": 0.5, **config}}


@pytest.mark.parametrize(
    ("keras", "old", "new"),
    [
        ("3.15.1", "my output", "my_output"),
        ("3.8.0", "one", "one_activation"),
        ("3.15.1", "one", "one"),
    ],
)
def test_losses_are_stated_by_the_new_names_of_outputs(keras: str, old: str, new: str) -> None:
    """Names change where TensorFlow refuses them, and where an activation becomes a layer."""
    training = {
        "optimizer_config": adam(),
        "loss": {old: "mse"},
        "metrics": {old: ["mae"]},
        "loss_weights": {old: 0.5},
    }
    last = layer("Dense", units=2, activation="hard_sigmoid")
    last["config"]["name"] = old
    written = translated(sequential(last, training=training), keras).training

    assert written is not None
    assert {key: list(written[key]) for key in ("loss", "metrics", "loss_weights")} == {
        "loss": [new],
        "metrics": [new],
        "loss_weights": [new],
    }


def test_a_loss_by_output_is_none_by_its_class() -> None:
    """A single loss has keys, too."""
    loss = {"class_name": "Huber", "config": {"delta": 2.0}}

    assert compiled(adam(), loss=loss)["loss"]["class_name"] == "Huber"


def test_a_rate_has_its_full_name() -> None:
    """``lr`` is ``learning_rate``; without a value, the fuzz is Keras 2's."""
    config = compiled(adam(decay=0.0, epsilon=None))["optimizer"]["config"]

    assert config == {"learning_rate": 0.5, "epsilon": 1e-7}


def test_a_rate_that_decays_is_a_schedule() -> None:
    """Keras 3 has no argument for it, and would forget it."""
    rate = compiled(adam(decay=0.01))["optimizer"]["config"]["learning_rate"]

    assert (rate["module"], rate["class_name"]) == (
        "keras.optimizers.schedules",
        "InverseTimeDecay",
    )
    assert rate["config"]["decay_rate"] == pytest.approx(0.01)
    assert rate["config"]["decay_steps"] == 1


@pytest.mark.parametrize("name", ["Adam", "Custom>Adam", "adam"])
def test_optimizers_by_any_of_their_names(name: str) -> None:
    """Keras 2.11 and later put ``Custom>`` before it."""
    found = compiled({"class_name": name, "config": {"is_legacy_optimizer": False}})["optimizer"]

    assert (found["module"], found["class_name"]) == ("keras.optimizers", "Adam")
    assert found["config"] == {}


def test_scaling_of_the_loss_is_left_to_keras() -> None:
    """It scales by itself where a model computes with half the bits."""
    wrapped = {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": adam()}}

    assert compiled(wrapped)["optimizer"]["class_name"] == "Adam"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("mse", "mean_squared_error"),
        (["mae", "categorical_crossentropy"], ["mean_absolute_error", "categorical_crossentropy"]),
        ({"a": "mse"}, {"a": "mean_squared_error"}),
        (
            {"class_name": "Huber", "config": {"reduction": "auto", "name": "h", "fn": "huber"}},
            {
                "module": "keras.losses",
                "class_name": "Huber",
                "config": {"reduction": "sum_over_batch_size", "name": "h"},
                "registered_name": None,
            },
        ),
    ],
)
def test_losses(given: Any, written: Any) -> None:
    """Short names are written out, in whatever structure they stand."""
    assert compiled("sgd", loss=given)["loss"] == written


def test_metrics() -> None:
    """What wraps a function is that function; a list of one list is that list."""
    wrapper = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "accuracy", "dtype": "float32", "fn": "categorical_accuracy"},
    }

    assert compiled("sgd", metrics=[[wrapper, "mae"]])["metrics"] == [
        "accuracy",
        "mean_absolute_error",
    ]


def test_a_loss_of_somebodys_own_leaves_the_model_uncompiled() -> None:
    """The model is still the model."""
    translation = trained({"optimizer_config": adam(), "loss": "mine"})

    assert translation.training is None
    assert "compile_config" not in translation.configuration
    assert translation.untranslated == ()
    assert [(one.rule, one.layer) for one in translation.changes] == [("training-needs-code", "")]


def test_a_metric_of_somebodys_own_is_left_out() -> None:
    """The rest is compiled."""
    translation = trained({"optimizer_config": adam(), "loss": "mse", "metrics": ["mine", "mae"]})

    assert translation.training is not None
    assert translation.training["metrics"] == ["mean_absolute_error"]
    assert [one.rule for one in translation.changes] == ["metric-needs-code"]


@pytest.mark.parametrize("release", ["2.9", "2.15"])
def test_what_real_releases_write(release: str) -> None:
    """Losses and metrics by output, with objects among them."""
    translation = translated(case(f"by_names-{release}"))
    found = translation.training

    assert found is not None
    assert found["loss"]["one"] == "mean_squared_error"
    assert found["loss"]["two"]["class_name"] == "Huber"
    assert translation.configuration["compile_config"] == found


@pytest.mark.parametrize("training", [None, [], {}, {"optimizer_config": 3}, {"loss": "mse"}])
def test_without_an_optimizer_nothing_is_compiled(training: Any) -> None:
    """Whatever stands there instead."""
    assert trained(training).training is None


def test_losses_without_end_are_refused() -> None:
    """Hostile text has no end."""
    loss: Any = "mse"
    for _ in range(50):
        loss = [loss]

    assert trained({"optimizer_config": adam(), "loss": loss}).training is None
