"""Which device to use, and why: the GPU, unless it is known to be wrong for the work at hand.

Known are the limits of the GPUs of Macs (``limitations``) and what ``tfmac parity --ops`` measured
on this very device (``local_knowledge``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional

from . import local_knowledge
from .frameworks import Device, Framework, framework
from .limitations import Limit, Metal, installed_version, limits, metal_of
from .local_knowledge import Entry, LocalKnowledge
from .workloads import Part, Work, described, operation_key, same_operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Types that are used only where somebody asks for them: what is known of them alone says nothing
# of work that names no type.
_ASKED_FOR = ("float16", "bfloat16", "float64", "complex64", "complex128")
_MOST_NAMED = 3


class Choice(NamedTuple):
    """A device, and why it was chosen."""

    device: str
    """As ``scope`` takes it: ``GPU:0``, ``CPU:0``."""
    reason: str
    """One sentence."""
    rests_on: tuple[str, ...]
    """What the reason was concluded from, each with its source."""
    notes: tuple[str, ...] = ()
    """What does not change the choice: operations that the CPU will take over, damaged files."""

    def __str__(self) -> str:
        """Return the device and the reason."""
        return f"{self.device}: {self.reason}"


class Objection(NamedTuple):
    """A reason against the GPU."""

    what: str
    """A clause: ``layer 'encoder' (lstm) was measured to be wrong in float32``."""
    evidence: str
    outcome: str
    """``error``, ``wrong``, ``falls-back`` or ``slow``."""
    whole: bool = False
    """Whether it speaks about all of the work, not only a part."""


def best(work: object = None, *, framework_name: Optional[str] = None) -> Choice:
    """Choose the device for some work: the GPU, unless it is known to be wrong for it.

    ``work`` is a Keras model or layer, a module of PyTorch, the name of an operation or layer
    (``"matmul"``, ``"Conv2D"``), a type of numbers (``"float64"``, ``tf.float64``), or a list of
    these; None for nothing special. ``framework_name`` is ``tensorflow``, ``torch`` or ``jax``
    where a process has several.

    Raise ``NoFramework`` where there is none.
    """
    return chosen(framework(framework_name), described(work))


def chosen(used: Framework, work: Work) -> Choice:
    """Choose among the devices of a framework."""
    devices = used.devices()
    cpu = next((device for device in devices if device.kind == "cpu"), None)
    gpu = next((device for device in devices if device.kind == "gpu"), None)
    seen = f"{used.name} {used.version()} lists " + (
        ", ".join(f"{device.name} ({device.described})" for device in devices) or "no device"
    )
    if gpu is None:
        return Choice(
            "CPU:0" if cpu is None else cpu.name, f"{used.name} sees no GPU here", (seen,)
        )
    if cpu is None:
        return Choice(gpu.name, "it is the only kind of device here", (seen,))
    measured = local_knowledge.known()
    found = list(_objections(used, gpu, work, measured))
    problems = () if measured.problem is None else (measured.problem,)
    wrong = [one for one in found if one.outcome in ("wrong", "error")]
    if wrong:
        reason = f"the GPU ({gpu.described}) is known to be wrong for this: {_listed(wrong)}"
        return Choice(cpu.name, reason, (seen, *(one.evidence for one in wrong)), problems)
    left = _all_left_to_the_cpu(found, work)
    if left:
        reason = f"the GPU ({gpu.described}) would leave this to the CPU: {_listed(left)}"
        return Choice(cpu.name, reason, (seen, *(one.evidence for one in left)), problems)
    of_what = f" for {work.described}" if work.described else ""
    return Choice(
        gpu.name,
        f"it is a GPU ({gpu.described}), and nothing is known to be wrong on it{of_what}",
        (seen,),
        (*(f"{one.what} ({one.evidence})" for one in found), *problems),
    )


def plugin_version(used: Framework, device: Device) -> str:
    """Return the version of the distribution that brings a device; empty where there is none.

    For entries of ``local_knowledge``: PyTorch brings its own.
    """
    metal = metal_of(used.name, device)
    if metal is None or metal.carrier == used.name:
        return ""
    return metal.version or installed_version("tensorflow-metal-plugin")


def _all_left_to_the_cpu(found: Sequence[Objection], work: Work) -> list[Objection]:
    """Return why nothing of the work would run on the GPU; nothing where a part of it would."""
    left = [one for one in found if one.outcome == "falls-back"]
    whole = [one for one in left if one.whole]
    if whole:
        return whole
    parts = {one.what for one in left}
    return left if work.parts and len(parts) >= len(work.parts) else []


def _objections(
    used: Framework, gpu: Device, work: Work, measured: LocalKnowledge
) -> Iterator[Objection]:
    here = measured.of(used.name, used.version(), gpu.described, plugin_version(used, gpu))
    yield from _measured(here, work)
    metal = metal_of(used.name, gpu)
    if metal is not None:
        yield from _limited(metal, work)


def _measured(entries: Sequence[Entry], work: Work) -> Iterator[Objection]:
    """Compare the work with what ``parity --ops`` found on this device."""
    bad = [entry for entry in entries if entry.bad]
    for part in work.parts:
        types = {part.dtype, *work.dtypes} - {""}
        for entry in bad:
            usual = entry.dtype not in _ASKED_FOR
            if not same_operation(operation_key(entry.operation), part.operation):
                continue
            if entry.dtype in types or (not types and usual):
                yield Objection(
                    f"{_said(part)} was measured to be {entry.verdict} in {entry.dtype}",
                    f"{entry.operation} {entry.dtype}: {entry.verdict} on {entry.device}, measured "
                    f"{entry.measured} with {entry.framework} {entry.framework_version}",
                    "falls-back" if entry.verdict == "no-kernel" else "wrong",
                )
                break


def _limited(metal: Metal, work: Work) -> Iterator[Objection]:
    """Compare the work with what this plug-in is known not to do."""
    for limit in limits(metal.gpu):
        if metal.version and not limit.holds_for(metal.version):
            continue
        evidence = f"{limit.applies_to}: {limit.effect} ({limit.source})"
        if limit.kind == "type":
            named = [dtype for dtype in work.dtypes if dtype in limit.subjects]
            if named:
                what = f"{metal.gpu} does not compute in {named[0]}"
                whole = len(named) == len(work.dtypes)
                yield Objection(what, evidence, limit.outcome, whole=whole)
        if limit.kind == "compilation" and work.xla:
            yield Objection(f"{metal.gpu} cannot be used by XLA", evidence, limit.outcome)
        for part in work.parts:
            if _concerns(limit, part):
                yield Objection(f"{_said(part)}: {limit.what}", evidence, limit.outcome)


def _concerns(limit: Limit, part: Part) -> bool:
    if limit.kind == "type":
        return part.dtype in limit.subjects
    if limit.kind not in ("operation", "result"):
        return False
    if limit.above and part.size <= limit.above:
        return False
    return any(same_operation(operation_key(name), part.operation) for name in limit.subjects)


def _said(part: Part) -> str:
    if operation_key(part.name) == part.operation:
        return part.name
    return f"layer {part.name!r} ({part.operation})"


def _listed(objections: Sequence[Objection]) -> str:
    said = list(dict.fromkeys(objection.what for objection in objections))
    more = f" and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
    return "; ".join(said[:_MOST_NAMED]) + more
