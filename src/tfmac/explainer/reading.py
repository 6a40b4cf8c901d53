"""Bytes to text: a log's encoding, and the outputs of a notebook."""

import codecs
from collections.abc import Iterator

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4_000
_MOST_OUTPUTS = 20_000


def decoded(content: bytes) -> str:
    """Read bytes as text, whatever they are; a notebook's JSON gives what its cells printed."""
    text = content.decode(_encoding(content), "replace")
    if text[:200].lstrip()[:1] == "{" and '"cells"' in text:
        return _notebook(text)
    return text


def _encoding(content: bytes) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    sample = content[:_SAMPLE]
    zeros = sample.count(b"\x00")
    if len(sample) > 1 and zeros * 3 > len(sample):
        return "utf-16-le" if sample[1:2] == b"\x00" else "utf-16-be"
    return "utf-8"


def _notebook(text: str) -> str:
    import json  # noqa: PLC0415 - few logs are notebooks

    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return "\n".join(_outputs(content)) or text


def _outputs(content: object) -> Iterator[str]:
    """Give the texts of the outputs of all cells, error tracebacks among them."""
    cells = content.get("cells") if isinstance(content, dict) else None
    for cell in cells[:_MOST_OUTPUTS] if isinstance(cells, list) else ():
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs[:_MOST_OUTPUTS] if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                yield _joined(output.get("text"), "")
                yield _joined(output.get("traceback"), "\n")


def _joined(value: object, separator: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return separator.join(one for one in value if isinstance(one, str))
    return ""
