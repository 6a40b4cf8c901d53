"""``tfmac matrix`` and ``tfmac knowledge abi``: what goes with what, and why not."""

import pytest

from cli.console import document, refused, tfmac
from tfmac.knowledge import extension_abi

CANNOT = ("--plugin", "tensorflow-metal==1.1.0", "--tensorflow", "tensorflow==2.18.0")


def test_a_verdict_with_its_reasons_and_sources() -> None:
    """The contract's fields: the missing name, the message, wheels with digests and threads."""
    code, out, _ = tfmac("knowledge", "abi", *CANNOT, "--format", "json")

    answer = document(out, "abi")
    assert (code, answer["verdict"], answer["strength"]) == (0, "cannot-load", "static")
    assert answer["missing_symbols"] == ["__ZN3tsl8internal10LogMessageC1EPKcii"]
    assert answer["unresolved_libraries"] == []
    assert "Symbol not found" in answer["message"]
    assert answer["common_python"] == ["3.9", "3.10", "3.11"]
    assert any("vendor" in reason for reason in answer["reasons"])
    wheels = [one for one in answer["sources"] if one["name"].endswith(".whl")]
    assert all(len(one["sha256"]) == 64 for one in wheels)
    assert any("issues/84167" in one["name"] for one in answer["sources"])


@pytest.mark.parametrize(
    ("framework", "carrier"),
    [
        ("tensorflow==2.13.0", "tensorflow-macos==2.13.0"),
        ("tensorflow-macos==2.16.2", "tensorflow==2.16.2"),
    ],
)
def test_a_shell_is_followed_to_the_distribution_with_the_code(
    framework: str, carrier: str
) -> None:
    """The answer says which distribution was judged."""
    arguments = ("--plugin", "tensorflow-metal==1.1.0", "--tensorflow", framework)
    answer = document(tfmac("knowledge", "abi", *arguments, "--format", "json").out, "abi")

    assert answer["carrier"] == carrier
    assert carrier in tfmac("knowledge", "abi", *arguments).out


@pytest.mark.parametrize(
    ("plugin", "framework"),
    [
        ("tensorflow-metal==99.0", "tensorflow==2.18.0"),
        ("tensorflow-metal==1.2.0", "tensorflow==99.0"),
        ("tensorflow-metal-plugin==0.4.1", "tensorflow==2.20.0"),
        ("nobody-knows==1.0", "tensorflow==2.18.0"),
    ],
)
def test_what_was_not_judged_is_unknown(plugin: str, framework: str) -> None:
    """Never fine: the verdict is unknown, with the reason; exit code 0, it is an answer."""
    arguments = ("--plugin", plugin, "--tensorflow", framework)
    code, out, _ = tfmac("knowledge", "abi", *arguments, "--format", "json")

    answer = document(out, "abi")
    assert (code, answer["verdict"]) == (0, "unknown")
    assert answer["reasons"]


def test_a_release_is_written_with_its_version() -> None:
    """What is no release is a usage error that shows the form."""
    refused(
        tfmac("knowledge", "abi", "--plugin", "tensorflow-metal", "--tensorflow", "tensorflow==2"),
        2,
        "'tensorflow-metal' is not a release",
        "tensorflow==2.18.0",
    )


def test_the_matrix_of_tensorflow_releases() -> None:
    """Each release once, newest first; where no plug-in loads it says none."""
    code, out, _ = tfmac("matrix", "--format", "json")

    matrix = document(out, "stack-matrix")
    rows = {row["tensorflow"]: row for row in matrix["rows"]}
    assert (code, matrix["target"]) == (0, "macos-arm64")
    assert rows["tensorflow==2.21.0"]["plugin"] is None
    assert rows["tensorflow==2.19.1"]["plugin"] == "tensorflow-metal==1.2.0"
    assert rows["tensorflow==2.19.1"]["plugin_verdict"] == "loads"
    assert "tensorflow==2.19.0rc0" not in rows
    assert "tensorflow-macos==2.5.0" in rows
    assert rows["tensorflow==2.16.2"]["requires"]["numpy"] == "<2.0.0,>=1.26.0"


def test_the_matrix_for_another_machine_has_no_plugin() -> None:
    """Intel Macs end at 2.16.2, and Apple's plug-in is for its own chips."""
    matrix = document(
        tfmac("matrix", "--for", "macos-13-x86_64", "--format", "json").out, "stack-matrix"
    )

    assert matrix["rows"][0]["tensorflow"] == "tensorflow==2.16.2"
    assert all(row["plugin"] is None for row in matrix["rows"])


@pytest.mark.parametrize("extension", extension_abi.extensions())
def test_the_matrix_of_an_extension_has_every_pair(extension: str) -> None:
    """All its releases beside all releases of the framework, in text, Markdown and JSON."""
    matrix = document(tfmac("matrix", "--plugin", extension, "--format", "json").out, "abi-matrix")
    columns = {pair["extension"] for pair in matrix["pairs"]}
    rows = {pair["framework"] for pair in matrix["pairs"]}
    assert len(matrix["pairs"]) == len(columns) * len(rows)

    text = tfmac("matrix", "--plugin", extension).out.splitlines()
    assert len(text) == len(rows) + 1
    markdown = tfmac("matrix", "--plugin", extension, "--format", "markdown").out.splitlines()
    assert len(markdown) == len(rows) + 2
    assert {line.count("|") for line in markdown} == {len(columns) + 2}


def test_an_extension_without_a_table() -> None:
    """The ones that there are tables of are named."""
    refused(tfmac("matrix", "--plugin", "nobody-knows"), 2, "nobody-knows", "tensorflow-text")
    refused(
        tfmac("matrix", "--plugin", "tensorflow-metal", "--for", "linux-x86_64"), 2, "Apple silicon"
    )
