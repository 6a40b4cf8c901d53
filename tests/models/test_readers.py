"""The readers that are judged when nobody names one."""

import pytest
from packaging.version import Version

from tfmac.models.loadability.readers import parse_reader
from tfmac.models.readers import readers_that_matter


@pytest.mark.parametrize("reader", readers_that_matter())
def test_each_is_a_reader(reader: str) -> None:
    """What is judged by default could have been given by hand."""
    assert parse_reader(reader)


def test_they_are_in_order_of_age() -> None:
    """TensorFlow's own Keras, legacy Keras, Keras 3: the last one that loads is the newest."""
    readers = readers_that_matter()
    kinds = [one.partition(",")[2].partition("==")[0] for one in readers]
    of_keras_3 = [Version(one.rpartition("==")[2]) for one in readers if ",keras==" in one]

    assert kinds == sorted(kinds, key=["", "tf-keras", "keras"].index)
    assert kinds.count("tf-keras") == 1
    assert of_keras_3 == sorted(of_keras_3)
    assert {one.major for one in of_keras_3} == {3}
    minors = [one.release[:2] for one in of_keras_3]
    assert len(minors) == len(set(minors))


def test_a_keras_stands_with_a_tensorflow_that_takes_it() -> None:
    """TensorFlow 2.20 needs Keras 3.10, so an older one is not offered with it."""
    pairs = [one.split(",") for one in readers_that_matter() if ",keras==" in one]

    for tensorflow, keras in pairs:
        if Version(tensorflow.partition("==")[2]) >= Version("2.20"):
            assert Version(keras.partition("==")[2]) >= Version("3.10")
