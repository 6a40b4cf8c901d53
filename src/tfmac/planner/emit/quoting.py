"""Texts inside TOML, YAML and comments: what comes from an index cannot end a string or a line."""

import re

_TOML_SPECIAL = re.compile(r'["\\\x00-\x1f\x7f]')
_YAML_SPECIAL = re.compile(r'["\\]|[^\x20-\x7e]')
# Everything that some reader takes for the end of a line, and the other control characters.
_COMMENT_SPECIAL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def toml_string(text: str) -> str:
    """Write a text as a basic string of TOML."""
    return f'"{_TOML_SPECIAL.sub(_escaped, text)}"'


def yaml_string(text: str) -> str:
    """Write a text as a double-quoted scalar of YAML, in ASCII."""
    return f'"{_YAML_SPECIAL.sub(_escaped, text)}"'


def comment(text: str) -> str:
    """Write a text as one line of comment, for all formats here."""
    return f"# {_COMMENT_SPECIAL.sub(' ', text)}"


def _escaped(match: "re.Match[str]") -> str:
    character = match.group()
    if character in '"\\':
        return f"\\{character}"
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
