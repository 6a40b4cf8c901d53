"""What a user asks for beside a stack, held against the recorded releases."""

from typing import Optional

import pytest
from packaging.requirements import Requirement

from builders.wishes import demands, of_every_stack
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.demands import extension_pins, fits, way_out
from tfmac.schema.plans import Demand, NoPlan, StackKind, Wish
from tfmac.schema.platform import Target

MAC = Target.parse("macos-15-arm64")
OLD_MAC = Target.parse("macos-14-arm64")
LINUX = Target.parse("linux-x86_64")


def chosen(*texts: str, target: Target = MAC, python: Optional[str] = None) -> Choice:
    answer = choose(Wish(target=target, python=python, demands=demands(*texts)))
    assert isinstance(answer, Choice), answer
    return answer


def refused(*texts: str, target: Target = MAC, python: Optional[str] = None) -> NoPlan:
    answer = choose(Wish(target=target, python=python, demands=demands(*texts)))
    assert isinstance(answer, NoPlan), answer
    return answer


@pytest.mark.parametrize(
    ("text", "tensorflow", "python"),
    [
        ("tensorflow-addons", "2.15.1", "3.11"),
        ("tensorflow-decision-forests", "2.18.0", "3.11"),
        ("tensorflow-text<2.19", "2.18.1", "3.12"),
        ("numpy<2", "2.19.1", "3.12"),
        ("keras<3", "2.15.1", "3.11"),
        ("tensorflow~=2.17.0", "2.17.1", "3.12"),
        ("tensorflow-metal==1.1.0", "2.17.1", "3.11"),
        ("pandas ; sys_platform == 'win32'", "2.19.1", "3.12"),
        ("tensorflow-compression ; sys_platform == 'linux'", "2.19.1", "3.12"),
        ("something-unknown==99", "2.19.1", "3.12"),
    ],
)
def test_a_package_decides_which_set_is_taken(text: str, tensorflow: str, python: str) -> None:
    """Wheels, what is declared, what was seen in use, and for extensions the loader's rules."""
    best = chosen(text).best
    assert (best.core.version, best.python) == (tensorflow, python)


def test_an_extension_is_bound_to_the_release_that_loads() -> None:
    """tensorflow-io declares no TensorFlow, so a resolver would take its newest release."""
    wish = Wish(target=MAC, demands=demands("tensorflow-io"))
    answer = choose(wish)
    assert isinstance(answer, Choice)
    (pin,) = extension_pins(answer.best, wish)
    assert pin.startswith("tensorflow-io==")
    assert list(extension_pins(answer.best, Wish(target=MAC, demands=demands("pandas")))) == []


def test_a_package_without_a_wheel_is_named_with_where_there_is_one() -> None:
    """No release has a wheel for Macs: the wish, why, and the machine that has one."""
    (conflict,) = refused("tensorflow-compression").conflicts
    assert conflict.wishes == ("--with tensorflow-compression",)
    assert "no such release of tensorflow-compression has a wheel" in conflict.reason
    assert "one for linux-x86_64" in conflict.reason


def test_a_collision_says_what_the_package_needs() -> None:
    """The newest release with a wheel, for which Pythons and which TensorFlow."""
    answer = refused("tensorflow-decision-forests", python="3.13")
    (conflict,) = answer.conflicts
    assert conflict.wishes == ("--python 3.13", "--with tensorflow-decision-forests")
    assert "for Python 3.9 to 3.12, with tensorflow==2.19.0" in conflict.reason
    assert answer.nearest is not None


def test_a_wish_of_a_file_is_named_by_its_line() -> None:
    """The reader finds the line that is to blame."""
    wish = Wish(
        target=MAC,
        demands=(
            Demand(text="pandas", origin="list.txt:1"),
            Demand(text="tensorflow-compression", origin="list.txt:2"),
        ),
    )
    answer = choose(wish)
    assert isinstance(answer, NoPlan)
    assert answer.conflicts[0].wishes == ("list.txt:2 tensorflow-compression",)


def test_a_constraint_counts_only_for_what_is_there() -> None:
    """It does not ask for a package, and rules out the sets that need another version."""
    constraint = Demand(text="numpy<2", origin="c.txt:1", constraint=True)
    beside = Demand(text="tensorflow-compression==99", origin="c.txt:2", constraint=True)
    torch = Demand(text="torch==1.0", origin="c.txt:3", constraint=True)
    answer = choose(Wish(target=MAC, tensorflow="2.15", demands=(constraint, beside, torch)))
    assert isinstance(answer, Choice)
    numpy_2 = Demand(text="numpy>=2.3", origin="c.txt:1", constraint=True)
    answer = choose(Wish(target=MAC, tensorflow="2.15", demands=(numpy_2,)))
    assert isinstance(answer, NoPlan)


def test_tensorflow_under_another_name_is_not_there() -> None:
    """tensorflow-macos is the name up to 2.12; a shell of a later one brings it."""
    names = {
        one.core.name
        for one in of_every_stack(MAC)
        if one.tensorflow and fits(one, Requirement("tensorflow-macos==2.12.0"), MAC)
    }
    assert names == {"tensorflow-macos"}
    shells = [one for one in of_every_stack(MAC) if str(one.core) == "tensorflow==2.13.0"]
    assert shells
    assert all(fits(one, Requirement("tensorflow-macos"), MAC) for one in shells)


def test_a_stack_without_tensorflow_does_with_what_needs_none() -> None:
    """Packages that do not bind TensorFlow's version go beside PyTorch, too."""
    wish = Wish(target=MAC, stack=StackKind.KERAS_TORCH, demands=demands("pandas", "keras>=3.5"))
    assert isinstance(choose(wish), Choice)
    wish = Wish(target=MAC, stack=StackKind.KERAS_TORCH, demands=demands("tensorflow-metal"))
    assert isinstance(choose(wish), NoPlan)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tensorflow-text", "tensorflow-text 2.21.1 is its newest release with a wheel"),
        ("unknown-package", None),
        ("tensorflow-compression", "no such release"),
    ],
)
def test_the_way_out(text: str, words: Optional[str]) -> None:
    """What is recorded of a package is told; of another nothing."""
    said = way_out(Requirement(text), OLD_MAC)
    assert (said is None) if words is None else (said is not None and words in said)


def test_linux_takes_extensions_by_what_they_declare() -> None:
    """The tables are of Macs' libraries; elsewhere the metadata decides."""
    assert chosen("tensorflow-text", target=LINUX).best.core.version == "2.21.0"


def test_an_old_tensorflow_has_another_name_on_a_mac() -> None:
    """Who asks for it by today's name is told the one that it had."""
    (conflict,) = refused("tensorflow<2.12").conflicts
    assert conflict.reason == (
        "nothing for macos-15-arm64 meets --with tensorflow<2.12; "
        "tensorflow-macos==2.11.0 is that TensorFlow for this machine"
    )
