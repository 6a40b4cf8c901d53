"""A Keras on PyTorch as text: it is named by what is there, and no TensorFlow is missed."""

from builders.facts import distribution, facts
from tfmac import api
from tfmac.report.diagnosis import render
from tfmac.schema.proof import Core, Device, Placement, ProbeReport

INSTALLED = (distribution("keras", "3.12.0"), distribution("torch", "2.9.0"))
PROVED = ProbeReport(
    interpreter="/env/bin/python",
    core=Core.TORCH,
    devices=(Device(name="mps:0", kind="GPU"),),
    placements=(
        Placement(
            requested="mps:0",
            kind="GPU",
            result_device="mps:0",
            follows_factors=True,
            correct=True,
        ),
    ),
)


def test_what_was_read() -> None:
    """Nothing is advised where nothing is wrong."""
    text = render(api.diagnose(facts(*INSTALLED)), width=200)
    assert "keras 3.12.0 + torch 2.9.0: loads as far as is known" in text
    assert "TensorFlow is not installed" not in text
    assert "tfmac setup" not in text


def test_what_was_proved() -> None:
    """The state of a run is Keras' own."""
    text = render(api.diagnose(facts(*INSTALLED, probe=PROVED)), width=200)
    assert "keras 3.12.0 + torch 2.9.0: works, and the GPU is proved" in text
