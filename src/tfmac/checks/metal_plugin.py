"""Checks of Apple's Metal plug-in: whether it is there, and whether it loads."""

from collections.abc import Iterator
from typing import Optional

from tfmac.checks.case import METAL, Case, NotApplicable, UnknownFact, minor, require
from tfmac.knowledge import extension_abi, releases
from tfmac.schema.abi import AbiPair, AbiVerdict
from tfmac.schema.binary import Binding
from tfmac.schema.fact import Found
from tfmac.schema.facts import Distribution, Plugin
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)
from tfmac.schema.knowledge import Step

_NAMES_SHOWN = 5


def metal_plugin_loads(case: Case) -> Iterator[Finding]:
    """Whether the installed plug-in can be loaded into the installed TensorFlow, and safely.

    Looks at: the plug-in's imports, bound by the loader's rules to the installed libraries; where
    these cannot be read, the recorded verdict over the two releases; what is recorded against a
    pair that loads.
    Why it matters: TensorFlow opens every plug-in on import, so one that does not load takes the
    whole import down. No package metadata says which pairs fit.
    Repair: a pair that loads and that nothing stands against.
    Sources: Mach-O load commands and export tries; the recorded plug-in table; public threads.
    """
    _only_macs(case)
    tensorflow = case.tensorflow
    plugins = [one for one in require(case.facts.plugins) if one.distribution is not None]
    metal = case.distributions.get(METAL)
    if not plugins and metal is None:
        raise NotApplicable("no Metal plug-in is installed")
    for plugin in plugins:
        if isinstance(plugin.binding, Found):
            if not plugin.binding.value.loads:
                yield _refused(case, plugin, plugin.binding.value)
            elif metal is not None and plugin.distribution == METAL:
                yield from _unsafe(metal, tensorflow)
        elif metal is not None and plugin.distribution == METAL:
            yield from _recorded(metal, tensorflow, plugin.binding.reason)
        else:
            raise UnknownFact(plugin.binding.reason)


def _only_macs(case: Case) -> None:
    if not case.target.apple_silicon:
        raise NotApplicable("the machine is not an Apple-silicon Mac")
    if not case.runs_natively:
        raise NotApplicable("the environment's code is not arm64")


def _refused(case: Case, plugin: Plugin, binding: Binding) -> Finding:
    """The loader refuses the installed plug-in, by what was read here."""
    tensorflow = case.tensorflow
    owner = case.distributions.get(plugin.distribution or "")
    version = owner.version if owner is not None and owner.name == METAL else None
    subject = f"{owner.name} {owner.version}" if owner else plugin.path
    return Finding(
        cause=_cause(version, tensorflow),
        severity=Severity.ERROR,
        confidence=_confidence(version, tensorflow),
        subject=subject,
        message=f"{subject} cannot be loaded into {tensorflow.name} {tensorflow.version}, "
        "so import tensorflow fails",
        evidence=tuple(_binding_evidence(plugin, binding)),
        constraints=tuple(_repairs(version, tensorflow)),
        references=_references(version, tensorflow),
        breaks=Step.IMPORT,
    )


def _binding_evidence(plugin: Plugin, binding: Binding) -> Iterator[Evidence]:
    """What the user will see first, then the names behind it."""
    source = "load commands and bind tables, looked up in the installed TensorFlow"
    for library in binding.missing_libraries:
        yield Evidence(
            statement=f"no loaded image has the install name {library}",
            source=source,
            location=plugin.path,
        )
    if plugin.message:
        yield Evidence(statement=plugin.message, source="the loader's message, predicted")
    for symbol in binding.missing_symbols[:_NAMES_SHOWN]:
        where = f"expected in {symbol.library}" if symbol.library else "flat namespace"
        yield Evidence(
            statement=f"unresolved: {symbol.name} ({where})", source=source, location=plugin.path
        )
    yield Evidence(
        statement=f"{len(binding.missing_symbols)} of {binding.examined} imported names are "
        "unresolved",
        source=source,
        location=plugin.path,
    )


def _cause(plugin: Optional[str], tensorflow: Distribution) -> str:
    """Say in which direction the pair is apart, from the releases that the plug-in loads into.

    A TensorFlow beyond all that any plug-in loads into has left them all behind. Where the table
    says that this pair loads and the installed files say otherwise, TensorFlow is another build.
    """
    fitting = _tensorflows(plugin) if plugin else ()
    if not fitting or tensorflow.version in fitting:
        return "metal-with-other-tensorflow-build"
    version = minor(tensorflow.version)
    if version > minor(_newest_tensorflow()):
        return "tensorflow-too-new-for-metal"
    if version < minor(fitting[-1]):
        return "metal-plugin-newer-than-tensorflow"
    return "metal-plugin-older-than-tensorflow"


def _confidence(plugin: Optional[str], tensorflow: Distribution) -> Confidence:
    """How sure the cause is; that the library does not load is certain in any case.

    A plug-in of which the table knows no pair that loads leaves open why it does not load here,
    and so does a pair that the table says loads.
    """
    fitting = _tensorflows(plugin) if plugin else ()
    if not fitting:
        return Confidence.POSSIBLE
    return Confidence.LIKELY if tensorflow.version in fitting else Confidence.CERTAIN


