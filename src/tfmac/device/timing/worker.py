"""The process of one configuration: one framework on one device, which times what it is told to.

Several of these stand ready at once, and only one works at a time: the order to time one block
comes through standard input, the result goes into the journal. So the devices take turns, and none
is timed on a machine that is warmer than it was for the other.
"""

from __future__ import annotations

import json
import os
from typing import IO, Any

from ..failures import told
from ..frameworks import framework, named_device
from ..journal import Journal
from .clock import Timer
from .memory import peak_resident_bytes
from .subjects import Subjects


def run(request: dict[str, Any], journal: Journal) -> None:
    """Say who computes, then do what standard input says, line by line, to its end.

    It ends when the process that gives the orders does, however that happens.
    """
    orders = _orders()
    journal.stage("framework")
    station = _Station(request, journal)
    with orders:
        station.introduce()
        for line in orders:
            order = json.loads(line)
            if order["order"] == "end":
                break
            station.carry_out(order)
    journal.stage("done")


def _orders() -> IO[str]:
    """Take standard input for the orders: a script of the user's that reads gets nothing."""
    orders = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return orders


class _Station:
    """A framework, a device, the models, and the timer for what was prepared last."""

    def __init__(self, request: dict[str, Any], journal: Journal) -> None:
        self._journal = journal
        self._framework = framework(request.get("backend"))
        if request.get("hide_gpus"):
            self._framework.hide_gpus()
        if request.get("logical_cpus"):
            self._framework.split_cpu(request["logical_cpus"])
        self._device = named_device(self._framework, request["device"])
        journal.stage("keras")
        self._subjects = Subjects(request, self._framework, self._device)
        self._timer: Timer | None = None

    def introduce(self) -> None:
        """Say what computes where."""
        self._journal.write(
            "ready",
            framework=self._framework.name,
            version=self._framework.version(),
            keras=str(self._subjects.keras.__version__),
            device=self._device.name,
            described=self._device.described,
        )

    def carry_out(self, order: dict[str, Any]) -> None:
        """Do one order; what fails is said, and the next order is waited for."""
        work = {"prepare": self._prepare, "time": self._time}[order["order"]]
        self._journal.stage(order["order"], **_point(order))
        with told(self._journal):
            work(order)

    def _prepare(self, order: dict[str, Any]) -> None:
        self._timer = None
        subject = self._subjects.subject(order["model"])
        timer = Timer(
            self._framework,
            self._device,
            subject.model,
            mode=order["mode"],
            batch=order["batch"],
            rows=subject.rows,
        )
        first = timer.first_call()
        last = timer.warm_up(order["block_seconds"], order["longest_warm_up"])
        self._timer = timer
        self._journal.write(
            "prepared",
            first_call_seconds=first,
            steps=timer.steps,
            step_seconds=last.step_seconds,
            **subject.description(),
            **self._memory(),
        )

    def _time(self, order: dict[str, Any]) -> None:  # noqa: ARG002 (an order as the other)
        if self._timer is None:
            raise ValueError("nothing is prepared")
        block = self._timer.block()
        self._journal.write("timed", steps=block.steps, seconds=block.seconds, **self._memory())

    def _memory(self) -> dict[str, Any]:
        return {
            "resident_bytes": peak_resident_bytes(),
            "device_bytes": self._framework.peak_memory(self._device),
        }


def _point(order: dict[str, Any]) -> dict[str, Any]:
    return {name: order[name] for name in ("model", "mode", "batch") if name in order}
