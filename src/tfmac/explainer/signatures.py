"""The causes that show in logs, read from their records."""

from tfmac.knowledge import store
from tfmac.knowledge.failures import causes
from tfmac.schema.log_signatures import LogRecord


@store.remembered
def records() -> tuple[LogRecord, ...]:
    """Give the records of all causes that have signatures, in alphabetical order."""
    found = (store.load(f"failures/{cause}.json", LogRecord) for cause in causes())
    return tuple(record for record in found if record.log is not None)
