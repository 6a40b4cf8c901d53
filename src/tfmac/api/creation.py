"""Making a planned environment, and proving it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Optional

from tfmac.schema.actions import Manager
from tfmac.schema.codec import SCHEMA_VERSION

if TYPE_CHECKING:
    from typing import TextIO

    from tfmac.environments.tools.protocol import EnvironmentTool
    from tfmac.schema.plans import Plan
    from tfmac.schema.reports import SetupReport

# Their distutils expands variables in the folders that packages are installed into.
_EXPANDING_PYTHONS = ("3.8", "3.9")


def refuse_directory(directory: str, *, replace: bool) -> None:
    """Raise ``EnvironmentChangeFailed`` where ``create`` would refuse a directory.

    What a killed run has left there is taken back first.
    """
    from tfmac.environments.transaction import DirectoryTransaction

    transaction = DirectoryTransaction(directory)
    transaction.recover()
    transaction.refuse(replace=replace)


def synchronised_by(directory: str) -> Optional[str]:
    """Name the service that synchronises a folder, None where none is known to."""
    from tfmac.environments.synchronised import synchronised_folder

    return synchronised_folder(directory)


def create(
    plan: Plan,
    directory: str,
    *,
    manager: Optional[Manager] = None,
    replace: bool = False,
    download_python: bool = False,
    offline: bool = False,
    progress: Optional[TextIO] = None,
) -> None:
    """Make the environment of a plan, wholly or not at all, and look whether it has the plan's.

    Without a ``manager`` it is uv, and venv with pip where no uv runs. Where the plan names no
    interpreter, ``download_python`` lets uv fetch one; conda brings its own. With ``replace`` an
    environment that is there already is kept until the new one is finished. ``offline`` lets the
    manager use nothing but its cache and local files. ``progress`` is where its own messages go.
    Raises ``EnvironmentChangeFailed``.
    """
    from tfmac.environments.create import create_environment
    from tfmac.planner.building import building
    from tfmac.planner.space import needed_bytes

    manager = manager or default_manager(offline=offline)
    tool = environment_tool(manager, offline=offline, progress=progress)
    _refuse_expansion(directory, plan)
    create_environment(
        directory,
        tuple(
            building(
                directory,
                plan,
                download=download_python,
                own_python=manager is Manager.CONDA,
            )
        ),
        tool=tool,
        replace=replace,
        verify=lambda folder: _refuse_other_pins(folder, plan),
        needed_bytes=needed_bytes(plan),
    )


def default_manager(*, offline: bool = False) -> Manager:
    """Tell what makes an environment where nobody has said it: uv, else venv and pip."""
    from tfmac.environments.uv import find_uv

    return Manager.VENV if find_uv(offline=offline) is None else Manager.UV


def environment_tool(
    manager: Manager, *, offline: bool = False, progress: Optional[TextIO] = None
) -> EnvironmentTool:
    """Give what makes environments; raise ``EnvironmentChangeFailed`` where it is not here."""
    from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
    from tfmac.environments.tools.conda import CondaTool, find_conda
    from tfmac.environments.tools.uv import UvTool
    from tfmac.environments.tools.venv import VenvTool
    from tfmac.environments.uv import find_uv

    if manager is Manager.VENV:
        return VenvTool(progress, offline=offline)
    if manager is Manager.UV:
        uv = find_uv(offline=offline)
        if uv is None:
            raise EnvironmentChangeFailed(ChangeFailure.TOOL_FAILED, "no uv can be run here")
        return UvTool(uv, progress)
    program = find_conda(os.environ)
    if program is None:
        raise EnvironmentChangeFailed(
            ChangeFailure.TOOL_FAILED,
            "no micromamba, mamba or conda is on PATH; --manager uv makes the same set without one",
        )
    return CondaTool(program, progress, platform=_conda_platform(), offline=offline)


def _conda_platform() -> Optional[str]:
    from tfmac.observe.host import observe_host, target_of_host
    from tfmac.planner.emit.machines import conda_platform

    target = target_of_host(observe_host())
    return None if target is None else conda_platform(target)


def _refuse_expansion(directory: str, plan: Plan) -> None:
    from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed

    if "$" in directory and plan.python in _EXPANDING_PYTHONS:
        raise EnvironmentChangeFailed(
            ChangeFailure.TOOL_FAILED,
            f"{directory}: Python {plan.python} takes a $ in the path of an environment for a "
            "variable; choose another folder, or a Python from 3.10 on",
        )


def _refuse_other_pins(folder: str, plan: Plan) -> None:
    """Hold what was installed against the plan, by its metadata."""
    from packaging.version import Version

    from tfmac.api.diagnosis import collect_facts
    from tfmac.checks.case import require
    from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
    from tfmac.formats.distinfo import normalise

    facts = collect_facts(env=folder, only=("distribution-metadata-damaged",))
    found = {normalise(one.name): one.version for one in require(facts.distributions)}
    other = [
        f"{pin} (there is {found.get(normalise(pin.name), 'none')})"
        for pin in plan.pins
        if Version(found.get(normalise(pin.name), "0.dev0")) != Version(pin.version)
    ]
    if other:
        raise EnvironmentChangeFailed(
            ChangeFailure.TOOL_FAILED, f"what was installed is not the plan: {', '.join(other)}"
        )


def refuse_kernel(directory: str, name: str) -> None:
    """Raise as ``register_kernel`` would, before there is an environment."""
    from tfmac.environments import kernels
    from tfmac.schema.actions import RegisterKernel

    kernels.refuse_kernel(RegisterKernel(environment=directory, name=name))


def register_kernel(directory: str, name: str, *, progress: Optional[TextIO] = None) -> str:
    """Let Jupyter offer an environment as a kernel; return the path of its ``kernel.json``.

    ipykernel has to be in the environment. Raises ``ValueError`` for a name that Jupyter does not
    allow, and ``EnvironmentChangeFailed``.
    """
    from tfmac.environments import kernels
    from tfmac.schema.actions import RegisterKernel

    action = RegisterKernel(environment=directory, name=name)
    return kernels.register_kernel(action, progress=progress)


def prove(
    directory: str,
    plan: Plan,
    *,
    gpu: Optional[bool],
    time_limit: float,
    kernel: Optional[str] = None,
) -> SetupReport:
    """Observe, judge and really use a new environment; ``kernel`` is passed on to the report.

    It counts as proved when nothing of severity error is found, the product ran on the planned
    device and was right, and the Keras step gave the same predictions after loading.
    """
    from tfmac.api.diagnosis import collect_facts, diagnose, probe
    from tfmac.api.planning import plan_document
    from tfmac.checks.summary import proves
    from tfmac.schema.findings import Severity
    from tfmac.schema.reports import SetupReport

    facts = probe(collect_facts(env=directory), time_limit=time_limit, cwd=directory)
    diagnosis = diagnose(facts, gpu=gpu)
    sound = all(one.severity is not Severity.ERROR for one in diagnosis.findings)
    return SetupReport(
        schema_version=SCHEMA_VERSION,
        tfmac=diagnosis.tfmac,
        directory=directory,
        plan=plan_document(plan),
        diagnosis=diagnosis,
        proved=sound and facts.probe is not None and proves(facts.probe, gpu=plan.gpu),
        kernel=kernel,
    )
