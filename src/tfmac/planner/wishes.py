"""Wishes as tests on candidates, and the smallest set of wishes that no candidate meets."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Callable, Optional

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tfmac.planner.declared import declared
from tfmac.planner.demands import InvalidWish, allows, fits, requirement_of
from tfmac.planner.stacks import Candidate
from tfmac.schema.plans import Demand, Wish
from tfmac.schema.platform import Target


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """One wish: as the user would write it, whether a candidate meets it, the rest without it."""

    wish: str
    meets: Callable[[Candidate], bool]
    given_up: Callable[[Wish], Wish]
    requirement: Optional[Requirement] = None
    """What is to be installed beside the stack, where that is what is wished."""


def tests_of(wish: Wish) -> tuple[Test, ...]:
    """Turn wishes into tests; raise ``InvalidWish``."""
    found = []
    if wish.gpu is not None:
        text = "--gpu" if wish.gpu else "--no-gpu"
        found.append(_test(text, "gpu", lambda one: one.gpu is wish.gpu))
    if wish.python is not None:
        minor = ".".join(wish.python.split(".")[:2])
        found.append(_test(f"--python {minor}", "python", lambda one: one.python == minor))
    if wish.stack is not None:
        found.append(
            _test(f"--stack {wish.stack.value}", "stack", lambda one: one.stack is wish.stack)
        )
    if wish.tensorflow is not None:
        specifier = specifier_of(wish.tensorflow, "--tensorflow")
        found.append(
            _test(
                f"--tensorflow {wish.tensorflow}",
                "tensorflow",
                lambda one: (
                    one.tensorflow is not None
                    and specifier.contains(one.tensorflow, prereleases=True)
                ),
            )
        )
    if wish.keras is not None:
        keras = specifier_of(wish.keras, "--keras")
        found.append(
            _test(
                f"--keras {wish.keras}",
                "keras",
                lambda one: keras_requirement(one, keras, wish.target) is not None,
            )
        )
    if wish.model is not None:
        found.append(
            _test(
                f"--for-model {wish.model.path}",
                "model",
                lambda one: model_requirements(one, wish) is not None,
            )
        )
    return (*found, *(_demand_test(demand, wish.target) for demand in wish.demands))


def _test(text: str, field: str, meets: Callable[[Candidate], bool]) -> Test:
    return Test(
        wish=text, meets=meets, given_up=lambda wish: msgspec.structs.replace(wish, **{field: None})
    )


def _demand_test(demand: Demand, target: Target) -> Test:
    requirement = requirement_of(demand)
    meets = allows if demand.constraint else fits

    def without(wish: Wish) -> Wish:
        left = tuple(one for one in wish.demands if one != demand)
        return msgspec.structs.replace(wish, demands=left)

    return Test(
        wish=str(demand),
        meets=lambda one: meets(one, requirement, target),
        given_up=without,
        requirement=None if demand.constraint else requirement,
    )


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


def keras_requirement(
    candidate: Candidate, wanted: SpecifierSet, target: Target
) -> Optional[Requirement]:
    """Say what to ask for so that a candidate has a wished Keras; None where it cannot have it.

    A stack with a Keras of its own, such as tf-keras, has that one.
    """
    if candidate.keras is not None and wanted.contains(candidate.keras.version):
        return Requirement(str(candidate.keras))
    requirement = Requirement(f"keras{wanted}")
    comes_with = declared(candidate.requirements, "keras", target) is not None
    return requirement if comes_with and fits(candidate, requirement, target) else None


def model_requirements(candidate: Candidate, wish: Wish) -> Optional[tuple[str, ...]]:
    """Say what to ask for so that a candidate loads a wished model; None where it does not."""
    if wish.model is None:
        return ()
    # The rules are read only where a model is asked about.
    from tfmac.planner.for_model import loading_requirements  # noqa: PLC0415

    keras = specifier_of(wish.keras or "", "--keras")
    return loading_requirements(candidate, wish.model, keras, wish.target)


def collisions(candidates: Sequence[Candidate], tests: Sequence[Test]) -> tuple[Test, ...]:
    """The smallest set of wishes that no candidate meets together; empty when all can be met."""
    met = [frozenset(_places(candidates, test)) for test in tests]
    # What every candidate meets is in no smallest set; a user's own list may have many of them.
    deciding = [place for place, some in enumerate(met) if len(some) < len(candidates)]
    for size in range(1, len(deciding) + 1):
        for some in itertools.combinations(deciding, size):
            if not frozenset.intersection(*(met[place] for place in some)):
                return tuple(tests[place] for place in some)
    return ()


def _places(candidates: Sequence[Candidate], test: Test) -> Iterable[int]:
    return (place for place, one in enumerate(candidates) if test.meets(one))


def meets_all(candidate: Candidate, tests: Iterable[Test]) -> bool:
    """Whether a candidate meets some wishes."""
    return all(test.meets(candidate) for test in tests)
