"""The text of a log without what terminals, boxes, quoting and loggers put around it.

What is done to every line of a long log is done to all of them at once where that can be.
"""

import string
from collections.abc import Iterator, Sequence

from tfmac.explainer.expressions import expression
from tfmac.explainer.log import Log, exchanged

_LONG = 400_000
"""From so many characters on, lines that say the same over and over are taken only twice."""
_TAIL_LINES = 2_000
_REPEATS = 2
_MOST_LAYERS = 5
_LONGEST_PREFIX = 200

# Colours, cursor moves, titles; also those whose escape character got lost on the way.
_ESCAPES = expression(
    r"(?:\x1b|\\x1b|\\u001b|\\033|\^\[)\[[0-?]{0,32}[ -/]{0,4}[@-~]"
    r"|\x1b\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)?"
    r"|\x1b[@-Z\\^_=>()]"
    r"|\ufffd?\[\d{1,2}(?:;\d{1,3}){0,4}m"
)
_ESCAPE_BEGINS = ("\x1b", "\\x1b[", "\\u001b[", "\\033[", "^[[")
_BARE_COLOUR = expression(r"\[\d{1,2}(?:;\d{1,3}){0,4}m")
_BACKSPACES = expression(r"[^\n]\x08")
_BOXES = dict.fromkeys([*map(chr, range(0x2500, 0x2580)), *"▶►❱╰"], " ")
_BOX_MARKS = expression("[\u2500-\u257f▶►❱]")
_ENTITIES = (("&quot;", '"'), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"))

_TAGS = ("<code>", "</code>", "<pre>", "</pre>", "<p>", "</p>", "<br>", "<br/>", "<br />")

# What mail, pytest, containers and loggers write before a line; the longest first.
_PREFIXES = expression(
    r"(?:"
    r"\s*[>|]\s?(?!=)"
    r"|E(?:\s{2,}|\t)"
    r"|\[?\(?\d{4}[-/]\d\d[-/]\d\d(?:T|,?\s)\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"(?:\s?Z|\s?UTC|\s?[+-]\d\d:?\d\d)?\)?\]?(?::\s|\s[-|]\s|\s|$)"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?\s(?:-\s)?"
    r"|[A-Z][a-z]{2}\s[\s\d]\d\s\d\d:\d\d:\d\d\s[\w.-]{1,60}\s[\w./-]{1,60}(?:\[\d+\])?:\s"
    r"|[\w.-]{1,40}\s{0,12}\|\s"
    r"|#\d{1,3}\s{1,3}\d{1,5}\.\d{1,3}(?:\s|$)"
    r"|(?:=>\s){0,2}#\s"
    r"|\d{1,6}\.\d{1,3}s\s{1,8}\d{1,6}\s"
    r"|[\w .(),/-]{1,80}\t[\w .(),/-]{1,80}\t\ufeff?(?=\d{4}-)"
    r"|py\d{2,3}[\w-]{0,40}:\s"
    r"|[a-z]{2,20}\[[\w.]{1,40}\]:\s"
    r"|[\w.]{1,60}\s-\s(?:ERROR|WARNING|INFO|DEBUG|CRITICAL)\s-\s"
    r"|[\w.]{1,60}:[\w<>]{1,60}:\d{1,6}\s-\s"
    r"|(?:ERROR|WARNING|INFO|DEBUG|CRITICAL)\s{1,8}(?:\[[\w.:-]{1,60}\]:?"
    r"|[\w.]{1,60}:[\w.]{1,60}\.py:\d{1,6})\s"
    r"|\[rank\d+\]:\s?"
    r"|\([\w.<>-]{0,60}\s?pid=\d+[^()\n]{0,60}\)\s"
    r"|\{[\w.]{1,60}:\d+\}\s"
    r"|\[(?:ERROR|WARNING|WARN|INFO|DEBUG|CRITICAL|stderr|stdout|err|out)\]:?\s"
    r"|(?:stderr|stdout)\s[FP]\s"
    r"|(?:INFO|DEBUG|CRITICAL|stderr|stdout)\s{0,4}[-|:]\s(?=\S)"
    r"|(?:ERROR|WARNING)\s{0,4}[-|]\s(?=\S)"
    r"|(?:ERROR|CRITICAL):(?!absl|tensorflow|jax)[\w.]{1,60}:(?=\S)"
    r")"
)
_SEPARATORS = ("\t", " - ", "]: ")
"""What stands between a logger's own words and the line, where a text has it at all."""
_NO_WORDS = frozenset(">|[({#=")
_WORDS_OF_LOGGERS = ("CRITICAL", "DEBUG", "E", "INFO", "WARNING", "py", "stderr", "stdout")
_STARTS = _NO_WORDS.union(string.ascii_letters, string.digits)
_STARTS_WITHOUT_BAR = _NO_WORDS.union(string.ascii_uppercase, string.digits, "s", "p")


