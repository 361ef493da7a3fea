from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.fold import fold
from gateway.wire.frames import Frame
from gateway.wire.neutral import (
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Image,
    Opaque,
    Reasoning,
    Request,
    Sealed,
    Text,
    ToolBegin,
    ToolCall,
    Usage,
    Used,
    Whole,
)
from gateway.wire.responses.answer import read_answer
from gateway.wire.responses.reader import ResponsesReader
from gateway.wire.responses.request import read_request, write_request
from gateway.wire.responses.stream import ResponsesWriter

EVENTS: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
BEGIN = Begin(id="msg_01", model="demo", created=7)


def asked(**fields: Any) -> Request:
    return read_request({"model": "demo", "input": "hi", **fields})


def write(*events: Event, request: Request | None = None) -> list[dict[str, Any]]:
    writer = ResponsesWriter(request or asked())
    written = [frame.json for event in (BEGIN, *events) for frame in writer.feed(event)]
    for value in written:
        EVENTS.validate_python(value)
    return written


# --- writing ---------------------------------------------------------------------------------------------------------


def test_the_response_repeats_what_the_caller_said() -> None:
    said = {
        "instructions": "Be brief.",
        "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "store": False,
        "previous_response_id": "resp_0",
        "max_output_tokens": 20,
        "temperature": 0.0,
        "top_p": 0.5,
        "user": "u",
        "prompt_cache_key": "k",
    }
    response = write(request=asked(**said))[0]["response"]
    assert {name: response[name] for name in said} == said
    assert Response.model_validate(response).status == "in_progress"


def test_an_error_inside_the_stream_is_the_error_event_and_nothing_is_completed() -> None:
    written = write(Delta(choice=0, kind="content", text="Hel"), Failed(code="upstream_error", message="It broke."))
    assert [value["type"] for value in written[-2:]] == ["response.output_text.delta", "error"]
    assert written[-1]["sequence_number"] == len(written) - 1
    assert (written[-1]["code"], written[-1]["message"]) == ("upstream_error", "It broke.")


def test_a_foreign_signature_survives_the_way_to_the_caller_and_back() -> None:
    written = write(
        Delta(choice=0, kind="reasoning", text="Hm."),
        Sealed(choice=0, signature="sig=="),
        Sealed(choice=0, encrypted="blob", redacted=True),
        Ended(),
    )
    items = written[-1]["response"]["output"]
    back = read_request({"model": "demo", "input": items}).messages[0].parts
    assert back == [
        Reasoning(text="Hm.", signature="sig==", origin="messages"),
        Reasoning(text="", encrypted="blob", redacted=True, origin="messages"),
    ]
    assert write_request(read_request({"model": "demo", "input": items}))["input"] == []


def test_a_seal_that_looks_like_ours_and_is_not_stays_what_it_is() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "hx1.!!!"}
    assert read_request({"model": "demo", "input": [item]}).messages[0].parts == [
        Reasoning(encrypted="hx1.!!!", id="rs_1", origin="responses")
    ]


def test_log_probabilities_get_the_bytes_that_chat_leaves_out() -> None:
    token = {"token": "가", "logprob": -0.5, "bytes": None, "top_logprobs": [{"token": "나", "logprob": -1.0}]}
    written = write(Delta(choice=0, kind="content", text="가", logprobs={"content": [token]}), Ended())
    (entry,) = written[-1]["response"]["output"][0]["content"][0]["logprobs"]
    assert entry == {
        "token": "가",
        "logprob": -0.5,
        "bytes": [234, 176, 128],
        "top_logprobs": [{"token": "나", "logprob": -1.0, "bytes": [235, 130, 152]}],
    }
    done = next(value for value in written if value["type"] == "response.output_text.done")
    assert done["logprobs"] == [entry]


def test_citations_of_chat_become_annotations_and_events() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 1}}
    written = write(
        Delta(choice=0, kind="content", text="x"),
        Whole(choice=0, part=Text(text="", extras={"annotations": [note]})),
        Ended(),
    )
    flat = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1}
    assert written[-1]["response"]["output"][0]["content"][0]["annotations"] == [flat]
    assert [value["annotation"] for value in written if value["type"] == "response.output_text.annotation.added"] == [
        flat
    ]


