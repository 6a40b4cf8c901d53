"""``tfmac run`` over the commonest failures of TensorFlow and Keras, each of them really provoked.

What helps is compared with the cause's page in ``docs/causes``: the line for the versions that are
installed has to be said, and no line that is for others.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from builders.real_environments import add, make_environment, run
from cli.console import started
from tfmac.environments.uv import Uv

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ALWAYS = ""
"""The condition of advice that is for everybody."""

KERAS_2_FILES = """
import tensorflow as tf
from tensorflow import keras

class Scale(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2

keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Scale()]).save("custom.h5")
model = keras.Sequential([keras.layers.Dense(3, input_shape=(4,)), keras.layers.Dense(1)])
model.save("model.keras")
model.save("saved_model")
"""
OLD_LAMBDA = """
import math
from tensorflow import keras

inputs = keras.Input((4,))
keras.Model(inputs, keras.layers.Lambda(lambda x: x * math.pi)(inputs)).save("lambda.h5")
"""


class Failure(NamedTuple):
    """A program that fails, and what has to be said of it."""

    cause: str
    program: str
    condition: str = ALWAYS
    """That of the advice that is right here."""
    named: "tuple[str, str]" = ("", "")
    """Words of the page for which the failing program has others."""
    also: str = ""
    """What has to be said besides the page's words."""


IN_KERAS_3 = (
    Failure(
        "kerastensor-in-tf-function",
        "import tensorflow as tf; print('start'); tf.reduce_sum(tf.keras.Input((4,)))",
    ),
    Failure(
        "keras-3-save-suffix",
        "import keras; print('start')\n"
        "keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]).save('out')",
    ),
    Failure(
        "custom-layer-unknown",
        "import keras; print('start'); keras.models.load_model('custom.h5')",
        "with Keras 3",
        named=("the class", "Scale"),
        also='custom_objects={"Scale": Scale}',
    ),
    Failure(
        "keras-2-file-in-keras-3",
        "import keras; print('start'); keras.models.load_model('model.keras')",
        "with tensorflow >=2.16",
        also="tf-keras",
    ),
    Failure(
        "savedmodel-in-keras-3",
        "import tensorflow as tf; print('start'); tf.keras.models.load_model('saved_model')",
        "with tensorflow >=2.16",
    ),
    Failure(
        "legacy-optimizer-in-keras-3",
        "import tensorflow as tf; print('start'); tf.keras.optimizers.legacy.Adam(1e-3)",
        "with tensorflow >=2.16",
    ),
    Failure(
        "keras-import-moved",
        "print('start')\nfrom keras.preprocessing.image import ImageDataGenerator",
        "with Keras 3",
    ),
)


