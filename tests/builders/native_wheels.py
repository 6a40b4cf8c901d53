"""Wheels with tiny native libraries: a framework, shells of it, and extensions; and their index."""

import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import Optional, Union

from builders.macho import Bind, image
from builders.package_index import Site

FRAMEWORK_ID = "@rpath/libtensorflow_framework.2.dylib"
FRAMEWORK_PATH = "tensorflow/libtensorflow_framework.2.dylib"
MAIN_ID = "@rpath/_pywrap_tensorflow_internal.so"
MAIN_PATH = "tensorflow/python/_pywrap_tensorflow_internal.so"
PLUGIN_PATH = "tensorflow-plugins/libmetal_plugin.dylib"
HEADER_PATH = "tensorflow/include/tensorflow/c/experimental/stream_executor/stream_executor.h"
HEADER = """
#ifdef __cplusplus
extern "C" {
#endif
typedef struct SP_Executor { size_t struct_size; %s void (*stop)(const void* device); } SP_Executor;
typedef struct SE_Params { size_t struct_size; SP_Executor* executor; } SE_Params;
void SE_InitPlugin(SE_Params* params, TF_Status* status);
#ifdef __cplusplus
}
#endif
"""
_FILLING = 1_100_000  # what is smaller counts as a shell


class Shelf(Site):
    """An index with several projects: a file belongs to the one that its name begins with."""

    def body(self, path: str) -> Optional[bytes]:
        if not path.startswith("/simple/"):
            return super().body(path)
        name = path.split("/")[2]
        everything, beginning = self.listing, name.replace("-", "_") + "-"
        self.name = name
        self.listing = [one for one in everything if one["filename"].startswith(beginning)]
        try:
            return super().body(path)
        finally:
            self.listing = everything

    def downloads(self, part: str) -> list[str]:
        """What was asked for of the files with this in their names."""
        return [path for path in self.asked if path.startswith("/files/") and part in path]


def packed(
    name: str,
    version: str,
    files: Mapping[str, Union[bytes, str]],
    *,
    requires: Sequence[str] = (),
    text: str = "",
    filling: bool = False,
) -> bytes:
    """Write a wheel."""
    head = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    head += [f"Requires-Dist: {one}" for one in requires]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        if filling:
            archive.writestr("tensorflow/filling", os.urandom(_FILLING))
        folder = f"{name.replace('-', '_')}-{version}.dist-info"
        archive.writestr(f"{folder}/METADATA", "\n".join(head) + f"\n\n{text}\n")
    return out.getvalue()


def framework(
    name: str,
    version: str,
    exports: Sequence[bytes],
    *,
    main_id: Optional[str] = MAIN_ID,
    fields: str = "int first;",
    macos: tuple[int, int, int] = (12, 0, 0),
) -> bytes:
    """Write a TensorFlow whose framework library exports some names."""
    main = image(identity=main_id, links=[FRAMEWORK_ID], rpaths=["@loader_path/.."], exports={})
    library = image(identity=FRAMEWORK_ID, exports=dict.fromkeys(exports), minimum_os=macos)
    files: dict[str, Union[bytes, str]] = {
        MAIN_PATH: main,
        FRAMEWORK_PATH: library,
        HEADER_PATH: HEADER % fields,
    }
    return packed(name, version, files, filling=True)


def plugin(
    version: str,
    needs: Sequence[bytes],
    *,
    text: str = "",
    entry: bytes = b"_SE_InitPlugin",
    macos: tuple[int, int, int] = (12, 0, 0),
) -> bytes:
    """Write a plug-in that binds names to TensorFlow's framework library."""
    library = image(
        links=[FRAMEWORK_ID],
        binds=[Bind(name) for name in needs],
        exports={entry: None},
        minimum_os=macos,
    )
    return packed("tensorflow-metal", version, {PLUGIN_PATH: library}, text=text)
