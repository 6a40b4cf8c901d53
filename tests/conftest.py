"""What holds for all tests, whoever starts them and however slow the machine is."""

import signal

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are made says nothing about what is tested.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Undo ignored signals, which a shell or nohup gives to what it starts in the background.

    Programs inherit that: one under test would not notice its Ctrl-C, and never end.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
