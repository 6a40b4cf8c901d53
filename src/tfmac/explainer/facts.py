"""What facts of a machine say to a log: whether it is theirs, and what they confirm or exclude."""

from collections.abc import Iterable, Mapping
from typing import Optional, TypeVar

from tfmac.explainer.circumstances import Known, holds
from tfmac.schema.fact import Fact, Found
from tfmac.schema.facts import Facts
from tfmac.schema.log_signatures import Circumstances, LogRecord
from tfmac.schema.platform import Architecture, OperatingSystem, Target

T = TypeVar("T")

_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-macos")
_FIRST_WITH_KERAS_3 = (2, 16)
_UNKNOWN_FOLDERS = ("/usr/lib/", "/usr/local/lib/")


def known_of_facts(facts: Facts) -> Known:
    """Put facts into the form that circumstances are asked of."""
    system = facts.target.system if facts.target else _value(facts.host.system)
    chip = facts.target.architecture if facts.target else _value(facts.host.architecture)
    version = facts.target.version if facts.target else _value(facts.host.version)
    distributions = _value(facts.distributions)
    interpreter = _value(facts.interpreter)
    slices = _value(interpreter.architectures) if interpreter else None
    packages = {one.name: one.version for one in distributions or ()}
    return Known(
        python=_value(interpreter.version) if interpreter else None,
        macos=version if system is OperatingSystem.MACOS else None,
        system=system.value if system else None,
        platform=_platform(system, chip),
        interpreter=slices[0].value if slices and len(slices) == 1 else None,
        packages=packages,
        complete=distributions is not None,
        keras=_generation(packages),
    )


def _generation(packages: Mapping[str, str]) -> Optional[int]:
    """Tell which Keras a program gets, None where what is installed does not settle it."""
    found = [packages[name] for name in _TENSORFLOWS if name in packages]
    of_keras_2 = [() < _minor(version) < _FIRST_WITH_KERAS_3 for version in found]
    own = packages.get("keras")
    if own is None:
        return 2 if of_keras_2 and all(of_keras_2) else None
    if () < _minor(own) < (3,):
        return 2 if all(of_keras_2) else None
    # tf-keras takes the place of tf.keras where a variable says so.
    settled = _minor(own) and not any(of_keras_2) and "tf-keras" not in packages
    return 3 if settled else None


def _minor(version: str) -> tuple[int, ...]:
    """Give major and minor number; nothing for what is no version."""
    parts = version.split(".")[:2]
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _value(fact: Fact[T]) -> Optional[T]:
    return fact.value if isinstance(fact, Found) else None


def _platform(system: Optional[OperatingSystem], chip: Optional[Architecture]) -> Optional[str]:
    if system is None or chip is None:
        return None
    if system is OperatingSystem.WINDOWS:
        return "windows"
    linux_on_arm = system is OperatingSystem.LINUX and chip is Architecture.ARM64
    machine: str = "aarch64" if linux_on_arm else chip.value
    return f"{system.value}-{machine}"


def written_by(facts: Facts, shown: Known, *, home: str = "") -> bool:
    """Whether a log's own paths prove that the environment of some facts wrote it.

    A folder that every machine may have, such as a container's, proves nothing.
    """
    own = {_folder(one, home) for one in facts.environment.site_packages}
    own = {one for one in own if not one.startswith(_UNKNOWN_FOLDERS)}
    named = {_folder(one, home) for one in shown.paths}
    return bool(own & named) and _same_versions(facts, shown)


def _folder(path: str, home: str) -> str:
    path = path.rstrip("/")
    return f"{home}{path[1:]}" if home and path.startswith("~/") else path


def _same_versions(facts: Facts, shown: Known) -> bool:
    """Whether nothing in a log contradicts the facts: the environment may have changed since."""
    known = known_of_facts(facts)
    if shown.python and known.python and not f"{known.python}.".startswith(f"{shown.python}."):
        return False
    if shown.system is not None and known.system is not None and shown.system != known.system:
        return False
    return all(
        known.packages.get(name, version) == version for name, version in shown.packages.items()
    )


def excluded(record: LogRecord, known: Known) -> bool:
    """Whether what is known of the machine that wrote a log rules a cause out."""
    return record.log is not None and _any(record.log.facts.rule_out, known)


def confirmed(record: LogRecord, known: Known) -> bool:
    """Whether what is known of the machine that wrote a log speaks for a cause."""
    return record.log is not None and _any(record.log.facts.confirm, known)


def _any(signs: Iterable[Circumstances], known: Known) -> bool:
    return any(holds(one, known) is True for one in signs)


def together(shown: Known, behind: Known) -> Known:
    """Join what a log shows with what facts say of the same machine: the log goes first."""
    return Known(
        python=shown.python if shown.python and behind.python is None else behind.python,
        macos=shown.macos or behind.macos,
        system=shown.system or behind.system,
        platform=shown.platform or behind.platform,
        interpreter=shown.interpreter or behind.interpreter,
        packages={**behind.packages, **shown.packages},
        complete=behind.complete,
        keras=shown.keras or behind.keras,
        paths=shown.paths,
    )


_CHIPS = {"aarch64": Architecture.ARM64}


def target_of(known: Known) -> Optional[Target]:
    """Name the machine that is known of, None where its system or chip is not."""
    if known.platform is None or known.system is None:
        return None
    chip = known.platform.partition("-")[2]
    return Target(
        system=OperatingSystem(known.system),
        architecture=_CHIPS.get(chip) or Architecture.of(chip or "x86_64"),
        version=known.macos,
    )
