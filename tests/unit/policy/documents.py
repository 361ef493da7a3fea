"""Policy documents for tests, as short as they can be."""

from typing import Any

import msgspec

from gateway.policy.inherit import Family
from gateway.policy.rule import Policy
from gateway.policy.structs import Document

VERSIONS = {"pattern": "1", "keywords": "1", "personal": "1", "secrets": "1"}


def rule(
    name: str = "r", where: Any = ("user",), detect: Any = ("d",), action: Any = "block", **more: Any
) -> dict[str, Any]:
    return {"id": name, "where": list(where), "detect": list(detect), "action": action, **more}


def document(name: str, *rules: dict[str, Any], **more: Any) -> Document:
    """With one detector, `d`, unless others are given."""
    more = {"detectors": {"d": {"kind": "pattern", "match": "[0-9]{6}"}}, **more}
    return msgspec.convert({"haechi": "policy/v1", "name": name, "rules": list(rules), **more}, Document)


def family(*documents: Document) -> Family:
    return Family({one.name: one for one in documents}).settle()


def policies(*documents: Document) -> dict[str, Policy]:
    found = family(*documents)
    assert found.findings == []
    return found.policies


def one_policy(*rules: dict[str, Any], name: str = "p", **more: Any) -> Policy:
    return policies(document(name, *rules, **more))[name]
