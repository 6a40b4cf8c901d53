"""Code of the user's own in a verification: every name that a file knows it by is found."""

from collections import OrderedDict

from tfmac.migration.verify_script import custom_objects


def test_what_was_registered_is_found_by_its_whole_name() -> None:
    """Keras looks for ``package>Class``; what was not supplied stays unknown."""
    found = custom_objects(
        {"custom": ["collections:OrderedDict"], "registered": ["Mine>OrderedDict", "Mine>Other"]}
    )
    assert found == {"OrderedDict": OrderedDict, "Mine>OrderedDict": OrderedDict}
