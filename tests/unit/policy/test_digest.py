"""Equal for what means the same, different for what does not."""

from pathlib import Path
from typing import Any

import pytest

from gateway.policy.load import load_files
from tests.unit.policy.documents import document, one_policy, policies, rule

TEXT = """\
haechi: policy/v1
name: p
version: 2
detectors:
  d: {kind: pattern, match: 'a{3}', score: 1.0}
  w: {kind: webhook, url: "http://127.0.0.1/", secret: "${SEAL}"}
rules:
  - {id: a, where: [user, system], detect: [d, w], action: mask}
  - {id: b, where: [content], detect: [d], action: block}
"""
SAME = """\
# the same, said otherwise
rules:
  - action: {block: {}}   # no short form
    detect: [d]
    where: [content]
    id: b
    mode: enforce
    timeout_ms: 50
  - {where: [system, user], detect: [w, d], id: a, action: {mask: {with: "[{kind}]"}}}
description: For people.
detectors:
  w: {secret: "${SEAL}", url: http://127.0.0.1/, kind: webhook}
  d: {match: "a{3}", kind: pattern}
  unused: {kind: secrets}
bind: {tags: []}
defaults: {on_error: block}
tests: [{name: one, say: x}]
version: 2
name: p
haechi: policy/v1
"""


def digest(folder: Path, text: str, seal: str = "s") -> str:
    file = folder / "p.yaml"
    file.write_text(text)
    return load_files([file], {"SEAL": seal}, ["secrets"]).policies["p"].digest


def test_comments_order_defaults_and_tests_change_nothing(tmp_path: Path) -> None:
    assert digest(tmp_path, TEXT) == digest(tmp_path, SAME)


def test_no_secret_enters_it(tmp_path: Path) -> None:
    assert digest(tmp_path, TEXT, "s") == digest(tmp_path, TEXT, "t")


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"where": ["user", "system"]}, {}),
    ({"action": "mask"}, {}),
    ({"action": {"block": {"status": 403}}}, {}),
    ({"action": {"block": {"message": "No."}}}, {}),
    ({"action": {"block": {"refuse": True}}}, {}),
    ({"mode": "shadow"}, {}),
    ({"on_error": "allow"}, {}),
    ({"opaque": "allow"}, {}),
    ({"timeout_ms": 51}, {}),
    ({"min_score": 0.1}, {}),
    ({"guarantee": "full"}, {}),
    ({"guarantee": "segment"}, {}),
    ({"guarantee": "segment", "segment": {"most": 300}}, {}),
    ({"guarantee": "segment", "segment": {"overlap": 0}}, {}),
    ({"name": "other"}, {}),
    ({}, {"detectors": {"d": {"kind": "pattern", "match": "[0-9]{7}"}}}),
    ({}, {"detectors": {"d": {"kind": "pattern", "match": "[0-9]{6}", "context": ["x"]}}}),
    ({}, {"version": 2}),
    ({}, {"name": "q"}),
    ({}, {"bind": "by_name"}),
    ({}, {"bind": {"teams": ["x"]}}),
    ({}, {"defaults": {"mode": "shadow"}}),
]


@pytest.mark.parametrize(("text", "more"), CHANGES, ids=str)
def test_any_change_of_meaning_changes_it(text: dict[str, Any], more: dict[str, Any]) -> None:
    name = more.get("name", "p")
    assert one_policy(rule(**text), **{"name": name, **more}).digest != one_policy(rule()).digest


def test_all_changes_differ_from_each_other() -> None:
    found = [one_policy(rule(**text), **{"name": "p", **more}).digest for text, more in CHANGES[:-1]]
    assert len(set(found)) == len(found)


def test_a_change_of_the_parent_is_one_of_the_child() -> None:
    child = document("b", extends=["a"], detectors={})
    before, after = (policies(document("a", rule(action=word)), child)["b"] for word in ("mask", "block"))
    assert before.digest != after.digest
