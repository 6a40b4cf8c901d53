"""Observing and judging an environment."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Optional

from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.facts import Facts
from tfmac.schema.platform import Target
from tfmac.schema.reports import Diagnosis, Versions

if TYPE_CHECKING:
    from tfmac.schema.proof import Core
    from tfmac.schema.reports import CheckList

# Families of checks that ``versions`` leaves out.
NOT_ABOUT_VERSIONS = ("files", "notebooks", "shadowing")


def collect_facts(
    *,
    python: Optional[str] = None,
    env: Optional[str] = None,
    site_packages: Optional[str] = None,
    python_version: Optional[str] = None,
    target: Optional[Target] = None,
    cwd: Optional[str] = None,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
) -> Facts:
    """Observe an environment.

    At most one of ``python`` (an interpreter), ``env`` (an environment's folder) and
    ``site_packages`` (an unpacked tree, for ``python_version``) names it; without one the
    environment is chosen as ``tfmac doctor`` documents. ``target`` puts another machine in the
    place of this one; ``cwd`` is where shadowing modules are sought, None to seek none. ``only``
    and ``skip`` are those of ``diagnose``: what no chosen check looks at is not read. Raises
    ``NothingToInspect`` and ``UnknownSelection``.
    """
    from tfmac.checks.registry import parts_needed, select
    from tfmac.observe.host import observe_host
    from tfmac.observe.locate import locate, locate_tree
    from tfmac.observe.observation import observe

    if site_packages is not None:
        located, cwd = locate_tree(site_packages, python=python_version), None
    else:
        located = locate(python=python, env=env)
    return observe(
        located,
        host=observe_host(),
        target=target,
        parts=parts_needed(select(only, skip)),
        cwd=cwd,
        variables=os.environ,
    )


def probe(facts: Facts, *, time_limit: float, cwd: str, core: Optional[Core] = None) -> Facts:
    """Import and use what computes in the environment's interpreter, in a child process.

    That is ``core``, under Keras too; where none is named TensorFlow, or PyTorch or JAX where
    Keras 3 has them and no TensorFlow, with the backend that Keras is set to. Gives the facts with
    what the probe saw. ``time_limit`` is in seconds.
    """
    import msgspec

    from tfmac.checks.core import core_of
    from tfmac.observe.probe import run_probe
    from tfmac.schema.fact import Unknown
    from tfmac.schema.proof import Core

    if isinstance(facts.interpreter, Unknown):
        return facts
    report = run_probe(
        facts.interpreter.value.path,
        core=core or core_of(facts) or Core.TENSORFLOW,
        time_limit=time_limit,
        working_directory=cwd,
        environment={} if core is None else {"KERAS_BACKEND": core.value},
    )
    return msgspec.structs.replace(facts, probe=report)


def diagnose(
    facts: Facts,
    *,
    gpu: Optional[bool] = None,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
) -> Diagnosis:
    """Judge facts.

    ``gpu`` is the wish for the GPU: True makes its lack an error, False silences it. ``only`` and
    ``skip`` are causes or families of checks. Raises ``UnknownSelection`` for other names.
    """
    from tfmac.checks.judging import judge
    from tfmac.checks.registry import select
    from tfmac.checks.summary import summarise

    only, skip = frozenset(only), frozenset(skip)
    findings, outcomes = judge(facts, select(only, skip), gpu=gpu, only=only, skip=skip)
    return summarise(facts, findings, outcomes)


def usable(diagnosis: Diagnosis, *, gpu: Optional[bool] = None) -> bool:
    """Whether something computes and, where it was tried, does what is wished.

    What was only read and not tried is not held against it: findings speak of that.
    """
    from tfmac.checks.summary import proves
    from tfmac.schema.reports import TensorFlowState

    if diagnosis.probe is None:
        return diagnosis.state is not TensorFlowState.ABSENT
    return proves(diagnosis.probe, gpu=bool(gpu))


def registered_checks() -> CheckList:
    """List the checks with what they can find."""
    from tfmac.checks.registry import CHECKS
    from tfmac.schema.reports import CheckLine, CheckList

    lines = (CheckLine(check=one.name, family=one.family, causes=one.causes) for one in CHECKS)
    return CheckList(schema_version=SCHEMA_VERSION, checks=tuple(lines))


def versions(facts: Facts) -> Versions:
    """Name the versions that matter in an environment, with the conflicts that are known."""
    from tfmac.checks.summary import versions_that_matter

    return versions_that_matter(facts, diagnose(facts, skip=NOT_ABOUT_VERSIONS))
