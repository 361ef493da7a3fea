"""A body with another model: the same object but for its outermost model, or None; never anything else."""

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.wire.body import parse, with_model

_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_HOSTILE = st.sampled_from(
    [
        "model",
        'x"model',
        '"model',
        'model"',
        '"model": "asked"',
        "x\\",
        'x\\"model',
        "{",
        "}",
        "[",
        "]",
        '{"model": "asked"}',
        "mod\u0435l",
        "Model",
        "asked",
        "",
    ]
)
_STRINGS = _TEXT | _HOSTILE
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_STRINGS, inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(["asked", "a", "org/name:1.5", "", 'quo"te', "back\\slash", "li\nne", "\u6a21\u578b"]) | _TEXT


def written(value: Any, escaped: bool, space: str) -> str:
    """JSON with the blanks and the escapes that a caller may use."""
    if isinstance(value, dict):
        pairs = (
            f"{space}{written(k, escaped, '')}{space}:{space}{written(v, escaped, space)}" for k, v in value.items()
        )
        return f"{{{f'{space},'.join(pairs)}{space}}}"
    if isinstance(value, list):
        return f"[{f'{space},'.join(written(one, escaped, space) for one in value)}{space}]"
    if isinstance(value, str) and escaped:
        return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in value) + '"'
    return msgspec.json.encode(value).decode()


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, dict[str, Any], str]:
    """A body, what is in it, and the model that it names; long texts push the key out of sight of either end."""
    asked = draw(_NAMES)
    pairs = [
        (name, value) for name, value in draw(st.dictionaries(_STRINGS, _VALUES, max_size=4)).items() if name != "model"
    ]
    if draw(st.booleans()):
        pairs.insert(draw(st.integers(0, len(pairs))), ("padding", "x" * draw(st.sampled_from([490, 512, 1100]))))
    pairs.insert(draw(st.integers(0, len(pairs))), ("model", asked))
    space = draw(st.sampled_from(["", " ", "\n\t", "\r "]))
    raw = written(dict(pairs), draw(st.booleans()), space).encode()
    return raw, dict(pairs), asked


@given(bodies(), _NAMES)
@example((b'{"x\\"model":"asked","model":"asked"}', {'x"model': "asked", "model": "asked"}, "asked"), "served")
def test_nothing_but_the_outermost_model_changes(made: tuple[bytes, dict[str, Any], str], model: str) -> None:
    raw, body, asked = made
    result = with_model(raw, asked, model)
    if result is not None:
        assert msgspec.json.decode(result) == {**body, "model": model}
        assert list(msgspec.json.decode(result)) == list(body)


@given(st.binary(max_size=40) | _STRINGS.map(str.encode), _NAMES)
def test_what_stands_around_the_name_is_not_touched(text: bytes, model: str) -> None:
    """The bytes of the rest are the caller's: blanks, escapes and numbers as they were written."""
    tail = b' , "n" : 1.0e0, "text": ' + msgspec.json.encode(text.decode("latin-1")) + b" }\n"
    result = with_model(b'{ "model" :\t"asked"' + tail, "asked", model)
    assert result is not None
    assert result.startswith(b'{ "model" :\t"')
    assert result.endswith(b'"' + tail)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model":"asked","messages":[{"role":"user","content":"Hi"}]}',
        b'{"stream":true,"model": "asked", "messages":[]}',
        b'{"messages":[{"model":"asked"}],"tools":[{}],"model":"asked"}',
        b'{"messages":[{"model":"other"}],"model" : "asked","stream":true}\n',
    ],
    ids=["first", "behind a flag", "last", "behind the messages"],
)
def test_the_usual_places_are_found(raw: bytes) -> None:
    """Else every request would be written anew, and nobody would notice."""
    result = with_model(raw, "asked", "served")
    assert result is not None
    assert msgspec.json.decode(result) == {**msgspec.json.decode(raw), "model": "served"}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"x\\"model":"asked","model":"asked"}',
        b'{"a":[],"model":"asked","x\\"model":"asked"}',
        b'{"mod\\u0065l":"asked","a":{"model":"asked"}}',
        b'{"a":{"model":"asked"},"mod\\u0065l":"asked"}',
        b'{"a":[{"model":"asked"}],"mod\\u0065l":"asked"}',
        b'{"a":{"b":1,"model":"asked"},"c":{"d":{}},"mod\\u0065l":"asked"}',
    ],
)
def test_a_key_that_only_looks_like_the_model_is_never_taken_for_it(raw: bytes) -> None:
    result = with_model(raw, "asked", "served")
    assert result is None or msgspec.json.decode(result) == {**msgspec.json.decode(raw), "model": "served"}


def test_a_name_that_the_caller_wrote_with_escapes_is_not_compared() -> None:
    assert with_model(b'{"model":"\\u0061sked"}', "asked", "served") is None


def test_a_name_that_is_another_than_was_read_is_left_alone() -> None:
    assert with_model(b'{"model":"other"}', "asked", "served") is None


def test_the_same_name_changes_no_byte() -> None:
    raw = b'{ "mod\\u0065l" : "asked" }'
    assert with_model(raw, "asked", "asked") is raw


@given(bodies())
def test_what_the_border_lets_in_is_what_was_written(made: tuple[bytes, dict[str, Any], str]) -> None:
    """The border may refuse for its depth or a doubled key; it never reads another object."""
    raw, body, _ = made
    try:
        assert parse(raw, 100) == body
    except GatewayError as error:
        raise AssertionError(f"refused: {error.code}") from error
