"""The stacks without TensorFlow: Keras 3 on PyTorch or JAX."""

from collections.abc import Iterator

from tfmac.knowledge import releases, store
from tfmac.planner.stacks.candidate import Candidate, Release, pythons_of
from tfmac.planner.stacks.tensorflow import wheel_rationale
from tfmac.schema.plans import Rationale, StackKind, Variable
from tfmac.schema.platform import Target

_KERAS_3 = "keras>=3"
# What every Keras 3 requires and has compiled code.
_NATIVE_NEEDS = ("h5py", "ml-dtypes", "numpy")


def keras_torch(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """Keras 3 on PyTorch, which brings its own support for a Mac's GPU (MPS)."""
    for version in releases.versions("torch", prereleases=prereleases):
        for python in _pythons_with_keras("torch", version, target):
            for gpu in (True, False) if target.apple_silicon else (False,):
                yield _candidate(
                    StackKind.KERAS_TORCH, "torch", version, python=python, target=target, gpu=gpu
                )


def keras_jax(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """Keras 3 on JAX, on the CPU: Apple's plug-in for it has stayed behind."""
    own = set(releases.versions("jax", prereleases=prereleases))
    for version in releases.versions("jaxlib", prereleases=prereleases):
        native = pythons_of("jaxlib", version, target) if version in own else ()
        for python in _pythons_with_keras("jax", version, target) if native else ():
            if python in native:
                yield _candidate(
                    StackKind.KERAS_JAX, "jax", version, python=python, target=target, gpu=False
                )


def _candidate(
    stack: StackKind, name: str, version: str, *, python: str, target: Target, gpu: bool
) -> Candidate:
    return Candidate(
        stack=stack,
        gpu=gpu,
        python=python,
        core=Release(name=name, version=version),
        requirements=(_KERAS_3, f"{name}=={version}"),
        variables=(Variable(name="KERAS_BACKEND", value=name),),
        rationale=(
            wheel_rationale(name, version, pythons_of(name, version, target), target),
            Rationale(
                statement=f"Keras declares no version of {name}: whether the two go together "
                "shows when they are used",
                source="Requires-Dist of keras",
            ),
        ),
    )


def _pythons_with_keras(name: str, version: str, target: Target) -> tuple[str, ...]:
    """List the Pythons with wheels of a release and of the native code that Keras 3 requires."""
    return tuple(
        python for python in pythons_of(name, version, target) if _has_needs(python, target)
    )


@store.remembered
def _has_needs(python: str, target: Target) -> bool:
    """Whether each of the natively compiled needs of Keras 3 has some wheel for a Python."""
    return all(
        any(
            releases.has_wheel(release, target, python)
            for version in releases.versions(name)
            if (release := releases.release(name, version)) is not None
        )
        for name in _NATIVE_NEEDS
    )
