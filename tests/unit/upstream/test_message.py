"""Heads of requests are bytes that say what they should, and nothing that a value smuggles in."""

import io

import pytest

from gateway.upstream.message import request_head, slices


def test_a_head_is_a_line_its_headers_and_a_blank_line() -> None:
    head = request_head("POST", "/v1/chat?a=b", {"host": "api.test", "x-team": "연구"})
    assert head == "POST /v1/chat?a=b HTTP/1.1\r\nhost: api.test\r\nx-team: 연구\r\n\r\n".encode()


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nx: y", "a\rx", "a\0", "\x1b[0m", "\x7f"])
@pytest.mark.parametrize("place", ["name", "value", "method"])
def test_a_character_that_could_end_a_line_is_refused_and_not_quoted(value: str, place: str) -> None:
    parts = {"name": "x", "value": "y", "method": "GET"} | {place: value}
    with pytest.raises(ValueError, match="forbidden") as caught:
        request_head(parts["method"], "/", {"host": "api.test", parts["name"]: parts["value"]})
    assert value not in str(caught.value)


@pytest.mark.parametrize("method", ["get", "GET /other HTTP/1.1", "", "CONNECT "])
def test_a_method_is_a_word(method: str) -> None:
    with pytest.raises(ValueError, match="method"):
        request_head(method, "/", {"host": "api.test"})


def test_a_file_is_read_from_its_start_and_left_open() -> None:
    file = io.BytesIO(b"abc" * 200_000)
    file.seek(5)
    assert b"".join(slices(file)) == b"abc" * 200_000
    assert not file.closed
