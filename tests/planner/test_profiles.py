"""Well-known recipes, as wishes."""

from typing import Any

import pytest

from builders.wishes import demands
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.profiles import PROFILES, with_profile
from tfmac.schema.actions import Manager
from tfmac.schema.plans import StackKind, Wish
from tfmac.schema.platform import Target

MAC = Target.parse("macos-15-arm64")


def test_classic_is_the_recipe_of_the_tutorials() -> None:
    """It is conda, Python 3.9, tensorflow-macos with the GPU, Keras 2."""
    wish = with_profile(Wish(target=MAC), "classic")

    assert wish == Wish(
        target=MAC,
        python="3.9",
        gpu=True,
        stack=StackKind.TENSORFLOW_MACOS_METAL,
        keras="<3",
    )
    assert PROFILES["classic"].manager is Manager.CONDA


@pytest.mark.parametrize("name", PROFILES)
def test_what_the_user_wishes_goes_before(name: str) -> None:
    """Also to have no GPU is a wish; what a recipe says nothing about stays."""
    own: dict[str, Any] = {
        "python": "3.11",
        "gpu": False,
        "stack": StackKind.TENSORFLOW_CPU,
        "keras": ">=3",
        "tensorflow": "2.18",
        "demands": demands("pandas"),
    }
    assert with_profile(Wish(target=MAC, **own), name) == Wish(target=MAC, **own)
    for field, value in own.items():
        changed = with_profile(Wish(target=MAC, **{field: value}), name)
        assert getattr(changed, field) == value


@pytest.mark.parametrize("target", ["macos-12-arm64", "macos-14-arm64", "macos-26-arm64"])
@pytest.mark.parametrize("name", PROFILES)
def test_each_recipe_can_be_met_on_apple_silicon(name: str, target: str) -> None:
    """What is chosen has the recipe's stack and Python, and nothing stands against it."""
    choice = choose(with_profile(Wish(target=Target.parse(target)), name))

    assert isinstance(choice, Choice)
    profile = PROFILES[name]
    assert (choice.best.stack, choice.best.python) == (profile.stack, profile.python)
    assert choice.best.gpu is profile.gpu
    assert choice.best.doubts == ()


def test_classic_takes_the_newest_release_with_code_of_its_own() -> None:
    """What came after tensorflow-macos 2.15 is an empty shell."""
    choice = choose(with_profile(Wish(target=MAC), "classic"))
    assert isinstance(choice, Choice)
    assert str(choice.best.core) == "tensorflow-macos==2.15.0"
    assert "keras==2.15.*" in choice.best.constraints
