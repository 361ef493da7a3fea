"""The Responses API there and back: nothing that it can say is lost, and every echo is what was let out before it."""

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.chat.request import write_request as write_chat
from gateway.wire.fold import fold, unfold
from gateway.wire.frames import Frame
from gateway.wire.neutral import (
    Answer,
    Begin,
    Choice,
    Delta,
    Event,
    File,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolChoice,
)
from gateway.wire.responses import RESPONSES, refuse_untranslatable, rewrite_ids
from gateway.wire.responses.answer import read_answer
from gateway.wire.responses.reader import ResponsesReader
from gateway.wire.responses.request import read_request, write_request
from gateway.wire.responses.stream import ResponsesWriter, write_answer
from gateway.wire.sse import Parser
from tests.support import neutral_strategies as neutral

_EVENTS: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
_ASKED = Request(dialect="responses", model="m", messages=[], stream=True, include_usage=True)


# --- what the Responses API can say ----------------------------------------------------------------------------------


def marks() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(({}, {"prompt_cache_breakpoint": {"mode": "explicit"}}))


def asked_parts() -> st.SearchStrategy[Part]:
    text = st.builds(Text, text=neutral.texts(), extras=marks())
    image = neutral.images().map(
        lambda held: msgspec.structs.replace(held, detail=None if held.detail == "auto" else held.detail, extras={})
    )
    linked = st.just(File(url="https://example.com/나.pdf", filename="나.pdf"))
    by_id = st.just(Opaque(dialect="responses", value={"type": "input_image", "file_id": "file-1", "detail": "auto"}))
    return st.one_of(text, image, neutral.files(), linked, by_id, neutral.audios())


def result_parts() -> st.SearchStrategy[Any]:
    return asked_parts().filter(lambda part: isinstance(part, Text) and part.text != "")


@st.composite
def said(draw: st.DrawFn) -> list[Part]:
    parts: list[Part] = []
    if draw(st.booleans()):
        encrypted = draw(st.none() | st.just("gAAAA=="))
        parts.append(Reasoning(text=draw(neutral.texts()), id="rs_1", encrypted=encrypted, origin="responses"))
    if draw(st.booleans()):
        parts.append(
            Opaque(
                dialect="responses",
                value={"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAAA"},
            )
        )
    notes = st.sampled_from(({}, {"annotations": [{"type": "file_path", "file_id": "file-1", "index": 0}]}))
    parts += draw(st.lists(st.builds(Text, text=neutral.texts(), extras=notes), max_size=2))
    if draw(st.booleans()):
        parts.append(Refusal(text=draw(neutral.texts())))
    return parts


@st.composite
def requests(draw: st.DrawFn) -> Request:
    declared: list[Tool] = [msgspec.structs.replace(tool, extras={}) for tool in draw(neutral.tools())]
    maybe = st.none()
    logprobs = draw(st.none() | st.just(True))
    hosted = draw(
        st.lists(st.just({"type": "mcp", "server_label": "x", "server_url": "https://example.com"}), max_size=1)
    )
    choice: ToolChoice | None = draw(neutral.tool_choices(declared))
    whole_choice = draw(st.none() | st.just({"type": "allowed_tools", "mode": "auto", "tools": []}))
    extras: dict[str, Any] = {"x_vendor": {"a": 1}} if draw(st.booleans()) else {}
    if choice is None and whole_choice is not None:
        extras["tool_choice"] = whole_choice
    words = st.sampled_from((None, "low", "high", "none"))
    thinking = draw(
        maybe
        | st.builds(Thinking, effort=words, summary=st.sampled_from((None, "auto")), extras=st.just({})).filter(
            lambda held: bool(held.effort or held.summary)
        )
    )
    if thinking is not None and thinking.effort == "none":
        thinking.enabled = False
    return Request(
        dialect="responses",
        model=draw(neutral.names()),
        messages=draw(
            neutral.conversations(
                heads=neutral.heads("system", "developer").map(_bare),
                asked=asked_parts(),
                said=said(),
                result_part=result_parts(),
                name=st.none(),
            )
        ),
        tools=declared,
        hosted=hosted,
        tool_choice=choice,
        parallel_tools=draw(maybe | st.booleans()),
        max_tokens=draw(maybe | st.integers(1, 10**6)),
        temperature=draw(maybe | st.sampled_from((0.0, 0.5, 2.0))),
        top_p=draw(maybe | st.sampled_from((0.1, 1.0))),
        logprobs=logprobs,
        top_logprobs=draw(st.none() | st.integers(1, 20)) if logprobs else None,
        format=draw(maybe | neutral.formats()),
        thinking=thinking,
        stream=draw(st.booleans()),
        include_usage=True,
        user=draw(maybe | neutral.names()),
        metadata=draw(maybe | st.just({"a": "b"})),
        service_tier=draw(maybe | st.just("flex")),
        extras=extras,
    )


def _bare(turns: list[Message]) -> list[Message]:
    for turn in turns:
        for part in turn.parts:
            part.extras = {}
    return turns


