"""Check for modules that hide packages."""

from collections.abc import Iterator

from tfmac.checks.case import Case, require
from tfmac.schema.findings import (
    Confidence,
    Evidence,
    Finding,
    Severity,
)


def shadowed_packages(case: Case) -> Iterator[Finding]:
    """Whether something in the working directory hides a package that TensorFlow needs.

    Looks at: modules and packages in the working directory whose name an installed distribution
    of TensorFlow's own requirements provides.
    Why it matters: Python finds the working directory first, so ``import keras`` gets the file.
    Repair: the file renamed, or the program started from another folder.
    Sources: Python documentation, "Initialization of sys.path".
    """
    for module in require(case.facts.shadowing):
        if module.distribution not in case.tensorflow_closure:
            continue
        yield Finding(
            cause="source-folder-shadows-package",
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
            subject=module.name,
            message=f"{module.path} hides the package {module.name} of {module.distribution}",
            evidence=(
                Evidence(
                    statement=f"import {module.name} finds this first",
                    source="the working directory",
                    location=module.path,
                ),
            ),
        )