@pytest.fixture(scope="module")
def keras_2(
    uv: Uv, interpreters: "dict[str, str]", tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The newest TensorFlow with Keras 2."""
    root = tmp_path_factory.mktemp("keras-2") / "env"
    return make_environment(uv, interpreters, root, "3.11", "tensorflow==2.15.1")


@pytest.fixture(scope="module")
def old(uv: Uv, interpreters: "dict[str, str]", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TensorFlow of 2022, on the Python of its time."""
    root = tmp_path_factory.mktemp("old") / "env"
    return make_environment(uv, interpreters, root, "3.10", "tensorflow==2.9.3", "numpy<2")


@pytest.fixture(scope="module")
def keras_2_files(keras_2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files that Keras 2 has written."""
    return _written(keras_2, KERAS_2_FILES, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def old_files(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file that Keras 2.9 has written under Python 3.10."""
    return _written(old, OLD_LAMBDA, tmp_path_factory.mktemp("old-files"))


def _written(environment: Path, program: str, folder: Path) -> Path:
    ended = run(environment, f"import os; os.chdir({str(folder)!r})\n{program}")
    assert ended.returncode == 0, ended.stderr
    return folder


@contextmanager
def exchanged(uv: Uv, environment: Path, package: str, usual: str) -> Iterator[None]:
    """Have another release of a package in an environment, for a while."""
    add(uv, environment, package, resolve=False)
    try:
        yield
    finally:
        add(uv, environment, usual, resolve=False)


def explained(failure: Failure, environment: Path) -> str:
    """Run a failing program, and give what is said of its cause, held against the cause's page."""
    Path("program.py").write_text(f"{failure.program}\n", encoding="utf-8")
    ended = started("run", "--python", environment / "bin" / "python", "program.py")

    assert (ended.code, ended.out) == (1, "start\n"), ended.err
    assert "Traceback (most recent call last):" in ended.err
    return held(failure, ended.err)


def held(failure: Failure, err: str) -> str:
    """Hold that the cause is named first, with the right line of its page and no other."""
    named = re.findall(r"^(?:also: )?(\S+) \((?:certain|likely|possible)\)$", err, re.MULTILINE)
    assert named[:1] == [failure.cause], err
    _, _, said = err.partition(f"\n{failure.cause} (")
    said = " ".join(re.split(r"^(?:also: .*|recognised)$", said, flags=re.MULTILINE)[0].split())
    page = advice_of(failure.cause)
    right = page.pop(failure.condition).replace(*failure.named, 1)
    assert right in said
    assert failure.also in said
    assert [text for text in page.values() if text.replace(*failure.named, 1) in said] == []
    assert "Otherwise: " not in said
    return said


def advice_of(cause: str) -> "dict[str, str]":
    """What helps, as the page of a cause says it, by the condition that it is for."""
    text = (ROOT / "docs" / "causes" / f"{cause}.md").read_text(encoding="utf-8")
    found = text.partition("What helps:")[2].partition("\n## ")[0]
    lines = re.findall(r"^- (?:\*(.+?)\*: )?(.+)$", found, re.MULTILINE)
    # What it needs of packages is not words here, but a command for this interpreter.
    return {
        condition: advice.partition(" Needs `")[0].replace("\\", "") for condition, advice in lines
    }


@pytest.fixture(autouse=True)
def _working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty one."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("failure", IN_KERAS_3, ids=lambda one: one.cause)
def test_code_and_files_of_keras_2_in_keras_3(
    failure: Failure,
    tensorflow_221: Path,
    keras_2_files: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What helps with Keras 3 is said, for the very interpreter that has failed."""
    monkeypatch.chdir(keras_2_files)

    explained(failure, tensorflow_221)


def test_numpy_2_beside_a_tensorflow_for_numpy_1(keras_2: Path, uv: Uv) -> None:
    """The environment shows it, too: that is said, and the cause stands there once."""
    failure = Failure(
        "numpy-2-with-numpy-1-binaries",
        "print('start')\nimport tensorflow",
        "with tensorflow <2.18",
        also=f"--python {keras_2 / 'bin' / 'python'} tensorflow==2.15.1 'numpy<2'",
    )
    with exchanged(uv, keras_2, "numpy==2.0.2", "numpy==1.26.4"):
        said = explained(failure, keras_2)

    assert "confirmed by tfmac doctor: numpy 2.0.2 is not what tensorflow declared" in said


def test_protobuf_4_beside_an_old_tensorflow(old: Path, uv: Uv) -> None:
    """TensorFlow 2.9 wants protobuf below 3.20; newer ones would be told something else."""
    failure = Failure(
        "protobuf-generated-code-too-old",
        "print('start')\nimport tensorflow",
        "with tensorflow <2.12",
        also="'protobuf<3.20'",
    )
    with exchanged(uv, old, "protobuf==4.25.8", "protobuf==3.19.6"):
        explained(failure, old)


def test_keras_of_another_minor(old: Path, uv: Uv) -> None:
    """The Keras of TensorFlow 2.12 beside TensorFlow 2.9."""
    failure = Failure(
        "keras-not-matching-tensorflow",
        "print('start')\nfrom tensorflow import keras\nkeras.layers.Dense(1)",
        "with tensorflow >=2.6,<2.16",
        also="tensorflow==2.9.3 'keras<3'",
    )
    with exchanged(uv, old, "keras==2.12.0", "keras==2.9.0"):
        explained(failure, old)


def test_a_lambda_of_another_python(
    keras_2: Path, old_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written by Python 3.10, read by Python 3.11."""
    monkeypatch.chdir(old_files)

    explained(
        Failure(
            "lambda-bytecode-other-python",
            "from tensorflow import keras; print('start', flush=True)\n"
            "keras.models.load_model('lambda.h5')",
        ),
        keras_2,
    )


def test_a_lambda_without_its_module(
    old: Path, old_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function is read; what it calls is not there."""
    monkeypatch.chdir(old_files)

    explained(
        Failure(
            "lambda-missing-global",
            "from tensorflow import keras; print('start', flush=True)\n"
            "keras.models.load_model('lambda.h5')",
            also='custom_objects={"math": math}',
        ),
        old,
    )


def test_no_tensorflow_here(uv: Uv, interpreters: "dict[str, str]", tmp_path: Path) -> None:
    """The interpreter that runs has no TensorFlow."""
    bare = make_environment(uv, interpreters, tmp_path / "env", "3.11", "packaging")

    said = explained(
        Failure("runs-in-other-interpreter", "print('start', flush=True)\nimport tensorflow"), bare
    )

    assert f"--python {bare / 'bin' / 'python'} tensorflow==" in said


def test_a_release_without_a_wheel_for_the_python(tensorflow_221: Path) -> None:
    """TensorFlow 2.8 was never built for Python 3.11: the list of what pip found says so."""
    failure = Failure(
        "no-wheel-for-python",
        "",
        named=("the package in the wanted version", "tensorflow ==2.8.0"),
        also="tensorflow==2.8.0",
    )
    wanted = ("-m", "pip", "install", "--no-deps", "--dry-run", "tensorflow==2.8.0")
    ended = started("run", "--python", tensorflow_221 / "bin" / "python", *wanted)

    assert ended.code == 1
    assert "ERROR: No matching distribution found for tensorflow==2.8.0" in ended.err
    held(failure, ended.err)
