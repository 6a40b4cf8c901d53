"""What the releases of Keras were seen to have, asked for one layer and its arguments."""

from typing import Any

import pytest
from packaging.version import Version

from tfmac.knowledge.layer_variables import variables_of

KERAS_2, KERAS_3 = Version("2.15.0"), Version("3.15.1")


def _keys(class_name: str, keras: Version = KERAS_3, **config: Any) -> "list[str]":
    return [one.key for one in variables_of(class_name, keras, config) or ()]


@pytest.mark.parametrize("keras", [Version("2.2.4"), KERAS_2, Version("3.0.0"), KERAS_3])
def test_arguments_take_variables_away(keras: Version) -> None:
    """In every release, those before and after the measured ones too."""
    assert _keys("Dense", keras) == ["kernel", "bias"]
    assert _keys("Dense", keras, use_bias=False) == ["kernel"]
    assert _keys("BatchNormalization", keras, center=False) == [
        "gamma",
        "moving_mean",
        "moving_variance",
    ]


def test_a_variable_has_one_key_whatever_a_release_calls_it() -> None:
    """The kernel of a DepthwiseConv2D had another name in Keras 2, the objects a mark before."""
    (old, _) = variables_of("DepthwiseConv2D", KERAS_2, {}) or ()
    (new, _) = variables_of("DepthwiseConv2D", KERAS_3, {}) or ()

    assert (old.name, new.name) == ("depthwise_kernel", "kernel")
    assert old.key == new.key
    assert _keys("MultiHeadAttention", KERAS_2) == _keys("MultiHeadAttention", KERAS_3)


def test_what_an_argument_brings_back_is_there() -> None:
    """Without ``scale`` there is no ``gamma``, but with the root mean square there is."""
    keras = Version("3.8.0")

    assert _keys("LayerNormalization", keras, scale=False) == ["beta"]
    assert "gamma" in _keys("LayerNormalization", keras, scale=False, rms_scaling=True)


def test_a_wrapper_has_its_own_variables_alone() -> None:
    """What it is around has an entry of its own."""
    assert _keys("TimeDistributed") == []
    assert _keys("Bidirectional") == []
    assert "vector_u" in _keys("SpectralNormalization")


def test_a_class_that_was_never_seen_is_unknown() -> None:
    """That it has no variables would be another answer."""
    assert variables_of("Mine", KERAS_3, {}) is None
    assert variables_of("LSTM", KERAS_3, {}) is not None
    assert variables_of("CuDNNLSTM", KERAS_3, {}) is None


def test_lengths_are_told_by_arguments() -> None:
    """A kernel of an LSTM is four times as long as its units."""
    kernel = (variables_of("LSTM", KERAS_3, {}) or ())[0]

    assert [(one.argument, one.times) if one else None for one in kernel.sizes] == [
        None,
        ("units", 4),
    ]


@pytest.mark.parametrize("keras", [KERAS_2, Version("3.0.5"), KERAS_3])
def test_statistics_that_are_given_are_no_variables(keras: Version) -> None:
    """A Normalization that has its mean in the configuration stores none."""
    assert _keys("Normalization", keras, mean=None) == ["mean", "variance", "count"]
    assert _keys("Normalization", keras, mean=[1.0], variance=[2.0]) == []
