"""What holds for every body of every dialect, in the right form and in any wrong one."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects import DIALECTS
from gateway.wire.lanes.place import Inside
from gateway.wire.lanes.places import places
from tests.unit.wire.lanes.bodies import BODIES

MARKER = "⟦ a marker ⟧"
SPACED = "카나리 INT-123456"  # no word: nowhere harmless
WORD = "INT-123456"  # a word: harmless where ids and settings stand

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["text", "data:image/png;base64,AA", '{"a": "\\uac00"}', "[1", "https://a.example", "tool", "user"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.text(max_size=6) | st.sampled_from(["type", "text", "id", "role", "content", "source", "input", "url", "signature"]),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Some fields of a usual body, with parts of it replaced, moved to where they do not belong, or added."""
    dialect = draw(st.sampled_from(sorted(BODIES)))
    whole = copied(draw(st.sampled_from(BODIES[dialect])))
    body = {name: some(draw, whole[name]) for name in draw(st.lists(st.sampled_from(sorted(whole)), max_size=3))}
    for _ in range(draw(st.integers(0, 4))):
        containers = [body, *(value for _, _, value in entries(body) if isinstance(value, dict | list))]
        held: Any = containers[draw(st.integers(0, len(containers) - 1))]
        value: Any = copy.deepcopy(draw(_JSON | st.sampled_from(containers)))
        if isinstance(held, dict):
            known = sorted(held) or ["type"]
            held[draw(st.sampled_from(known) | st.text(max_size=8))] = value
        elif held and draw(st.booleans()):
            held[draw(st.integers(0, len(held) - 1))] = value
        else:
            held.append(value)
    return dialect, copied(body)


def copied(body: dict[str, Any]) -> dict[str, Any]:
    """No two parts are the same object, as in a body that came by wire."""
    found: dict[str, Any] = json.loads(json.dumps(body))
    return found


def some(draw: st.DrawFn, value: Any) -> Any:
    """Of a list one or two items."""
    if isinstance(value, list) and len(value) > 1:
        return draw(st.lists(st.sampled_from(value), min_size=1, max_size=2))
    return value


def entries(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any, Any]]:
    """(holder, key, value) of everything below."""
    if isinstance(value, dict | list) and depth < 200:
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, key, inner
            yield from entries(inner, depth + 1)


@given(requests())
def test_a_copy_has_the_same_places(request_: tuple[str, dict[str, Any]]) -> None:
    dialect, body = request_
    before = copy.deepcopy(body)
    found, again = places(dialect, body), places(dialect, copy.deepcopy(body))
    assert told(found) == told(again)
    assert found.opaque == again.opaque
    assert same(body, before), "reading changes nothing"


@given(requests())
def test_putting_every_text_back_changes_nothing(request_: tuple[str, dict[str, Any]]) -> None:
    dialect, body = request_
    before = copy.deepcopy(body)
    for place in places(dialect, body).places:
        place.put(place.text)
    assert same(body, before)
    found = places(dialect, body)
    found.rewrite({index: place.text for index, place in enumerate(found.places)})
    assert same(body, before)


@given(requests(), st.randoms(use_true_random=False))
def test_a_text_that_is_put_stands_there_and_nothing_else_moves(
    request_: tuple[str, dict[str, Any]], chance: random.Random
) -> None:
    dialect, body = request_
    found = places(dialect, body)
    if not found.places:
        return
    index = chance.randrange(len(found.places))
    found.places[index].put(MARKER)
    now = places(dialect, body)
    expected = [place.text for place in found.places]
    expected[index] = MARKER
    assert [place.text for place in now.places] == expected
    assert [place.path for place in now.places] == [place.path for place in found.places]


@given(requests())
def test_all_texts_put_at_once_stand_there(request_: tuple[str, dict[str, Any]]) -> None:
    dialect, body = request_
    one, other = copy.deepcopy(body), copy.deepcopy(body)
    texts = {index: f"⟦ {index} ⟧" for index in range(len(places(dialect, body).places))}
    places(dialect, one).rewrite(texts)
    for index, place in enumerate(places(dialect, other).places):
        place.put(texts[index])
    assert same(one, other)
    everything = json.dumps(one, ensure_ascii=False)
    assert all(everything.count(text) == 1 for text in texts.values())


@settings(max_examples=300)
@given(requests(), st.randoms(use_true_random=False))
def test_no_text_passes_unseen(request_: tuple[str, dict[str, Any]], chance: random.Random) -> None:
    dialect, body = request_
    leaves = [(held, key) for held, key, value in entries(body) if isinstance(value, str | int | float)]
    if not leaves:
        return
    held, key = chance.choice(leaves)
    held[key] = SPACED
    assert is_seen(SPACED, body, places(dialect, body))


