"""The files beside one that is read: an architecture under its name, the parts of weights."""

import os
import re
from typing import Optional

import msgspec

from tfmac.formats.byte_ranges import whole
from tfmac.formats.json_text import MOST_BYTES, InvalidJson
from tfmac.formats.keras_json import read_architecture
from tfmac.observe.model_members import open_regular
from tfmac.schema.model_content import Architecture, Content, Member, Problem

_DAMAGED = "model-file-damaged"
_MOST_SHARDS = 1000
_MOST_PROBLEMS = 100
_ENDINGS = re.compile(r"(?:[._-]weights)?\.(?:h5|hdf5|keras)|\.weights\.json", re.IGNORECASE)


def architecture_beside(path: str) -> Optional[Architecture]:
    """Read ``model.json`` beside ``model.weights.h5``, ``model_weights.h5`` or ``model.h5``.

    None where there is none, where a link leads elsewhere, and for what is no architecture.
    """
    folder, name = os.path.split(path)
    found = next((one for one in _ENDINGS.finditer(name) if one.end() == len(name)), None)
    if found is None or not found.start():
        return None
    beside = f"{name[: found.start()]}.json"
    try:
        opened = open_regular(os.path.join(folder, beside), os.O_NOFOLLOW)
        with os.fdopen(opened, "rb") as stream:
            content = read_architecture(stream.read(MOST_BYTES + 1), path=path)
    except (OSError, InvalidJson):
        return None
    if content is None or content.configuration is None:
        return None
    return Architecture(file=beside, configuration=content.configuration, stated=content.stated)


def with_shards(index: Content, path: str) -> Content:
    """Add what lies in the files that an index of weights names, which are in its folder."""
    from tfmac.formats.keras_archive import joined  # noqa: PLC0415

    parts: list[Content] = []
    members: list[Member] = []
    problems = list(index.problems)
    for name in [one.name for one in index.members][:_MOST_SHARDS]:
        try:
            part = _shard(os.path.join(os.path.dirname(path), name), name)
        except OSError as error:
            statement = f"a part of the weights cannot be read: {error.strerror or error}"
            problems.append(Problem(statement=statement, location=name, cause=_DAMAGED))
            continue
        parts.append(part)
        members.append(Member(name=name, bytes=part.bytes))
    whole_size = index.bytes + sum(one.bytes for one in members)
    content = msgspec.structs.replace(
        index,
        bytes=whole_size,
        members=tuple(members),
        problems=tuple(problems[:_MOST_PROBLEMS]),
    )
    return joined(content, parts)


def _shard(path: str, name: str) -> Content:
    from tfmac.formats.keras_archive import placed  # noqa: PLC0415
    from tfmac.formats.keras_hdf5 import read_keras_hdf5  # noqa: PLC0415

    with os.fdopen(open_regular(path, os.O_NOFOLLOW), "rb") as stream:
        return placed(read_keras_hdf5(whole(stream), path=path), name)
