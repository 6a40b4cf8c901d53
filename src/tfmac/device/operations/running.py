"""One case: the operation on the reference, then on the tested device, and the verdict."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Optional

from ..failures import kind_of
from ..frameworks import Device, Framework
from ..journal import Journal
from ..measures import Measures
from . import comparing, observing, refusals
from .comparing import Finding
from .drawing import Draw
from .entries import Case, NotThere, Task
from .generations import Tools
from .subjects import Subject

NOT_DETERMINISTIC, NO_KERNEL, CRASHED, FAILED, NOT_THERE = (
    "not-deterministic",
    "no-kernel",
    "crashed",
    "failed",
    "not-there",
)
_REPEATS = 3
# The worst of what the ways of running an operation show is the verdict of a case.
_ORDER = (
    comparing.SAME,
    comparing.WITHIN,
    FAILED,
    NO_KERNEL,
    NOT_DETERMINISTIC,
    comparing.WRONG,
    CRASHED,
)
# After these the process can compute nothing more on the device.
_POISONING = ("device-lost", "out-of-memory")


class Setting(NamedTuple):
    """What all cases of a child share."""

    framework: Framework
    tools: Tools
    tested: Device
    reference: Device
    journal: Journal


class DeviceUnusable(Exception):
    """The tested device cannot go on in this process; ``kind`` is a word of ``failures``."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class _Refused(Exception):
    """A way ended with a verdict before anything could be compared."""

    def __init__(self, verdict: str, detail: str) -> None:
        super().__init__(detail)
        self.finding = Finding(verdict, detail)


class _Pair:
    """The same case on both devices, and in double precision where it is asked for."""

    def __init__(self, setting: Setting, case: Case, task: Task) -> None:
        self._setting = setting
        self._case = case
        self._task = task
        self._reference: Optional[Subject] = None
        self._tested: Optional[Subject] = None

    def reference(self) -> Subject:
        """The subject on the reference device, made once."""
        if self._reference is None:
            self._reference = self._made(self._setting.reference)
        return self._reference

    def tested(self) -> Subject:
        """The subject on the tested device, made once."""
        if self._tested is None:
            self._tested = self._made(self._setting.tested)
        return self._tested

    def _made(self, device: Device, dtype: str = "") -> Subject:
        setting = self._setting
        wanted = dtype or self._case.dtype
        return Subject(setting.framework, setting.tools, self._case, self._task, device, wanted)

    def tolerance(self, way: str) -> Measures:
        """How far sound results may be apart: a gradient of weights sums over all inputs."""
        terms = self._task.terms
        if way == observing.GRADIENT:
            terms = max(terms, *(_size(one) for one in self._task.inputs))
        rounds_each = self._task.rounds_each
        return comparing.tolerance(self._case.dtype, terms, rounds_each=rounds_each)

    def exact(self, way: str) -> Optional[observing.Results]:
        """Return the results in double precision; None where the operation has none."""
        framework = self._setting.framework
        try:
            with framework.double():
                subject = self._made(self._setting.reference, "float64")
                return observing.runner(framework, self._case, subject, way)()
        except Exception:  # noqa: BLE001 (no double precision is an answer, whatever the reason)
            return None


def run_case(setting: Setting, case: Case) -> dict[str, Any]:
    """Run a case in all ways; return the event that tells of it."""
    try:
        task = case.entry.make(setting.tools, Draw(case.name, case.dtype), case.shape)
    except NotThere as error:
        return {"verdict": NOT_THERE, "detail": str(error)}
    pair = _Pair(setting, case, task)
    found: dict[str, Finding] = {}
    wavers: list[str] = []
    for way in observing.ways(setting.framework, case):
        found[way] = _compared(setting, case, pair, way, wavers)
    return _event(found, wavers)


def _compared(setting: Setting, case: Case, pair: _Pair, way: str, wavers: list[str]) -> Finding:
    """Compare one way of running the case. ``wavers`` gets the way if its last bits change."""
    allowed = pair.tolerance(way)
    try:
        reference = _on_reference(setting, case, pair, way)
        runs = _on_tested(setting, case, pair, way)
    except _Refused as refused:
        return refused.finding
    shaken = [run for run in runs[1:] if not comparing.identical(run, runs[0])]
    if shaken:
        wavers.append(way)
    steady = [one for one in shaken if not comparing.shapes_differ(one, runs[0])]
    if len(steady) < len(shaken) or any(_apart(one, runs[0], allowed) for one in steady):
        again = _on_reference(setting, case, pair, way)
        if _apart(again, reference, allowed):
            return Finding(FAILED, "the reference does not agree with itself either")
        return Finding(NOT_DETERMINISTIC, f"{len(shaken)} of {len(runs) - 1} repeats differ")
    return comparing.judge(runs[0], reference, allowed, lambda: pair.exact(way))


def _apart(one: observing.Results, other: observing.Results, allowed: Any) -> bool:
    return comparing.judge(one, other, allowed, lambda: None).verdict == comparing.WRONG


def _on_reference(setting: Setting, case: Case, pair: _Pair, way: str) -> observing.Results:
    setting.journal.stage("case", case=case.name, way=way, side="reference")
    try:
        return observing.runner(setting.framework, case, pair.reference(), way)()
    except Exception as error:
        raise _Refused(FAILED, refusals.in_a_line(error)) from error


def _on_tested(setting: Setting, case: Case, pair: _Pair, way: str) -> list[observing.Results]:
    setting.journal.stage("case", case=case.name, way=way, side="tested")
    try:
        run = observing.runner(setting.framework, case, pair.tested(), way)
        return [run() for _ in range(_REPEATS)]
    except Exception as error:
        kind = kind_of(error)
        if kind in _POISONING:
            raise DeviceUnusable(kind, refusals.in_a_line(error)) from error
        verdict = NO_KERNEL if refusals.is_no_kernel(error) else CRASHED
        raise _Refused(verdict, refusals.in_a_line(error)) from error


def _size(given: Any) -> int:
    return max(map(_size, given)) if isinstance(given, list) else int(given.size)


def _event(found: dict[str, Finding], wavers: list[str]) -> dict[str, Any]:
    way = max(found, key=lambda one: _severity(found[one]))
    finding = found[way]
    judged = {one: each for one, each in found.items() if each.verdict != FAILED}
    if finding.verdict == FAILED and judged:
        # A way that the reference cannot go either says nothing of the tested device.
        way = max(judged, key=lambda one: _severity(judged[one]))
        finding = judged[way]
    event: dict[str, Any] = {
        "verdict": finding.verdict,
        "way": way,
        "detail": finding.detail,
        "distance": _numbers(finding.distance),
        "wavers": wavers,
        "not_judged": {
            one: each.detail
            for one, each in found.items()
            if each.verdict == FAILED and finding.verdict != FAILED
        },
    }
    if finding.tolerance is not None:
        event["tolerance"] = _numbers(finding.tolerance)
    if finding.tested_error is not None and finding.reference_error is not None:
        event["tested_error"] = _numbers(finding.tested_error)
        event["reference_error"] = _numbers(finding.reference_error)
    return event


def _severity(finding: Finding) -> tuple[int, float]:
    """Of sound ways the one farthest apart is told, of others the first: it may cause the rest."""
    sound = finding.verdict == comparing.WITHIN
    return (_ORDER.index(finding.verdict), finding.distance.rms if sound else 0.0)


def _numbers(values: Any) -> dict[str, Optional[float]]:
    """Write distances; JSON has no infinity, so that is null."""
    return {
        name: value if math.isfinite(value) else None
        for name, value in zip(Measures._fields, values)
    }
