"""Checks of what lies on the disk: missing and altered files, damaged metadata."""

from collections.abc import Iterator

from tfmac.checks.case import Case, NotApplicable, require
from tfmac.knowledge.tensorflow import TENSORFLOW_NAMES
from tfmac.schema.facts import MissingFiles
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)
from tfmac.schema.knowledge import Step


def tensorflow_complete(case: Case) -> Iterator[Finding]:
    """Whether all files of TensorFlow are there.

    Looks at: the existence of every file in TensorFlow's RECORD, and the size of its native
    libraries.
    Why it matters: an interrupted installation, or the removal of one of two TensorFlow
    distributions, leaves a package that imports and is hollow, or does not load.
    Repair: TensorFlow removed with its folder and installed once.
    Sources: RECORD (Binary distribution format).
    """
    if not case.tensorflow_distributions:
        raise NotApplicable("TensorFlow is not installed")
    for missing in require(case.facts.files).missing:
        if missing.distribution in TENSORFLOW_NAMES and len(case.carriers) == 1:
            yield _incomplete(case, missing)


def _incomplete(case: Case, missing: MissingFiles) -> Finding:
    tensorflow = case.distributions[missing.distribution]
    breaks = _breaks(missing)
    return Finding(
        cause="tensorflow-install-incomplete",
        severity=Severity.ERROR if breaks else Severity.WARNING,
        confidence=Confidence.LIKELY,
        subject=f"{tensorflow.name} {tensorflow.version}",
        message=_count_message(missing, f"{tensorflow.name} {tensorflow.version}"),
        evidence=tuple(_file_evidence(missing, tensorflow.location)),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"{tensorflow.name}=={tensorflow.version}",
                reason="installed again, the package folder removed first",
            ),
        ),
        breaks=Step.IMPORT if any(map(_is_core, missing.examples)) else None,
    )


# The libraries that every import of TensorFlow loads. Others are loaded later or, like the
# ``_pywrap_tensorflow_internal.so`` of 2.21 on Linux (tried), are not needed to compute.
_CORE_LIBRARIES = ("libtensorflow_framework", "libtensorflow_cc", "lib_pywrap_tensorflow_common")


def _is_core(path: str) -> bool:
    return path.rpartition("/")[2].startswith(_CORE_LIBRARIES)


def _breaks(missing: MissingFiles) -> bool:
    """Whether what is gone is native code or a package's ``__init__.py``, not mere data."""
    if missing.missing == 0:
        return False
    initial = any(
        path.endswith("__init__.py") and "/tests/" not in path for path in missing.examples
    )
    return missing.native > 0 or initial


def _count_message(missing: MissingFiles, subject: str) -> str:
    parts = []
    if missing.missing:
        native = f", {missing.native} of them native" if missing.native else ""
        parts.append(f"files of {subject} are missing ({missing.missing}{native})")
    if missing.altered:
        parts.append(f"files of {subject} have another size than installed ({missing.altered})")
    message = "; ".join(parts)
    return message[:1].upper() + message[1:]


def _file_evidence(missing: MissingFiles, location: str) -> Iterator[Evidence]:
    state = "is missing" if missing.missing else "has another size"
    for path in missing.examples:
        yield Evidence(
            statement=f"{path} {state}",
            source=f"RECORD of {missing.distribution}",
            location=location,
        )


def distribution_files(case: Case) -> Iterator[Finding]:
    """Whether the files of all other distributions are there.

    Looks at: the existence of every file that a RECORD lists, and the size of native libraries.
    Why it matters: pip and uv do not look, and a deleted library shows only at import.
    Repair: the distribution installed again at the same version.
    Sources: RECORD (Binary distribution format).
    """
    for missing in require(case.facts.files).missing:
        if missing.distribution in TENSORFLOW_NAMES:
            continue
        distribution = case.distributions[missing.distribution]
        breaks = _breaks(missing) and missing.distribution in case.tensorflow_closure
        yield Finding(
            cause="distribution-files-missing",
            severity=Severity.ERROR if breaks else Severity.WARNING,
            confidence=Confidence.LIKELY,
            subject=f"{distribution.name} {distribution.version}",
            message=_count_message(missing, f"{distribution.name} {distribution.version}"),
            evidence=tuple(_file_evidence(missing, distribution.location)),
            constraints=(
                Constraint(
                    kind=ConstraintKind.REQUIREMENT,
                    value=f"{distribution.name}=={distribution.version}",
                    reason="installed again",
                ),
            ),
        )


def damaged_metadata(case: Case) -> Iterator[Finding]:
    """Whether every dist-info folder can be read, once for each distribution.

    Looks at: METADATA of every dist-info, folders whose name begins with ``~``, and two folders
    for one name.
    Why it matters: installers skip or trip over such remains, and versions that are reported are
    not what is there.
    Repair: the remains removed and the distribution installed again.
    Sources: Core metadata specifications.
    """
    for damaged in case.facts.damaged:
        yield Finding(
            cause="distribution-metadata-damaged",
            severity=Severity.WARNING,
            confidence=Confidence.CERTAIN,
            subject=damaged.path,
            message=f"The metadata in {damaged.path.rpartition('/')[2]} is damaged: "
            f"{damaged.reason}",
            evidence=(
                Evidence(statement=damaged.reason, source="file system", location=damaged.path),
            ),
        )
