"""The answers about pairs of an extension and a framework."""

import msgspec
import pytest

from tfmac import api
from tfmac.api.compatibility import UnknownExtension, UnreadablePair
from tfmac.schema.abi import AbiAnswer, AbiMatrix, AbiVerdict
from tfmac.schema.codec import from_json, to_json


def test_the_documented_answer() -> None:
    """The contract: these fields, by these names."""
    answer = api.abi("tensorflow-metal==1.1.0", "tensorflow==2.18.0")

    fields = msgspec.json.decode(to_json(answer))
    assert fields["verdict"] == "cannot-load"
    assert fields["strength"] == "static"
    assert fields["missing_symbols"] == ["__ZN3tsl8internal10LogMessageC1EPKcii"]
    assert fields["unresolved_libraries"] == []
    assert fields["common_python"] == ["3.9", "3.10", "3.11"]
    assert fields["message"].startswith("dlopen(")
    assert fields["reasons"]
    assert {source["name"] for source in fields["sources"]} >= {
        "https://github.com/tensorflow/tensorflow/issues/84167"
    }
    assert fields["schema_version"] == 1
    assert from_json(to_json(answer).encode(), AbiAnswer, name="answer") == answer


@pytest.mark.parametrize(
    ("framework", "carrier"),
    [("tensorflow-macos==2.12.0", None), ("tensorflow == 2.13.0", "tensorflow-macos==2.13.0")],
)
def test_both_names_of_tensorflow(framework: str, carrier: "str | None") -> None:
    """A shell's answer names the distribution with the code."""
    answer = api.abi("tensorflow_metal==1.0.1", framework)

    assert answer.verdict is AbiVerdict.LOADS
    assert answer.carrier == carrier


def test_no_common_python_is_an_empty_list() -> None:
    """Nothing can install the two together, and the answer is still given."""
    answer = api.abi("tensorflow-metal==0.1.0", "tensorflow==2.21.0")

    assert answer.common_python == ()
    assert answer.verdict is AbiVerdict.CANNOT_LOAD


@pytest.mark.parametrize(
    "text", ["tensorflow", "tensorflow==", "==2.18.0", "tensorflow>=2.18.0", ""]
)
def test_unreadable_release(text: str) -> None:
    """It is said how a release is written."""
    with pytest.raises(UnreadablePair, match="write it as"):
        api.abi("tensorflow-metal==1.2.0", text)


def test_unknown_pair_is_unknown() -> None:
    """Never good."""
    assert api.abi("no-such==1", "tensorflow==2.18.0").verdict is AbiVerdict.UNKNOWN


def test_matrix_has_every_pair() -> None:
    """All releases of the extension times all of the framework, in one document."""
    matrix = api.abi_matrix("tensorflow_metal")

    pairs = {(pair.extension, pair.framework) for pair in matrix.pairs}
    rows = {extension for extension, _ in pairs}
    columns = {framework for _, framework in pairs}
    assert len(pairs) == len(matrix.pairs) == len(rows) * len(columns)
    assert (len(rows), len(columns)) >= (16, 35)
    assert matrix.pairs[0] == api.abi(matrix.pairs[0].extension, matrix.pairs[0].framework)
    assert from_json(to_json(matrix).encode(), AbiMatrix, name="matrix") == matrix


def test_matrix_of_an_unknown_extension() -> None:
    """The known ones are told."""
    with pytest.raises(UnknownExtension, match="tensorflow-metal"):
        api.abi_matrix("no-such-extension")
