"""The commands of "Is my GPU used, right, and faster?", run as they stand there.

TensorFlow is real, and there is no GPU: what asks for one says so, what names halves of the
processor works.
"""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from cli.console import Ended, started

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "is-my-gpu-used-right-and-faster.md"
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MODEL = """
import keras
layers = [keras.layers.Input((8,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile("adam", "mse")
model.save("model.keras")
"""


@pytest.fixture(scope="module")
def ended(tensorflow_221: Path, tmp_path_factory: pytest.TempPathFactory) -> "dict[str, Ended]":
    """How each command of the guide ended, in a folder with a model."""
    folder = tmp_path_factory.mktemp("guide")
    python = tensorflow_221 / "bin" / "python"
    subprocess.run([python, "-c", _MODEL], cwd=folder, check=True, capture_output=True)
    commands = [line for block in _BLOCK.findall(GUIDE.read_text()) for line in block.splitlines()]
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for line in commands:
            found[line] = started(*shlex.split(line)[1:], "--python", python)
    return found


def only(ended: "dict[str, Ended]", *words: str) -> Ended:
    """Give the end of the one command that has these words."""
    (found,) = [end for line, end in ended.items() if all(word in line for word in words)]
    return found


def test_check(ended: "dict[str, Ended]") -> None:
    """The processor is proved where no GPU is listed."""
    end = only(ended, "tfmac check")
    assert end.code == 0, end
    assert "the CPU computes, and what it computes is right; no GPU is listed" in end.out


def test_parity_without_a_gpu(ended: "dict[str, Ended]") -> None:
    """The device that is not there is named, with those that are."""
    (end,) = [end for line, end in ended.items() if line == "tfmac parity model.keras"]
    assert end.code == 3, end
    assert "no device 'gpu' here; there are: CPU:0" in end.out


def test_parity_of_two_halves(ended: "dict[str, Ended]") -> None:
    """The same processor gives the same numbers."""
    end = only(ended, "parity model.keras", "CPU:1")
    assert end.code == 0, end
    assert end.out.startswith("same: every number is the same on both devices")


def test_parity_of_operations(ended: "dict[str, Ended]") -> None:
    """One layer in one type, in three shapes and all ways."""
    end = only(ended, "--ops")
    assert end.code == 0, end
    assert "all sound" in end.out


def test_bench(ended: "dict[str, Ended]") -> None:
    """Both halves are timed, and an answer is given for training."""
    end = only(ended, "tfmac bench")
    assert end.code == 0, end
    assert "which device to use" in end.out
    assert "samples/s by batch size" in end.out
