"""The proof itself: for each TensorFlow first all verdicts, sealed, then all loads."""

import os
import platform
import sys
from collections.abc import Sequence
from contextlib import closing

import msgspec
from tools.prove_linking import plan
from tools.prove_linking.declared import admits
from tools.prove_linking.judging import Judge, Release
from tools.prove_linking.loading import Loader, LoaderStopped
from tools.prove_linking.records import (
    Attempt,
    Journal,
    Judged,
    Loaded,
    Sealed,
    Unavailable,
    digest,
    now,
)
from tools.prove_linking.trees import Trees, beside

from tfmac.environments.uv import UvError

Subject = tuple[plan.Extension, str]


class Proof:
    """Works a plan off, leaving out what the journal has."""

    def __init__(self, journal: Journal, trees: Trees, engine: str) -> None:
        self._journal = journal
        self._trees = trees
        self._engine = engine
        self._unavailable: set[str] = set()

    def run(self, wanted: plan.Plan) -> bool:
        """Do what is left to do; False when something could not be had or run."""
        for tensorflow in wanted.tensorflows:
            self._or_leave_out(tensorflow, wanted.releases())
        return not self._unavailable

    def _or_leave_out(self, wanted: plan.TensorFlow, releases: Sequence[Subject]) -> None:
        try:
            self._tensorflow(wanted, releases)
        except (UvError, LoaderStopped, LookupError, OSError) as error:
            self._leave_out(wanted.version, error)

    def _tensorflow(self, wanted: plan.TensorFlow, releases: Sequence[Subject]) -> None:
        judged = self._journal.judged(self._engine, wanted.version)
        loaded = self._journal.loaded(wanted.version)
        names = [plan.requirement(*subject) for subject in releases]
        if all(name in judged and name in loaded for name in names):
            return
        releases = [subject for subject in releases if self._have(*subject)]
        say(f"TensorFlow {wanted.version}: unpacking")
        with self._trees.tensorflow(wanted) as tree:
            self._judge(wanted, releases, tree)
            todo = [each for each in releases if plan.requirement(*each) not in loaded]
            if todo:
                with closing(Loader(self._trees.interpreter, tree)) as loader:
                    for subject in todo:
                        self._load(wanted, subject, tree, loader)

    def _have(self, extension: plan.Extension, version: str) -> bool:
        """Unpack a release if there is a wheel of it for this machine and Python."""
        name = plan.requirement(extension, version)
        if name not in self._unavailable:
            try:
                self._trees.release(extension, version)
            except UvError as error:
                self._leave_out(name, error)
        return name not in self._unavailable

    def _leave_out(self, subject: str, error: Exception) -> None:
        say(f"{subject}: left out: {error}")
        self._unavailable.add(subject)
        self._journal.write(Unavailable(subject=subject, at=now(), reason=str(error)[-500:]))

    def _judge(self, wanted: plan.TensorFlow, releases: Sequence[Subject], tree: str) -> None:
        """Write all verdicts, and then that they are written."""
        kept = self._journal.judged(self._engine, wanted.version)
        todo = [each for each in releases if plan.requirement(*each) not in kept]
        judge = Judge(tree)
        for extension, version in todo:
            folder = self._trees.release(extension, version)
            release = Release(folder, extension.name, extension.apart)
            with beside(folder, tree):
                libraries = judge.verdicts(release)
            record = Judged(
                engine=self._engine,
                tensorflow=wanted.version,
                release=plan.requirement(extension, version),
                libraries=libraries,
                declared=admits(release.metadata.requires, wanted.version),
            )
            self._journal.write(record)
            kept[record.release] = record
        if todo:
            sealed = Sealed(
                engine=self._engine,
                tensorflow=wanted.version,
                at=now(),
                releases=len(kept),
                sha256=digest(kept.values()),
            )
            self._journal.write(sealed)
            say(f"TensorFlow {wanted.version}: {len(kept)} releases judged, {sealed.sha256[:12]}")

    def _load(self, wanted: plan.TensorFlow, subject: Subject, tree: str, loader: Loader) -> None:
        extension, version = subject
        folder = self._trees.release(extension, version)
        release = Release(folder, extension.name, extension.apart)
        with beside(folder, tree):
            imported = _own(loader.package(extension.module), release)
            libraries = tuple(loader.library(path) for path in release.libraries)
        record = Loaded(
            tensorflow=loader.tensorflow,
            release=plan.requirement(extension, version),
            at=now(),
            machine=f"{platform.platform()}, Python {plan.PYTHON}",
            libraries=libraries,
            imported=imported,
        )
        self._journal.write(record)
        opened = sum(each.end.value == "done" for each in libraries)
        say(
            f"TensorFlow {wanted.version}, {record.release}: import {imported.end.value}, "
            f"{opened} of {len(libraries)} libraries open"
        )


def _own(imported: Attempt, release: Release) -> Attempt:
    """Keep of the libraries in memory those of the release: the others are the tree's."""
    mapped = tuple(path for path in imported.mapped if path in release.libraries)
    return msgspec.structs.replace(imported, mapped=mapped)


def say(text: str) -> None:
    """Tell the progress."""
    print(text, file=sys.stderr, flush=True)


def journal_path(work: str) -> str:
    """Name the journal of a work folder."""
    return os.path.join(work, "journal.jsonl")
