"""The lines of a log and its squeezed text; long ones are searched otherwise than short ones."""

import random
from collections.abc import Iterator

import pytest

from tfmac.explainer.log import Log, squeeze
from tfmac.explainer.text import read

WORDS = ("Error", "Killed", "Warning:", "File", "GPU", "quiet", "\u4e2d\u6587", "\u201cname\u201d")


def naive_places(text: str, words: str) -> Iterator[int]:
    place = text.find(words)
    while place >= 0:
        yield place
        place = text.find(words, place + len(words))


def written(lines: int, *, rarely: int) -> str:
    """Write lines that all differ, with a word of each kind in every so many of them."""
    draw = random.Random(3)  # noqa: S311 - words, no secrets
    usual = ["loss", "step", "saved", "a`b", "c\td", "e\xa0f", "g\u200bh", "i\u2026"]
    text = []
    for number in range(lines):
        line = [*draw.choices(usual, k=6), f"{draw.random():.9f}"]
        if number % rarely == rarely - 1:
            line.insert(draw.randrange(len(line)), draw.choice(WORDS))
        text.append(" ".join(line))
    return "\n".join(text)


@pytest.fixture(
    params=[(40, 3), (9_000, 2), (9_000, 700), (9_000, 10_000)],
    ids=["short", "often", "rarely", "never"],
)
def log(request: pytest.FixtureRequest) -> Log:
    """A log, short or long, with all words, with few or with none."""
    lines, rarely = request.param
    return read(written(lines, rarely=rarely))


def test_the_squeezed_text_is_that_of_all_lines(log: Log) -> None:
    """To squeeze all lines at once gives what to squeeze each of them gives."""
    pieces = [squeeze(content) for content in log.contents]

    assert "".join(pieces) == log.squeezed
    assert [log.span(at, at)[1] - log.span(at, at)[0] for at in range(len(pieces))] == list(
        map(len, pieces)
    )


@pytest.mark.parametrize("words", [*map(squeeze, WORDS), "loss", "ss", "lossstep", "nowhere", "Q"])
def test_words_are_found_where_they_are(log: Log, words: str) -> None:
    """The ways of searching find the same places, rare words or common ones."""
    assert list(log.places(words)) == list(naive_places(log.squeezed, words))
    assert log.first(words) == log.squeezed.find(words)


@pytest.mark.parametrize("words", [("Error",), ("Killed", "GPU"), ("quiet", "File", "Warning:")])
def test_no_line_with_a_word_is_missed(log: Log, words: tuple[str, ...]) -> None:
    """Lines that have a word are among those that may have it, in order."""
    having = [at for at, content in enumerate(log.contents) if any(one in content for one in words)]

    found = log.lines_with(*words)

    assert found == sorted(set(found))
    assert set(having) <= set(found)


def test_an_empty_log_has_no_lines() -> None:
    """Nothing is found in nothing."""
    log = Log([], [], [])

    assert log.lines == ()
    assert log.squeezed == ""
    assert log.first("a") == -1
    assert log.lines_with("a") == []
