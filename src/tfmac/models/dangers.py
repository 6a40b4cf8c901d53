"""What a model file would run or fetch, and what in it no model has a need of."""

import re
from collections.abc import Iterator, Sequence

from tfmac.formats.marshal_code import Code
from tfmac.knowledge import keras_names
from tfmac.models.configuration import Named, texts_in
from tfmac.models.lambdas import names_of
from tfmac.schema.model_content import Content
from tfmac.schema.models import Execution, LambdaKind, LambdaLayer, Suspicion

_MOST = 200
_LONGEST = 200
# Through these a program reaches files, processes, networks and other code.
_DANGEROUS_MODULES = frozenset(
    {"os", "posix", "nt", "sys", "subprocess", "shutil", "socket", "pty", "commands", "importlib"}
    | {"ctypes", "pickle", "marshal", "runpy", "code", "codeop", "urllib", "urllib2", "requests"}
    | {"http", "ftplib", "smtplib", "webbrowser", "multiprocessing", "threading", "signal"}
    | {"builtins", "__builtin__", "pip", "tempfile", "pathlib", "glob", "io", "asyncio"}
)
_DANGEROUS_NAMES = frozenset(
    {"eval", "exec", "execfile", "compile", "__import__", "open", "system", "popen", "spawn"}
    | {"Popen", "check_output", "check_call", "getattr", "setattr", "globals", "locals", "vars"}
    | {"__builtins__", "__globals__", "__subclasses__", "__class__", "__mro__", "__code__"}
    | {"remove", "unlink", "rmtree", "urlopen", "urlretrieve", "get_file", "breakpoint", "input"}
)
# Functions of Keras that load or fetch something: no layer is one.
_DANGEROUS_OF_KERAS = frozenset(
    {"get_file", "load_model", "enable_unsafe_deserialization", "load_weights", "model_from_json"}
)
_OPERATIONS = {
    "PyFunc": "calls a Python function of the process",
    "PyFuncStateless": "calls a Python function of the process",
    "EagerPyFunc": "calls a Python function of the process",
    "ReadFile": "reads a file",
    "WriteFile": "writes a file",
    "MatchingFiles": "lists files",
    "Save": "writes a file",
    "PrintV2": "prints, to a file if it says so",
    "DebugIdentityV2": "writes what it sees somewhere",
    "LoadLibrary": "loads a library",
}
_ADDRESS = re.compile(r"(?:https?|ftp|file|gs|s3|hdfs|ssh)://\S{3,}")
_ABSOLUTE = re.compile(r"(?:/(?:[\w.+@ -]+/)+[\w.+@ -]*|[A-Za-z]:[\\/][^\n]{2,}|~/\S+)")
# Under these keys stand the user's words, not names of places.
_WORDS = frozenset({"vocabulary", "items", "code", "function", "name", "char_vocabulary"})


def executions(
    content: Content, named: Sequence[Named], lambdas: Sequence[LambdaLayer]
) -> tuple[Execution, ...]:
    """Give what runs or is fetched when the file is loaded or used."""
    found = [
        *_of_lambdas(lambdas),
        *_of_classes(named),
        *(
            Execution(what=f"imports and may call {name}", when="load", location="pickle")
            for name in content.imports
        ),
        *_of_operations(content),
    ]
    return tuple(dict.fromkeys(found))[:_MOST]


def _of_lambdas(lambdas: Sequence[LambdaLayer]) -> Iterator[Execution]:
    for one in lambdas:
        if one.kind is LambdaKind.BYTE_CODE:
            yield Execution(what="runs its Python byte code", when="load", location=one.layer)
        elif one.kind is LambdaKind.NAMED:
            yield Execution(what=f"calls {one.function}", when="load", location=one.layer)


