"""Reads plans back from the files that ``tfmac plan`` writes.

Such files are sent around and changed by hand. So what is read is held against everything that an
environment is made by: names, versions, hashes, the machine, the Python and the variables.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Optional

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfmac.planner.emit import format_of_file
from tfmac.planner.emit.machines import marker_of
from tfmac.planner.emit.notes import Notes, read_notes, usual_gpu
from tfmac.planner.emit.pins import Heading, exact, read_heading
from tfmac.planner.resolver import ResolutionFailed
from tfmac.schema.codec import InvalidDocument, from_json
from tfmac.schema.plans import Pin, Plan, StackKind, Variable
from tfmac.schema.platform import InvalidTarget, Target
from tfmac.schema.reports import PlanDocument

_BYTES = 8_000_000
_PINS = 2_000
# Below the number of digits that Python refuses to turn into an integer.
_CHARACTERS = 1_000

# Readers of TOML take memory by the square of the parts of a dotted key.
_DOTS_OF_A_LINE = 1_000

_PYTHON = re.compile(r"3\.[0-9]{1,2}")
_PIN = re.compile(r"([^\s=]+)==([^\s=]+)")
_HASH = re.compile(r"--hash=([a-z0-9_]+:[0-9a-fA-F]+)")
# A file of somebody else's must not make Python load a library, or look for modules elsewhere.
_VARIABLES = {"KERAS_BACKEND", "TF_USE_LEGACY_KERAS"}
_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_READ_BACK = "the JSON document, requirements and pylock of tfmac plan can be read back"
# What follows the comments in the formats that have no other sign.
_OTHER_FORMATS = {"name:": "conda", "[workspace]": "pixi", "[project]": "pyproject"}


class InvalidPlanFile(ValueError):
    """A file that no plan can be read from: its name, where it is wrong, and what to do."""


class _Invalid(Exception):
    """What is wrong, without the file's name."""


def read_plan(data: bytes, name: str) -> Plan:
    """Read a plan from a JSON document, requirements or a lock file that tfmac made.

    ``name`` is what the user called the file. The reasons for the choices are in the JSON document
    alone, and the interpreter is not taken over: it is that of another machine perhaps. Raises
    ``InvalidPlanFile``.
    """
    if len(data) > _BYTES:
        raise InvalidPlanFile(f"{name}: it has more than {_BYTES} bytes: no plan is that long")
    try:
        return _checked(_read(data, name))
    except _Invalid as error:
        raise InvalidPlanFile(f"{name}: {error}") from error


