"""Gateways with policies: how a test writes them down, and what an upstream got to see."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.guards.placeholders import PLACEHOLDER
from tests.support.gatewayprocess import written
from tests.support.simulation import Simulation

SECRET: Final = "one secret for all replicas"
SPOKEN: Final = ("chat", "messages", "responses")


def policy(name: str, *, detectors: Mapping[str, Any], rules: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"haechi": "policy/v1", "name": name, "detectors": detectors, "rules": rules, **more}


TOKENIZE: Final = {
    "id": "tokenize-personal-data",
    "where": ["system", "user", "assistant", "tool_result"],
    "detect": ["pii"],
    "action": {"tokenize": {"linkable_within": "user", "restore_into": ["content", "tool_args"]}},
}
PERSONAL: Final = policy(
    "personal", detectors={"pii": {"kind": "personal", "entities": ["personal", "korean"]}}, rules=[TOKENIZE]
)
"""Everything that the engine knows comes to the model as placeholders, and goes back into text and arguments."""


def policed(folder: Path, config: Mapping[str, object], *policies: Mapping[str, Any]) -> Path:
    """The configuration as a file, with its policies beside it. JSON is YAML."""
    for one in policies:
        (folder / f"{one['name']}.policy.yaml").write_bytes(msgspec.json.format(msgspec.json.encode(one)))
    return written(folder, {"policies": {"files": ["*.policy.yaml"]}, **config})


def by_dialect(url: str, **more: object) -> dict[str, object]:
    """A configuration in which the model `chat` leads to an upstream that speaks only that, and so on."""
    return {
        "secret": SECRET,
        "providers": {name: {"kind": "simulated", "base_url": f"{url}/v1", "dialects": [name]} for name in SPOKEN},
        "models": {name: {"targets": [{"provider": name, "model": "demo"}]} for name in SPOKEN},
        "retry": {"attempts": 1},
        "breaker": {"failures": 1000},
        **more,
    }


def seen(simulation: Simulation) -> list[str]:
    """All that came to the simulator, request by request: path, headers and body."""
    return [msgspec.json.encode(one).decode() for one in simulation.requests()]


def placeholders(text: str) -> dict[str, str]:
    """The placeholders in a text, by label; asserts that no label has two."""
    found = {match.group(): match.group(1) for match in PLACEHOLDER.finditer(text)}
    by_label = {label: whole for whole, label in found.items()}
    assert len(by_label) == len(found), found
    return by_label
