"""Planned sets, made on this machine and proved: two of those of ``tools.prove_planned_sets``."""

import tempfile
from pathlib import Path

import pytest
from tools.prove_planned_sets import SETS, PlannedSet, interpreter_for, prove_set

from builders.real_environments import need_room
from tfmac import api

pytestmark = pytest.mark.slow

# Keras 2 with the oldest needs that no metadata declares, and the newest of everything.
CHOSEN = ("2.9/3.10", "2.21/3.13")


@pytest.mark.parametrize("text", CHOSEN)
def test_a_planned_set_works(text: str) -> None:
    """It is made as planned; TensorFlow computes, and Keras fits, saves and loads."""
    need_room(Path(tempfile.gettempdir()))
    asked = PlannedSet.parse(text)
    target, _ = api.this_machine()
    interpreter = interpreter_for(asked.python)
    if target is None or interpreter is None:
        pytest.skip(f"there is no Python {asked.python} for TensorFlow on this machine")
    outcome = prove_set(asked, target, interpreter)
    assert outcome.reason is None
    assert outcome.plan is not None
    assert (outcome.plan.version("tensorflow") or "").startswith(f"{asked.tensorflow}.")


def test_the_sets_are_spread() -> None:
    """Every Python that tests run on has a set, and those run here are among the sets."""
    assert {one.python for one in SETS} == {"3.9", "3.10", "3.11", "3.12", "3.13"}
    assert set(map(PlannedSet.parse, CHOSEN)) <= set(SETS)
