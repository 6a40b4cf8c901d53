"""Keeping a process off its GPUs, which CUDA_VISIBLE_DEVICES does not do on a Mac."""

from __future__ import annotations

import sys
from typing import Optional

from .frameworks import FRAMEWORKS, DeviceProblem, framework


def hide_gpu(*, framework_name: Optional[str] = None) -> None:
    """Let this process use the CPU alone, in every framework that it has imported.

    Call it before the first tensor or model: frameworks settle on their devices at their first
    use. ``framework_name`` restricts it to ``tensorflow``, ``torch`` or ``jax``.

    Raise ``DeviceProblem`` where it comes too late, and ``NoFramework`` where there is none.
    """
    if framework_name is not None:
        framework(framework_name).hide_gpus()
        return
    imported = [name for name in FRAMEWORKS if sys.modules.get(name) is not None]
    wanted = {framework().name, *imported}
    late = []
    for name in sorted(wanted):
        try:
            framework(name).hide_gpus()
        except DeviceProblem as problem:  # noqa: PERF203 (the others are still hidden)
            late.append(str(problem))
    if late:
        raise DeviceProblem("the GPU is still in use: " + "; ".join(late))
