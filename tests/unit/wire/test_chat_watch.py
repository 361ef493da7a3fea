"""What the native way of chat completions sees in a frame that is wrong."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gateway.wire.chat.watch import StreamWatch, watch
from gateway.wire.dialect import END, FAULT, TEXT
from gateway.wire.neutral import Usage
from gateway.wire.sse import parse

_TEXT = b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n'


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'data: {"choices":[{"index":0,"del\n\n', "upstream_invalid_response"),
        (b"data: [1]\n\n", "upstream_invalid_response"),
        (b'event: error\ndata: {"message":"no"}\n\n', "upstream_error"),
        (b'data: {"error":{"message":"no","code":"rate_limit_exceeded"}}\n\n', "rate_limited"),
        (b'data: {"error":{"message":"sk-1","code":"invalid_api_key"}}\n\n', "upstream_auth_failed"),
        (b'data: {"error":{"message":"sk-1","type":"authentication_error"}}\n\n', "upstream_auth_failed"),
        (b'data: {"error":{"message":"no","code":503}}\n\n', "upstream_error"),
    ],
)
@pytest.mark.parametrize("before", [[], [_TEXT]], ids=["first", "after text"])
def test_a_frame_that_is_wrong_is_a_fault_wherever_it_comes(raw: bytes, code: str, before: list[bytes]) -> None:
    looking = watch(False, True)
    assert [looking.look(parse(one)) for one in before] == [TEXT] * len(before)
    assert looking.look(parse(raw)) == FAULT
    assert looking.fault is not None
    assert looking.fault.code == code
    assert "sk-1" not in looking.fault.message


@pytest.mark.parametrize("raw", [b'{"detail":"what?"}', b'{"choices":null}', b"[]", b"", b"<html>"])
def test_a_body_without_choices_is_no_answer(raw: bytes) -> None:
    looking = watch(False, False)
    frame = parse(b"data: " + raw + b"\n\n")
    assert looking.look(frame) == FAULT
    assert looking.fault is not None
    assert looking.fault.code == "upstream_invalid_response"


def test_an_answer_is_none_of_it() -> None:
    looking = watch(False, True)
    assert looking.look(parse(_TEXT)) == TEXT
    assert looking.look(parse(b"data: [DONE]\n\n")) == END


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"prompt_tokens_details": "?", "completion_tokens_details": [1]}, Usage(input_tokens=9)),
        ({"prompt_tokens_details": ["?"], "completion_tokens_details": 7}, Usage(input_tokens=9)),
        ({"prompt_tokens_details": {"cache_write_tokens": 4}}, Usage(input_tokens=9, cache_write_tokens=4)),
        ({"cached_tokens": 4}, Usage(input_tokens=9, cached_tokens=4)),
        ({"completion_tokens": True}, Usage(input_tokens=9)),
    ],
)
def test_usage_is_read_as_the_translated_way_reads_it(said: dict[str, Any], read: Usage, streamed: bool) -> None:
    looking = watch(True, streamed)
    looking.look(
        parse(b"data: " + msgspec.json.encode({"choices": [], "usage": {"prompt_tokens": 9, **said}}) + b"\n\n")
    )
    assert looking.fault is None
    assert looking.usage is not None
    assert replace(looking.usage, extras={}) == read


def _usage(prompt: int, output: int, cached: int = 0) -> bytes:
    details = {"prompt_tokens_details": {"cached_tokens": cached}}
    usage = {"prompt_tokens": prompt, "completion_tokens": output, **details}
    return b"data: " + msgspec.json.encode({"choices": [], "usage": usage}) + b"\n\n"


@pytest.mark.parametrize(
    ("per_choice", "read"),
    [
        (True, Usage(input_tokens=9, output_tokens=12, cached_tokens=1)),
        (False, Usage(input_tokens=9, output_tokens=5, cached_tokens=8)),
    ],
)
def test_usage_that_comes_for_each_choice_is_added_up_and_else_the_last_word_counts(
    per_choice: bool, read: Usage
) -> None:
    looking = watch(True, True)
    assert isinstance(looking, StreamWatch)
    looking.per_choice = per_choice
    for raw in (_usage(4, 3), _usage(9, 4, 1), _usage(9, 5, 8)):
        looking.look(parse(raw))
    assert looking.usage == read
