"""Which cause of the vocabulary an error line of a run names."""

import re
from typing import NamedTuple, Optional

from packaging.version import Version

from tfmac.schema.combinations import Combination


class _Sign(NamedTuple):
    cause: str
    error: "re.Pattern[str]"
    packages: frozenset[str] = frozenset()
    """The changed packages that it is a sign for; none named means all."""
    numpy: Optional[int] = None
    """The generation of NumPy that has to be there."""


def _sign(cause: str, error: str, *packages: str, numpy: Optional[int] = None) -> _Sign:
    return _Sign(cause, re.compile(error), frozenset(packages), numpy)


_STANDARD = r"(collections|typing|inspect|asyncio|fractions|importlib|ast|pkgutil)"
_NUMPY_1 = "numpy-2-with-numpy-1-binaries"

# The first one that fits.
_SIGNS = (
    _sign(_NUMPY_1, r"Expected 96 from C header, got 88|_ARRAY_API not found", numpy=2),
    _sign(_NUMPY_1, r"numpy\.core\.\w+ failed to import", numpy=2),
    _sign(_NUMPY_1, r"signature was \(\) -> handle", numpy=2),
    _sign(_NUMPY_1, r"raised unreported exception|error_already_set called", numpy=2),
    _sign(
        "package-too-old-for-python", rf"from '{_STANDARD}'|module '{_STANDARD}' has no attribute"
    ),
    _sign("python-3-12-without-distutils", r"No module named '(distutils|imp)'"),
    _sign("numpy-alias-removed", r"'numpy' has no attribute '(object|bool|int|float|str|complex)'"),
    _sign("numpy-alias-removed", r"aliases was originally deprecated in NumPy 1\.20"),
    _sign("numpy-older-than-build", r"compiled against A[BP]I version|numpy\.dtype size changed"),
    _sign("protobuf-generated-code-too-old", r"Descriptors cannot (not )?be created directly"),
    _sign("protobuf-older-than-generated-code", r"cannot import name '\w+' from 'google\.protobuf"),
    _sign("protobuf-older-than-generated-code", r"keyword argument 'serialized_"),
    _sign("protobuf-older-than-generated-code", r"runtime_version\.VersionError"),
    _sign("jaxlib-not-matching-jax", r"jaxlib (is )?version .* jax version|this version of jax"),
    _sign("ml-dtypes-mismatch", r"'ml_dtypes' has no attribute|requires ml_dtypes version"),
    _sign("keras-not-matching-tensorflow", r"", "keras"),
    _sign("tf-keras-not-matching-tensorflow", r"", "tf-keras"),
)
_MISSING = "needed-package-missing"


def cause(run: Combination, numpy: Optional[str]) -> Optional[str]:
    """Name the cause that an error is a sign of, beside the NumPy that was there."""
    if run.error is None:
        return None
    if run.version is None:
        return _MISSING
    present = Version(numpy).major if numpy else None
    for sign in _SIGNS:
        if sign.packages and run.package not in sign.packages:
            continue
        if sign.numpy is not None and sign.numpy != present:
            continue
        if sign.error.search(run.error):
            return sign.cause
    return None
