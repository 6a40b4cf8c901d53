"""Making a planned environment, and proving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from tfmac.schema.codec import SCHEMA_VERSION

if TYPE_CHECKING:
    from typing import TextIO

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
    replace: bool = False,
    download_python: bool = False,
    offline: bool = False,
    progress: Optional[TextIO] = None,
) -> None:
    """Make the environment of a plan, wholly or not at all.

    Where the plan names no interpreter, ``download_python`` lets uv fetch one. With ``replace`` an
    environment that is there already is kept until the new one is finished. ``offline`` lets uv
    use nothing but its cache and local files. ``progress`` is where
    the installer's own messages go. Raises ``EnvironmentChangeFailed``.
    """
    from tfmac.environments.create import create_environment
    from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
    from tfmac.environments.uv import find_uv
    from tfmac.planner.space import needed_bytes
    from tfmac.schema.actions import CreateEnvironment, InstallPins

    if "$" in directory and plan.python in _EXPANDING_PYTHONS:
        raise EnvironmentChangeFailed(
            ChangeFailure.TOOL_FAILED,
            f"{directory}: Python {plan.python} takes a $ in the path of an environment for a "
            "variable; choose another folder, or a Python from 3.10 on",
        )
    python = plan.interpreter.path if plan.interpreter else plan.python
    actions = (
        CreateEnvironment(
            path=directory, python=python, download=download_python and plan.interpreter is None
        ),
        InstallPins(environment=directory, pins=plan.pins),
    )
    create_environment(
        directory,
        actions,
        uv=find_uv(offline=offline),
        replace=replace,
        needed_bytes=needed_bytes(plan),
        progress=progress,
    )


def prove(directory: str, plan: Plan, *, gpu: Optional[bool], time_limit: float) -> SetupReport:
    """Observe, judge and really use a new environment.

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
    )
