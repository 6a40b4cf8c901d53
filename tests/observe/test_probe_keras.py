"""The probe of Keras 3 on PyTorch and JAX, with stand-ins that have the GPUs a test needs."""

import sys
from pathlib import Path
from typing import Optional

import pytest

from builders.stub_keras import write_keras_on_jax, write_keras_on_torch
from tfmac.checks.summary import proves
from tfmac.observe.probe import run_probe
from tfmac.schema.proof import Core, DeathKind, ProbeReport, Stage


def probe(folder: Path, core: Core = Core.TORCH, **variables: Optional[str]) -> ProbeReport:
    """Run the probe where the stand-ins lie; Keras is told to compute with the core."""
    environment = {
        "PYTHONPATH": str(folder),
        "KERAS_BACKEND": core.value,
        "KERAS_HOME": str(folder / "home"),
        **variables,
    }
    return run_probe(sys.executable, core=core, time_limit=60, environment=environment)


def test_pytorch_on_a_cpu(tmp_path: Path) -> None:
    """It is imported, lists its device, computes there, and Keras does its round on it."""
    write_keras_on_torch(tmp_path)

    report = probe(tmp_path)

    assert report.death is None
    assert report.core is Core.TORCH
    assert report.versions["torch"] == "2.99.0"
    assert [(one.name, one.kind) for one in report.devices] == [("cpu", "CPU")]
    assert [(one.requested, one.proved) for one in report.placements] == [("cpu", True)]
    assert report.keras is not None
    assert report.keras.layer_devices == {"hidden": "cpu", "answer": "cpu"}
    assert proves(report, gpu=False)
    assert not proves(report, gpu=True)


def test_pytorch_on_a_macs_gpu(tmp_path: Path) -> None:
    """The product is placed on MPS and on the CPU, and Keras is seen to use MPS."""
    write_keras_on_torch(tmp_path, mps=True, keras_device="mps:0")

    report = probe(tmp_path)

    assert [(one.name, one.kind) for one in report.devices] == [("cpu", "CPU"), ("mps:0", "GPU")]
    assert [one.requested for one in report.placements if one.proved] == ["mps:0", "cpu"]
    assert proves(report, gpu=True)


def test_keras_that_stays_on_the_cpu_beside_a_gpu(tmp_path: Path) -> None:
    """A product on the GPU is no proof of a model that was computed elsewhere."""
    write_keras_on_torch(tmp_path, mps=True, keras_device="cpu")

    report = probe(tmp_path)

    assert proves(report, gpu=False)
    assert not proves(report, gpu=True)


def test_pytorch_on_nvidia_gpus(tmp_path: Path) -> None:
    """All are listed, by their models; the product is placed on the first."""
    write_keras_on_torch(tmp_path, cuda_devices=2, keras_device="cuda:0")

    report = probe(tmp_path)

    assert [one.name for one in report.devices] == ["cpu", "cuda:0", "cuda:1"]
    assert report.devices[2].details == {"device_name": "stand-in cuda:1"}
    assert [one.requested for one in report.placements] == ["cuda:0", "cpu"]
    assert proves(report, gpu=True)


def test_a_result_that_lies_elsewhere_is_no_proof(tmp_path: Path) -> None:
    """The value is right and the device is not the one that was asked for."""
    write_keras_on_torch(tmp_path, mps=True, keeps_device=False, keras_device="mps:0")

    on_gpu, on_cpu = probe(tmp_path).placements

    assert on_gpu.correct
    assert on_gpu.result_device == "cpu"
    assert not on_gpu.proved
    assert on_cpu.proved


def test_a_fallback_to_the_cpu_is_taken_away(tmp_path: Path) -> None:
    """PyTorch may not compute on the CPU what the GPU refuses, and the report says so."""
    write_keras_on_torch(tmp_path, mps=True, refuses_gpu=True, keras_device="mps:0")

    report = probe(tmp_path, PYTORCH_ENABLE_MPS_FALLBACK="1")

    assert report.withheld == {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}
    assert report.placements[0].error == "NotImplementedError: no kernel for the MPS device"
    assert not proves(report, gpu=True)
    assert probe(tmp_path).withheld == {}


def test_jax_on_a_cpu(tmp_path: Path) -> None:
    """JAX is proved as PyTorch is."""
    write_keras_on_jax(tmp_path)

    report = probe(tmp_path, Core.JAX)

    assert report.core is Core.JAX
    assert [(one.name, one.kind) for one in report.devices] == [("cpu:0", "CPU")]
    assert report.devices[0].details == {"device_kind": "stand-in cpu"}
    assert proves(report, gpu=False)


@pytest.mark.parametrize(("cpu", "expected"), [(True, ["gpu:0", "cpu:0"]), (False, ["gpu:0"])])
def test_jax_on_gpus(tmp_path: Path, *, cpu: bool, expected: "list[str]") -> None:
    """The CPU is tried beside the GPU, unless JAX was told to leave it out."""
    write_keras_on_jax(tmp_path, gpus=2, cpu=cpu)

    report = probe(tmp_path, Core.JAX)

    assert report.death is None
    assert [one.kind for one in report.devices] == ["GPU", "GPU", *["CPU"] * cpu]
    assert [one.requested for one in report.placements if one.proved] == expected


@pytest.mark.parametrize(
    ("variable", "settings", "words"),
    [
        ("jax", None, ["computes with jax, not torch", "is 'jax'", "there is no keras.json"]),
        ("jax", '{"backend": "torch"}', ["not torch", "is 'jax'", "says 'torch'"]),
        (None, '{"backend": "tensorflow"}', ["No module named 'tensorflow'", "is not set"]),
        (None, "{", ["is not set", "cannot be read"]),
    ],
)
def test_another_backend(
    tmp_path: Path, variable: Optional[str], settings: Optional[str], words: "list[str]"
) -> None:
    """A Keras that computes with something else fails, and it is said what chose that."""
    write_keras_on_torch(tmp_path)
    if settings is not None:
        (tmp_path / "home").mkdir()
        (tmp_path / "home/keras.json").write_text(settings)

    report = probe(tmp_path, KERAS_BACKEND=variable)

    assert report.death is not None
    assert (report.death.stage, report.death.kind) == (Stage.KERAS, DeathKind.EXCEPTION)
    assert [word for word in words if word not in report.death.detail] == []
    assert report.keras is not None
    assert report.keras.error == report.death.detail
    assert not proves(report, gpu=False)


@pytest.mark.parametrize("core", [Core.TORCH, Core.JAX])
def test_a_folder_of_the_name_is_not_the_package(tmp_path: Path, core: Core) -> None:
    """It imports as an empty package and has nothing to compute with."""
    (tmp_path / core.value).mkdir()

    death = probe(tmp_path, core).death

    assert death is not None
    assert death.stage is Stage.IMPORT
    assert str(tmp_path / core.value) in death.detail
