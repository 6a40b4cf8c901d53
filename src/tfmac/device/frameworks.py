"""The frameworks that compute, told apart, and what each of them must be able to do here.

TensorFlow, PyTorch and JAX place work by different means. One object for each of them answers the
same questions, so that choosing, placing, comparing and timing are written once. Nothing is
imported that the process has not asked for: the framework is the one that is already there.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

# Whatever the framework in use calls by these names; it is not known when this is written.
Tensor = Any
Array = Any

FRAMEWORKS = ("tensorflow", "torch", "jax")
BACKEND_VARIABLE = "KERAS_BACKEND"


class DeviceProblem(Exception):
    """Something about devices that the caller has to know; its text is meant for people."""


class NoFramework(DeviceProblem):
    """No framework is in this process, and none was named."""


class NoSuchDevice(DeviceProblem):
    """A device that was asked for is not there."""


class Device(NamedTuple):
    """A device of a framework.

    ``name`` is ours, the same for all frameworks: ``CPU:0``, ``GPU:0``. ``kind`` is ``cpu`` or
    ``gpu``. ``native`` is what the framework itself understands, ``described`` what it says of it.
    """

    name: str
    kind: str
    native: Any
    described: str


class Framework(Protocol):
    """What the rest of ``device`` asks of a framework."""

    name: str

    def version(self) -> str:
        """Return the framework's version."""

    def devices(self) -> list[Device]:
        """Return the devices that this process can use, GPUs first."""

    def scope(self, device: Device) -> AbstractContextManager[None]:
        """Return a context in which new tensors, variables and operations go to the device."""

    def strict(self) -> AbstractContextManager[None]:
        """Return a context in which no work goes to another device than the one asked for.

        Reduced precision of matrix units (TensorFloat-32) is off in it too, since it is no fault
        and hides faults.
        """

    def double(self) -> AbstractContextManager[None]:
        """Return a context in which float64 stays float64; only JAX has to be told."""

    def split_cpu(self, count: int) -> None:
        """Make several logical devices of the CPU: ``CPU:0``, ``CPU:1``; before anything computes.

        Raise ``DeviceProblem`` where the framework cannot do that (PyTorch) or it is too late.
        """

    def hide_gpus(self) -> None:
        """Keep this process off its GPUs; raise ``DeviceProblem`` when it is too late for that."""

    def on_device(self, array: Array, device: Device) -> Tensor:
        """Return a NumPy array as a tensor on the device."""

    def array(self, tensor: Tensor) -> Array:
        """Return a tensor as a NumPy array; waits for its value. bfloat16 becomes float32."""

    def device_name(self, tensor: Tensor) -> str | None:
        """Return ``Device.name`` of where a tensor or variable lies, None for what is no tensor."""

    def is_tensor(self, value: object) -> bool:
        """Tell whether a value is a tensor of this framework."""

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as the framework compiles it: ``tf.function``, ``jax.jit``.

        PyTorch runs eagerly by default: the function comes back as it is.
        """

    def compiles(self) -> bool:
        """Tell whether ``compiled`` gives something else than what it was given."""

    def pullback(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Tensor],
        cotangents: Sequence[Array],
        variables: Sequence[Tensor] = (),
    ) -> list[Array | None]:
        """Differentiate ``function(*inputs)`` in the direction of the cotangents.

        The function returns a sequence of tensors, as many as there are cotangents. ``variables``
        are the framework's own that it reads besides; JAX has none, there the state is an input.
        Return an array for each input, then for each variable: the gradient, None where there is
        none (integers, no connection).
        """

    def synchronise(self, device: Device) -> None:
        """Wait until all work that was given to the device is done."""

    def peak_memory(self, device: Device) -> int | None:
        """Return the most bytes that the framework held on the device, None where none tells."""

    def seed(self, number: int) -> None:
        """Make the framework's pseudo-random numbers repeatable."""


def backend_name() -> str:
    """Return the framework of this process: ``tensorflow``, ``torch`` or ``jax``.

    An imported Keras decides; else the variable ``KERAS_BACKEND``; else the only framework that is
    imported; else TensorFlow if it can be imported, as Keras does. Raise ``NoFramework`` if there
    is none.
    """
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "src") and hasattr(keras, "backend"):
        named = getattr(keras.backend, "backend", None)
        if callable(named):
            said = str(named())
            if said in FRAMEWORKS:
                return said
    variable = os.environ.get(BACKEND_VARIABLE, "")
    if variable in FRAMEWORKS:
        return variable
    imported = [name for name in FRAMEWORKS if name in sys.modules]
    if len(imported) == 1:
        return imported[0]
    for name in imported or FRAMEWORKS:
        if name in sys.modules or importlib.util.find_spec(name) is not None:
            return name
    raise NoFramework(
        "no framework is installed here: TensorFlow, PyTorch or JAX has to be in this environment"
    )


def framework(name: str | None = None) -> Framework:
    """Return the object for a framework, by default the one of this process.

    Raise ``NoFramework`` for one that is not installed, ``DeviceProblem`` for one that fails when
    it is imported.
    """
    chosen = name or backend_name()
    if chosen not in FRAMEWORKS:
        raise NoFramework(f"{chosen!r} is none of {', '.join(FRAMEWORKS)}")
    known = _MADE.get(chosen)
    if known is not None:
        return known
    try:
        importlib.import_module(chosen)
    except ModuleNotFoundError as error:
        if error.name == chosen:
            raise NoFramework(f"{chosen} is not installed in this environment") from error
        raise DeviceProblem(f"importing {chosen} fails: {error}") from error
    except Exception as error:
        raise DeviceProblem(f"importing {chosen} fails: {type(error).__name__}: {error}") from error
    module = importlib.import_module(f".{chosen}_framework", __package__)
    made: Framework = module.made()
    _MADE[chosen] = made
    return made


def named_device(framework: Framework, name: str) -> Device:
    """Return the device of a name: ``gpu`` and ``cpu`` mean the first of that kind.

    Raise ``NoSuchDevice`` with what there is.
    """
    wanted = name.strip().upper()
    devices = framework.devices()
    for device in devices:
        if device.name == wanted or device.kind.upper() == wanted:
            return device
    there = ", ".join(device.name for device in devices)
    raise NoSuchDevice(f"{framework.name} has no device {name!r} here; there are: {there}")


_MADE: dict[str, Framework] = {}