def _plugins(tensorflow: Distribution) -> tuple[str, ...]:
    """The plug-in releases that load into a TensorFlow, those without doubts and newest first."""
    pairs = extension_abi.pairs_that_load(
        METAL, framework=tensorflow.name, framework_version=tensorflow.version
    )
    return tuple(dict.fromkeys(pair.extension.partition("==")[2] for pair in pairs))


def _tensorflows(plugin: Optional[str]) -> tuple[str, ...]:
    """The TensorFlow versions that a plug-in (None: any) loads into, newest first."""
    pairs = extension_abi.pairs_that_load(METAL, extension_version=plugin)
    return tuple(pair.framework.partition("==")[2] for pair in pairs)


def _newest_tensorflow() -> str:
    return _tensorflows(None)[0]


def _repairs(plugin: Optional[str], tensorflow: Distribution) -> Iterator[Constraint]:
    """A plug-in for this TensorFlow where there is one, else a TensorFlow for the plug-in."""
    loading = _plugins(tensorflow)
    if loading:
        yield Constraint(
            kind=ConstraintKind.REQUIREMENT,
            value=f"{METAL}=={loading[0]}",
            reason=f"the best plug-in that loads into {tensorflow.name} {tensorflow.version}",
        )
    elif plugin and _tensorflows(plugin):
        yield Constraint(
            kind=ConstraintKind.REQUIREMENT,
            value=f"tensorflow<={_tensorflows(plugin)[0]}",
            reason=f"the newest TensorFlow that {METAL} {plugin} loads into",
        )


def _references(plugin: Optional[str], tensorflow: Distribution) -> tuple[str, ...]:
    if plugin is None:
        return ()
    pair = extension_abi.verdict(METAL, plugin, tensorflow.name, tensorflow.version)
    return _threads(pair)


def _threads(pair: AbiPair) -> tuple[str, ...]:
    return tuple(one.name for one in pair.sources if one.name.startswith("https://"))


def _recorded(metal: Distribution, tensorflow: Distribution, reason: str) -> Iterator[Finding]:
    """Judge by the recorded table where the installed files could not be read."""
    pair = extension_abi.verdict(METAL, metal.version, tensorflow.name, tensorflow.version)
    if pair.verdict is AbiVerdict.UNKNOWN:
        raise UnknownFact(f"{reason}; and {'; '.join(pair.reasons)}")
    if pair.verdict is not AbiVerdict.CANNOT_LOAD:
        yield from _unsafe(metal, tensorflow)
        return
    yield Finding(
        cause=_cause(metal.version, tensorflow),
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        subject=f"{metal.name} {metal.version}",
        message=f"{metal.name} {metal.version} cannot be loaded into "
        f"{tensorflow.name} {tensorflow.version}, so import tensorflow fails",
        evidence=(
            *_recorded_evidence(pair),
            Evidence(statement=f"judged by the release table: {reason}", source="installed files"),
        ),
        constraints=tuple(_repairs(metal.version, tensorflow)),
        breaks=Step.IMPORT,
    )


def _unsafe(metal: Distribution, tensorflow: Distribution) -> Iterator[Finding]:
    """Tell what is recorded against a pair that loads."""
    pair = extension_abi.verdict(METAL, metal.version, tensorflow.name, tensorflow.version)
    if pair.verdict is not AbiVerdict.LOADS_BUT_UNSAFE:
        return
    subject = f"{metal.name} {metal.version}"
    source = ", ".join(one.name for one in pair.sources)
    yield Finding(
        cause="metal-plugin-loads-but-unsafe",
        severity=Severity.WARNING,
        confidence=Confidence.POSSIBLE,
        subject=subject,
        message=f"{subject} loads into {tensorflow.name} {tensorflow.version}, and may go wrong "
        "there",
        evidence=tuple(Evidence(statement=reason, source=source) for reason in pair.unsafe),
        constraints=tuple(_safer(pair)),
        references=_threads(pair),
    )


def _safer(pair: AbiPair) -> Iterator[Constraint]:
    """A plug-in without doubts for this TensorFlow where there is one, else a TensorFlow."""
    name, _, version = pair.framework.partition("==")
    beside = extension_abi.pairs_that_load(METAL, framework=name, framework_version=version)
    own = extension_abi.pairs_that_load(
        METAL, extension_version=pair.extension.partition("==")[2], framework=name
    )
    safe = AbiVerdict.LOADS
    best = next((one.extension for one in beside if one.verdict is safe), None)
    other = next((one.framework for one in own if one.verdict is safe), None)
    if best is not None or other is not None:
        yield Constraint(
            kind=ConstraintKind.REQUIREMENT,
            value=best or other or "",
            reason="the newest that loads beside the other and that nothing is recorded against",
        )


