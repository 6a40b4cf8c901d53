"""Checks of processor architectures: Rosetta, and libraries of the wrong kind."""

from collections.abc import Iterator

from tfmac.checks.case import Case, NotApplicable, require
from tfmac.schema.fact import Found
from tfmac.schema.facts import NativeLibraries
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)
from tfmac.schema.knowledge import Step
from tfmac.schema.platform import Architecture

_NATIVE = Constraint(
    kind=ConstraintKind.ARCHITECTURE,
    value="arm64",
    reason="an M-series chip runs x86_64 code only under Rosetta 2",
)


def native_architecture(case: Case) -> Iterator[Finding]:
    """Whether an M-series Mac runs the environment as its own kind of code.

    Looks at: the chip, the slices of the interpreter's file; for a tree without an interpreter the
    headers of its native libraries; whether this process is translated.
    Why it matters: an x86_64 Python gets Intel wheels, which end at TensorFlow 2.16.2, cannot use
    the GPU, and need AVX, which Rosetta 2 lacks before macOS 15.
    Repair: a native arm64 interpreter and an environment made anew with it.
    Sources: sysctl ``hw.optional.arm64`` and ``sysctl.proc_translated``; Mach-O headers.
    """
    if not case.target.apple_silicon:
        raise NotApplicable("the machine is not an Apple-silicon Mac")
    held = case.native_architectures
    translated = case.facts.host.translated
    runs_translated = isinstance(translated, Found) and translated.value
    if Architecture.ARM64 in held and not (runs_translated and Architecture.X86_64 in held):
        return
    certain = Architecture.ARM64 not in held
    works = _rosetta_has_avx(case)
    yield Finding(
        cause="x86-python-on-apple-silicon",
        severity=Severity.WARNING if works and not case.gpu else Severity.ERROR,
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        subject=case.facts.environment.root,
        message="The environment's code is x86_64 on an Apple-silicon Mac"
        if certain
        else "The shell runs under Rosetta 2, so this universal Python runs as x86_64",
        evidence=tuple(_architecture_evidence(case)),
        constraints=(_NATIVE,),
        references=("https://github.com/apple/tensorflow_macos/issues/81",),
        breaks=None if works else Step.IMPORT,
    )


def _rosetta_has_avx(case: Case) -> bool:
    """Whether Rosetta 2 runs AVX code, which TensorFlow's Intel wheels need: from macOS 15 on."""
    version = case.macos_version
    return version is not None and int(version.partition(".")[0]) >= 15


def _architecture_evidence(case: Case) -> Iterator[Evidence]:
    host = case.facts.host
    if isinstance(host.architecture, Found):
        yield Evidence(
            statement=f"the chip is {host.architecture.value.value}",
            source=host.architecture.source,
        )
    interpreter = case.facts.interpreter
    if isinstance(interpreter, Found) and isinstance(interpreter.value.architectures, Found):
        fact = interpreter.value.architectures
        names = ", ".join(one.value for one in fact.value)
        yield Evidence(
            statement=f"the interpreter holds {names}",
            source=fact.source,
            location=interpreter.value.path,
        )
    if isinstance(host.translated, Found) and host.translated.value:
        yield Evidence(statement="this process is translated", source=host.translated.source)
    if isinstance(case.facts.native_libraries, Found):
        foreign = [one for one in case.facts.native_libraries.value if _lacks(one, case)]
        if foreign:
            yield _library_evidence(foreign[0])


def _lacks(libraries: NativeLibraries, case: Case) -> bool:
    return case.target.architecture not in libraries.architectures


def _library_evidence(libraries: NativeLibraries) -> Evidence:
    held = ", ".join(one.value for one in libraries.architectures)
    return Evidence(
        statement=f"{libraries.count} libraries of {libraries.distribution} hold {held}",
        source="Mach-O or ELF header",
        location=libraries.example,
    )


def mixed_architectures(case: Case) -> Iterator[Finding]:
    """Whether every native library can be loaded by the environment's interpreter.

    Looks at: the first bytes of every native library that a RECORD lists.
    Why it matters: the loader refuses a library without the process's architecture.
    Repair: the odd distributions installed again by the environment's own interpreter.
    Sources: Mach-O ``cputype`` and ELF ``e_machine``.
    """
    groups = require(case.facts.native_libraries)
    held = case.native_architectures or frozenset({case.target.architecture})
    foreign = [one for one in groups if held.isdisjoint(one.architectures)]
    if not foreign:
        return
    names = sorted({one.distribution for one in foreign})
    breaks = not case.tensorflow_closure.isdisjoint(names)
    own = ", ".join(sorted(one.value for one in held))
    yield Finding(
        cause="mixed-architectures",
        severity=Severity.ERROR if breaks else Severity.WARNING,
        confidence=Confidence.CERTAIN,
        subject=", ".join(names),
        message=f"Native libraries that a process of {own} cannot load: {', '.join(names)}",
        evidence=tuple(_library_evidence(one) for one in foreign),
        constraints=tuple(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"{name}=={case.distributions[name].version}",
                reason=f"installed again for {own}",
            )
            for name in names
            if name in case.distributions
        ),
        breaks=Step.IMPORT if breaks else None,
    )
