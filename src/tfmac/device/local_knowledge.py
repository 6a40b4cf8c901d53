"""What was measured on this very machine: which operations a device computes wrongly.

``tfmac parity --ops`` writes it, ``best`` asks it. An entry holds for one device, one version of
the framework and one of the plug-in, so that nothing is said of what was not measured. The file is
JSON, replaced as a whole; one that is damaged is told of and left out of account.

The folder: ``TFMAC_DATA_HOME``, else ``~/Library/Application Support/tfmac`` on a Mac, else
``XDG_DATA_HOME/tfmac`` or ``~/.local/share/tfmac``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FOLDER_VARIABLE = "TFMAC_DATA_HOME"
FILE = "device.json"
SET_ASIDE = "device.json.unreadable"
SCHEMA_VERSION = 1

NOT_TO_BE_TRUSTED = ("wrong", "not-deterministic", "no-kernel", "crashed", "hung")
"""Verdicts of ``parity --ops`` that keep an operation off a device."""


class Entry(NamedTuple):
    """What one operation was found to do on one device, with one type of numbers."""

    framework: str
    framework_version: str
    device: str
    """``Device.described``: the hardware, not the place in a list."""
    plugin_version: str
    """Of the distribution that brings the GPU (tensorflow-metal, jax-metal); empty for none."""
    operation: str
    dtype: str
    verdict: str
    """``same``, ``within-tolerance``, ``wrong``, ``not-deterministic``, ``no-kernel``,
    ``crashed``, ``hung`` or ``failed``: a word of ``parity --ops``."""
    measured: str
    """The day, as in 2026-11-23."""

    @property
    def measured_on(self) -> tuple[str, str, str, str]:
        """What an entry holds for: framework, its version, the device, the plug-in's version."""
        return (self.framework, self.framework_version, self.device, self.plugin_version)

    @property
    def subject(self) -> tuple[str, ...]:
        """What a later measurement of the same replaces."""
        return (*self.measured_on, self.operation, self.dtype)

    @property
    def bad(self) -> bool:
        """Tell whether this operation should be kept off this device."""
        return self.verdict in NOT_TO_BE_TRUSTED


class LocalKnowledge(NamedTuple):
    """The entries of the file, and what is wrong with the file, if anything is."""

    entries: tuple[Entry, ...]
    problem: Optional[str] = None

    def of(
        self, framework: str, framework_version: str, device: str, plugin_version: str
    ) -> tuple[Entry, ...]:
        """Return what was measured with exactly these."""
        wanted = (framework, framework_version, device, plugin_version)
        return tuple(entry for entry in self.entries if entry.measured_on == wanted)


def path() -> str:
    """Return the path of the file, whether it exists or not."""
    return os.path.join(_folder(), FILE)


def known() -> LocalKnowledge:
    """Read what was measured on this machine; never raises."""
    file = path()
    try:
        with open(file, encoding="utf-8") as opened:
            return LocalKnowledge(tuple(_entries(json.load(opened))))
    except FileNotFoundError:
        return LocalKnowledge(())
    except (OSError, ValueError, RecursionError) as error:
        said = str(error) or type(error).__name__
        return LocalKnowledge((), f"what was measured here is left out: {file}: {said}")


def remember(measured: Iterable[Entry]) -> Optional[str]:
    """Add measurements; a newer one takes the place of an older one of the same.

    Return what was wrong with the file before, if anything was: it is kept beside the new one.
    Raise ``OSError`` when the file cannot be written.
    """
    file = path()
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with _alone(file):
        before = known()
        if before.problem is not None:
            # A file that a newer tfmac wrote, or that was damaged, may still matter to somebody.
            os.replace(file, os.path.join(os.path.dirname(file), SET_ASIDE))
        entries = {entry.subject: entry for entry in (*before.entries, *measured)}
        _write(file, [entries[subject] for subject in sorted(entries)])
    return before.problem


def _folder() -> str:
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return chosen
    if sys.platform == "darwin":
        return os.path.join(os.path.expanduser("~"), "Library", "Application Support", "tfmac")
    base = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):  # the rules of XDG: what is not absolute is as if unset
        base = os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, "tfmac")


def _entries(document: object) -> Iterator[Entry]:
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 (of the file, not of a caller)
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ValueError(f"it has schema version {version}, this program reads {SCHEMA_VERSION}")
    records = document.get("entries")
    if not isinstance(records, list):
        raise ValueError("it has no list of entries")  # noqa: TRY004
    for record in records:
        if not isinstance(record, dict):
            raise ValueError("an entry is no JSON object")  # noqa: TRY004
        values = [value for value in map(record.get, Entry._fields) if isinstance(value, str)]
        if len(values) < len(Entry._fields):
            raise ValueError(f"an entry lacks one of {', '.join(Entry._fields)}")
        yield Entry(*values)


def _write(file: str, entries: Sequence[Entry]) -> None:
    """Put the file in place whole: what reads it sees the old one or the new one."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "entries": [entry._asdict() for entry in entries],
    }
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(file), prefix=FILE, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            json.dump(document, opened, indent=1)
            opened.write("\n")
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


@contextlib.contextmanager
def _alone(file: str) -> Iterator[None]:
    """Keep other processes from reading and writing in between, where the system can."""
    try:
        import fcntl  # noqa: PLC0415 (there is none on Windows)
    except ImportError:
        yield
        return
    with open(file + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
