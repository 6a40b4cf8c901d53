"""Wishes as tests on candidates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.wishes import demands, unnamed
from tfmac.planner import wishes
from tfmac.planner.demands import InvalidWish
from tfmac.planner.wishes import collisions, meets_all, specifier_of
from tfmac.schema.plans import Wish
from tfmac.schema.platform import Target

MAC = Target.parse("macos-15-arm64")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2.18", ["2.18.0", "2.18.1"], ["2.19.0", "2.180.0"]),
        ("2.18.1", ["2.18.1"], ["2.18.0"]),
        ("2", ["2.5.0", "2.21.0"], ["3.0.0"]),
        ("2.18.*", ["2.18.1"], ["2.19.0"]),
        ("==2.18.1", ["2.18.1"], ["2.18.0"]),
        (">=2.17,<2.20", ["2.17.0", "2.19.1"], ["2.20.0"]),
        ("~=2.17", ["2.17.0", "2.20.0"], ["2.16.2"]),
        ("!=2.19.1", ["2.19.0"], ["2.19.1"]),
        (" <2.18 ", ["2.17.1"], ["2.18.0"]),
        ("", ["2.5.0"], []),
    ],
)
def test_a_version_specifier_in_any_form(
    text: str, inside: "list[str]", outside: "list[str]"
) -> None:
    """A bare version means that one, two numbers any patch release, the rest is PEP 440."""
    specifier = specifier_of(text, "--tensorflow")

    assert all(specifier.contains(version) for version in inside)
    assert not any(specifier.contains(version) for version in outside)


@pytest.mark.parametrize("text", ["latest", "2.x", ">2.18<2.20", "=2.18", "2.22rc0.1.2"])
def test_what_is_no_specifier_is_refused_with_the_forms(text: str) -> None:
    """The message names the option, repeats the text and shows what to write."""
    with pytest.raises(InvalidWish, match=r"^--keras '.*' is not a version specifier: write 2\.18"):
        specifier_of(text, "--keras")


@given(st.text() | st.text(alphabet="<>=!~.,*0123456789rc "))
def test_an_arbitrary_specifier_is_read_or_refused(text: str) -> None:
    """Nothing but ``InvalidWish`` is raised."""
    try:
        specifier_of(text, "--tensorflow")
    except InvalidWish:
        return


@pytest.mark.parametrize(
    ("wish", "option"),
    [
        (Wish(target=MAC, tensorflow="newest"), "--tensorflow"),
        (Wish(target=MAC, keras="three"), "--keras"),
        (Wish(target=MAC, demands=demands("pandas", "numpy<<2")), "--with"),
        (Wish(target=MAC, demands=demands("")), "--with"),
    ],
)
def test_an_unreadable_wish_is_refused_before_anything_is_looked_up(
    wish: Wish, option: str
) -> None:
    """The message begins with the option that was wrong."""
    with pytest.raises(InvalidWish, match=f"^{option} "):
        wishes.tests_of(wish)


def test_wishes_are_named_as_the_user_wrote_them() -> None:
    """Each wish is one test under its option."""
    wish = Wish(
        target=MAC,
        python="3.12.4",
        gpu=True,
        tensorflow="<2.19",
        keras=">=3",
        demands=demands("pandas>=2"),
    )

    names = [test.wish for test in wishes.tests_of(wish)]

    assert names == [
        *("--gpu", "--python 3.12", "--tensorflow <2.19", "--keras >=3"),
        "--with pandas>=2",
    ]


def test_no_wish_is_no_test() -> None:
    """What the user has no opinion about rules nothing out."""
    assert wishes.tests_of(Wish(target=MAC)) == ()


@pytest.mark.parametrize(
    ("keras", "newest", "oldest"),
    [("<3", "2.15.1", "2.6.0"), (">=3", "2.21.0", "2.16.1"), ("2.10", "2.10.0", "2.10.0")],
)
def test_a_keras_has_to_fit_what_tensorflow_declares(keras: str, newest: str, oldest: str) -> None:
    """Keras 2 is TensorFlow's own up to 2.15, each minor with the Keras of its number."""
    tests = wishes.tests_of(Wish(target=MAC, keras=keras))

    fitting = [
        one.tensorflow for one in unnamed(MAC) if one.plugin is None and meets_all(one, tests)
    ]

    assert (fitting[0], fitting[-1]) == (newest, oldest)


def test_wishes_that_can_be_met_do_not_collide() -> None:
    """Where a candidate meets all wishes there is no colliding set."""
    tests = wishes.tests_of(Wish(target=MAC, gpu=True, python="3.12"))

    assert collisions(unnamed(MAC), tests) == ()
