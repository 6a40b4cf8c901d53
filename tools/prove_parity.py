"""Prove ``tfmac parity``: planted faults have to be found, and sound models to pass.

Run it with any Python; what computes is the interpreter of ``--python``, which needs a framework
and Keras, and nothing of tfmac::

    python tools/prove_parity.py --python PY --backend torch --device GPU:0 --faults --sound

``tools/parity_models`` has the models. Exit status 1 if a fault is missed or a sound model is
taken for a wrong one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
DEVICE = os.path.join(os.path.dirname(HERE), "src", "tfmac", "device")
MODELS = os.path.join(HERE, "parity_models")
INSIDE = os.path.join(MODELS, "inside.py")


def main() -> int:
    """Run the proof in one child process and print its table."""
    options = _options()
    variables = dict(os.environ, KERAS_BACKEND=options.backend, TFMAC_PLANTED_ON=options.device)
    variables.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # JAX would take most of a GPU's memory at once, beside other processes.
    variables.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    with tempfile.TemporaryDirectory() as folder:
        results = options.results or os.path.join(folder, "results.jsonl")
        command = [options.python, INSIDE, DEVICE, results, json.dumps(vars(options))]
        process = subprocess.Popen(command, env=variables)
        status = process.wait()
        rows = _rows(results)
    _print(rows)
    missed = [row for row in rows if not row["good"]]
    print(f"{len(rows)} models, {len(missed)} not as they have to be")
    return 1 if missed or status or not rows else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prove tfmac parity.")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--backend", default="tensorflow", choices=("tensorflow", "torch", "jax"))
    parser.add_argument("--device", default="CPU:1")
    parser.add_argument("--reference", default="CPU:0")
    parser.add_argument("--logical-cpus", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--sound", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--results", help="A file to which each model's result is written.")
    parser.add_argument("--exact", action="store_true", help="Sound models have to be `same`.")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def _rows(path: str) -> list[dict[str, Any]]:
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _print(rows: list[dict[str, Any]]) -> None:
    head = ("", "model", "verdict", "stage", "named", "detail", "rms", "bound", "s")
    table = [head, *(_cells(row) for row in rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(head))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    seen = row.get("seen") or {}
    return (
        "ok" if row["good"] else "NOT",
        row["model"],
        row["verdict"],
        seen.get("stage", ""),
        seen.get("what", "")[-40:],
        (seen.get("detail") or seen.get("broken") or row.get("error", ""))[:70],
        _number(seen.get("rms")),
        _number(seen.get("bound_rms")),
        f"{row['seconds']:.1f}",
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


if __name__ == "__main__":
    sys.exit(main())
