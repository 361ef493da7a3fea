"""The table tells of each cell what happens there, and never more than that."""

from itertools import product
from typing import Any, get_args

import pytest

from gateway.dialects import DIALECTS
from gateway.policy.coverage import CAN, PLACES, STREAMED, SURFACES, Cell, Form, coverage
from gateway.policy.detectors import Spec
from gateway.policy.kinds import ANYWHERE, KINDS
from tests.unit.policy.documents import one_policy, rule


def cells(*rules: dict[str, Any], **more: Any) -> dict[tuple[str, str, str, str], Cell]:
    found = coverage([one_policy(*rules, **more)])
    assert len(found) == len(rules) * len(SURFACES) * len(PLACES) * 2
    return {(one.rule, one.surface, one.place, one.form): one for one in found}


def test_surfaces_are_the_dialects_and_kinds_the_detectors() -> None:
    assert set(SURFACES) == set(DIALECTS) == set(CAN)
    assert {surface for surface in SURFACES if DIALECTS[surface].streams} >= STREAMED
    assert set(KINDS) == {one.__struct_config__.tag for one in get_args(Spec)}
    assert set(PLACES) == ANYWHERE


@pytest.mark.parametrize(
    ("surface", "place", "form", "state"),
    [
        ("chat", "user", "unary", "enforced"),
        ("chat", "user", "stream", "enforced"),
        ("chat", "content", "stream", "enforced"),
        ("chat", "system", "unary", "absent"),
        ("messages", "developer", "unary", "absent"),
        ("messages", "content", "stream", "enforced"),
        ("embeddings", "user", "unary", "enforced"),
        ("embeddings", "user", "stream", "absent"),
        ("embeddings", "content", "unary", "absent"),
        ("images", "user", "unary", "enforced"),
        ("batches", "user", "unary", "refused"),
        ("batches", "content", "unary", "refused"),
        ("audio", "content", "stream", "enforced"),
        ("images", "content", "unary", "enforced"),
        ("images", "content", "stream", "refused"),
        ("rerank", "content", "unary", "enforced"),
        ("rerank", "content", "stream", "absent"),
    ],
)
def test_cells_of_an_enforced_rule(surface: str, place: str, form: str, state: str) -> None:
    assert cells(rule(where=["user", "content", "developer"]))["r", surface, place, form].state == state


def test_shadow_off_and_opaque_are_never_called_enforced() -> None:
    found = cells(
        rule("s", mode="shadow"),
        rule("o", mode="off"),
        rule("p", opaque="allow"),
        rule("t", mode="shadow", opaque="refuse"),
    )
    assert found["s", "chat", "user", "unary"].state == "shadow"
    assert {one.state for key, one in found.items() if key[0] == "o"} == {"absent"}
    assert found["p", "batches", "user", "unary"].state == "opaque"
    assert found["t", "batches", "user", "unary"].state == "opaque"


def test_a_policy_covers_the_surfaces_it_is_bound_to_and_no_others() -> None:
    found = cells(rule(), bind={"surfaces": ["messages"]})
    assert {key[1] for key, one in found.items() if one.state != "absent"} == {"messages"}
    everywhere = cells(rule(), bind="by_name")
    assert {key[1] for key, one in everywhere.items() if one.state == "enforced"} >= {"chat", "embeddings"}


def test_a_cell_is_enforced_exactly_where_rule_surface_and_place_meet() -> None:
    found = cells(rule(where=list(PLACES)))
    for surface, place, form in product(SURFACES, PLACES, get_args(Form)):
        expected = CAN[surface].get(place) == "read" and (form == "unary" or surface in STREAMED)
        is_picture = (surface, place, form) == ("images", "content", "stream")
        assert (found["r", surface, place, form].state == "enforced") == (expected and not is_picture)


def test_the_guarantee_is_that_of_the_weakest_detector_and_of_the_action() -> None:
    detectors = {
        "d": {"kind": "pattern", "match": "x"},
        "p": {"kind": "presidio"},
        "w": {"kind": "length", "max_chars": 1},
    }
    found = cells(
        rule("a", where=["content", "user"]),
        rule("b", where=["content"], detect=["d", "p"]),
        rule("c", where=["content"], detect=["w", "p"]),
        rule("d", where=["content"], action="reask"),
        rule("e", where=["content"], mode="shadow"),
        rule("f", where=["content", "user"], detect=["d", "p"], guarantee="segment"),
        rule("g", where=["content"], detect=["p"], action="reask", guarantee="segment"),
        rule("h", where=["content"], detect=["w"], guarantee="segment"),
        rule("i", where=["content"], guarantee="segment"),
        rule("j", where=["content"], guarantee="full"),
        detectors=detectors,
    )
    promised = {name: found[name, "chat", "content", "stream"].guarantee for name in "abcde"}
    assert promised == {"a": "proven", "b": "full", "c": "full", "d": "full", "e": None}
    asked = {name: found[name, "chat", "content", "stream"].guarantee for name in "fghij"}
    assert asked == {"f": "segment", "g": "full", "h": "full", "i": "proven", "j": "full"}
    assert found["a", "chat", "user", "stream"].guarantee == "full"
    assert found["f", "chat", "user", "stream"].guarantee == "full"
