"""Which wishes repair an environment: the least change first, and what has to hold always."""

from typing import Optional

from tfmac.planner.repair import Broken, wishes
from tfmac.schema.findings import Constraint, ConstraintKind
from tfmac.schema.plans import Wish
from tfmac.schema.platform import APPLE_SILICON


def texts(wish: Wish) -> "tuple[str, ...]":
    return tuple(one.text for one in wish.demands)


def broken(*requirements: str, gpu: Optional[bool] = None, **installed: str) -> Broken:
    named = {name.replace("_", "-"): version for name, version in installed.items()}
    return Broken(
        target=APPLE_SILICON,
        python="3.11",
        installed=named,
        own=tuple(named),
        constraints=tuple(
            Constraint(kind=ConstraintKind.REQUIREMENT, value=text, reason="test")
            for text in requirements
        ),
        gpu=gpu,
    )


def test_what_is_not_accused_stays_first() -> None:
    """The installed TensorFlow and the user's packages are kept before anything is loosened."""
    first, second, *_ = wishes(broken("numpy<2", tensorflow="2.15.1", pandas="2.1.0"))

    assert (first.tensorflow, first.gpu) == ("==2.15.1", False)
    assert texts(first) == ("pandas==2.1.0", "numpy<2")
    assert texts(second) == ("pandas", "numpy<2")


def test_an_accused_version_is_never_kept() -> None:
    """However a distribution's name is written, what has to hold holds in every wish."""
    found = list(
        wishes(broken("Typing_Extensions>=4.6", tensorflow="2.21.0", typing_extensions="4.5.0"))
    )

    assert {texts(one) for one in found} == {("typing-extensions>=4.6",)}


def test_the_gpu_is_given_up_last() -> None:
    """Where the plug-in is installed the GPU is wished for; better without it than not at all."""
    found = list(
        wishes(broken("tensorflow<=2.19.1", tensorflow="2.21.0", tensorflow_metal="1.2.0"))
    )

    assert [one.gpu for one in found] == [True, True, False, False]
    assert {one.tensorflow for one in found} == {"<=2.19.1"}
