"""The child of ``tfmac parity --ops``: lists the cases, or runs those that it is told."""

from __future__ import annotations

import faulthandler
import gc
import os
import time
from typing import TYPE_CHECKING, Any

from ..choosing import plugin_version
from ..frameworks import BACKEND_VARIABLE, Device, Framework, framework, named_device
from ..journal import Journal
from . import catalogue, extra, generations
from .entries import Case, Entry
from .running import DeviceUnusable, Setting, run_case

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLEARED_AFTER = 30


def run(request: dict[str, Any], journal: Journal) -> None:
    """Do what a request says.

    ``list`` is true for the list of cases alone; else ``cases`` has the names of those to run.
    ``only`` and ``dtypes`` choose among all; ``extra_catalogue`` is a file with operations of the
    user's. ``case_seconds`` ends the process in a case that takes longer.
    """
    journal.stage("import")
    used = framework(request.get("backend"))
    if request.get("logical_cpus"):
        used.split_cpu(int(request["logical_cpus"]))
    # The Keras that is imported next takes what this says.
    os.environ[BACKEND_VARIABLE] = used.name
    tools = generations.tools_of(used.name)
    journal.stage("devices")
    tested = named_device(used, request.get("device") or "gpu")
    reference = named_device(used, request.get("reference") or "CPU:0")
    if request.get("list"):
        _write_environment(used, tools, tested, reference, journal)
    every = _entries(request)
    cases = catalogue.cases(every, request.get("only", ()), request.get("dtypes", ()))
    if request.get("list"):
        journal.write("planned", cases=[_described(case) for case in cases])
        return
    by_name = {case.name: case for case in cases}
    chosen = [by_name[name] for name in request["cases"]]
    setting = Setting(used, tools, tested, reference, journal)
    _run_all(setting, chosen, request)


def _entries(request: dict[str, Any]) -> list[Entry]:
    file = request.get("extra_catalogue")
    own = list(extra.entries(file)) if file else []
    return own if request.get("without_catalogue") else [*own, *catalogue.entries()]


def _described(case: Case) -> dict[str, str]:
    return {
        "name": case.name,
        "operation": case.entry.operation,
        "variant": case.entry.variant,
        "dtype": case.dtype,
        "shape": "x".join(map(str, case.shape)),
    }


def _write_environment(
    used: Framework,
    tools: generations.Tools,
    tested: Device,
    reference: Device,
    journal: Journal,
) -> None:
    journal.write(
        "environment",
        framework=used.name,
        framework_version=used.version(),
        keras_version=tools.version,
        plugin_version=plugin_version(used, tested),
        device={"name": tested.name, "kind": tested.kind, "described": tested.described},
        reference={
            "name": reference.name,
            "kind": reference.kind,
            "described": reference.described,
        },
    )


def _run_all(setting: Setting, cases: Sequence[Case], request: dict[str, Any]) -> None:
    limit = float(request["case_seconds"])
    parent = os.getppid()
    with setting.framework.strict():
        for number, case in enumerate(cases):
            if os.getppid() != parent:
                # Nobody is left who would read it.
                return
            if number % _CLEARED_AFTER == _CLEARED_AFTER - 1:
                _clear(setting.tools)
            # Its thread needs no lock of Python's: also what never returns is ended.
            faulthandler.dump_traceback_later(limit, exit=True)
            try:
                _run_one(setting, case)
            except DeviceUnusable as error:
                setting.journal.write(
                    "device-unusable", case=case.name, kind=error.kind, detail=str(error)
                )
                return
            finally:
                faulthandler.cancel_dump_traceback_later()
    setting.journal.stage("done")


def _run_one(setting: Setting, case: Case) -> None:
    begun = time.monotonic()
    event = run_case(setting, case)
    setting.journal.write(
        "case", case=case.name, seconds=round(time.monotonic() - begun, 3), **event
    )


def _clear(tools: generations.Tools) -> None:
    """Let go of what Keras and the frameworks keep of every layer and every compiled function."""
    tools.keras.backend.clear_session()
    gc.collect()
