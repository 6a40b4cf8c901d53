"""Wishes as tests on candidates, and the smallest set of wishes that no candidate meets."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Callable

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tfmac.knowledge import releases
from tfmac.planner.stacks import Candidate, needs
from tfmac.schema.plans import Wish
from tfmac.schema.platform import Target


class InvalidWish(ValueError):
    """A wish that cannot be read, with the wish and the form that it should have."""


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """One wish: as the user would write it, and whether a candidate meets it."""

    wish: str
    meets: Callable[[Candidate], bool]


def tests_of(wish: Wish) -> tuple[Test, ...]:
    """Turn wishes into tests; raise ``InvalidWish``."""
    found = []
    if wish.gpu is not None:
        text = "--gpu" if wish.gpu else "--no-gpu"
        found.append(Test(wish=text, meets=lambda one: one.gpu is wish.gpu))
    if wish.python is not None:
        minor = ".".join(wish.python.split(".")[:2])
        found.append(Test(wish=f"--python {minor}", meets=lambda one: one.python == minor))
    if wish.tensorflow is not None:
        specifier = specifier_of(wish.tensorflow, "--tensorflow")
        found.append(
            Test(
                wish=f"--tensorflow {wish.tensorflow}",
                meets=lambda one: specifier.contains(one.tensorflow, prereleases=True),
            )
        )
    if wish.keras is not None:
        keras = specifier_of(wish.keras, "--keras")
        found.append(
            Test(
                wish=f"--keras {wish.keras}",
                meets=lambda one: _keras_fits(one, keras, wish.target),
            )
        )
    for text in wish.packages:
        _readable(text)
    return tuple(found)


def specifier_of(text: str, option: str) -> SpecifierSet:
    """Read a version specifier; a bare version means exactly that one, ``2.18`` any 2.18."""
    bare = text.strip()
    if bare and bare[0].isdigit():
        bare = f"=={bare}" if bare.count(".") >= 2 or "*" in bare else f"=={bare}.*"
    try:
        return SpecifierSet(bare)
    except InvalidSpecifier as error:
        raise InvalidWish(
            f"{option} {text!r} is not a version specifier: write 2.18, ==2.18.1 or >=2.17,<2.20"
        ) from error


def _readable(text: str) -> None:
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise InvalidWish(f"--with {text!r} is not a requirement: {error}") from error
    if requirement.url is not None and "://" not in requirement.url:
        raise InvalidWish(f"--with {text!r}: {requirement.url!r} is not an address")


def _keras_fits(candidate: Candidate, wanted: SpecifierSet, target: Target) -> bool:
    """Whether some Keras release meets both the wish and what TensorFlow declares."""
    declared = needs(candidate, "keras", target)
    if declared is None:
        return False
    bounds = [text for text in candidate.constraints if text.startswith("keras")]
    both = wanted & declared.specifier
    for text in bounds:
        both &= Requirement(text).specifier
    for version in releases.versions("keras"):
        release = releases.release("keras", version)
        if (
            release is not None
            and both.contains(version)
            and releases.has_wheel(release, target, candidate.python)
        ):
            return True
    return False


def collisions(candidates: Sequence[Candidate], tests: Sequence[Test]) -> tuple[Test, ...]:
    """The smallest set of wishes that no candidate meets together; empty when all can be met."""
    for size in range(1, len(tests) + 1):
        for some in itertools.combinations(tests, size):
            if not any(meets_all(one, some) for one in candidates):
                return some
    return ()


def meets_all(candidate: Candidate, tests: Iterable[Test]) -> bool:
    """Whether a candidate meets some wishes."""
    return all(test.meets(candidate) for test in tests)
