"""The scripts that other interpreters run are valid for old ones."""

import ast
import sys
from pathlib import Path

import pytest

from tfmac.observe import probe

SCRIPTS = (
    "identity_script.py",
    "probe_keras_script.py",
    "probe_model_script.py",
    "probe_script.py",
    "probe_tensorflow_script.py",
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_python_3_8(name: str) -> None:
    """TensorFlow 2.5 runs on 3.8, so the probe has to."""
    path = Path(probe.__file__).with_name(name)
    ast.parse(path.read_text(encoding="utf-8"), filename=name, feature_version=(3, 8))


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_need_only_the_standard_library(name: str) -> None:
    """Nothing is installed where the scripts run."""
    if sys.version_info < (3, 10):
        pytest.skip("the list of the standard library's modules is there from 3.10 on")
    tree = ast.parse(Path(probe.__file__).with_name(name).read_text(encoding="utf-8"))
    modules = {
        alias.name if isinstance(node, ast.Import) else node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names
