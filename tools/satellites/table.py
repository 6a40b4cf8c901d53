"""The shipped table: what earlier runs and the journal say, one row a release and TensorFlow."""

from collections.abc import Iterable, Iterator
from typing import Optional

import msgspec
from packaging.version import Version
from tools.satellites.records import Tried, by_release
from tools.satellites.searching import complete

from tfmac.schema.satellites import Satellite, SatelliteTable, Stage

SCHEMA_VERSION = 1

_Key = tuple[str, str, str]


def table(
    previous: Optional[SatelliteTable], records: Iterable[Tried], platform: str
) -> SatelliteTable:
    """Put the rows of the journal in the place of earlier ones; those that it lacks stay."""
    journal = tuple(records)
    rows = {_key(one): one for one in (previous.satellites if previous else ())}
    rows.update((_key(one), one) for one in _rows(journal))
    days = [one.day for one in journal]
    return SatelliteTable(
        schema_version=SCHEMA_VERSION,
        measured=max([*days, previous.measured if previous else ""]),
        platform=platform,
        satellites=tuple(sorted(rows.values(), key=_order)),
    )


def encoded(made: SatelliteTable) -> bytes:
    """Encode a table with one row a line."""
    rows = (msgspec.json.encode(one).decode() for one in made.satellites)
    head = {"schema_version": made.schema_version, "measured": made.measured}
    first = msgspec.json.encode({**head, "platform": made.platform}).decode()[:-1]
    lines = ",\n".join(rows)
    return f'{first},\n"satellites":[\n{lines}\n]}}\n'.encode()


def _rows(records: Iterable[Tried]) -> Iterator[Satellite]:
    for walk in by_release(records):
        if complete(walk):
            yield from _row([one for one in walk if one.stage is not None])


def _row(ran: list[Tried]) -> Iterator[Satellite]:
    """Say what the runs of a release came to, where it had a chance: TensorFlow itself came up.

    A failure of compiled code is left out: it ran beside ``tensorflow-cpu``, which is another build
    than ``tensorflow``, and other machines have others again.
    """
    if not ran or ran[-1].native or ran[-1].stage in {None, Stage.TENSORFLOW}:
        return
    last = ran[-1]
    works = last.stage is Stage.WORKS
    telling = ran[0] if works else last
    yield Satellite(
        package=last.package,
        version=last.version or "",
        tensorflow=last.tensorflow,
        python=last.python,
        stage=telling.stage or Stage.TENSORFLOW,
        needs=last.beside if works else (),
        error=telling.error,
        cause=_cause(telling),
        keras=last.keras,
    )


def _cause(one: Tried) -> Optional[str]:
    """Name the cause that the explainer finds first in what a program wrote."""
    from tfmac.api.explaining import explain  # noqa: PLC0415

    if one.error is None:
        return None
    found = explain(f"{one.said}\n").causes or explain(f"{_TRACEBACK}{one.error}\n").causes
    return found[0].cause if found else None


_TRACEBACK = "Traceback (most recent call last):\n"


def _key(one: Satellite) -> _Key:
    return one.package, one.version, one.tensorflow


def _order(one: Satellite) -> tuple[str, Version, Version]:
    return one.package, Version(one.tensorflow), Version(one.version)
