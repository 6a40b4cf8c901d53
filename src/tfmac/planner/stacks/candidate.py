"""One choice that fits a machine by the knowledge, before anything is resolved."""

from typing import Optional

import msgspec
from packaging.version import Version

from tfmac.knowledge import releases, store
from tfmac.schema.plans import Rationale, StackKind, Variable
from tfmac.schema.platform import Target

METAL = "tensorflow-metal"
METAL_PLUGIN = "tensorflow-metal-plugin"
TF_KERAS = "tf-keras"

# What is taken without being named goes before what its users have to know about.
_STANDING = {
    StackKind.TF_KERAS: 2,
    StackKind.TENSORFLOW_METAL_PLUGIN: 1,
    StackKind.KERAS_TORCH: 0,
    StackKind.KERAS_JAX: 0,
}
_BEST_STANDING = 3
# The name that is in use goes before the one that was given up.
_OLD_NAMES = frozenset({StackKind.TENSORFLOW_MACOS_METAL})


@store.remembered
def pythons_of(name: str, version: str, target: Target) -> tuple[str, ...]:
    """List the Pythons that a release has wheels for on a machine."""
    release = releases.release(name, version)
    return releases.supported_pythons(release, target) if release else ()


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release of a distribution."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A stack on one Python. ``constraints`` hold what its releases need and do not declare."""

    stack: StackKind
    gpu: bool
    python: str
    core: Release
    """What computes: TensorFlow under the name to ask for, torch or jax."""
    plugin: Optional[Release] = None
    """What gives TensorFlow the GPU of a Mac."""
    keras: Optional[Release] = None
    """The Keras that is part of the stack, where it is not the one that a resolver chooses."""
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    """Distributions among the requirements that are built against the others."""
    variables: tuple[Variable, ...] = ()
    rationale: tuple[Rationale, ...]
    doubts: tuple[str, ...] = ()
    """What stands against the pair although the plug-in loads."""

    @property
    def tensorflow(self) -> Optional[str]:
        """The version of TensorFlow, None for a stack without it."""
        return self.core.version if self.core.name.startswith("tensorflow") else None

    @property
    def title(self) -> str:
        """The stack in a few words."""
        if self.tensorflow is None:
            where = "" if self.gpu else ", CPU"
            name = {"torch": "PyTorch", "jax": "JAX"}[self.core.name]
            return f"Keras 3 on {name} {self.core.version}{where}, Python {self.python}"
        parts = [f"TensorFlow {self.tensorflow}"]
        parts += [f"{one.name} {one.version}" for one in (self.plugin, self.keras) if one]
        return f"{' + '.join(parts)} on Python {self.python}"

    @property
    def standing(self) -> int:
        """How well-trodden the stack is; the greatest are taken without being named."""
        return _STANDING.get(self.stack, _BEST_STANDING)

    @property
    def rank(self) -> tuple[bool, int, bool, Version, Version, bool, Version]:
        """The better candidate is greater: GPU, standing, no doubts, then what is newer.

        A pair that something stands against is taken where no other meets the wishes.
        """
        return (
            self.gpu,
            self.standing,
            not self.doubts,
            Version(self.core.version),
            Version(self.plugin.version if self.plugin else "0"),
            self.stack not in _OLD_NAMES,
            Version(self.python),
        )
