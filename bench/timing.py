"""Compare what ``tfmac bench`` times with a loop written by hand, in one process and in turn.

``PYTHON bench/timing.py`` with an interpreter that has a framework and Keras; nothing of tfmac has
to be installed there. It says something on a machine that does nothing else. By hand a call of
``fit`` or ``predict`` costs a step what it takes longer than a call with one step alone, by its
other steps; the arrays are those of all rounds, as they are in bench. The ratio of the medians has
to lie within 5 % of 1.

``--model dense|convolutional|recurrent``, ``--device``, ``--batch``, ``--rounds``, ``--seconds``.
"""

import argparse
import importlib.util
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

DEVICE = Path(__file__).resolve().parent.parent / "src" / "tfmac" / "device"
PACKAGE = "tfmac_device"
WITHIN = 0.05


def load_device() -> None:
    """Make the folder ``device`` importable by itself, as the children of ``tfmac bench`` do."""
    spec = importlib.util.spec_from_file_location(
        PACKAGE, DEVICE / "__init__.py", submodule_search_locations=[str(DEVICE)]
    )
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


class ByHand:
    """A loop as somebody would write it: the same arrays each time, timed from outside."""

    def __init__(self, subject: Any, mode: str, batch: int, steps: int) -> None:  # noqa: ANN401
        self._model = subject.model
        self._mode = mode
        self._batch = batch
        self._steps = steps
        self._one = subject.rows(batch)
        self._all = subject.rows(batch * steps)

    def step_seconds(self) -> float:
        """Time one call with all steps and one with one step."""
        return (self._seconds(*self._all) - self._seconds(*self._one)) / (self._steps - 1)

    def _seconds(self, inputs: Any, targets: Any) -> float:  # noqa: ANN401
        began = time.perf_counter()
        if self._mode == "fit":
            self._model.fit(inputs, targets, batch_size=self._batch, shuffle=False, verbose=0)
        else:
            self._model.predict(inputs, batch_size=self._batch, verbose=0)
        return time.perf_counter() - began


def main() -> None:
    """Print the two medians and their ratio for fit and predict; end with 1 if they disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="dense")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    load_device()
    frameworks = importlib.import_module(PACKAGE + ".frameworks")
    timer_kind = importlib.import_module(PACKAGE + ".timing.clock").Timer
    subjects_kind = importlib.import_module(PACKAGE + ".timing.subjects").Subjects
    framework = frameworks.framework()
    device = frameworks.named_device(framework, options.device)
    subject = subjects_kind({}, framework, device).subject(options.model)
    agree = True
    for mode in ("fit", "predict"):
        timer = timer_kind(
            framework, device, subject.model, mode=mode, batch=options.batch, rows=subject.rows
        )
        timer.first_call()
        timer.warm_up(options.seconds, 10 * options.seconds)
        hand = ByHand(subject, mode, options.batch, timer.steps)
        ours, theirs = [], []
        for number in range(options.rounds):
            by_hand_first = number % 2 == 1
            if not by_hand_first:
                ours.append(timer.block().step_seconds)
            with framework.scope(device):
                theirs.append(hand.step_seconds())
            if by_hand_first:
                ours.append(timer.block().step_seconds)
        one, other = statistics.median(ours), statistics.median(theirs)
        paired = statistics.median(a / b for a, b in zip(ours, theirs))
        agree = agree and abs(one / other - 1) <= WITHIN
        print(
            f"{framework.name} {device.name} {options.model} {mode} batch {options.batch}: "
            f"bench {1e3 * one:.3f} ms, by hand {1e3 * other:.3f} ms a step, "
            f"ratio {one / other:.3f} (in pairs {paired:.3f})"
        )
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
