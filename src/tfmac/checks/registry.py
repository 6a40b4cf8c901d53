"""Every check, with its family, the causes it can find and the parts of the facts it reads.

A new check is a function in the file of its family and a line here.
"""

from collections.abc import Iterable, Iterator
from typing import Callable

import msgspec

from tfmac.checks import (
    architecture,
    files,
    interpreter,
    keras_packages,
    kernels,
    known_breaks,
    metal_plugin,
    requirements,
    satellites,
    shadowing,
    tensorflow_packages,
)
from tfmac.checks.case import Case
from tfmac.schema.facts import Part
from tfmac.schema.findings import Finding


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its name in outcomes, its family, and what it can find."""

    name: str
    family: str
    causes: tuple[str, ...]
    parts: frozenset[Part]
    find: Callable[[Case], Iterator[Finding]]


def _check(
    find: Callable[[Case], Iterator[Finding]], family: str, *causes: str, parts: Iterable[Part] = ()
) -> Check:
    name = find.__name__.replace("_", "-")
    return Check(name=name, family=family, causes=causes, parts=frozenset(parts), find=find)


_NATIVE = (Part.NATIVE_LIBRARIES,)
_PLUGINS = (Part.PLUGINS, Part.NATIVE_LIBRARIES)

CHECKS: tuple[Check, ...] = (
    _check(
        architecture.native_architecture,
        "architecture",
        "x86-python-on-apple-silicon",
        parts=_NATIVE,
    ),
    _check(architecture.mixed_architectures, "architecture", "mixed-architectures", parts=_NATIVE),
    _check(interpreter.interpreter_runs, "interpreter", "interpreter-cannot-run"),
    _check(interpreter.python_has_wheels, "interpreter", "no-wheel-for-python"),
    _check(interpreter.python_has_its_modules, "interpreter", "python-3-12-without-distutils"),
    _check(interpreter.intel_mac, "interpreter", "intel-mac-dropped"),
    _check(interpreter.macos_new_enough, "interpreter", "macos-too-old-for-wheel", parts=_PLUGINS),
    _check(
        tensorflow_packages.two_tensorflow_packages, "packages", "two-tensorflow-packages-mixed"
    ),
    _check(
        tensorflow_packages.empty_shell,
        "packages",
        "tensorflow-macos-empty-shell",
        "tensorflow-install-incomplete",
    ),
    _check(tensorflow_packages.release_is_known, "packages", "release-not-in-knowledge"),
    _check(
        metal_plugin.metal_plugin_loads,
        "metal",
        "tensorflow-too-new-for-metal",
        "metal-plugin-older-than-tensorflow",
        "metal-plugin-newer-than-tensorflow",
        "metal-with-other-tensorflow-build",
        "metal-plugin-loads-but-unsafe",
        parts=_PLUGINS,
    ),
    _check(metal_plugin.metal_plugin_left_over, "metal", "metal-plugin-left-over", parts=_PLUGINS),
    _check(
        metal_plugin.metal_plugin_present,
        "metal",
        "metal-plugin-not-installed",
        "tensorflow-metal-no-wheel",
        parts=_NATIVE,
    ),
    _check(
        requirements.declared_requirements,
        "requirements",
        "requirement-conflict",
        "numpy-2-with-numpy-1-binaries",
        "keras-not-matching-tensorflow",
        "ml-dtypes-mismatch",
        "protobuf-generated-code-too-old",
        "protobuf-older-than-generated-code",
        "typing-extensions-pin-conflict",
        "needed-package-missing",
    ),
    _check(
        known_breaks.undeclared_breaks,
        "requirements",
        "version-known-to-break",
        "keras-not-matching-tensorflow",
        "ml-dtypes-mismatch",
        "numpy-2-with-numpy-1-binaries",
        "numpy-alias-removed",
        "package-too-old-for-python",
        "protobuf-generated-code-too-old",
        "protobuf-older-than-generated-code",
    ),
    _check(satellites.satellite_needs, "requirements", "version-known-to-break"),
    _check(known_breaks.jax_companions, "requirements", "jaxlib-not-matching-jax"),
    _check(known_breaks.numpy_generation, "requirements", "numpy-2-with-numpy-1-binaries"),
    _check(keras_packages.keras_generation, "requirements", "tf-keras-not-matching-tensorflow"),
    _check(
        keras_packages.legacy_keras_switch, "requirements", "legacy-keras-switch-without-tf-keras"
    ),
    _check(files.tensorflow_complete, "files", "tensorflow-install-incomplete", parts=[Part.FILES]),
    _check(files.distribution_files, "files", "distribution-files-missing", parts=[Part.FILES]),
    _check(files.damaged_metadata, "metadata", "distribution-metadata-damaged"),
    _check(
        shadowing.shadowed_packages,
        "shadowing",
        "source-folder-shadows-package",
        parts=[Part.SHADOWING],
    ),
    _check(kernels.notebook_kernels, "notebooks", "runs-in-other-interpreter"),
)


class UnknownSelection(ValueError):
    """A name given to ``--only`` or ``--skip`` that is neither a cause nor a family."""


def select(only: Iterable[str] = (), skip: Iterable[str] = ()) -> tuple[Check, ...]:
    """Choose checks by cause or family; raise ``UnknownSelection`` for a name that is neither."""
    wanted, unwanted = frozenset(only), frozenset(skip)
    known = {check.family for check in CHECKS} | {one for check in CHECKS for one in check.causes}
    for name in sorted(wanted | unwanted):
        if name not in known:
            raise UnknownSelection(
                f"{name!r} is neither a cause that a check finds nor a family of checks; "
                "tfmac doctor --list shows both"
            )
    return tuple(
        check
        for check in CHECKS
        if (not wanted or _named(check, wanted)) and not _left_out(check, unwanted)
    )


def _named(check: Check, names: frozenset[str]) -> bool:
    return check.family in names or not names.isdisjoint(check.causes)


def _left_out(check: Check, names: frozenset[str]) -> bool:
    """A check is left out by its family, or when all that it can find is unwanted."""
    return check.family in names or names.issuperset(check.causes)


def parts_needed(checks: Iterable[Check]) -> frozenset[Part]:
    """Say which parts of the facts some checks read, so that no other is observed."""
    return frozenset().union(*(check.parts for check in checks))
