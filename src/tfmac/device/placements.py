"""Where a function or model really ran: which operation on which device, and what was copied.

The framework's own part is in its ``*_placement_framework`` module; here it is put together.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from .frameworks import framework, named_device
from .placement_records import Copied, Placed
from .placement_table import table

if TYPE_CHECKING:
    from collections.abc import Iterator


class PlacementReport(NamedTuple):
    """What ran where in one run. ``str()`` of it is a table."""

    framework: str
    version: str
    asked: str
    """The device that was asked for, or that new work goes to by itself."""
    operations: tuple[Placed, ...]
    copies: tuple[Copied, ...]
    proof: str
    """How it is known, in a sentence."""
    notes: tuple[str, ...] = ()

    @property
    def fell_back(self) -> tuple[Placed, ...]:
        """The operations for which a GPU was asked and that ran on a CPU.

        Without those that compute sizes and places: frameworks keep these on the CPU on purpose.
        """
        if not self.asked.startswith("GPU"):
            return ()
        return tuple(
            one for one in self.operations if one.device.startswith("CPU") and not one.on_shapes
        )

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        """The devices of each layer, in the order in which the layers came."""
        found: dict[str, dict[str, None]] = {}
        for one in self.operations:
            if one.layer and one.device and not one.on_shapes:
                found.setdefault(one.layer, {})[one.device] = None
        return {layer: tuple(devices) for layer, devices in found.items()}

    def ran_on(self, device: str) -> int:
        """Count the operations that ran on a device."""
        return sum(one.times for one in self.operations if one.device == device)

    def __str__(self) -> str:
        """Return a table of layers and operations, of what fell back and what was copied."""
        return "\n".join(_lines(self))


def report(
    function: Callable[..., Any],
    *inputs: Any,
    device: Optional[str] = None,
    framework_name: Optional[str] = None,
) -> PlacementReport:
    """Run a function or model once with these inputs, and tell where each part of it ran.

    A Keras model or layer is called as in ``predict``: compiled where TensorFlow does that, and
    not in training. ``device`` asks for a device (``gpu``, ``CPU:0``); without it everything is
    left as it is. JAX calls its function twice, once to trace it.

    Raise ``NoFramework``, ``NoSuchDevice``, and whatever the function raises.
    """
    used = framework(framework_name)
    observer = importlib.import_module(f".{used.name}_placement_framework", __package__)
    wanted = None if device is None else named_device(used, device)
    with contextlib.ExitStack() as opened:
        if wanted is not None:
            opened.enter_context(used.scope(wanted))
        seen = observer.seen(function, inputs)
    return PlacementReport(
        framework=used.name,
        version=used.version(),
        asked=wanted.name if wanted is not None else seen.asked,
        operations=seen.operations,
        copies=seen.copies,
        proof=seen.proof,
        notes=seen.notes,
    )


def _lines(found: PlacementReport) -> Iterator[str]:
    yield f"{found.framework} {found.version}, asked for: {found.asked or 'nothing'}"
    yield ""
    rows = [
        (one.layer or "-", one.operation, one.device or "not told", str(one.times))
        for one in found.operations
    ]
    yield from table(("layer", "operation", "ran on", "times"), rows)
    yield ""
    fallen = found.fell_back
    if fallen:
        yield f"fell back from {found.asked} to the CPU:"
        yield from (f"  {_named(one.layer, one.operation)} ({one.times})" for one in fallen)
    elif found.asked.startswith("GPU"):
        yield "nothing fell back to the CPU"
    if found.copies:
        yield "copied between devices:"
        yield from (f"  {_copy(one)}" for one in found.copies)
    else:
        yield "nothing was copied between devices"
    yield f"seen by: {found.proof}"
    yield from (f"note: {note}" for note in found.notes)


def _named(layer: str, operation: str) -> str:
    return f"{operation} of {layer}" if layer else operation


def _copy(one: Copied) -> str:
    size = "" if one.size is None else f", {one.size:,} bytes"
    times = "" if one.times == 1 else f", {one.times} times"
    return f"{one.source} -> {one.target}: {_named(one.layer, one.what)}{size}{times}"