@st.composite
def answers(draw: st.DrawFn, *, native: bool = True) -> Answer:
    """Answers whose parts a stream can tell apart. `native`: as this API itself would give them, without foreign seals."""
    parts: list[Part] = []
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(("reasoning", "text", "cited", "refusal", "hosted")))
        last = parts[-1] if parts else None
        text = draw(neutral.full_texts())
        if kind == "reasoning":
            sealed = draw(st.none() | st.just("gAAAA=="))
            parts.append(Reasoning(text=text, encrypted=sealed, id="rs_1", origin="responses"))
        elif kind == "refusal" and not isinstance(last, Refusal):
            parts.append(Refusal(text=text))
        elif kind == "hosted":
            parts.append(
                Opaque(
                    dialect="responses",
                    value={"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAAA"},
                )
            )
        elif kind == "cited":
            note = {
                "type": "url_citation",
                "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 1},
            }
            if not isinstance(last, Text):
                parts.append(Text(text=text, extras={"annotations": [note]}))
        elif kind == "text" and not isinstance(last, Text):
            parts.append(Text(text=text))
    calls = draw(st.lists(neutral.tool_calls(), max_size=3, unique_by=lambda call: call.id))
    refused = any(isinstance(part, Refusal) for part in parts)
    whole = "tool_calls" if calls else "refusal" if refused else "stop"
    finish = draw(st.sampled_from((whole, "length", "content_filter")))
    usage = draw(st.none() | neutral.usages())
    if usage is not None:
        usage.extras = {}
    return Answer(
        id="resp_" + draw(neutral.names()),
        model=draw(neutral.names()),
        created=draw(st.integers(0, 2**40)),
        choices=[Choice(index=0, parts=[*parts, *calls], finish=finish)],  # type: ignore[arg-type]
        usage=usage,
        extras={"service_tier": "default"},
    )


# --- requests --------------------------------------------------------------------------------------------------------


@given(requests())
def test_what_is_written_of_a_request_reads_back_as_the_same_request(request: Request) -> None:
    request.echo = {"store": True, "include": ["reasoning.encrypted_content"], "text": {"verbosity": "low"}}
    written = frames.body(write_request(request)).json
    again = read_request(written)
    assert frames.body(write_request(again)).json == written
    again.echo = request.echo
    assert again == request


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(neutral.chat_requests())
def test_a_chat_request_is_said_or_refused_by_name_and_never_stored_by_itself(request: Request) -> None:
    request.stop, request.n, request.seed, request.top_k, request.logit_bias, request.extras = (
        [],
        1,
        None,
        None,
        None,
        {},
    )
    request.presence_penalty = request.frequency_penalty = None
    request.hosted = []
    for message in request.messages:
        message.name = None
    body = frames.body(write_request(request)).json
    assert body["store"] is False
    assert read_request(body).max_tokens == request.max_tokens
    said = [part.text for turn in request.messages for part in turn.parts if isinstance(part, Text)]
    assert [part.text for turn in read_request(body).messages for part in turn.parts if isinstance(part, Text)] == said


# --- answers ---------------------------------------------------------------------------------------------------------


@given(answers())
def test_what_is_written_of_an_answer_reads_back_as_the_same_answer(answer: Answer) -> None:
    written = frames.body(write_answer(answer, _ASKED)).json
    Response.model_validate(written)
    assert _without_ids(read_answer(written)) == _without_ids(answer)


@given(answers())
def test_a_streamed_answer_folds_to_the_answer_that_was_unfolded(answer: Answer) -> None:
    assert _without_ids(fold(_through_the_wire(unfold(answer)), "responses")) == _without_ids(answer)


@given(answers(), st.data())
def test_how_deltas_are_cut_never_changes_what_they_fold_to(answer: Answer, data: st.DataObject) -> None:
    cut: list[Event] = []
    for event in unfold(answer):
        cut += _cut(event, data) if isinstance(event, Delta) else [event]
    assert _without_ids(fold(_through_the_wire(cut), "responses")) == _without_ids(answer)
    assert _written(cut)[-1].json["response"] == write_answer(answer, _ASKED)


@given(answers(), st.data())
def test_every_echo_repeats_exactly_the_deltas_before_it(answer: Answer, data: st.DataObject) -> None:
    cut = [piece for event in unfold(answer) for piece in (_cut(event, data) if isinstance(event, Delta) else [event])]
    written = [frame.json for frame in _written(cut)]
    said: dict[tuple[Any, ...], str] = {}
    echoes = 0
    for event in written:
        lane, _, ending = event["type"].rpartition(".")
        place = (lane, event.get("item_id"), event.get("content_index"), event.get("summary_index"))
        if ending == "delta":
            said[place] = said.get(place, "") + event["delta"]
        elif ending == "done" and (field := _ECHOES.get(lane)):
            echoes += 1
            assert event[field] == said.pop(place, "")
    assert not said
    whole = sum(
        isinstance(part, Text | Refusal) or type(part).__name__ == "ToolCall" for part in answer.choices[0].parts
    )
    assert echoes >= whole
    finished = [event["item"] for event in written if event["type"] == "response.output_item.done"]
    assert sorted(map(repr, finished)) == sorted(map(repr, written[-1]["response"]["output"]))


