"""The vocabulary of causes."""

from pathlib import Path

import msgspec
import pytest

from tfmac.knowledge import failures, store
from tfmac.schema.knowledge import Failure
from tfmac.schema.log_signatures import LogRecord

CAUSES = failures.causes()
FINDERS = {"environment", "log", "model-file", "source-code", "measurement"}
CATEGORIES = {
    "install",
    "import",
    "device",
    "runtime",
    "model-load",
    "api-change",
    "performance",
    "numerics",
}


def test_causes_are_listed_in_order() -> None:
    """All causes are listed in alphabetical order."""
    assert list(CAUSES) == sorted(CAUSES)
    assert {"interpreter-cannot-run", "metal-plugin-older-than-tensorflow"} <= set(CAUSES)


@pytest.mark.parametrize("cause", CAUSES)
def test_cause_is_complete(cause: str) -> None:
    """Each cause says what it is, how it shows and what has to change, in the closed words."""
    record = failures.failure(cause)

    assert record.cause == cause
    assert record.category in CATEGORIES
    assert record.definition
    assert record.sign
    assert record.remedy
    assert record.found_by
    assert set(record.found_by) <= FINDERS
    assert all(reference.startswith("https://") for reference in record.references)


@pytest.mark.parametrize("cause", CAUSES)
def test_cause_decodes_strictly(cause: str) -> None:
    """A file has no field that its type does not know."""
    path = Path(store.__file__).parent / "data" / "failures" / f"{cause}.json"
    content = path.read_bytes()

    record = msgspec.json.decode(content, type=Failure, strict=True)
    log = msgspec.json.decode(content, type=LogRecord, strict=True)

    known = [msgspec.json.decode(msgspec.json.encode(one)) for one in (log, record)]
    assert {**known[0], **known[1]} == msgspec.json.decode(content)


def test_harmless_lines_are_marked() -> None:
    """What only looks like a failure is marked harmless."""
    assert failures.failure("harmless-startup-lines").harmless
    assert not failures.failure("interpreter-cannot-run").harmless


@pytest.mark.parametrize("cause", ["", "no-such-cause", "../combinations", "Keras-Import-Moved"])
def test_unknown_cause_is_refused(cause: str) -> None:
    """A name outside the vocabulary is refused, whatever it looks like."""
    with pytest.raises(failures.UnknownCauseError):
        failures.failure(cause)
