"""TensorFlow and Keras that work on Apple-silicon Macs.

The public functions are those of ``tfmac.api``, bound when they are first used, so that
``import tfmac`` costs nothing.
"""

from typing import TYPE_CHECKING, Any

from tfmac._version import __version__

__all__ = [
    "__version__",
    "bench",
    "cause",
    "causes",
    "check",
    "collect_facts",
    "compare_operations",
    "create",
    "diagnose",
    "explain",
    "explained",
    "inspect_model",
    "migrate_model",
    "migrate_models",
    "parity",
    "plan",
    "probe",
    "prove",
    "versions",
]

if TYPE_CHECKING:
    from tfmac.api import (
        bench,
        cause,
        causes,
        check,
        collect_facts,
        compare_operations,
        create,
        diagnose,
        explain,
        inspect_model,
        migrate_model,
        migrate_models,
        parity,
        plan,
        probe,
        prove,
        versions,
    )
    from tfmac.notebook.blocks import explained


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public function
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "explained":
        from tfmac.notebook import blocks  # noqa: PLC0415

        return blocks.explained
    from tfmac import api  # noqa: PLC0415

    return getattr(api, name)


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython is not imported here
    """``%load_ext tfmac``: explain uncaught exceptions, and offer ``%tfmac``."""
    from tfmac.notebook import extension  # noqa: PLC0415

    extension.load(shell)


def unload_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - the same
    """``%unload_ext tfmac``."""
    from tfmac.notebook import extension  # noqa: PLC0415

    extension.unload(shell)


def __dir__() -> list[str]:
    return __all__
