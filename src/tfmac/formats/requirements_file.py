"""Requirements files of pip: which packages somebody asks for, and where each is asked for.

"Requirements File Format" in pip's own documentation. An option that would change which packages
are chosen, and that only an installer's own configuration can honour, is an error: an answer that
passes over it would be a wrong one.
"""

import posixpath
import re
import shlex
import warnings
from collections.abc import Iterator, Sequence
from typing import Callable, Optional

import msgspec
from packaging.requirements import Requirement

_FILES = 100
_DEPTH = 10
_CHARACTERS = 2_000_000
_LINES = 20_000
_CHARACTERS_OF_A_LINE = 100_000
# Below the number of digits that Python refuses to turn into an integer.
_CHARACTERS_OF_A_REQUIREMENT = 4_000

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_OPTIONS = re.compile(r"(?:^|\s)(?=-)")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_HASH = re.compile(r"sha(?:256|384|512):.+")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ARCHIVES = (
    *(".whl", ".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz"),
    *(f".tar.{kind}" for kind in ("gz", "bz2", "xz", "lz", "lzma")),
)

_INDEX = "the package index belongs into uv's or pip's own configuration, where tfmac finds it"
_SOURCES = "whether packages are built belongs into the configuration of uv or pip"
_BUILDS = "a plan cannot carry options of a build; take it off"
_EDITABLE = (
    "a plan holds published packages; list what this one requires, and install it afterwards"
)
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
}
_INCLUDES = {"--requirement", "--constraint"}
_REFUSED_WITH_VALUE = {
    "--editable": _EDITABLE,
    "--index-url": _INDEX,
    "--pypi-url": _INDEX,
    "--extra-index-url": _INDEX,
    "--find-links": _INDEX,
    "--no-binary": _SOURCES,
    "--only-binary": _SOURCES,
    "--config-settings": _BUILDS,
    "--config-setting": _BUILDS,
    "--global-option": _BUILDS,
    "--install-option": _BUILDS,
}
_REFUSED = {
    "--no-index": _INDEX,
    "--pre": "plans hold stable releases; take it off",
}
# What is asked for is the same without these: a plan has hashes of its own.
_SKIPPED_WITH_VALUE = {"--hash", "--trusted-host", "--use-feature"}
_SKIPPED = {"--require-hashes", "--prefer-binary"}
_WITH_VALUE = _INCLUDES | _SKIPPED_WITH_VALUE | set(_REFUSED_WITH_VALUE)
_ALL_REFUSED = {**_REFUSED, **_REFUSED_WITH_VALUE}


class InvalidRequirementsFile(ValueError):
    """A requirements file that cannot be read or honoured: the file, the line and what to do."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement (PEP 508) with its marker, and its place as ``FILE:LINE``."""

    text: str
    origin: str
    constraint: bool = False
    """Whether it only bounds a package that something else asks for."""


