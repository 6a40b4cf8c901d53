"""A change that is killed at a random moment leaves the old environment or the new one."""

from pathlib import Path

import pytest

from cli.broken_environment import SERVED
from slow.kill_repairs import kills

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SERVED, reason="TensorFlow 2.15 has no wheel for this Python"),
]


def test_no_environment_is_broken(tmp_path: Path) -> None:
    """Twenty kills of setup, create and fix, always at the same moments; the command kills 200."""
    pytest.importorskip("pip")
    broken = [str(kill) for kill in kills(tmp_path, 20, seed=7) if kill.broke]

    assert broken == []
