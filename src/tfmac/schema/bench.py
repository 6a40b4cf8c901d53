"""How fast a model's fit and predict are on which device, and from which batch a GPU wins."""

import enum
from typing import Optional

import msgspec


class Mode(enum.Enum):
    """What is timed."""

    FIT = "fit"
    PREDICT = "predict"


class Sample(enum.Enum):
    """The models that are timed when none is named."""

    DENSE = "dense"
    CONVOLUTIONAL = "convolutional"
    RECURRENT = "recurrent"


class Faster(enum.Enum):
    """Which of two devices takes less time; undecided where their ratio's bounds allow both."""

    TESTED = "tested"
    REFERENCE = "reference"
    UNDECIDED = "undecided"


class CrossoverKind(enum.Enum):
    """From which batch size on the tested device is the faster one.

    ``mixed``: it is at some sizes, but not at the largest that was timed.
    """

    ALWAYS = "always"
    FROM = "from"
    NEVER = "never"
    MIXED = "mixed"
    UNDECIDED = "undecided"
    NOT_TIMED = "not-timed"


class NotTimed(msgspec.Struct, frozen=True, kw_only=True):
    """Why something has no time.

    ``kind`` is a word of ``device_reports.FailureKind``; ``detail`` is the end of a traceback or of
    what the process wrote to standard error.
    """

    kind: str
    error: str
    detail: str = ""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A median with bounds: the true median lies between them in 95 of 100 runs.

    The bounds are values that were measured, by their order; no shape of the errors is assumed.
    With fewer than six values they are the smallest and the largest.
    """

    median: float
    lower: float
    upper: float
    count: int


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """A framework on a device, in a process of its own; ``failure`` where it could not be used.

    ``asked`` is how the device was asked for (``gpu``), ``device`` its name (``GPU:0``).
    """

    backend: str
    asked: str
    device: str
    described: str = ""
    version: str = ""
    keras: str = ""
    failure: Optional[NotTimed] = None


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One model, one batch size, on one device.

    ``step_seconds`` is the time of a step of Keras' own loop. ``first_call_seconds`` is the first
    call with everything that is compiled and prepared once; it is in none of the other numbers.
    ``resident_bytes`` is the most memory that the process has held until then (it never falls from
    one point to the next), ``device_bytes`` the most that the framework has held on the device,
    where it tells.
    """

    model: str
    mode: Mode
    batch: int
    backend: str
    device: str
    step_seconds: Optional[Spread] = None
    steps: int = 0
    first_call_seconds: Optional[float] = None
    resident_bytes: Optional[int] = None
    device_bytes: Optional[int] = None
    failure: Optional[NotTimed] = None

    @property
    def rows_per_second(self) -> Optional[float]:
        """How many samples (images, sequences) are worked through in a second."""
        return None if self.step_seconds is None else self.batch / self.step_seconds.median


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """How many times as fast the tested device is: the reference's time by its own, in pairs."""

    model: str
    mode: Mode
    batch: int
    backend: str
    tested: str
    reference: str
    ratio: Spread
    faster: Faster


class Crossover(msgspec.Struct, frozen=True, kw_only=True):
    """From which of the timed batch sizes on the tested device wins; ``batch`` for ``from``.

    ``causes`` are slugs of the vocabulary that say why it is behind.
    """

    model: str
    mode: Mode
    backend: str
    tested: str
    reference: str
    kind: CrossoverKind
    batch: Optional[int] = None
    causes: tuple[str, ...] = ()


class Fastest(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration that worked through most rows a second, and the batch size of that."""

    model: str
    mode: Mode
    backend: str
    device: str
    batch: int
    rows_per_second: float


class TimedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was timed: a sample's name or the user's file."""

    name: str
    parameters: Optional[int] = None
    layers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class BenchReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that ``tfmac bench`` timed.

    ``timing`` says for each mode what is inside a step's time. ``finished`` is False where time ran
    out: then some points are missing.
    """

    schema_version: int
    tfmac: str
    interpreter: str
    timing: dict[str, str]
    repeats: int
    block_seconds: float
    models: tuple[TimedModel, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    points: tuple[Point, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    crossovers: tuple[Crossover, ...] = ()
    fastest: tuple[Fastest, ...] = ()
    finished: bool = True

    @property
    def devices_without_times(self) -> tuple[str, ...]:
        """Devices that were asked for and on which nothing could be timed."""
        timed = {(one.backend, one.device) for one in self.points if one.step_seconds is not None}
        asked = dict.fromkeys(one.asked for one in self.configurations)
        reached = {one.asked for one in self.configurations if (one.backend, one.device) in timed}
        return tuple(name for name in asked if name not in reached)
