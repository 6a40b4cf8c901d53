"""Carries out actions that make an environment: wholly, or with nothing left behind."""

import os
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Callable, NoReturn, Optional

import msgspec

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.tools.protocol import EnvironmentTool
from tfmac.environments.transaction import DirectoryTransaction
from tfmac.environments.variables import set_variables
from tfmac.schema.actions import BuildAction, BuildPins, CreateEnvironment, InstallPins

_MEGABYTE = 1_000_000
# Ctrl-C, a polite kill, a terminal that is closed.
_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interruption(BaseException):
    """A signal that ends this program has come."""


def create_environment(
    directory: str,
    actions: Sequence[BuildAction],
    *,
    tool: EnvironmentTool,
    replace: bool = False,
    keep: bool = False,
    verify: Optional[Callable[[str], None]] = None,
    needed_bytes: int = 0,
) -> None:
    """Build an environment for a directory by actions that all concern it.

    It is built beside the directory and takes its place when it is finished; or, where it cannot be
    moved afterwards (``built_in_place``), in its place, and what was there is set aside meanwhile.
    The directory may be absent or empty; with ``replace`` it may be an environment, which is kept
    for an undo where ``keep`` asks for it. ``verify`` is given the folder of the finished
    environment before it counts, and may refuse it by raising. On any failure, Ctrl-C and SIGTERM
    included, the directory is left as it was, and ``EnvironmentChangeFailed`` says why. What a
    killed run has left is taken back first.
    """
    directory = os.path.abspath(directory)
    _require_one_directory(directory, actions)
    transaction = DirectoryTransaction(directory)
    with _interruptible():
        try:
            transaction.recover()
            _require_writable_parent(directory)
            _require_space(directory, needed_bytes, tool)
            transaction.begin(replace=replace, in_place=built_in_place(actions, tool))
            _carry_out(actions, tool, transaction)
            if verify is not None:
                verify(transaction.staging)
            with _undisturbed():
                transaction.commit(keep=keep)
        except (_Interruption, KeyboardInterrupt) as error:
            _roll_back(transaction)
            raise EnvironmentChangeFailed(
                ChangeFailure.INTERRUPTED, f"interrupted: {directory} is as it was before"
            ) from error
        except BaseException:
            _roll_back(transaction)
            raise


def built_in_place(actions: Sequence[BuildAction], tool: EnvironmentTool) -> bool:
    """Whether an environment has to be built where it will be.

    What is built against other packages may record where they are.
    """
    return not tool.movable or any(isinstance(action, BuildPins) for action in actions)


def _roll_back(transaction: DirectoryTransaction) -> None:
    with _undisturbed():
        transaction.roll_back()


def _carry_out(
    actions: Sequence[BuildAction], tool: EnvironmentTool, transaction: DirectoryTransaction
) -> None:
    """Do what the actions say, in the folder that will be the directory."""
    staging, held = transaction.staging, transaction.held_files()
    for action in actions:
        if isinstance(action, CreateEnvironment):
            tool.create(msgspec.structs.replace(action, path=staging), held)
        elif isinstance(action, InstallPins):
            tool.install(msgspec.structs.replace(action, environment=staging), held)
        elif isinstance(action, BuildPins):
            tool.build(msgspec.structs.replace(action, environment=staging), held)
        else:
            set_variables(msgspec.structs.replace(action, environment=staging))
    if staging != transaction.directory:
        tool.settle(staging, transaction.directory)


def _require_one_directory(directory: str, actions: Sequence[BuildAction]) -> None:
    """Hold that the transaction covers everything that the actions touch."""
    for action in actions:
        path = action.path if isinstance(action, CreateEnvironment) else action.environment
        if os.path.abspath(path) != directory:
            raise ValueError(f"an action concerns {path}, not {directory}")


def _nearest_folder(path: str) -> str:
    """Return the path or the first folder above it that exists."""
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def _require_writable_parent(directory: str) -> None:
    folder = _nearest_folder(os.path.dirname(os.path.realpath(directory)))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EnvironmentChangeFailed(
            ChangeFailure.NOT_WRITABLE,
            f"{folder} is not writable: {directory} cannot be made there",
        )


def _require_space(directory: str, needed_bytes: int, tool: EnvironmentTool) -> None:
    """Refuse where the environment, or the tool's copies of the wheels, would not fit."""
    if needed_bytes <= 0:
        return
    folders = [_nearest_folder(os.path.realpath(directory))]
    cache = tool.cache_folder()
    if cache is not None:
        cache = _nearest_folder(cache)
        if os.stat(cache).st_dev != os.stat(folders[0]).st_dev:
            folders.append(cache)
    for folder in folders:
        free = shutil.disk_usage(folder).free
        if free < needed_bytes:
            raise EnvironmentChangeFailed(
                ChangeFailure.NO_SPACE,
                f"{folder} has {free // _MEGABYTE} MB free, "
                f"{needed_bytes // _MEGABYTE} MB are needed",
            )


def _interrupt(_number: int, _frame: Optional[FrameType]) -> NoReturn:
    raise _Interruption


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turn signals that would end this program into an exception; only a main thread can."""
    with _handling(_interrupt):
        yield


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let nothing but SIGKILL come between: what is put back has to be put back."""
    with _handling(signal.SIG_IGN):
        yield


@contextmanager
def _handling(handler: "signal._HANDLER") -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # What is ignored stays ignored: nohup is to work.
    before = {number: signal.getsignal(number) for number in _INTERRUPTIONS}
    changed = {number: was for number, was in before.items() if was is not signal.SIG_IGN}
    for number in changed:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in changed.items():
            signal.signal(number, signal.SIG_DFL if was is None else was)
