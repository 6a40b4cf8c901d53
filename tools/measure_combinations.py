"""Run TensorFlow with one package exchanged or taken out, and record how far it gets.

Makes ``src/tfmac/knowledge/data/combinations.json``. For each TensorFlow release
a working CPU environment is made with uv (``tensorflow-cpu``, the same release
without the GPU libraries); then, one at a time, a package is replaced without
looking at its requirements or is removed, and a small program runs in a child
process: import, fit, save and load, tf.data. The environment is put back after
each point and compared, and the program runs once more in it at the end.

What the packages declare about each other plays no part here: only what happens.

    python tools/measure_combinations.py --work DIR
    python tools/measure_combinations.py --work DIR --tensorflow 2.18.1 --package numpy

Points that are finished are kept in ``DIR/points.jsonl``: a second call goes on
where the first one stopped. Needs uv and the Python releases that the plan names.
"""

import argparse
import datetime as dt
import fcntl
import functools
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import msgspec
from packaging.version import Version

from tfmac.schema.knowledge import Combination, CombinationTable, Step

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "combinations.json"
SCHEMA_VERSION = 1
RUN_LIMIT = 180
"""Seconds that the program may take in one environment."""
INSTALL_LIMIT = 900
ERROR_LIMIT = 200
MESSAGE_LIMIT = 6000

REMOVED = "-"
"""In the plan: take the package out."""
BASELINE = ""
"""As the package of a point: nothing was exchanged."""

