# Written as users write their models; another interpreter runs it.
# ruff: noqa: ANN401, PLR0917, S101
# mypy: ignore-errors
"""What ``tools/prove_parity.py`` runs in the interpreter that has the framework."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
import traceback
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))


def main() -> None:
    """Compare one model after the other; a line of JSON for each."""
    folder, results, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    _load(folder)
    frameworks = importlib.import_module("tfmac_device.frameworks")
    used = frameworks.framework(options["backend"])
    if options["logical_cpus"]:
        used.split_cpu(options["logical_cpus"])
    devices = [frameworks.named_device(used, options[one]) for one in ("reference", "device")]
    cases = []
    for script in ("faults", "sound", "subclassed"):
        module = importlib.import_module(script)
        if options["faults"]:
            wanted = getattr(module, "EXPECTED", {})
            cases += [(script + ".py", name, want) for name, want in wanted.items()]
        if options["sound"]:
            cases += [(script + ".py", name, None) for name in getattr(module, "SOUND", ())]
    for script, name, expected in cases:
        if options["only"] and name not in options["only"]:
            continue
        row = _row(used, devices, os.path.join(HERE, script), name, expected, options)
        with open(results, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        sys.stderr.write(f"{name}: {row['verdict']} {'ok' if row['good'] else 'NOT OK'}\n")


def _load(folder: str) -> None:
    sys.path.insert(0, HERE)
    spec = importlib.util.spec_from_file_location(
        "tfmac_device", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    sys.modules["tfmac_device"] = module
    spec.loader.exec_module(module)


def _row(
    used: Any, devices: list[Any], path: str, name: str, expected: str | None, options: Any
) -> dict[str, Any]:
    worker = importlib.import_module("tfmac_device.parity.worker")
    begun, events = time.monotonic(), []

    def tell(event: str, **values: Any) -> None:
        events.append((event, values))
        if options["verbose"]:
            sys.stderr.write(f"{event} {values}\n")

    row: dict[str, Any] = {"model": name, "expected": expected, "seen": None}
    try:
        outcome = worker.compare_script(used, devices, path, name, options["steps"], tell)
    except Exception as error:  # noqa: BLE001
        row.update(verdict="could-not-finish", error=f"{type(error).__name__}: {error}"[:300])
        if options["verbose"]:
            sys.stderr.write(traceback.format_exc())
    else:
        row["verdict"] = outcome.verdict
        row["seen"] = None if outcome.culprit is None else outcome.culprit.event()
    row["good"] = _good(row, exact=options["exact"])
    row["untested"] = [values for event, values in events if event == "untested"]
    row["seconds"] = time.monotonic() - begun
    return row


def _good(row: dict[str, Any], *, exact: bool) -> bool:
    if row["expected"] is None:
        return row["verdict"] in ({"same"} if exact else {"same", "within-tolerance"})
    seen = row["seen"]
    right = seen is not None and seen["what"].split("/")[-1] == row["expected"]
    wanted = "not-deterministic" if row["model"] == "nondeterministic" else "wrong"
    return right and row["verdict"] == wanted


main()
