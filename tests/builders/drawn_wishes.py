"""Wishes drawn at random, and what meets them by the naive planner of ``builders.truth``."""

import random
from collections.abc import Iterator
from typing import Callable, Optional

from builders.truth import Combination, allows, combinations, goes_beside, has_keras
from tfmac.schema.plans import Demand, StackKind, Wish
from tfmac.schema.platform import Target

TARGETS = tuple(
    map(
        Target.parse,
        (
            *("macos-13-arm64", "macos-14-arm64", "macos-15-arm64"),
            *("macos-13-x86_64", "linux-x86_64", "linux-aarch64"),
        ),
    )
)
_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 15))
_TENSORFLOWS = (
    *(f"2.{minor}" for minor in range(5, 22)),
    *("<2.12", "<2.16", ">=2.13,<2.16", ">=2.16", ">=2.18,<2.20", "~=2.9", "==2.15.0", "2.13.0"),
)
_KERAS = ("<3", "<3", ">=3", ">=3.5", "2.15", "2.10", "<2.13", ">=3.0,<3.4", "2.18", "==2.9.0")
_EXTENSIONS = (
    *("tensorflow-text", "tensorflow-io", "tensorflow-addons", "tensorflow-io-gcs-filesystem"),
    *("tensorflow-decision-forests", "tensorflow-probability", "keras-cv"),
    *("tensorflow-text>=2.12", "tensorflow-text<2.11", "tensorflow-addons<0.20"),
)
_WITHOUT_TENSORFLOW = frozenset({StackKind.KERAS_TORCH, StackKind.KERAS_JAX})
_ALWAYS = frozenset(
    {
        StackKind.TENSORFLOW_CPU,
        StackKind.TENSORFLOW_METAL,
        StackKind.TENSORFLOW_MACOS_METAL,
    }
)
_FOR_THE_GPU = frozenset({StackKind.TENSORFLOW_CUDA, StackKind.TENSORFLOW_METAL_PLUGIN})


def drawn(seed: int, number: int, *targets: Target) -> "Iterator[Wish]":
    """Draw wishes: the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    for _ in range(number):
        yield _wish(chance, chance.choice(targets or TARGETS))


def _wish(chance: random.Random, target: Target) -> Wish:
    def some(share: float, *choices: str) -> Optional[str]:
        return chance.choice(choices) if chance.random() < share else None

    stack = chance.choice(tuple(StackKind)) if chance.random() < 0.3 else None
    alone = stack in _WITHOUT_TENSORFLOW
    gpu = chance.choice((True, False)) if chance.random() < 0.5 else None
    python = some(0.5, *_PYTHONS)
    tensorflow = some(0.1 if alone else 0.55, *_TENSORFLOWS)
    keras = some(0.25, *_KERAS)
    beside = None if alone else some(0.25, *_EXTENSIONS)
    return Wish(
        target=target,
        python=python,
        gpu=gpu,
        tensorflow=tensorflow,
        keras=keras,
        stack=stack,
        demands=(Demand(text=beside),) if beside else (),
    )


def offered(wish: Wish) -> "tuple[Combination, ...]":
    """Give the combinations of the stacks that a wish may get: the others have to be named."""
    kinds = set(_ALWAYS)
    if wish.stack is not None:
        kinds.add(wish.stack)
    if wish.gpu:
        kinds |= _FOR_THE_GPU
    if wish.keras is not None:
        kinds.add(StackKind.TF_KERAS)
    return tuple(one for one in combinations(wish.target) if one.kind in kinds)


def conditions(wish: Wish) -> "dict[str, Callable[[Combination], bool]]":
    """Give what a combination has to hold, by the wish as a user writes it."""
    found: dict[str, Callable[[Combination], bool]] = {}
    python, tensorflow, keras = wish.python, wish.tensorflow, wish.keras
    if wish.gpu is not None:
        found["--gpu" if wish.gpu else "--no-gpu"] = lambda one: one.gpu == wish.gpu
    if python is not None:
        found[f"--python {python}"] = lambda one: one.python == python
    if wish.stack is not None:
        found[f"--stack {wish.stack.value}"] = lambda one: one.kind is wish.stack
    if tensorflow is not None:
        found[f"--tensorflow {tensorflow}"] = lambda one: (
            one.tensorflow is not None and allows(tensorflow, one.tensorflow)
        )
    if keras is not None:
        found[f"--keras {keras}"] = lambda one: has_keras(one, keras, wish.target)
    for demand in wish.demands:
        found[str(demand)] = _beside(demand.text, wish.target)
    return found


def _beside(text: str, target: Target) -> "Callable[[Combination], bool]":
    return lambda one: goes_beside(text, one, target)


def meeting(wish: Wish, *named: str) -> "Iterator[Combination]":
    """Give the combinations that meet a wish, or only those of its parts that are named."""
    wanted = conditions(wish)
    held = [wanted[one] for one in named] if named else list(wanted.values())
    return (one for one in offered(wish) if all(condition(one) for condition in held))
