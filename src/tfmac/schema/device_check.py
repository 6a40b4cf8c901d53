"""The document of ``tfmac check``: whether what is installed computes, where, and whether right."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.explanations import Explanation
from tfmac.schema.proof import ProbeReport
from tfmac.schema.reports import EnvironmentSummary


class CheckVerdict(enum.Enum):
    """What a run proved.

    ``gpu`` and ``cpu`` name the device that was placed on explicitly, computed rightly and was
    seen to compute, with a Keras model fitted, saved and loaded. ``gpu-not-proved``: a GPU is
    listed and did not pass, the CPU did. ``not-working``: something failed or came out wrong.
    """

    GPU = "gpu"
    CPU = "cpu"
    GPU_NOT_PROVED = "gpu-not-proved"
    NOT_WORKING = "not-working"


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """Document: the answer of ``check``."""

    schema_version: int
    tfmac: str
    environment: EnvironmentSummary
    verdict: CheckVerdict
    proof: ProbeReport
    causes: tuple[Explanation, ...] = ()
    """What the error text of a failed run shows."""
    advice_for: Optional[str] = None
    """The machine that the advice of the causes is for."""
