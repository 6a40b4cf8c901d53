"""A plan with a package that needs what it does not declare, really made and used."""

import tempfile
from pathlib import Path

import pytest
from tools.prove_planned_sets import interpreter_for

from builders.real_environments import need_room, run
from builders.wishes import demands
from tfmac import api
from tfmac.schema.actions import Manager
from tfmac.schema.plans import Plan, Wish

pytestmark = pytest.mark.slow

USE = """
import tensorflow_probability as tfp
print(float(tfp.distributions.Normal(0.0, 1.0).log_prob(0.0)))
"""


def test_tensorflow_probability_works_as_planned() -> None:
    """Without tf-keras, which only the measurement knows of, its import fails."""
    need_room(Path(tempfile.gettempdir()))
    target, _ = api.this_machine()
    interpreter = interpreter_for("3.11")
    if target is None or interpreter is None:
        pytest.skip("there is no Python 3.11 for TensorFlow on this machine")
    wish = Wish(target=target, python="3.11", gpu=False, demands=demands("tensorflow-probability"))
    plan = api.plan(wish, interpreters=(interpreter,))
    assert isinstance(plan, Plan)
    with tempfile.TemporaryDirectory(prefix="tfmac-satellite-") as folder:
        directory = Path(folder).resolve() / "env"
        api.create(plan, str(directory), manager=Manager.UV)
        done = run(directory, USE)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(-0.9189385)
