from typing import Any

import pytest
from hypothesis import given

from gateway.wire.dialect import END, FAULT, TEXT
from gateway.wire.frames import Frame, body
from gateway.wire.messages.count import CountWatch, estimate_tokens, of_text, write_count
from gateway.wire.messages.request import read_count_request
from gateway.wire.neutral import File, Image, Message, Opaque, Part, Request, Text, Tool, ToolCall, ToolResult
from tests.support.neutral_strategies import texts


def asked(*parts: Part, **fields: Any) -> int:
    return estimate_tokens(
        Request(dialect="messages", model="m", messages=[Message(role="user", parts=list(parts))], **fields)
    )


def test_korean_is_not_counted_like_english() -> None:
    english, korean = of_text("a" * 1000), of_text("가" * 1000)
    assert english == 250
    assert 1000 / 2 <= korean <= 1000 / 1.5


@pytest.mark.parametrize(
    ("text", "least", "most"), [("🦁", 1, 3), ("é" * 100, 30, 60), ("漢字" * 50, 50, 80), ("", 0, 0)]
)
def test_scripts_have_their_weight(text: str, least: int, most: int) -> None:
    assert least <= of_text(text) <= most


@given(texts(), texts())
def test_more_text_is_never_fewer_tokens(first: str, second: str) -> None:
    assert of_text(first + second) == pytest.approx(of_text(first) + of_text(second))


def test_pictures_count_flat() -> None:
    assert asked(Image(data="A" * 10, media_type="image/png")) == asked(Image(data="A" * 10**6, media_type="image/png"))


def test_a_document_of_plain_text_counts_as_its_text() -> None:
    assert asked(File(data="YWFhYQ==", media_type="text/plain")) == asked(Text(text="aaaa"))
    assert asked(File(data="YWFhYQ==", media_type="application/pdf")) > 1000


@pytest.mark.parametrize(
    "part",
    [
        Text(text="a lot of words"),
        ToolCall(id="t", name="n", arguments='{"a":1}'),
        ToolResult(call_id="t", parts=[Text(text="words")]),
        Opaque(dialect="messages", value={"type": "server_tool_use"}),
    ],
)
def test_everything_counts_something(part: Part) -> None:
    assert asked(part) > asked()


def test_tools_count_by_their_schemas() -> None:
    small, large = Tool(name="f"), Tool(name="f", parameters={"properties": {str(index): {} for index in range(99)}})
    assert asked() < asked(tools=[small]) < asked(tools=[large])
    assert asked() < asked(hosted=[{"type": "web_search_20250305", "name": "web_search"}])


def test_an_estimate_is_answered_as_the_vendor_would() -> None:
    request = read_count_request({"model": "m", "messages": [{"role": "user", "content": "안녕하세요"}]})
    assert write_count(estimate_tokens(request)) == {"input_tokens": 8}


@pytest.mark.parametrize(
    ("frame", "bits", "code"),
    [
        (body({"input_tokens": 3}), TEXT | END, None),
        (body({"type": "error", "error": {"type": "api_error", "message": "x"}}), FAULT, "upstream_error"),
        (body({}), FAULT, "upstream_invalid_response"),
        (Frame(b"no", b"no"), FAULT, "upstream_invalid_response"),
    ],
)
def test_a_native_count_is_whole_or_a_fault(frame: Frame, bits: int, code: str | None) -> None:
    watch = CountWatch(asked_usage=False, streamed=False)
    assert watch.look(frame) == bits
    assert (watch.fault.code if watch.fault else None) == code
    assert watch.shown(frame) is frame
