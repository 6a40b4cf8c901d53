"""What a user wishes for, and the answer: a plan with its reasons, or why there is none."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.model_content import Content
from tfmac.schema.platform import Target


class InterpreterChoice(msgspec.Struct, frozen=True, kw_only=True):
    """An installed interpreter that a plan may be built on."""

    path: str
    version: str
    """Full version, for example ``3.12.4``."""
    origin: str
    """Where it was found: PATH, pyenv, Homebrew, python.org, conda or uv."""

    @property
    def minor(self) -> str:
        """The version without its patch number: ``3.12``."""
        return ".".join(self.version.split(".")[:2])


class StackKind(enum.Enum):
    """A combination of packages that the planner knows how to put together."""

    TENSORFLOW_METAL = "tensorflow-metal"
    """TensorFlow and Apple's plug-in."""
    TENSORFLOW_MACOS_METAL = "tensorflow-macos-metal"
    """The same under the name that TensorFlow for ARM Macs had up to 2.15."""
    TENSORFLOW_METAL_PLUGIN = "tensorflow-metal-plugin"
    """TensorFlow and the plug-in of a community, which is built at its installation."""
    TENSORFLOW_CUDA = "tensorflow-cuda"
    TENSORFLOW_CPU = "tensorflow"
    TF_KERAS = "tf-keras"
    """TensorFlow that gives Keras 2 as ``tf.keras``."""
    KERAS_TORCH = "keras-torch"
    """Keras 3 on PyTorch, without TensorFlow."""
    KERAS_JAX = "keras-jax"
    """Keras 3 on JAX, without TensorFlow."""


class Preference(enum.Enum):
    """Which of the sets that meet all wishes is the better one."""

    NEWEST = "newest"
    PROVEN = "proven"
    """That whose versions were seen to work with its TensorFlow."""


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement of the user's own, as it is written, and where: an option, or FILE:LINE."""

    text: str
    origin: str = "--with"
    constraint: bool = False
    """It is not asked for: if it is there, then so."""

    def __str__(self) -> str:
        return f"{self.origin} {self.text}"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asks the planner for; None means no opinion.

    ``tensorflow`` and ``keras`` are version specifiers such as ``<2.19``, ``==2.18.*``.
    """

    target: Target
    python: Optional[str] = None
    gpu: Optional[bool] = None
    tensorflow: Optional[str] = None
    keras: Optional[str] = None
    stack: Optional[StackKind] = None
    demands: tuple[Demand, ...] = ()
    model: Optional[Content] = None
    """A model file that has to load."""
    preference: Preference = Preference.NEWEST
    prereleases: bool = False


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A variable that has to be set in every program that runs in an environment."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution of a plan at its exact version."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


class Rationale(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for a choice in a plan, with the source of the rule behind it."""

    statement: str
    source: str


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """An alternative that the planner looked at and left, with its cause from the vocabulary."""

    stack: str
    cause: Optional[str]
    reason: str


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """Another stack that meets the wishes, ranked by the knowledge alone: nothing was resolved."""

    stack: StackKind
    title: str
    gpu: bool
    reasons: tuple[Rationale, ...]
    """What speaks for it and against it."""
    resolved: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True, tag_field="answer", tag="plan"):
    """A set of packages for one machine.

    ``requirements`` are the chosen ones; ``pins`` the full set that they resolve to. Those named
    in ``built`` have no wheel and are built against the others. ``interpreter`` is the installed
    one to build on, or None when there is none for ``python``.
    """

    target: Target
    python: str
    stack: StackKind
    gpu: bool
    requirements: tuple[str, ...]
    pins: tuple[Pin, ...]
    rationale: tuple[Rationale, ...]
    rejected: tuple[Rejected, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    """Other stacks that meet the wishes, the better first."""
    built: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    interpreter: Optional[InterpreterChoice] = None
    artifacts: Optional[str] = None
    """The files of the pins, where a resolver was asked for them: ``[[packages]]`` of PEP 751."""

    def version(self, name: str) -> Optional[str]:
        """The pinned version of a distribution, None when the plan does not have it."""
        return next((pin.version for pin in self.pins if pin.name == name), None)


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Wishes that cannot all be met, and why."""

    wishes: tuple[str, ...]
    reason: str
    cause: Optional[str] = None


class NoPlan(msgspec.Struct, frozen=True, kw_only=True, tag_field="answer", tag="no-plan"):
    """No set of packages meets all wishes; ``nearest`` says what giving one up would allow."""

    target: Target
    conflicts: tuple[Conflict, ...]
    nearest: Optional[str] = None
    rejected: tuple[Rejected, ...] = ()
