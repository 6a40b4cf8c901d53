"""What holds for all tests: whoever starts them, Ctrl-C can be sent to a program under test."""

import signal

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Undo an ignored interrupt, which a shell gives to what it starts in the background.

    Programs inherit that: one under test would not notice its Ctrl-C, and never end.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
