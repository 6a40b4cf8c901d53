"""What a log shows of the machine that wrote it: versions, paths, platform, Keras generation."""

import re
from collections.abc import Iterator, Sequence
from typing import Optional

from tfmac.explainer.circumstances import Known
from tfmac.explainer.events import Event, Frame
from tfmac.explainer.expressions import expression
from tfmac.explainer.log import Log, squeeze
from tfmac.formats.distinfo import normalise
from tfmac.knowledge import releases

_MOST_PATHS = 40
_MOST_LINES = 5_000
_LONGEST_LINE = 4_000

_SITE = expression(r"/lib/python(3\.\d{1,2})t?/(?:site|dist)-packages")
_INTERPRETER = expression(
    r"/python(3\.\d{1,2})t?(?:/|\b)|[\\/]Python(3)(\d{1,2})[\\/]"
    r"|\b(?:CP|P|p)ython[ :=]{1,3}v?(3\.\d{1,2}(?:\.\d{1,2})?)\b"
)
_MACOS = expression(
    r"\b(?:[Mm]acOS|Mac OS X|Mac OS|OS ?X)[ :]{1,2}(?:[A-Z][a-z]+ ){0,2}(?:[Vv]ersion )?"
    r"(1[0-9]\.\d{1,2}(?:\.\d{1,2})?|1[1-9]|2[0-9])\b"
    r"|\bmac(?:OS|os)-(1\d\.\d{1,2}(?:\.\d{1,2})?)-(?:arm64|x86_64)"
)
_DARWIN = expression(
    r"Darwin Kernel Version (\d{2})\.|\bDarwin-(\d{2})\.|Darwin \S{1,60} (\d{2})\.\d"
)
_NAME = r"([A-Za-z][\w.-]{1,60}?)"
_VERSION = r"(\d+(?:\.\d+){1,3}(?:\.?(?:a|b|rc|post|dev)\d+)?)"
_LISTED = expression(rf"^{_NAME}(?:==|\s{{2,60}}){_VERSION}(?:\s.{{0,200}})?$")
_RELEASE = expression(r"(.{2,100})-(\d[\w.]{0,30})")
_NAMED = expression(r"[A-Za-z0-9][\w.-]{0,100}")
_LAST_VERSION = expression(rf"\({_VERSION}\)$")
_BEFORE = expression(rf"\b{_NAME} {_VERSION}$")
_HAVE = expression(rf"{_NAME} {_VERSION}(?: which|\.|,| |$)")
_SAID = expression(
    r"\b(tensorflow|keras|numpy|tf\.keras|tf|h5py|protobuf|tensorflow[-_]metal|tensorflow[-_]macos|np|torch|jax)"
    r"(?:\.__version__)?['\"]?(?: version|\s?-?version)?"
    r"\s?[:=](?!=)[\s'\"v]{0,4}" + _VERSION,
    re.IGNORECASE,
)
# What each of its names begins with, or has in it.
_NAMES_IN_SAID = ("tensorflow", "tf", "keras", "numpy", "np", "h5py", "protobuf", "torch", "jax")
_RUN_IN_NUMPY = "cannot be run in NumPy "
_NUMPY = expression(_RUN_IN_NUMPY + r"(\d+\.\d+(?:\.\d+)?)")
_SHORT = {"tf": "tensorflow", "np": "numpy", "tf.keras": ""}

