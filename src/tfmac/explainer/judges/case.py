"""What a judge looks at: an event, what was captured of it, and what the log shows besides."""

import msgspec

from tfmac.explainer.circumstances import Known
from tfmac.schema.findings import Confidence

Judgement = dict[str, Confidence]
"""The causes that explain an event, and how surely."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One event before a judge; ``text`` is the event's, ``whole`` the log's, both squeezed."""

    captures: dict[str, str]
    text: str
    whole: str
    known: Known
