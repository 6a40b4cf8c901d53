"""A block of steps, timed: Keras' own loop over arrays in memory, without its preparation.

Two whole calls are timed from outside, a long one and a short one, and their difference is what the
steps cost that the long one has more. So what a call does once (the data pipeline is built and
started) is outside, and all that grows with the steps is inside: the copies to the device, and the
results that are put together. Nothing of ours runs inside of the loop.
"""

from __future__ import annotations

import time
from typing import Any, Callable, NamedTuple

from ..frameworks import Device, Framework
from ..subjects.trees import leaves

# Arrays of a block are at most so large; a longer block goes over them several times.
ARRAY_BYTES = 64 * 2**20
_MOST_STEPS_IN_ARRAYS = 2048
_FIRST_STEPS = 2
# The short call has so many times fewer steps than the long one.
_SHORTER = 8
_LONGEST_FACTOR = 8
_STABLE = 0.1

Rows = Callable[[int], "tuple[Any, Any]"]


class Block(NamedTuple):
    """So many steps in so many seconds."""

    steps: int
    seconds: float

    @property
    def step_seconds(self) -> float:
        """The mean time of a step."""
        return self.seconds / self.steps


class _Call(NamedTuple):
    """The arrays for so many steps."""

    steps: int
    inputs: Any
    targets: Any


class Timer:
    """Times blocks of one model, one batch size and one of ``fit`` and ``predict``.

    ``mode`` is ``fit`` or ``predict``; ``rows`` gives the inputs and targets for a number of rows.
    """

    def __init__(
        self,
        framework: Framework,
        device: Device,
        model: Any,
        *,
        mode: str,
        batch: int,
        rows: Rows,
    ) -> None:
        self._framework = framework
        self._device = device
        self._model = model
        self._mode = mode
        self._batch = batch
        self._rows = rows
        self._group = _steps_in_a_call(model)
        self._long = self._short = _Call(0, None, None)
        self.passes = 1

    @property
    def steps(self) -> int:
        """The number of steps that are timed in a block."""
        return (self._long.steps - self._short.steps) * self.passes

    def set_steps(self, steps: int) -> None:
        """Make the arrays for at least so many steps in a block, and those of the short call."""
        group = self._group
        most = max(2, min(_steps_that_fit(self._rows, self._batch), _MOST_STEPS_IN_ARRAYS) // group)
        wanted = -(-steps * _SHORTER // (group * (_SHORTER - 1)))
        groups = max(2, min(wanted, most))
        if groups * group != self._long.steps:
            self._long = self._call(groups * group)
            self._short = self._call(max(1, groups // _SHORTER) * group)
        self.passes = -(-steps // (self._long.steps - self._short.steps))

    def block(self) -> Block:
        """Run and time one block."""
        short, long = self._seconds(self._short), self._seconds(self._long)
        # On a machine with much else to do the short call may take longer than the long one.
        return Block(self.steps, long - short if long > short else long)

    def _call(self, steps: int) -> _Call:
        return _Call(steps, *self._rows(steps * self._batch))

    def _seconds(self, call: _Call) -> float:
        with self._framework.scope(self._device):
            self._framework.synchronise(self._device)
            began = time.perf_counter()
            if self._mode == "fit":
                self._model.fit(
                    call.inputs,
                    call.targets,
                    batch_size=self._batch,
                    epochs=self.passes,
                    shuffle=False,
                    verbose=0,
                )
            else:
                for _ in range(self.passes):
                    self._model.predict(call.inputs, batch_size=self._batch, verbose=0)
            self._framework.synchronise(self._device)
            return time.perf_counter() - began

    def first_call(self) -> float:
        """Run what compiles, and return how long the whole call took."""
        self.set_steps(_FIRST_STEPS)
        began = time.perf_counter()
        self.block()
        return time.perf_counter() - began

    def warm_up(self, block_seconds: float, longest: float) -> Block:
        """Run blocks until a block is long enough and two in a row agree; return the last.

        After ``longest`` seconds it ends in any case: what never settles shows in the spread.
        """
        until = time.perf_counter() + longest
        last = self.block()
        while True:
            wanted = steps_for(last, block_seconds)
            enough = wanted <= last.steps * 1.25
            if not enough:
                self.set_steps(wanted)
            block = self.block()
            settled = abs(block.step_seconds / last.step_seconds - 1) <= _STABLE
            if (enough and settled) or time.perf_counter() >= until:
                return block
            last = block


def steps_for(last: Block, block_seconds: float) -> int:
    """Return how many steps a block of this length has, in growth that one odd block survives."""
    if last.seconds <= 0:
        return last.steps * _LONGEST_FACTOR
    wanted = int(block_seconds / last.step_seconds) + 1
    return max(1, min(wanted, last.steps * _LONGEST_FACTOR))


def _steps_that_fit(rows: Rows, batch: int) -> int:
    """Return how many steps' arrays stay below the limit."""
    inputs, targets = rows(1)
    row = sum(int(array.nbytes) for array in [*leaves(inputs), *leaves(targets)])
    return max(1, ARRAY_BYTES // max(1, row * batch))


def _steps_in_a_call(model: Any) -> int:
    """Return how many steps Keras puts into one call of the framework."""
    for name in ("steps_per_execution", "_steps_per_execution"):
        said = getattr(model, name, None)
        if said is not None:
            return max(1, int(said.numpy()) if hasattr(said, "numpy") else int(said))
    return 1
