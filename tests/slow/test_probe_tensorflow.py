"""The probe in real environments with real TensorFlow releases, the newest and old ones."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Optional

import pytest

from builders.real_environments import make_environment
from tfmac.environments.uv import Uv
from tfmac.observe.probe import run_probe
from tfmac.schema.proof import ProbeReport, Stage

pytestmark = pytest.mark.slow

NEWEST = "tensorflow-cpu" if sys.platform.startswith("linux") else "tensorflow"


Make = Callable[..., Path]


@pytest.fixture
def make(uv: Uv, interpreters: dict[str, str], tmp_path: Path) -> Make:
    """Make an environment and give its interpreter."""

    def made(python: str, *requirements: str) -> Path:
        root = make_environment(uv, interpreters, tmp_path / "env", python, *requirements)
        return root / "bin" / "python"

    return made


def proved(
    interpreter: Path, variables: Optional[Mapping[str, Optional[str]]] = None
) -> ProbeReport:
    report = run_probe(interpreter, time_limit=600, environment=variables)
    assert report.death is None, report.death
    placements = {placement.requested: placement for placement in report.placements}
    assert placements["/CPU:0"].proved
    assert report.keras is not None
    assert report.keras.proved
    assert report.keras.steps == 3
    assert set(report.keras.layer_devices) == {"hidden", "answer"}
    assert report.devices
    return report


def test_the_newest_release(make: Make) -> None:
    """The newest TensorFlow on this Python is imported, used and proved."""
    interpreter = make("{}.{}".format(*sys.version_info[:2]), NEWEST)
    report = proved(interpreter)
    assert report.keras is not None
    assert report.keras.saved_as == ".keras"
    assert report.versions["keras"].startswith("3.")


@pytest.mark.parametrize(
    ("python", "requirements", "saved_as"),
    [
        ("3.9", ("tensorflow-cpu==2.9.3", "numpy<1.24", "protobuf<3.20"), ".h5"),
        ("3.10", ("tensorflow-cpu==2.12.1",), ".keras"),
        ("3.11", ("tensorflow-cpu==2.15.1",), ".keras"),
    ],
)
def test_old_releases(
    make: Make, python: str, requirements: tuple[str, ...], saved_as: str
) -> None:
    """Keras 2 releases are proved in the newest file format that they have."""
    interpreter = make(python, *requirements)
    report = proved(interpreter)
    assert requirements[0] == f"tensorflow-cpu=={report.versions['tensorflow']}"
    assert report.keras is not None
    assert report.keras.saved_as == saved_as


def test_legacy_keras_is_honoured(make: Make) -> None:
    """With TF_USE_LEGACY_KERAS it is Keras 2 that is proved, and named."""
    wanted = ("tensorflow-cpu==2.16.2", "tf-keras==2.16.*")
    interpreter = make("3.12", *wanted)
    report = proved(interpreter, {"TF_USE_LEGACY_KERAS": "1"})
    assert report.versions["tf.keras"].startswith("2.16")
    assert proved(interpreter).versions["tf.keras"].startswith("3.")


def test_numpy_2_under_a_release_for_numpy_1(make: Make) -> None:
    """A real break dies in the import, by an exception that the report quotes."""
    wanted = ("tensorflow-cpu==2.9.3", "numpy>=2", "protobuf<3.20")
    interpreter = make("3.9", *wanted)
    death = run_probe(interpreter, time_limit=600).death
    assert death is not None
    assert death.stage is Stage.IMPORT