def _recorded_evidence(pair: AbiPair) -> Iterator[Evidence]:
    source = ", ".join(one.name for one in pair.sources)
    for library in pair.unresolved_libraries:
        yield Evidence(statement=f"no loaded image has the install name {library}", source=source)
    if pair.message:
        yield Evidence(statement=pair.message, source="the loader's message, predicted")
    for name in pair.missing_symbols[:_NAMES_SHOWN]:
        yield Evidence(statement=f"unresolved: {name}", source=source)


def metal_plugin_left_over(case: Case) -> Iterator[Finding]:
    """Whether every library in ``tensorflow-plugins/`` belongs to something installed.

    Looks at: the files in ``tensorflow-plugins/`` and the RECORDs that list them.
    Why it matters: TensorFlow opens every file there on import, owned or not.
    Repair: the left-over removed, or the matching pair installed.
    Sources: ``tensorflow/python/framework/load_library.py``.
    """
    for plugin in require(case.facts.plugins):
        if plugin.distribution is not None and case.carriers:
            continue
        breaks = isinstance(plugin.binding, Found) and not plugin.binding.value.loads
        reason = (
            "no TensorFlow is installed beside it"
            if plugin.distribution is not None
            else "no installed distribution lists it"
        )
        yield Finding(
            cause="metal-plugin-left-over",
            severity=Severity.ERROR if breaks and case.carriers else Severity.WARNING,
            confidence=Confidence.CERTAIN,
            subject=plugin.path,
            message=f"A plug-in is left over: {reason}",
            evidence=(Evidence(statement=reason, source="RECORD", location=plugin.path),),
            constraints=(
                Constraint(
                    kind=ConstraintKind.REMOVE,
                    value=plugin.distribution or plugin.path,
                    reason="TensorFlow opens every file in this folder on import",
                ),
            ),
            breaks=Step.IMPORT if breaks and case.carriers else None,
        )


def metal_plugin_present(case: Case) -> Iterator[Finding]:
    """Whether an Apple-silicon Mac's TensorFlow has a plug-in that shows it the GPU.

    Looks at: the installed distributions, the wish for the GPU, and the plug-in's wheel tags.
    Why it matters: without the plug-in TensorFlow for macOS sees only the CPU.
    Repair: a TensorFlow and plug-in that load together, on a Python that both have wheels for; or
    a deliberate stay on the CPU.
    Sources: the wheels of tensorflow-metal on the package index; the recorded plug-in table.
    """
    _only_macs(case)
    if not case.carriers:
        raise NotApplicable("TensorFlow is not installed")
    if case.gpu is False:
        raise NotApplicable("no GPU is wished")
    if METAL in case.distributions or "tensorflow-metal-plugin" in case.distributions:
        return
    python = case.python_minor
    pythons = _plugin_pythons(case)
    if case.gpu and python not in pythons:
        yield _no_wheel(python, pythons)
        return
    yield _not_installed(case)


def _plugin_pythons(case: Case) -> tuple[str, ...]:
    """The Pythons with a wheel of any plug-in release on this machine."""
    found: set[str] = set()
    for version in releases.versions(METAL):
        release = releases.release(METAL, version)
        if release is not None:
            found.update(releases.supported_pythons(release, case.target))
    return tuple(sorted(found, key=minor))


def _no_wheel(python: str, pythons: tuple[str, ...]) -> Finding:
    return Finding(
        cause="tensorflow-metal-no-wheel",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject=f"Python {python}",
        message=f"{METAL} has no wheel for Python {python}, and no source to build from",
        evidence=(
            Evidence(
                statement=f"it has wheels for Python {', '.join(pythons)}",
                source=f"wheel tags of all recorded releases of {METAL}",
            ),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.PYTHON,
                value=f"<={pythons[-1]}" if pythons else "none",
                reason=f"the newest Python with a wheel of {METAL}",
            ),
        ),
        references=("https://github.com/svpino/apple-silicon/issues/1",),
    )


def _not_installed(case: Case) -> Finding:
    tensorflow = case.carriers[0]
    loading = _plugins(tensorflow)
    if loading:
        value, reason = f"{METAL}=={loading[0]}", "it loads into this TensorFlow"
        hint = f"{value} loads into it"
    else:
        newest = _newest_tensorflow()
        value, reason = f"tensorflow<={newest}", f"the newest one that a {METAL} loads into"
        hint = f"no {METAL} loads into {tensorflow.version}; the newest that has one is {newest}"
    wished = bool(case.gpu)
    return Finding(
        cause="metal-plugin-not-installed",
        severity=Severity.ERROR if wished else Severity.NOTE,
        confidence=Confidence.CERTAIN,
        subject=f"{tensorflow.name} {tensorflow.version}",
        message=f"TensorFlow sees only the CPU: {METAL} is not installed",
        evidence=(
            Evidence(statement="no plug-in is installed", source="dist-info folders"),
            Evidence(statement=hint, source="the recorded plug-in table"),
        ),
        constraints=(Constraint(kind=ConstraintKind.REQUIREMENT, value=value, reason=reason),)
        if wished
        else (),
    )
