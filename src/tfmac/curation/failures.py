"""What can go wrong between the package index and a record."""


class PackageIndexError(Exception):
    """The index did not give what was asked of it, with what it did instead."""


class UndeclaredError(PackageIndexError):
    """A source archive that does not tell its requirements: only building it would."""
