"""The stacks that the planner knows: each turns knowledge into candidates for a machine.

A stack is a function from a target to its candidates; a new one is a function and a line in
``STACKS``.
"""

from collections.abc import Iterator
from typing import Callable

from tfmac.knowledge import store
from tfmac.planner.stacks.candidate import METAL, METAL_PLUGIN, TF_KERAS, Candidate, Release
from tfmac.planner.stacks.keras import keras_jax, keras_torch
from tfmac.planner.stacks.tensorflow import (
    tensorflow_cpu,
    tensorflow_cuda,
    tensorflow_macos_metal,
    tensorflow_metal,
    tensorflow_metal_plugin,
    tf_keras,
)
from tfmac.schema.plans import StackKind, Wish
from tfmac.schema.platform import Target

__all__ = ["METAL", "METAL_PLUGIN", "STACKS", "TF_KERAS", "Candidate", "Release"]

STACKS: dict[StackKind, Callable[..., Iterator[Candidate]]] = {
    StackKind.TENSORFLOW_METAL: tensorflow_metal,
    StackKind.TENSORFLOW_MACOS_METAL: tensorflow_macos_metal,
    StackKind.TENSORFLOW_METAL_PLUGIN: tensorflow_metal_plugin,
    StackKind.TENSORFLOW_CUDA: tensorflow_cuda,
    StackKind.TENSORFLOW_CPU: tensorflow_cpu,
    StackKind.TF_KERAS: tf_keras,
    StackKind.KERAS_TORCH: keras_torch,
    StackKind.KERAS_JAX: keras_jax,
}

_ALWAYS = frozenset(
    {
        StackKind.TENSORFLOW_METAL,
        StackKind.TENSORFLOW_MACOS_METAL,
        StackKind.TENSORFLOW_CPU,
    }
)
# Gigabytes of libraries, and a plug-in that has to be compiled: only for who wants the GPU.
_FOR_THE_GPU = frozenset({StackKind.TENSORFLOW_CUDA, StackKind.TENSORFLOW_METAL_PLUGIN})


def offered(wish: Wish) -> frozenset[StackKind]:
    """Tell which stacks may be chosen for a wish: the others have to be named."""
    kinds = _ALWAYS if wish.stack is None else _ALWAYS | {wish.stack}
    if wish.gpu:
        kinds |= _FOR_THE_GPU
    if wish.keras is not None or wish.model is not None:
        kinds |= {StackKind.TF_KERAS}
    return kinds


def candidates(wish: Wish, kinds: frozenset[StackKind]) -> tuple[Candidate, ...]:
    """Every candidate of some stacks for a wish's machine, the best first."""
    found = [
        one
        for kind in STACKS
        if kind in kinds
        for one in _of_stack(kind, wish.target, prereleases=wish.prereleases)
    ]
    return tuple(sorted(found, key=lambda one: one.rank, reverse=True))


@store.remembered
def _of_stack(kind: StackKind, target: Target, *, prereleases: bool) -> tuple[Candidate, ...]:
    return tuple(STACKS[kind](target, prereleases=prereleases))
