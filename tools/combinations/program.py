"""The program that runs in an environment, and what it came to.

It begins each step by naming it, so that a crash can be placed.
"""

import json
import signal
from collections.abc import Iterable
from typing import Any, Optional

import msgspec

from tfmac.schema.knowledge import Step

RUN_LIMIT = 180
"""Seconds that the program may take in one environment."""
_MESSAGE_LIMIT = 6000

_HEAD = r"""
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
"""

_MAIN = r"""
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
"""

_TAIL = r"""
def loaded():
    import importlib.metadata as metadata

    paths = (getattr(one, "__file__", None) for one in sys.modules.values())
    files = {os.path.realpath(path or "/") for path in paths}
    for distribution in metadata.distributions():
        code = (each for each in distribution.files or () if each.suffix in {".py", ".so"})
        if any(os.path.realpath(str(distribution.locate_file(each))) in files for each in code):
            yield distribution.metadata["Name"]


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
    import traceback

    traceback.print_exc()
    sys.exit(1)
if "--loaded" in sys.argv:
    say(loaded=sorted(loaded()))
say(step="works")
"""


def framed(main: str) -> str:
    """Put what is to be run, a function ``main``, into a program that reports how far it came."""
    return f"{_HEAD.strip()}\n\n\n{main.strip()}\n\n\n{_TAIL.strip()}\n"


PROGRAM = framed(_MAIN)


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


def loaded(report: Iterable[str]) -> tuple[str, ...]:
    """Name the distributions whose code the program had loaded at its end."""
    entries: list[dict[str, Any]] = [json.loads(line) for line in report if line.strip()]
    return tuple(name for entry in entries for name in entry.get("loaded", ()))


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
            message=str(last["message"])[:_MESSAGE_LIMIT],
            root=str(last.get("root", "")),
            root_message=str(last.get("root_message", ""))[:_MESSAGE_LIMIT],
        )
    if step is Step.WORKS and returncode == 0:
        return Outcome(step=step)
    if step is Step.WORKS:
        step = Step.TF_DATA  # the last step had run; the process died while it ended
    tail = stderr[-_MESSAGE_LIMIT:]
    if returncode is None:
        return Outcome(step=step, kind="timeout", message=tail)
    kind = signal.Signals(-returncode).name if returncode < 0 else "exit"
    return Outcome(step=step, kind=kind, message=tail)
