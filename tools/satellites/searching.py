"""What to try beside a TensorFlow: what is put beside a release, and which older one comes next."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Optional

from packaging.requirements import Requirement
from packaging.version import Version
from tools.satellites.records import Tried

from tfmac.knowledge import releases
from tfmac.schema.satellites import Stage

TF_KERAS = "tf-keras"
# What a run says, and what is put beside it then, the least change first.
_SIGNS = (
    ("No module named 'pkg_resources'", ("setuptools<81",)),
    ("/tensorflow_metadata/proto/", ("tensorflow-metadata<1.17", "tensorflow-metadata<1.16")),
)
_TRIES = 4


def minor(tensorflow: str) -> str:
    """Give a release without its patch number."""
    return ".".join(tensorflow.split(".")[:2])


def attempts(tensorflow: str) -> Iterator[tuple[str, ...]]:
    """Give what is put beside a satellite: nothing, then the tf-keras of the TensorFlow's minor."""
    yield ()
    own = minor(tensorflow)
    if any(one.startswith(f"{own}.") for one in releases.versions(TF_KERAS)):
        yield (f"{TF_KERAS}=={own}.*",)


def named(record: Tried) -> Optional[str]:
    """Give a requirement that may help by what a run said, None where none is left to try.

    setuptools has given up a module that some still import, and tensorflow-metadata has generated
    code that is newer than the protobuf which it allows.
    """
    if record.stage in {Stage.WORKS, None}:
        return None
    for sign, bounds in _SIGNS:
        tried = [place for place, one in enumerate(bounds) if one in record.beside]
        left = bounds[tried[-1] + 1 :] if tried else bounds
        if sign in record.said and left:
            return left[0]
    return None


def exchanged(beside: Sequence[str], requirement: str) -> tuple[str, ...]:
    """Add a requirement in the place of another one for the same package."""
    name = Requirement(requirement).name
    return (*(one for one in beside if Requirement(one).name != name), requirement)


def complete(walk: Sequence[Tried]) -> bool:
    """Whether all was tried of a release that may help: a walk may have been cut off."""
    first, last = walk[0], walk[-1]
    if first.beside:
        return False
    if first.stage is None or last.stage is Stage.WORKS:
        return True
    if named(last) is not None:
        return False
    if last.native:
        return True
    *_, most = attempts(last.tensorflow)
    return set(most) <= set(last.beside)


def next_older(
    versions: Sequence[str], tried: Mapping[str, bool], contemporary: Optional[str]
) -> Optional[str]:
    """Choose the release to try next, or None where the newest that works is found or not to be.

    ``versions`` are those that there are, oldest first; ``tried`` says of each that was tried
    whether it works. Where the newest is too new, the ``contemporary`` release of that TensorFlow
    will do and the newest that works lies above it; where that does not work either, they are
    tried one after the other, the newest first.
    """
    known = {Version(one): works for one, works in tried.items()}
    if not known or len(known) > _TRIES:
        return None
    working = [one for one, works in known.items() if works]
    broken = [one for one, works in known.items() if not works]
    if working:
        lowest = max(working)
        above = [one for one in broken if one > lowest]
        between = [one for one in versions if above and lowest < Version(one) < min(above)]
        return between[len(between) // 2] if between else None
    if contemporary is not None and Version(contemporary) < min(broken):
        return contemporary
    below = [one for one in versions if Version(one) < min(broken)]
    return below[-1] if below else None
