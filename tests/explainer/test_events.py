"""What is read of a log: exceptions with their chains and frames, installers, deaths, records."""

import pytest

from tfmac.explainer import read
from tfmac.explainer.events import Event
from tfmac.schema.log_signatures import EventKind

CHAINED = """Traceback (most recent call last):
  File "/home/ada/site-packages/keras/src/saving/saving_lib.py", line 3, in load_model
    return x[1]
KeyError: 'first'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/home/ada/train.py", line 9, in <module>
    load()
ValueError: second
with a second line
"""
IPYTHON = """---------------------------------------------------------------------------
ValueError                                Traceback (most recent call last)
Cell In[3], line 1
----> 1 model = load_model("x.h5")

File ~/tf/lib/python3.11/site-packages/keras/src/utils/traceback_utils.py:122, in handler(*args)
    120     raise e
--> 122     raise e

ValueError: Unknown layer
"""
OLD_IPYTHON = """ValueError                                Traceback (most recent call last)
<ipython-input-3-abc> in <module>
----> 1 load()
~/tf/lib/python3.8/site-packages/keras/engine/training.py in fit(self, x)
   12     pass
ValueError: bad
"""
PYTEST = """E   ValueError: Unknown layer

site-packages/keras/src/models/functional.py:12: ValueError
"""
RICH = """╭──── Traceback (most recent call last) ────╮
│ /home/ada/train.py:12 in main             │
│                                           │
│ ❱ 12 load()                               │
╰───────────────────────────────────────────╯
ValueError: Unknown layer
"""
WRAPPED = """Traceback (most recent call last):
  File "/home/ada/lib/python3.11/site-pack
ages/keras/src/models/functional.py", lin
e 12, in from_config
ValueError: Unknown layer
"""


def of(text: str, kind: EventKind) -> "list[Event]":
    return [event for event in read(text).events if event.kind is kind]


def test_a_chain_is_read_from_its_root() -> None:
    """Two exceptions of one chain share a group; the last one ended the program."""
    first, second = of(CHAINED, EventKind.EXCEPTION)

    assert (first.type, first.link, first.ended) == ("KeyError", 0, False)
    assert (second.type, second.link, second.ended) == ("ValueError", 1, True)
    assert first.group == second.group
    assert first.frames[0].path.endswith("saving/saving_lib.py")
    assert second.frames[0].function == "<module>"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (IPYTHON, "keras/src/utils/traceback_utils.py"),
        (OLD_IPYTHON, "keras/engine/training.py"),
        (RICH, "/home/ada/train.py"),
        (WRAPPED, "keras/src/models/functional.py"),
    ],
    ids=["ipython", "old-ipython", "rich", "wrapped"],
)
def test_frames_are_read_in_every_form(text: str, path: str) -> None:
    """A traceback of a notebook, of rich or cut by a narrow terminal has its frames."""
    (event,) = of(text, EventKind.EXCEPTION)

    assert event.type == "ValueError"
    assert event.frames[-1].path.endswith(path)


def test_pytest_shows_the_error_before_its_place() -> None:
    """The error of a test report is an exception too."""
    (event,) = of(PYTEST, EventKind.EXCEPTION)

    assert event.type == "ValueError"


def test_a_message_without_its_class_is_an_exception_that_is_less_sure() -> None:
    """Somebody may paste nothing but the message."""
    (event,) = of("Unknown layer: Functional", EventKind.EXCEPTION)

    assert event.bare


@pytest.mark.parametrize(
    ("line", "types"),
    [
        ("RuntimeError: no model: ImportError: cannot import", ["RuntimeError", "ImportError"]),
        ("ValueError: Layer: ValueError: twice", ["ValueError"]),
        ("It failed with TypeError('Could not locate')", ["TypeError"]),
    ],
)
def test_an_exception_may_tell_another(line: str, types: "list[str]") -> None:
    """What was caught and raised anew is read with its own class; so is what was only printed."""
    assert [event.type for event in of(line, EventKind.EXCEPTION)] == types


