"""Verdicts over the code of Lambda layers: they depend on the Python that reads."""

import base64

import pytest

from builders.loadability_contents import FAILS, LOADS, UNKNOWN, hdf5, layer, sequential
from tfmac.models.loadability.verdict import judge
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Content

# What CPython 3.7 and 3.13 made of ``lambda t: t * 2.0 + 1.0``.
OF_3_7 = (
    "4wEAAAAAAAAAAQAAAAIAAABTAAAAcwwAAAB8AGQBFABkAhcAUwApA05nAAAAAAAAAEBnAAAAAAAA\n"
    "8D+pACkB2gF0cgEAAAByAQAAAPoEYS5wedoIPGxhbWJkYT4vAQAA8wAAAAA=\n"
)
OF_3_13 = (
    "4wEAAAAAAAAAAAAAAAIAAAATAAAA8xIAAACVAFUAUwEtBQAAUwItAAAAJAApA07nAAAAAAAAAEDn\n"
    "AAAAAAAA8D+pACkB2gF0cwEAAAAg2gRhLnB52gg8bGFtYmRhPtoIPGxhbWJkYT4vAQAAcwwAAACA\n"
    "AJgxmHOZN6BTmj3zAAAAAA==\n"
)


def model(code: str) -> Content:
    return hdf5(sequential(layer("Lambda", function=[code, None, None], function_type="lambda")))


@pytest.mark.parametrize(
    ("code", "reader", "verdict"),
    [
        (OF_3_7, "tensorflow==1.15.0", LOADS),
        (OF_3_7, "tensorflow==1.15.0,keras==2.2.4", LOADS),
        (OF_3_7, "tensorflow==2.3.4", UNKNOWN),
        (OF_3_7, "tensorflow==2.12.1", FAILS),
        (OF_3_7, "tensorflow==2.3.4,python==3.7", LOADS),
        (OF_3_7, "tensorflow==2.3.4,python==3.8.2", FAILS),
        (OF_3_7, "tensorflow==2.15.1,keras==2.15.0,python==3.11", FAILS),
        (OF_3_13, "tensorflow==2.16.2,tf-keras==2.16.0", UNKNOWN),
        (OF_3_13, "tensorflow==2.20.0,tf-keras==2.20.0,python==3.13", LOADS),
        (OF_3_13, "tensorflow==2.12.1,python==3.12", UNKNOWN),
        (OF_3_13, "tensorflow==2.9.3", FAILS),
    ],
)
def test_the_verdict_is_that_of_all_pythons_that_the_reader_runs_on(
    code: str, reader: str, verdict: Verdict
) -> None:
    judged = judge(model(code), reader)

    assert judged.verdict is verdict
    assert judged.cause == (None if verdict is LOADS else "lambda-bytecode-other-python")


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("tensorflow==1.15.99", "tensorflow==1.15.0"),
        ("tensorflow==1.13.1", "tensorflow==1.15.0"),
        ("keras==2.9.0", "tensorflow==2.9.3"),
        ("tf-keras==2.18.0", "tensorflow==2.18.1,tf-keras==2.18.0"),
    ],
)
def test_a_release_that_is_not_recorded_has_the_pythons_of_the_one_before_it(
    given: str, recorded: str
) -> None:
    for code in (OF_3_7, OF_3_13):
        wanted, judged = judge(model(code), recorded), judge(model(code), given)
        assert (wanted.verdict, wanted.message) == (judged.verdict, judged.message)


def test_what_depends_on_the_python_says_which_ones_load_it() -> None:
    message = str(judge(model(OF_3_7), "tensorflow==2.3.4").message)

    assert "3.6 and 3.7 read it" in message
    assert "3.8 does not" in message


def test_a_python_with_the_same_layout_may_read_it() -> None:
    message = str(judge(model(OF_3_13), "tensorflow==2.18.1,tf-keras==2.18.0").message)

    assert "3.9 and 3.10 do not" in message
    assert "not known of 3.11 and 3.12" in message
    assert "python==" in message


def with_another_instruction(code: str) -> str:
    """Put a number for the first instruction that no measured Python begins with."""
    raw = bytearray(base64.b64decode(code))
    place = raw.index(b"\x95\x00U\x00")
    raw[place] = 200
    return base64.b64encode(bytes(raw)).decode()


@pytest.mark.parametrize("code", ["%%%", with_another_instruction(OF_3_13)])
def test_code_that_no_measured_python_wrote_is_never_said_to_load(code: str) -> None:
    """As that of a Python which came after those that were measured."""
    judged = judge(model(code), "tensorflow==2.20.0,tf-keras==2.20.0,python==3.14")

    assert judged.verdict is UNKNOWN
    assert "no Python that was measured" in str(judged.message)
