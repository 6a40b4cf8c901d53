"""Pairs that load and that something stands against: taken only where no other meets the wishes."""

import pytest

from builders.wishes import unnamed
from tfmac.planner.choosing import Choice, choose
from tfmac.schema.plans import Wish
from tfmac.schema.platform import Target

MAC = Target.parse("macos-14-arm64")


def best(tensorflow: str) -> Choice:
    choice = choose(Wish(target=MAC, gpu=True, tensorflow=tensorflow))
    assert isinstance(choice, Choice)
    return choice


@pytest.mark.parametrize(
    ("wish", "tensorflow", "plugin"),
    [
        ("~=2.19.0", "2.19.1", "1.2.0"),
        ("==2.16.2", "2.16.2", "1.1.0"),
        ("<2.17,>=2.16", "2.16.2", "1.1.0"),
    ],
)
def test_a_pair_without_doubts_comes_first(wish: str, tensorflow: str, plugin: str) -> None:
    """Another patch release, or an older plug-in, that nothing stands against."""
    candidate = best(wish).best

    assert (candidate.tensorflow, str(candidate.plugin)) == (
        tensorflow,
        f"tensorflow-metal=={plugin}",
    )
    assert candidate.doubts == ()


def test_a_doubtful_pair_is_taken_where_nothing_else_is_left() -> None:
    """TensorFlow 2.19.0 has one plug-in that loads; the plan says what was reported of it."""
    candidate = best("==2.19.0").best

    assert (candidate.gpu, str(candidate.plugin)) == (True, "tensorflow-metal==1.2.0")
    assert candidate.doubts
    said = [one for one in candidate.rationale if "may go wrong all the same" in one.statement]
    assert [one for one in said if candidate.doubts[0] in one.statement]
    assert "https://" in said[0].source


def test_only_pairs_have_doubts() -> None:
    """A stack without a plug-in has none."""
    candidates = unnamed(MAC)

    assert all(one.plugin for one in candidates if one.doubts)
    assert any(one.doubts for one in candidates)
