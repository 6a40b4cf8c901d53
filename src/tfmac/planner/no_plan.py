"""Why there is no plan, by the knowledge: which wishes collide, and the nearest way out."""

import itertools
from collections.abc import Sequence
from typing import Optional

from packaging.requirements import Requirement

from tfmac.formats.distinfo import normalise
from tfmac.knowledge.tensorflow import TENSORFLOW_NAMES
from tfmac.planner.declared import needs
from tfmac.planner.demands import way_out
from tfmac.planner.satellites import failure
from tfmac.planner.stacks import Candidate
from tfmac.planner.wishes import Test, collisions, meets_all
from tfmac.schema.plans import Conflict, NoPlan, StackKind, Wish

_NO_WHEEL_CAUSES = {
    name: f"{name}-no-wheel"
    for name in ("tensorflow-text", "tensorflow-addons", "tensorflow-metal")
} | {"tensorflow-io-gcs-filesystem": "tensorflow-io-gcs-no-wheel"}

_APPLE_SILICON = "it is for Macs with Apple silicon"
_NEEDS_OF_STACKS = {
    f"--stack {kind.value}": needs
    for kind, needs in (
        (StackKind.TENSORFLOW_METAL, _APPLE_SILICON),
        (StackKind.TENSORFLOW_MACOS_METAL, _APPLE_SILICON),
        (StackKind.TENSORFLOW_METAL_PLUGIN, f"{_APPLE_SILICON} and macOS 15 or later"),
        (StackKind.TENSORFLOW_CUDA, "it is for Linux on x86-64"),
    )
}


def no_plan(wish: Wish, candidates: Sequence[Candidate], tests: Sequence[Test]) -> NoPlan:
    """Say which wishes no candidate of a machine meets together."""
    if not candidates:
        return NoPlan(
            target=wish.target,
            conflicts=(
                Conflict(
                    wishes=(f"--for {wish.target}",),
                    reason=f"no stable TensorFlow has a wheel for {wish.target}",
                ),
            ),
        )
    colliding = collisions(candidates, tests)
    return NoPlan(
        target=wish.target,
        conflicts=(
            Conflict(
                wishes=tuple(test.wish for test in colliding),
                reason=_collision(colliding, candidates, wish),
                cause=_measured_cause(colliding, candidates, wish) or _cause(colliding, wish),
            ),
        ),
        nearest=_nearest(tests, candidates),
    )


def _collision(colliding: Sequence[Test], candidates: Sequence[Candidate], wish: Wish) -> str:
    """One sentence: what each wish alone, or all but it, would allow."""
    if len(colliding) == 1:
        (test,) = colliding
        why = _other_name(test, candidates) or _range(candidates)
        if test.wish in _NEEDS_OF_STACKS:
            why = f"; {_NEEDS_OF_STACKS[test.wish]}"
        if wish.model is not None and test.wish.endswith(wish.model.path):
            why = "; tfmac inspect says what keeps each release from loading it"
        if test.requirement is not None and not _is_tensorflow(test.requirement):
            why = _about(test, candidates[0], wish) or why
        return f"nothing for {wish.target} meets {test.wish}{why}"
    parts = []
    for test in colliding:
        others = [one for one in colliding if one is not test]
        allowed = next(one for one in candidates if meets_all(one, others))
        names = " and ".join(one.wish for one in others)
        parts.append(f"with {names} there is at best {allowed.title}{_about(test, allowed, wish)}")
    return "no set meets all of these: " + "; ".join(parts)


def _about(test: Test, candidate: Candidate, wish: Wish) -> str:
    """Say why a candidate does not go with what is to be beside it: what it needs, or no wheel."""
    if test.requirement is None:
        return ""
    said = needs(candidate, normalise(test.requirement.name), wish.target)
    if said is not None:
        return f", which requires {said.name}{said.specifier}"
    failed = failure(test.requirement, candidate, wish.target)
    if failed is not None:
        return f", beside which {failed.package} {failed.version} was seen to fail: {failed.error}"
    way = way_out(test.requirement, wish.target)
    return "" if way is None else f" ({way})"


def _is_tensorflow(requirement: Requirement) -> bool:
    return normalise(requirement.name) in TENSORFLOW_NAMES


def _other_name(test: Test, candidates: Sequence[Candidate]) -> str:
    """Say under which name a machine has the wished TensorFlow, where it is another one."""
    wanted = test.requirement
    if wanted is None or not _is_tensorflow(wanted):
        return ""
    for one in candidates:
        if one.tensorflow is not None and wanted.specifier.contains(one.tensorflow):
            return f"; {one.core} is that TensorFlow for this machine"
    return ""


def _range(candidates: Sequence[Candidate]) -> str:
    pythons = sorted({one.python for one in candidates}, key=numbers)
    versions = sorted({one.tensorflow for one in candidates if one.tensorflow}, key=numbers)
    if not versions:
        return f"; there are Python {pythons[0]} to {pythons[-1]}"
    return (
        f"; there are TensorFlow {versions[0]} to {versions[-1]} "
        f"on Python {pythons[0]} to {pythons[-1]}"
    )


def numbers(version: str) -> tuple[int, ...]:
    """Give the numbers of a version."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _cause(colliding: Sequence[Test], wish: Wish) -> Optional[str]:
    """Name the cause of the vocabulary, where one is sure."""
    names = {test.wish.partition(" ")[0] for test in colliding}
    if names == {"--gpu", "--python"} and wish.target.apple_silicon:
        return "tensorflow-metal-no-wheel"
    if names == {"--gpu", "--tensorflow"} and wish.target.apple_silicon:
        return "tensorflow-too-new-for-metal"
    if names in ({"--python"}, {"--python", "--tensorflow"}):
        return "no-wheel-for-python"
    wished = [normalise(one.requirement.name) for one in colliding if one.requirement is not None]
    if len(wished) == 1:
        return _NO_WHEEL_CAUSES.get(wished[0])
    return None


def _measured_cause(
    colliding: Sequence[Test], candidates: Sequence[Candidate], wish: Wish
) -> Optional[str]:
    """Name the cause of a failure that was measured, where one package alone is to blame."""
    blamed = [test for test in colliding if test.requirement is not None]
    if len(blamed) != 1 or blamed[0].requirement is None:
        return None
    others = [test for test in colliding if test is not blamed[0]]
    allowed = next((one for one in candidates if meets_all(one, others)), None)
    failed = failure(blamed[0].requirement, allowed, wish.target) if allowed else None
    return failed.cause if failed else None


def _nearest(tests: Sequence[Test], candidates: Sequence[Candidate]) -> Optional[str]:
    """The best candidate that gives up as few wishes as possible."""
    deciding = [test for test in tests if not all(map(test.meets, candidates))]
    for number in range(1, len(deciding) + 1):
        found: list[tuple[Candidate, tuple[Test, ...]]] = []
        for given_up in itertools.combinations(deciding, number):
            kept = [test for test in deciding if test not in given_up]
            allowed = next((one for one in candidates if meets_all(one, kept)), None)
            if allowed is not None:
                found.append((allowed, given_up))
        if found:
            candidate, given_up = max(found, key=lambda pair: pair[0].rank)
            names = " and ".join(test.wish for test in given_up)
            return f"without {names}: {candidate.title}"
    return None
