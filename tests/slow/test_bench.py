"""``tfmac bench`` with a real framework: two logical CPUs stand in for a GPU and a CPU."""

import sys
from pathlib import Path

import pytest

from builders.real_environments import make_environment
from tfmac.api.timing import bench
from tfmac.environments.uv import Uv
from tfmac.schema.bench import BenchReport, Mode, Sample

pytestmark = pytest.mark.slow

MODELS = Path(__file__).parent.parent / "device" / "timing_faults.py"
DEVICES = ("CPU:1", "CPU:0")


@pytest.fixture(scope="module")
def environment(
    uv: Uv, interpreters: "dict[str, str]", tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Keras on JAX: the smallest framework with two CPU devices."""
    root = tmp_path_factory.mktemp("bench") / "env"
    python = "{}.{}".format(*sys.version_info[:2]) if sys.version_info >= (3, 11) else "3.11"
    return make_environment(uv, interpreters, root, python, "keras>=3", "jax")


def timed(environment: Path, model: "str | None", *batches: int, **options: object) -> BenchReport:
    settings = {"backends": ("jax",), "devices": DEVICES, "repeats": 6, "block_seconds": 0.02}
    settings.update(options)
    return bench(model, env=str(environment), batches=batches, **settings)  # type: ignore[arg-type]


def test_the_samples_are_timed_on_both_devices(environment: Path) -> None:
    """Every point has times, and every pair a ratio; the samples are those that are documented."""
    report = timed(environment, None, 2, 4, backends=("jax", "torch"))

    assert report.finished
    assert report.devices_without_times == ()
    assert [one.name for one in report.models] == [one.value for one in Sample]
    assert {(one.mode, one.batch) for one in report.points} == {
        (mode, batch) for mode in Mode for batch in (2, 4)
    }
    assert all(one.failure is None for one in report.points)
    assert all(one.step_seconds and one.step_seconds.count == 6 for one in report.points)
    assert all((one.first_call_seconds or 0) > 0 for one in report.points)
    assert all((one.resident_bytes or 0) > 2**20 for one in report.points)
    assert len(report.ratios) == 3 * 2 * 2
    absent = {one.backend: one.failure for one in report.configurations if one.failure}
    assert {name: one.kind for name, one in absent.items()} == {"torch": "no-framework"}


def test_a_model_of_a_script_without_a_loss(environment: Path) -> None:
    """What had to be made up is said."""
    report = timed(environment, f"{MODELS}:sound", 4, modes=(Mode.FIT,))

    assert [one.failure for one in report.points] == [None, None]
    (model,) = report.models
    assert model.parameters == 5
    assert any("no loss" in note for note in model.notes)


@pytest.mark.parametrize(("name", "kind"), [("exhausted", "out-of-memory"), ("killer", "crashed")])
def test_what_does_not_fit_is_a_result(environment: Path, name: str, kind: str) -> None:
    """The size that fails has its kind, larger ones are not tried, the other mode goes on."""
    report = timed(environment, f"{MODELS}:{name}", 4, 16, 32)

    kinds = {
        (one.mode, one.batch): one.failure.kind if one.failure else None
        for one in report.points
        if one.device == "CPU:1"
    }
    assert kinds == {
        (mode, batch): found
        for mode in Mode
        for batch, found in ((4, None), (16, kind), (32, "not-tried"))
    }
    assert report.finished
    assert {one.batch for one in report.ratios} == {4}


def test_time_that_runs_out_leaves_a_partial_report(environment: Path) -> None:
    """A run that could not even start in time is no finished one."""
    report = timed(environment, None, 2, time_limit=0.5)

    assert not report.finished
    assert report.devices_without_times == DEVICES
    assert {one.failure.kind for one in report.configurations if one.failure} == {"hung"}


def test_a_device_that_is_not_there(environment: Path) -> None:
    """The other device is timed all the same, and the missing one is named."""
    model = f"{MODELS}:sound"
    report = timed(environment, model, 4, devices=("gpu", "cpu"), modes=(Mode.PREDICT,))

    assert report.devices_without_times == ("gpu",)
    assert [one.device for one in report.points if one.step_seconds] == ["CPU:0"]
    (failure,) = [one.failure for one in report.configurations if one.failure]
    assert failure.kind == "no-such-device"
