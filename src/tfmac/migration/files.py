"""Migrates one model file, in a child process with limits, as a whole or not at all."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Optional, Union

import msgspec
from packaging.version import Version

from tfmac.formats.json_text import readable
from tfmac.migration.messages import Reply, Request
from tfmac.observe.child import ChildCannotStart, child_variables, signal_name
from tfmac.observe.limits import LIBRARY_VARIABLES
from tfmac.observe.model_files import ModelsExtraMissing
from tfmac.schema.migration import MigratedModel
from tfmac.schema.model_content import Problem

PathLike = Union[str, "os.PathLike[str]"]
TIME_LIMIT = 3600.0
MEMORY_LIMIT = 1 << 30
_SOURCE_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from tfmac.migration.worker import serve; serve(int(sys.argv[2]), int(sys.argv[3]))"
)


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file, with the two configurations for who wants to see the difference."""

    model: MigratedModel
    before: Optional[Any] = None
    """The configuration as the writer had it."""
    after: Optional[Any] = None
    """The configuration that was, or would be, written."""
    sources: dict[str, str] = {}
    """The location of a layer in the old model by that in the new one."""


class OutputExists(Exception):
    """There is a file of the output's name, and it may not be overwritten."""


class CannotWrite(Exception):
    """The output's folder is missing, may not be written, or is full."""


def migrate_file(
    source: PathLike,
    output: PathLike,
    *,
    keras: Version,
    architecture: Optional[PathLike] = None,
    custom: Sequence[str] = (),
    strip_optimizer: bool = False,
    force: bool = False,
    dry_run: bool = False,
    time_limit: float = TIME_LIMIT,
) -> Migration:
    """Write ``source`` as the ``.keras`` of a release of Keras 3.

    ``architecture`` is the JSON (or a whole model) for a file that has weights alone. What cannot
    be translated leaves nothing behind and is in ``model.untranslated``. Raises
    ``FileNotFoundError``, ``OutputExists``, ``CannotWrite``, ``ModelsExtraMissing`` and
    ``ChildCannotStart``.
    """
    _check_paths(source, output, force=force or dry_run)
    request = Request(
        source=os.fsencode(os.path.abspath(os.fspath(source))),
        output=os.fsencode(os.path.abspath(os.fspath(output))),
        keras=str(keras),
        architecture=(
            None if architecture is None else os.fsencode(os.path.abspath(os.fspath(architecture)))
        ),
        custom=tuple(custom),
        strip_optimizer=strip_optimizer,
        force=force,
        dry_run=dry_run,
    )
    reply = _asked(request, time_limit)
    if reply.missing:
        raise ModelsExtraMissing(reply.missing)
    if reply.exists:
        raise OutputExists(f"{os.fspath(output)} is there already")
    if reply.unwritable:
        raise CannotWrite(f"{os.fspath(output)} cannot be written: {reply.unwritable}")
    model = reply.model or _unfinished(os.fspath(source), keras, _last_line(reply.crash))
    return Migration(
        model=msgspec.structs.replace(model, source=readable(os.fspath(source))),
        before=reply.before,
        after=reply.after,
        sources=reply.sources,
    )


def _check_paths(source: PathLike, output: PathLike, *, force: bool) -> None:
    """Say what can be said before anything is read."""
    path = os.fspath(source)
    if not os.path.exists(path) and not os.path.isfile(f"{path}.index"):
        raise FileNotFoundError(f"there is no {path}")
    target = os.fspath(output)
    if os.path.lexists(target) and not force:
        raise OutputExists(f"{target} is there already")
    if os.path.isdir(target):
        raise CannotWrite(f"{target} is a folder")
    if os.path.exists(target) and os.path.exists(path) and os.path.samefile(path, target):
        raise CannotWrite(f"{target} is the file that is to be migrated")
    folder = os.path.dirname(os.path.abspath(target))
    if not os.path.isdir(folder):
        raise CannotWrite(f"{target} cannot be written: there is no folder {folder}")


def _asked(request: Request, time_limit: float) -> Reply:
    """Let a process of its own do the work; whatever ends it is in the reply."""
    paths = [one for one in sys.path if os.path.isabs(one)]
    arguments = (
        msgspec.json.encode([*paths, _SOURCE_FOLDER]).decode(),
        str(MEMORY_LIMIT),
        str(int(time_limit) + 5),
    )
    try:
        process = subprocess.Popen(
            # No site module: it would run every ``.pth`` file again.
            [sys.executable, "-I", "-S", "-c", _PROGRAM, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_variables(LIBRARY_VARIABLES),
        )
    except OSError as error:
        raise ChildCannotStart(f"{error.strerror} ({error.filename})") from error
    try:
        output, _ = process.communicate(msgspec.json.encode(request), timeout=time_limit)
    except subprocess.TimeoutExpired:
        return Reply(crash=f"was not done within {time_limit:g} seconds")
    finally:
        process.kill()
        process.communicate()
    if not output:
        status = process.returncode
        how = signal_name(-status) if status < 0 else f"exit status {status}"
        return Reply(crash=f"ends the process that reads it ({how})")
    return msgspec.json.decode(output, type=Reply)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["unknown"])[-1]


def _unfinished(source: str, keras: Version, statement: str) -> MigratedModel:
    problem = Problem(statement=f"could not be migrated: {statement}")
    return MigratedModel(
        source=readable(source), keras=str(keras), migrated=False, problems=(problem,)
    )
