"""The findings drawn together: which environment, and how far TensorFlow gets in it."""

from typing import Optional

from tfmac._version import __version__
from tfmac.checks.case import METAL, Case, UnknownFact
from tfmac.checks.core import core_of
from tfmac.knowledge.tensorflow import TENSORFLOW_NAMES
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.facts import Facts
from tfmac.schema.findings import CheckOutcome, Finding
from tfmac.schema.knowledge import Step
from tfmac.schema.proof import Core, KerasProof, ProbeReport, Stage
from tfmac.schema.reports import (
    Diagnosis,
    EnvironmentSummary,
    KerasSummary,
    TensorFlowState,
    TensorFlowSummary,
    VersionLine,
    Versions,
)

# Shown whether installed or not, and shown only where installed.
_ALWAYS = ("tensorflow", "keras", "numpy")
_WHERE_INSTALLED = (
    *TENSORFLOW_NAMES[1:],
    METAL,
    "tensorflow-metal-plugin",
    "tf-keras",
    "protobuf",
    "ml-dtypes",
    "h5py",
    "grpcio",
    "wrapt",
    "typing-extensions",
    "tensorboard",
    "tensorflow-text",
    "tensorflow-hub",
    "tensorflow-probability",
    "jax",
    "jaxlib",
    "jax-metal",
    "torch",
    "scipy",
    "pandas",
    "pip",
    "setuptools",
)
# What gives JAX a GPU.
_JAX_PLUGINS = ("jax-metal", "jax-cuda12-plugin", "jax-cuda13-plugin")


def summarise(
    facts: Facts, findings: tuple[Finding, ...], outcomes: tuple[CheckOutcome, ...]
) -> Diagnosis:
    """Put findings and facts together into the diagnosis that is reported."""
    case = Case(facts)
    metal = case.distributions.get(METAL)
    return Diagnosis(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        environment=environment_summary(facts),
        tensorflow=TensorFlowSummary(
            state=state(case, findings),
            distributions=tuple(
                f"{one.name} {one.version}" for one in case.tensorflow_distributions
            ),
            plugin=f"{metal.name} {metal.version}" if metal else None,
        ),
        findings=findings,
        outcomes=outcomes,
        probe=facts.probe,
        keras=_keras(case, findings),
    )


def state(case: Case, findings: tuple[Finding, ...]) -> TensorFlowState:
    """Say how far TensorFlow gets: by the probe where it ran, else by what reading can tell."""
    if not case.tensorflow_distributions:
        return TensorFlowState.ABSENT
    if case.facts.probe is not None:
        return state_of_probe(case.facts.probe)
    plugged = METAL in case.distributions or "tensorflow-metal-plugin" in case.distributions
    return _state_by_reading(findings, gpu=plugged or _has_nvidia_driver(case))


def _state_by_reading(findings: tuple[Finding, ...], *, gpu: bool) -> TensorFlowState:
    """Say what reading tells; ``gpu`` is whether there is anything to reach one through."""
    if any(one.breaks is Step.IMPORT for one in findings):
        return TensorFlowState.CANNOT_LOAD
    return TensorFlowState.GPU_UNPROVED if gpu else TensorFlowState.NO_GPU


def _has_nvidia_driver(case: Case) -> bool:
    driver = case.facts.host.nvidia_driver
    return isinstance(driver, Found) and driver.value


def _keras(case: Case, findings: tuple[Finding, ...]) -> Optional[KerasSummary]:
    """Sum up Keras 3 on PyTorch or JAX; None where TensorFlow computes, or nothing does."""
    core = core_of(case.facts)
    if core is None or core is Core.TENSORFLOW:
        return None
    if case.facts.probe is not None:
        reached = state_of_probe(case.facts.probe)
    else:
        reached = _state_by_reading(findings, gpu=_may_reach_gpu(case, core))
    names = ("keras", core.value)
    return KerasSummary(
        core=core,
        state=reached,
        distributions=tuple(f"{name} {case.distributions[name].version}" for name in names),
    )