def test_parts_without_a_place_are_left_out_and_images_get_one() -> None:
    written = write(
        Whole(choice=0, part=Opaque(dialect="messages", value={"type": "server_tool_use"})),
        Whole(choice=0, part=Image(data="AAAA", media_type="image/png")),
        Whole(choice=0, part=ToolCall(id="c", name="f", arguments="{}")),
        Whole(choice=0, part=Reasoning(text="Hm.")),
        Delta(choice=1, kind="content", text="another choice"),
        Ended(),
    )
    output = written[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["image_generation_call", "function_call", "reasoning"]
    assert (output[0]["result"], output[1]["arguments"]) == ("AAAA", "{}")


def test_arguments_of_a_call_that_never_began_are_an_error() -> None:
    with pytest.raises(GatewayError) as caught:
        write(Delta(choice=0, kind="tool_args", text="{}", tool=0))
    assert caught.value.code == "upstream_invalid_response"


@pytest.mark.parametrize(
    ("finish", "name", "reason"),
    [
        ("stop", "response.completed", None),
        ("tool_calls", "response.completed", None),
        ("refusal", "response.completed", None),
        ("stop_sequence", "response.completed", None),
        ("length", "response.incomplete", "max_output_tokens"),
        ("content_filter", "response.incomplete", "content_filter"),
    ],
)
def test_the_finish_decides_the_last_event(finish: Any, name: str, reason: str | None) -> None:
    used = Used(usage=Usage(input_tokens=3, output_tokens=2, estimated=True))
    last = write(Delta(choice=0, kind="content", text="x"), Finished(choice=0, finish=finish), used, Ended())[-1]
    assert last["type"] == name
    assert (last["response"]["incomplete_details"] or {}).get("reason") == reason
    assert last["response"]["usage"]["total_tokens"] == 5
    assert last["response"]["usage"]["estimated"] is True


def test_what_the_beginning_knew_of_the_usage_is_told_where_nothing_else_came() -> None:
    writer = ResponsesWriter(asked())
    writer.feed(Begin(id="r", model="m", created=1, usage=Usage(input_tokens=4)))
    (last,) = writer.feed(Ended())
    assert last.json["response"]["usage"]["input_tokens"] == 4


# --- reading ---------------------------------------------------------------------------------------------------------


def event(name: str, **fields: Any) -> Frame:
    return frames.event({"type": name, **fields}, name)


def read(*received: Frame) -> list[Event]:
    reader = ResponsesReader()
    return [found for frame in received for found in reader.feed(frame)]


def test_a_failed_stream_fails() -> None:
    failed = event(
        "response.failed",
        response={"id": "r", "status": "failed", "error": {"code": "server_error", "message": "Boom."}},
    )
    assert read(failed)[-1] == Failed(code="upstream_error", message="Boom.")
    assert read(event("error", code="rate_limit_exceeded", message="Slow."))[-1] == Failed(
        code="rate_limited", message="Slow."
    )


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"data: {\n\n", b"{", None),
        event("response.completed"),
        event("response.output_text.delta", delta=3),
        event("response.function_call_arguments.delta", delta="{", output_index=4),
        event("response.output_item.added", item={"type": "function_call"}),
        event("response.output_item.done", item=[]),
    ],
)
def test_an_unreadable_frame_is_the_upstreams_fault(frame: Frame) -> None:
    with pytest.raises(GatewayError) as caught:
        read(frame)
    assert caught.value.code == "upstream_invalid_response"


def test_comments_and_a_foreign_done_say_nothing() -> None:
    assert read(frames.comment(), frames.done()) == []


def test_a_whole_that_contradicts_the_deltas_adds_nothing() -> None:
    place = {"item_id": "m", "output_index": 0, "content_index": 0}
    events = read(
        event("response.output_text.delta", delta="Hel", logprobs=[], **place),
        event("response.output_text.done", text="Hello", **place),
        event("response.output_text.done", text="Other", **place),
    )
    assert [found.text for found in events if isinstance(found, Delta)] == ["Hel", "lo"]


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled", None])
def test_a_body_that_is_not_finished_is_no_answer(status: str | None) -> None:
    with pytest.raises(GatewayError) as caught:
        read_answer({"id": "r", "status": status, "output": []})
    assert caught.value.code == "upstream_invalid_response"


def test_a_failed_body_raises_the_upstreams_own_error() -> None:
    with pytest.raises(GatewayError) as caught:
        read_answer({"id": "r", "status": "failed", "error": {"code": "server_error", "message": "Boom."}})
    assert (caught.value.code, caught.value.message) == ("upstream_error", "Boom.")


def test_the_reader_and_fold_agree_on_whose_reasoning_it_is() -> None:
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "g=",
    }
    body = {"id": "r", "status": "completed", "model": "m", "created_at": 1, "output": [item]}
    assert read_answer(body).choices[0].parts == [Reasoning(text="Hm.", encrypted="g=", id="rs_1", origin="responses")]
    assert fold([BEGIN, ToolBegin(choice=0, tool=0, id="c", name="f"), Ended()]).choices[0].parts[0] == ToolCall(
        id="c", name="f", arguments=""
    )
