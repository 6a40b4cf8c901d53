"""Names that a system component of the process is taken to have, in flat and weak look-ups."""

from typing import Optional

import pytest

from builders.macho import Bind, image
from tfmac.formats import linking
from tfmac.formats.native import Image, open_image
from tfmac.schema.platform import Architecture

CXX = "/usr/lib/libc++.1.dylib"
FOUNDATION = "/System/Library/Frameworks/Foundation.framework/Versions/C/Foundation"
FLAT, WEAK = -2, -3


class Files:
    def __init__(self, files: "dict[str, bytes]") -> None:
        self._files = files

    def find(self, path: str) -> Optional[Image]:
        content = self._files.get(path)
        return open_image(content, Architecture.ARM64) if content is not None else None


@pytest.mark.parametrize(
    ("name", "library", "found"),
    [
        (b"__ZTISt12length_error", CXX, True),
        (b"__ZTVSt9exception", CXX, True),
        (b"__ZTISt12length_error", FOUNDATION, False),
        (b"__ZTISt6vectorI3FooE", CXX, False),
        (b"__ZTIN10tensorflow8OpKernelE", CXX, False),
        (b"_iconv_open", FOUNDATION, True),
        (b"_iconv_open", CXX, False),
        (b"_iconvert", FOUNDATION, False),
        (b"_TF_VLog", FOUNDATION, False),
    ],
)
@pytest.mark.parametrize("ordinal", [FLAT, WEAK])
def test_names_by_their_form(name: bytes, library: str, found: bool, ordinal: int) -> None:  # noqa: FBT001
    """Plain classes of std with libc++, POSIX's iconv with Foundation, and nothing else."""
    files = Files(
        {
            "/main": image(exports={}),
            "/extension": image(links=[library], binds=[Bind(name, ordinal)]),
        }
    )

    assert linking.bind(extension="/extension", main="/main", images=files).loads is found
