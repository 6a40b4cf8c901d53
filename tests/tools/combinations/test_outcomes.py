"""From what a run left behind to its outcome and to one line; no TensorFlow is run."""

import json
import signal
from typing import Optional

import pytest
from tools.combinations.causes import cause
from tools.combinations.messages import ERROR_LIMIT, error_line, scrubbed, telling_line
from tools.combinations.program import PROGRAM, Outcome, judged, loaded

from tfmac.schema.combinations import Combination
from tfmac.schema.knowledge import Step


def lines(*entries: dict[str, object]) -> list[str]:
    return [json.dumps(entry) for entry in entries]


class TestJudged:
    def test_all_steps_ran(self) -> None:
        report = lines({"step": "import"}, {"step": "fit"}, {"step": "works"})
        assert judged(report, 0, "noise") == Outcome(step=Step.WORKS)

    def test_an_exception_belongs_to_the_step_that_had_begun(self) -> None:
        report = lines({"step": "import"}, {"step": "fit"}, {"error": "KeyError", "message": "'x'"})
        outcome = judged(report, 1, "")
        assert (outcome.step, error_line(outcome)) == (Step.FIT, "KeyError: 'x'")

    def test_an_exception_that_hides_another_names_it(self) -> None:
        error = {"error": "ImportError", "message": "Keras cannot be imported."}
        root = {"root": "ModuleNotFoundError", "root_message": "No module named 'tree'"}
        outcome = judged(lines({"step": "fit"}, {**error, **root}), 1, "")
        assert error_line(outcome) == (
            "ImportError: Keras cannot be imported. "
            "(from ModuleNotFoundError: No module named 'tree')"
        )

    def test_a_signal_is_named(self) -> None:
        outcome = judged(lines({"step": "import"}), -signal.SIGSEGV, "warning: y\n")
        assert (outcome.step, error_line(outcome)) == (Step.IMPORT, "SIGSEGV")

    def test_an_abort_says_what_the_library_said(self) -> None:
        stderr = "[libprotobuf FATAL a/b.cc:12] CHECK failed: file != nullptr\nmore\n"
        assert error_line(judged([], -signal.SIGABRT, stderr)) == (
            "SIGABRT: [libprotobuf FATAL a/b.cc:12] CHECK failed: file != nullptr"
        )

    def test_running_past_the_limit_is_named(self) -> None:
        outcome = judged(lines({"step": "import"}, {"step": "fit"}), None, "")
        assert (outcome.step, error_line(outcome)) == (Step.FIT, "timeout after 180 s")

    def test_a_death_after_the_last_step_is_no_pass(self) -> None:
        assert judged(lines({"step": "works"}), -signal.SIGSEGV, "").step is Step.TF_DATA

    def test_an_exit_without_a_report(self) -> None:
        assert error_line(judged([], 3, "")) == "exit without a message"

    def test_what_was_loaded_does_not_hide_the_outcome(self) -> None:
        report = lines({"step": "tf-data"}, {"loaded": ["numpy", "keras"]}, {"step": "works"})
        assert judged(report, 0, "").step is Step.WORKS
        assert loaded(report) == ("numpy", "keras")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", ""),
        ("one line", "one line"),
        ("first\n\nlast", "last"),
        ("zero\nThe signature was\n\t() -> handle", "The signature was () -> handle"),
        ("Descriptors cannot be created directly.\n\nMore information: there", None),
        ("Traceback:\n  File x\nImportError: bad ABI\n\nFailed to load the native …", "bad ABI"),
        ("shapes differ\n\nArguments received by Dense.call():\n  • x=1", "shapes differ"),
    ],
)
def test_telling_line(message: str, line: Optional[str]) -> None:
    expected = "Descriptors cannot be created directly." if line is None else line
    assert telling_line(message) == expected


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/a/b-1/lib/x.so: undefined symbol", "x.so: undefined symbol"),
        ("from 'm' (/e/lib/__init__.py)", "from 'm' (__init__.py)"),
        ("use a/b or tensorflow/core/x.cc", "use a/b or tensorflow/core/x.cc"),
        ("see https://host/path/page", "see https://host/path/page"),
        ("<object at 0x7f0011223344>", "<object at 0x…>"),
    ],
)
def test_scrubbed(text: str, clean: str) -> None:
    assert scrubbed(text) == clean


def test_scrubbed_keeps_the_limit() -> None:
    assert len(scrubbed("x" * 999)) == ERROR_LIMIT


def test_the_program_is_python() -> None:
    compile(PROGRAM, "program.py", "exec")


def failed(package: str, version: Optional[str], error: Optional[str]) -> Combination:
    return Combination(
        tensorflow="2.18.1",
        package=package,
        version=version,
        python="3.11",
        step=Step.IMPORT if error else Step.WORKS,
        error=error,
    )


SIZE = "ValueError: numpy.dtype size changed. Expected 96 from C header, got 88 from PyObject"


@pytest.mark.parametrize(
    ("run", "numpy", "named"),
    [
        (failed("pandas", "2.0.0", SIZE), "2.0.2", "numpy-2-with-numpy-1-binaries"),
        (failed("pandas", "2.0.0", SIZE), "1.26.4", "numpy-older-than-build"),
        (failed("six", None, "ModuleNotFoundError: No module"), "2.0.2", "needed-package-missing"),
        (
            failed(
                "protobuf", "3.20.3", "ImportError: cannot import name 'x' from 'google.protobuf'"
            ),
            "2.0.2",
            "protobuf-older-than-generated-code",
        ),
        (failed("keras", "2.15.0", "AttributeError: x"), "2", "keras-not-matching-tensorflow"),
        (
            failed(
                "keras", "2.0.7", "ImportError: cannot import name 'Iterable' from 'collections'"
            ),
            "2",
            "package-too-old-for-python",
        ),
        (failed("rich", "1.0", "AttributeError: x"), "2.0.2", None),
        (failed("rich", "9.0", None), "2.0.2", None),
    ],
)
def test_an_error_names_its_cause(run: Combination, numpy: str, named: Optional[str]) -> None:
    """The same words are another sign beside another NumPy; what works has no cause."""
    assert cause(run, numpy) == named
