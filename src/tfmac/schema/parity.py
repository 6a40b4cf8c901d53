"""Whether a user's own model computes the same on two devices, and what departs first."""

import enum
from typing import Optional

import msgspec


class ParityVerdict(enum.Enum):
    """What the comparison of a model on two devices comes to.

    ``same``: every number is equal. ``within-tolerance``: sound computations differ as much.
    ``wrong``: they do not, or the device cannot do it at all. ``not-deterministic``: the tested
    device gives something else each time where the reference does not. ``could-not-finish``: the
    run ended before that was known.
    """

    SAME = "same"
    WITHIN_TOLERANCE = "within-tolerance"
    WRONG = "wrong"
    NOT_DETERMINISTIC = "not-deterministic"
    COULD_NOT_FINISH = "could-not-finish"

    @property
    def sound(self) -> bool:
        """Whether the tested device may be trusted with this model."""
        return self in {ParityVerdict.SAME, ParityVerdict.WITHIN_TOLERANCE}


class ParityStage(enum.Enum):
    """What is compared, in the order in which a departure counts."""

    FORWARD = "forward"
    COMPILED = "compiled forward"
    TRAINING_FORWARD = "forward in training"
    GRADIENTS = "gradients"
    LOSS = "loss"
    OPTIMIZER = "optimizer"
    STEPS = "training steps"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was compared, and how far it is from the reference.

    ``what`` is a layer's path in the model, with its class in ``kind``; or the loss, the optimizer,
    the training. ``detail`` says which of its results is meant. ``rms`` is the root mean square of
    the difference by that of the reference, ``element`` the largest difference of one element,
    ``slope`` the common factor less one; each has its bound. ``spread`` is what repetitions on the
    tested device differ by. None stands for what is no finite number. ``nearer`` says whose numbers
    are nearer to those of a copy in float64: ``reference`` or ``tested``.
    """

    stage: ParityStage
    inputs: str
    what: str
    outcome: str
    kind: str = ""
    detail: str = ""
    step: int = 0
    rms: Optional[float] = None
    element: Optional[float] = None
    slope: Optional[float] = None
    bound_rms: Optional[float] = None
    bound_element: Optional[float] = None
    bound_slope: Optional[float] = None
    spread: Optional[float] = None
    broken: str = ""
    nearer: str = ""
    error: str = ""


class StageResult(msgspec.Struct, frozen=True, kw_only=True):
    """One stage on one set of inputs: how many results came out how, and the farthest."""

    stage: ParityStage
    inputs: str
    compared: int
    outcomes: dict[str, int] = {}
    worst: Optional[Comparison] = None


class ParityDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device by our name, and what the framework says of it."""

    name: str
    described: str = ""


class ParityFramework(msgspec.Struct, frozen=True, kw_only=True):
    """What computed."""

    framework: str
    version: str
    keras: str
    python: str
    reference: ParityDevice
    tested: ParityDevice


class ParityModel(msgspec.Struct, frozen=True, kw_only=True):
    """The model that was compared."""

    name: str
    kind: str
    layers: int
    parameters: int
    precision: str


class ParityInputs(msgspec.Struct, frozen=True, kw_only=True):
    """A set of inputs: its name, and shape and type of each array."""

    name: str
    arrays: tuple[str, ...] = ()


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """What was switched off or could not be compared, and why."""

    what: str
    why: str
    stage: str = ""


class ParityFailure(msgspec.Struct, frozen=True, kw_only=True):
    """What ended a comparison early: a word for it, what was said, and the traceback's end."""

    kind: str
    error: str
    at: str = ""
    detail: str = ""


class ParityReport(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of a model on two devices; partial where ``failure`` is there."""

    schema_version: int
    tfmac: str
    subject: str
    interpreter: str
    verdict: ParityVerdict
    framework: Optional[ParityFramework] = None
    model: Optional[ParityModel] = None
    inputs: tuple[ParityInputs, ...] = ()
    culprit: Optional[Comparison] = None
    departures: tuple[Comparison, ...] = ()
    stages: tuple[StageResult, ...] = ()
    switched_off: tuple[Reason, ...] = ()
    untested: tuple[Reason, ...] = ()
    reproduction: Optional[str] = None
    seconds: float = 0.0
    failure: Optional[ParityFailure] = None
