"""Writes the models with each release, then loads every file in each release."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import msgspec
from tools.model_matrix.environments import CannotMake, Environments, Release
from tools.model_matrix.records import Attempt, File, Journal, Made, Read, Written

from tfmac.environments.uv import UvError

ROOT = Path(__file__).resolve().parents[2]
_TAIL = 2000


class ReleaseFailed(Exception):
    """A release could not be made or its script came to no end."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the scripts may use."""

    workers: int = 2
    seconds: float = 90.0
    """For writing one model, and for one way to load one file."""


class Measuring:
    """One work directory: environments, files, the journal."""

    def __init__(self, work: Path, limits: Limits, models: Optional[Collection[str]]) -> None:
        self._work = work
        self._limits = limits
        self._models = models
        self._environments = Environments(work / "environments")
        self.journal = Journal(work / "journal.jsonl")

    def write(self, release: Release) -> None:
        """Write the models that a release has not written yet."""
        folder = self._work / "files" / release.name
        done = self.journal.written(release.name)
        if self._models is not None and done.keys() >= set(self._models):
            return
        folder.mkdir(parents=True, exist_ok=True)
        job = {
            "folder": str(folder),
            "models": sorted(self._models) if self._models is not None else None,
            "done": sorted(done),
        }
        for line in self._run(release, "writer_script", job):
            files = msgspec.convert(line["files"], tuple[File, ...])
            record = Written(
                writer=release.name, model=line["model"], half=line["half"], files=files
            )
            self.journal.add(record)

    def read(self, release: Release, writers: Collection[str]) -> None:
        """Load the files that a release has not tried yet."""
        done = self.journal.read(release.name)
        files = [one for one in self._files(writers) if one["path"] not in done]
        if not files:
            return
        job = {"folder": str(self._work / "files"), "files": files}
        for line in self._run(release, "reader_script", job):
            attempts = msgspec.convert(line["attempts"], tuple[Attempt, ...])
            self.journal.add(Read(reader=release.name, path=line["path"], attempts=attempts))

    def _files(self, writers: Collection[str]) -> Iterator[dict[str, str]]:
        for writer in writers:
            for written in self.journal.written(writer).values():
                if self._models is not None and written.model not in self._models:
                    continue
                for file in written.files:
                    if file.file is not None:
                        path = f"{writer}/{file.file}"
                        yield {"model": written.model, "format": file.format, "path": path}

    def _run(self, release: Release, script: str, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Run a script in an environment that exists no longer than that; give its lines."""
        try:
            interpreter, packages = self._environments.make(release)
            self.journal.add(Made(release=release.name, packages=dict(packages)))
            yield from self._lines(release, interpreter, script, job)
        except (UvError, CannotMake) as error:
            raise ReleaseFailed(f"{release.name}: {error}") from error
        finally:
            self._environments.discard(release)

    def _lines(
        self, release: Release, interpreter: Path, script: str, job: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        common = {"package": release.package, "backend": release.backend, "keras": release.keras}
        described = {**job, **common, **msgspec.to_builtins(self._limits)}
        place = self._work / f"{release.name}.{script}.json"
        place.write_text(json.dumps(described))
        errors = self._work / f"{release.name}.{script}.stderr"
        command = [str(interpreter), "-m", f"tools.model_matrix.{script}", str(place)]
        with (
            errors.open("wb") as stream,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                cwd=self._work,
                env=_variables(release),
                text=True,
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 - it was asked for
            try:
                yield from (json.loads(line) for line in process.stdout if line.startswith("{"))
            except BaseException:  # an interrupt, or nobody wants more
                process.kill()
                raise
        if process.returncode:
            tail = errors.read_text(errors="replace")[-_TAIL:]
            raise ReleaseFailed(f"{release.name}: {script} ended with {process.returncode}\n{tail}")


def measure(
    measuring: Measuring, writers: Collection[Release], readers: Collection[Release]
) -> bool:
    """Go through all writers, then all readers; False when a release could not take part."""
    whole = True
    names = [release.name for release in writers]
    visits = [functools.partial(measuring.write, one) for one in writers]
    visits += [functools.partial(measuring.read, one, names) for one in readers]
    for visit in visits:
        whole = _done(visit) and whole
    return whole


def _done(visit: Callable[[], None]) -> bool:
    """Say whether a visit came to its end; a release that fails stops no other."""
    try:
        visit()
    except ReleaseFailed as error:
        print(error, file=sys.stderr)
        return False
    return True


def _variables(release: Release) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    threads = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    alone = {"PYTHONPATH": str(ROOT), "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **quiet, **dict.fromkeys(threads, "1"), **alone, **release.variables}