_NAME_OF_MACS = "tensorflow-macos"
"""Asked for elsewhere it is a mistake, and shows no Mac."""
_OF_CONTAINERS = ("]RUN", "/bin/sh-c", "compilePythonapp")
_SYSTEMS = (
    (
        "macos",
        (
            "/Users/",
            "/opt/homebrew",
            ".dylib",
            "Darwin",
            "macosx_",
            "osx-arm64",
            "osx-64",
            "darwin",
            "Metal device set to",
            "platform METAL",
            "zsh: illegal hardware",
            "/Library/Frameworks/Python.framework",
            "libc++abi",
            "/private/var/",
            "/var/folders/",
        ),
    ),
    ("windows", (":\\Users\\", "\\site-packages\\", "win_amd64", "C:\\", ".dll")),
    (
        "linux",
        (
            "/home/",
            "manylinux",
            "linux-gnu",
            "/usr/lib/python3",
            "linux_x86_64",
            "linux_aarch64",
            "/content/",
            "/kaggle/",
            "platform linux",
            "-----> Python app detected",
            "/opt/hostedtoolcache/",
            "/home/runner/",
            "# apt-get install",
            "sudo apt",
        ),
    ),
)
_OFTEN_LINUX = "/usr/local/lib/python"
"""Homebrew on Intel Macs has its packages there too."""
# How people name their Mac, without any of its paths; squeezed.
_TOLD_MAC = (
    *(
        "MacBook",
        "Macbook",
        "iMac",
        "Macmini",
        "macOS1",
        "macOS2",
        "macOS-",
        "MacOSX",
        "OSX10",
        "OSX11",
        "ProductVersion:",
        "macOSM",
        "macOSintel",
        "macOSIntel",
    ),
    *("BigSur", "Monterey", "Ventura", "Sonoma", "Sequoia", "Catalina"),
)
_APPLE_SILICON = (
    "osx-arm64",
    "/opt/homebrew/",
    "RELEASE_ARM64",
    "-arm64-arm-64bit",
)
_ARM64 = ("macosx_11_0_arm64", "_arm64.whl", "darwin_arm64", "machine='arm64'", "machine: arm64")
_ROSETTA = ("RELEASE_ARM64_T8", "RELEASE_ARM64_VM")

# Modules of a traceback that one generation has and the other has not.
_KERAS_3 = expression(
    r"/keras/src/(?:backend|trainers|ops|legacy|random|tree|callbacks|losses|constraints|regularizers|"
    r"activations|distribution|dtype_policies|quantizers|"
    r"models/(?:functional|sequential|model|variable_mapping)\.py|layers/(?:layer|input_spec)\.py|"
    r"optimizers/base_optimizer\.py|saving/(?:file_editor|keras_saveable)\.py)(?:/|$)"
)
_KERAS_2 = expression(
    r"/keras/(?:src/)?(?:engine|dtensor|estimator|feature_column|legacy_tf_layers|premade_models|"
    r"mixed_precision|saving/legacy|optimizers/legacy)/\w+"
    r"|/keras/src/(?:activations|backend|callbacks|constraints|losses|regularizers)\.py"
    r"|/keras/src/(?:saving/pickle_utils|optimizers/optimizer_v\w+)\.py"
    r"|/tf_keras/|/tensorflow/python/keras/|/keras/(?!src/|api/|_tf_keras/)(?:\w+/){0,4}(?!__)\w+\.py"
)


def recognise(log: Log, events: Sequence[Event]) -> Known:
    """Gather what a log shows of its machine; of two versions of one thing neither is known."""
    pythons: dict[str, None] = {}
    packages: dict[str, dict[str, None]] = {}
    names: frozenset[str] = frozenset()
    macos: list[str] = []
    before = ""
    for line in _ends(log):
        text = line[:_LONGEST_LINE]
        if not text:
            continue
        pythons.update(dict.fromkeys(_pythons(text)))
        if (
            text.startswith("ProductVersion")
            or before.endswith("sw_vers -productVersion")
            or before.startswith("ProductName")
        ):
            macos += _PRODUCT.findall(text)[:1]
        before = text
        if "acOS" in text or "arwin" in text or "OS X" in text or "OSX" in text or "Mac OS" in text:
            macos += _macos(text)
        for name, version in _versions(text):
            names = names or frozenset(releases.packages())
            normal = normalise(name)
            if normal in names or normal == "pip":
                packages.setdefault(normal, {})[version] = None
    system, chip = _platform(log)
    generations = _generations(log, events)
    return Known(
        python=_only(pythons),
        macos=_only(dict.fromkeys(macos)),
        platform=f"{system}-{chip}" if system and chip else None,
        system=system,
        packages={name: next(iter(found)) for name, found in packages.items() if len(found) == 1},
        keras=generations[0] if len(generations) == 1 else None,
        paths=tuple(dict.fromkeys(_paths(log, events)))[:_MOST_PATHS],
    )


def _ends(log: Log) -> Sequence[str]:
    """Give the lines in which versions and paths are sought: those at both ends of a long log."""
    if len(log.contents) <= 2 * _MOST_LINES:
        return log.contents
    return [*log.contents[:_MOST_LINES], *log.contents[-_MOST_LINES:]]


def _pythons(text: str) -> Iterator[str]:
    if "ython" not in text:
        return
    for found in _INTERPRETER.finditer(text):
        major, minor = found.group(2), found.group(3)
        yield found.group(1) or found.group(4) or f"{major}.{minor}"


