"""Documents written and read as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.facts import facts, tensorflow
from tfmac.schema.codec import SCHEMA_VERSION, InvalidDocument, from_json, to_json
from tfmac.schema.facts import Facts
from tfmac.schema.plans import Pin

KNOWN = facts(tensorflow("2.19.1"))


def test_a_document_is_the_same_after_reading() -> None:
    """Writing and reading changes nothing."""
    assert from_json(to_json(KNOWN).encode(), Facts, name="x") == KNOWN


def test_a_document_is_indented_and_ends_its_last_line() -> None:
    """The text can be read, compared by line and appended to."""
    text = to_json(Pin(name="keras", version="3.8.0"))

    assert text == '{\n  "name": "keras",\n  "version": "3.8.0",\n  "hashes": []\n}\n'


def test_a_later_version_is_refused() -> None:
    """A document of a newer tfmac is refused with both versions, whatever else it holds."""
    data = json.dumps({"schema_version": SCHEMA_VERSION + 1, "host": "of another shape"})

    with pytest.raises(InvalidDocument, match=r"facts\.json has schema_version 2; .* up to 1"):
        from_json(data.encode(), Facts, name="facts.json")


def test_keys_that_are_not_known_are_passed_over() -> None:
    """A compatible later tfmac may write more than this one knows."""
    document = json.loads(to_json(KNOWN))
    document["new"] = {"anything": 1}

    assert from_json(json.dumps(document).encode(), Facts, name="x") == KNOWN


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (["schema_version"], "1", r"\$\.schema_version"),
        (["environment", "root"], 7, r"\$\.environment\.root"),
        (["environment", "kind"], "cellar", r"\$\.environment\.kind"),
        (["host", "system", "fact"], "guessed", r"\$\.host\.system\.fact"),
        (["distributions", "value"], [{"name": 1}], r"\$\.distributions\.value\[0\]\.name"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_by_its_key(
    path: "list[str]", value: object, place: str
) -> None:
    """The message says which document and leads to the key."""
    document = json.loads(to_json(KNOWN))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value

    with pytest.raises(InvalidDocument, match=rf"facts\.json is not a Facts document.*{place}"):
        from_json(json.dumps(document).encode(), Facts, name="facts.json")


def test_a_missing_key_is_named() -> None:
    """A document that lacks something says what."""
    with pytest.raises(InvalidDocument, match="missing required field `tfmac`"):
        from_json(b'{"schema_version": 1}', Facts, name="x")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"schema_version": 1, "x": ' + b"[" * 100_000],
    ids=["empty", "cut-off", "list", "binary", "deep"],
)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    """Whatever a file holds, it is refused with the name that the user gave it."""
    with pytest.raises(InvalidDocument, match=r"^facts\.json is n"):
        from_json(data, Facts, name="facts.json")


@given(st.binary())
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    """Nothing but ``InvalidDocument`` is raised."""
    with pytest.raises(InvalidDocument):
        from_json(data, Facts, name="x")


def test_undecodable_file_names_are_written_out() -> None:
    """JSON cannot hold the bytes that Python keeps in file names; they are written as escapes."""
    text = to_json({"caf\udce9": ["caf\udce9", ("é", 1)]})

    assert json.loads(text) == {"caf\\xe9": ["caf\\xe9", ["é", 1]]}
