"""Whole answers of chat completions, as several servers write them."""

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.chat.answer import read_answer, write_answer
from gateway.wire.chat.usage import read_usage, write_usage
from gateway.wire.neutral import (
    Answer,
    Choice,
    Finish,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    Usage,
)

ASKED = Request(dialect="chat", model="m", messages=[])


def answer_of(message: dict[str, Any], **choice: Any) -> dict[str, Any]:
    held = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop", **choice}
    return {"id": "c-1", "object": "chat.completion", "created": 7, "model": "m", "choices": [held]}


def read(message: dict[str, Any], **choice: Any) -> Choice:
    return read_answer(answer_of(message, **choice)).choices[0]


def write(*parts: Part, asked: Request = ASKED, **fields: Any) -> dict[str, Any]:
    answer = Answer(id="a", model="m", created=1, choices=[Choice(index=0, parts=list(parts), **fields)])
    choice: dict[str, Any] = write_answer(answer, asked)["choices"][0]
    return choice


def test_an_answer_as_openai_writes_it() -> None:
    body = answer_of(
        {"content": "안녕", "refusal": None, "annotations": []},
        logprobs={"content": [{"token": "안녕", "logprob": -0.5}], "refusal": None},
    )
    body |= {
        "system_fingerprint": "fp",
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 7,
            "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 3, "accepted_prediction_tokens": 1},
        },
    }
    assert read_answer(body) == Answer(
        id="c-1",
        model="m",
        created=7,
        choices=[
            Choice(
                index=0,
                parts=[Text(text="안녕")],
                finish="stop",
                logprobs={"content": [{"token": "안녕", "logprob": -0.5}], "refusal": None},
            )
        ],
        usage=Usage(
            input_tokens=5,
            output_tokens=7,
            cached_tokens=2,
            reasoning_tokens=3,
            extras={
                "prompt_tokens_details": {"audio_tokens": 0},
                "completion_tokens_details": {"accepted_prediction_tokens": 1},
            },
        ),
        extras={"system_fingerprint": "fp"},
    )


def test_reasoning_content_refusal_and_calls_are_read_in_their_order() -> None:
    choice = read(
        {
            "content": "a",
            "refusal": "b",
            "reasoning": "c",
            "tool_calls": [{"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        }
    )
    assert choice.parts == [
        Reasoning(text="c", origin="chat"),
        Text(text="a"),
        Refusal(text="b"),
        ToolCall(id="1", name="f", arguments="{}"),
    ]


def test_the_same_reasoning_under_two_names_is_read_once() -> None:
    assert read({"reasoning_content": "x", "reasoning": "x"}).parts == [Reasoning(text="x", origin="chat")]


def test_calls_without_an_id_get_ids_that_differ_by_answer_and_place() -> None:
    call = {"function": {"name": "f", "arguments": {"도시": "서울"}}}
    parts = read({"content": None, "tool_calls": [call, call]}).parts
    ids = [part.id for part in parts if isinstance(part, ToolCall)]
    assert ids == ["call_c-1_0_0", "call_c-1_0_1"]
    assert [part.arguments for part in parts if isinstance(part, ToolCall)] == ['{"도시":"서울"}'] * 2


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("eos_token", "stop"),
        ("stop_sequence", "stop_sequence"),
        ("model_length", "length"),
        ("insufficient_system_resource", "length"),
        ("abort", "length"),
        ("some_new_word", "stop"),
        (None, None),
    ],
)
def test_each_word_for_the_end_is_understood(word: str | None, finish: Finish | None) -> None:
    assert read({"content": "x"}, finish_reason=word).finish == finish


def test_the_stop_sequence_that_was_met_is_known_from_vllm() -> None:
    choice = read({"content": "x"}, stop_reason="끝")
    assert (choice.finish, choice.stop_sequence) == ("stop_sequence", "끝")
    by_token = read({"content": "x"}, stop_reason=128_009)
    assert (by_token.finish, by_token.stop_sequence, by_token.extras) == ("stop", None, {"stop_reason": 128_009})


def test_citations_stand_under_their_text() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "https://x", "start_index": 0, "end_index": 1}}
    choice = read({"content": "a", "annotations": [note]})
    assert choice.parts == [Text(text="a", extras={"annotations": [note]})]
    assert write(*choice.parts)["message"]["annotations"] == [note]


