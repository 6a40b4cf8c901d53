"""The documents that commands print; their JSON form is a contract (see docs/json.md)."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.actions import Manager
from tfmac.schema.findings import CheckOutcome, Finding
from tfmac.schema.knowledge import Failure
from tfmac.schema.plans import Alternative, Conflict, Rationale, Rejected, StackKind, Variable
from tfmac.schema.proof import Core, ProbeReport


class TensorFlowState(enum.Enum):
    """How far TensorFlow gets in an environment.

    A TensorFlow that is there and broken is never called absent.
    """

    ABSENT = "absent"
    CANNOT_LOAD = "cannot-load"
    NO_GPU = "no-gpu"
    GPU_UNPROVED = "gpu-unproved"
    PROVED = "proved"


class TensorFlowSummary(msgspec.Struct, frozen=True, kw_only=True):
    """TensorFlow in one line: its state, the distributions that carry it, and the plug-in."""

    state: TensorFlowState
    distributions: tuple[str, ...]
    plugin: Optional[str]


class KerasSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Keras 3 on PyTorch or JAX, where TensorFlow is absent, in one line.

    ``state`` is what it is for TensorFlow, never ``absent``.
    """

    core: Core
    state: TensorFlowState
    distributions: tuple[str, ...]


class EnvironmentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Which environment was judged, for which machine, and why this one."""

    root: str
    kind: str
    python: Optional[str]
    machine: str
    chosen_because: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``doctor``."""

    schema_version: int
    tfmac: str
    environment: EnvironmentSummary
    tensorflow: TensorFlowSummary
    findings: tuple[Finding, ...]
    outcomes: tuple[CheckOutcome, ...]
    probe: Optional[ProbeReport] = None
    keras: Optional[KerasSummary] = None

    @property
    def state(self) -> TensorFlowState:
        """How far what computes gets: Keras' core where there is no TensorFlow."""
        return self.tensorflow.state if self.keras is None else self.keras.state


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing whose version matters; ``conflicts`` name what is known against it."""

    name: str
    version: Optional[str]
    conflicts: tuple[str, ...] = ()


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``versions``."""

    schema_version: int
    tfmac: str
    machine: str
    environment: str
    versions: tuple[VersionLine, ...]


class CheckText(msgspec.Struct, frozen=True, kw_only=True):
    """A check described under the fixed headings of its docstring."""

    check: str
    question: str
    looks_at: str
    why_it_matters: str
    repair: str
    sources: str


class CheckLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of checks."""

    check: str
    family: str
    causes: tuple[str, ...]


class CheckList(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``doctor --list``."""

    schema_version: int
    checks: tuple[CheckLine, ...]


class CausePage(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``cause NAME``."""

    schema_version: int
    failure: Failure
    checks: tuple[CheckText, ...]


class CauseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of causes."""

    cause: str
    category: str
    definition: str


class CauseList(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``cause`` without a name."""

    schema_version: int
    causes: tuple[CauseLine, ...]


class PinLine(msgspec.Struct, frozen=True, kw_only=True):
    """One pin of a plan document."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``plan`` when there is one; ``create`` reads it back."""

    schema_version: int
    target: str
    python: str
    stack: StackKind
    gpu: bool
    requirements: tuple[str, ...]
    pins: tuple[PinLine, ...]
    rationale: tuple[Rationale, ...]
    rejected: tuple[Rejected, ...]
    alternatives: tuple[Alternative, ...] = ()
    built: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    interpreter: Optional[str] = None
    """The installed interpreter that fits, None when there is none or another machine is meant."""


class NoPlanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``plan`` when the wishes collide."""

    schema_version: int
    target: str
    conflicts: tuple[Conflict, ...]
    nearest: Optional[str]


class CreationReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``create``: what was planned, where it was made, and by what."""

    schema_version: int
    tfmac: str
    directory: str
    manager: Manager
    plan: PlanDocument
    kernel: Optional[str] = None
    """The file by which Jupyter knows the environment."""


class SetupReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``setup``: what was planned, where it was made, and the proof.

    ``proved`` says that everything planned was seen to work: the product on the planned device
    and the Keras step.
    """

    schema_version: int
    tfmac: str
    directory: str
    plan: PlanDocument
    diagnosis: Diagnosis
    proved: bool
    kernel: Optional[str] = None
    """The file by which Jupyter knows the environment."""