# Begins each step by naming it, so that a crash can be placed.
PROGRAM = r"""
import json
import os
import sys

DIRECTORY = sys.argv[1]
REPORT = os.path.join(DIRECTORY, "report.jsonl")


def say(**entry):
    with open(REPORT, "a") as stream:
        stream.write(json.dumps(entry) + "\n")


def kind(error):
    return (type(error).__module__ + "." + type(error).__name__).replace("builtins.", "")


def main():
    say(step="import")
    import tensorflow as tf

    say(step="fit")
    import numpy as np

    model = tf.keras.Sequential(
        [
            tf.keras.layers.Input(shape=(4,)),
            tf.keras.layers.Dense(8, activation="relu"),
            tf.keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss=tf.keras.losses.MeanSquaredError())
    xs = np.arange(32, dtype="float32").reshape(8, 4) / 32
    ys = xs.sum(axis=1, keepdims=True)
    model.fit(xs, ys, batch_size=4, epochs=1, verbose=0)
    before = model.predict(xs, verbose=0)

    say(step="save-load")
    release = tuple(int(part) for part in tf.__version__.split(".")[:2])
    path = os.path.join(DIRECTORY, "model.keras" if release >= (2, 12) else "model.h5")
    model.save(path)
    loaded = tf.keras.models.load_model(path)
    if not np.allclose(before, loaded.predict(xs, verbose=0), atol=1e-5):
        raise AssertionError("the loaded model predicts something else")

    say(step="tf-data")
    pipeline = tf.data.Dataset.from_tensor_slices(xs).map(lambda x: x * 2).shuffle(8).batch(3)
    total = sum(float(batch.sum()) for batch in pipeline.prefetch(1).as_numpy_iterator())
    if abs(total - 2 * float(xs.sum())) > 1e-3:
        raise AssertionError("the pipeline gives other numbers")


try:
    main()
except BaseException as error:
    root = error
    while root.__cause__ or (root.__context__ and not root.__suppress_context__):
        root = root.__cause__ or root.__context__
    say(
        error=kind(error),
        message=str(error)[:20000],
        root=kind(root) if root is not error else "",
        root_message=str(root)[:20000],
    )
    sys.exit(1)
say(step="works")
"""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to measure. ``wanted`` is a specifier, empty for the newest, or ``-``."""

    tensorflow: str
    package: str
    wanted: str
    python: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one run of the program came to, as it was reported."""

    step: Step
    kind: Optional[str] = None
    """Class of the exception, name of the signal, ``timeout`` or ``exit``."""
    message: str = ""
    root: str = ""
    """Class of the exception that began it, empty when that is the one which was seen."""
    root_message: str = ""
    seconds: float = 0.0


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the journal."""

    tensorflow: str
    package: str
    wanted: str
    day: str
    python: str = ""
    version: Optional[str] = None
    outcome: Optional[Outcome] = None
    """None when there was nothing to run; ``note`` says why."""
    note: str = ""
    baseline: dict[str, str] = {}
    void: bool = False
    """The environment did not stand the check: nothing since its baseline counts."""


ELSEWHERE = ("numpy<2.5",)
"""Keeps what is measured on another Python out of the baseline: it has to be exchanged."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """How the working environment of one TensorFlow release is made."""

    python: str = "3.11"
    constraints: tuple[str, ...] = ()
    """What the release does not declare but needs: it predates what breaks it."""

    def constraints_on(self, python: str) -> tuple[str, ...]:
        """Give the constraints of the baseline on its own Python or another one."""
        return self.constraints if python == self.python else (*self.constraints, *ELSEWHERE)


SETTINGS = {
    "2.10.1": Setting(python="3.10", constraints=("numpy<2",)),
    "2.12.1": Setting(constraints=("numpy<2",)),
    "2.13.1": Setting(constraints=("numpy<2",)),
    "2.14.1": Setting(constraints=("numpy<2",)),
    "2.15.1": Setting(constraints=("numpy<2",)),
    "2.16.2": Setting(constraints=("numpy<2",)),
    "2.17.1": Setting(constraints=("numpy<2",)),
    "2.18.1": Setting(),
    "2.19.1": Setting(),
    "2.20.0": Setting(),
    "2.21.0": Setting(),
}

# What an exchanged package needs that the baseline may lack: else a missing package
# would be measured. Not part of the baseline: Keras 3 prefers dm-tree to optree when
# it is there, and fails at another place.
COMPANIONS = {
    ("keras", "==3.0.5"): ("dm-tree", "namex", "rich"),
    ("keras", "==3.5.0"): ("namex", "optree", "rich"),
    ("keras", ""): ("namex", "optree", "rich"),
}

_NUMPY = ("==2.*", "==2.0.2", "==1.26.4")
_OLD_NUMPY = (*_NUMPY, "==1.24.4", "==1.23.5")
_PROTOBUF = ("==3.20.3", "==4.25.8", "==5.29.5", "==6.33.*", "==7.*")
_KERAS_3 = ("==2.15.0", "==3.0.5", "==3.5.0", "")
_ML_DTYPES = ("==0.2.0", "==0.3.2", "==0.4.1", "==0.5.*")
_WRAPT = ("==1.14.1", "==1.17.*", "==2.*")

# In order of value: release, then its packages and their versions.
SWAPS: tuple[tuple[str, dict[str, tuple[str, ...]]], ...] = (
    (
        "2.15.1",
        {
            "numpy": (*_NUMPY, "==1.24.4"),
            "protobuf": _PROTOBUF,
            "keras": ("==2.13.1", "==2.14.0", "==3.5.0", ""),
            "ml-dtypes": _ML_DTYPES,
            "wrapt": _WRAPT,
        },
    ),
    (
        "2.18.1",
        {
            "numpy": _NUMPY,
            "protobuf": _PROTOBUF,
            "keras": _KERAS_3,
            "ml-dtypes": _ML_DTYPES,
            "h5py": ("==3.10.0",),
            "typing-extensions": ("==3.7.4.3", "==4.5.0"),
        },
    ),
    (
        "2.21.0",
        {
            "numpy": _NUMPY,
            "protobuf": _PROTOBUF,
            "keras": _KERAS_3,
            "ml-dtypes": _ML_DTYPES,
            "wrapt": _WRAPT,
            "typing-extensions": ("==3.7.4.3", "==4.5.0"),
        },
    ),
    ("2.17.1", {"numpy": _NUMPY, "protobuf": _PROTOBUF, "ml-dtypes": _ML_DTYPES}),
    (
        "2.20.0",
        {"numpy": _NUMPY, "protobuf": _PROTOBUF, "ml-dtypes": _ML_DTYPES, "h5py": ("==3.10.0",)},
    ),
    (
        "2.16.2",
        {"numpy": _NUMPY, "keras": _KERAS_3, "protobuf": _PROTOBUF, "ml-dtypes": _ML_DTYPES},
    ),
    ("2.12.1", {"numpy": _OLD_NUMPY, "protobuf": _PROTOBUF}),
    ("2.10.1", {"numpy": _OLD_NUMPY, "protobuf": _PROTOBUF}),
    ("2.14.1", {"numpy": _OLD_NUMPY, "protobuf": _PROTOBUF}),
    ("2.13.1", {"numpy": _OLD_NUMPY, "protobuf": _PROTOBUF}),
    ("2.19.1", {"numpy": _NUMPY, "protobuf": _PROTOBUF}),
)

# What the releases' own Pythons have no version of: Python, releases, packages.
NEWER: tuple[tuple[str, tuple[str, ...], dict[str, tuple[str, ...]]], ...] = (
    (
        "3.12",
        ("2.17.1", "2.16.2", "2.18.1", "2.19.1", "2.20.0", "2.21.0"),
        {"numpy": ("==2.*",)},
    ),
)

REMOVALS = ("2.21.0", "2.18.1", "2.15.1")
REMOVABLE = (
    "absl-py",
    "astunparse",
    "flatbuffers",
    "gast",
    "google-pasta",
    "grpcio",
    "h5py",
    "keras",
    "libclang",
    "ml-dtypes",
    "namex",
    "numpy",
    "opt-einsum",
    "optree",
    "packaging",
    "protobuf",
    "requests",
    "rich",
    "setuptools",
    "six",
    "tensorboard",
    "tensorflow-estimator",
    "tensorflow-io-gcs-filesystem",
    "termcolor",
    "typing-extensions",
    "wrapt",
)


def plan() -> Iterator[Point]:
    """Give all points, the most valuable first."""
    for tensorflow, packages in SWAPS:
        yield from _points(tensorflow, SETTINGS[tensorflow].python, packages)
    for python, releases, packages in NEWER:
        for tensorflow in releases:
            yield from _points(tensorflow, python, packages)
    for tensorflow in REMOVALS:
        removals = dict.fromkeys(REMOVABLE, (REMOVED,))
        yield from _points(tensorflow, SETTINGS[tensorflow].python, removals)


def _points(
    tensorflow: str, python: str, packages: Mapping[str, tuple[str, ...]]
) -> Iterator[Point]:
    for package, versions in packages.items():
        for wanted in versions:
            yield Point(tensorflow=tensorflow, package=package, wanted=wanted, python=python)


# --- from what a run left behind to one line -------------------------------

_NESTED = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception): (.+)$")
_PATH = re.compile(r"(?<![\w.:/])/(?:[\w.+@=,-]+/)+([\w.+@=,-]*)")
_NOISE = (
    re.compile(r"0x[0-9a-fA-F]{6,}"),
    re.compile(r"^[\[\]\w./: -]*\d\d:\d\d:\d\d[.\d]*:?\s+(?:\d+\s+)?"),
)
_ADVICE = (
    "see ",
    "more information",
    "for more ",
    "failed to load the native tensorflow runtime",
    "above this error message",
    "if you",
    "please ",
    "for some common",
    "for details",
)
_GENERAL = ("ImportError", "RuntimeError")
"""Exceptions that a package raises in place of the one that says why."""
_DEADLY = re.compile(
    r"Check failed|CHECK failed|FATAL|Fatal|terminate called|what\(\)|free\(\)|malloc|corrupt"
)


def scrubbed(text: str) -> str:
    """Replace absolute paths by their last part and addresses by ``0x…``; trim to the limit."""
    text = _NOISE[0].sub("0x…", text)
    text = _PATH.sub(lambda match: match.group(1) or "…", text)
    text = " ".join(text.split())
    return text if len(text) <= ERROR_LIMIT else text[: ERROR_LIMIT - 1] + "…"


def telling_line(message: str) -> str:
    """Give the line of a message that says what went wrong.

    A message that quotes a traceback ends in its last exception. Else it is the
    last line, with the one that introduces it when it is indented; or the first
    one when the last only gives advice.
    """
    message = re.split(r"\n\s*(?:Arguments|Call arguments) received by", message)[0]
    raw = [line for line in message.splitlines() if line.strip()]
    lines = [line.strip() for line in raw]
    if not lines:
        return ""
    nested = [match.group(1) for line in lines if (match := _NESTED.match(line))]
    if nested:
        return nested[-1]
    if lines[-1].lower().startswith(_ADVICE):
        return lines[0]
    if raw[-1][0].isspace() and len(lines) > 1:
        return f"{lines[-2]} {lines[-1]}"
    return lines[-1]


def error_line(outcome: Outcome) -> Optional[str]:
    """Give the recorded line for an outcome, None when it works."""
    if outcome.step is Step.WORKS or outcome.kind is None:
        return None
    if outcome.kind == "timeout":
        return f"timeout after {RUN_LIMIT} s"
    if outcome.kind == "exit" or outcome.kind.startswith("SIG"):
        deadly = [line for line in outcome.message.splitlines() if _DEADLY.search(line)]
        detail = _NOISE[1].sub("", deadly[-1].strip()) if deadly else ""
        name = "exit without a message" if outcome.kind == "exit" else outcome.kind
        return scrubbed(f"{name}: {detail}" if detail else name)
    seen = _named(outcome.kind, outcome.message)
    root = _named(outcome.root, outcome.root_message)
    if outcome.kind in _GENERAL and root and telling_line(outcome.root_message) not in seen:
        return scrubbed(f"{seen} (from {root})")
    return scrubbed(seen)


def _named(kind: str, message: str) -> str:
    line = telling_line(message)
    return f"{kind}: {line}" if line else kind


def judged(report: Iterable[str], returncode: Optional[int], stderr: str) -> Outcome:
    """Read the program's report; ``returncode`` is None when it ran past the limit."""
    step = Step.IMPORT
    entries: list[dict[str, Any]] = [json.loads(line) for line in report if line.strip()]
    for entry in entries:
        if "step" in entry:
            step = Step(entry["step"])
    last = entries[-1] if entries else {}
    if "error" in last:
        return Outcome(
            step=step,
            kind=str(last["error"]),
            message=str(last["message"])[:MESSAGE_LIMIT],
            root=str(last.get("root", "")),
            root_message=str(last.get("root_message", ""))[:MESSAGE_LIMIT],
        )
    if step is Step.WORKS and returncode == 0:
        return Outcome(step=step)
    if step is Step.WORKS:
        step = Step.TF_DATA  # the last step had run; the process died while it ended
    tail = stderr[-MESSAGE_LIMIT:]
    if returncode is None:
        return Outcome(step=step, kind="timeout", message=tail)
    kind = signal.Signals(-returncode).name if returncode < 0 else "exit"
    return Outcome(step=step, kind=kind, message=tail)


