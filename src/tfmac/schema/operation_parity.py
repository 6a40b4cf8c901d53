"""Which operations of Keras a device computes as another one does."""

import enum
from collections.abc import Iterator
from typing import Optional

import msgspec


class OperationRun(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be compared, where, and how."""

    interpreter: str
    backend: Optional[str] = None
    device: Optional[str] = None
    """The tested device; None for the first GPU."""
    reference: str = "CPU:0"
    """So many devices are made of the CPU: one of them may stand in for a GPU."""
    only: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    own_operations: Optional[str] = None
    """A Python file with the user's own operations."""
    without_catalogue: bool = False
    resume: Optional[bool] = None
    jobs: int = 1
    case_seconds: float = 60.0
    folder: Optional[str] = None
    """Where files of runs are kept; None for the user's cache."""


class OperationVerdict(enum.Enum):
    """What one operation was found to do on the tested device.

    ``failed``: the reference could not do it either, or does not agree with itself, so nothing is
    judged. ``not-there``: this release of Keras, or this backend, has no such operation.
    """

    SAME = "same"
    WITHIN_TOLERANCE = "within-tolerance"
    WRONG = "wrong"
    NOT_DETERMINISTIC = "not-deterministic"
    NO_KERNEL = "no-kernel"
    CRASHED = "crashed"
    HUNG = "hung"
    FAILED = "failed"
    NOT_THERE = "not-there"

    @property
    def judged(self) -> bool:
        """Whether it says anything of the tested device."""
        return self not in {OperationVerdict.FAILED, OperationVerdict.NOT_THERE}

    @property
    def sound(self) -> bool:
        """Whether the operation may be used on the device."""
        return self in {OperationVerdict.SAME, OperationVerdict.WITHIN_TOLERANCE}


class Distance(msgspec.Struct, frozen=True, kw_only=True):
    """How far two results are apart, or may be; None is more than any number.

    ``rms`` is relative to the size of the result as a whole, ``element`` that of one number
    relative to its own size and the usual size, ``slope`` the common factor less one.
    """

    rms: Optional[float] = 0.0
    element: Optional[float] = 0.0
    slope: Optional[float] = 0.0


class OperationCase(msgspec.Struct, frozen=True, kw_only=True):
    """One operation with one type of numbers and one shape.

    ``way`` is how it was run where the verdict shows most: ``forward``, ``compiled`` or
    ``gradient``. ``tested_error`` and ``reference_error`` are the distances from double precision,
    measured where the two devices are farther apart than the tolerance. In the ways of ``wavers``
    repeats on the tested device differ (within the tolerance, unless the verdict says more).
    ``not_judged`` has the ways that the reference could not go, with its reason.
    """

    name: str
    operation: str
    variant: str
    dtype: str
    shape: str
    verdict: OperationVerdict
    way: Optional[str] = None
    detail: str = ""
    distance: Distance = Distance()
    tolerance: Optional[Distance] = None
    tested_error: Optional[Distance] = None
    reference_error: Optional[Distance] = None
    wavers: tuple[str, ...] = ()
    not_judged: dict[str, str] = {}
    seconds: float = 0.0


class ComparedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device: our name for it, its kind, and what the framework says of it."""

    name: str
    kind: str
    described: str


class OperationEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """What computed: the framework, its Keras, and the two devices."""

    framework: str
    framework_version: str
    keras_version: str
    plugin_version: str = ""
    device: ComparedDevice
    reference: ComparedDevice


class RunFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run came to no end.

    ``kind`` is a word of a child's failures (``no-framework``, ``no-such-device``,
    ``device-lost``, ``out-of-memory``, ``crashed`` ...); ``detail`` is the end of a traceback or of
    what the process wrote to standard error.
    """

    kind: str
    text: str
    detail: str = ""


class OperationParityReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``parity --ops``; partial where ``failure`` is set.

    ``planned`` is how many cases there are, ``resumed`` how many of those that are here come from
    an earlier run that was cut short. ``quarantined`` are the operations, each with its type of
    numbers, that ``device.best()`` keeps off this device from now on; ``released`` those that it
    kept off until this run.
    """

    schema_version: int
    tfmac: str
    interpreter: str
    environment: Optional[OperationEnvironment] = None
    planned: int = 0
    resumed: int = 0
    cases: tuple[OperationCase, ...] = ()
    quarantined: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    knowledge_file: Optional[str] = None
    knowledge_problem: Optional[str] = None
    run_file: Optional[str] = None
    seconds: float = 0.0
    failure: Optional[RunFailure] = None

    @property
    def unsound(self) -> tuple[OperationCase, ...]:
        """The cases that the tested device got wrong or could not do."""
        return tuple(one for one in self.cases if one.verdict.judged and not one.verdict.sound)

    def counts(self) -> Iterator[tuple[OperationVerdict, int]]:
        """Yield how many cases have which verdict, without those that none has."""
        for verdict in OperationVerdict:
            number = sum(one.verdict is verdict for one in self.cases)
            if number:
                yield verdict, number
