"""Parts: together they say what the scope says, and each is named for what it is about."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.parts import parts_of
from gateway.cache.scope import Circumstances, Scope, scoped
from gateway.dialects import DIALECTS

HERE: Final = Circumstances(("user", "k", "u"), "rules", ("demo", "a/b/c"))
TOOL: Final = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
TURNS: Final = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi"},
    {"role": "user", "content": "What is that?"},
]
SAID: Final[dict[str, Any]] = {"model": "demo", "messages": TURNS, "max_tokens": 100}


def of(body: dict[str, Any], around: Circumstances = HERE) -> Scope:
    found = scoped(DIALECTS["chat"], body, around)
    assert found is not None
    return found


def changed(place: int, **fields: Any) -> dict[str, Any]:
    return {**SAID, "messages": [*TURNS[:place], {**TURNS[place], **fields}, *TURNS[place + 1 :]]}


CHANGES: Final[dict[str, tuple[str, dict[str, Any], Circumstances]]] = {
    "system prompt": ("system prompt", changed(0, content="Be long."), HERE),
    "earlier question": ("earlier turns", changed(1, content="Hello!"), HERE),
    "name in the last turn": ("last turn", changed(3, name="ann"), HERE),
    "tools": ("tools", {**SAID, "tools": [TOOL]}, HERE),
    "parameter": ("parameter temperature", {**SAID, "temperature": 0}, HERE),
    "unknown field": ("field mood", {**SAID, "mood": "gay"}, HERE),
    "share": ("share", SAID, Circumstances(("user", "k", "v"), "rules", ("demo", "a/b/c"))),
    "rules": ("rules", SAID, Circumstances(("user", "k", "u"), "others", ("demo", "a/b/c"))),
    "route": ("route", SAID, Circumstances(("user", "k", "u"), "rules", ("demo", "a/b/d"))),
    "headers": ("headers", SAID, Circumstances(("user", "k", "u"), "rules", ("demo", "a/b/c"), (("a", "b"),))),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_changes_the_part_it_is_about_and_no_other(what: str) -> None:
    part, body, around = CHANGES[what]
    before, after = of(SAID), of(body, around)
    names = {*before.parts, *after.parts}
    assert {name for name in names if before.parts.get(name) != after.parts.get(name)} == {part}
    assert before.around != after.around


def test_the_last_question_is_no_part() -> None:
    assert of(SAID).parts == of(changed(3, content="Something else?")).parts


def test_no_turn_can_be_moved_from_one_part_to_another_unseen() -> None:
    """A system prompt that stands later is another conversation."""
    moved = {**SAID, "messages": [TURNS[1], TURNS[0], *TURNS[2:]]}
    assert of(SAID).around != of(moved).around


@given(
    st.dictionaries(st.text(max_size=6), st.integers(0, 3), max_size=4),
    st.dictionaries(st.text(max_size=6), st.integers(0, 3), max_size=4),
)
def test_parts_are_the_same_only_where_all_fields_are(one: dict[str, int], other: dict[str, int]) -> None:
    first, second = (parts_of({"share": "me"}, fields, neutral=False) for fields in (one, other))
    assert (first == second) == (first[1] == second[1]) == (one == other)


def test_the_order_of_fields_is_nothing() -> None:
    one, other = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert parts_of({}, one, neutral=False) == parts_of({}, other, neutral=False)


def test_nothing_moves_from_one_part_to_the_next_unseen() -> None:
    """The values stand one behind the other in what is digested, so their lengths count."""
    one, other = ({"a": 1, "b": 23}, {"a": 12, "b": 3})
    assert parts_of({}, one, neutral=False)[1] != parts_of({}, other, neutral=False)[1]
