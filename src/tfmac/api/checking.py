"""The probe as a verb of its own: does it compute, where, and is it right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from tfmac._version import __version__
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.device_check import CheckReport, CheckVerdict

if TYPE_CHECKING:
    from tfmac.schema.explanations import ExplanationReport
    from tfmac.schema.facts import Facts
    from tfmac.schema.proof import Core, ProbeReport


def check(facts: Facts, *, time_limit: float, cwd: str, core: Optional[Core] = None) -> CheckReport:
    """Import and use what computes in an environment, and say where it ran and whether it is right.

    ``core`` names the framework, else it is the one that ``doctor --deep`` would use. The child
    has ``time_limit`` seconds and works in ``cwd``, where modules of the user's may hide packages.
    Raises ``NothingToInspect`` where no interpreter can be run.
    """
    from tfmac.api.diagnosis import probe
    from tfmac.checks.summary import environment_summary
    from tfmac.observe.locate import NothingToInspect

    probed = probe(facts, time_limit=time_limit, cwd=cwd, core=core).probe
    if probed is None:
        raise NothingToInspect("no interpreter of this environment can be run here")
    explained = _explained(probed, facts)
    return CheckReport(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        environment=environment_summary(facts),
        verdict=_verdict(probed),
        proof=probed,
        causes=explained.causes if explained else (),
        advice_for=explained.advice_for if explained else None,
    )


def _verdict(probed: ProbeReport) -> CheckVerdict:
    from tfmac.checks.summary import proves

    if proves(probed, gpu=True):
        return CheckVerdict.GPU
    if not proves(probed, gpu=False):
        return CheckVerdict.NOT_WORKING
    listed = any(device.kind == "GPU" for device in probed.devices)
    return CheckVerdict.GPU_NOT_PROVED if listed else CheckVerdict.CPU


def _explained(probed: ProbeReport, facts: Facts) -> Optional[ExplanationReport]:
    """Explain what a failed run said last, for the very environment that said it."""
    from tfmac.api.explaining import explain

    said = [probed.death.output, probed.death.detail] if probed.death else []
    if probed.keras is not None and probed.keras.error:
        said.append(probed.keras.error)
    said += [one.error for one in probed.placements if one.error]
    if not said:
        return None
    return explain("\n".join(said), facts=facts, facts_are_of_the_log=True)
