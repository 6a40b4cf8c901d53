"""What is generated is what the program says, and reads as it was meant."""

import sys
from pathlib import Path

import pytest

from tfmac.knowledge import failures
from tools import build_docs, build_schemas


def test_the_generated_pages_are_up_to_date() -> None:
    """Whoever changes a cause, a check or an option runs ``python tools/build_docs.py``."""
    assert [path.name for path in build_docs.differing()] == []


@pytest.mark.skipif(
    not (3, 11) <= sys.version_info < (3, 13),
    reason="msgspec writes these schemas on Python 3.11 and later; 3.13 indents docstrings anew",
)
def test_the_schemas_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes a document runs ``python tools/build_schemas.py``."""
    monkeypatch.setattr("sys.argv", ["build_schemas.py", "--check"])

    build_schemas.main()


def test_a_page_of_a_cause_that_is_gone_is_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A cause that was renamed leaves no page behind."""
    monkeypatch.setattr(build_docs, "CAUSES", tmp_path)
    gone = tmp_path / "gone.md"
    gone.write_text("# gone\n", encoding="utf-8")

    stale = build_docs.differing()

    assert not stale[gone]
    assert set(stale) >= {tmp_path / f"{name}.md" for name in failures.causes()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("numpy <2 and tf_keras", "numpy <2 and tf_keras"),
        ("give <name> to *this* [one]", "give \\<name> to \\*this\\* \\[one\\]"),
        ("`__init__ *` stays, _this_ not", "`__init__ *` stays, \\_this\\_ not"),
        ("``import keras`` as code", "`import keras` as code"),
    ],
)
def test_text_reads_the_same_in_markdown(text: str, expected: str) -> None:
    """Signs with a meaning in Markdown are escaped outside code, and nothing else."""
    assert build_docs.markdown(text) == expected


def test_the_table_of_plugins_needs_its_markers() -> None:
    """A README without the markers is an error, not a README without a table."""
    with pytest.raises(ValueError, match="markers"):
        build_docs.with_plugin_table("# tfmac\n")


def test_the_table_of_plugins_has_the_pairs_that_load() -> None:
    """A TensorFlow that no plug-in loads into says so; releases with one answer share a line."""
    lines = build_docs.plugin_table().splitlines()

    assert "| 2.20.0 to 2.22.0rc0 | tensorflow | none |  |  |  |" in lines
    assert "| 2.18.0, 2.18.1 | tensorflow | 1.2.0 |  | 3.9 to 3.12 | 12.1 |" in lines
    assert "| 2.13.0, 2.13.1 | tensorflow | 0.7.0 to 1.2.0 |  | 3.9 to 3.11 | 12.1 |" in lines
    assert "| 2.19.0 | tensorflow | none | 1.2.0 | 3.9 to 3.12 | 12.1 |" in lines
