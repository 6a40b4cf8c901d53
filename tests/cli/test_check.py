"""``tfmac check``: what it proves, what it says when something dies, and how it ends."""

from pathlib import Path

import pytest

from builders import trees
from builders.stub_tensorflow import NUMPY, TENSORFLOW
from cli.console import Ended, document, refused, tfmac

NUMPY_1 = "__version__ = '1.26.4'\n" + NUMPY
BROKEN_NUMPY = "__version__ = '2.4.6'\n" + NUMPY


def working(root: Path, tensorflow: str = TENSORFLOW, numpy: str = NUMPY_1) -> Path:
    """Make an environment whose TensorFlow does what the probe asks."""
    return trees.running_environment(root, tensorflow=tensorflow, numpy=numpy)


def checked(root: Path, *options: object) -> Ended:
    return tfmac("check", "--env", root, "--cwd", root, *options)


def test_an_environment_that_computes(tmp_path: Path) -> None:
    """All of the probe is shown, and the verdict names the device that was proved."""
    ended = checked(working(tmp_path / "env"))
    assert ended.code == 0, ended
    assert "verdict   the CPU computes, and what it computes is right" in ended.out
    assert "on CPU:0: proved; value right; result on CPU:0; trace saw it on CPU:0" in ended.out
    assert "same predictions" in ended.out
    assert ended.err == "using it in a child process ...\n"


def test_a_wished_gpu_that_is_not_there(tmp_path: Path) -> None:
    """``--gpu`` makes the CPU alone a no."""
    ended = checked(working(tmp_path / "env"), "--gpu", "--format", "json")
    assert ended.code == 1
    assert document(ended.out, "check")["verdict"] == "cpu"


def test_a_gpu_that_is_listed_and_refuses(tmp_path: Path) -> None:
    """The CPU being right does not hide a GPU that is not."""
    gpu = '_Space(name="/physical_device:GPU:0", device_type="GPU")'
    listed = TENSORFLOW + (
        "\n_cpus = config.list_physical_devices()\n"
        f"config.list_physical_devices = lambda kind=None: [{gpu}] + ([] if kind else _cpus)\n"
    )
    ended = checked(working(tmp_path / "env", tensorflow=listed), "--format", "json")
    report = document(ended.out, "check")
    assert ended.code == 1
    assert report["verdict"] == "gpu-not-proved"
    assert [one["kind"] for one in report["proof"]["placements"]] == ["GPU", "CPU"]


def test_an_import_that_fails_is_explained(tmp_path: Path) -> None:
    """The error text of the child goes through the explainer: cause, and what to do."""
    text = (
        "raise ImportError('numpy.core.multiarray failed to import: A module that was compiled "
        "using NumPy 1.x cannot be run in NumPy 2.4.6 as it may crash.')"
    )
    ended = checked(working(tmp_path / "env", tensorflow=text), "--format", "json")
    report = document(ended.out, "check")
    assert ended.code == 1
    assert report["verdict"] == "not-working"
    assert report["proof"]["death"]["stage"] == "import"
    assert report["causes"][0]["cause"] == "numpy-2-with-numpy-1-binaries"
    assert report["causes"][0]["steps"]


def test_a_death_without_words(tmp_path: Path) -> None:
    """A crash is told with its signal, and no cause is guessed from nothing."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    ended = checked(working(tmp_path / "env", tensorflow=code))
    assert ended.code == 1
    assert "in stage import, by a signal: SIGSEGV" in ended.out
    assert "verdict   it does not work" in ended.out


def test_keras_is_given_the_backend_that_was_asked_for(tmp_path: Path) -> None:
    """A framework by name is what Keras computes with, whatever its own settings say."""
    asks = "import os\nraise ImportError('KERAS_BACKEND=' + os.environ.get('KERAS_BACKEND', ''))"
    root = trees.running_environment(tmp_path / "env", torch=asks, numpy=NUMPY_1)
    ended = checked(root, "--backend", "torch", "--format", "json")
    assert document(ended.out, "check")["proof"]["death"]["detail"] == (
        "ImportError: KERAS_BACKEND=torch"
    )


def test_a_framework_that_is_not_there(tmp_path: Path) -> None:
    """A named framework is asked for, not another one in its place."""
    ended = checked(working(tmp_path / "env"), "--backend", "jax", "--format", "json")
    report = document(ended.out, "check")
    assert ended.code == 1
    assert report["proof"]["core"] == "jax"
    assert "No module named 'jax'" in report["proof"]["death"]["detail"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--env", "nowhere"], 3, ["nowhere"]),
        (["--backend", "theano"], 2, ["--backend"]),
        (["--time-limit", "0"], 2, ["--time-limit"]),
        (["--env", ".", "--python", "python3"], 2, ["only one of"]),
    ],
)
def test_mistakes(options: "list[str]", code: int, words: "list[str]") -> None:
    """Each is named, with its exit code."""
    refused(tfmac("check", *options), code, *words)
