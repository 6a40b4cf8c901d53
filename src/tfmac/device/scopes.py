"""A block of code on a device, said in the same way for TensorFlow, Keras, PyTorch and JAX."""

from __future__ import annotations

import sys
from threading import get_ident
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from . import frameworks
from .choosing import best
from .frameworks import Device

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

AUTO = "auto"


class _Found(NamedTuple):
    """A device that was looked up, and the list that it was looked up in."""

    listed: object
    device: Device


# By framework and name. A list that is another one (GPUs were hidden) is looked up again.
_FOUND: dict[tuple[str, str], _Found] = {}
# The backend of the imported Keras module.
_DEFAULT: dict[int, str] = {}


class Scope:
    """A context in which new tensors, variables and operations go to a device.

    It may be entered again while it is open, and by several threads: each thread places its own
    work. What the block raises goes on.
    """

    __slots__ = ("_entered", "_framework", "_name")

    def __init__(self, name: str, framework: Optional[str]) -> None:
        self._name = name
        self._framework = framework
        # By thread: each touches its own list only.
        self._entered: dict[int, list[AbstractContextManager[Any]]] = {}

    def __enter__(self) -> Device:
        """Enter the framework's own scope; give the device."""
        device, context = _entry(self._framework, self._name)
        context.__enter__()
        self._entered.setdefault(get_ident(), []).append(context)
        return device

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Leave the framework's own scope."""
        self._entered[get_ident()].pop().__exit__(kind, error, trace)


def scope(device: str = AUTO, *, framework_name: Optional[str] = None) -> Scope:
    """Return a context for a device: ``auto``, ``gpu``, ``cpu``, or a name such as ``GPU:1``.

    ``auto`` is what ``best()`` chooses. ``framework_name`` is ``tensorflow``, ``torch`` or ``jax``
    where a process has several; by default it is the one that Keras uses. A device that is not
    there, or no framework, is told when the block is entered.

        with device.scope("gpu"):
            model.fit(images, labels)
    """
    return Scope(device, framework_name)


def _entry(framework_name: Optional[str], name: str) -> tuple[Device, AbstractContextManager[Any]]:
    """Give a device and the framework's own scope for it."""
    used = frameworks.framework(framework_name or _default())
    listed = used.devices()
    found = _FOUND.get((used.name, name))
    if found is None or found.listed is not listed:
        wanted = best(framework_name=used.name).device if name == AUTO else name
        found = _Found(listed, frameworks.named_device(used, wanted))
        _FOUND[used.name, name] = found
    return found.device, used.scope(found.device)


def _default() -> str:
    """Return the framework of this process. An imported Keras has settled it for good."""
    keras = sys.modules.get("keras")
    known = _DEFAULT.get(id(keras))
    if known is None:
        known = frameworks.backend_name()
        if hasattr(keras, "backend"):
            _DEFAULT[id(keras)] = known
    return known
