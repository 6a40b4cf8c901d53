"""Changes an environment where it is: distributions are exchanged, and can be put back.

What was installed is written down before the first change, in the folder of tfmac's own beside the
environment (see ``transaction``). A run that was killed leaves that list, marked as unfinished, so
that the next one knows that the environment is neither the old nor the new one, and puts back.
"""

import os
from collections.abc import Sequence
from typing import Optional, TextIO

import msgspec

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.lock import FolderLock
from tfmac.environments.tools.uv import change_failed
from tfmac.environments.transaction import folder_of
from tfmac.environments.uv import Uv, UvError
from tfmac.schema.actions import ExchangePins
from tfmac.schema.plans import Pin


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """What was installed before a change; ``finished`` says that the change was carried out."""

    before: tuple[Pin, ...]
    after: tuple[str, ...]
    """The names that the change installs; an undo removes those that were not there before."""
    finished: bool = False


def left_unfinished(root: str) -> bool:
    """Whether a killed change has left an environment half changed."""
    note = _read(_note_path(root))
    return note is not None and not note.finished


def _note_path(root: str) -> str:
    return os.path.join(folder_of(root), "in-place")


def _read(path: str) -> Optional[_Note]:
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=_Note)
    except (OSError, msgspec.DecodeError):
        return None


class InPlaceChange:
    """The change of one environment in place: ``apply``, later perhaps ``undo`` or ``forget``."""

    def __init__(self, root: str, uv: Uv, *, progress: Optional[TextIO] = None) -> None:
        self._root = root
        self._uv = uv
        self._progress = progress
        self._lock = FolderLock(folder_of(root), subject=root)
        self._path = _note_path(root)

    @property
    def keeps_previous(self) -> bool:
        """Whether there is a list to put back."""
        return _read(self._path) is not None

    def apply(self, action: ExchangePins, installed: Sequence[Pin]) -> None:
        """Remove and install distributions; on a failure what was there is put back."""
        self._lock.acquire()
        try:
            note = _Note(before=tuple(installed), after=tuple(pin.name for pin in action.pins))
            self._write(note)
            try:
                self._carry_out(action)
            except BaseException:
                self._put_back(note)
                raise
            self._write(msgspec.structs.replace(note, finished=True))
        finally:
            self._lock.release()

    def undo(self) -> None:
        """Put the distributions back that were there; raise where no list is kept."""
        self._lock.acquire()
        try:
            note = _read(self._path)
            if note is None:
                raise EnvironmentChangeFailed(
                    ChangeFailure.NOTHING_KEPT, f"nothing was changed in {self._root}"
                )
            self._put_back(note)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Delete the list of what was there."""
        self._lock.acquire()
        try:
            if _read(self._path) is not None:
                os.unlink(self._path)
        finally:
            self._lock.release()

    def _put_back(self, note: _Note) -> None:
        """Install what was there, and remove what was not."""
        there = {pin.name for pin in note.before}
        added = tuple(name for name in note.after if name not in there)
        self._carry_out(ExchangePins(environment=self._root, pins=note.before, removed=added))
        os.unlink(self._path)

    def _carry_out(self, action: ExchangePins) -> None:
        python = action.python or os.path.join(action.environment, "bin", "python")
        try:
            if action.removed:
                asked = f"remove {', '.join(action.removed)}"
                options = ("pip", "uninstall", "--python", python, *action.removed)
                self._uv.run(asked, options, shown=self._progress, held=self._lock.held_files())
            if action.pins:
                self._install(action, python)
        except UvError as error:
            raise change_failed(error) from error

    def _install(self, action: ExchangePins, python: str) -> None:
        again = (f"--reinstall-package={name}" for name in action.again)
        self._uv.run_on_index(
            f"install into {action.environment}",
            [
                *("pip", "install", "--no-deps", "--python", python, "--prerelease", "allow"),
                *again,
                *map(str, action.pins),
            ],
            shown=self._progress,
            held=self._lock.held_files(),
        )

    def _write(self, note: _Note) -> None:
        with open(f"{self._path}.part", "wb") as file:
            file.write(msgspec.json.encode(note))
            file.flush()
            os.fsync(file.fileno())
        os.replace(f"{self._path}.part", self._path)
