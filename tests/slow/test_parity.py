"""``tfmac parity`` on real TensorFlow: planted faults are found, sound models pass.

Two logical CPU devices stand in for CPU and GPU; the faults are wrong on the second one alone.
``tools/prove_parity.py`` runs all of this, and all sound models, on any framework and device.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tfmac.api.model_parity import parity
from tfmac.measurement.reproductions import refuse_overwriting
from tfmac.schema.parity import ParityReport, ParityStage, ParityVerdict

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
FAULTS = ROOT / "tools" / "parity_models" / "faults.py"
# Those that take the least time of all kinds; the tool runs all.
SOUND = (
    "sequential",
    "batch_normalized",
    "bias_before_normalization",
    "embedding",
    "mixed_float16",
    "mixed_bfloat16",
    "several_inputs",
    "shared",
)
FAULT_NAMES = (
    "one_percent",
    "tenth_percent",
    "one_single_element",
    "constant_bias",
    "fused_pair",
    "only_compiled",
    "odd_sizes",
    "large_batch",
    "large_values",
    "nondeterministic",
    "gradient_alone",
    "weight_gradient",
    "second_step",
    "stale_weights",
    "optimizer_slot",
    "optimizer_nan",
    "mixed_float16",
    "mixed_bfloat16",
    "nested",
    "recurrent_cell",
    "used_twice",
    "transposed",
    "silent_zero",
    "training_only",
    "moving_average",
    "wrong_loss",
    "loss_gradient",
    "next_row",
    "no_kernel",
)


@pytest.fixture(scope="module")
def proved(tensorflow_221: Path, tmp_path_factory: pytest.TempPathFactory) -> "dict[str, Any]":
    """What one process found in all models: by ``faults/NAME`` and ``sound/NAME``."""
    results = tmp_path_factory.mktemp("parity") / "results.jsonl"
    subprocess.run(
        [
            sys.executable,
            str(ROOT / "tools" / "prove_parity.py"),
            *("--python", str(tensorflow_221 / "bin" / "python")),
            *("--logical-cpus", "2", "--steps", "2", "--faults", "--sound"),
            *("--results", str(results), "--only", *FAULT_NAMES, *SOUND),
        ],
        check=False,
        capture_output=True,
    )
    return dict(_rows(results))


def _rows(results: Path) -> "Iterator[tuple[str, dict[str, Any]]]":
    for line in results.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield ("sound/" if row["expected"] is None else "faults/") + row["model"], row


@pytest.mark.parametrize("name", FAULT_NAMES)
def test_a_planted_fault_is_found_by_its_name(proved: "dict[str, Any]", name: str) -> None:
    row = proved[f"faults/{name}"]

    assert row["verdict"] == ("not-deterministic" if name == "nondeterministic" else "wrong")
    assert row["seen"]["what"].split("/")[-1] == row["expected"]


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_model_raises_no_alarm(proved: "dict[str, Any]", name: str) -> None:
    row = proved[f"sound/{name}"]

    assert row["verdict"] in {"same", "within-tolerance"}, row


def _parity(environment: Path, model: str, **options: Any) -> ParityReport:
    python = str(environment / "bin" / "python")
    return parity(model, python=python, device="CPU:1", steps=1, **options)


def test_the_script_that_is_written_shows_the_fault(
    tensorflow_221: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs nothing of tfmac: the environment's own interpreter runs it."""
    monkeypatch.setenv("TFMAC_PLANTED_ON", "CPU:1")
    minimal = tmp_path / "minimal.py"

    report = _parity(tensorflow_221, f"{FAULTS}:weight_gradient", minimal=str(minimal))

    assert report.verdict is ParityVerdict.WRONG, report
    assert report.culprit is not None
    assert report.culprit.stage is ParityStage.GRADIENTS
    assert report.reproduction == str(minimal)
    shown = subprocess.run(
        [str(tensorflow_221 / "bin" / "python"), str(minimal)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "TFMAC_PLANTED_ON": "CPU:1"},
    )
    assert shown.returncode == 1, shown.stderr
    assert "5.0" in shown.stdout.splitlines()[-1]
    # The next run may write it again: it is known as one of ours.
    refuse_overwriting(str(minimal))


def test_what_is_wrong_with_the_input_is_said(tensorflow_221: Path, tmp_path: Path) -> None:
    """A script without a model, and text that is no model."""
    empty = tmp_path / "empty.py"
    empty.write_text("import keras\n", encoding="utf-8")
    spoilt = tmp_path / "spoilt.keras"
    spoilt.write_text("nothing", encoding="utf-8")

    kinds = []
    for path in (empty, spoilt):
        report = _parity(tensorflow_221, str(path))
        assert report.verdict is ParityVerdict.COULD_NOT_FINISH
        kinds.append(report.failure.kind if report.failure else "")

    assert kinds == ["no-model", "unreadable-model"]
