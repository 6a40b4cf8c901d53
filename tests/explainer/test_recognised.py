"""What a log shows of its machine."""

import pytest

from tfmac.explainer import read


def frame(path: str) -> str:
    return f'Traceback (most recent call last):\n  File "{path}", line 1, in f\nValueError: x\n'


@pytest.mark.parametrize(
    ("path", "generation"),
    [
        ("/a/site-packages/keras/src/models/functional.py", 3),
        ("/a/site-packages/keras/src/backend/tensorflow/trainer.py", 3),
        ("/a/site-packages/keras/src/engine/training.py", 2),
        ("/a/site-packages/keras/engine/training.py", 2),
        ("/a/site-packages/tf_keras/src/engine/training.py", 2),
        ("/a/site-packages/tensorflow/python/keras/engine/training.py", 2),
        ("/a/site-packages/keras/src/utils/traceback_utils.py", None),
        ("/home/ada/keras_models/train.py", None),
    ],
)
def test_the_generation_of_keras_is_proved_by_paths(path: str, generation: object) -> None:
    """Only a module that one generation has and the other has not proves it."""
    assert read(frame(path)).known.keras == generation


def test_two_generations_in_one_log_prove_neither() -> None:
    """tf_keras and Keras 3 may both be in a traceback."""
    text = frame("/a/tf_keras/src/engine/x.py") + frame("/a/keras/src/models/functional.py")

    assert read(text).known.keras is None


@pytest.mark.parametrize(
    ("line", "name", "version"),
    [
        ("Successfully installed numpy-1.26.4 tensorflow-2.15.0", "tensorflow", "2.15.0"),
        (
            "Requirement already satisfied: numpy<2 in ./lib (from keras) (1.26.4)",
            "numpy",
            "1.26.4",
        ),
        ("tensorflow 2.15.0 requires numpy<2, but you have numpy 2.0.1 which is", "numpy", "2.0.1"),
        ("tensorflow==2.16.1", "tensorflow", "2.16.1"),
        ("keras                        3.3.3", "keras", "3.3.3"),
        ("tf.__version__: 2.16.1", "tensorflow", "2.16.1"),
    ],
)
def test_versions_are_read_of_what_installers_and_programs_print(
    line: str, name: str, version: str
) -> None:
    """Lists, pip's sentences and printed versions."""
    assert read(line).known.packages.get(name) == version


def test_a_wanted_release_is_not_an_installed_one() -> None:
    """What pip was asked for says nothing of what is there."""
    text = "$ pip install tensorflow==2.13.0\nERROR: No matching distribution found"

    assert read(text).known.packages == {}


@pytest.mark.parametrize(
    ("line", "macos"),
    [
        ("macOS-10.13.6-x86_64-i386-64bit", "10.13.6"),
        ("$ sw_vers -productVersion\n11.6", "11.6"),
        ("Darwin Kernel Version 23.1.0: RELEASE_ARM64", "14"),
    ],
)
def test_the_version_of_macos_is_read(line: str, macos: str) -> None:
    """From the platform module, from the system and from its kernel."""
    assert read(line).known.macos == macos


def test_contradicting_versions_are_not_known() -> None:
    """A log of two environments does not say which one failed."""
    assert read("numpy==1.26.4\nnumpy==2.0.0").known.packages == {}
    assert read("/a/lib/python3.9/x\n/a/lib/python3.11/x").known.python is None


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("$ pip install tensorflow-macos", "macos"),
        ("#8 [4/7] RUN pip install tensorflow-macos", None),
        ("The command '/bin/sh -c pip install tensorflow-macos' returned 1", None),
    ],
)
def test_a_requirement_for_macs_shows_no_mac_where_an_image_is_built(
    text: str, system: object
) -> None:
    """Who asks for Apple's package has a Mac, unless it is asked for in a container."""
    assert read(text).known.system == system


@pytest.mark.parametrize(
    ("line", "system"),
    [
        ("", "macos"),
        ("Downloading numpy-1.23.5-cp39-cp39-manylinux_2_17_x86_64.whl\n", "linux"),
        ("C:\\work> pip install -r requirements.txt\n", "windows"),
    ],
)
def test_a_requirement_for_macs_is_the_weakest_sign_of_one(line: str, system: str) -> None:
    """It is asked for by mistake elsewhere."""
    said = "ERROR: No matching distribution found for tensorflow-macos==2.12.0\n"

    assert read(line + said).known.system == system
