"""Checks of what is known to break TensorFlow although nobody declares anything against it."""

from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from tfmac.checks.case import Case, NotApplicable, minor
from tfmac.checks.measured import ask, closer_cause, confidence, evidence, ran, severity
from tfmac.checks.requirements import meets, violated_by_tensorflow
from tfmac.formats.distinfo import normalise
from tfmac.knowledge import combinations, jax_pairs
from tfmac.knowledge.combinations import Broken
from tfmac.schema.combinations import Clash
from tfmac.schema.facts import Distribution
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)


def undeclared_breaks(case: Case) -> Iterator[Finding]:
    """Whether a package is there with a version that was seen to break this TensorFlow.

    Looks at: the versions of all distributions that were ever exchanged or added beside this
    TensorFlow minor, as far as no declared conflict names them already.
    Why it matters: nobody bounds what was released later, and TensorFlow and Keras load pandas
    and jax when they are there, so that one built for another NumPy breaks ``import tensorflow``.
    Repair: a version that was seen to work, or the package taken out where nothing needs it.
    Sources: the measured combinations.
    """
    tensorflow = case.tensorflow
    for package in combinations.packages(tensorflow.version):
        installed = case.distributions.get(package)
        if installed is None or _left_to_others(case, installed):
            continue
        outcome = ask(case, package, installed.version)
        if not isinstance(outcome, Broken) or not _applies(case, outcome):
            continue
        if package not in violated_by_tensorflow(case):
            yield _broken(case, installed, outcome)


def _applies(case: Case, outcome: Broken) -> bool:
    """Whether what made the runs fail is here, too.

    jaxlib alone is loaded by nobody, for example. Where jax refused ml-dtypes, it has to be one
    that the installed jax refuses.
    """
    needed = combinations.loaded_with(outcome)
    if not needed <= case.distributions.keys():
        return False
    jax, ml_dtypes = case.distributions.get("jax"), case.distributions.get("ml-dtypes")
    by_jax = "jax" in needed or outcome.evidence[0].package == "jax"
    if outcome.cause != "ml-dtypes-mismatch" or not by_jax or not jax or not ml_dtypes:
        return True
    return not jax_pairs.accepts(jax.version, jax.requires, ml_dtypes.name, ml_dtypes.version)


def _left_to_others(case: Case, installed: Distribution) -> bool:
    """NumPy 2 under a TensorFlow that was built for NumPy 1 has a check of its own."""
    cause = closer_cause(installed.name, installed.version, case.tensorflow.version)
    return cause == "numpy-2-with-numpy-1-binaries"


def _broken(case: Case, installed: Distribution, outcome: Broken) -> Finding:
    tensorflow = case.tensorflow
    closer = closer_cause(installed.name, installed.version, tensorflow.version)
    return Finding(
        cause=outcome.cause or closer or "version-known-to-break",
        severity=severity(outcome),
        confidence=confidence(outcome),
        subject=f"{installed.name} {installed.version}",
        message=f"{installed.name} {installed.version} breaks {tensorflow.name} "
        f"{tensorflow.version}, though nobody declares it",
        evidence=(
            *evidence(outcome),
            Evidence(
                statement=f"{installed.name} is {installed.version}",
                source="dist-info",
                location=installed.location,
            ),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"{installed.name}!={installed.version}",
                reason=f"seen to break TensorFlow {'.'.join(tensorflow.version.split('.')[:2])}",
            ),
        ),
        breaks=outcome.step,
    )


def numpy_generation(case: Case) -> Iterator[Finding]:
    """Whether an undeclared NumPy 2 lies beside a TensorFlow that was built for NumPy 1.

    Looks at: the versions of NumPy and TensorFlow where TensorFlow's own bound lets NumPy 2 in.
    Why it matters: TensorFlow up to 2.17 was built for NumPy 1, and the releases up to 2.11 did
    not say so.
    Repair: NumPy 1 in the range of the release.
    Sources: the measured combinations.
    """
    tensorflow = case.tensorflow
    numpy = case.distributions.get("numpy")
    if numpy is None or minor(numpy.version) < (2, 0) or minor(tensorflow.version) >= (2, 18):
        return
    declared = [one for one in case.requirements(tensorflow) if normalise(one.name) == "numpy"]
    if any(not meets(numpy.version, one.specifier) for one in declared):
        raise NotApplicable("the conflict is declared; declared-requirements reports it")
    outcome = ask(case, "numpy", numpy.version)
    yield Finding(
        cause="numpy-2-with-numpy-1-binaries",
        severity=severity(outcome),
        confidence=max(confidence(outcome), Confidence.LIKELY, key=_SURENESS.index),
        subject=f"numpy {numpy.version}",
        message=f"{tensorflow.name} {tensorflow.version} was built for NumPy 1; "
        f"{numpy.version} is installed",
        evidence=tuple(evidence(outcome)),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value="numpy<2",
                reason="TensorFlow up to 2.17 was built for NumPy 1",
            ),
        ),
        breaks=outcome.step if isinstance(outcome, Broken) else None,
    )


_SURENESS = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)


def jax_companions(case: Case) -> Iterator[Finding]:
    """Whether jax accepts what lies beside it, where TensorFlow loads jax.

    Looks at: the versions of jax and jaxlib, and what jax declares about jaxlib.
    Why it matters: jax refuses a wrong one with an error that TensorFlow does not catch, so that
    ``import tensorflow`` fails although it does not need jax.
    Repair: jax and jaxlib of one release, or neither.
    Sources: the measured combinations; the requirements of jax's releases.
    """
    jax = case.distributions.get("jax")
    if jax is None:
        raise NotApplicable("jax is not installed")
    known = combinations.clashes(case.tensorflow.version)
    if not known:
        raise NotApplicable("this TensorFlow is not known to load jax")
    for clash in known:
        other = case.distributions.get(clash.package)
        if clash.requirer != jax.name or other is None:
            continue
        if _older_than_seen(jax, clash):
            continue
        if not jax_pairs.accepts(jax.version, jax.requires, other.name, other.version):
            yield _refused(case, jax, other, clash)


def _older_than_seen(jax: Distribution, clash: Clash) -> bool:
    """Whether jax is older than all that were seen to refuse something: the first ones did not."""
    seen = (run.beside[jax.name] for run in combinations.all_evidence(clash))
    return Version(jax.version) < min(Version(version) for version in seen)


def _refused(case: Case, jax: Distribution, other: Distribution, clash: Clash) -> Finding:
    runs = combinations.evidence(clash, case.tensorflow.version)
    return Finding(
        cause=clash.cause or "requirement-conflict",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        subject=f"{other.name} {other.version}",
        message=f"jax {jax.version} does not accept {other.name} {other.version}, and "
        f"{case.tensorflow.name} loads jax",
        evidence=(
            Evidence(
                statement=f"jax {jax.version} accepts {_accepted(jax, other.name)}",
                source="Requires-Dist of jax",
                location=jax.location,
            ),
            Evidence(statement=f"{clash.step.value} failed: {runs[0].error}", source=ran(runs)),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=_accepted(jax, other.name),
                reason=f"jax {jax.version} accepts no other",
            ),
        ),
        breaks=clash.step,
    )


def _accepted(jax: Distribution, package: str) -> str:
    """Word what jax declares about a package, else the bound that it always has for jaxlib."""
    for text in jax.requires:
        try:
            one = Requirement(text)
        except InvalidRequirement:
            continue
        if normalise(one.name) == package and one.marker is None and one.specifier:
            return f"{package}{one.specifier}"
    return f"{package}<={jax.version}"