def _of_classes(named: Sequence[Named]) -> Iterator[Execution]:
    for one in named:
        config = one.entry.get("config")
        module = one.module
        if module is not None and module != "builtins" and not keras_names.is_keras_module(module):
            what = f"imports {module} and calls {one.class_name}"
            yield Execution(what=what[:_LONGEST], when="load", location=one.location)
        if not isinstance(config, dict):
            continue
        if one.class_name == "TorchModuleWrapper":
            yield Execution(what="unpickles a PyTorch module", when="load", location=one.location)
        elif one.class_name == "TFSMLayer":
            what = f"loads the SavedModel {config.get('filepath')}"
            yield Execution(what=what[:_LONGEST], when="load", location=one.location)
        elif one.class_name == "KerasLayer" and "handle" in config:
            what = f"fetches {config.get('handle')}"
            yield Execution(what=what[:_LONGEST], when="load", location=one.location)


def _of_operations(content: Content) -> Iterator[Execution]:
    for name, count in _dangerous_operations(content):
        what = f"{_OPERATIONS[name]} ({name}, {count} times)"
        yield Execution(what=what, when="call", location="graph")


def _dangerous_operations(content: Content) -> Iterator[tuple[str, int]]:
    operations = content.graph.operations if content.graph is not None else {}
    for name, count in sorted(operations.items()):
        if _OPERATIONS.get(name):
            yield name, count


def suspicions(
    content: Content, named: Sequence[Named], codes: Sequence[tuple[str, Code]]
) -> tuple[Suspicion, ...]:
    """Give what no model has a need of, or what may do harm."""
    found = [
        *(one for location, code in codes for one in _of_code(location, code)),
        *_of_names(named),
        *_of_imports(content.imports),
        *(
            Suspicion(statement=f"{_OPERATIONS[name]}: {name}", location="graph")
            for name, _ in _dangerous_operations(content)
        ),
        *_of_texts(content.configuration, "configuration"),
        *_of_texts(content.training, "training configuration"),
    ]
    return tuple(dict.fromkeys(found))[:_MOST]


def _of_code(location: str, code: Code) -> Iterator[Suspicion]:
    for name in dict.fromkeys(names_of(code)):
        if name in _DANGEROUS_MODULES or name in _DANGEROUS_NAMES:
            yield Suspicion(statement=f"its byte code names {name}", location=location)
    for text in code.texts():
        yield from _of_text(text, location)
        if text in _DANGEROUS_MODULES and text not in {"code", "input", "io"}:
            yield Suspicion(statement=f"its byte code has the text {text!r}", location=location)


def _of_names(named: Sequence[Named]) -> Iterator[Suspicion]:
    for one in named:
        config = one.entry.get("config")
        name = config if one.class_name == "function" and isinstance(config, str) else None
        called = name or one.class_name
        root = (one.module or "").partition(".")[0]
        in_builtins = root == "builtins" and one.class_name == "function"
        if root in _DANGEROUS_MODULES and not (in_builtins and called not in _DANGEROUS_NAMES):
            statement = f"names {one.module}.{called}"
            yield Suspicion(statement=statement[:_LONGEST], location=one.location)
        elif called in _DANGEROUS_OF_KERAS:
            statement = f"names {called}, which is no part of a model"
            yield Suspicion(statement=statement, location=one.location)


def _of_imports(imports: Sequence[str]) -> Iterator[Suspicion]:
    for name in imports:
        root, _, called = name.partition(".")
        if root in _DANGEROUS_MODULES or called.rpartition(".")[2] in _DANGEROUS_NAMES:
            yield Suspicion(statement=f"imports {name}"[:_LONGEST], location="pickle")


def _of_texts(value: object, location: str) -> Iterator[Suspicion]:
    for key, text in texts_in(value):
        if key not in _WORDS:
            yield from _of_text(text, f"{location}: {key}" if key else location)


def _of_text(text: str, location: str) -> Iterator[Suspicion]:
    shown = text[:_LONGEST]
    if len(text) > 4096:
        return
    if _ADDRESS.match(text):
        yield Suspicion(statement=f"has the address {shown}", location=location)
    elif _ABSOLUTE.fullmatch(text):
        yield Suspicion(statement=f"has the path {shown}", location=location)
