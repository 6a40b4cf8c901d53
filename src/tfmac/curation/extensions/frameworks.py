"""Frameworks and what is judged beside them: which distributions carry the code of a release."""

from typing import NamedTuple, Optional

from tfmac.curation.extensions.judging import newest
from tfmac.curation.extensions.tables import Ledger
from tfmac.curation.failures import PackageIndexError
from tfmac.curation.index import Index
from tfmac.curation.published import Published, carrier_of, published, source
from tfmac.schema.abi import Framework
from tfmac.schema.knowledge import Source


class Family(NamedTuple):
    """Distributions that bring one framework, and the libraries that its import opens first."""

    names: tuple[str, ...]
    main: tuple[str, ...]


TENSORFLOW = Family(
    ("tensorflow", "tensorflow-macos"), ("tensorflow/python/_pywrap_tensorflow_internal.so",)
)
JAXLIB = Family(("jaxlib",), ("jaxlib/xla_extension.so", "jaxlib/_jax.so"))

EXTENSIONS: dict[str, Family] = {
    "jax-metal": JAXLIB,
    "tensorflow-addons": TENSORFLOW,
    "tensorflow-compression": TENSORFLOW,
    "tensorflow-decision-forests": TENSORFLOW,
    "tensorflow-io": TENSORFLOW,
    "tensorflow-io-gcs-filesystem": TENSORFLOW,
    "tensorflow-metal": TENSORFLOW,
    "tensorflow-text": TENSORFLOW,
}
"""What is judged, beside what."""


class Carrier(NamedTuple):
    """A release that carries a framework's code, with the releases that lead to it."""

    release: Optional[Published]
    """None when the users lead to no code."""
    users: tuple[Published, ...]


def carriers(index: Index, family: Family) -> tuple[tuple[Carrier, ...], dict[str, str]]:
    """Group the releases of a framework by the one that carries the code, oldest first.

    Shells whose requirements cannot be read come apart, with the reason. Raises
    ``PackageIndexError`` when a listing cannot be read.
    """
    everything = {str(each): each for name in family.names for each in published(index, name)}
    groups: dict[str, list[Published]] = {}
    unread: dict[str, str] = {}
    for each in everything.values():
        try:
            carrier = carrier_of(index, each, everything)
        except PackageIndexError as problem:
            unread[str(each)] = str(problem)
            continue
        groups.setdefault(str(carrier) if carrier else "", []).append(each)
    found = [Carrier(everything.get(name), tuple(users)) for name, users in groups.items()]
    return tuple(sorted(found, key=lambda one: one.users[0].version)), unread


def lacks(ledger: Ledger, carrier: Carrier) -> bool:
    """Whether a table lacks something of a framework."""
    for user in carrier.users:
        known = ledger.frameworks.get(str(user))
        if known is None or known.sources != sources(user, carrier.release):
            return True
        if any(ledger.get(key, str(user)) is None for key in ledger.builds):
            return True
    return False


def sources(user: Published, carrier: Optional[Published]) -> tuple[Source, ...]:
    """Name the wheel with the code, then that of the shell which leads to it."""
    shown = (user,) if carrier is None or str(user) == str(carrier) else (carrier, user)
    return tuple(source(each.wheels[0]) for each in shown)


def framework_record(
    user: Published, carrier: Optional[Published], minimum: Optional[str]
) -> Framework:
    """Record a framework; its code may be another distribution's."""
    shell = carrier is not None and str(user) != str(carrier)
    pythons = user.pythons
    if carrier is not None:
        pythons = tuple(python for python in pythons if python in carrier.pythons)
    tagged = carrier.tagged_macos if carrier else None
    return Framework(
        name=user.name,
        version=user.release.version,
        pythons=pythons,
        minimum_macos=newest((minimum, user.tagged_macos, tagged)),
        carrier=str(carrier) if shell else None,
        without_code=carrier is None,
        sources=sources(user, carrier),
    )
