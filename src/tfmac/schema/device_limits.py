"""What GPUs of a Mac cannot do: records of the knowledge that ``tfmac.device`` carries along."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.knowledge import Source


class MacGpu(enum.Enum):
    """A way in which a framework uses the GPU of a Mac."""

    TENSORFLOW_METAL = "tensorflow-metal"
    TORCH_MPS = "torch-mps"
    JAX_METAL = "jax-metal"


class DeviceLimitKind(enum.Enum):
    """What a limit is about."""

    TYPE = "type"
    OPERATION = "operation"
    COMPILATION = "compilation"
    RESULT = "result"
    DEVICE = "device"


class Outcome(enum.Enum):
    """What happens to work that meets the limit."""

    ERROR = "error"
    FALLS_BACK = "falls-back"
    WRONG = "wrong"
    SLOW = "slow"


class DeviceLimit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A limit of one way to the GPU, in the releases from ``first`` to ``last``."""

    gpu: MacGpu
    kind: DeviceLimitKind
    what: str
    subjects: tuple[str, ...]
    """Names that a program would use: of types, operations, layers."""
    effect: str
    outcome: Outcome
    sources: tuple[Source, ...]
    first: str = ""
    last: str = ""
    """Of the plug-in, or of PyTorch; empty for no bound."""
    above: int = 0
    """For a convolution: only with more filters than this."""
    cause: Optional[str] = None


class ReportedDeviceLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits that documents and threads tell of."""

    schema_version: int
    limits: tuple[DeviceLimit, ...]


class PluginRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A release whose code was read."""

    version: str
    sources: tuple[Source, ...]
    """Its wheels for the Pythons; they are not always the same build."""
    operations: int
    """Those that it registers a kernel of."""
    types: dict[str, int]
    """How many of them compute in each type of numbers."""


class MissingKernel(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of TensorFlow that releases next to each other register no kernel of."""

    operation: str
    first: str
    last: str


class MissingType(msgspec.Struct, frozen=True, kw_only=True):
    """A type of numbers that hardly any kernel of these releases computes in."""

    dtype: str
    first: str
    last: str
    kernels: int
    """The most that one of these releases has."""


class DeviceLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from the releases of tensorflow-metal for ARM Macs."""

    schema_version: int
    compared: tuple[str, ...]
    """The releases of TensorFlow whose operations were looked for."""
    plugin: tuple[PluginRelease, ...]
    missing_types: tuple[MissingType, ...]
    missing_kernels: tuple[MissingKernel, ...]
