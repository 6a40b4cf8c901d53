"""Questions to the environments that were really run: does a package work beside a TensorFlow.

The intervals were derived from the runs by the rules of ``docs/knowledge.md``; nothing is added
to them here but these limits, which keep an answer from reaching too far:

- Beyond the outermost version that was run nothing is said of what works.
- What reaches down because no older version could be installed holds for the Python of that run
  and later ones: earlier Pythons have older versions.
- What reaches up because no newer version could be installed holds for that Python and earlier
  ones: a later release may have been mended, but is not known to be.
- A run that broke for lack of a name of Python's own library says nothing of an earlier Python:
  there the nearest other runs decide.
- Where Pythons differ, what was seen on the very Python goes before the rest; for a Python that was
  not run all that were have to agree.
- Packages that are compiled for NumPy are judged only beside the generation of NumPy that was
  there.
"""

from collections.abc import Sequence
from typing import Optional, Union

import msgspec

from tfmac.knowledge import store
from tfmac.schema.combinations import Clash, Combination, CombinationTable, Interval, Reach
from tfmac.schema.knowledge import Step


class Works(msgspec.Struct, frozen=True, kw_only=True):
    """The environment runs to the end."""

    evidence: tuple[Combination, ...]


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The environment fails, at this step or before it."""

    step: Step
    cause: Optional[str]
    """The cause of the vocabulary, if the runs name one."""
    evidence: tuple[Combination, ...]
    seen: bool
    """This version itself was run beside this TensorFlow minor."""

    @property
    def error(self) -> Optional[str]:
        """That of the first piece of evidence."""
        return self.evidence[0].error


class NotMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing can be said, with the reason."""

    reason: str


Outcome = Union[Works, Broken, NotMeasured]

