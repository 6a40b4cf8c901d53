"""Writes what a Mac says when the Metal plug-in does not load, from the table of what it lacks.

``python -m tools.failure_recipes.import_dlopen``: the missing names and libraries are those of
the published binaries (``knowledge/data/extension_abi``), the words around them dyld's.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tools.failure_recipes.forms import FORMS
from tools.failure_recipes.provenance import Provenance

from tfmac.knowledge import extension_abi

_LOGS: Final = Path(__file__).parents[2] / "tests" / "data" / "logs"
_NEWEST, _MIDDLE, _OLDEST = 13, 12, 11
_UUID: Final = "<7A2B6C41-0D1E-3F52-9C3B-5B8E1F6D2A90>"


class _Case(NamedTuple):
    cause: str
    plugin: str
    framework: str
    version: str
    macos: int
    site: str
    form: str = ""


_CONDA: Final = "/Users/ada/miniforge3/envs/tf/lib/python3.9/site-packages"
_VENV: Final = "/Users/ada/Projects/vision/.venv/lib/python3.11/site-packages"
_BREW: Final = "/opt/homebrew/Caskroom/miniforge/base/envs/ml/lib/python3.10/site-packages"
_PYENV: Final = "/Users/ada/.pyenv/versions/3.12.1/lib/python3.12/site-packages"
_OLD, _NEW = "metal-plugin-older-than-tensorflow", "metal-plugin-newer-than-tensorflow"
_GONE, _OTHER = "tensorflow-too-new-for-metal", "metal-with-other-tensorflow-build"
_CASES: Final = (
    _Case(_GONE, "1.2.0", "tensorflow", "2.20.0", _NEWEST, _PYENV, "wrapped"),
    _Case(_GONE, "1.2.0", "tensorflow", "2.21.0", _NEWEST, _VENV, "last"),
    _Case(_GONE, "1.1.0", "tensorflow", "2.20.0", _MIDDLE, _VENV, "quoted"),
    _Case(_GONE, "1.0.1", "tensorflow", "2.20.0", _OLDEST, _BREW),
    _Case(_OLD, "1.1.0", "tensorflow", "2.18.0", _NEWEST, _PYENV, "last"),
    _Case(_OLD, "1.1.0", "tensorflow", "2.19.0", _MIDDLE, _VENV, "stamped"),
    _Case(_OLD, "1.0.0", "tensorflow", "2.14.0", _NEWEST, _VENV, "wrapped"),
    _Case(_OLD, "0.8.0", "tensorflow", "2.16.2", _OLDEST, _VENV),
    _Case(_OLD, "0.7.1", "tensorflow", "2.18.0", _NEWEST, _BREW),
    _Case(_OLD, "0.5.0", "tensorflow-macos", "2.11.0", _NEWEST, _BREW, "wrapped"),
    _Case(_OLD, "0.4.0", "tensorflow-macos", "2.12.0", _OLDEST, _CONDA),
    _Case(_OLD, "0.6.0", "tensorflow", "2.13.0", _MIDDLE, _BREW),
    _Case(_NEW, "1.0.0", "tensorflow-macos", "2.11.0", _NEWEST, _BREW, "last"),
    _Case(_NEW, "0.8.0", "tensorflow-macos", "2.10.0", _MIDDLE, _BREW, "wrapped"),
    _Case(_NEW, "1.1.0", "tensorflow-macos", "2.9.2", _OLDEST, _CONDA),
    _Case(_NEW, "0.7.0", "tensorflow-macos", "2.10.0", _NEWEST, _BREW, "quoted"),
    _Case(_NEW, "0.7.1", "tensorflow-macos", "2.9.2", _OLDEST, _CONDA),
    _Case(_NEW, "1.2.0", "tensorflow-macos", "2.8.0", _NEWEST, _CONDA),
)


def main() -> int:
    """Write all of them."""
    provenance = Provenance(_LOGS)
    for case in _CASES:
        name = f"metal-{case.plugin}-{case.framework}-{case.version}".replace(".", "-")
        for form in ("", *((case.form,) if case.form else ())):
            target = _LOGS / case.cause / (f"{name}-{form}.txt" if form else f"{name}.txt")
            target.parent.mkdir(parents=True, exist_ok=True)
            text = "".join(f"{line}\n" for line in _lines(case))
            target.write_text(FORMS[form](text) if form else text, encoding="utf-8")
            provenance.add(
                target,
                how="composed from binary strings",
                source="tools/failure_recipes/import_dlopen.py",
                versions=(
                    f"tensorflow-metal=={case.plugin}",
                    f"{case.framework}=={case.version}",
                    f"macos {case.macos}",
                ),
            )
    provenance.save()
    return 0


def _lines(case: _Case) -> Iterator[str]:
    yield "Traceback (most recent call last):"
    yield '  File "/Users/ada/project/train.py", line 1, in <module>'
    yield "    import tensorflow as tf"
    yield f'  File "{case.site}/tensorflow/__init__.py", line 443, in <module>'
    yield "    _ll.load_library(_plugin_dir)"
    loading = f"{case.site}/tensorflow/python/framework/load_library.py"
    yield f'  File "{loading}", line 151, in load_library'
    yield "    py_tf.TF_LoadLibrary(lib)"
    message = list(_message(case))
    yield f"tensorflow.python.framework.errors_impl.NotFoundError: {message[0]}"
    yield from message[1:]


def _message(case: _Case) -> Iterator[str]:
    pair = extension_abi.verdict("tensorflow-metal", case.plugin, case.framework, case.version)
    plugin = f"{case.site}/tensorflow-plugins/libmetal_plugin.dylib"
    opened = f"dlopen({plugin}, {'6' if case.macos == _OLDEST else '0x0006'}): "
    if pair.unresolved_libraries:
        yield from _missing_library(case, opened, plugin, pair.unresolved_libraries[0])
        return
    symbol = pair.missing_symbols[0]
    if "in flat namespace" in (pair.message or ""):
        yield from _missing_flat(case, opened, plugin, symbol)
        return
    library = f"{case.site}/tensorflow/python/_pywrap_tensorflow_internal.so"
    yield f"{opened}Symbol not found: {f'({symbol})' if case.macos == _MIDDLE else symbol}"
    yield f"  Referenced from: {_file(case, plugin)}"
    yield f"  Expected in:     {_file(case, library)}"


def _missing_flat(case: _Case, opened: str, plugin: str, symbol: str) -> Iterator[str]:
    if case.macos == _OLDEST:
        yield f"{opened}Symbol not found: {symbol}"
        yield f"  Referenced from: {plugin}"
        yield "  Expected in: flat namespace"
        yield f" in {plugin}"
    else:
        shown = f"({symbol})" if case.macos == _MIDDLE else f"'{symbol}'"
        yield f"{opened}symbol not found in flat namespace {shown}"


def _missing_library(case: _Case, opened: str, plugin: str, library: str) -> Iterator[str]:
    shown = f"'{library}'" if case.macos == _MIDDLE else library
    yield f"{opened}Library not loaded: {shown}"
    yield f"  Referenced from: {_file(case, plugin)}"
    if case.macos == _OLDEST:
        yield "  Reason: image not found"
        return
    name = library.rpartition("/")[2]
    build = "/Users/builder/Library/Caches/solib_darwin_arm64/_U_S_Stensorflow_Spython"
    places = (
        f"{build}/{name}",
        f"{case.site}/tensorflow-plugins/../_solib/{name}",
        f"/usr/lib/{name}",
    )
    yield "  Reason: tried: " + ", ".join(f"'{place}' (no such file)" for place in places)


def _file(case: _Case, path: str) -> str:
    if case.macos == _NEWEST:
        return f"{_UUID} {path}"
    return f"'{path}'" if case.macos == _MIDDLE else path


if __name__ == "__main__":
    sys.exit(main())
