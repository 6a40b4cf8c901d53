"""What GPUs of a Mac cannot do: types, operations, ways to compile. Each with where that is known.

The list is tfmac's knowledge: ``device_limits.json``, read out of the published plug-ins, and
``reported_device_limits.json``, from public documents and threads.
"""

from __future__ import annotations

import functools
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from .frameworks import Device, DeviceProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

TENSORFLOW_METAL = "tensorflow-metal"
TORCH_MPS = "torch-mps"
JAX_METAL = "jax-metal"
# How a GPU of a Mac describes itself; nothing else in a list of devices does so.
_SIGNS = ("metal", "mps", "apple")
_OF_FRAMEWORK = {"tensorflow": TENSORFLOW_METAL, "torch": TORCH_MPS, "jax": JAX_METAL}
# Whose version decides: MPS is a part of PyTorch itself.
_CARRIER = {TENSORFLOW_METAL: "tensorflow-metal", TORCH_MPS: "torch", JAX_METAL: "jax-metal"}


class Limit(NamedTuple):
    """One thing that a GPU of a Mac cannot do, or does wrongly."""

    what: str
    """``float64``, ``operation Svd``, ``XLA``: what it is about."""
    applies_to: str
    """Whose GPU, and which releases: ``tensorflow-metal 0.1.0 to 1.2.0``."""
    effect: str
    """What happens, in a sentence."""
    source: str
    """Where that is known: addresses of documents and threads, names of files that were read."""
    gpu: str
    """``tensorflow-metal``, ``torch-mps`` or ``jax-metal``."""
    kind: str
    """``type``, ``operation``, ``compilation``, ``result`` or ``device``."""
    subjects: tuple[str, ...]
    """Names that a program would use: of types, operations, layers."""
    outcome: str
    """``error``, ``falls-back`` (the CPU does it), ``wrong`` or ``slow``."""
    first: str
    last: str
    """The releases, both included; empty for no bound."""
    above: int = 0
    """For a convolution: only with more filters than this."""

    def holds_for(self, version: str) -> bool:
        """Tell whether a release is among those that the limit is known of."""
        number = _number(version)
        after = not self.first or _number(self.first) <= number
        return after and (not self.last or number <= _number(self.last))


class Metal(NamedTuple):
    """The way in which a framework uses the GPU of a Mac."""

    gpu: str
    """A word of ``Limit.gpu``."""
    carrier: str
    """The distribution whose version decides."""
    version: str
    """Empty where it cannot be told."""


def limits(gpu: Optional[str] = None, version: Optional[str] = None) -> tuple[Limit, ...]:
    """Return what GPUs of a Mac cannot do.

    ``gpu`` asks for one of ``tensorflow-metal``, ``torch-mps``, ``jax-metal``; ``version`` for what
    holds for one release of it (of PyTorch, for ``torch-mps``).
    """
    if gpu is not None and gpu not in _CARRIER:
        raise ValueError(f"{gpu!r} is none of {', '.join(_CARRIER)}")
    return tuple(
        limit
        for limit in _known()
        if (gpu is None or limit.gpu == gpu) and (version is None or limit.holds_for(version))
    )


def metal_of(framework: str, device: Device) -> Optional[Metal]:
    """Return how a framework uses the GPU of a Mac; None for any other device."""
    described = device.described.lower()
    if device.kind != "gpu" or not any(sign in described for sign in _SIGNS):
        return None
    gpu = _OF_FRAMEWORK[framework]
    carrier = _CARRIER[gpu]
    return Metal(gpu, carrier, installed_version(carrier))


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8 has no functools.cache)
def installed_version(distribution: str) -> str:
    """Return the version of an installed distribution; empty for none."""
    # Reading metadata imports much; only a program on a Mac's GPU needs it.
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8 has no functools.cache)
def _known() -> tuple[Limit, ...]:
    computed, reported = _read("device_limits.json"), _read("reported_device_limits.json")
    try:
        return (*_told(reported), *_missing_types(computed), *_missing_kernels(computed))
    except (LookupError, TypeError, ValueError) as error:
        raise DeviceProblem(
            f"tfmac's knowledge of devices is damaged ({error!r}): install tfmac again"
        ) from error


def _read(name: str) -> dict[str, Any]:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.path.join(folder, "knowledge", "data", name)
    try:
        with open(path, encoding="utf-8") as file:
            document: dict[str, Any] = json.load(file)
            return document
    except (OSError, ValueError) as error:
        raise DeviceProblem(
            f"the knowledge file {path} cannot be read: {error}: install tfmac again"
        ) from error


def _told(document: dict[str, Any]) -> Iterator[Limit]:
    """Give what documents and threads tell."""
    for record in document["limits"]:
        yield Limit(
            what=record["what"],
            applies_to=_applies_to(record["gpu"], record.get("first", ""), record.get("last", "")),
            effect=record["effect"],
            source=", ".join(source["name"] for source in record["sources"]),
            gpu=record["gpu"],
            kind=record["kind"],
            subjects=tuple(record["subjects"]),
            outcome=record["outcome"],
            first=record.get("first", ""),
            last=record.get("last", ""),
            above=record.get("above", 0),
        )


def _missing_types(document: dict[str, Any]) -> Iterator[Limit]:
    """Give the types that hardly any kernel of a release of tensorflow-metal computes in."""
    for record in document["missing_types"]:
        most = record["kernels"]
        yield _of_plugin(
            document,
            record,
            kind="type",
            subject=record["dtype"],
            what=record["dtype"],
            effect=(f"only {most} operations have" if most else "no operation has")
            + " a kernel that computes in it: the CPU does the rest, and data is copied",
        )


def _missing_kernels(document: dict[str, Any]) -> Iterator[Limit]:
    """Give the operations that releases of tensorflow-metal register no kernel of."""
    for record in document["missing_kernels"]:
        yield _of_plugin(
            document,
            record,
            kind="operation",
            subject=record["operation"],
            what=f"operation {record['operation']}",
            effect="the plug-in registers no kernel of it: the CPU does it and the data is copied "
            "there and back, or there is an error where soft placement is off",
        )


def _of_plugin(
    document: dict[str, Any],
    record: dict[str, Any],
    *,
    kind: str,
    subject: str,
    what: str,
    effect: str,
) -> Limit:
    """Return a limit that was read out of the plug-in's releases."""
    releases = document["plugin"]
    versions = [one["version"] for one in releases]
    first, last = record["first"], record["last"]
    read = releases[versions.index(first) : versions.index(last) + 1]
    files = [one["sources"][0]["name"] for one in read]
    # Of releases that come after the last one that was read, the same is to be expected.
    bound = "" if last == versions[-1] else last
    return Limit(
        what=what,
        applies_to=_applies_to(TENSORFLOW_METAL, "" if first == versions[0] else first, bound),
        effect=effect,
        source=files[0] if len(files) == 1 else f"{files[0]} to {files[-1]}",
        gpu=TENSORFLOW_METAL,
        kind=kind,
        subjects=(subject,),
        outcome="falls-back",
        first=first,
        last=bound,
    )


def _applies_to(gpu: str, first: str, last: str) -> str:
    name = "PyTorch's Metal device (mps)" if gpu == TORCH_MPS else gpu
    if first and first == last:
        return f"{name} {first}"
    if first and last:
        return f"{name} {first} to {last}"
    if first:
        return f"{name} {first} and later"
    return f"{name} up to {last}" if last else name


def _number(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, in which releases are ordered."""
    numbers = []
    for part in version.partition("+")[0].split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
