"""When Keras 3 on PyTorch counts as proved."""

import msgspec
import pytest

from tfmac.checks.summary import proves, state_of_probe
from tfmac.schema.proof import Core, Device, KerasProof, Placement, ProbeReport
from tfmac.schema.reports import TensorFlowState

ON_MPS = Placement(
    requested="mps:0", kind="GPU", result_device="mps:0", follows_factors=True, correct=True
)
ON_TORCH_CPU = Placement(
    requested="cpu", kind="CPU", result_device="cpu", follows_factors=True, correct=True
)


def on_torch(*placements: Placement, layers: "tuple[str, ...]") -> ProbeReport:
    """A whole run of Keras on PyTorch, on a Mac, with the devices of the model's layers."""
    devices = {f"layer {number}": device for number, device in enumerate(layers)}
    return ProbeReport(
        interpreter="/env/bin/python",
        core=Core.TORCH,
        devices=(Device(name="cpu", kind="CPU"), Device(name="mps:0", kind="GPU")),
        placements=placements,
        keras=KerasProof(steps=4, saved_as=".keras", largest_difference=0.0, layer_devices=devices),
    )


@pytest.mark.parametrize(
    ("report", "on_gpu", "expected_state"),
    [
        (on_torch(ON_MPS, ON_TORCH_CPU, layers=("mps:0", "mps:0")), True, TensorFlowState.PROVED),
        (on_torch(ON_MPS, ON_TORCH_CPU, layers=("mps:0", "cpu")), False, TensorFlowState.PROVED),
        (
            on_torch(ON_MPS, ON_TORCH_CPU, layers=("mps:0 (weights on cpu)",)),
            False,
            TensorFlowState.PROVED,
        ),
        (on_torch(ON_MPS, ON_TORCH_CPU, layers=()), False, TensorFlowState.PROVED),
        (
            on_torch(
                msgspec.structs.replace(ON_MPS, result_device="cpu"),
                ON_TORCH_CPU,
                layers=("mps:0",),
            ),
            False,
            TensorFlowState.GPU_UNPROVED,
        ),
        (
            on_torch(
                msgspec.structs.replace(ON_MPS, correct=False), ON_TORCH_CPU, layers=("mps:0",)
            ),
            False,
            TensorFlowState.GPU_UNPROVED,
        ),
        (
            on_torch(
                msgspec.structs.replace(ON_MPS, follows_factors=False),
                ON_TORCH_CPU,
                layers=("mps:0",),
            ),
            False,
            TensorFlowState.GPU_UNPROVED,
        ),
    ],
    ids=[
        "proved",
        "a-layer-elsewhere",
        "weights-elsewhere",
        "layers-unseen",
        "result-elsewhere",
        "wrong-value",
        "may-have-run-anywhere",
    ],
)
def test_keras_on_pytorch(
    report: ProbeReport, *, on_gpu: bool, expected_state: TensorFlowState
) -> None:
    """The result's device stands for the trace, and Keras itself has to have used the GPU."""
    assert proves(report, gpu=True) is on_gpu
    assert proves(report, gpu=False)
    assert state_of_probe(report) is expected_state
