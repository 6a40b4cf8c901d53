"""Gives uv the package index that the user has set up for pip.

uv does not read pip's configuration. A company's index that stands only in ``pip.conf`` would be
passed over silently. So, where uv has no index set up for itself, pip's settings are translated
into uv's environment variables (pip's documentation: "Configuration"; uv's: "Environment
variables" and "Compatibility with pip").

pip looks for a package on all its indexes and takes the best version of all; uv by default stops
at the first index that has the name. With pip's indexes uv therefore gets the strategy
``unsafe-best-match``, which is pip's behaviour, with its known weakness: whoever can publish a
name on one of the indexes can win. That is the trust that the user's pip has already.
"""

import configparser
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Optional

import msgspec

_SECTIONS = ("global", "install")
_TRUE = {"1", "y", "yes", "t", "true", "on"}
_TRANSLATED = {
    "cert",
    "client-cert",
    "constraint",
    "default-timeout",
    "extra-index-url",
    "find-links",
    "index-url",
    "no-index",
    "proxy",
    "pypi-url",
    "timeout",
    "trusted-host",
}
_UV_INDEX_VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
)
# A line of uv.toml that chooses where packages come from.
_UV_INDEX_LINE = re.compile(
    r"^\s*(\[\[(pip\.)?index\]\]|(index|index-url|extra-index-url|find-links|no-index)\s*=)",
    re.MULTILINE,
)
_CREDENTIALS = re.compile(r"([a-z][a-z0-9+.-]*://)[^/\s]+@", re.IGNORECASE)


def redact(text: str) -> str:
    """Take user names, passwords and tokens out of the addresses in a text."""
    return _CREDENTIALS.sub(r"\1***@", text)


class IndexSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What uv has to be told: variables for its environment and options for its command line.

    ``sources`` are the files and variables of pip that they were read from.
    """

    variables: dict[str, str] = {}
    options: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the machine that decide which configuration files count."""

    variables: Mapping[str, str]
    home: str
    macos: bool = False
    prefix: str = ""
    """The environment whose pip is meant, besides the activated one."""
    root: str = "/"
    """Where absolute system paths begin; tests move it."""

    @classmethod
    def here(cls) -> "Surroundings":
        """Return this machine's."""
        return cls(
            variables=dict(os.environ),
            home=str(Path("~").expanduser()),
            macos=sys.platform == "darwin",
            prefix=sys.prefix,
        )

    def system(self, path: str) -> str:
        """Return an absolute system path below the root."""
        return os.path.join(self.root, path.lstrip("/"))


def index_settings(surroundings: Surroundings) -> IndexSettings:
    """Translate pip's configuration into uv's.

    The index is left alone where uv has one set up; certificates, proxy, time limit and
    constraints are translated one by one where uv's own variable is not set.
    """
    options, sources = _pip_options(surroundings)
    variables = dict(_other_settings(options, surroundings.variables))
    arguments: tuple[str, ...] = ()
    if not uv_has_index(surroundings):
        variables.update(_indexes(options, surroundings.variables))
        arguments = ("--no-index",) if _is_true(options.get("no-index")) else ()
    if not variables and not arguments:
        return IndexSettings()
    return IndexSettings(variables=variables, options=arguments, sources=sources)


def uv_has_index(surroundings: Surroundings) -> bool:
    """Whether uv's variables or its user's or system's ``uv.toml`` choose an index."""
    if any(surroundings.variables.get(name) for name in _UV_INDEX_VARIABLES):
        return True
    return any(_UV_INDEX_LINE.search(_text(path)) for path in _uv_files(surroundings))


def _uv_files(surroundings: Surroundings) -> Iterator[str]:
    variables = surroundings.variables
    if variables.get("UV_CONFIG_FILE"):
        yield variables["UV_CONFIG_FILE"]
        return
    if variables.get("UV_NO_CONFIG"):
        return
    yield os.path.join(_config_home(surroundings), "uv", "uv.toml")
    for folder in _config_folders(surroundings):
        yield os.path.join(folder, "uv", "uv.toml")
    yield surroundings.system("/etc/uv/uv.toml")


def _config_home(surroundings: Surroundings) -> str:
    named = surroundings.variables.get("XDG_CONFIG_HOME")
    return named or os.path.join(surroundings.home, ".config")


def _config_folders(surroundings: Surroundings) -> list[str]:
    named = surroundings.variables.get("XDG_CONFIG_DIRS")
    return (
        [part for part in named.split(":") if part] if named else [surroundings.system("/etc/xdg")]
    )


