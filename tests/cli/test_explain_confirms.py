"""``tfmac explain`` of an environment: a cause that the checks find, too, is one finding."""

from pathlib import Path

import pytest

from cli.broken_environment import SERVED, make_broken
from cli.console import document, tfmac

pytestmark = pytest.mark.skipif(not SERVED, reason="TensorFlow 2.15 has no wheel for this Python")

LOG = "Traceback (most recent call last):\nImportError: numpy.core.umath failed to import\n"
CAUSE = "numpy-2-with-numpy-1-binaries"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of that failure, without a path that would tell whose it is."""
    path = tmp_path / "error.txt"
    path.write_text(LOG, encoding="utf-8")
    return path


def test_what_doctor_finds_too_is_said_with_the_cause(tmp_path: Path, log: Path) -> None:
    """The user names the environment that has failed; the cause stands there once."""
    environment = tmp_path / "environment"
    make_broken(tmp_path, environment)

    code, out, _ = tfmac("explain", log, "--env", environment, "--format", "json")

    (cause,) = document(out, "explanation")["causes"]
    (confirmed,) = cause["confirmed_by"]
    assert (code, cause["cause"]) == (0, CAUSE)
    assert confirmed.startswith("tfmac doctor: numpy 2.4.6 is not what tensorflow declared")


def test_saved_facts_confirm_as_well(tmp_path: Path, log: Path) -> None:
    """They are judged as doctor judges them."""
    environment, facts = tmp_path / "environment", tmp_path / "facts.json"
    make_broken(tmp_path, environment)
    tfmac("facts", "--env", environment, "-o", facts)

    _, out, _ = tfmac("explain", log, "--facts", facts)

    assert out.count(f"{CAUSE} (") == 1
    assert "confirmed by tfmac doctor: numpy 2.4.6" in " ".join(out.split())