# --- the table -------------------------------------------------------------


def counting(records: Iterable[Record]) -> list[Record]:
    """Leave out what was measured in an environment that proved to be spoiled."""
    kept: list[Record] = []
    current: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        environment = (record.tensorflow, record.python)
        session = current.pop(environment, [])
        if record.void:
            continue
        if record.package == BASELINE:
            kept += session
            session = []
        current[environment] = [*session, record]
    for group in current.values():
        kept += group
    return kept


def _order(combination: Combination) -> tuple[Version, str, bool, Version]:
    version = combination.version
    return (
        Version(combination.tensorflow),
        combination.package,
        version is not None,
        Version(version or "0"),
    )


def _on_own_python(record: Record) -> bool:
    return record.python == SETTINGS.get(record.tensorflow, Setting()).python


def table(records: Iterable[Record], platform: str) -> CombinationTable:
    """Make the table of all records that count.

    The table has room for one baseline of a release: that on the release's own Python.
    """
    kept = sorted(counting(records), key=_on_own_python)  # the last one is taken
    baselines: dict[str, dict[str, str]] = {}
    combinations: dict[tuple[str, str, Optional[str]], Combination] = {}
    for record in kept:
        if record.package == BASELINE and record.baseline:
            baselines[record.tensorflow] = dict(sorted(record.baseline.items()))
        if record.package == BASELINE or record.outcome is None:
            continue
        combinations[record.tensorflow, record.package, record.version] = Combination(
            tensorflow=record.tensorflow,
            package=record.package,
            version=record.version,
            python=record.python,
            step=record.outcome.step,
            error=error_line(record.outcome),
        )
    measured = {key[0] for key in combinations}
    return CombinationTable(
        schema_version=SCHEMA_VERSION,
        measured=max((record.day for record in kept), default=""),
        platform=platform,
        baselines={
            name: baselines[name] for name in sorted(baselines, key=Version) if name in measured
        },
        combinations=tuple(sorted(combinations.values(), key=_order)),
    )


