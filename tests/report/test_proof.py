"""A proof of Keras on PyTorch as text."""

import msgspec

from tfmac.report.proof import render_proof
from tfmac.schema.proof import Core, Device, KerasProof, Placement, ProbeReport

ON_MPS = Placement(
    requested="mps:0",
    kind="GPU",
    result_device="mps:0",
    follows_factors=True,
    value=((19.0, 22.0), (43.0, 50.0)),
    correct=True,
)
ON_TORCH = ProbeReport(
    interpreter="/env/bin/python",
    core=Core.TORCH,
    import_seconds=1.5,
    devices=(Device(name="cpu", kind="CPU"), Device(name="mps:0", kind="GPU")),
    placements=(ON_MPS,),
    keras=KerasProof(
        steps=3, saved_as=".keras", largest_difference=0.0, layer_devices={"hidden": "mps:0"}
    ),
)


def test_a_place_that_needs_no_trace() -> None:
    """What was imported is named, and nothing is said of a trace that nobody made."""
    lines = [line.strip() for line in render_proof(ON_TORCH, width=200)]
    assert "import    import torch took 1.5 s" in lines
    assert "product   on mps:0: proved; value right; result on mps:0" in lines
    assert "hidden on mps:0" in lines
    assert not any("taken away" in line for line in lines)


def test_a_trace_that_saw_nothing() -> None:
    """Where a trace is needed its silence is said."""
    silent = msgspec.structs.replace(ON_MPS, follows_factors=False)
    report = msgspec.structs.replace(ON_TORCH, placements=(silent,))
    text = "\n".join(render_proof(report, width=200))
    assert "on mps:0: not proved; value right; result on mps:0; trace saw it on nothing" in text


def test_a_variable_that_was_taken_away() -> None:
    """A proof that was made without a user's variable says so."""
    withheld = {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}
    report = msgspec.structs.replace(ON_TORCH, withheld=withheld)
    text = "\n".join(render_proof(report, width=200))
    assert "PYTORCH_ENABLE_MPS_FALLBACK=1 was taken away" in text
