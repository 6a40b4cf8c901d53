"""The verb ``parity``: the user's own model on two devices."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional

from tfmac._version import __version__

if TYPE_CHECKING:
    from typing import Callable

    from tfmac.measurement.children import Event
    from tfmac.schema.parity import ParityReport

STEPS = 3


def parity(
    model: str,
    *,
    python: Optional[str] = None,
    env: Optional[str] = None,
    inputs: Optional[str] = None,
    steps: int = STEPS,
    device: Optional[str] = None,
    reference: Optional[str] = None,
    backend: Optional[str] = None,
    minimal: Optional[str] = None,
    time_limit: float = 1800.0,
    on_event: Optional[Callable[[Event], None]] = None,
) -> ParityReport:
    """Compare a model on two devices: forward, gradients, the optimizer, ``steps`` of training.

    ``model`` is a file that Keras reads, or ``SCRIPT.py[:NAME]``, where NAME is a model or a
    function that makes one. ``device`` is the first GPU unless it is named, ``reference`` the CPU.
    What departs first is in ``culprit``; ``minimal`` is where a script that shows it is written.
    Raises ``NothingToInspect`` where there is no such file or no interpreter, ``WouldOverwrite``
    where a file of the user's stands at ``minimal``, or its numbers beside it.
    """
    from tfmac.api.subjects import BACKEND_VARIABLE, interpreter_of, subject_request
    from tfmac.measurement.devices import logical_cpus
    from tfmac.measurement.parity import compare_model
    from tfmac.measurement.reproductions import refuse_overwriting

    request: dict[str, Any] = {
        **subject_request(model, inputs),
        "steps": steps,
        "device": device,
        "reference": reference,
        "backend": backend,
        "logical_cpus": logical_cpus([device, reference]),
        "minimal": os.path.abspath(minimal) if minimal is not None else None,
    }
    if minimal is not None:
        refuse_overwriting(minimal)
    return compare_model(
        interpreter_of(python=python, env=env),
        request,
        tfmac=__version__,
        subject=model,
        time_limit=time_limit,
        variables={BACKEND_VARIABLE: backend} if backend else None,
        working_directory=os.getcwd(),
        on_event=on_event,
    )