def encoded(made: CombinationTable) -> bytes:
    """Encode a table with one baseline and one combination per line."""

    def one(value: object) -> str:
        return msgspec.json.encode(value).decode()

    baselines = ",\n".join(f"{one(key)}:{one(made.baselines[key])}" for key in made.baselines)
    combinations = ",\n".join(one(combination) for combination in made.combinations)
    text = (
        f'{{"schema_version":{one(made.schema_version)},\n'
        f'"measured":{one(made.measured)},\n'
        f'"platform":{one(made.platform)},\n'
        f'"baselines":{{\n{baselines}\n}},\n'
        f'"combinations":[\n{combinations}\n]}}\n'
    )
    return text.encode()


# --- measuring -------------------------------------------------------------


class BrokenBaselineError(Exception):
    """The environment does not work before anything was exchanged."""


class Journal:
    """The finished points, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: list[Record] = []
        if path.exists():
            lines = path.read_bytes().splitlines()
            self.records = [msgspec.json.decode(line, type=Record) for line in lines if line]

    def add(self, record: Record) -> None:
        """Write one record behind the others."""
        self.records.append(record)
        with self._path.open("ab") as stream:
            stream.write(msgspec.json.encode(record) + b"\n")

    def done(self) -> set[Point]:
        """Give the points that have a record that counts."""
        return {
            Point(
                tensorflow=record.tensorflow,
                package=record.package,
                wanted=record.wanted,
                python=record.python,
            )
            for record in counting(self.records)
            if record.package != BASELINE
        }


class Bench:
    """One TensorFlow release on one Python in an environment of its own."""

    def __init__(self, work: Path, tensorflow: str, python: str) -> None:
        self.tensorflow = tensorflow
        self.python = python
        self._work = work
        self._root = work / f"tf-{tensorflow}"
        self._python = self._root / "bin" / "python"
        self.baseline: dict[str, str] = {}

    def _uv(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                ["uv", *arguments],  # noqa: S607 - the user's uv
                capture_output=True,
                text=True,
                timeout=INSTALL_LIMIT,
                check=False,
                env={**os.environ, "UV_CACHE_DIR": str(self._work / "cache"), "NO_COLOR": "1"},
            )
        except subprocess.TimeoutExpired as error:
            raise OSError(f"uv {arguments[0]} took more than {INSTALL_LIMIT} s") from error
        if done.returncode:
            raise OSError(done.stderr.strip() or f"uv exited with {done.returncode}")
        return done.stdout

    def _pip(self, verb: str, *arguments: str) -> str:
        return self._uv("pip", verb, "--quiet", "--python", str(self._python), *arguments)

    def versions(self) -> dict[str, str]:
        """Give what is installed."""
        listed = json.loads(self._pip("list", "--format", "json"))
        return {str(entry["name"]): str(entry["version"]) for entry in listed}

    def make(self) -> Outcome:
        """Make the environment, run the program in it; the baseline has to work."""
        shutil.rmtree(self._root, ignore_errors=True)
        interpreter = self._uv("python", "find", self.python).strip()
        self._uv("venv", "--quiet", "--python", interpreter, str(self._root))
        constraints = SETTINGS[self.tensorflow].constraints_on(self.python)
        wanted = (f"tensorflow-cpu=={self.tensorflow}", *constraints)
        self._pip("install", "--only-binary", ":all:", *wanted)
        self.baseline = self.versions()
        outcome = self.run()
        if outcome.step is not Step.WORKS:
            raise BrokenBaselineError(f"{outcome.step.value}: {error_line(outcome)}")
        return outcome

    def exchange(self, point: Point) -> Optional[str]:
        """Install or remove; give the version that is there now."""
        if point.wanted == REMOVED:
            self._pip("uninstall", point.package)
            return None
        plain = ("--only-binary", ":all:")
        requirement = point.package + point.wanted
        self._pip("install", "--upgrade", "--no-deps", *plain, requirement)
        companions = COMPANIONS.get((point.package, point.wanted), ())
        if companions:
            self._pip("install", *plain, *companions)
        now = self.versions()
        moved = [
            name
            for name, version in self.baseline.items()
            if now.get(name) != version and name != point.package
        ]
        if moved:
            raise OSError(f"moved as well: {', '.join(sorted(moved))}")
        return now[point.package]

    def restore(self, package: str) -> None:
        """Put the baseline back and compare all versions."""
        now = self.versions()
        added = sorted(now.keys() - self.baseline.keys())
        if added:
            self._pip("uninstall", *added)
        wanted = [
            f"{name}=={version}"
            for name, version in sorted(self.baseline.items())
            if name == package or now.get(name) != version
        ]
        if package in now:
            self._pip("uninstall", package)
        self._pip("install", "--no-deps", *wanted)
        if self.versions() != self.baseline:
            raise BrokenBaselineError(f"not restored after {package}")

    def run(self) -> Outcome:
        """Run the program in a process group of its own, within the time limit."""
        place = self._work / "run"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        program = place / "program.py"
        program.write_text(PROGRAM)
        report = place / "report.jsonl"
        stderr = place / "stderr"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        environment = {
            **kept,
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONNOUSERSITE": "1",
        }
        started = time.monotonic()
        returncode: Optional[int]
        with (
            stderr.open("wb") as stream,
            subprocess.Popen(
                [str(self._python), str(program), str(place)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stream,
                cwd=place,
                env=environment,
                start_new_session=True,
            ) as child,
        ):
            try:
                returncode = child.wait(timeout=RUN_LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                returncode = None
        lines = report.read_text().splitlines() if report.exists() else []
        outcome = judged(lines, returncode, stderr.read_text(errors="replace"))
        seconds = round(time.monotonic() - started, 1)
        return msgspec.structs.replace(outcome, seconds=seconds)

    def discard(self) -> None:
        """Delete the environment and its large wheel from the cache."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._uv("cache", "clean", "--quiet", "tensorflow-cpu")


