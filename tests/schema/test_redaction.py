"""What may be shared of a document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.facts import distribution, facts, plugin
from tfmac.schema.codec import to_json
from tfmac.schema.fact import Unknown
from tfmac.schema.facts import Facts
from tfmac.schema.redaction import redact, redact_text

# The home folder of the superuser.
ROOT = "/" + "root"


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("/Users/jane/env", "~/env"),
        ("/home/jane", "~"),
        ("C:\\Users\\Jane\\env", "~\\env"),
        ("in '/Users/jane.doe/a', then /Users/jane.doe/b:", "in '~/a', then ~/b:"),
        (f"{ROOT}/env", "~/env"),
        ("HOME=/root", "HOME=~"),
        ("/root:/usr/bin", "~:/usr/bin"),
    ],
)
def test_homes_become_a_tilde(text: str, shared: str) -> None:
    """The name of a user's folder is a name of a person."""
    assert redact_text(text) == shared


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("https://jane:secret@index.example/simple", "https://***@index.example/simple"),
        ("https://token@index.example/simple", "https://***@index.example/simple"),
        ("https://jane:p@ss@index.example/simple", "https://***@index.example/simple"),
        ("git+ssh://git@host.example/a.git", "git+ssh://***@host.example/a.git"),
    ],
)
def test_credentials_in_addresses_become_stars(text: str, shared: str) -> None:
    """Whatever stands before the last @ of a host is private."""
    assert redact_text(text) == shared


@pytest.mark.parametrize(
    "text",
    [
        "/Users/Shared/env",
        "/opt/homebrew/bin/python3",
        f"/usr/local{ROOT}/x",
        "/root-cause/a",
        "/rooted",
        "https://index.example/a@b",
        "keras @ file:///srv/keras",
        "numpy<2.0,>=1.26",
    ],
)
def test_what_is_not_private_stays(text: str) -> None:
    """Paths and addresses that name nobody are what a report is for."""
    assert redact_text(text) == text


@given(st.text(alphabet="/Usershom janet:@.~\\C"))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """A shared document can be shared again."""
    once = redact_text(text)

    assert redact_text(once) == once


def test_every_text_of_a_document_is_redacted() -> None:
    """Nested values, variables and reasons are reached, and the kind of document stays."""
    home = "/Users/jane"
    private = facts(
        distribution("keras", "3.8.0", f"numpy @ file://{home}/numpy"),
        plugins=[plugin(Unknown(reason=f"{home}/lib.dylib cannot be read"))],
        variables={"VIRTUAL_ENV": f"{home}/env"},
    )

    shared = redact(private)

    assert isinstance(shared, Facts)
    assert "jane" in to_json(private)
    assert "jane" not in to_json(shared)
    assert shared.variables == {"VIRTUAL_ENV": "~/env"}
    assert shared.host == private.host
