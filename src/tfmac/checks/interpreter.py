"""Checks of the interpreter: whether it is there, and whether wheels exist for it."""

import re
from collections.abc import Iterator
from typing import Optional

from tfmac.checks.case import METAL, Case, NotApplicable, UnknownFact, minor
from tfmac.checks.core import core_of
from tfmac.knowledge import limits, tensorflow
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.facts import Distribution
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)
from tfmac.schema.knowledge import Step
from tfmac.schema.limits import Limit, LimitKind
from tfmac.schema.platform import OperatingSystem

_MACOS_TAG = re.compile(r"macosx_(\d+)_(\d+)_")


def interpreter_runs(case: Case) -> Iterator[Finding]:
    """Whether the environment's interpreter is still there.

    Looks at: the file that ``bin/python`` leads to.
    Why it matters: an upgrade of Homebrew or pyenv removes the Python that environments link to.
    Repair: the environment made again with an interpreter that exists.
    Sources: the file system.
    """
    interpreter = case.interpreter
    if isinstance(interpreter.runs, Unknown) or interpreter.runs.value:
        return
    yield Finding(
        cause="interpreter-cannot-run",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject=interpreter.path,
        message="The environment's interpreter is gone, so nothing in it can run",
        evidence=(Evidence(statement=interpreter.runs.source, source="file system"),),
        constraints=(
            Constraint(
                kind=ConstraintKind.PYTHON,
                value=case.python_minor,
                reason="the environment made again with an interpreter that exists",
            ),
        ),
        breaks=Step.IMPORT,
    )


def python_has_wheels(case: Case) -> Iterator[Finding]:
    """Whether any TensorFlow has a wheel for this Python and machine, where nothing computes.

    Looks at: the Python version, the machine, and the wheel tags of all recorded releases; not
    where Keras 3 has PyTorch or JAX to compute with.
    Why it matters: pip then says ``from versions: none``, whatever is asked for.
    Repair: a Python that TensorFlow has wheels for.
    Sources: the wheels of tensorflow and tensorflow-macos on the package index.
    """
    if case.tensorflow_distributions:
        raise NotApplicable("TensorFlow is installed")
    if core_of(case.facts) is not None:
        raise NotApplicable("Keras has something else than TensorFlow to compute with")
    python = case.python_minor
    supported = tensorflow.supported_pythons(case.target)
    if not supported or python in supported:
        return
    yield Finding(
        cause="no-wheel-for-python",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject=f"Python {python}",
        message=f"No stable TensorFlow has a wheel for Python {python} on {case.target}",
        evidence=(
            Evidence(
                statement=f"there are wheels for Python {', '.join(supported)}",
                source="wheel tags of all recorded TensorFlow releases",
            ),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.PYTHON,
                value=f">={supported[0]},<={supported[-1]}",
                reason="the Pythons with a wheel",
            ),
        ),
    )


def python_has_its_modules(case: Case) -> Iterator[Finding]:
    """Whether this Python still has the modules that the installed packages import.

    Looks at: the Python, and which removed modules of the standard library the published sources of
    TensorFlow, Keras and their neighbours import when they are imported.
    Why it matters: their metadata allows every later Python, and their import fails there.
    Repair: an older Python, a newer release, or setuptools, which brings distutils back.
    Sources: the wheels; ``sys.stdlib_module_names`` of the interpreters.
    """
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415

    python = case.python
    for distribution in case.distributions.values():
        for limit in limits.limit_of(distribution.name, distribution.version, LimitKind.PYTHON):
            if limit.unless in case.distributions or SpecifierSet(limit.value).contains(python):
                continue
            yield _module_gone(case, distribution, limit)


def _module_gone(case: Case, distribution: Distribution, limit: Limit) -> Finding:
    tensorflow = distribution in case.carriers
    subject = f"{distribution.name} {distribution.version}"
    lifted = [limit.unless] if limit.unless else []
    return Finding(
        cause=limit.cause,
        severity=Severity.ERROR if tensorflow else Severity.WARNING,
        confidence=Confidence.CERTAIN,
        subject=subject,
        message=f"{subject} cannot be imported on Python {case.python_minor}: {limit.statement}",
        evidence=tuple(
            Evidence(statement=limit.statement, source=one.name) for one in limit.sources[-1:]
        ),
        constraints=tuple(
            Constraint(
                kind=ConstraintKind.REQUIREMENT, value=name, reason="it brings the module back"
            )
            for name in lifted
        )
        or (Constraint(kind=ConstraintKind.PYTHON, value=limit.value, reason=limit.statement),),
        breaks=Step.IMPORT if tensorflow else None,
    )


