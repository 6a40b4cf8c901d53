"""Environments in which model files are run: made once, kept below the user's cache."""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NoReturn, Optional, TextIO

import msgspec
import platformdirs
from packaging.version import Version

from tfmac.environments.create import create_environment
from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.lock import FolderLock
from tfmac.environments.resolver import UvResolver
from tfmac.environments.tools.uv import UvTool
from tfmac.environments.uv import Uv, UvError, find_uv
from tfmac.models.loadability.readers import Generation, Reader, parse_reader
from tfmac.observe.host import observe_host, target_of_host
from tfmac.observe.interpreters import find_interpreters
from tfmac.planner.building import building
from tfmac.planner.choosing import choose
from tfmac.planner.demands import InvalidWish
from tfmac.planner.resolver import ResolutionFailed
from tfmac.planner.resolving import Asking, make_plan
from tfmac.planner.space import needed_bytes
from tfmac.schema.plans import Demand, InterpreterChoice, NoPlan, Plan, StackKind, Wish
from tfmac.schema.platform import Target

_FORM = "1"
"""Changed when an environment of the same name would have to be made otherwise."""
_WAIT_SECONDS = 1800.0
_POLL_SECONDS = 0.5


class OldRelease(msgspec.Struct, frozen=True, kw_only=True):
    """What TensorFlow before a release needs to read model files, and does not declare."""

    before: str
    constraint: str
    cause: str


# What keeps TensorFlow from being imported at all is known to the planner.
_OLD_RELEASES = (
    OldRelease(before="2.4", constraint="h5py<3", cause="h5py-3-with-old-keras"),
    OldRelease(before="2.13", constraint="numpy<1.24", cause="numpy-alias-removed"),
    OldRelease(before="2.0", constraint="numpy<1.19", cause="numpy-alias-removed"),
    OldRelease(before="2.0", constraint="protobuf<3.21", cause="protobuf-generated-code-too-old"),
)


class NoEnvironment(Exception):
    """A reader cannot be had on this machine; the message says why."""


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What may be done to get an environment."""

    offline: bool = False
    download_python: bool = False
    """Let uv fetch a Python that is not here."""
    folder: Optional[str] = None
    """Where the environments are kept; None for the user's cache."""
    progress: Optional[TextIO] = None
    """Where uv's own messages go."""

    @property
    def root(self) -> str:
        """The folder that all environments are in."""
        return self.folder or os.path.join(platformdirs.user_cache_dir("tfmac"), "readers")


def environment_for(reader: str, making: Optional[Making] = None) -> str:
    """Give the interpreter of an environment that is a reader: as ``inspect --reader`` names it.

    It is made where there is none yet. Raises ``NoEnvironment``, and ``InvalidReader``.
    """
    making = making or Making()
    found = cached(reader, making)
    return found or _made(reader, making)


def cached(reader: str, making: Making) -> Optional[str]:
    """Give the interpreter of an environment that was made before, None where there is none."""
    return _interpreter_of(os.path.join(making.root, name_of(reader)))


def name_of(reader: str) -> str:
    """Name the folder of a reader: by its releases, and by all that decides what is installed."""
    _, parts = _read(reader)
    text = ",".join(f"{name}=={version}" for name, version in sorted(parts.items()))
    constraints = ",".join(demand.text for demand in _constraints(parts))
    digest = hashlib.sha256(f"{_FORM} {text} {constraints}".encode()).hexdigest()
    words = "-".join(f"{name}-{parts[name]}" for name in sorted(parts))
    return f"{words}-{digest[:12]}"


def wish_for(reader: str, target: Target) -> Wish:
    """Say what to ask the planner for. Raises ``InvalidReader``."""
    parsed, parts = _read(reader)
    tensorflow = parts.get("tensorflow")
    wish = Wish(
        target=target,
        python=parts.get("python"),
        gpu=False,
        tensorflow=f"=={tensorflow}" if tensorflow else None,
        stack=_stack(parsed),
        demands=_constraints(parts),
    )
    if parsed.generation is Generation.LEGACY:
        return msgspec.structs.replace(wish, keras=f"=={parts['tf-keras']}")
    if "keras" not in parts:
        return wish
    if parsed.generation is Generation.KERAS_3:
        wish = msgspec.structs.replace(wish, keras=f"=={parts['keras']}")
    elif parsed.generation is Generation.STANDALONE:
        wish = msgspec.structs.replace(
            wish, demands=(*wish.demands, Demand(text=f"keras=={parts['keras']}", origin="reader"))
        )
    beside = tuple(
        Demand(text=f"{name}=={parts[name]}", origin="reader")
        for name in ("torch", "jax")
        if name in parts
    )
    return msgspec.structs.replace(wish, demands=(*wish.demands, *beside))


def _stack(reader: Reader) -> StackKind:
    if reader.backend == "torch":
        return StackKind.KERAS_TORCH
    if reader.backend == "jax":
        return StackKind.KERAS_JAX
    if reader.generation is Generation.LEGACY:
        return StackKind.TF_KERAS
    return StackKind.TENSORFLOW_CPU