def _only(found: dict[str, None]) -> Optional[str]:
    """Give the only version; a full one goes before the minor that it belongs to."""
    longest = max(found, key=len, default=None)
    if longest is None or not all(f"{longest}.".startswith(f"{one}.") for one in found):
        return None
    return longest


_PRODUCT = expression(r"(1\d(?:\.\d{1,2}){0,2}|2\d(?:\.\d{1,2}){0,2})")
_PIP = expression(
    r"You are using pip version (\d[\d.]{1,10}\d)|^(?:Using )?pip (\d[\d.]{1,10}\d) from "
)
# ``ada@box:~$``, as shells on Linux are set up.
_LINUX_PROMPT = expression(
    r"(?:\([\w.-]{1,40}\) )?[a-z_][\w-]{0,30}@[\w.-]{1,60}:[~/]\S{0,200}[$#](?:\s|$)"
)


def _macos(text: str) -> Iterator[str]:
    for found in _MACOS.finditer(text):
        yield found.group(1) or found.group(2)
    for found in _DARWIN.finditer(text):
        darwin = int(found.group(1) or found.group(2) or found.group(3))
        yield str(darwin - 9) if darwin >= _DARWIN_OF_BIG_SUR else f"10.{darwin - 4}"


_DARWIN_OF_BIG_SUR = 20


def _versions(text: str) -> Iterator[tuple[str, str]]:
    """Read versions of distributions: lists, installers' words, what programs print of them."""
    if _may_be_listed(text):
        listed = _LISTED.match(text)
        if listed is not None:
            yield listed.group(1), listed.group(2)
    yield from _installers(text)
    if (":" in text or "=" in text) and _names_package(text):
        for found in _SAID.finditer(text):
            name = found.group(1).lower().replace("_", "-")
            yield _SHORT.get(name, name), found.group(2)
    if _RUN_IN_NUMPY in text:
        for found in _NUMPY.finditer(text):
            yield "numpy", found.group(1)


def _may_be_listed(text: str) -> bool:
    """Whether ``==`` or two characters of white space are in a line, of which tabs are some."""
    return "==" in text or "  " in text or not text.isprintable()


def _names_package(text: str) -> bool:
    folded = text.casefold()
    return any(name in folded for name in _NAMES_IN_SAID)


def _installers(text: str) -> Iterator[tuple[str, str]]:
    if text.startswith("Successfully installed "):
        for found in filter(None, map(_RELEASE.fullmatch, text.split())):
            yield found.group(1), found.group(2)
    if text.startswith(_SATISFIED):
        name, version = _NAMED.match(text, len(_SATISFIED)), _LAST_VERSION.search(text[-60:])
        if name is not None and version is not None:
            yield name.group(), version.group(1)
    for words in (" requires ", " has requirement "):
        place = text.find(words)
        before = _BEFORE.search(text[:place][-120:]) if place > 0 else None
        if before is not None:
            yield before.group(1), before.group(2)
    have = text.find("you have ")
    after = _HAVE.match(text, have + len("you have "), have + 200) if have >= 0 else None
    if after is not None:
        yield after.group(1), after.group(2)
    if "pip " in text:
        for found in _PIP.finditer(text):
            yield "pip", found.group(1) or found.group(2)


_SATISFIED = "Requirement already satisfied: "


# ``Apple M1``, ``M2 Pro``, ``MacBook Air (M1, 2020)``, in squeezed text.
_CHIPS = ("M1", "M2", "M3", "M4", "M5")
_CHIP = expression(
    r"(?:Apple|MacBookAir|MacBookPro|Macmini|MacStudio|iMac)\(?(?:13|14|15|16|24)?(?:-inch,)?M[1-5]"
    r"|M[1-5](?:Pro|Max|Ultra|MacBook|Macmini|Air|Mac|chip|processor|\(arm64\))"
    r"|(?:[mM]acOS|Mac|macOS\w{1,12})\(?M[1-5]\b"
)
# ``2.3 GHz Quad-Core Intel Core i5``, ``Intel Mac``, ``MacBook Pro (Intel)``, in squeezed text.
_INTEL_CHIP = expression(
    r"IntelCore|Intel\(R\)Core|Intel(?:-based)?(?:Mac|iMac|chip|processor)|Inteli[3579]\b"
    r"|(?:[mM]ac(?:OS)?|MacBook(?:Pro|Air)?\d{0,4})[-,(]{0,2}[iI]ntel\b"
)
_MOST_OF_PLATFORM = 300_000


