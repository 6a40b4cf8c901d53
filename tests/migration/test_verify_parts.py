import math
from typing import Any

import numpy as np
import pytest

from tfmac.migration.environments import Making, cached, name_of, wish_for
from tfmac.migration.verify_comparison import Tolerance, compare, tolerance_for
from tfmac.migration.verify_inputs import DRAWS, TRIED_SIZES, InputDescription, draw
from tfmac.migration.verify_readers import candidates, reader_of_keras, writers_of
from tfmac.schema.model_content import Content, ModelFormat
from tfmac.schema.plans import StackKind
from tfmac.schema.platform import Target

_LINUX = Target.parse("linux-x86_64")


def written_by(keras: str, **stated: str) -> Content:
    return Content(
        path="m.h5",
        format=ModelFormat.KERAS_HDF5,
        bytes=1,
        stated={"keras_version": keras, "backend": "tensorflow", **stated},
        configuration={"class_name": "Sequential", "config": {"name": "m", "layers": []}},
    )


@pytest.mark.parametrize(
    ("old", "new", "within"),
    [
        ([1.0], [1.00009], True),
        ([1.0], [1.0002], False),
        ([1e6], [1e6 + 5], True),
        ([math.nan, 1.0], [math.nan, 1.0], True),
        ([math.nan, 1.0], [1.0, math.nan], False),
        ([math.inf], [math.inf], True),
        ([math.inf], [1.0], False),
        ([], [], True),
        ([[1.0]], [1.0], False),
        ([1], [1], True),
        ([1], [2], False),
        ([1], [1.0], False),
        (["a"], ["a"], True),
        (["a"], ["b"], False),
    ],
)
def test_values_agree_within_either_bound(old: Any, new: Any, within: bool) -> None:  # noqa: FBT001
    """What is not a number has to be so in both; shapes, kinds, texts and counts are exact."""
    found = compare(np.array(old), np.array(new), Tolerance())

    assert found.within is within
    assert math.isfinite(found.max_abs)
    assert math.isfinite(found.max_rel)


@pytest.mark.parametrize("kind", ["float16", "mixed_float16", "bfloat16", "int8", "float8"])
def test_reduced_types_are_compared_less_strictly(kind: str) -> None:
    assert tolerance_for(["float32", kind]).absolute == 5e-3
    assert tolerance_for(["float32", "int64", "uint8", "string"]) == Tolerance()


@pytest.mark.parametrize("kind", DRAWS)
def test_whole_numbers_stay_below_what_a_layer_takes(kind: str) -> None:
    """An Embedding takes them as floating point numbers in old releases."""
    described = InputDescription(name="x", shape=(None, None), type="float32", below=5)

    (array,) = draw([described], TRIED_SIZES[0], kind)

    assert array.shape == (3, TRIED_SIZES[0].sequence)
    assert set(np.unique(array)) <= {0, 1, 2, 3, 4}


def test_draws_have_negative_values_zeros_and_rows_that_end_in_zeros() -> None:
    described = [InputDescription(name="x", shape=(None, 6, 2), type="float32")]
    drawn: dict[str, Any] = {kind: draw(described, TRIED_SIZES[0], kind)[0] for kind in DRAWS}

    assert drawn["normal"].min() < 0 < drawn["normal"].max()
    assert abs(drawn["wide"]).max() > 3
    assert not drawn["zeros"].any()
    assert [int((row == 0).all(axis=1).sum()) for row in drawn["masked"]] == [0, 2, 4]


def test_texts_come_from_the_vocabulary_and_from_outside_it() -> None:
    described = [InputDescription(name="x", shape=(None, 8), type="string", words=("red", "blue"))]

    (array,) = draw(described, TRIED_SIZES[0], "normal")

    words = set(" ".join(array.reshape(-1)).split())
    assert {"red", "blue"} < words


@pytest.mark.parametrize(
    ("content", "reader"),
    [
        (written_by("2.2.4"), "tensorflow==1.15.5,keras==2.2.4"),
        (written_by("2.2.4-tf"), "tensorflow==1.15.5"),
        (written_by("2.4.0"), "tensorflow==2.3.4"),
        (written_by("2.9.0"), "tensorflow==2.9.3"),
        (written_by("2.9.0", tensorflow_version="2.9.1"), "tensorflow==2.9.1"),
        (written_by("2.16.0"), "tensorflow==2.16.2,tf-keras==2.16.0"),
        (written_by("3.8.0"), "tensorflow==2.19.1,keras==3.8.0"),
    ],
)
def test_the_writer_of_an_original_comes_first(content: Content, reader: str) -> None:
    assert writers_of(content)[0] == reader
    assert candidates([content])[0] == reader


def test_after_the_writer_come_the_nearest_releases() -> None:
    """On a machine that cannot have the writer one of them stands for it."""
    found = candidates([written_by("2.9.0")])

    assert set(found[1:3]) == {"tensorflow==2.8.4", "tensorflow==2.10.1"}


def test_the_wanted_keras_gets_a_tensorflow_that_takes_it() -> None:
    assert reader_of_keras("3.5.0") == "tensorflow==2.19.1,keras==3.5.0"
    assert reader_of_keras("3.99.0").endswith("keras==3.99.0")


def test_a_reader_becomes_a_wish_with_what_old_releases_do_not_declare() -> None:
    old = wish_for("tensorflow==1.15.0,keras==2.2.4", _LINUX)
    legacy = wish_for("tensorflow==2.16.2,tf-keras==2.16.0", _LINUX)
    other = wish_for("keras==3.15.1,torch==2.13.0,python==3.11", _LINUX)

    assert {one.text for one in old.demands} >= {"keras==2.2.4", "h5py<3"}
    assert (legacy.stack, legacy.keras) == (StackKind.TF_KERAS, "==2.16.0")
    assert (other.stack, other.python) == (StackKind.KERAS_TORCH, "3.11")


def test_environments_differ_by_what_is_in_them(tmp_path: Any) -> None:
    """The order in which releases are named makes no other environment; half of one is none."""
    same = {name_of("keras==3.8.0,tensorflow==2.19.1"), name_of("tensorflow==2.19.1,keras==3.8.0")}
    making = Making(folder=str(tmp_path))
    (tmp_path / f".{name_of('tensorflow==2.9.3')}.tfmac" / "new" / "bin").mkdir(parents=True)

    assert len(same) == 1
    assert name_of("tensorflow==2.9.3") != name_of("tensorflow==2.9.3,python==3.9")
    assert cached("tensorflow==2.9.3", making) is None