def _read(data: bytes, name: str) -> Plan:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _of_document(data.lstrip(b"\xef\xbb\xbf"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Invalid(f"it is not UTF-8 (byte {error.start})") from error
    # Not splitlines: pins and TOML end their lines in this way alone.
    lines = [line.rstrip("\r") for line in text.split("\n")]
    heading = read_heading(lines[0])
    form = _form(lines, name)
    if heading is None:
        raise _Invalid(_foreign(form))
    if form == "pylock":
        pins = _pins_of_lock(text, heading)
    elif form == "requirements":
        pins = _pins_of_requirements(lines)
    else:
        raise _Invalid(f"it is a file for {form}; {_READ_BACK}")
    return _of_heading(heading, read_notes(lines[1:]), tuple(islice(pins, _PINS + 1)))


def _form(lines: Sequence[str], name: str) -> str:
    """Tell the format by the first line that is no comment, constraints by the file's name."""
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    if first.startswith("lock-version"):
        return "pylock"
    known = next((form for sign, form in _OTHER_FORMATS.items() if first.startswith(sign)), None)
    named = format_of_file(re.split(r"[\\/]", name)[-1])
    return known or ("constraints" if named == "constraints" else "requirements")


def _foreign(form: str) -> str:
    if form == "requirements":
        return (
            "tfmac plan did not make it (the first line says it otherwise); "
            "give it to --requirements of tfmac plan instead"
        )
    return f"tfmac plan did not make it (the first line says it otherwise); {_READ_BACK}"


def _of_document(data: bytes) -> Plan:
    try:
        document = from_json(data, PlanDocument, name="it")
    except InvalidDocument as error:
        raise _Invalid(f"{error}; {_READ_BACK}") from error
    return Plan(
        target=_target(document.target),
        python=document.python,
        stack=document.stack,
        gpu=document.gpu,
        requirements=document.requirements,
        pins=tuple(_pin(one.name, one.version, one.hashes) for one in document.pins[: _PINS + 1]),
        rationale=document.rationale,
        rejected=document.rejected,
        alternatives=document.alternatives,
        built=tuple(map(_normalised, document.built)),
        variables=document.variables,
    )


def _of_heading(heading: Heading, notes: Notes, pins: tuple[Pin, ...]) -> Plan:
    target = _target(heading.target)
    try:
        stack = StackKind(heading.stack)
    except ValueError as error:
        raise _Invalid(
            f"{heading.stack!r} is no stack that this tfmac knows; a newer one may have made it"
        ) from error
    usual = usual_gpu(stack, target, [pin.name for pin in pins])
    return Plan(
        target=target,
        python=heading.python,
        stack=stack,
        gpu=usual if notes.gpu is None else notes.gpu,
        requirements=(),
        pins=pins,
        rationale=(),
        built=tuple(map(_normalised, notes.built)),
        variables=notes.variables,
    )


def _target(text: str) -> Target:
    try:
        return Target.parse(text)
    except InvalidTarget as error:
        raise _Invalid(str(error)) from error


def _normalised(name: str) -> str:
    return str(canonicalize_name(name))


def _pin(name: str, version: str, hashes: Sequence[str]) -> Pin:
    """Make a pin; raise for what would be written or installed as something else."""
    if len(name) + len(version) > _CHARACTERS:
        raise _Invalid(f"the pin {name[:50]!r}... is too long")
    pin = Pin(name=_normalised(name), version=version, hashes=tuple(hashes))
    try:
        exact(pin)
    except ResolutionFailed as error:
        raise _Invalid(f"{error}, or its hashes are none") from error
    return pin


def _pins_of_requirements(lines: Sequence[str]) -> Iterator[Pin]:
    """Read ``NAME==VERSION`` with hashes behind it, also on continued lines."""
    for number, line in _joined(lines):
        first, *rest = line.split()
        pinned = _PIN.fullmatch(first)
        hashes = [_HASH.fullmatch(word) for word in rest]
        if pinned is None or not all(hashes):
            raise _Invalid(f"line {number} is no exact pin: {line[:100]!r}")
        try:
            yield _pin(pinned[1], pinned[2], [one[1] for one in hashes if one])
        except _Invalid as error:
            raise _Invalid(f"line {number}: {error}") from error


def _joined(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Give lines without comments and blank ones, continued ones under their first number."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate(lines, start=1):
        first = first if parts else number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        whole = " ".join([*parts, line]).strip()
        parts = []
        if whole and not whole.startswith("#"):
            yield first, whole
    if parts:
        raise _Invalid(f"line {first} is continued, and nothing follows")


def _pins_of_lock(text: str, heading: Heading) -> Iterator[Pin]:
    lock = _toml(text)
    if str(lock.get("lock-version")).partition(".")[0] != "1":
        raise _Invalid("its lock-version is not 1.0")
    if lock.get("requires-python") != f"=={heading.python}.*":
        raise _Invalid(f"its requires-python is not that of its first line, {heading.python}")
    if lock.get("environments") != [marker_of(_target(heading.target))]:
        raise _Invalid(f"its environments are not that of its first line, {heading.target}")
    packages = lock.get("packages", [])
    if not isinstance(packages, list):
        raise _Invalid("its packages are no list")
    for number, package in enumerate(packages, start=1):
        yield _locked(package, f"package {number}")


def _locked(package: Any, place: str) -> Pin:  # noqa: ANN401 - any TOML value
    """Read a package that comes from an index; a plan has no others."""
    if not isinstance(package, dict):
        raise _Invalid(f"{place} is no table")
    other = {"vcs", "directory", "archive", "marker"} & set(package)
    if other:
        raise _Invalid(f"{place} has the key {min(other)}, which tfmac plan does not write")
    name, version = package.get("name"), package.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise _Invalid(f"{place} has no name or no version")
    wheels = package.get("wheels", [])
    files = [*(wheels if isinstance(wheels, list) else [None]), package.get("sdist", {})]
    hashes = {digest for file in files for digest in _digests(file, place)}
    return _pin(name, version, sorted(hashes))


def _digests(file: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - any TOML value
    hashes = file.get("hashes", {}) if isinstance(file, dict) else None
    if not isinstance(hashes, dict):
        raise _Invalid(f"{place} has files or hashes in a form that lock files do not have")
    for algorithm, digest in hashes.items():
        yield f"{algorithm}:{digest}"


def _toml(text: str) -> "dict[str, Any]":
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only this format needs it
    else:
        import tomli as tomllib  # noqa: PLC0415 - the same
    if any(line.count(".") > _DOTS_OF_A_LINE for line in text.split("\n")):
        raise _Invalid(f"a line has more than {_DOTS_OF_A_LINE} dots: no lock file has such keys")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise _Invalid("it is nested too deeply") from error
    except ValueError as error:
        raise _Invalid(f"it is not TOML: {error}") from error


def _checked(plan: Plan) -> Plan:
    """Hold what every form has against what an environment can be made by."""
    if not _PYTHON.fullmatch(plan.python):
        raise _Invalid(f"{plan.python[:50]!r} is no Python such as 3.12")
    names = [pin.name for pin in plan.pins]
    if not names:
        raise _Invalid("it pins nothing")
    if len(names) > _PINS:
        raise _Invalid(f"it has more than {_PINS} pins")
    problem = _repeated(names) or _unpinned(plan.built, names) or _unreadable(plan.requirements)
    problem = problem or _foreign_variable(plan.variables)
    if problem is not None:
        raise _Invalid(problem)
    return plan


def _repeated(names: Sequence[str]) -> Optional[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return f"it pins {name} twice"
        seen.add(name)
    return None


def _unpinned(built: Sequence[str], names: Sequence[str]) -> Optional[str]:
    missing = sorted(set(built) - set(names))
    return f"{missing[0][:50]!r} is to be built and not pinned" if missing else None


def _unreadable(requirements: Sequence[str]) -> Optional[str]:
    bad = next((text for text in requirements if not _is_requirement(text)), None)
    return None if bad is None else f"{bad[:50]!r} is not a requirement"


def _is_requirement(text: str) -> bool:
    if len(text) > _CHARACTERS:
        return False
    try:
        Requirement(text)
    # A marker's strings are read as Python reads them, which has errors of its own.
    except (ValueError, SyntaxError, RecursionError):
        return False
    return True


def _foreign_variable(variables: Sequence[Variable]) -> Optional[str]:
    for one in variables:
        if one.name not in _VARIABLES or not _VALUE.fullmatch(one.value):
            return f"it sets {str(one)[:50]!r}, which no plan does"
    seen = _repeated([one.name for one in variables])
    return None if seen is None else "it sets a variable twice"