_ECHOES = {
    "response.output_text": "text",
    "response.refusal": "refusal",
    "response.function_call_arguments": "arguments",
    "response.custom_tool_call_input": "input",
    "response.reasoning_summary_text": "text",
}


@given(answers())
def test_events_are_numbered_from_0_by_one_and_are_what_the_sdk_expects(answer: Answer) -> None:
    written = _written(unfold(answer))
    assert [frame.json["sequence_number"] for frame in written] == list(range(len(written)))
    for frame in written:
        assert frame.event == frame.json["type"]
        _EVENTS.validate_python(frame.json)


@given(answers())
def test_the_watch_sees_what_was_written(answer: Answer) -> None:
    watch = RESPONSES.watch(True, True)
    for frame in _written(unfold(answer)):
        watch.look(frame)
    assert watch.fault is None
    assert watch.finish == answer.choices[0].finish
    assert watch.usage == answer.usage


@given(answers(), st.integers(1, 7))
def test_a_stream_without_its_end_is_never_completed(answer: Answer, missing: int) -> None:
    names = [frame.event for frame in _written(unfold(answer)[:-missing])]
    assert not {"response.completed", "response.incomplete", "response.failed"} & set(names)


# --- what nobody should send -----------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(st.data())
def test_a_spoiled_request_is_read_or_refused_by_place(data: st.DataObject) -> None:
    body = _spoiled(_USUAL, data)
    with contextlib.suppress(GatewayError):
        refuse_untranslatable(body)
    with contextlib.suppress(GatewayError):
        request = read_request(body)
        write_request(request)
        write_chat(request)
        ResponsesWriter(request).feed(Begin(id="r", model="m", created=0))


@given(answers(), st.data())
def test_a_spoiled_answer_is_read_or_is_the_upstreams_fault(answer: Answer, data: st.DataObject) -> None:
    written = [frame.json for frame in _written(unfold(answer))]
    at = data.draw(st.integers(0, len(written) - 1))
    spoiled = [*written[:at], _spoiled(written[at], data), *written[at + 1 :]]
    received = [frames.event(value, written[index]["type"]) for index, value in enumerate(spoiled)]
    watch = RESPONSES.watch(True, True)
    for frame in received:
        watch.look(frame)
        rewrite_ids(frame, str)
    reader = ResponsesReader()
    with contextlib.suppress(GatewayError):
        fold([event for frame in received for event in reader.feed(frame)])
    with contextlib.suppress(GatewayError):
        read_answer(_spoiled(written[-1]["response"], data))


def _spoiled(value: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """The same with the value at one place replaced or gone."""
    spoiled = copy.deepcopy(value)
    places = list(_places(spoiled))
    holder, key = places[data.draw(st.integers(0, len(places) - 1))]
    if data.draw(st.booleans()):
        holder[key] = data.draw(_WRONG)
    else:
        del holder[key]
    return spoiled


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    held = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in held:
        yield value, key
        yield from _places(inner)


_WRONG: st.SearchStrategy[Any] = st.sampled_from(
    (None, True, -1, 0.5, "", "nonsense", [], ["x"], [None], {}, {"a": 1}, {"type": []})
)
_USUAL: dict[str, Any] = {
    "model": "demo",
    "instructions": "Be brief.",
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {
            "role": "user",
            "content": [{"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"}],
        },
        {"role": "user", "content": [{"type": "input_file", "file_data": "data:a/b;base64,AA", "filename": "a"}]},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "x"}],
            "encrypted_content": "hx1.e30=",
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "x", "annotations": [{}]}],
        },
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "x"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "x"}]},
    ],
    "tools": [
        {"type": "function", "name": "f", "parameters": {}, "strict": True},
        {"type": "custom", "name": "g", "format": {}},
    ],
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {}, "strict": True}, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["message.output_text.logprobs"],
    "top_logprobs": 3,
    "background": False,
    "truncation": "disabled",
    "store": True,
    "stream": True,
    "stream_options": {"include_obfuscation": False},
    "max_output_tokens": 9,
    "metadata": {"a": "b"},
}


def _without_ids(answer: Answer) -> Answer:
    """Ids of reasoning items are made by the writer, since they come before the seal that has the reader's."""
    bare = copy.deepcopy(answer)
    for part in bare.choices[0].parts:
        if isinstance(part, Reasoning):
            part.id = None
    return bare


def _cut(event: Delta, data: st.DataObject) -> list[Event]:
    at = data.draw(st.integers(0, len(event.text)))
    rest = msgspec.structs.replace(event, text=event.text[at:], logprobs=None)
    return [msgspec.structs.replace(event, text=event.text[:at]), rest]


def _written(events: list[Event]) -> list[Frame]:
    writer = ResponsesWriter(_ASKED)
    return [frame for event in events for frame in writer.feed(event)]


def _through_the_wire(events: list[Event]) -> list[Event]:
    parser, reader = Parser(limit=1 << 24), ResponsesReader()
    received = parser.feed(b"".join(frame.raw for frame in _written(events)))
    return [event for frame in received for event in reader.feed(frame)]
