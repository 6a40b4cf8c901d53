"""``tfmac api``: where a public name lived, and what stands in for it."""

import pytest

from cli.console import document, refused, tfmac


def test_a_name_that_is_gone() -> None:
    """The releases, the replacement with how it is known, and the same path elsewhere."""
    code, out, err = tfmac("api", "keras.utils.np_utils")

    assert (code, err) == (0, "")
    assert out.startswith("keras.utils.np_utils\n")
    assert "\n  lived     Keras 2.2 to 2.12: module\n" in out
    assert "\n  gone      not in Keras 2.13 to 3." in out
    assert "keras.utils.to_categorical (the same object in Keras 2.12.0)" in " ".join(out.split())
    assert "\n  also      " in out


def test_a_name_that_lives() -> None:
    """Each run of releases has its parameters."""
    code, out, err = tfmac("api", "tf.math.reduce_sum")

    assert (code, err) == (0, "")
    assert "function(input_tensor, axis=, keepdims=, name=)" in out
    assert "gone" not in out


def test_a_name_that_is_nowhere() -> None:
    """That is an answer too, with the nearest names."""
    code, out, err = tfmac("api", "tf.keras.layers.Dens")

    assert (code, err) == (0, "")
    assert "in none of TensorFlow 2.0 to 2.15" in out
    assert "tf.keras.layers.Dense" in out


def test_a_name_of_another_package() -> None:
    """What was not read is not claimed to be missing."""
    code, out, err = tfmac("api", "pandas.read_csv")

    assert (code, err) == (0, "")
    assert "of none of the packages that were read" in out


@pytest.mark.parametrize("name", ["keras.utils.np_utils", "tf.keras.Model", "pandas.read_csv"])
def test_as_json(name: str) -> None:
    """The JSON form holds to the schema that ships."""
    page = document(tfmac("api", name, "--format", "json").out, "api")
    assert page["asked"] == name
    assert page["found"] is (name != "pandas.read_csv")


@pytest.mark.parametrize("name", ["", "two words", "a/b", "tf..nn"])
def test_what_is_no_name(name: str) -> None:
    """A usage error that shows how a name is written."""
    refused(tfmac("api", name), 2, "is not a name such as tf.keras.layers.Dense")


def test_without_a_name() -> None:
    """A name is needed."""
    refused(tfmac("api"), 2, "NAME")


def test_help_and_format() -> None:
    """The command describes itself and takes ``--format text|json``."""
    code, out, err = tfmac("api", "--help")
    assert (code, err) == (0, "")
    assert out.startswith("Usage: tfmac api")
    assert "[text|json]" in out
    refused(tfmac("api", "tf.nn.relu", "--format", "xml"), 2, "'xml'")