_FILE = "combinations.json"
_BY_PYTHON = frozenset({"package-too-old-for-python", "python-3-12-without-distutils"})
_STEPS = tuple(Step)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A package version, or its absence (None), beside a TensorFlow.

    What is not known of Python or NumPy decides against an answer that depends on it.
    """

    tensorflow: str
    package: str
    version: Optional[str]
    python: Optional[str] = None
    """The Python minor, for example ``3.12``."""
    numpy: Optional[str] = None
    """The installed NumPy."""


def outcome(question: Question) -> Outcome:
    """Tell what was seen of a package version, or of its absence, beside a TensorFlow."""
    minor = _minor(question.tensorflow)
    known = _of_minor(minor).get(question.package, ())
    known = tuple(one for one in known if (one.versions is None) == (question.version is None))
    if not known:
        what = "taken out" if question.version is None else "exchanged"
        reason = f"{question.package} was never {what} under TensorFlow {minor}"
        return NotMeasured(reason=reason)
    fitting = [one for one in known if _fits(one, question)]
    if not fitting:
        return NotMeasured(reason="it was run with another NumPy or Python only")
    own = [one for one in fitting if one.python == question.python]
    for chosen in (own, [one for one in fitting if one.python is None]):
        if chosen:
            return _of_intervals(chosen, question)
    return _agreed([_of_intervals([one], question) for one in fitting])


def packages(tensorflow: str) -> tuple[str, ...]:
    """Name the packages of which some version is known to break a TensorFlow."""
    return tuple(
        package
        for package, known in _of_minor(_minor(tensorflow)).items()
        if any(one.step is not Step.WORKS for one in known)
    )


def highest_that_work(tensorflow: str, python: Optional[str] = None) -> dict[str, str]:
    """Give the highest version of each package that was seen to work beside a TensorFlow's minor.

    Other versions below it may break. What was seen on another Python alone is left out.
    """
    from packaging.version import Version  # noqa: PLC0415

    found: dict[str, str] = {}
    for package, known in _of_minor(_minor(tensorflow)).items():
        highs = [
            one.versions[1]
            for one in known
            if one.step is Step.WORKS and one.versions and one.python in {None, python}
        ]
        if highs:
            found[package] = max(highs, key=Version)
    return found


def clashes(tensorflow: str) -> tuple[Clash, ...]:
    """List whose own requirements decide over a TensorFlow that loads them when they are there."""
    table = store.find(_FILE, CombinationTable)
    number = _numbers(_minor(tensorflow))
    return tuple(
        one
        for one in (table.clashes if table else ())
        if _numbers(one.tensorflow[0]) <= number <= _numbers(one.tensorflow[1])
    )


def evidence(clash: Clash, tensorflow: str) -> tuple[Combination, ...]:
    """Give the runs beside this TensorFlow minor that a clash rests on, or all of them."""
    runs = all_evidence(clash)
    same = tuple(one for one in runs if _minor(one.tensorflow) == _minor(tensorflow))
    return same or runs


def all_evidence(clash: Clash) -> tuple[Combination, ...]:
    """Give all runs that a clash rests on."""
    return _runs(clash.runs)


def loaded_with(broken: Broken) -> frozenset[str]:
    """Name what has to be there for a break to happen.

    A package that was added is loaded only if all that it needs is there; one of TensorFlow's own
    is loaded anyway.
    """
    baselines = store.load(_FILE, CombinationTable).baselines
    beside = (
        frozenset(() if run.package in baselines.get(run.tensorflow, ()) else run.beside)
        for run in broken.evidence
    )
    return frozenset.intersection(*beside)


def platform() -> Optional[str]:
    """Tell where the environments ran, or None when there are none."""
    table = store.find(_FILE, CombinationTable)
    return table.platform if table else None


@store.remembered
def _of_minor(minor: str) -> dict[str, tuple[Interval, ...]]:
    """Collect what is known beside a TensorFlow minor, by package."""
    found: dict[str, list[Interval]] = {}
    table = store.find(_FILE, CombinationTable)
    number = _numbers(minor)
    for one in table.intervals if table else ():
        if _numbers(one.tensorflow[0]) <= number <= _numbers(one.tensorflow[1]):
            found.setdefault(one.package, []).append(one)
    return {package: tuple(known) for package, known in found.items()}


def _fits(one: Interval, question: Question) -> bool:
    return one.numpy is None or (
        question.numpy is not None and _numbers(question.numpy)[0] == one.numpy
    )


def _of_intervals(several: Sequence[Interval], question: Question) -> Outcome:
    if question.version is None:
        return _absent(several[0], _minor(question.tensorflow))
    return _of_version(several, question, question.version)


def _agreed(answers: Sequence[Outcome]) -> Outcome:
    """Give what the runs on several Pythons all say: a break, or that it works."""
    known = [one for one in answers if not isinstance(one, NotMeasured)]
    if known and len({type(one) for one in known}) == 1:
        return known[0]
    return NotMeasured(reason="it was run with other Pythons only, which do not agree")


def _absent(one: Interval, minor: str) -> Outcome:
    runs = _runs(one.runs)
    same = tuple(each for each in runs if _minor(each.tensorflow) == minor)
    return _answer(one, same or runs, seen=bool(same))


def _of_version(known: Sequence[Interval], question: Question, version: str) -> Outcome:
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        wanted = Version(version)
    except InvalidVersion:
        return NotMeasured(reason=f"{version!r} is not a version")
    for one in known:
        lowest, highest = (Version(end) for end in one.versions or ())
        if lowest <= wanted <= highest:
            return _inside(one, question, version)
        if one.step is Step.WORKS:
            continue
        runs = _runs(one.runs)
        if wanted < lowest and _reaches_down(one, question) and _speaks(runs[0], question):
            return _answer(one, runs[:1], seen=False)
        if wanted > highest and _reaches_up(one, question) and _speaks(runs[-1], question):
            return _answer(one, runs[-1:], seen=False)
    lows = [Version(one.versions[0]) for one in known if one.versions]
    highs = [Version(one.versions[1]) for one in known if one.versions]
    if wanted < min(lows) or wanted > max(highs):
        return NotMeasured(reason=f"{version} lies beyond the versions that were run")
    return NotMeasured(reason=f"the neighbours of {version} that were run have different outcomes")


def _inside(one: Interval, question: Question, version: str) -> Outcome:
    """Answer with the runs of this very version, else with its two neighbours."""
    from packaging.version import Version  # noqa: PLC0415

    wanted = Version(version)
    runs = tuple(each for each in _runs(one.runs) if _speaks(each, question))
    minor = _minor(question.tensorflow)
    same = tuple(each for each in runs if Version(each.version or "0") == wanted)
    here = tuple(each for each in same if _minor(each.tensorflow) == minor)
    if same:
        return _answer(one, here or same, seen=bool(here))
    own = tuple(each for each in runs if _minor(each.tensorflow) == minor)
    for near in (own, runs):
        below = [each for each in near if Version(each.version or "0") < wanted]
        above = [each for each in near if Version(each.version or "0") > wanted]
        if below and above:
            return _answer(one, (below[-1], above[0]), seen=False)
    return NotMeasured(reason="it broke for lack of a name that this Python may still have")


def _speaks(run: Combination, question: Question) -> bool:
    """Whether a run says anything of another Python.

    One that broke for lack of a name of Python's own library says nothing of an earlier Python.
    """
    if run.cause not in _BY_PYTHON or run.version is None:
        return True
    python = _earliest_python(run.package, run.version)
    return question.python is not None and python <= _numbers(question.python)


@store.remembered
def _earliest_python(package: str, version: str) -> tuple[int, int]:
    """Tell the first Python that was seen to lack what a version uses, beside any TensorFlow."""
    return min(
        _numbers(run.python)
        for run in store.load(_FILE, CombinationTable).combinations
        if (run.package, run.version) == (package, version) and run.cause in _BY_PYTHON
    )


def _reaches_down(one: Interval, question: Question) -> bool:
    if one.below is Reach.OLDEST and one.versions and question.python is not None:
        own = _numbers(question.python)
        return all(_numbers(python) <= own for python in _pythons(one, one.versions[0]))
    return one.below is Reach.NUMPY_1


def _reaches_up(one: Interval, question: Question) -> bool:
    if one.above is Reach.NEWEST and one.versions and question.python is not None:
        own = _numbers(question.python)
        return all(_numbers(python) >= own for python in _pythons(one, one.versions[1]))
    return one.above is Reach.NUMPY_1


def _pythons(one: Interval, version: str) -> tuple[str, ...]:
    """List the Pythons that a version at an end of an interval was run on."""
    return tuple(run.python for run in _runs(one.runs) if run.version == version)


def _answer(one: Interval, runs: tuple[Combination, ...], *, seen: bool) -> Outcome:
    """Word the outcome of an interval with the runs that lie nearest."""
    if one.step is Step.WORKS:
        return Works(evidence=runs)
    causes = {each.cause for each in runs}
    return Broken(
        step=max((each.step for each in runs), key=_STEPS.index),
        cause=causes.pop() if len(causes) == 1 else None,
        evidence=runs,
        seen=seen,
    )


def _runs(places: tuple[int, ...]) -> tuple[Combination, ...]:
    table = store.load(_FILE, CombinationTable)
    return tuple(table.combinations[place] for place in places)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _numbers(version: str) -> tuple[int, int]:
    """The first two numbers of a version that was released: ``3.12`` gives (3, 12)."""
    first, _, rest = version.partition(".")
    return int(first), int(rest.split(".")[0] or 0)
