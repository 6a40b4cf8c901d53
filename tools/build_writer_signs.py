"""Writes which releases of Keras write which keys into model files: reads files of real releases.

    python tools/build_writer_signs.py FOLDER ...

A folder holds the files of one writer. What most of them state as ``keras_version`` is its
release; a file that states none belongs to it too.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Optional

import msgspec
from packaging.version import Version

from tfmac.formats.byte_ranges import whole
from tfmac.formats.json_text import read_json
from tfmac.formats.keras_archive import read_keras_archive
from tfmac.formats.keras_hdf5 import read_keras_hdf5
from tfmac.knowledge import api_history, api_names, keras_names
from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.models.signs import Subject, signs_of
from tfmac.models.versions import version_of
from tfmac.schema.model_content import Content, ModelFormat
from tfmac.schema.writer_signs import Sign, WriterSigns

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "writer_signs.json"
_PLACES = ("layers", "optimizers", "initializers", "losses", "metrics")
# A key of a class is an argument that every file of a release has or none; what depends on the
# model, as beside a layer, may be in some files only. That a key is missing tells something only
# where a release wrote it in more files than this.
_FEW = 2
_KERAS_3 = "3.0"
# The other places in a file whose keys do not depend on the model.
_SURE = {"hdf5 input", "json input", "archive input", "hdf5 training"}


class Seen(NamedTuple):
    """How many files of a release have a subject, some of its keys in it, and each of them."""

    files: Counter[str]
    some: Counter[tuple[str, str]]
    every: Counter[tuple[str, str]]


def read(path: Path) -> Optional[Content]:
    """Read one file of a format that states an architecture or weights."""
    with path.open("rb") as file:
        if path.suffix == ".json":
            value = read_json(file.read())
            stated = {"keras_version": str(value["keras_version"])} if _states(value) else {}
            return Content(
                path=str(path),
                format=ModelFormat.KERAS_JSON,
                bytes=path.stat().st_size,
                stated=stated,
                configuration=value,
            )
        beginning = file.read(4)
        if beginning[:2] == b"PK":
            return read_keras_archive(whole(file), path=str(path))
        if beginning == b"\x89HDF":
            return read_keras_hdf5(whole(file), path=str(path))
    return None


def _states(value: object) -> bool:
    return isinstance(value, dict) and "keras_version" in value


def files_of(folder: Path) -> Iterator[Content]:
    """Read all files of one writer."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in {".h5", ".hdf5", ".keras", ".json"}:
            content = read(path)
            if content is not None:
                yield content


def release_of(contents: Iterable[Content]) -> Optional[str]:
    """Give the release that a writer's files state most often."""
    stated = Counter(
        str(version)
        for one in contents
        if (version := version_of(one.stated.get("keras_version", ""))) is not None
    )
    return stated.most_common(1)[0][0] if stated else None


def counted(files: Iterable[dict[str, Subject]]) -> Seen:
    """Count the signs of a release's files."""
    seen = Seen(Counter(), Counter(), Counter())
    for subjects in files:
        for subject, found in subjects.items():
            seen.files[subject] += 1
            seen.some.update((subject, key) for key in found.some)
            seen.every.update((subject, key) for key in found.every)
    return seen


def signs(releases: "dict[str, Seen]") -> dict[str, dict[str, Sign]]:
    """Compare the releases, subject by subject and key by key."""
    pairs = {pair for seen in releases.values() for pair in seen.some}
    found: dict[str, dict[str, Sign]] = defaultdict(dict)
    for subject, key in sorted(pairs):
        having = {one: seen for one, seen in releases.items() if seen.files[subject]}
        one = _sign(subject, key, having)
        if one is not None:
            found[subject][key] = one
    return dict(found)


def _sign(subject: str, key: str, releases: "dict[str, Seen]") -> Optional[Sign]:
    pair = (subject, key)
    present = [one for one, seen in releases.items() if seen.some[pair]]
    absent = [one for one in releases if one not in present]
    always = [one for one in present if releases[one].every[pair] == releases[one].files[subject]]
    first, last = Version(present[0]), Version(present[-1])
    # A key that comes and goes belongs to the models, not to the releases.
    if any(first < Version(one) < last for one in absent):
        return None
    of_a_class = " " not in subject
    if of_a_class and always != present:
        return None
    after = max((one for one in absent if Version(one) < first), key=Version, default=None)
    before = min((one for one in absent if Version(one) > last), key=Version, default=None)
    if after is None and before is None:
        return None
    sure = always == present and _is_sure(subject, [releases[one] for one in always])
    new = after is not None and _is_new_generation(after, present[0])
    return Sign(
        after=None if new else after,
        since=_KERAS_3 if new else _since(subject, key, after, present[0]),
        before=_KERAS_3 if before and _is_new_generation(present[-1], before) else before,
        always_from=(_KERAS_3 if new else present[0]) if sure else None,
        always_to=present[-1] if sure and before is not None else None,
    )


def _is_new_generation(earlier: str, later: str) -> bool:
    """Whether Keras 3 begins between two releases: what changes there changed with it.

    The releases of tf-keras after 2.16 are Keras 2 still.
    """
    return Version(earlier).major < Version(later).major


def _is_sure(subject: str, releases: "list[Seen]") -> bool:
    """Whether a missing key tells something: whether each file has it never hung on the model."""
    of_a_class = " " not in subject and not _is_optimizer(subject)
    return (of_a_class or subject in _SURE) and sum(seen.files[subject] for seen in releases) > _FEW


def _is_optimizer(subject: str) -> bool:
    return keras_names.is_keras_member("optimizers", subject)


def _since(subject: str, key: str, after: Optional[str], first: str) -> Optional[str]:
    """Find the minor release whose constructor was the first to take a keyword."""
    if after is None or " " in subject:
        return None
    for place in _PLACES:
        name = f"keras.{place}.{subject}"
        for minor in api_names.minors("keras"):
            within = Version(after) < Version(f"{minor}.999") and Version(minor) <= Version(first)
            if within and api_history.parameter_exists(name, key, "keras", minor):
                return minor if _unknown_before(name, key, after, minor) else None
    return None


def _unknown_before(name: str, key: str, after: str, minor: str) -> bool:
    """Whether the releases from ``after`` to a minor one are all read, and none has the keyword."""
    between = [
        one
        for one in api_names.minors("keras")
        if Version(after) < Version(f"{one}.999") and Version(one) < Version(minor)
    ]
    page = {one: api_history.exists(name, "keras", one) for one in between}
    return bool(between) and all(
        there is not None and not api_history.parameter_exists(name, key, "keras", one)
        for one, there in page.items()
    )


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    files: dict[str, list[dict[str, Subject]]] = defaultdict(list)
    for folder in options.folders:
        contents = list(files_of(folder))
        release = release_of(contents)
        if release is not None:
            files[release] += (signs_of(one) for one in contents)
    ordered = sorted(files, key=Version)
    record = WriterSigns(
        schema_version=SCHEMA_VERSION,
        measured={one: f"{len(files[one])} files" for one in ordered},
        signs=signs({one: counted(files[one]) for one in ordered}),
    )
    options.output.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
