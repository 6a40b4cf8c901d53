"""What the probe saw when it really imported and used what computes in the target interpreter."""

import enum
from typing import Optional

import msgspec


class Core(enum.Enum):
    """What computes: TensorFlow, or what Keras 3 computes with where there is none."""

    TENSORFLOW = "tensorflow"
    TORCH = "torch"
    JAX = "jax"


class Stage(enum.Enum):
    """The steps of the probe, in the order in which it takes them."""

    START = "start"
    IMPORT = "import"
    DEVICES = "devices"
    PLACEMENT = "placement"
    KERAS = "keras"
    DONE = "done"


class DeathKind(enum.Enum):
    """How a probe ended that did not reach its last stage."""

    EXCEPTION = "exception"
    SIGNAL = "signal"
    HANG = "hang"
    EXIT = "exit"
    CANNOT_START = "cannot-start"


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """The stage that the probe died in, how, and what was last said.

    ``detail`` is the exception's last line, the signal's name, the time limit in seconds or the
    exit status; ``output`` holds the end of the traceback or of standard error.
    """

    stage: Stage
    kind: DeathKind
    detail: str
    output: str


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device as the core lists it; ``kind`` is ``GPU`` or ``CPU``, seldom another."""

    name: str
    kind: str
    details: dict[str, str] = {}


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """A matrix product placed explicitly on one device, soft placement off.

    ``result_device`` is what the result tensor says; ``traced_devices`` are the devices that a
    step trace saw the product run on. Where ``follows_factors``, the core computes where the
    factors lie or refuses: the result's device is then the place, and nothing is traced.
    ``error`` is set when the device refused. An element of ``value`` is None where JSON has no
    number for it (not a number, infinite). ``kind`` is None in reports from before that field.
    """

    requested: str
    kind: Optional[str] = None
    result_device: Optional[str] = None
    traced_devices: tuple[str, ...] = ()
    follows_factors: bool = False
    value: Optional[tuple[tuple[Optional[float], ...], ...]] = None
    correct: bool = False
    error: Optional[str] = None

    @property
    def proved(self) -> bool:
        """Whether the value is right and all that tells of a device names the requested one."""
        where = self.requested.rpartition("/")[2]
        return (
            self.correct
            and self.result_device is not None
            and self.result_device.endswith(where)
            and (self.follows_factors or bool(self.traced_devices))
            and all(device.endswith(where) for device in self.traced_devices)
        )

    def is_on(self, kind: str) -> bool:
        """Whether a device of this kind was requested: ``GPU`` or ``CPU``."""
        return kind == self.kind if self.kind is not None else kind in self.requested


class KerasProof(msgspec.Struct, frozen=True, kw_only=True):
    """A small Keras model fitted, saved, loaded again and compared.

    ``largest_difference`` is the largest absolute difference between the predictions before
    saving and after loading.
    """

    steps: int = 0
    saved_as: Optional[str] = None
    largest_difference: Optional[float] = None
    layer_devices: dict[str, str] = {}
    error: Optional[str] = None

    @property
    def proved(self) -> bool:
        """Whether the loaded model predicts the same (to 1e-5, single precision)."""
        return (
            self.error is None
            and self.largest_difference is not None
            and self.largest_difference <= 1e-5
        )


class ProbeReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one run of the probe saw; ``death`` is None when it reached the end.

    ``withheld`` are variables that let a computation run elsewhere, with their values: they were
    set, and taken away for the proof.
    """

    interpreter: str
    core: Core = Core.TENSORFLOW
    withheld: dict[str, str] = {}
    versions: dict[str, str] = {}
    import_seconds: Optional[float] = None
    devices: tuple[Device, ...] = ()
    placements: tuple[Placement, ...] = ()
    keras: Optional[KerasProof] = None
    death: Optional[Death] = None
