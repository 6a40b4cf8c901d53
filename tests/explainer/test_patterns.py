"""The pattern language: what captures take, and what cannot be written."""

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac.explainer.patterns import KINDS, InvalidPattern, compile_pattern, find
from tfmac.explainer.text import read


def captured(pattern: str, text: str) -> "Optional[dict[str, str]]":
    log = read(text)
    found = find(compile_pattern(pattern), log, 0, len(log.squeezed))
    return None if found is None else found.captures


@pytest.mark.parametrize(
    ("pattern", "text", "captures"),
    [
        ("No module named '{m:dotted}'", "No module named 'keras.engine'", {"m": "keras.engine"}),
        ("No module named '{m:word}'", "No module named 'keras.engine'", None),
        ("numpy {v:version} and", "You have numpy 2.1.0rc1 and more", {"v": "2.1.0rc1"}),
        ("you have numpy {v:version}", "you have numpy 2.1.0 which", {"v": "2.1.0"}),
        ("not found: {s:symbol}", "not found: __ZN3tslEv Referenced", {"s": "__ZN3tslEv"}),
        ("because {why:any}.", "because of this and that.", {"why": "of this and that"}),
        ("(from versions: {v:list})", "(from versions: 1.0, 2.0)", {"v": "1.0, 2.0"}),
        ("{name:name} requires numpy", "x tensorflow requires numpy", {"name": "tensorflow"}),
        ("expects {{}} {n:number}", "expects {} 12", {"n": "12"}),
        ("{:any}tail is{n:number}", "a tail is 3", {"n": "3"}),
        ("File {p:path}.pb", "File /a b/c.pb", {"p": "/ab/c"}),
    ],
)
def test_a_capture_takes_its_kind(
    pattern: str, text: str, captures: "Optional[dict[str, str]]"
) -> None:
    """Between literals the text has to be of the kind; at the end a word ends where it ended."""
    assert captured(pattern, text) == captures


@pytest.mark.parametrize(
    ("pattern", "text", "captures"),
    [
        ("No module named 'distutils'", "No module named distutils", {}),
        ("No module named 'distutils'", "No module named distutils. Why?", {}),
        ("No module named 'tensorflow'", "No module named tensorflow_hub", None),
        ("No module named 'tensorflow'", "No module named tensorflow.keras", None),
        ("No module named 'tensorflow'", "It says 'no': No module named tensorflow", None),
        ("has no attribute '{n:quoted}'", "has no attribute Session and ends", {"n": "Session"}),
        ("Unknown name: '{n:quoted}'. See", "Unknown name: A>B. See", {"n": "A>B"}),
        ("the '{n:word}'", "the end", None),
    ],
)
def test_a_message_may_have_lost_its_quotes(
    pattern: str, text: str, captures: "Optional[dict[str, str]]"
) -> None:
    """Where a log has no quotes, those of a pattern count as ends of words; short ones do not."""
    assert captured(pattern, text) == captures


@pytest.mark.parametrize("pattern", ["", "{a:word}", "{a:nothing} text", "an open { brace"])
def test_what_cannot_be_a_pattern_is_refused(pattern: str) -> None:
    """A pattern needs text to be found by, and known kinds."""
    with pytest.raises(InvalidPattern):
        compile_pattern(pattern)


@given(
    st.lists(
        st.sampled_from(["a", "ab", "'", "(", *(f"{{x:{kind}}}" for kind in KINDS)]), max_size=8
    ),
    st.text(alphabet="ab'()\n .1", max_size=200),
)
def test_no_pattern_fails_on_any_text(pieces: "list[str]", text: str) -> None:
    """Whatever is written, it is refused or it is looked for, and a match lies in the text."""
    try:
        pattern = compile_pattern("".join(pieces))
    except InvalidPattern:
        return
    log = read(text)

    found = find(pattern, log, 0, len(log.squeezed))

    assert found is None or 0 <= found.start <= found.end <= len(log.squeezed)
