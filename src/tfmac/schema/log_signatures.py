"""How a cause shows in a log, why, and what helps: the part ``log`` of a cause's record.

Patterns are texts with captures ``{name:kind}``. White space in them means nothing and all quote
marks are the same one, because logs are matched with the white space taken out.
"""

import enum
from typing import Optional

import msgspec

from tfmac.schema.findings import Confidence, Constraint


class EventKind(enum.Enum):
    """What of a log a signature looks at."""

    EXCEPTION = "exception"
    WARNING = "warning"
    RECORD = "record"
    INSTALLER = "installer"
    DEATH = "death"
    LINE = "line"


class Circumstances(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may be known of the failing machine; what is not said here is not asked.

    It holds when all that is said holds. Where something of it is unknown, so is the answer.
    """

    python: Optional[str] = None
    """A specifier, for example ``>=3.12``."""
    macos: Optional[str] = None
    """A specifier, for example ``<12``."""
    platforms: tuple[str, ...] = ()
    """One of ``macos-arm64``, ``macos-x86_64``, ``linux-x86_64``, ``linux-aarch64``, ``windows``.

    It is the chip's own platform: an Intel Python under Rosetta runs on ``macos-arm64``.
    """
    interpreter: tuple[str, ...] = ()
    """What the Python was built for: ``arm64`` or ``x86_64``."""
    packages: dict[str, str] = {}
    """A specifier for each distribution; an empty one for any version."""
    absent: tuple[str, ...] = ()
    """Distributions that are not installed."""
    keras: Optional[int] = None
    """The generation of the Keras that runs: 2 (tf_keras too) or 3."""


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has to be true of a captured text; all that is said has to hold."""

    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    not_starts: tuple[str, ...] = ()
    not_ends: tuple[str, ...] = ()
    version: Optional[str] = None
    """A specifier: the text is a version that lies in it."""
    known: tuple[str, ...] = ()
    """Predicates of ``explainer.judges`` of which one has to hold, ``keras-class`` for example."""
    unknown: tuple[str, ...] = ()
    """Predicates none of which may hold."""


class Signature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way in which a cause shows; everything that is said has to hold of one event."""

    event: EventKind
    confidence: Confidence
    types: tuple[str, ...] = ()
    """Classes of exceptions or warnings, severities (``I W E F``), installers, or signals."""
    text: tuple[str, ...] = ()
    """Patterns all of which are in the event."""
    any_text: tuple[str, ...] = ()
    """Patterns of which one at least is in the event."""
    without: tuple[str, ...] = ()
    """Patterns none of which is in the event."""
    frames: tuple[str, ...] = ()
    """Paths of which one is in the traceback: ``keras/src/saving/`` or ``a/b.py:function``."""
    without_frames: tuple[str, ...] = ()
    raised_in: tuple[str, ...] = ()
    """Paths of which one is the innermost frame's."""
    not_raised_in: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """Patterns all of which are somewhere in the log."""
    any_elsewhere: tuple[str, ...] = ()
    """Patterns of which one at least is somewhere in the log."""
    not_elsewhere: tuple[str, ...] = ()
    where: dict[str, Condition] = {}
    """Conditions by the name of a capture; a capture that did not match anything fails them."""
    shown: Optional[Circumstances] = None
    """What the log itself has to show of its machine."""
    contradicted_by: Optional[Circumstances] = None
    """What the log must not show of its machine."""
    judge: Optional[str] = None
    """A function of ``explainer.judges`` that has to name this cause for the event."""


class Advice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What helps in some circumstances; of several the first that fits is given."""

    text: str
    """One step in words; ``{name|else}`` stands for what a signature has captured."""
    when: Optional[Circumstances] = None
    code: tuple[str, ...] = ()
    """Lines to copy: Python or shell, but no installation; that comes from the constraints."""
    constraints: tuple[Constraint, ...] = ()


class FactSigns(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the facts of the failing machine say to a cause; one that fits is enough."""

    confirm: tuple[Circumstances, ...] = ()
    rule_out: tuple[Circumstances, ...] = ()


class LogKnowledge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that the explainer knows of a cause."""

    signatures: tuple[Signature, ...]
    why: str
    """One or two sentences; ``{name|else}`` stands for what a signature has captured."""
    advice: tuple[Advice, ...] = ()
    yields_to: tuple[str, ...] = ()
    """Causes that say more: where one of them is found in the same event, this one is left out."""
    facts: FactSigns = FactSigns()


class LogRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cause's record as the explainer reads it: the same file that ``Failure`` is read from."""

    cause: str
    definition: str
    references: tuple[str, ...] = ()
    harmless: bool = False
    log: Optional[LogKnowledge] = None
    """None for a cause that does not show in logs."""
