"""No text makes the explainer fail; what could be slow ends here in a moment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmac.explainer import explain
from tfmac.explainer.reading import decoded

MILLION = 1_000_000
PIECES = [
    "Traceback (most recent call last):\n",
    '  File "/a/site-packages/keras/src/x.py", line 3, in f\n',
    "File ~/a/b.py:12, in f(x)\n",
    "ValueError: ",
    "During handling of the above exception, another exception occurred:\n",
    "ERROR: Could not find a version that satisfies the requirement tensorflow==",
    " (from versions: 2.16.0rc0, 2.16.1)\n",
    "Because keras==2.5 has no wheels with a matching platform tag (e.g., `macosx_13_0_arm64`)",
    "2024-01-01 12:00:00.1: W tensorflow/core/a.cc:1] ",
    "zsh: illegal hardware instruction",
    "libmetal_plugin.dylib Symbol not found: '__ZN3tsl",
    "Requirement already satisfied: a (1.0)\n",
    "Successfully installed a-1_a-1",
    "{}",
    "\x1b[31m",
    "\x00",
    "\r",
    "\n",
    "│ > E   ",
    "'",
    "\ud800",
]
REPEATED = {
    "spaces": " ",
    "quotes": '"',
    "file": 'File "',
    "unquoted files": "File/",
    "file lines": "File ~/a\n",
    "braces": "{",
    "dots": "a.",
    "letters": "A",
    "escapes": "\x1b[",
    "titles": "\x1b]",
    "boxes": "│ ",
    "quoting": "> ",
    "blank lines": "\n",
    "returns": "\r",
    "zeros": "\0",
    "requirements": "satisfies the requirement a",
    "origins": "satisfies the requirement a (from b)",
    "reasons": "Because a",
    "symbols": "libmetal_plugin.dylib Symbol not found: ",
    "headers": "Traceback (most recent call last):\n",
    "classes": "AError.",
    "errors": "Error",
    "warnings": "UserWarning: ",
    "packages": "site-packages",
    "libraries": "/lib/python3.1/site-packages",
    "slashes": "/" * 3_000 + "python\n",
    "installed": "Successfully installed " + "a_" * 1_500 + "\n",
    "satisfied": "Requirement already satisfied: " + "a(b " * 200 + "\n",
    "versions": "tensorflow==1.",
    "dates": "2024-01-01 12:00:00 ",
    "json": '"Traceback (most recent call last):\\n  File ',
    "chains": "During handling of the above exception, another exception occurred:\nKeyError: 1\n",
}


@pytest.mark.parametrize("piece", REPEATED.values(), ids=REPEATED.keys())
def test_a_million_characters_of_one_thing_are_read_through(piece: str) -> None:
    """What would make a backtracking pattern run for hours gives no cause."""
    found = explain(piece * (MILLION // len(piece)))

    assert all(one.record.cause != "keras-2-file-in-keras-3" for one in found.causes)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=30))
def test_no_text_is_too_strange(pieces: "list[str]") -> None:
    """Any mixture of what logs are made of is read, and every quote lies in the log."""
    found = explain("".join(pieces))

    for one in (*found.causes, *found.harmless):
        for hit in one.hits:
            assert all(0 <= place <= len(found.reading.log.squeezed) for place in hit.places)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(content: bytes) -> None:
    """Any bytes are text of some kind."""
    explain(decoded(content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    """A log that PowerShell wrote is UTF-16."""
    text = "ValueError: Unknown layer: 'x'"

    assert decoded(text.encode(encoding)) == text


def test_a_notebook_gives_what_its_cells_printed() -> None:
    """The traceback of a cell is a list of lines in the notebook's JSON."""
    text = (
        '{"cells": [{"outputs": [{"text": ["a\\n", "b"]}, {"traceback": ["one", "two"]}]}, 3],'
        ' "x": 1}'
    )

    assert decoded(text.encode()).split() == ["a", "b", "one", "two"]
