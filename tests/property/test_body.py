"""Duplicate keys and depth, found by counting, against a slow reader that looks at every pair."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.wire.body import parse, parse_named

_KEY = st.one_of(st.sampled_from(["a", "b", ":", '"', "\\", '\\":', "\u00e9", "키"]), st.text(max_size=3))
_TEXT = st.one_of(
    st.text('\\":{}[],u0061 \n', max_size=12), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
_LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _TEXT)


class Pairs(list[tuple[str, Any]]):
    """An object that may have a key twice."""


_VALUE = st.recursive(
    _LEAF,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.lists(st.tuples(_KEY, inner), max_size=4).map(Pairs)),
    max_leaves=12,
)
_OBJECT = st.lists(st.tuples(_KEY, _VALUE), max_size=4).map(Pairs)


def written(value: Any, *, ascii_only: bool, space: str) -> str:
    """JSON, with keys as often as they stand there."""
    if isinstance(value, Pairs):
        pairs = (
            f"{json.dumps(key, ensure_ascii=ascii_only)}{space}:{space}{written(held, ascii_only=ascii_only, space=space)}"
            for key, held in value
        )
        return "{" + f",{space}".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(held, ascii_only=ascii_only, space=space) for held in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


def twice(value: Any) -> bool:
    """The slow reader."""
    if isinstance(value, Pairs):
        keys = [key for key, _ in value]
        return len(set(keys)) < len(keys) or any(twice(held) for _, held in value)
    return isinstance(value, list) and any(twice(held) for held in value)


def depth(value: Any) -> int:
    if isinstance(value, Pairs):
        return 1 + max((depth(held) for _, held in value), default=0)
    return 1 + max((depth(held) for held in value), default=0) if isinstance(value, list) else 0


def keys(value: Any) -> set[str]:
    if isinstance(value, Pairs):
        return {key for key, _ in value}.union(*(keys(held) for _, held in value))
    return set[str]().union(*map(keys, value)) if isinstance(value, list) else set()


def outcome(raw: str, limit: int) -> dict[str, Any] | str:
    """What comes of it: the object, or the code of the refusal."""
    try:
        return parse(raw.encode(), limit)
    except GatewayError as error:
        return error.code


@given(_OBJECT, st.booleans(), st.sampled_from(["", " ", "\r\n\t"]))
@example(Pairs([("a", Pairs([("a", ":"), ("b", '"')]))]), False, "")
@example(Pairs([("\\", "\\"), ("\\", ":")]), False, "")
def test_a_key_that_stands_twice_is_found_and_no_other(value: Pairs, ascii_only: bool, space: str) -> None:
    raw = written(value, ascii_only=ascii_only, space=space)
    found = outcome(raw, 100)
    assert found == ("duplicate_key" if twice(value) else json.loads(raw))
    assert isinstance(found, str) or list(found) == [key for key, _ in value]


@given(_OBJECT.filter(lambda value: not twice(value)), st.integers(1, 6))
def test_depth_is_counted_as_it_is_drawn(value: Pairs, limit: int) -> None:
    raw = written(value, ascii_only=False, space="")
    assert outcome(raw, limit) == ("invalid_json" if depth(value) > limit else json.loads(raw))


@given(_OBJECT.filter(lambda value: not twice(value)))
def test_every_key_is_told_however_deep_it_stands(value: Pairs) -> None:
    _, names = parse_named(written(value, ascii_only=True, space="").encode(), 1000)
    assert names == keys(value)
