"""The probe in real environments without TensorFlow: Keras 3 on PyTorch and on JAX."""

import sys
from pathlib import Path

import pytest

from builders.real_environments import make_environment
from tfmac import api
from tfmac.checks.summary import proves
from tfmac.environments.uv import Uv
from tfmac.environments.variables import set_variables
from tfmac.schema.actions import SetVariables
from tfmac.schema.plans import Variable
from tfmac.schema.proof import Core, Stage

pytestmark = pytest.mark.slow

PYTHON = "3.12"
_CUDA = pytest.mark.skipif(
    sys.platform.startswith("linux"), reason="PyTorch for Linux brings gigabytes of CUDA"
)


@pytest.mark.parametrize("core", [pytest.param(Core.TORCH, marks=_CUDA), Core.JAX])
def test_keras_without_tensorflow(
    uv: Uv,
    interpreters: "dict[str, str]",
    tmp_path: Path,
    core: Core,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The environment's own variable is what makes Keras compute with what is there."""
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    root = make_environment(uv, interpreters, tmp_path / "env", PYTHON, "keras>=3", core.value)
    facts = api.collect_facts(env=str(root))

    unset = api.probe(facts, time_limit=600, cwd=str(tmp_path)).probe
    assert unset is not None
    assert unset.death is not None
    assert unset.death.stage is Stage.KERAS
    assert "KERAS_BACKEND is not set" in unset.death.detail

    backend = Variable(name="KERAS_BACKEND", value=core.value)
    set_variables(SetVariables(environment=str(root), variables=(backend,)))
    seen = api.probe(facts, time_limit=600, cwd=str(tmp_path)).probe
    assert seen is not None
    assert seen.death is None, seen.death
    assert seen.core is core
    assert proves(seen, gpu=False)
    assert seen.keras is not None
    assert (seen.keras.steps, seen.keras.saved_as) == (3, ".keras")
    assert "unknown" not in seen.keras.layer_devices.values()