@pytest.mark.parametrize(
    ("text", "package", "wanted"),
    [
        (
            "I get: No matching distribution found for tensorflow-text==2.13 How can I go on?",
            "tensorflow-text",
            "==2.13",
        ),
        ("No matching distribution found for `keras>=3,<4`.", "keras", ">=3,<4"),
        (
            (
                "error: distribution tensorflow==2.8.1 @ registry+index can't be installed because "
                "it doesn't have a source distribution or wheel for the current platform"
            ),
            "tensorflow",
            "==2.8.1",
        ),
        (
            "Because keras==3.1 has no wheels and you require it,\nwe can conclude that it fails.",
            "keras",
            "==3.1",
        ),
    ],
)
def test_what_was_wanted_is_read_in_prose_too(text: str, package: str, wanted: str) -> None:
    """People quote the last line alone, in a sentence; resolvers have their own words."""
    (event,) = of(text, EventKind.INSTALLER)

    assert event.captures["package"] == package
    assert event.captures["wanted"] == wanted


def test_pip_says_what_was_wanted_and_what_was_offered() -> None:
    """The requirement and the list are taken out of pip's line, wherever it was wrapped."""
    (event,) = of(
        "ERROR: Could not find a version that satisfies the requirement tensorflow_macos==2.9.0 "
        "(from versions: 2.12.0,\n 2.13.0)\nERROR: No matching distribution found",
        EventKind.INSTALLER,
    )

    assert event.type == "pip"
    assert event.captures == {
        "package": "tensorflow-macos",
        "wanted": "==2.9.0",
        "offered": "2.12.0, 2.13.0",
    }


def test_a_title_says_what_a_traceback_that_was_cut_off_ended_in() -> None:
    """Its frames are those of the exception above it."""
    cut = OLD_IPYTHON.replace("ValueError: bad\n", "")

    events = of(f"# ValueError: bad shape\n\n{cut}", EventKind.EXCEPTION)

    assert events[-1].type == "ValueError"
    assert [frame.function for frame in events[-1].frames] == ["<module>", "fit"]


def test_two_searches_are_two_events() -> None:
    """Each search of an installer is judged by its own list."""
    line = "ERROR: Could not find a version that satisfies the requirement {} (from versions: none)"

    events = of("\n".join(line.format(name) for name in ("one", "two")), EventKind.INSTALLER)

    assert [event.captures["package"] for event in events] == ["one", "two"]


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        ("zsh: illegal hardware instruction  python train.py", "SIGILL"),
        ("[1]    1234 segmentation fault  python train.py", "SIGSEGV"),
        ("Fatal Python error: Aborted", "SIGABRT"),
        (
            "fish: Job 1, 'python train.py' terminated by signal SIGILL (Illegal instruction)",
            "SIGILL",
        ),
        ("train.sh: line 3: 12 Killed    python train.py", "SIGKILL"),
        ("The kernel appears to have died. It will restart automatically.", "kernel"),
    ],
)
def test_deaths_are_told_by_their_words(line: str, signal: str) -> None:
    """A shell, the interpreter and Jupyter each have words of their own."""
    assert signal in [event.type for event in of(line, EventKind.DEATH)]


def test_records_and_warnings_have_their_severity_and_category() -> None:
    """Framework lines and Python's warnings are no exceptions."""
    text = (
        "2024-05-01 12:00:00.123456: W tensorflow/core/file.cc:12] careful\n"
        "W0000 00:00:1718901342.660129 8131210 mps_client.cc:510] experimental\n"
        "WARNING:absl:There is a known slowdown\n"
        "/home/ada/x.py:12: UserWarning: Do not\n  super().__init__()\n"
    )

    assert [event.type for event in of(text, EventKind.RECORD)] == ["W", "W", "W"]
    assert [event.type for event in of(text, EventKind.WARNING)] == ["UserWarning"]
    assert not any(event.type for event in of(text, EventKind.EXCEPTION))
