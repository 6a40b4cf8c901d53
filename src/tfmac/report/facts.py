"""Facts in short, as text; the whole is their JSON."""

from typing import Any

from tfmac.report import layout
from tfmac.schema.fact import Fact, Unknown
from tfmac.schema.facts import Facts


def render(facts: Facts) -> str:
    """Lay out host, interpreter and environment, and how much was seen of the rest."""
    host = facts.host
    rows = [
        (name, _value(getattr(host, name)), _source(getattr(host, name)))
        for name in host.__struct_fields__
    ]
    if not isinstance(facts.interpreter, Unknown):
        interpreter = facts.interpreter.value
        rows.append(("interpreter", interpreter.path, ""))
        for name in ("version", "architectures", "runs"):
            fact = getattr(interpreter, name)
            rows.append((f"  {name}", _value(fact), _source(fact)))
    environment = facts.environment
    rows.append(("environment", environment.root, environment.kind.value))
    for name in ("distributions", "native_libraries", "plugins", "shadowing"):
        fact = getattr(facts, name)
        rows.append((name, _count(fact), _source(fact)))
    rows.append(("damaged", str(len(facts.damaged)), ""))
    return "\n".join(layout.table(rows, indent=0)) + "\n"


def _value(fact: Fact[Any]) -> str:
    if isinstance(fact, Unknown):
        return "unknown"
    value = fact.value
    if isinstance(value, tuple):
        return ", ".join(getattr(one, "value", str(one)) for one in value)
    return str(getattr(value, "value", value))


def _count(fact: Fact[tuple[Any, ...]]) -> str:
    return "unknown" if isinstance(fact, Unknown) else str(len(fact.value))


def _source(fact: Fact[Any]) -> str:
    return fact.reason if isinstance(fact, Unknown) else fact.source
