"""Runs a subject in every way that the framework has, and keeps what came out."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Callable, List  # noqa: UP035

import numpy as np

from ..frameworks import Array, Framework
from .entries import Case
from .subjects import Subject, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

FORWARD, COMPILED, GRADIENT = "forward", "compiled", "gradient"

Results = List[Array]  # noqa: UP006 (evaluated: older Pythons know no other)


def ways(framework: Framework, case: Case) -> list[str]:
    """Return how an operation is run: JAX always compiles, PyTorch never does, TensorFlow both."""
    found = [] if framework.name == "jax" else [FORWARD]
    if framework.compiles():
        found.append(COMPILED)
    if case.entry.gradient and case.dtype not in {"int32", "bool"}:
        found.append(GRADIENT)
    return found


def runner(framework: Framework, case: Case, subject: Subject, way: str) -> Callable[[], Results]:
    """Return what runs a subject once, in one way, and brings the results to the host."""
    function = subject.call
    if way == COMPILED or (way == GRADIENT and framework.name == "jax"):
        # Eager JAX compiles operation by operation, which takes many times as long.
        function = subject.compiled()
    if way != GRADIENT:
        return lambda: _results(framework, subject, function)
    cotangents: list[Array] = []

    def gradients() -> Results:
        if not cotangents:
            # The results' shapes are known when they are there.
            results = _results(framework, subject, function)
            cotangents.extend(_cotangents(case, [array.shape for array in results]))
        return _gradients(framework, subject, function, cotangents)

    return gradients


def _results(framework: Framework, subject: Subject, function: Callable[..., Any]) -> Results:
    subject.reset()
    with framework.scope(subject.device):
        return [np.asarray(framework.array(tensor)) for tensor in function(*subject.inputs)]


def _gradients(
    framework: Framework,
    subject: Subject,
    function: Callable[..., Any],
    cotangents: Sequence[Array],
) -> Results:
    subject.reset()
    with framework.scope(subject.device):
        found = framework.pullback(function, subject.inputs, cotangents, subject.variables)
    return [np.asarray(array) for array in found if array is not None]


def _cotangents(case: Case, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    random = np.random.default_rng(zlib.crc32(("cotangents " + case.name).encode()))
    return [rounded(np.asarray(random.standard_normal(shape)), case.dtype) for shape in shapes]
