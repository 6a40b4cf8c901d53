"""The library's face: public functions under ``tfmac``, whatever was imported before."""

import json
import subprocess
import sys

import pytest

import tfmac

PUBLIC = sorted(set(getattr(tfmac, "__all__", ())) - {"__version__"})
PROMISED = ["diagnose", "plan", "create", "inspect_model", "migrate_model", "scan", "explain"]

_IMPORT_EVERYTHING = """
import importlib, json, pkgutil, sys
import tfmac
# The scripts for other interpreters change sys.path: they are run, never imported. What speaks
# with a framework needs that framework.
modules = [one.name for one in pkgutil.walk_packages(tfmac.__path__, "tfmac.")]
for name in modules:
    if not name.endswith(("_script", "__main__", "_framework")):
        importlib.import_module(name)
found = {name: callable(getattr(tfmac, name)) for name in json.loads(sys.argv[1])}
print(json.dumps([len(modules), found]))
"""

_COST = """
import sys
before = set(sys.modules)
import tfmac
tfmac.__version__, dir(tfmac)
heavy = ("tfmac.", "click", "msgspec", "packaging", "platformdirs", "uv")
new = set(sys.modules) - before - {"tfmac._version"}
print(sorted(name for name in new if name.startswith(heavy)))
"""


def _run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_no_module_takes_the_name_of_a_function() -> None:
    """After every submodule was imported each public function is still a function."""
    count, found = json.loads(_run(_IMPORT_EVERYTHING, json.dumps(PUBLIC)))

    assert count > 50
    assert found == dict.fromkeys(PUBLIC, True)


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_function_is_public(name: str) -> None:
    """The functions that the design names are there under ``tfmac``."""
    if name not in PUBLIC:
        pytest.skip(f"tfmac.{name} is not there yet")
    function = getattr(tfmac, name)
    assert callable(function)
    assert function.__doc__


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_function_says_what_it_does(name: str) -> None:
    """Every public function is documented and listed by ``dir``."""
    assert getattr(tfmac, name).__doc__
    assert name in dir(tfmac)


def test_a_name_that_is_not_public_is_refused() -> None:
    """A wrong name is an AttributeError as in any module."""
    name = "no_such_function"
    with pytest.raises(AttributeError, match=name):
        getattr(tfmac, name)


def test_importing_the_library_costs_nothing() -> None:
    """Names are bound when they are first used, so that the import itself loads nothing."""
    assert _run(_COST) == "[]\n"
