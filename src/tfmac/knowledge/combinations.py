"""Questions to the environments that were really run: does a package work beside a TensorFlow.

The rule, which never guesses:

- Only environments of the same TensorFlow minor speak. Each started from a working environment
  (the baseline, itself measured) in which one package was exchanged.
- A version that was measured itself has the outcome that was seen. Where it was seen to differ
  between patch releases of that minor, the very TensorFlow release decides, else it is not
  measured.
- A version between two measured ones that are next to it has their outcome when both have the
  same at the same step.
- Beyond the outermost measured versions nothing is said.
- A package that was taken out speaks only for its absence.
"""

import functools
from collections.abc import Sequence
from typing import Optional, Union

import msgspec

from tfmac.knowledge import store
from tfmac.schema.knowledge import Combination, CombinationTable, Step


class Works(msgspec.Struct, frozen=True, kw_only=True):
    """The environment runs to the end: seen itself, or both neighbours do."""

    evidence: tuple[Combination, ...]


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The environment fails at a step: seen itself, or both neighbours fail there."""

    step: Step
    error: Optional[str]
    """That of the first piece of evidence."""
    evidence: tuple[Combination, ...]


class NotMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing can be said, with the reason."""

    reason: str


Outcome = Union[Works, Broken, NotMeasured]

_FILE = "combinations.json"


def outcome(tensorflow_version: str, package: str, version: Optional[str]) -> Outcome:
    """Tell what was seen of a package version, or of its absence (None), beside a TensorFlow."""
    measured = _of_minor(_minor(tensorflow_version)).get(package, {})
    if not measured:
        return NotMeasured(
            reason=f"{package} was never exchanged under TensorFlow {_minor(tensorflow_version)}"
        )
    if version in measured:
        return _seen(measured[version], tensorflow_version)
    if version is None:
        return NotMeasured(reason=f"{package} was never taken out of a working environment")
    return _between(measured, version, tensorflow_version)


def platform() -> Optional[str]:
    """Tell where the environments ran, or None when there are none."""
    table = store.find(_FILE, CombinationTable)
    return table.platform if table else None


@functools.cache
def _of_minor(minor: str) -> dict[str, dict[Optional[str], tuple[Combination, ...]]]:
    """Collect what was measured under a TensorFlow minor: by package, by version."""
    found: dict[str, dict[Optional[str], list[Combination]]] = {}
    table = store.find(_FILE, CombinationTable)
    for combination in _everything(table) if table else ():
        if _minor(combination.tensorflow) == minor:
            by_version = found.setdefault(combination.package, {})
            by_version.setdefault(combination.version, []).append(combination)
    return {
        package: {version: tuple(seen) for version, seen in by_version.items()}
        for package, by_version in found.items()
    }


def _everything(table: CombinationTable) -> tuple[Combination, ...]:
    """List the combinations and, as ones that work, the versions of the baselines."""
    exchanged = {(each.tensorflow, each.package) for each in table.combinations}
    pythons = {each.tensorflow: each.python for each in table.combinations}
    baselines = (
        Combination(
            tensorflow=tensorflow,
            package=package,
            version=version,
            python=pythons[tensorflow],
            step=Step.WORKS,
        )
        for tensorflow, packages in table.baselines.items()
        for package, version in packages.items()
        if (tensorflow, package) in exchanged
    )
    return (*table.combinations, *baselines)


def _seen(combinations: Sequence[Combination], tensorflow_version: str) -> Outcome:
    """Judge a version that was measured itself, perhaps under several patch releases."""
    exact = tuple(each for each in combinations if each.tensorflow == tensorflow_version)
    speaking = exact or tuple(combinations)
    if len({each.step for each in speaking}) > 1:
        first = speaking[0]
        return NotMeasured(
            reason=f"{first.package} {first.version} was seen with different outcomes"
        )
    return _agreed(speaking)


def _between(
    measured: dict[Optional[str], tuple[Combination, ...]], version: str, tensorflow_version: str
) -> Outcome:
    """Judge a version by its two measured neighbours, if they agree."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        wanted = Version(version)
    except InvalidVersion:
        return NotMeasured(reason=f"{version!r} is not a version")
    known = sorted((Version(each), each) for each in measured if each is not None)
    for parsed, text in known:
        if parsed == wanted:
            return _seen(measured[text], tensorflow_version)
    below = [text for parsed, text in known if parsed < wanted]
    above = [text for parsed, text in known if parsed > wanted]
    if not below or not above:
        return NotMeasured(reason=f"{version} lies beyond the versions that were measured")
    left = _seen(measured[below[-1]], tensorflow_version)
    right = _seen(measured[above[0]], tensorflow_version)
    if isinstance(left, NotMeasured) or isinstance(right, NotMeasured):
        return NotMeasured(reason=f"a measured neighbour of {version} has no clear outcome")
    both = (left.evidence[0], right.evidence[0])
    if both[0].step is not both[1].step:
        return NotMeasured(
            reason=f"{below[-1]} and {above[0]}, the measured neighbours of {version}, "
            "have different outcomes"
        )
    return _agreed(both)


def _agreed(evidence: tuple[Combination, ...]) -> Outcome:
    step = evidence[0].step
    if step is Step.WORKS:
        return Works(evidence=evidence)
    return Broken(step=step, error=evidence[0].error, evidence=evidence)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
