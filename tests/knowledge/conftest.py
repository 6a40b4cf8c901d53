"""Data of a test's own in place of the shipped knowledge."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tfmac.knowledge import combinations, plugin_abi, releases, store

Write = Callable[[str, msgspec.Struct], Path]


def _forget() -> None:
    for cached in (
        store._read,
        releases._by_version,
        plugin_abi._pairs,
        combinations._of_minor,
    ):
        cached.cache_clear()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write records that stand in for the shipped data."""
    monkeypatch.setattr(store, "_DATA", str(tmp_path))
    _forget()

    def put(name: str, record: msgspec.Struct) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(record))
        return path

    yield put
    _forget()
