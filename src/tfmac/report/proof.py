"""What the probe proved, as text."""

import re
from collections.abc import Iterator

from tfmac.report import layout
from tfmac.schema.proof import Death, DeathKind, Device, KerasProof, Placement, ProbeReport

_OUTPUT_LINES = 8
_ENDINGS = {
    DeathKind.EXCEPTION: "by an exception: {}",
    DeathKind.SIGNAL: "by a signal: {}",
    DeathKind.HANG: "by the time limit: {} s",
    DeathKind.EXIT: "the process ended: {}",
    DeathKind.CANNOT_START: "the process could not be started: {}",
}


def render_proof(proof: ProbeReport, *, width: int) -> list[str]:
    """Lay out what was really run: versions, devices, the placed product, the Keras step."""
    lines = [layout.strong("proof")]
    versions = [f"{name} {version}" for name, version in proof.versions.items()]
    lines += layout.labelled("versions", [", ".join(versions)] if versions else [], width=width)
    if proof.import_seconds is not None:
        lines += layout.labelled(
            "import", [f"import {proof.core.value} took {proof.import_seconds:.1f} s"], width=width
        )
    withheld = [
        f"{name}={value} was taken away: with it another device may compute"
        for name, value in proof.withheld.items()
    ]
    lines += layout.labelled("variable", withheld, width=width)
    devices = [_device(one) for one in proof.devices]
    lines += layout.labelled("devices", devices, width=width)
    lines += layout.labelled("product", map(_placement, proof.placements), width=width)
    if proof.keras is not None:
        lines += layout.labelled("Keras", _keras(proof.keras), width=width)
    if proof.death is not None:
        lines += layout.labelled("died", _death(proof.death), width=width)
    return lines


def _device(device: Device) -> str:
    details = ", ".join(f"{name} {value}" for name, value in device.details.items())
    return f"{_short(device.name)}" + (f" ({details})" if details else "")


def _placement(placement: Placement) -> str:
    where = _short(placement.requested)
    if placement.error is not None and placement.value is None:
        return f"on {where}: refused: {placement.error}"
    value = "right" if placement.correct else f"WRONG: {placement.value}"
    verdict = "proved" if placement.proved else "not proved"
    result = _short(placement.result_device or "nothing")
    seen = [f"value {value}", f"result on {result}", *_trace(placement)]
    return f"on {where}: {verdict}; {'; '.join(seen)}"


def _trace(placement: Placement) -> Iterator[str]:
    """What was traced; nothing is where the result's device is the place."""
    traced = ", ".join(map(_short, placement.traced_devices)) or "nothing"
    if placement.error is not None:
        yield placement.error
    elif not placement.follows_factors:
        yield f"trace saw it on {traced}"


def _short(device: str) -> str:
    """``/job:localhost/replica:0/task:0/device:GPU:0`` as ``GPU:0``."""
    return re.split(r"device:", device)[-1].strip("/")


def _keras(keras: KerasProof) -> Iterator[str]:
    if keras.error is not None:
        yield f"failed: {keras.error}"
        return
    same = "same predictions" if keras.proved else "OTHER predictions"
    yield (
        f"fitted {layout.counted(keras.steps, 'step')}, saved as {keras.saved_as}, loaded again: "
        f"{same} (largest difference {keras.largest_difference:g})"
    )
    devices = [f"{layer} on {_short(device)}" for layer, device in keras.layer_devices.items()]
    if devices:
        yield "; ".join(devices)


def _death(death: Death) -> Iterator[str]:
    yield f"in stage {death.stage.value}, {_ENDINGS[death.kind].format(death.detail)}"
    yield from death.output.strip().splitlines()[-_OUTPUT_LINES:]
