"""Questions to the operations of Keras 3: does a release have one, how is it configured."""

from typing import Optional

from packaging.version import Version

from tfmac.knowledge import store
from tfmac.schema.keras_operations import KerasOperations, OperationForm

FILE = "keras_operations.json"
"""What the wheels of the releases hold."""


def form(operation: str, keras: Version) -> Optional[OperationForm]:
    """Give the form of an operation (``numpy.Multiply``) in a release; None where it has none."""
    found = None
    for one in _forms(operation):
        if Version(one.since) <= keras:
            found = one
    return found


def since(operation: str) -> Optional[str]:
    """Name the first release that was seen to have an operation; None where none has."""
    return next((one.since for one in _forms(operation)), None)


def named_since(operation: str) -> Optional[str]:
    """Name the first release in which an operation can be given a name."""
    return next((one.since for one in _forms(operation) if "name" in one.init), None)


def _forms(operation: str) -> tuple[OperationForm, ...]:
    return store.load(FILE, KerasOperations).operations.get(operation, ())
