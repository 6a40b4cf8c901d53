"""The API history against an installed TensorFlow and Keras: what is recorded is really there."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from builders.real_environments import run
from tfmac.knowledge import api_history, api_names
from tfmac.schema.api_history import ApiKind

pytestmark = pytest.mark.slow

KINDS = tuple(ApiKind)
NAMES = 400
# Reads names from standard input. Answers which are there, the parameters of those that are
# called, and the public names in the modules among them.
SCRIPT = """
import importlib, inspect, json, sys, types
package, names = json.load(sys.stdin)
root = importlib.import_module(package)

def found(name):
    value = root
    parts = name.split(".")
    for number, part in enumerate(parts):
        try:
            value = getattr(value, part)
        except AttributeError:
            value = importlib.import_module(".".join([package, *parts[:number + 1]]))
    return value

def parameters(value):
    call = value.__init__ if inspect.isclass(value) else value
    given = list(inspect.signature(call).parameters.values())[1 if inspect.isclass(value) else 0:]
    return [one.name for one in given if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]

answers = {}
for name in names:
    try:
        value = found(name)
    except Exception as error:
        answers[name] = {"error": repr(error)}
        continue
    answer = answers[name] = {}
    try:
        if callable(value) and not isinstance(value, types.ModuleType):
            answer["parameters"] = parameters(value)
        elif isinstance(value, types.ModuleType):
            inner = {one: getattr(value, one) for one in dir(value) if not one.startswith("_")}
            answer["inner"] = [
                one for one, it in inner.items()
                if str(getattr(it, "__module__", "")).split(".")[0] in ("tensorflow", "keras")
            ]
    except Exception:
        pass
print("ANSWERS" + json.dumps(answers))
"""


def asked(root: Path, package: str, names: "list[str]") -> "dict[str, Any]":
    """Resolve names in a child process of the environment."""
    end = subprocess.run(
        [str(root / "bin" / "python"), "-c", SCRIPT],
        input=json.dumps([package, names]),
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    answers: dict[str, Any] = json.loads(end.stdout.partition("ANSWERS")[2])
    return answers


def recorded(package: str, minor: str, *parts: str) -> "dict[str, tuple[ApiKind, Any]]":
    """Give the names of some parts in one release, with their signatures."""
    number = api_names.minors(package).index(minor)
    return {
        name: (KINDS[span.kind], part.signatures[span.signature] if span.signature >= 0 else None)
        for part in (api_names.names_of(package, one) for one in parts)
        for name in part.names
        for span in api_names.spans_of(part, name)
        if span.first <= number <= span.last
    }


@pytest.mark.parametrize(
    ("package", "parts"),
    [("tensorflow", ("public", "raw_ops", "compat.v1")), ("keras", ("public",))],
)
def test_names_and_parameters(tensorflow_221: Path, package: str, parts: "tuple[str, ...]") -> None:
    """Recorded names are there with their parameters; what is there in public is recorded."""
    version = run(tensorflow_221, f"import {package}; print({package}.__version__)").stdout.strip()
    minor = ".".join(version.split(".")[:2])
    if minor not in api_names.minors(package):
        pytest.skip(f"{package} {minor} is newer than the data")
    known = recorded(package, minor, *parts)
    modules = [name for name, (kind, _) in known.items() if kind is ApiKind.MODULE]
    picked = random.Random(5).sample(sorted(known), NAMES)  # noqa: S311
    sample = sorted({*picked, *modules})

    answers = asked(tensorflow_221, package, sample)

    missing = [name for name in sample if "error" in answers[name]]
    assert missing == []
    wrong, compared = [], 0
    for name in sample:
        plain, _, _ = api_history.parameters(known[name][1])
        real = answers[name].get("parameters")
        if known[name][1] is not None and plain is not None and real is not None:
            compared += 1
            own = [one.rstrip("=") for one in plain if one not in {"*", "*args", "/"}]
            if own != real:
                wrong.append((name, own, real))
    assert compared > 100
    assert len(wrong) <= compared // 100, wrong
    unseen = [
        f"{name}.{inner}"
        for name in modules
        for inner in answers[name].get("inner", ())
        if api_history.exists(f"{package}.{name}.{inner}", package, minor) is False
    ]
    assert unseen == []