@settings(max_examples=300)
@given(requests(), st.randoms(use_true_random=False))
def test_a_word_passes_only_where_a_table_calls_it_harmless(
    request_: tuple[str, dict[str, Any]], chance: random.Random
) -> None:
    dialect, body = request_
    leaves = [
        (held, key)
        for held, key, name in with_names(body, "")
        if name not in HARMLESS and isinstance(held[key], str | int | float)
    ]
    if not leaves:
        return
    held, key = chance.choice(leaves)
    held[key] = WORD
    assert is_seen(WORD, body, places(dialect, body))


@settings(max_examples=200)
@given(requests(), st.randoms(use_true_random=False))
def test_no_name_of_the_callers_own_passes_unseen_or_shows_in_a_path(
    request_: tuple[str, dict[str, Any]], chance: random.Random
) -> None:
    dialect, body = request_
    holders = [body, *(value for _, _, value in entries(body) if isinstance(value, dict))]
    chance.choice(holders)[SPACED] = chance.choice(["x y", 5, None, True, {"a": 1}])
    found = places(dialect, body)
    assert is_seen(SPACED, body, found)
    assert not any("카나리" in path for path in [p.path for p in found.places] + [o.path for o in found.opaque])


@given(requests())
def test_nobody_sees_text_in_a_repr(request_: tuple[str, dict[str, Any]]) -> None:
    dialect, body = request_
    for place in places(dialect, body).places:
        place.put(SPACED)
    for place in places(dialect, body).places:
        assert "카나리" not in repr(place)
        assert "카나리" not in "".join(map(str, place.__rich_repr__()))


def test_every_dialect_has_a_table() -> None:
    for name in DIALECTS:
        assert places(name, {"a new field": "x y"}).places[-1].text == "x y"
    assert set(BODIES) == set(DIALECTS)


def test_an_unknown_dialect_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        places("chatt", {})


@pytest.mark.parametrize("dialect", sorted(BODIES))
def test_a_body_of_any_depth_is_read_to_its_bottom(dialect: str) -> None:
    body: Any = SPACED
    for _ in range(240):
        body = {"content": [body], "type": "tool_result"}
    for name in ("messages", "input", "metadata", "new", "tools"):
        whole = {name: [{"role": "user", "content": [body], "parameters": body, "input_schema": body}]}
        assert is_seen(SPACED, whole, places(dialect, whole))


def test_a_schema_of_any_depth_is_read_to_its_bottom() -> None:
    schema: Any = {"description": SPACED}
    for _ in range(240):
        schema = {"properties": {"a": schema}}
    body = {"tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]}
    assert [place.text for place in places("chat", body).places] == [SPACED]


# --- what the tests know by themselves -------------------------------------------------------------------------------

# Fields under which an id, a name of a program or a word of an API may stand. A longer list must be meant.
HARMLESS = frozenset(
    [
        "$ref",
        "50256",
        "approval_request_id",
        "budget_tokens",
        "call_id",
        "detail",
        "dimensions",
        "effort",
        "enabled",
        "encoding_format",
        "endpoint",
        "format",
        "id",
        "include",
        "include_usage",
        "logprobs",
        "max_tokens",
        "media_type",
        "minimum",
        "mode",
        "model",
        "name",
        "purpose",
        "return_code",
        "search_context_size",
        "server_label",
        "size",
        "skill_id",
        "speed",
        "start_index",
        "status",
        "store",
        "stream",
        "strict",
        "summary",
        "syntax",
        "temperature",
        "tool_call_id",
        "tool_use_id",
        "top_n",
        "ttl",
        "type",
        "vector_store_ids",
        "function",
        "tool_choice",
        "tools",
        "verbosity",
        "voice",
        "version",
    ]
)


def told(found: Inside) -> list[tuple[str, str, str]]:
    return [(place.role, place.text, place.path) for place in found.places]


def same(one: Any, other: Any) -> bool:
    """Equal, order and types included."""
    return json.dumps(one) == json.dumps(other)


def with_names(value: Any, name: str) -> Iterator[tuple[Any, Any, str]]:
    """(holder, key, the nearest name) of every entry below."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        near = key if isinstance(value, dict) else name
        yield value, key, near
        if isinstance(inner, dict | list):
            yield from with_names(inner, near)


def is_seen(text: str, body: dict[str, Any], found: Inside) -> bool:
    """As a place, or as that which an opaque note points to; what is `unknown` or hosted must be places besides."""
    if any(text in place.text for place in found.places):
        return True
    return any(
        text in _texts(at(body, note.path)) for note in found.opaque if note.what not in ("unknown", "hosted_tool")
    )


def _texts(value: Any) -> list[Any]:
    """The text itself, or those of a list of log-probabilities."""
    if isinstance(value, list):
        return [inner for _, _, inner in entries(value)] + [key for _, key, _ in entries(value)]
    return [value]


def at(body: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(body, dict):
            body = list(body.values())[int(step[1:])] if step.startswith("#") else body[step]
        elif isinstance(body, list):
            body = body[int(step)]
    return body
