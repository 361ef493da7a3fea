"""What is sent and how answers are read: sizes, heads, one event per 256 bytes."""

import json

import pytest

from tests.bench import payloads
from tests.bench.load import CHUNKED, read_head
from tests.bench.plot import chart, decades, position


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1008\r\nServer: x", (200, 1008)),
        (b"HTTP/1.1 503 Busy\r\nserver: x\r\ncontent-length:0", (503, 0)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", (200, CHUNKED)),
        (b"HTTP/1.1 200 OK\r\nX-Content-Length: 7\r\nTransfer-Encoding: chunked", (200, CHUNKED)),
    ],
)
def test_a_head_gives_status_and_length(head: bytes, found: tuple[int, int]) -> None:
    assert read_head(head) == found


def test_the_bodies_have_the_sizes_that_the_page_names() -> None:
    assert 250 <= len(payloads.small_body()) <= 350
    assert len(payloads.large_body()) == payloads.LARGE_BYTES
    assert 950 <= len(payloads.unary_answer()) <= 1100
    assert {len(event) for event in payloads.text_events()} == {payloads.EVENT_BYTES}
    assert len(set(payloads.text_events())) == 16


def test_events_are_json_and_carry_the_mark() -> None:
    for event in payloads.text_events():
        assert event.startswith(b"data: ")
        assert event.endswith(b"\n\n")
        delta = json.loads(event[6:])["choices"][0]["delta"]
        assert payloads.MARK.decode() in delta["content"]
    assert payloads.MARK not in payloads.role_event()


def test_the_request_says_its_own_length() -> None:
    request = payloads.http_request("/v1", 80, b"{}", {"X-One": "1"})
    head, body = request.split(b"\r\n\r\n")
    assert body == b"{}"
    assert b"Content-Length: 2" in head.split(b"\r\n")
    assert b"X-One: 1" in head.split(b"\r\n")


def test_the_axis_encloses_its_values() -> None:
    assert decades([14.0, 125.0, 8300.0]) == (1, 4)
    assert decades([10.0, 100.0]) == (1, 3)
    assert position(100.0, 1, 3) == 0.5


def test_the_chart_escapes_labels_and_marks_ours() -> None:
    drawn = chart([("CPU", [("a & b", 10.0, False), ("ours", 20.0, True)]), ("nothing", [])])
    assert "a &amp; b" in drawn
    assert "nothing" not in drawn
    assert drawn.count("#c2571a") == 1