def intel_mac(case: Case) -> Iterator[Finding]:
    """Whether this is an Intel Mac, for which TensorFlow has ended.

    Looks at: the machine, and the wheel tags of all recorded releases.
    Why it matters: newer releases have no wheel for it and will not get one.
    Repair: none; the last release stays usable.
    Sources: the wheels of tensorflow on the package index.
    """
    target = case.target
    if target.system is not OperatingSystem.MACOS or target.apple_silicon:
        raise NotApplicable("the machine is not an Intel Mac")
    last = tensorflow.newest(target)
    if last is None:
        raise UnknownFact("no release for Intel Macs is recorded")
    newer = [one for one in case.carriers if minor(one.version) > minor(last)]
    foreign = [one for one in newer if one.installer != "conda"]
    yield Finding(
        cause="intel-mac-dropped",
        severity=Severity.ERROR if foreign else Severity.NOTE,
        confidence=Confidence.CERTAIN,
        subject=str(target),
        message=f"TensorFlow for Intel Macs has ended with {last}"
        + (f"; {foreign[0].version} has no code for this chip" if foreign else ""),
        evidence=(
            Evidence(
                statement=f"the newest release with a macOS x86_64 wheel is {last}",
                source="wheel tags of all recorded TensorFlow releases",
            ),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"tensorflow<={last}",
                reason="the last release with a wheel for this chip",
            ),
        )
        if foreign
        else (),
    )


def macos_new_enough(case: Case) -> Iterator[Finding]:
    """Whether macOS is as new as the installed wheels and libraries ask for.

    Looks at: the macOS tag of TensorFlow's wheel, and the minimum macOS that libraries state
    (LC_BUILD_VERSION), which can be later than the tag: of the plug-in as it is installed, of other
    packages as it was published.
    Why it matters: the loader refuses a library built for a later macOS, or misses symbols of it.
    Repair: a newer macOS, or the last release for this one.
    Sources: WHEEL; mach-o/loader.h.
    """
    version = case.macos_version
    if version is None:
        raise NotApplicable("the machine is not a Mac, or its macOS version is not known")
    asked = [
        (f"{one.name} {one.version}", needed, "its wheel tag")
        for one in (*case.carriers, *filter(None, [case.distributions.get(METAL)]))
        for needed in [_tagged_macos(one.tags)]
        if needed
    ]
    if isinstance(case.facts.plugins, Found):
        asked += [
            (one.path, one.minimum_macos, "LC_BUILD_VERSION")
            for one in case.facts.plugins.value
            if one.minimum_macos
        ]
    asked += [
        (f"{one.name} {one.version}", limit.value.lstrip(">="), limit.sources[-1].name)
        for one in case.distributions.values()
        if one.name != METAL or not isinstance(case.facts.plugins, Found)
        for limit in limits.limit_of(one.name, one.version, LimitKind.MACOS)
    ]
    for subject, needed, source in asked:
        if _numbers(needed) > _numbers(version):
            yield _too_old(subject, needed, version, source)


def _too_old(subject: str, needed: str, version: str, source: str) -> Finding:
    return Finding(
        cause="macos-too-old-for-wheel",
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
        subject=subject,
        message=f"{subject} is built for macOS {needed} or later; this is {version}",
        evidence=(Evidence(statement=f"it asks for macOS {needed}", source=source),),
        constraints=(
            Constraint(
                kind=ConstraintKind.MACOS, value=f">={needed}", reason=f"{subject} is built for it"
            ),
        ),
    )


def _tagged_macos(tags: tuple[str, ...]) -> Optional[str]:
    """The oldest macOS that a wheel's tags name."""
    matches = filter(None, map(_MACOS_TAG.search, tags))
    oldest = min(((int(one[1]), int(one[2])) for one in matches), default=None)
    return f"{oldest[0]}.{oldest[1]}" if oldest else None


def _numbers(version: str) -> tuple[int, int]:
    """Major and minor of a macOS version; one without a minor means its latest."""
    major, _, rest = version.partition(".")
    return int(major), int(rest.partition(".")[0]) if rest else 99