def test_fields_that_nobody_models_survive() -> None:
    choice = read({"content": None, "audio": {"id": "a"}}, content_filter_results={"hate": {"filtered": False}})
    assert choice.extras == {
        "message": {"audio": {"id": "a"}},
        "content_filter_results": {"hate": {"filtered": False}},
    }
    written = write(extras=choice.extras, finish="stop")
    assert written["message"]["audio"] == {"id": "a"}
    assert written["content_filter_results"] == {"hate": {"filtered": False}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": None},
        {"choices": {}},
        {"choices": ["x"]},
        {"choices": [{}]},
        {"choices": [{"message": "x"}]},
        {"choices": [{"message": {"content": 3}}]},
        {"choices": [{"message": {"tool_calls": [{"id": "1", "function": {"arguments": "{}"}}]}}]},
        {"choices": [], "usage": 3},
    ],
)
def test_what_is_no_answer_is_the_upstreams_fault(body: dict[str, Any]) -> None:
    with pytest.raises(GatewayError) as caught:
        read_answer(body)
    assert caught.value.code == "upstream_invalid_response"


def test_an_answer_from_another_dialect_is_joined_as_chat_has_it() -> None:
    choice = write(
        Reasoning(text="hm", signature="s", origin="messages"),
        Text(text="a"),
        Opaque(dialect="messages", value={"type": "server_tool_use"}),
        Text(text="b", extras={"citations": [{"type": "char_location"}]}),
        ToolCall(id="1", name="f", arguments="{}"),
        finish="tool_calls",
    )
    assert choice == {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": "ab",
            "refusal": None,
            "reasoning_content": "hm",
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        "logprobs": None,
        "finish_reason": "tool_calls",
    }


def test_no_text_is_null_and_empty_text_is_empty() -> None:
    assert write(ToolCall(id="1", name="f", arguments="{}"))["message"]["content"] is None
    assert write(Text(text=""))["message"]["content"] == ""


def test_images_that_a_model_drew_are_beside_the_content() -> None:
    message = write(Image(data="QQ==", media_type="image/png"))["message"]
    assert message["images"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}]


def test_a_caller_of_functions_is_answered_with_a_function_call() -> None:
    asked = Request(dialect="chat", model="m", messages=[], legacy_functions=True)
    choice = write(ToolCall(id="1", name="f", arguments="{}"), finish="tool_calls", asked=asked)
    assert choice["message"]["function_call"] == {"name": "f", "arguments": "{}"}
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "function_call"


@pytest.mark.parametrize(
    ("finish", "word"), [("refusal", "content_filter"), ("pause", "stop"), ("stop_sequence", "stop"), (None, None)]
)
def test_ends_that_chat_has_no_word_for_get_the_nearest(finish: Finish | None, word: str | None) -> None:
    assert write(finish=finish)["finish_reason"] == word


@pytest.mark.parametrize(
    ("said", "cached"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 4}}, 4),
        ({"prompt_cache_hit_tokens": 4}, 4),
        ({"cached_tokens": 4}, 4),
        ({"prompt_tokens_details": None}, 0),
        ({"prompt_tokens_details": "?"}, 0),
        ({"prompt_tokens_details": {"cached_tokens": "4"}}, 0),
    ],
)
def test_cached_tokens_are_found_wherever_a_vendor_puts_them(said: dict[str, Any], cached: int) -> None:
    assert read_usage({"prompt_tokens": 9, **said}).cached_tokens == cached


def test_usage_is_written_with_its_details_and_marked_when_estimated() -> None:
    assert write_usage(Usage(input_tokens=3, output_tokens=2, cache_write_tokens=1, estimated=True)) == {
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "total_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 0},
        "estimated": True,
    }