def pip_files(surroundings: Surroundings) -> list[str]:
    """Name pip's configuration files in the order in which later ones win."""
    named = surroundings.variables.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    files = list(_global_files(surroundings))
    # A file that PIP_CONFIG_FILE names takes the place of the user's own.
    if not (named and os.path.exists(named)):
        files += _user_files(surroundings)
    for prefix in (surroundings.prefix, surroundings.variables.get("VIRTUAL_ENV")):
        if prefix:
            files.append(os.path.join(prefix, "pip.conf"))
    return [*files, named] if named else files


def _global_files(surroundings: Surroundings) -> Iterator[str]:
    if surroundings.macos:
        yield surroundings.system("/opt/homebrew/share/pip/pip.conf")
        yield surroundings.system("/Library/Application Support/pip/pip.conf")
        return
    for folder in _config_folders(surroundings):
        yield os.path.join(folder, "pip", "pip.conf")
    yield surroundings.system("/etc/pip.conf")


def _user_files(surroundings: Surroundings) -> list[str]:
    legacy = os.path.join(surroundings.home, ".pip", "pip.conf")
    folder = os.path.join(surroundings.home, "Library", "Application Support", "pip")
    if not (surroundings.macos and os.path.isdir(folder)):
        base = _config_home(surroundings)
        if surroundings.macos:
            base = os.path.join(surroundings.home, ".config")
        folder = os.path.join(base, "pip")
    return [legacy, os.path.join(folder, "pip.conf")]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _pip_options(surroundings: Surroundings) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return pip's options by their long names, and where they were read."""
    read: dict[str, tuple[str, str]] = {}
    files = [(path, _sections(path)) for path in pip_files(surroundings)]
    # A later file wins within a section; a section for one command wins over [global] anywhere.
    for section in _SECTIONS:
        for path, sections in files:
            read.update({name: (value, path) for name, value in sections.get(section, {}).items()})
    for name, value in surroundings.variables.items():
        if name.startswith("PIP_") and value:
            read[name[4:].lower().replace("_", "-")] = (value, name)
    used = {name: entry for name, entry in read.items() if name in _TRANSLATED}
    sources = dict.fromkeys(source for _, source in used.values())
    return {name: value for name, (value, _) in used.items()}, tuple(sources)


def _sections(path: str) -> dict[str, dict[str, str]]:
    """Read a file of pip's; a damaged one is pip's to complain about, here it says nothing."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        return {}
    return {
        section: {
            name.replace("_", "-").lstrip("-"): value
            for name, value in parser.items(section)
            if value
        }
        for section in parser.sections()
    }


def _other_settings(
    options: Mapping[str, str], variables: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Translate the settings besides the index, where they are not set for uv already."""
    certificates = options.get("cert")
    if certificates and not variables.get("SSL_CERT_FILE"):
        yield "SSL_CERT_FILE", os.path.expanduser(certificates)
    if options.get("client-cert") and not variables.get("SSL_CLIENT_CERT"):
        yield "SSL_CLIENT_CERT", os.path.expanduser(options["client-cert"])
    seconds = options.get("timeout") or options.get("default-timeout")
    if seconds and not variables.get("UV_HTTP_TIMEOUT"):
        yield "UV_HTTP_TIMEOUT", str(max(1, round(_number(seconds))))
    hosts = options.get("trusted-host")
    if hosts and not variables.get("UV_INSECURE_HOST"):
        yield "UV_INSECURE_HOST", " ".join(hosts.split())
    constraints = options.get("constraint")
    if constraints and not variables.get("UV_CONSTRAINT"):
        yield "UV_CONSTRAINT", " ".join(constraints.split())
    proxy = options.get("proxy")
    if proxy and not any(variables.get(name) for name in ("HTTPS_PROXY", "https_proxy")):
        address = proxy if "://" in proxy else f"http://{proxy}"
        yield "HTTPS_PROXY", address
        yield "HTTP_PROXY", address


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 30.0


def _indexes(options: Mapping[str, str], variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    index = options.get("index-url") or options.get("pypi-url")
    if index:
        yield "UV_DEFAULT_INDEX", index.strip()
    extra = options.get("extra-index-url", "").split()
    if extra:
        yield "UV_INDEX", " ".join(extra)
        yield "UV_INDEX_STRATEGY", variables.get("UV_INDEX_STRATEGY") or "unsafe-best-match"
    links = options.get("find-links", "").split()
    if links:
        yield "UV_FIND_LINKS", ",".join(_link(link) for link in links)


def _link(link: str) -> str:
    """Write a place for uv, which parts its list by commas."""
    if "://" in link or link.startswith("file:"):
        return link.replace(",", "%2C")
    path = os.path.abspath(os.path.expanduser(link))
    return Path(path).as_uri().replace(",", "%2C") if "," in path else path


def _is_true(value: Optional[str]) -> bool:
    return value is not None and value.strip().lower() in _TRUE