def read(text: str) -> Log:
    """Read a log as it was printed, copied or sent."""
    return _thinned(*_lines(_plain(text)))


def _plain(text: str) -> str:
    """Take out what terminals act on and do not show."""
    text = text.replace("\x00", "")
    if _has_escapes(text):
        text = _ESCAPES.sub("", text)
    if "\x08" in text:
        text = _BACKSPACES.sub("", text)
    return text


def _has_escapes(text: str) -> bool:
    return "[" in text and (
        any(begin in text for begin in _ESCAPE_BEGINS) or _BARE_COLOUR.search(text) is not None
    )


def _lines(text: str) -> tuple[list[int], list[str], list[str]]:
    """Split a text: the number of each line, as it stands, and what it says.

    What a progress bar has overwritten stays, under its line's number.
    """
    if "\n" not in text:
        text = text.replace("\r", "\n")
    text = text.replace("\r\n", "\n")
    numbers: list[int] = []
    raws: list[str] = []
    whole = "\r" not in text and "\\n" not in text
    blank = False
    for number, raw in enumerate(text.split("\n"), 1):
        if not raw or raw.isspace():
            # One blank line says as much as many.
            if not blank:
                numbers.append(number)
                raws.append("")
            blank = True
            continue
        blank = False
        parts = [raw] if whole else _parts(raw)
        numbers += [number] * len(parts)
        raws += parts
    return numbers, raws, _contents(raws)


def _parts(raw: str) -> list[str]:
    if "\\n" in raw and ("Traceback (most" in raw or "\\n  File " in raw):
        # A traceback as one string of JSON.
        return raw.replace('\\"', '"').replace("\\\\n", "\\n").split("\\n")
    if "\r" in raw:
        return [part for part in raw.split("\r") if part.strip()] or [""]
    return [raw]


def _contents(raws: Sequence[str]) -> list[str]:
    """Take boxes, quoting and the prefixes of loggers from lines."""
    text = "\n".join(raws)
    if not text.isascii():
        text = exchanged(text, _BOX_MARKS, _BOXES)
    if "\\'" in text or '\\"' in text:
        # A message that was printed as it stands in a program.
        text = text.replace("\\'", "'").replace('\\"', '"')
    if "**" in text:
        # What somebody has put in bold print, quote marks and all.
        text = text.replace("**", "")
    if "</" in text or "<br" in text:
        for tag in _TAGS:
            text = text.replace(tag, "")
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    starts = _STARTS if "|" in text or "\t" in text else _STARTS_WITHOUT_BAR
    separators = tuple(one for one in _SEPARATORS if one in text)
    return [
        _bare(content, separators) if content[:1] in starts else content
        for content in map(str.strip, text.split("\n"))
    ]


def _bare(content: str, separators: Sequence[str]) -> str:
    """Take what stands around a line from it."""
    if content.endswith(" |"):
        content = content[:-2].rstrip()
    for _ in range(_MOST_LAYERS):
        if not _may_have_prefix(content, separators):
            break
        match = _PREFIXES.match(content, 0, _LONGEST_PREFIX)
        if match is None:
            break
        content = content[match.end() :].lstrip()
    return content


def _may_have_prefix(content: str, separators: Sequence[str]) -> bool:
    """Whether it is worth looking for a prefix: most lines begin with a word of a sentence."""
    first = content[:1]
    if first not in _STARTS:
        return False
    if first in _NO_WORDS or "|" in content:
        return True
    if first.isdigit():
        # 2024-05-06, 2024/05/06, 12:34:56 or a notebook's 12.3s
        return (
            content[4:5] in {"-", "/"}
            or content[2:3] == ":"
            or ("s" in content[3:10] and "." in content[1:7])
        )
    # A level, a stream, or syslog's ``Jan  5 12:34:56``.
    if content.startswith(_WORDS_OF_LOGGERS) or content[9:10] == ":":
        return True
    if not separators:
        return False
    head = content[:_LONGEST_PREFIX]
    return "\t" in head or " - " in head or "]: " in head


def _thinned(numbers: Sequence[int], raws: Sequence[str], contents: Sequence[str]) -> Log:
    """Leave out, of a long log, lines that differ from earlier ones in their digits alone."""
    if sum(map(len, raws)) < _LONG:
        return Log(numbers, raws, contents)
    kept = list(_telling(contents))
    return Log(
        [numbers[place] for place in kept],
        [raws[place] for place in kept],
        [contents[place] for place in kept],
    )


def _telling(contents: Sequence[str]) -> Iterator[int]:
    """Give the places of the lines that are kept of a long log."""
    whole = "\n".join(contents).encode("utf-8", "surrogatepass")
    seen: dict[bytes, int] = {}
    tail = len(contents) - _TAIL_LINES
    for place, skeleton in enumerate(whole.translate(None, b"0123456789").split(b"\n")):
        times = seen.get(skeleton, 0)
        seen[skeleton] = times + 1
        if times < _REPEATS or place >= tail:
            yield place
