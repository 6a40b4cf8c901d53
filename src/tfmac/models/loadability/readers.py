"""Who reads a model file: a text such as ``tensorflow==2.18.1,keras==3.8.0`` taken apart."""

import enum
import re
from collections.abc import Mapping
from typing import Optional

import msgspec

from tfmac.knowledge import api_names

Release = tuple[int, ...]
"""A release, or a minor release, by its numbers."""

FORM = (
    "tensorflow==X[,keras==Y | ,tf-keras==Z] or keras==Y,torch==… or keras==Y,jax==…, "
    "each optionally with ,python==3.N"
)
_PART = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)==(\d+(?:\.\d+)*(?:[a-z]+\d+)?)", re.ASCII)
_TENSORFLOWS = frozenset(
    {"tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel", "tensorflow-gpu"}
)
_BACKENDS = ("torch", "jax")
_KNOWN = _TENSORFLOWS | {"keras", "tf-keras", "python", *_BACKENDS}
_KERAS_3_FROM: Release = (2, 16)
"""The first TensorFlow whose ``tf.keras`` is Keras 3."""
_LAST_PATCH = 99
_OWN_KERAS_FROM: Release = (2, 4)
"""From here on the keras distribution is the Keras of the TensorFlow with the same number."""


class InvalidReader(ValueError):
    """A text that does not name a reader."""


class Generation(enum.Enum):
    """Which Keras reads."""

    STANDALONE = "standalone"
    """The keras package up to 2.3, which had several backends."""
    TF_KERAS = "tf.keras"
    """Keras 2 as part of a TensorFlow before 2.16."""
    LEGACY = "tf-keras"
    """Keras 2 beside a later TensorFlow, with ``TF_USE_LEGACY_KERAS=1``."""
    KERAS_3 = "keras-3"


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A Keras of some release on some backend."""

    text: str
    generation: Generation
    keras: Release
    """Of Keras; of the TensorFlow whose part it is before 2.16."""
    tensorflow: Optional[Release] = None
    backend: str = "tensorflow"
    python: Optional[str] = None

    @property
    def minor(self) -> Release:
        """The minor release of its Keras."""
        return self.keras[:2]

    @property
    def is_keras_2(self) -> bool:
        """Whether it is a Keras before 3."""
        return self.generation is not Generation.KERAS_3


def parse_reader(text: str) -> tuple[Reader, ...]:
    """Name the readers that a text may mean. Raises ``InvalidReader``.

    There are several only where a TensorFlow from 2.16 on is named without its Keras.
    """
    parts = _parts(text)
    tensorflow = _tensorflow(text, parts)
    if "keras" in parts and "tf-keras" in parts:
        raise InvalidReader(f"{text!r} names keras and tf-keras: give the one that reads")
    backend = _backend(text, parts, tensorflow)
    releases: tuple[Release, ...]
    keras = _release(parts["keras"]) if "keras" in parts else None
    if "tf-keras" in parts:
        generation, releases = Generation.LEGACY, (_release(parts["tf-keras"]),)
    elif keras is not None:
        generation, releases = _by_keras(text, keras, tensorflow)
    elif tensorflow is None:
        raise InvalidReader(f"{text!r} names no Keras: {FORM}")
    elif tensorflow < _KERAS_3_FROM:
        generation, releases = Generation.TF_KERAS, (tensorflow,)
    else:
        generation, releases = Generation.KERAS_3, _companions(tensorflow)
    return tuple(
        Reader(
            text=text,
            generation=generation,
            keras=release,
            tensorflow=tensorflow,
            backend=backend,
            python=_python(parts.get("python")),
        )
        for release in releases
    )


def _parts(text: str) -> Mapping[str, str]:
    parts: dict[str, str] = {}
    for written in text.split(","):
        found = _PART.fullmatch(written.strip())
        name = found[1].lower().replace("_", "-") if found else ""
        if found is None or name not in _KNOWN or name in parts:
            raise InvalidReader(f"{text!r} is not a reader: {FORM}")
        parts[name] = found[2]
    return parts


def _tensorflow(text: str, parts: Mapping[str, str]) -> Optional[Release]:
    named = [version for name, version in parts.items() if name in _TENSORFLOWS]
    if len(named) > 1:
        raise InvalidReader(f"{text!r} names more than one TensorFlow")
    return _release(named[0]) if named else None


def _backend(text: str, parts: Mapping[str, str], tensorflow: Optional[Release]) -> str:
    others = [name for name in _BACKENDS if name in parts]
    if len(others) > 1 or (others and tensorflow is not None):
        raise InvalidReader(f"{text!r} names more than one backend")
    return others[0] if others else "tensorflow"


def _by_keras(
    text: str, keras: Release, tensorflow: Optional[Release]
) -> tuple[Generation, tuple[Release, ...]]:
    if keras >= (3, 0):
        return Generation.KERAS_3, (keras,)
    if keras < _OWN_KERAS_FROM:
        return Generation.STANDALONE, (keras,)
    if tensorflow is not None and tensorflow[:2] >= _KERAS_3_FROM:
        raise InvalidReader(f"{text!r} cannot be: TensorFlow 2.16 and later have Keras 3")
    return Generation.TF_KERAS, (tensorflow or keras,)


def _python(version: Optional[str]) -> Optional[str]:
    """Give the minor release of a Python, which is what byte code depends on."""
    return ".".join(version.split(".")[:2]) if version is not None else None


def _companions(tensorflow: Release) -> tuple[Release, ...]:
    """Name the last releases of each Keras that a TensorFlow allows; of a later one, its last's."""
    known = [one for one in api_names.releases("tensorflow") if one.keras]
    fitting = [one for one in known if _release(one.minor) <= tensorflow] or known[:1]
    return tuple((*_release(one)[:2], _LAST_PATCH) for one in fitting[-1].keras)


def _release(version: str) -> Release:
    """Give a release by three numbers."""
    numbers = [int(one) for one in re.findall(r"\d+", version)[:3]]
    return (*numbers, *[0] * (3 - len(numbers)))
