"""Which of a cause's advice fits a machine; where that is unknown, on what it depends."""

from collections.abc import Iterator
from typing import Optional

import msgspec

from tfmac.explainer.circumstances import Known, holds
from tfmac.explainer.wording import worded
from tfmac.knowledge import releases
from tfmac.schema.findings import Constraint, ConstraintKind
from tfmac.schema.log_signatures import Advice, Circumstances, LogKnowledge

_PLATFORMS = {
    "macos-arm64": "an Apple-silicon Mac",
    "macos-x86_64": "an Intel Mac",
    "linux-x86_64": "Linux on x86-64",
    "linux-aarch64": "Linux on ARM",
    "windows": "Windows",
}


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Advice with a log's words put in. ``condition`` is what has to be true, None where it is."""

    text: str
    code: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    condition: Optional[str]
    given: tuple[Constraint, ...] = ()
    """What the condition says of packages and Python: commands for that case keep to it."""


def choose(log: LogKnowledge, known: Known, captures: dict[str, str]) -> Iterator[Chosen]:
    """Give the first advice that fits, and before it what would fit if more were known."""
    conditional = False
    for advice in log.advice:
        answer = True if advice.when is None else holds(advice.when, known)
        if answer is False:
            continue
        condition = None
        if answer is None and advice.when is not None:
            condition, conditional = worded_circumstances(advice.when), True
        elif conditional:
            condition = "otherwise"
        found = _chosen(advice, captures, condition)
        if answer is None and advice.when is not None:
            found = msgspec.structs.replace(found, given=tuple(_given(advice.when)))
        yield found
        if answer:
            return


def _chosen(advice: Advice, captures: dict[str, str], condition: Optional[str]) -> Chosen:
    return Chosen(
        text=worded(advice.text, captures),
        code=tuple(worded(line, captures) for line in advice.code),
        constraints=tuple(_constraints(advice, captures)),
        condition=condition,
    )


def _given(circumstances: Circumstances) -> Iterator[Constraint]:
    reason = "the case that this is for"
    for name, specifier in circumstances.packages.items():
        if specifier and releases.package(name) is not None:
            yield Constraint(
                kind=ConstraintKind.REQUIREMENT, value=f"{name}{specifier}", reason=reason
            )
    if circumstances.python is not None:
        yield Constraint(kind=ConstraintKind.PYTHON, value=circumstances.python, reason=reason)


def _constraints(advice: Advice, captures: dict[str, str]) -> Iterator[Constraint]:
    """Put captures into constraints; a log cannot name a distribution that is not recorded."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

    for one in advice.constraints:
        value = worded(one.value, captures)
        if value != one.value and one.kind is ConstraintKind.REQUIREMENT:
            try:
                name = Requirement(value).name
            except InvalidRequirement:
                continue
            if releases.package(name) is None:
                continue
        elif value != one.value:
            continue
        yield msgspec.structs.replace(one, value=value, reason=worded(one.reason, captures))


def worded_circumstances(when: Circumstances) -> str:
    """Write circumstances as a condition: ``with tensorflow >=2.16 and Python <3.13``."""
    parts = [f"{name} {specifier}".strip() for name, specifier in when.packages.items()]
    if when.keras is not None:
        parts.append(f"Keras {when.keras}")
    if when.python is not None:
        parts.append(f"Python {when.python}")
    if when.interpreter:
        parts.append(f"a Python built for {' or '.join(when.interpreter)}")
    if when.macos is not None:
        parts.append(f"macOS {when.macos}")
    text = f"with {' and '.join(parts)}" if parts else ""
    if when.absent:
        text = f"{text} without {' and '.join(when.absent)}".strip()
    if when.platforms:
        places = " or ".join(_PLATFORMS.get(one, one) for one in when.platforms)
        text = f"{text} on {places}".strip()
    return text