def _constraints(parts: dict[str, str]) -> tuple[Demand, ...]:
    """Give what the releases of a reader need beside what the planner knows."""
    if "tensorflow" not in parts:
        return ()
    release = Version(parts["tensorflow"])
    return tuple(
        Demand(text=one.constraint, origin=one.cause, constraint=True)
        for one in _OLD_RELEASES
        if release < Version(one.before)
    )


def _read(text: str) -> tuple[Reader, dict[str, str]]:
    """Take a reader apart; TensorFlow under any of its names is asked for as TensorFlow."""
    reader = parse_reader(text)[-1]
    parts: dict[str, str] = {}
    for written in text.split(","):
        name, _, version = written.strip().partition("==")
        plain = name.strip().lower().replace("_", "-")
        parts["tensorflow" if plain.startswith("tensorflow") else plain] = version
    return reader, parts


def _interpreter_of(directory: str) -> Optional[str]:
    path = os.path.join(directory, "bin", "python")
    return path if os.path.exists(path) else None


def _made(reader: str, making: Making) -> str:
    """Make an environment, or wait until another process has made it."""
    directory = os.path.join(making.root, name_of(reader))
    lock = _waited_for(directory, reader)
    try:
        found = _interpreter_of(directory)
        if found is not None:
            return found
        plan = _planned(reader, making)
        _create(directory, reader, plan, making)
    finally:
        lock.release()
    made = _interpreter_of(directory)
    if made is None:
        raise NoEnvironment(f"{reader}: no interpreter is in what was made")
    return made


def _waited_for(directory: str, reader: str) -> FolderLock:
    """Take the right to make an environment, after whoever is making it."""
    lock = FolderLock(f"{directory}.making", subject=directory)
    end = time.monotonic() + _WAIT_SECONDS
    while not _acquired(lock, reader, last=time.monotonic() > end):
        time.sleep(_POLL_SECONDS)
    return lock


def _acquired(lock: FolderLock, reader: str, *, last: bool) -> bool:
    try:
        lock.acquire()
    except EnvironmentChangeFailed as error:
        if error.kind is ChangeFailure.BUSY and not last:
            return False
        raise NoEnvironment(f"{reader}: {error}") from error
    except OSError as error:
        raise NoEnvironment(f"{reader}: {error}") from error
    return True


def _create(directory: str, reader: str, plan: Plan, making: Making) -> None:
    try:
        create_environment(
            directory,
            tuple(building(directory, plan, download=making.download_python)),
            tool=UvTool(_uv(reader, making), making.progress),
            needed_bytes=needed_bytes(plan),
        )
    except (EnvironmentChangeFailed, UvError, OSError) as error:
        raise NoEnvironment(f"{reader} could not be installed: {_short(error)}") from error


def _planned(reader: str, making: Making) -> Plan:
    """Plan the environment of a reader for this machine. Raises ``NoEnvironment``."""
    target, interpreters = _this_machine()
    if target is None:
        raise NoEnvironment("this machine is of a kind that TensorFlow has no wheels for")
    try:
        wish = wish_for(reader, target)
        choice = choose(wish, interpreters)
        if isinstance(choice, NoPlan):
            _refuse(reader, choice)
        candidate = choice.existing
        if candidate is None:
            if not making.download_python:
                raise NoEnvironment(
                    f"{reader} needs Python {choice.best.python}, which is not on this machine"
                )
            candidate = choice.best
        plan = make_plan(
            wish,
            candidate,
            Asking(resolver=UvResolver(_uv(reader, making))),
            interpreter=choice.interpreter if candidate is choice.existing else None,
        )
    except (ResolutionFailed, InvalidWish) as error:
        raise NoEnvironment(f"{reader} could not be resolved: {_short(error)}") from error
    return _refuse(reader, plan) if isinstance(plan, NoPlan) else plan


def _refuse(reader: str, answer: NoPlan) -> NoReturn:
    reasons = "; ".join(conflict.reason for conflict in answer.conflicts)
    raise NoEnvironment(f"{reader} cannot be had on this machine: {reasons}")


def _uv(reader: str, making: Making) -> Uv:
    found = find_uv(offline=making.offline)
    if found is None:
        raise NoEnvironment(f"{reader}: no uv can be run here")
    return found


@lru_cache(maxsize=1)
def _this_machine() -> tuple[Optional[Target], tuple[InterpreterChoice, ...]]:
    target = target_of_host(observe_host())
    if target is None:
        return None, ()
    native = (
        one.choice
        for one in find_interpreters(os.environ)
        if one.architecture is target.architecture
    )
    return target, tuple(native)


def _short(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3]) or type(error).__name__


def can_have(reader: str, making: Making) -> bool:
    """Whether a reader is here, or could be planned by the knowledge alone."""
    if cached(reader, making) is not None:
        return True
    target, interpreters = _this_machine()
    if target is None:
        return False
    try:
        choice = choose(wish_for(reader, target), interpreters)
    except InvalidWish:
        return False
    if isinstance(choice, NoPlan):
        return False
    return choice.existing is not None or making.download_python


def nearest_first(readers: Sequence[str], making: Making) -> Iterator[str]:
    """Give the readers that can be had: those that are here already, then the others."""
    here = [one for one in readers if cached(one, making) is not None]
    yield from here
    yield from (one for one in readers if one not in here and can_have(one, making))
