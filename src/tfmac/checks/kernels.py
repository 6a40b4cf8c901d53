"""Check for notebook kernels that start another interpreter than the environment's."""

import re
import shlex
from collections.abc import Iterator
from typing import Optional

from tfmac.checks.case import Case, NotApplicable, require
from tfmac.schema.fact import Unknown
from tfmac.schema.facts import EnvironmentKind, Kernel, KernelPlace
from tfmac.schema.findings import Confidence, Evidence, Finding, Severity

# What a notebook is started with that asks for no other.
_DEFAULT = "python3"
_OWN_NAME = "tensorflow"
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*[tw]?")


def notebook_kernels(case: Case) -> Iterator[Finding]:
    """Whether notebooks that are started from this environment run in it.

    Looks at: the kernel specifications that its Jupyter would offer, and the Python that each one
    starts. Kernels for other environments are usual; the default one, and those that lead to an
    interpreter that is gone from here, are judged.
    Why it matters: in the notebook TensorFlow is missing or another one, whatever is installed
    here, and an installation from the command line changes nothing.
    Repair: the kernel registered by this environment's own interpreter.
    Sources: jupyter_core, ``jupyter_core.paths``; jupyter_client, "Kernel specs".
    """
    if case.facts.environment.kind is EnvironmentKind.TREE:
        raise NotApplicable("an unpacked tree starts no notebooks")
    for kernel in require(case.facts.kernels):
        said = None if kernel.hidden else _wrong(case, kernel)
        if said is not None:
            yield _finding(case, kernel, *said)


def _wrong(case: Case, kernel: Kernel) -> Optional[tuple[str, str]]:
    """Say what is wrong with a kernel and how it is registered anew, None for a sound one."""
    if kernel.own is None or not _starts_python(kernel):
        return None
    default = kernel.name == _DEFAULT
    if kernel.place is KernelPlace.ENVIRONMENT:
        # Others may be put here on purpose (ipykernel install --prefix).
        if (not kernel.own and default) or _is_gone(case, kernel):
            return f"of this environment starts {kernel.program}", "--sys-prefix"
    elif kernel.own:
        if _is_gone(case, kernel):
            return f"starts {kernel.program} of this environment", "--user"
    elif default and not case.distributions.keys().isdisjoint(("ipykernel", "jupyter-client")):
        return f"that notebooks get here starts {kernel.program}", "--user"
    return None


def _starts_python(kernel: Kernel) -> bool:
    return _PYTHON.fullmatch((kernel.program or "").rpartition("/")[2]) is not None


def _is_gone(case: Case, kernel: Kernel) -> bool:
    """Whether the program is not there; where the whole interpreter is gone, a check says so."""
    runs = case.interpreter.runs
    return not kernel.exists and (isinstance(runs, Unknown) or runs.value or not kernel.own)


def _finding(case: Case, kernel: Kernel, wrong: str, where: str) -> Finding:
    python = shlex.quote(case.interpreter.path)
    # Another environment's default kernel is left alone: this one is offered beside it.
    name = kernel.name if where == "--sys-prefix" or kernel.own else _OWN_NAME
    command = f"{python} -m ipykernel install {where} --name {shlex.quote(name)}"
    state = "" if kernel.exists else ", which does not exist"
    return Finding(
        cause="runs-in-other-interpreter",
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        subject=kernel.path,
        message=f"The kernel {kernel.name} {wrong}{state}; {command} registers this environment",
        evidence=(
            Evidence(
                statement=f"its argv begins with {kernel.program}{state}",
                source="kernel.json",
                location=kernel.path,
            ),
            Evidence(
                statement=f"the interpreter of this environment is {case.interpreter.path}",
                source="file system",
            ),
        ),
    )
