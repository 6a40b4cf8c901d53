"""The verbs of the library: each composes observation, judgement, planning and change.

The command line and ``import tfmac`` both stand on this package; nothing here prints or exits. A
verb's module is imported when the verb is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfmac.api.checking import check
    from tfmac.api.compatibility import abi, abi_matrix, stack_matrix
    from tfmac.api.creation import (
        create,
        default_manager,
        environment_tool,
        prove,
        refuse_directory,
        refuse_kernel,
        register_kernel,
        synchronised_by,
    )
    from tfmac.api.diagnosis import (
        NOT_ABOUT_VERSIONS,
        collect_facts,
        diagnose,
        probe,
        registered_checks,
        usable,
        versions,
    )
    from tfmac.api.explaining import explain
    from tfmac.api.knowledge import (
        build_knowledge,
        check_knowledge,
        knowledge_of,
        knowledge_status,
        known_packages,
        refresh,
    )
    from tfmac.api.migration import (
        migrate_model,
        migrate_models,
        migration_difference,
        wanted_keras,
    )
    from tfmac.api.model_parity import parity
    from tfmac.api.models import inspect_model, read_model
    from tfmac.api.names import api_name
    from tfmac.api.operation_parity import compare_operations
    from tfmac.api.plan_files import (
        is_plan_file,
        plan_file,
        plan_for_machine,
        plan_format_of,
        plan_formats,
        read_plan_file,
    )
    from tfmac.api.planning import (
        choose,
        default_resolver,
        demands_of_file,
        manager_of_profile,
        no_plan_document,
        plan,
        plan_candidate,
        plan_document,
        this_machine,
        with_profile,
    )
    from tfmac.api.repair import apply_repair, mend_repair, prepare_repair, undo_repair
    from tfmac.api.timing import bench, draw_bench
    from tfmac.api.vocabulary import cause, causes

__all__ = [
    "NOT_ABOUT_VERSIONS",
    "abi",
    "abi_matrix",
    "api_name",
    "apply_repair",
    "bench",
    "build_knowledge",
    "cause",
    "causes",
    "check",
    "check_knowledge",
    "choose",
    "collect_facts",
    "compare_operations",
    "create",
    "default_manager",
    "default_resolver",
    "demands_of_file",
    "diagnose",
    "draw_bench",
    "environment_tool",
    "explain",
    "inspect_model",
    "is_plan_file",
    "knowledge_of",
    "knowledge_status",
    "known_packages",
    "manager_of_profile",
    "mend_repair",
    "migrate_model",
    "migrate_models",
    "migration_difference",
    "no_plan_document",
    "parity",
    "plan",
    "plan_candidate",
    "plan_document",
    "plan_file",
    "plan_for_machine",
    "plan_format_of",
    "plan_formats",
    "prepare_repair",
    "probe",
    "prove",
    "read_model",
    "read_plan_file",
    "refresh",
    "refuse_directory",
    "refuse_kernel",
    "register_kernel",
    "registered_checks",
    "stack_matrix",
    "synchronised_by",
    "this_machine",
    "undo_repair",
    "usable",
    "versions",
    "wanted_keras",
    "with_profile",
]

_MODULES = {
    "checking": ("check",),
    "compatibility": ("abi", "abi_matrix", "stack_matrix"),
    "creation": (
        "create",
        "default_manager",
        "environment_tool",
        "prove",
        "refuse_directory",
        "refuse_kernel",
        "register_kernel",
        "synchronised_by",
    ),
    "diagnosis": (
        "NOT_ABOUT_VERSIONS",
        "collect_facts",
        "compare_operations",
        "diagnose",
        "probe",
        "registered_checks",
        "usable",
        "versions",
    ),
    "explaining": ("explain",),
    "knowledge": (
        "build_knowledge",
        "check_knowledge",
        "knowledge_of",
        "knowledge_status",
        "known_packages",
        "refresh",
    ),
    "migration": ("migrate_model", "migrate_models", "migration_difference", "wanted_keras"),
    "models": ("inspect_model", "read_model"),
    "model_parity": ("parity",),
    "names": ("api_name",),
    "operation_parity": ("compare_operations",),
    "plan_files": (
        "is_plan_file",
        "plan_file",
        "plan_for_machine",
        "plan_format_of",
        "plan_formats",
        "read_plan_file",
    ),
    "planning": (
        "choose",
        "default_resolver",
        "demands_of_file",
        "manager_of_profile",
        "no_plan_document",
        "plan",
        "plan_candidate",
        "plan_document",
        "this_machine",
        "with_profile",
    ),
    "repair": ("apply_repair", "mend_repair", "prepare_repair", "undo_repair"),
    "timing": ("bench", "draw_bench"),
    "vocabulary": ("cause", "causes"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any verb
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"tfmac.api.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
