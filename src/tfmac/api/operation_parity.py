"""The verb of ``parity --ops``: each operation of Keras on a device against the reference."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Optional

from tfmac._version import __version__
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.operation_parity import OperationParityReport, OperationRun, RunFailure

if TYPE_CHECKING:
    from tfmac.measurement.operations import Outcome, Planned, Progress


def compare_operations(
    run: OperationRun, *, progress: Optional[Progress] = None
) -> OperationParityReport:
    """Compare all operations, or the chosen ones, on the tested device with the reference.

    What is found wrong becomes local knowledge, which ``device.best()`` respects; what is found
    sound takes an earlier finding away. The report is partial where its ``failure`` is set.
    ``progress`` is told how many cases of how many are done.
    """
    from tfmac.measurement import operations
    from tfmac.measurement.operation_runs import RunInUse

    begun = time.monotonic()
    try:
        planned = operations.plan(run)
    except operations.CannotBegin as error:
        return _report(run, begun, failure=error.failure)
    try:
        outcome = operations.carry_out(
            run, planned, tfmac=__version__, progress=progress or (lambda _done, _all: None)
        )
    except RunInUse as error:
        return _report(run, begun, planned, failure=RunFailure(kind="in-use", text=str(error)))
    except OSError as error:
        return _report(run, begun, planned, failure=RunFailure(kind="file", text=str(error)))
    return _report(run, begun, planned, outcome, failure=outcome.failure)


def _report(
    run: OperationRun,
    begun: float,
    planned: Optional[Planned] = None,
    outcome: Optional[Outcome] = None,
    *,
    failure: Optional[RunFailure],
) -> OperationParityReport:
    from tfmac.measurement.operation_knowledge import Kept, keep

    kept = Kept()
    if planned is not None and outcome is not None:
        kept = keep(planned.environment, outcome.cases)
    return OperationParityReport(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        interpreter=run.interpreter,
        environment=planned.environment if planned is not None else None,
        planned=len(planned.cases) if planned is not None else 0,
        resumed=outcome.resumed if outcome is not None else 0,
        cases=outcome.cases if outcome is not None else (),
        quarantined=kept.quarantined,
        released=kept.released,
        knowledge_file=kept.file,
        knowledge_problem=kept.problem,
        run_file=outcome.run_file if outcome is not None else None,
        seconds=round(time.monotonic() - begun, 1),
        failure=failure,
    )
