"""Who may import whom (docs/architecture.md), who may touch the machine, and who may print."""

import ast
import sys
from collections.abc import Iterator

import pytest

from contracts.sources import PACKAGE, SOURCES, Source

_RECORDS = {"schema", "formats", "knowledge"}
# Each package with what it may import beside itself.
ALLOWED = {
    "_version": set[str](),
    "schema": set[str](),
    "formats": {"schema"},
    "knowledge": {"schema", "formats"},
    "checks": _RECORDS,
    # A plan can be for a model file, so it asks the rules of what loads it.
    "planner": {*_RECORDS, "models.loadability"},
    "models": _RECORDS,
    "explainer": _RECORDS,
    "scanner": _RECORDS,
    "report": {"schema"},
    "observe": _RECORDS,
    "environments": {*_RECORDS, "planner.resolver"},
    "migration": {*_RECORDS, "models", "observe", "planner", "environments"},
    "curation": {*_RECORDS, "environments.pip_configuration"},
    "device": set[str](),
    # Of ``device`` it takes the file of what was found wrong here, which both sides know.
    "measurement": {*_RECORDS, "observe", "device.local_knowledge"},
    "api": {*_RECORDS, "checks", "planner", "models", "explainer", "scanner"}
    | {"report", "observe", "environments", "migration", "curation", "measurement"},
    "notebook": {"api", "schema", "report"},
    "cli": {"api", "schema", "report"},
    # The package's face binds the names of ``api`` when they are first used.
    "": {"api", "notebook"},
    "__main__": {"cli"},
}
# What the command line takes from below ``api``: errors to word and exit with ...
CLI_ERRORS = {
    "checks.registry.UnknownSelection",
    "environments.failures.ChangeFailure",
    "environments.failures.EnvironmentChangeFailed",
    "knowledge.api_history.InvalidApiName",
    "knowledge.failures.UnknownCauseError",
    "measurement.reproductions.WouldOverwrite",
    "observe.locate.NothingToInspect",
    "planner.resolver.IndexUnreachable",
    "planner.resolver.ResolutionFailed",
    "planner.demands.InvalidWish",
}
# ... and the type of what stands between a choice and its plan, where the user is asked.
CLI_STEPS = {"planner.choosing.Choice"}
PURE = {
    "schema",
    "formats",
    "knowledge",
    "checks",
    "planner",
    "models",
    "explainer",
    "scanner",
    "report",
}
# Modules through which a program reaches processes and networks.
TOUCHING = {
    "asyncio",
    "ftplib",
    "http",
    "httpx",
    "multiprocessing",
    "requests",
    "socket",
    "ssl",
    "subprocess",
    "urllib",
    "urllib3",
}
# The shipped data is read by one module; every other pure one gets streams and bytes.
READS_FILES = {"tfmac.knowledge.store"}
FILE_MODULES = {"glob", "io", "os", "pathlib", "shutil", "tempfile"}
# Run as files by the interpreter that is diagnosed.
SCRIPTS = {
    "tfmac.migration.verify_calling_script",
    "tfmac.migration.verify_describing_script",
    "tfmac.migration.verify_layers_script",
    "tfmac.migration.verify_script",
    "tfmac.observe.identity_script",
    "tfmac.observe.probe_keras_script",
    "tfmac.observe.probe_model_script",
    "tfmac.observe.probe_script",
    "tfmac.observe.probe_tensorflow_script",
}
LOUD = {
    "print",
    "exit",
    "quit",
    "sys.exit",
    "os._exit",
    "sys.stdout.write",
    "sys.stderr.write",
    "click.echo",
    "click.secho",
    "click.confirm",
    "click.prompt",
}
# What ``device`` may find in the process that it works in.
FRAMEWORKS = {"jax", "keras", "numpy", "tensorflow", "tf_keras", "torch"}
STANDARD_LIBRARY = {
    "__future__",
    "argparse",
    "contextlib",
    "faulthandler",
    "importlib",
    "json",
    "os",
    "platform",
    "re",
    "signal",
    "site",
    "struct",
    "sys",
    "sysconfig",
    "tempfile",
    "time",
    "traceback",
    "typing",
    "zipfile",
}


def _name(source: Source) -> str:
    return source.module


def _of(layers: "set[str]") -> "list[Source]":
    return [source for source in SOURCES if source.layer in layers]


def _called(source: Source) -> "Iterator[str]":
    """Name every function that is called, dots included."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_every_package_has_its_place() -> None:
    """A new package is a line in the table above, so that somebody thinks of its layer."""
    assert {source.layer for source in SOURCES} <= set(ALLOWED)


@pytest.mark.parametrize("source", SOURCES, ids=_name)
def test_a_module_imports_from_its_own_layer_and_below(source: Source) -> None:
    """The layers of the design hold in every module, late imports included."""
    allowed = {source.layer, *ALLOWED[source.layer]}
    extra = CLI_ERRORS | CLI_STEPS if source.layer == "cli" else set()

    foreign = [
        name
        for name in source.own_imports
        if name != "_version.__version__"
        and name not in extra
        and not any(f"{name}.".startswith(f"{layer}.") for layer in allowed if layer)
    ]

    assert foreign == []


@pytest.mark.parametrize("source", _of(PURE), ids=_name)
def test_a_pure_module_reaches_no_process_and_no_network(source: Source) -> None:
    """What judges, plans and words can be run anywhere on saved facts."""
    assert {name.partition(".")[0] for name in source.imports} & TOUCHING == set()


@pytest.mark.parametrize("source", _of(PURE), ids=_name)
def test_a_pure_module_opens_no_files(source: Source) -> None:
    """Files come into pure code as streams and bytes."""
    if source.module in READS_FILES:
        return
    assert {name.partition(".")[0] for name in source.imports} & FILE_MODULES == set()
    assert "open" not in set(_called(source))


@pytest.mark.parametrize("source", SOURCES, ids=_name)
def test_only_the_command_line_prints_and_exits(source: Source) -> None:
    """A library that prints cannot be used by another program; explanations are asked for."""
    if source.layer in {"cli", "notebook"} or source.module in SCRIPTS:
        return
    assert set(_called(source)) & LOUD == set()


@pytest.mark.parametrize("module", sorted(SCRIPTS))
def test_a_script_for_other_interpreters_is_plain_and_old(module: str) -> None:
    """It needs the standard library alone, and every Python from 3.8 on can read it."""
    path = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))

    (source,) = (one for one in SOURCES if one.module == module)
    assert {name.partition(".")[0] for name in source.imports} <= STANDARD_LIBRARY


@pytest.mark.parametrize("source", _of({"device"}), ids=_name)
def test_device_needs_nothing_of_the_package(source: Source) -> None:
    """It is carried into other interpreters: valid Python 3.8, and a framework at most."""
    ast.parse(source.path.read_text(encoding="utf-8"), feature_version=(3, 8))

    if sys.version_info < (3, 10):
        pytest.skip("the list of the standard library's modules is there from 3.10 on")
    outside = {name.partition(".")[0] for name in source.imports} - {"tfmac"}
    assert outside - sys.stdlib_module_names <= FRAMEWORKS
