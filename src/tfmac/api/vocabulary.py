"""The vocabulary of causes."""

from __future__ import annotations

from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.reports import CauseList, CausePage


def causes() -> CauseList:
    """List the vocabulary of causes."""
    from tfmac.knowledge import failures
    from tfmac.schema.reports import CauseLine

    found = map(failures.failure, failures.causes())
    return CauseList(
        schema_version=SCHEMA_VERSION,
        causes=tuple(
            CauseLine(cause=one.cause, category=one.category, definition=one.definition)
            for one in found
        ),
    )


def cause(name: str) -> CausePage:
    """Describe a cause and the checks that find it. Raises ``UnknownCauseError``."""
    from tfmac.checks.documentation import describe
    from tfmac.checks.registry import CHECKS
    from tfmac.knowledge import failures

    failure = failures.failure(name)
    finders = [check for check in CHECKS if name in check.causes]
    return CausePage(
        schema_version=SCHEMA_VERSION, failure=failure, checks=tuple(map(describe, finders))
    )
