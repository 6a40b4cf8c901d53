"""Data of a test's own in place of the shipped knowledge."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tfmac.knowledge import store

Write = Callable[[str, msgspec.Struct], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write records that stand in for the shipped data."""
    with monkeypatch.context() as patch:
        patch.setattr(store, "SHIPPED", str(tmp_path))
        store.use()

        def put(name: str, record: msgspec.Struct) -> Path:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(msgspec.json.encode(record))
            return path

        yield put
    store.use()
