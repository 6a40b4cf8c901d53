"""A small package index on this machine, and artifacts for it."""

import functools
import hashlib
import http.server
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

ARM = "cp312-cp312-macosx_12_0_arm64"
LINUX = "cp312-cp312-manylinux_2_17_x86_64"


class Site:
    """What the fake index serves, and what was asked of it."""

    def __init__(self, name: str = "made") -> None:
        self.name = name
        self.files: dict[str, bytes] = {}
        self.listing: list[dict[str, Any]] = []
        self.ranges = True
        self.truncated: set[str] = set()
        self.statuses: dict[str, int] = {}
        self.html = False
        self.asked: list[str] = []

    def add(self, filename: str, content: bytes, *, sidecar: bool = False, **more: object) -> None:
        self.files[f"/files/{filename}"] = content
        if sidecar:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                name = next(name for name in archive.namelist() if name.endswith("METADATA"))
                self.files[f"/files/{filename}.metadata"] = archive.read(name)
        self.listing.append(
            {
                "filename": filename,
                "url": f"../../files/{filename}",
                "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
                "size": len(content),
                "upload-time": "2024-05-06T07:08:09.1234Z",
                "yanked": False,
                **more,
            }
        )

    def body(self, path: str) -> Optional[bytes]:
        if path == f"/simple/{self.name}/":
            listing = {"meta": {"api-version": "1.1"}, "name": self.name, "files": self.listing}
            return json.dumps(listing).encode()
        return self.files.get(path)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *arguments: Any) -> None:
        self.site = site
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        body = self.site.body(self.path)
        status = self.site.statuses.get(self.path, 200 if body is not None else 404)
        body = b"nothing here" if body is None else body
        kind = "application/octet-stream"
        if self.path.startswith("/simple/"):
            kind = "application/vnd.pypi.simple.v1+json"
            if self.site.html:
                body, kind = b"<html><body>Please log in</body></html>", "text/html"
        size = len(body)
        extra = {}
        wanted = self.headers.get("Range")
        if wanted and self.site.ranges and status == 200:
            first, _, last = wanted[len("bytes=") :].partition("-")
            start = int(first) if first else max(0, size - int(last))
            body = body[start : int(last) + 1 if first and last else size]
            status = 206
            extra["Content-Range"] = f"bytes {start}-{start + len(body) - 1}/{size}"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()
        if self.path in self.site.truncated:
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve an index on this machine; gives its address."""
    handler = functools.partial(Handler, site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple/"
        server.shutdown()


def wheel(
    version: str, *requires: str, python: Optional[str] = ">=3.9", name: str = "made"
) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    if python:
        lines.append(f"Requires-Python: {python}")
    lines += [f"Requires-Dist: {each}" for each in requires]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/__init__.py", "# filling\n" * 20)
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines) + "\n\nText\n")
    return packed.getvalue()


def without_metadata() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("made/__init__.py", "")
    return packed.getvalue()


def source_archive(version: str, metadata_version: str, *requires: str) -> bytes:
    text = f"Metadata-Version: {metadata_version}\nName: made\nVersion: {version}\n"
    text += "".join(f"Requires-Dist: {each}\n" for each in requires)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"made-{version}/PKG-INFO")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()
