"""Which release is tried next beside a TensorFlow, and with what beside it."""

from typing import Optional

import pytest
from tools.satellites.records import Tried, by_release
from tools.satellites.searching import attempts, complete, exchanged, named, next_older

from tfmac.schema.satellites import Stage

TF_KERAS = "tf-keras==2.18.*"
VERSIONS = [f"{number}.0" for number in range(1, 13)]


def walked(works: "set[str]", *, contemporary: Optional[str] = None) -> "list[str]":
    """Try releases until nothing more is asked for; the resolver has taken the newest."""
    tried = {VERSIONS[-1]: VERSIONS[-1] in works}
    while (version := next_older(VERSIONS, tried, contemporary)) is not None:
        assert version not in tried
        tried[version] = version in works
    return list(tried)


def test_a_newest_that_works_is_enough() -> None:
    """Nothing older is asked for."""
    assert walked({"12.0"}) == ["12.0"]


def test_the_newest_of_some_that_work_is_found() -> None:
    """Where the release of those days works, the border lies between it and the newest."""
    tried = walked({f"{number}.0" for number in range(1, 10)}, contemporary="8.0")
    assert tried == ["12.0", "8.0", "10.0", "9.0"]


def test_where_all_fail_a_few_are_tried_newest_first() -> None:
    """A package that was given up has no release for a new TensorFlow."""
    assert walked(set()) == ["12.0", "11.0", "10.0", "9.0", "8.0"]
    assert walked(set(), contemporary="12.0") == ["12.0", "11.0", "10.0", "9.0", "8.0"]


def test_before_anything_was_tried_the_resolver_decides() -> None:
    """And of a package without a release there is nothing older."""
    assert next_older(VERSIONS, {}, "8.0") is None
    assert next_older([], {"1.0": False}, None) is None


@pytest.mark.parametrize(("tensorflow", "last"), [("2.18.1", (TF_KERAS,)), ("2.9.3", ())])
def test_tf_keras_is_tried_where_there_is_one(tensorflow: str, last: "tuple[str, ...]") -> None:
    """Each try without it goes first."""
    first, *rest = attempts(tensorflow)
    assert first == ()
    assert rest == ([last] if last else [])


def tried(stage: Optional[Stage], *beside: str, native: bool = False, said: str = "") -> Tried:
    return Tried(
        tensorflow="2.18.1",
        python="3.11",
        package="moon",
        day="2026-01-02",
        version="1.0",
        beside=beside,
        stage=stage,
        native=native,
        said=said,
    )


PKG_RESOURCES = "ModuleNotFoundError: No module named 'pkg_resources'"
METADATA = "site-packages/tensorflow_metadata/proto/v0/anomalies_pb2.py: VersionError"


@pytest.mark.parametrize(
    ("walk", "whole"),
    [
        ([tried(Stage.WORKS)], True),
        ([tried(Stage.IMPORT)], False),
        ([tried(Stage.IMPORT), tried(Stage.IMPORT, "setuptools<81")], False),
        ([tried(Stage.IMPORT), tried(Stage.USE, TF_KERAS)], True),
        ([tried(Stage.IMPORT), tried(None, TF_KERAS)], True),
        ([tried(Stage.IMPORT, native=True)], True),
        ([tried(Stage.IMPORT), tried(Stage.IMPORT, TF_KERAS, said=PKG_RESOURCES)], False),
        ([tried(None)], True),
        ([tried(Stage.USE, TF_KERAS)], False),
    ],
)
def test_a_walk_that_was_cut_off_is_begun_again(walk: "list[Tried]", *, whole: bool) -> None:
    """It is whole where the release works, cannot be helped, or nothing is left to try."""
    assert complete(walk) is whole


def test_a_walk_begins_with_the_release_alone() -> None:
    """What an earlier walk found is forgotten then."""
    first = [tried(Stage.IMPORT), tried(Stage.WORKS, TF_KERAS)]
    again = [tried(Stage.USE)]
    assert list(by_release([*first, *again])) == [again]


def test_what_a_run_names_is_tried() -> None:
    """A module that setuptools gave up, and generated code that is too new, bound after bound."""
    assert named(tried(Stage.IMPORT, said=PKG_RESOURCES)) == "setuptools<81"
    assert named(tried(Stage.IMPORT, "setuptools<81", said=PKG_RESOURCES)) is None
    first = named(tried(Stage.USE, said=METADATA))
    assert first == "tensorflow-metadata<1.17"
    second = named(tried(Stage.USE, first, said=METADATA))
    assert second == "tensorflow-metadata<1.16"
    assert named(tried(Stage.USE, second, said=METADATA)) is None
    assert named(tried(None, said=PKG_RESOURCES)) is None
    assert named(tried(Stage.WORKS)) is None


def test_a_bound_takes_the_place_of_another() -> None:
    """The row then names the one that helped."""
    assert exchanged((TF_KERAS, "moon<2"), "moon<1") == (TF_KERAS, "moon<1")
    assert exchanged((), "moon<1") == ("moon<1",)
