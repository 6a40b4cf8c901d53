"""Which releases can run an original file: its writer, else the nearest that loads it right."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Optional

from packaging.version import Version

from tfmac.knowledge import releases
from tfmac.models.loadability import lambdas
from tfmac.models.loadability.cases import Way
from tfmac.models.loadability.readers import Generation, parse_reader
from tfmac.models.loadability.verdict import obstacles
from tfmac.models.readers import readers_that_matter
from tfmac.models.versions import version_of
from tfmac.models.writer import writer_of
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Content

_KERAS_3 = Version("3.0")
_FIRST_LEGACY = Version("2.16")
_FIRST_BUNDLED = Version("2.4")
_FIRST_SAME_NUMBER = Version("2.5")
_LAST_OF_1 = "1.15"
_TF_SUFFIX = "-tf"
# The releases of TensorFlow that call their Keras by a number that is not theirs.
_BY_KERAS = {
    "2.2.4": ("1.15", "2.1", "2.0"),
    "2.3.0": ("2.2",),
    "2.4.0": ("2.3", "2.4"),
}
# What loading an original is asked with: it is only to be run.
_PASSED = frozenset({Way.COMPILE, Way.SAFE_MODE})


def reader_of_keras(version: str) -> str:
    """Name the reader with a release of Keras 3, on the TensorFlow that goes with it."""
    wanted = Version(version)
    known = [one for one in readers_that_matter() if "keras==3" in one]
    numbers = [Version(one.rpartition("keras==")[2]) for one in known]
    fitting = [
        reader for reader, number in zip(known, numbers) if number.release[:2] <= wanted.release[:2]
    ]
    nearest = (fitting or known)[-1 if fitting else 0]
    return f"{nearest.rpartition('keras==')[0]}keras=={version}"


def writers_of(content: Content) -> tuple[str, ...]:
    """Name the readers that are the writer of a file, as far as the file says who that was."""
    stated = content.stated.get("keras_version", "")
    tensorflow = content.stated.get("tensorflow_version", "")
    version = version_of(stated)
    written_by = version_of(tensorflow)
    if written_by is not None and written_by < _FIRST_LEGACY:
        return (f"tensorflow=={written_by.base_version}",)
    if version is None:
        return ()
    if version >= _KERAS_3:
        return (reader_of_keras(version.base_version),)
    return tuple(_of_keras_2(version, bundled=stated.endswith(_TF_SUFFIX)))


def _of_keras_2(version: Version, *, bundled: bool) -> Iterator[str]:
    if version >= _FIRST_LEGACY:
        for tensorflow in _patches(f"{version.major}.{version.minor}"):
            yield f"tensorflow=={tensorflow},tf-keras=={version}"
        return
    if not bundled and version < _FIRST_BUNDLED:
        for tensorflow in _patches(_LAST_OF_1):
            yield f"tensorflow=={tensorflow},keras=={version}"
            if version.release[:2] != (2, 2):
                yield f"tensorflow=={tensorflow},keras=={_last_standalone(version)}"
        return
    minors = _BY_KERAS.get(version.base_version, ())
    if not minors and version >= _FIRST_SAME_NUMBER:
        minors = (f"{version.major}.{version.minor}",)
    for minor in minors:
        yield from (f"tensorflow=={one}" for one in _patches(minor))


def _last_standalone(version: Version) -> str:
    """Name the Keras with several backends that reads what an older one of its kind has written."""
    return "2.3.1" if version >= Version("2.3") else "2.2.4"


def _patches(minor: str) -> tuple[str, ...]:
    """Give the newest patch of a minor release of TensorFlow."""
    wanted = Version(minor).release
    found = [one for one in releases.versions("tensorflow") if Version(one).release[:2] == wanted]
    return tuple(found[:1])


def candidates(contents: Sequence[Content], *, custom: bool = False) -> tuple[str, ...]:
    """Name the readers that may run an original, the best first.

    ``contents`` are its files: what has the weights, and the architecture where that is another.
    The writer itself is asked whatever the rules say of it; others only where they say that it is
    loaded as it was. ``custom`` says that the user's own code is at hand.
    """
    writers = list(dict.fromkeys(one for content in contents for one in writers_of(content)))
    others = (one for one in _by_distance(contents) if one not in writers)
    pythons = _pythons(contents)
    found = [one for writer in writers for one in _on_pythons(writer, pythons)]
    found += [
        one
        for other in others
        for one in _on_pythons(other, pythons)
        if all(loads(content, one, custom=custom) for content in contents)
    ]
    return tuple(found)


def loads(content: Content, reader: str, *, custom: bool = False) -> bool:
    """Whether a reader is known to load a file as it was, given the arguments that we give it."""
    passed = {*_PASSED, Way.CUSTOM_OBJECTS} if custom else _PASSED
    return all(
        one.verdict is Verdict.LOADS or (one.verdict is Verdict.FAILS and one.ways & passed)
        for one in obstacles(content, parse_reader(reader)[-1])
    )


def missing_code(contents: Iterable[Content], reader: str) -> Optional[str]:
    """Say which code of the user's own a reader would need; None where it needs none."""
    for content in contents:
        for one in obstacles(content, parse_reader(reader)[-1]):
            if one.verdict is Verdict.FAILS and one.ways == {Way.CUSTOM_OBJECTS}:
                return one.message
    return None


def _pythons(contents: Sequence[Content]) -> tuple[str, ...]:
    """Name the Pythons that byte code in a file is for."""
    found = (lambdas.pythons(one.configuration) for one in contents)
    return next((one for one in found if one), ())


def _on_pythons(reader: str, pythons: Sequence[str]) -> Iterator[str]:
    if not pythons:
        yield reader
    yield from (f"{reader},python=={one}" for one in reversed(pythons))


def _by_distance(contents: Sequence[Content]) -> list[str]:
    """Give the readers that matter, those nearest to the writer first."""
    known = list(reversed(readers_that_matter()))
    written = _writer_number(contents)
    if written is None:
        return known
    return sorted(known, key=lambda one: abs(_number(one) - written))


def _writer_number(contents: Sequence[Content]) -> Optional[int]:
    for content in contents:
        version = version_of(content.stated.get("keras_version", ""))
        if version is None:
            proved = writer_of(content).proved
            version = version_of((proved or "").partition(",")[0].lstrip("<>="))
        if version is not None:
            return _place(version.release)
    return None


def _number(reader: str) -> int:
    read = parse_reader(reader)[-1]
    # What Keras 2 is for a later TensorFlow stands for its last release.
    return _place((2, 16) if read.generation is Generation.LEGACY else read.keras)


def _place(release: Sequence[int]) -> int:
    """Place a release on a line on which Keras 2 and Keras 3 are far from each other."""
    return int(release[0]) * 100 + int(release[1] if len(release) > 1 else 0)