def _names_chip(text: str) -> bool:
    return any(chip in text for chip in _CHIPS) and _CHIP.search(text) is not None


def _platform(log: Log) -> tuple[Optional[str], Optional[str]]:
    text = log.squeezed
    if len(text) > 2 * _MOST_OF_PLATFORM:
        text = text[:_MOST_OF_PLATFORM] + text[-_MOST_OF_PLATFORM:]
    shown = [
        name for name, signs in _SYSTEMS if any("".join(sign.split()) in text for sign in signs)
    ]
    if not shown and _NAME_OF_MACS in text and not any(one in text for one in _OF_CONTAINERS):
        shown = ["macos"]
    system = shown[0] if len(shown) == 1 else None
    if any(
        _LINUX_PROMPT.match(line) or _LINUX_PROMPT.search(line, 0, 120)
        for line in _ends(log)
        if "@" in line[:80]
    ):
        system = "linux"
    arm = _names_chip(text) or any(sign in text for sign in map(squeeze, _APPLE_SILICON))
    if system is None and not shown and (arm or any(words in text for words in _TOLD_MAC)):
        system = "macos"
    if system is None and not shown and _OFTEN_LINUX in text:
        system = "linux"
    if system is None:
        return None, None
    if system == "macos":
        arm = arm or any("".join(sign.split()) in text for sign in _ARM64)
        intel = not arm and "ntel" in text and _INTEL_CHIP.search(text) is not None
        return system, "arm64" if arm else ("x86_64" if intel else None)
    if system == "windows":
        return system, None
    arm = "aarch64" in text
    return system, "aarch64" if arm else ("x86_64" if "x86_64" in text else None)


def _generations(log: Log, events: Sequence[Event]) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for event in events:
        for frame, inner in zip(event.frames, (*event.frames[1:], None)):
            if "keras" not in frame.path:
                continue
            generation = _of_archive_reader(log, frame, inner)
            if generation is not None:
                found[generation] = None
            if _KERAS_3.search(frame.path):
                found[3] = None
            if _KERAS_2.search(frame.path):
                found[2] = None
    return tuple(found)


def _of_archive_reader(log: Log, frame: Frame, inner: Optional[Frame]) -> Optional[int]:
    """Tell by the functions that read an archive, where both generations have the same files.

    Keras 3.1 and later have functions of their own for what ``load_model`` of Keras 2 and 3.0
    does itself; of these two it stands further down in Keras 2.
    """
    if not frame.path.endswith("/keras/src/saving/saving_lib.py"):
        return None
    if frame.function in {"_load_model_from_fileobj", "_model_from_config", "_load_model_from_dir"}:
        return 3
    if frame.function != "load_model" or inner is None:
        return None
    if not inner.path.endswith("/serialization_lib.py"):
        return None
    line = _LINE.search(log.squeezed, frame.place, frame.place + _LONGEST_PATH)
    if line is None:
        return None
    return 2 if int(line.group(1)) >= _LINE_IN_KERAS_2 else 3


_LINE = expression(r"\.py(?:',line|:)(\d{1,6})")
_LINE_IN_KERAS_2 = 200


def _paths(log: Log, events: Sequence[Event]) -> Iterator[str]:
    """Name the folders of packages: those of tracebacks, where no wrap has cut them, first."""
    named = []
    for event in events:
        for frame in event.frames:
            head, found_site, _ = frame.path.partition("site-packages")
            if found_site:
                named.append(head + found_site)
    yield from named
    known = frozenset(named)
    for line in _ends(log):
        if "-packages" in line:
            text = line[:_LONGEST_LINE]
            for found in _SITE.finditer(text):
                path = _whole(text, found)
                if path[:1] in {"/", "~"} and not any(one.endswith(path) for one in known):
                    yield path


def _whole(text: str, found: "re.Match[str]") -> str:
    """Add to a path's end what stands before it."""
    least = max(0, found.start() - _LONGEST_PATH)
    begin = max(text.rfind(mark, least, found.start()) for mark in _AROUND_PATHS)
    return text[max(begin + 1, least) : found.end()]


_LONGEST_PATH = 300
_AROUND_PATHS = " \t'\"():,=<>"
