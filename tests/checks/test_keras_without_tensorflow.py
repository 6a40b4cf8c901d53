"""The state of Keras 3 on PyTorch or JAX where TensorFlow is absent."""

import pytest

from builders.facts import distribution, facts, linux, tensorflow
from tfmac import api
from tfmac.schema.facts import Facts
from tfmac.schema.proof import Core, Death, DeathKind, Device, Placement, ProbeReport, Stage
from tfmac.schema.reports import TensorFlowState

ON_MPS = ProbeReport(
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
DIED = ProbeReport(
    interpreter="/env/bin/python",
    core=Core.TORCH,
    death=Death(stage=Stage.IMPORT, kind=DeathKind.SIGNAL, detail="SIGILL", output=""),
)
KERAS_3 = distribution("keras", "3.12.0")
TORCH = distribution("torch", "2.9.0")
JAX = distribution("jax", "0.8.0")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (facts(KERAS_3, TORCH), TensorFlowState.GPU_UNPROVED),
        (facts(KERAS_3, TORCH, host=linux()), TensorFlowState.NO_GPU),
        (facts(KERAS_3, TORCH, host=linux(nvidia_driver=True)), TensorFlowState.GPU_UNPROVED),
        (facts(KERAS_3, JAX), TensorFlowState.NO_GPU),
        (facts(KERAS_3, JAX, distribution("jax-metal", "0.1.1")), TensorFlowState.GPU_UNPROVED),
        (facts(KERAS_3, JAX, host=linux(nvidia_driver=True)), TensorFlowState.NO_GPU),
        (
            facts(KERAS_3, TORCH, probe=ON_MPS),
            TensorFlowState.PROVED,
        ),
        (facts(KERAS_3, TORCH, probe=DIED), TensorFlowState.CANNOT_LOAD),
    ],
    ids=[
        "torch-mac",
        "torch-linux",
        "torch-nvidia",
        "jax-mac",
        "jax-metal",
        "jax-nvidia",
        "proved",
        "import-killed",
    ],
)
def test_keras_without_tensorflow(environment: Facts, expected: TensorFlowState) -> None:
    """It has a state of its own: TensorFlow is absent there, and nothing is broken for that."""
    diagnosis = api.diagnose(environment)
    assert diagnosis.tensorflow.state is TensorFlowState.ABSENT
    assert diagnosis.keras is not None
    assert diagnosis.keras.distributions[0] == "keras 3.12.0"
    assert diagnosis.state is diagnosis.keras.state is expected
    assert api.usable(diagnosis) is (environment.probe is None)


def test_keras_beside_tensorflow_is_no_state_of_its_own() -> None:
    """TensorFlow is what is judged where it is installed."""
    diagnosis = api.diagnose(facts(tensorflow("2.20.0"), KERAS_3, TORCH, host=linux()))
    assert diagnosis.keras is None
    assert diagnosis.state is diagnosis.tensorflow.state is TensorFlowState.NO_GPU
