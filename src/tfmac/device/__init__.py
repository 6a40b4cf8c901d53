"""The device that work runs on, inside your own process: chosen, asked for, proved, hidden.

TensorFlow, Keras 2, and Keras 3 on TensorFlow, PyTorch or JAX::

    from tfmac import device

    device.best(model)             # GPU:0 or CPU:0, with the reason
    with device.scope("auto"):     # the same for every framework
        model.fit(...)
    device.report(model, batch)    # what ran where, what fell back, what was copied
    device.hide_gpu()              # this process uses the CPU alone
    device.limits()                # what GPUs of a Mac cannot do, with sources

Each name is bound when it is first used, so the import costs nothing, and no framework is imported
before a function needs one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .choosing import Choice, best
    from .frameworks import DeviceProblem, NoFramework, NoSuchDevice
    from .limitations import Limit, limits
    from .placements import PlacementReport, report
    from .scopes import scope
    from .visibility import hide_gpu

__all__ = [
    "Choice",
    "DeviceProblem",
    "Limit",
    "NoFramework",
    "NoSuchDevice",
    "PlacementReport",
    "best",
    "hide_gpu",
    "limits",
    "report",
    "scope",
]

_PLACES = {
    "Choice": "choosing",
    "DeviceProblem": "frameworks",
    "Limit": "limitations",
    "NoFramework": "frameworks",
    "NoSuchDevice": "frameworks",
    "PlacementReport": "placements",
    "best": "choosing",
    "hide_gpu": "visibility",
    "limits": "limitations",
    "report": "placements",
    "scope": "scopes",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module("." + _PLACES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
