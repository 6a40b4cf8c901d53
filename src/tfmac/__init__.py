"""TensorFlow and Keras that work on Apple-silicon Macs.

The public functions are those of ``tfmac.api``, bound when they are first used, so that
``import tfmac`` costs nothing.
"""

from typing import TYPE_CHECKING, Any

from tfmac._version import __version__

__all__ = [
    "__version__",
    "cause",
    "causes",
    "collect_facts",
    "create",
    "diagnose",
    "explain",
    "inspect_model",
    "migrate_model",
    "migrate_models",
    "plan",
    "probe",
    "prove",
    "versions",
]

if TYPE_CHECKING:
    from tfmac.api import (
        cause,
        causes,
        collect_facts,
        create,
        diagnose,
        explain,
        inspect_model,
        migrate_model,
        migrate_models,
        plan,
        probe,
        prove,
        versions,
    )


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public function
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tfmac import api  # noqa: PLC0415

    return getattr(api, name)


def __dir__() -> list[str]:
    return __all__