class _Option(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    value: str


def read_requirements(path_or_name: str, read: Callable[[str], str]) -> tuple[Line, ...]:
    """Read a file and those that it includes; ``read`` gives a file's text by its path.

    The path of an included file is relative to the file that includes it. Raises
    ``InvalidRequirementsFile``, also where ``read`` raises ``OSError`` or ``ValueError``.
    """
    return tuple(_Reader(read).lines(path_or_name, constraint=False, above=(), asked_at=None))


class _Reader:
    """Follows includes, and counts what was read over all files."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self._read = read
        self._files = 0
        self._characters = 0
        self._lines = 0

    def lines(
        self, path: str, *, constraint: bool, above: Sequence[str], asked_at: Optional[str]
    ) -> Iterator[Line]:
        """Give the requirements of a file, those of included files in their places."""
        where = asked_at or path
        if _ADDRESS.match(path):
            raise InvalidRequirementsFile(f"{where}: {path} is an address; fetch it to a file")
        key = posixpath.normpath(path)
        if key in above:
            raise InvalidRequirementsFile(f"{where}: {path} includes itself")
        if len(above) >= _DEPTH:
            raise InvalidRequirementsFile(f"{where}: more than {_DEPTH} files include each other")
        text = self._text(path, where)
        for number, line in _logical_lines(text):
            yield from self._line(
                line, f"{path}:{number}", path=path, constraint=constraint, above=(*above, key)
            )

    def _text(self, path: str, where: str) -> str:
        self._files += 1
        if self._files > _FILES:
            raise InvalidRequirementsFile(f"{where}: more than {_FILES} files are included")
        try:
            text = self._read(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InvalidRequirementsFile(f"{where}: {path} cannot be read: {reason}") from error
        self._characters += len(text)
        self._lines += len(text.splitlines())
        if self._characters > _CHARACTERS or self._lines > _LINES:
            raise InvalidRequirementsFile(
                f"{where}: more than {_LINES} lines or {_CHARACTERS} characters in all files"
            )
        return text

    def _line(
        self, line: str, origin: str, *, path: str, constraint: bool, above: tuple[str, ...]
    ) -> Iterator[Line]:
        variable = _VARIABLE.search(line)
        if variable is not None:
            raise InvalidRequirementsFile(
                f"{origin}: variables are not expanded; write the value of {variable.group()}"
            )
        text, options = _apart(line, origin)
        _refuse(options, origin)
        included = [one for one in options if one.name in _INCLUDES]
        if len(included) > 1 or (text and included):
            raise InvalidRequirementsFile(
                f"{origin}: pip reads one file a line, and none after a requirement; "
                f"give {included[-1].value} a line of its own"
            )
        for option in included:
            yield from self.lines(
                _beside(path, option.value),
                constraint=option.name == "--constraint",
                above=above,
                asked_at=origin,
            )
        if text:
            yield _requirement(text, origin, constraint=constraint)


def _beside(path: str, included: str) -> str:
    if _ADDRESS.match(included):
        return included
    return posixpath.join(posixpath.dirname(path), included)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Give each line without its comment, continued ones joined under their first number.

    pip splits at every line end that Python knows, and a line of comment ends a continuation.
    """
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        first = first if parts else number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            parts.append(line.strip("\\"))
            continue
        # The space keeps a comment apart from what it ends.
        whole = "".join([*parts, " " if is_comment else "", line])
        parts = []
        yield from _without_comment(first, whole)
    yield from _without_comment(first, "".join(parts))


def _without_comment(number: int, line: str) -> Iterator[tuple[int, str]]:
    bare = _COMMENT.sub("", line).strip()
    if bare:
        yield number, bare


def _apart(line: str, origin: str) -> tuple[str, tuple[_Option, ...]]:
    """Part a requirement from the options behind it: only those have a shell's quotes."""
    if len(line) > _CHARACTERS_OF_A_LINE:
        raise InvalidRequirementsFile(
            f"{origin}: it is longer than {_CHARACTERS_OF_A_LINE} characters"
        )
    start = _OPTIONS.search(line)
    if start is None:
        return line, ()
    try:
        words = shlex.split(line[start.end() :])
    except ValueError as error:
        raise InvalidRequirementsFile(f"{origin}: a quotation mark is not closed") from error
    return line[: start.start()].strip(), tuple(_options(iter(words), origin))


def _options(words: Iterator[str], origin: str) -> Iterator[_Option]:
    for word in words:
        name, value = _name_and_value(word)
        if not name.startswith("--"):
            raise InvalidRequirementsFile(f"{origin}: {word!r} is not an option of such a file")
        if name in _WITH_VALUE and value is None:
            value = next(words, None)
            if value is None:
                raise InvalidRequirementsFile(f"{origin}: {word} has no value")
        yield _Option(name=name, value=value or "")


def _name_and_value(word: str) -> tuple[str, Optional[str]]:
    """Read ``--name=value``, ``--name``, ``-n`` and ``-nvalue``; the names are the long ones."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    return _SHORT.get(word[:2], word), word[2:] or None


def _refuse(options: Sequence[_Option], origin: str) -> None:
    """Raise for what cannot be honoured; what is unknown may be such a thing."""
    for option in options:
        reason = _ALL_REFUSED.get(option.name)
        if reason is not None:
            raise InvalidRequirementsFile(f"{origin}: {option.name} is not for a plan: {reason}")
        if option.name not in _INCLUDES | _SKIPPED | _SKIPPED_WITH_VALUE:
            raise InvalidRequirementsFile(f"{origin}: tfmac does not know the option {option.name}")
        if option.name == "--hash" and not _HASH.fullmatch(option.value):
            raise InvalidRequirementsFile(f"{origin}: write --hash=sha256:DIGEST for a hash")


def _requirement(text: str, origin: str, *, constraint: bool) -> Line:
    if len(text) > _CHARACTERS_OF_A_REQUIREMENT:
        raise InvalidRequirementsFile(
            f"{origin}: a requirement is longer than {_CHARACTERS_OF_A_REQUIREMENT} characters"
        )
    _refuse_unnamed(text, origin)
    requirement = _parsed(text, origin)
    if requirement.url is not None and not _ADDRESS.match(requirement.url):
        raise InvalidRequirementsFile(
            f"{origin}: {requirement.url!r} is not an address; write file:///PATH for a file"
        )
    if constraint and requirement.extras:
        raise InvalidRequirementsFile(f"{origin}: a constraint has no extras; take them off")
    return Line(text=text, origin=origin, constraint=constraint)


def _parsed(text: str, origin: str) -> Requirement:
    try:
        with warnings.catch_warnings():
            # The parser reads a marker's strings as Python does, which warns of odd escapes.
            warnings.simplefilter("ignore")
            return Requirement(text)
    except (ValueError, SyntaxError, RecursionError) as error:
        reason = (str(error).splitlines() or ["it cannot be read"])[0]
        raise InvalidRequirementsFile(
            f"{origin}: {text!r} is not a requirement: {reason}"
        ) from error


def _refuse_unnamed(text: str, origin: str) -> None:
    """Raise for an address or a path without a name: only opening it would tell what it is."""
    wanted = re.split(r"[;\s\[]", text, maxsplit=1)[0]
    if _ADDRESS.match(wanted):
        raise InvalidRequirementsFile(
            f"{origin}: an address says no name; write NAME @ {wanted} for a package"
        )
    if "@" not in wanted and _is_path(wanted):
        raise InvalidRequirementsFile(
            f"{origin}: {wanted!r} is a path; a plan names packages: write NAME @ file:///PATH"
        )


def _is_path(text: str) -> bool:
    return "/" in text or text.startswith((".", "~", "\\")) or text.lower().endswith(_ARCHIVES)
