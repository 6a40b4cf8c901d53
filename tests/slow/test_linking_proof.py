"""A small part of the proof of the loader's rules: real wheels, really loaded."""

import sys
from pathlib import Path

import pytest
from tools.prove_linking import plan, proving, scores
from tools.prove_linking.judging import engine
from tools.prove_linking.records import Journal
from tools.prove_linking.rendering import report, seen
from tools.prove_linking.scores import Outcome
from tools.prove_linking.trees import Trees

from tfmac.environments.uv import Uv

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="loads libraries for Linux"),
]

LOADS = "tensorflow-text==2.16.1"
CANNOT_LOAD = "tensorflow-compression==2.14.1"


def test_one_release_loads_and_one_does_not(
    uv: Uv, interpreters: dict[str, str], tmp_path: Path
) -> None:
    """The verdicts of two releases beside one TensorFlow are what happens, message included."""
    if plan.PYTHON not in interpreters:
        pytest.skip(f"this machine has no Python {plan.PYTHON}")
    wanted = plan.PLAN.only(["2.16.2"], [LOADS, CANNOT_LOAD])
    journal = Journal(proving.journal_path(str(tmp_path)))
    trees = Trees(str(tmp_path), uv, interpreters[plan.PYTHON])

    assert proving.Proof(journal, trees, engine()).run(wanted)

    found = seen(journal, wanted, engine())
    pairs = {each.judged.release: scores.package_pair(each.judged, each.loaded) for each in found}
    assert pairs[LOADS].loads is True
    assert pairs[LOADS].outcome is Outcome.LOADS
    assert pairs[CANNOT_LOAD].loads is False
    assert pairs[CANNOT_LOAD].outcome is Outcome.CANNOT_LOAD
    assert journal.judged_first(engine(), "2.16.2")
    assert not (tmp_path / "tree").exists()
    text = report(journal, wanted, engine())
    assert "Disagreements: 0." in text
    assert "Predicted messages that equal the loader's: 1 of 1." in text
