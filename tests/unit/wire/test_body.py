"""The border: what is one JSON object and nothing else goes through; all else is a clear 400 that quotes nothing."""

import pytest

from gateway.errors import GatewayError
from gateway.wire.body import parse


def refused(raw: bytes, depth: int = 100) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        parse(raw, depth)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"[]", b'"x"', b"1", b"null", b"{", b"{}x", b"{} {}", b"{'a': 1}", b'{"a": 1,}', b'{"a": NaN}', b"\xef\xbb\xbf{}",
     b'{"a": 1e999}', b'{"a": "\\ud800"}', b'{"a": "\xff"}', b'{"a": "\x01"}', b'{"a": ' + b"1" * 5000 + b"}", b'{"a": tru}',
     '{"a": 1}'.encode("utf-16"), b'{"a" 1}', b'{"a": 01}', b"\x00{}"],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    assert refused(raw).code == "invalid_json"


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b'{"a": "\\ud800"}', 7),
        (b'{"a": "\\uDBFF \\udc00"}', 7),
        (b'{"a": "\\ud83d\\ude42 \\udc00"}', 20),
        (b'{"a": "\\\\\\udfff"}', 9),
    ],
)
def test_half_a_character_is_called_that_and_not_the_end_of_the_text(raw: bytes, place: int) -> None:
    assert f"half a character (\\ud800 to \\udfff without its other half, byte {place})" in refused(raw).message


def test_a_text_that_ends_too_early_is_called_that() -> None:
    for raw in (b'{"a": "\\ud83d\\ude42', b'{"a": "\\\\ud800'):
        assert "half a character" not in refused(raw).message


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b'{"a": 1, "a": 2}', "'a'"),
        (b'{"a": 1, "a": 1}', "'a'"),
        (b'{"a": 1, "\\u0061": 2}', "'a'"),
        (b'{"x": {"b": 1, "c": [{"b": 1, "b": ":"}]}}', "'b'"),
        (b'{"a": ":", "b": "\\":", "a": "::"}', "'a'"),
        (b'{"": 1, "": 2}', "''"),
        ('{"키": 1, "키": 2}'.encode(), "'키'"),
        (b'{"' + b"k" * 100 + b'": 1, "' + b"k" * 100 + b'": 2}', "too long"),
        (b'{"a": ' + b"1" * 4000 + b', "a": 2}', "'a'"),
    ],
)
def test_a_key_that_stands_twice_is_refused_by_name(raw: bytes, named: str) -> None:
    error = refused(raw)
    assert error.code == "duplicate_key"
    assert named in error.message


@pytest.mark.parametrize(
    "raw", [b'{"a": ":", "b": "\\\\:", "c": "\\\\\\":{}"}', b'{"a:": {"a:": 1}}', b'{"a": [{"a": 1}, {"a": 1}]}', b"{}"]
)
def test_colons_in_texts_and_the_same_key_in_different_objects_are_no_duplicates(raw: bytes) -> None:
    parse(raw, 100)


@pytest.mark.parametrize(("opens", "closes"), [(b'{"a":', b"}"), (b"[", b"]")])
def test_nesting_has_a_limit_that_is_exact(opens: bytes, closes: bytes) -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' + opens * (levels - 1) + b"1" + closes * (levels - 1) + b"}"

    parse(nested(10), 10)
    assert "10 levels" in refused(nested(11), 10).message
    assert refused(nested(100_000), 500).code == "invalid_json"


def test_a_refusal_never_quotes_the_text() -> None:
    for raw in (b'{"a": "canary" canary}', b'{"canary', b'{"a": canary}', b'["canary"]', b'{"canary": 1e999}'):
        assert "canary" not in refused(raw).message