def _together(one: Point, other: Point) -> bool:
    return (one.tensorflow, one.python) == (other.tensorflow, other.python)


class Measurement:
    """A walk through the plan."""

    def __init__(self, work: Path, output: Path) -> None:
        self._work = work
        self._output = output
        self._journal = Journal(work / "points.jsonl")
        self._day = dt.datetime.now(tz=dt.timezone.utc).date().isoformat()

    def write(self) -> CombinationTable:
        """Write the table of what is known so far."""
        made = table(self._journal.records, sysconfig.get_platform())
        self._output.parent.mkdir(parents=True, exist_ok=True)
        partial = self._output.with_name(self._output.name + ".part")
        partial.write_bytes(encoded(made))
        partial.replace(self._output)
        return made

    def walk(self, points: Iterable[Point], deadline: float) -> None:
        """Measure all points that are not finished, release after release."""
        done = self._journal.done()
        waiting = [point for point in points if point not in done]
        while waiting and time.monotonic() < deadline:
            first = waiting[0]
            batch = list(itertools.takewhile(functools.partial(_together, first), waiting))
            waiting = waiting[len(batch) :]
            self._release(Bench(self._work, first.tensorflow, first.python), batch, deadline)
            self.write()

    def _record(self, bench: Bench, point: Optional[Point] = None, **values: Any) -> None:  # noqa: ANN401
        package, wanted = (point.package, point.wanted) if point else (BASELINE, "")
        record = Record(
            tensorflow=bench.tensorflow,
            package=package,
            wanted=wanted,
            day=self._day,
            python=bench.python,
            **values,
        )
        self._journal.add(record)
        said = record.note
        if record.outcome:
            said = f"{record.outcome.step.value} {error_line(record.outcome) or ''} {said}"
            said = f"{said.strip()} ({record.outcome.seconds} s)"
        name = f"{package} {wanted or 'newest'} -> {record.version}" if point else "baseline"
        place = f"{bench.tensorflow} on {bench.python}"
        print(f"{place}: {name}: {said}", file=sys.stderr, flush=True)

    def _release(self, bench: Bench, points: list[Point], deadline: float) -> None:
        try:
            outcome = bench.make()
            self._record(bench, outcome=outcome, baseline=bench.baseline)
            for point in points:
                if time.monotonic() >= deadline:
                    break
                self._point(bench, point)
                self.write()
            outcome = bench.run()
            if outcome.step is not Step.WORKS:
                raise BrokenBaselineError(f"at the end: {outcome.step.value} {error_line(outcome)}")  # noqa: TRY301
        except (BrokenBaselineError, OSError) as error:
            self._record(bench, void=True, note=scrubbed(str(error)))
        finally:
            bench.discard()

    def _point(self, bench: Bench, point: Point) -> None:
        before = bench.baseline.get(point.package)
        if before is None:
            self._record(bench, point, note="not in the baseline")
            return
        try:
            version = bench.exchange(point)
        except OSError as error:
            self._record(bench, point, note="not installable: " + scrubbed(str(error)))
        else:
            if version == before:
                self._record(bench, point, version=version, note="the baseline's own")
                return
            outcome = bench.run()
            self._record(bench, point, version=version, outcome=outcome)
        bench.restore(point.package)


def main(arguments: Optional[list[str]] = None) -> int:
    """Measure what is asked for; 1 when a point could not be measured in time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="environments and journal")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--tensorflow", action="append", help="only this release (repeatable)")
    parser.add_argument("--package", action="append", help="only this package (repeatable)")
    parser.add_argument("--minutes", type=float, default=600.0, help="begin no point after this")
    chosen = parser.parse_args(arguments)
    work: Path = chosen.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    points = [
        point
        for point in plan()
        if (not chosen.tensorflow or point.tensorflow in chosen.tensorflow)
        and (not chosen.package or point.package in chosen.package)
    ]
    with (work / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{work}: another run is at work there", file=sys.stderr)
            return 2
        return measured(work, chosen.output, points, chosen.minutes)


def measured(work: Path, output: Path, points: list[Point], minutes: float) -> int:
    """Measure the points in a work directory that is ours alone."""
    measurement = Measurement(work, output)
    measurement.walk(points, time.monotonic() + minutes * 60)
    made = measurement.write()
    print(f"{len(made.combinations)} combinations", file=sys.stderr)
    return 0 if set(points) <= Journal(work / "points.jsonl").done() else 1


if __name__ == "__main__":
    sys.exit(main())
