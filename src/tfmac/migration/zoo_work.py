"""What a worker does with one model, on whatever machine it is."""

import threading
from typing import Callable

import msgspec

from tfmac.migration.files import CannotWrite, OutputExists
from tfmac.migration.proving import Settings, migrated
from tfmac.migration.verify import Verifier
from tfmac.observe.child import ChildCannotStart
from tfmac.observe.model_files import ModelsExtraMissing
from tfmac.schema.migration import MigratedModel
from tfmac.schema.model_content import Problem

_kept = threading.local()


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One model for a worker."""

    source: str
    output: str
    settings: Settings


Work = Callable[[Task], MigratedModel]
"""What a worker does: a function of a module, which workers import by its name."""


def migrate_task(task: Task) -> MigratedModel:
    """Migrate one model and prove it; whatever goes wrong is in the answer."""
    verifier = _verifier(task.settings) if task.settings.verify else None
    try:
        return migrated(task.source, task.output, task.settings, verifier)
    except (
        OSError,
        OutputExists,
        CannotWrite,
        ModelsExtraMissing,
        ChildCannotStart,
    ) as error:
        return failed(task.source, str(error))
    except Exception as error:  # noqa: BLE001 - one model must not end the work on the others
        return failed(task.source, f"tfmac could not migrate it: {type(error).__name__}: {error}")


def failed(source: str, reason: str) -> MigratedModel:
    """Say of a model that nothing was made of it."""
    return MigratedModel(source=source, migrated=False, problems=(Problem(statement=reason),))


def _verifier(settings: Settings) -> Verifier:
    """Give this thread's verifier: its frameworks run on from one model to the next."""
    kept = getattr(_kept, "verifier", None)
    if kept is None or getattr(_kept, "making", None) != settings.making:
        if kept is not None:
            kept.close()
        _kept.verifier = kept = Verifier(settings.making)
        _kept.making = settings.making
    found: Verifier = kept
    return found