def _may_reach_gpu(case: Case, core: Core) -> bool:
    """Whether PyTorch or JAX has anything through which it could reach a GPU.

    PyTorch's wheels for Apple silicon bring MPS, those for Linux CUDA; JAX wants a plug-in.
    """
    if core is Core.JAX and not any(name in case.distributions for name in _JAX_PLUGINS):
        return False
    return _is_apple_silicon(case) or _has_nvidia_driver(case)


def _is_apple_silicon(case: Case) -> bool:
    try:
        return case.target.apple_silicon
    except UnknownFact:
        return False


def state_of_probe(probe: ProbeReport) -> TensorFlowState:
    """Say how far the core got when it was really used.

    The GPU counts as proved only when the product ran there, was right, and all that tells of a
    device names it; one that is listed and refuses, or whose trace is silent, is unproved.
    """
    if probe.death is not None and probe.death.stage in {Stage.START, Stage.IMPORT}:
        return TensorFlowState.CANNOT_LOAD
    if not any(device.kind == "GPU" for device in probe.devices):
        return TensorFlowState.NO_GPU
    proved = any(one.is_on("GPU") and one.proved for one in probe.placements)
    return TensorFlowState.PROVED if proved else TensorFlowState.GPU_UNPROVED


def proves(probe: ProbeReport, *, gpu: bool) -> bool:
    """Whether a probe saw everything work that a plan promises, whatever computes.

    It reached its end, the product ran on the planned kind of device and was right, and the model
    predicts the same after loading. Keras chooses its own device on PyTorch and JAX: there the
    model has to have run on the GPU as well, where that is planned.
    """
    kind = "GPU" if gpu else "CPU"
    places = [one.requested for one in probe.placements if one.is_on(kind) and one.proved]
    return (
        probe.death is None
        and probe.keras is not None
        and probe.keras.proved
        and bool(places)
        and (not gpu or probe.core is Core.TENSORFLOW or _ran_on(places, probe.keras))
    )


def _ran_on(places: list[str], keras: KerasProof) -> bool:
    """Whether outputs and weights of all layers were seen on one of these devices."""
    return bool(keras.layer_devices) and all(
        device in places for device in keras.layer_devices.values()
    )


def environment_summary(facts: Facts) -> EnvironmentSummary:
    """Sum up which environment was looked at, and why this one."""
    interpreter = facts.interpreter
    python: Optional[str] = None
    if isinstance(interpreter, Found) and isinstance(interpreter.value.version, Found):
        python = interpreter.value.version.value
    return EnvironmentSummary(
        root=facts.environment.root,
        kind=facts.environment.kind.value,
        python=python,
        machine=machine_name(facts),
        chosen_because=facts.environment.chosen_because,
    )


def machine_name(facts: Facts) -> str:
    """Name the machine in the words of ``--for``, with the chip where it is known."""
    try:
        target = str(Case(facts).target)
    except UnknownFact as unknown:
        return f"unknown ({unknown})"
    chip = facts.host.chip
    return target if isinstance(chip, Unknown) else f"{target} ({chip.value})"


def versions_that_matter(facts: Facts, diagnosis: Diagnosis) -> Versions:
    """Draw up the versions for a bug report, with the causes found against each."""
    case = Case(facts)
    names = [*_ALWAYS, *(name for name in _WHERE_INSTALLED if name in case.distributions)]
    lines = [VersionLine(name="Python", version=diagnosis.environment.python)]
    lines += [_version_line(case, name, diagnosis) for name in names]
    return Versions(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        machine=diagnosis.environment.machine,
        environment=f"{facts.environment.root} ({facts.environment.kind.value})",
        versions=tuple(lines),
    )


def _version_line(case: Case, name: str, diagnosis: Diagnosis) -> VersionLine:
    distribution = case.distributions.get(name)
    against = [one for one in diagnosis.findings if name in one.subject.split(" ")[0].split(",")]
    return VersionLine(
        name=name,
        version=distribution.version if distribution else None,
        conflicts=tuple(f"{one.severity.value}: {one.cause}" for one in against),
    )
