"""What is measured: a model's file or script, its inputs, and the interpreter that has a framework.

Comparing and timing take the same words for it.
"""

from __future__ import annotations

import os
from typing import Any, Optional

from tfmac.schema.proof import Core

BACKENDS = tuple(core.value for core in Core)
BACKEND_VARIABLE = "KERAS_BACKEND"


def interpreter_of(*, python: Optional[str] = None, env: Optional[str] = None) -> str:
    """Return the interpreter of the environment that is meant, or raise ``NothingToInspect``."""
    from tfmac.observe.locate import NothingToInspect, locate
    from tfmac.schema.fact import Unknown

    found = locate(python=python, env=env).interpreter
    if isinstance(found, Unknown):
        raise NothingToInspect(found.reason)
    return found.value.path


def subject_request(model: str, inputs: Optional[str]) -> dict[str, Any]:
    """Return what a child is asked about a model: ``FILE`` or ``SCRIPT.py[:NAME]``.

    Raise ``NothingToInspect`` where a file is not there.
    """
    from tfmac.observe.locate import NothingToInspect

    path, name = _split(model)
    for given in (path, inputs):
        if given is not None and not os.path.exists(given):
            raise NothingToInspect(f"{given} does not exist")
    request: dict[str, Any] = {"model": os.path.abspath(path)}
    if name is not None:
        request["name"] = name
    if inputs is not None:
        request["inputs"] = os.path.abspath(inputs)
    if path.endswith(".py"):
        # As a script of the user's would, it finds the modules beside it.
        request["path_entries"] = [os.path.dirname(os.path.abspath(path))]
    return request


def _split(model: str) -> tuple[str, Optional[str]]:
    """Divide ``SCRIPT.py:NAME``."""
    path, colon, name = model.rpartition(":")
    return (path, name) if colon and path.endswith(".py") else (model, None)
