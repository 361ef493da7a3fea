"""Editing the text of answers: what nobody changes stays, what is held back comes later, what is taken out is nowhere left."""

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from anthropic.types import RawMessageStreamEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.fold import fold, unfold
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import EditFor, SignedEdit
from gateway.wire.neutral import (
    Answer,
    Choice,
    Delta,
    Event,
    Finish,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    Usage,
)
from tests.support.edits import SECRET, Hold, Pass, Redact, call_texts, words

# --- answers ---------------------------------------------------------------------------------------------------------


_WHERE = {"document_index": 0, "document_title": "t", "start_char_index": 0, "end_char_index": 7, "file_id": None}
_CITED = {
    "chat": {"annotations": [{"type": "url_citation", "url_citation": {"url": "u/SECRET", "title": "a SECRET"}}]},
    "responses": {"annotations": [{"type": "url_citation", "url_citation": {"url": "u/SECRET", "title": "a SECRET"}}]},
    "messages": {"citations": [{"type": "char_location", "cited_text": "SECRET!", **_WHERE}]},
}


@st.composite
def answers(draw: st.DrawFn, dialect: str) -> Answer:
    choices = []
    for index in range(draw(st.integers(1, 2)) if dialect == "chat" else 1):
        parts: list[Part] = []
        if draw(st.booleans()):
            parts.append(Reasoning(text=draw(words()), origin=dialect))
        for _ in range(draw(st.integers(0, 3))):
            extras: dict[str, Any] = draw(st.sampled_from(({}, _CITED[dialect])))
            plain = parts and isinstance(parts[-1], Text) and not parts[-1].extras
            if not plain and not (dialect == "chat" and any(isinstance(part, Text) for part in parts)):
                parts.append(Text(text=draw(words()), extras=msgspec.json.decode(msgspec.json.encode(extras))))
        if dialect != "messages" and draw(st.booleans()):
            parts.append(Refusal(text=draw(words())))
        for number in range(draw(st.integers(0, 2))):
            custom = dialect != "messages" and draw(st.booleans())
            text = draw(words()) if custom else draw(call_texts())
            parts.append(ToolCall(id=f"call_{number}", name="tool", arguments=text, custom=custom))
        finish: Finish = "tool_calls" if any(isinstance(part, ToolCall) for part in parts) else "length"
        choices.append(Choice(index=index, parts=parts, finish=finish))
    return Answer(id="resp_1", model="m", created=1, choices=choices, usage=Usage(input_tokens=1, output_tokens=2))


@st.composite
def streams(draw: st.DrawFn, dialect: str) -> tuple[Answer, list[Frame]]:
    """An answer and its frames, deltas cut anywhere, choices and parallel calls mixed where the dialect may do that."""
    answer: Answer = draw(answers(dialect))
    begin, *events = unfold(answer)
    by_choice: list[list[Event]] = [[] for _ in answer.choices]
    ends: list[Event] = []
    for event in events:
        (by_choice[event.choice] if hasattr(event, "choice") else ends).extend(_cut(event, draw))
    mixed: list[Event] = []
    while any(by_choice):
        mixed.append(draw(st.sampled_from([one for one in by_choice if one])).pop(0))
    writer = _writer(dialect)
    return answer, [frame for event in [begin, *mixed, *ends] for frame in writer.feed(event)]


def _cut(event: Event, draw: st.DrawFn) -> list[Event]:
    if not isinstance(event, Delta):
        return [event]
    places = sorted(draw(st.lists(st.integers(0, len(event.text)), max_size=4)))
    pieces = [event.text[start:end] for start, end in zip([0, *places], [*places, len(event.text)], strict=True)]
    logged = event.kind == "content"
    return [
        msgspec.structs.replace(event, text=piece, logprobs={"content": [_token(piece)]} if logged else None)
        for piece in pieces
    ]


def _token(text: str) -> dict[str, Any]:
    return {"token": text, "logprob": -1.0, "bytes": None, "top_logprobs": []}


def _writer(dialect: str) -> Any:
    made = DIALECTS[dialect].stream_writer
    assert made is not None
    return made(Request(dialect=dialect, model="m", messages=[], stream=True, include_usage=True))


def _edited(dialect: str, came: list[Frame], edit_for: EditFor, sizes: random.Random) -> list[Frame]:
    edits = editing(dialect, True, edit_for)
    shown: list[Frame] = []
    at = 0
    while at < len(came):
        step = sizes.randint(1, 4)
        shown += edits.feed(came[at : at + step])
        at += step
    assert edits.finish() == []
    assert edits.released
    return shown


def _read(dialect: str, shown: list[Frame]) -> Answer:
    made = DIALECTS[dialect].stream_reader
    assert made is not None
    reader = made()
    return fold([event for frame in shown for event in reader.feed(frame)], dialect)


def _joined(answer: Answer, dialect: str, change: Callable[[str], str] = str) -> Any:
    """An answer as its lanes: what cannot be told apart by the caller is one."""
    lanes: list[Any] = []
    for choice in answer.choices:
        texts: dict[str, str] = {}
        calls = []
        cited = []
        for part in choice.parts:
            if isinstance(part, ToolCall):
                calls.append((part.id, part.name, _told(part, change)))
            elif isinstance(part, Text | Refusal | Reasoning):
                kind = "reasoning" if isinstance(part, Reasoning) else "text"
                kind = "refusal" if isinstance(part, Refusal) and dialect != "messages" else kind
                texts[kind] = texts.get(kind, "") + part.text
                cited += [json.dumps(part.extras, sort_keys=True, ensure_ascii=False)] if part.extras else []
        edited = {kind: change(text) for kind, text in texts.items()}
        lanes.append((edited, calls, [change(one) for one in cited], choice.finish))
    return lanes, answer.usage


def _told(call: ToolCall, change: Callable[[str], str]) -> Any:
    return change(call.arguments) if call.custom else _changed(json.loads(call.arguments), change)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {change(name): _changed(held, change) for name, held in value.items()}
    if isinstance(value, list):
        return [_changed(held, change) for held in value]
    return change(value) if isinstance(value, str) else value


# --- streams ---------------------------------------------------------------------------------------------------------

_ALL = pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])


def _legal(dialect: str, shown: list[Frame]) -> None:
    _LEGAL[dialect]([frame.json for frame in shown if frame.data != frames.DONE])
    for frame in shown:
        unmodelled = (
            b"url_citation" in frame.raw or b'"custom"' in frame.raw
        )  # without offsets; not in the SDK's chunks
        if frame.data != frames.DONE and not unmodelled:
            _SDK[dialect].validate_python(frame.json)
    ends = {"chat": None, "messages": "message_stop", "responses": "response.incomplete"}
    last = shown[-1]
    assert last.data == frames.DONE if dialect == "chat" else last.event in {ends[dialect], "response.completed"}


_SDK: dict[str, TypeAdapter[Any]] = {
    "chat": TypeAdapter(ChatCompletionChunk),
    "messages": TypeAdapter(RawMessageStreamEvent),
    "responses": TypeAdapter(ResponseStreamEvent),
}


def _legal_chat(chunks: list[dict[str, Any]]) -> None:
    opened: set[int] = set()
    ended: set[int] = set()
    for chunk in chunks:
        for choice in chunk["choices"]:
            index = choice["index"]
            assert index in opened or choice["delta"].get("role") == "assistant"
            opened.add(index)
            assert index not in ended
            if choice["finish_reason"] is not None:
                ended.add(index)
        assert (chunk["id"], chunk["model"], chunk["created"]) == ("resp_1", "m", 1)
    assert opened == ended


def _legal_messages(events: list[dict[str, Any]]) -> None:
    index, is_open, kinds = (
        -1,
        False,
        {"text": "text_delta", "tool_use": "input_json_delta", "thinking": "thinking_delta"},
    )
    kind = ""
    for event in events[1:-2]:
        if event["type"] == "content_block_start":
            assert not is_open
            is_open, index, kind = True, index + 1, event["content_block"]["type"]
        elif event["type"] == "content_block_stop":
            assert is_open
            is_open = False
        else:
            assert is_open
            assert event["delta"]["type"] in {kinds[kind], "citations_delta", "signature_delta"}
        assert event["index"] == index
    assert not is_open
    assert [event["type"] for event in (events[0], *events[-2:])] == ["message_start", "message_delta", "message_stop"]


def _legal_responses(events: list[dict[str, Any]]) -> None:
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    said: dict[Any, str] = {}
    done: set[Any] = set()
    for event in events:
        lane, _, ending = event["type"].rpartition(".")
        place = (
            lane,
            event.get("output_index"),
            event.get("item_id"),
            event.get("content_index"),
            event.get("summary_index"),
        )
        if ending == "delta":
            assert place not in done
            said[place] = said.get(place, "") + event["delta"]
        elif ending == "done" and "item" not in event and "part" not in event:
            whole = event.get("text", event.get("refusal", event.get("arguments", event.get("input"))))
            assert whole == said.get(place, "")
            done.add(place)
    items = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert sorted(map(repr, items)) == sorted(map(repr, events[-1]["response"]["output"]))


_LEGAL = {"chat": _legal_chat, "messages": _legal_messages, "responses": _legal_responses}


@_ALL
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers())
def test_an_edit_that_changes_nothing_changes_nothing(dialect: str, data: st.DataObject, seed: int) -> None:
    _, came = data.draw(streams(dialect))
    shown = _edited(dialect, came, lambda lane: None if lane.kind == "tool_args" else Pass(), random.Random(seed))
    assert len(shown) == len(came)
    assert all(one is other for one, other in zip(shown, came, strict=True))


@_ALL
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers())
def test_what_is_held_back_comes_later_in_the_same_lane(dialect: str, data: st.DataObject, seed: int) -> None:
    _, came = data.draw(streams(dialect))
    shown = _edited(dialect, came, lambda lane: Hold(seed), random.Random(seed))
    _legal(dialect, shown)
    assert _joined(_read(dialect, shown), dialect) == _joined(_read(dialect, came), dialect)
    if dialect == "messages":  # text that nobody changed stays in the block it came in
        assert _texts(shown) == _texts(came)


def _texts(shown: list[Frame]) -> list[str]:
    return [part.text for part in _read("messages", shown).choices[0].parts if isinstance(part, Text)]


@_ALL
@settings(max_examples=150, deadline=None)
@given(data=st.data(), seed=st.integers())
def test_what_is_taken_out_is_nowhere_left(dialect: str, data: st.DataObject, seed: int) -> None:
    _, came = data.draw(streams(dialect))
    shown = _edited(dialect, came, lambda lane: Redact(), random.Random(seed))
    _legal(dialect, shown)
    assert b"SECRET" not in b"".join(frame.raw for frame in shown)
    expected = _joined(_read(dialect, came), dialect, lambda text: text.replace(SECRET, "***"))
    assert _joined(_read(dialect, shown), dialect) == expected


@_ALL
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers())
def test_a_whole_answer_is_edited_as_its_stream_is(dialect: str, data: st.DataObject, seed: int) -> None:
    answer: Answer = data.draw(answers(dialect))
    write, read = DIALECTS[dialect].write_answer, DIALECTS[dialect].read_answer
    assert write is not None
    assert read is not None
    came = frames.body(write(answer, Request(dialect=dialect, model="m", messages=[])))
    (passed,) = editing(dialect, False, lambda lane: None if lane.kind == "tool_args" else Pass()).feed([came])
    assert passed is came
    (held,) = editing(dialect, False, lambda lane: Hold(seed)).feed([came])
    assert _joined(read(held.json), dialect) == _joined(read(came.json), dialect)
    (shown,) = editing(dialect, False, lambda lane: Redact()).feed([came])
    assert b"SECRET" not in shown.raw
    expected = _joined(read(came.json), dialect, lambda text: text.replace(SECRET, "***"))
    assert _joined(read(shown.json), dialect) == expected


@_ALL
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers())
def test_a_cut_stream_says_what_was_held_and_makes_up_no_end(dialect: str, data: st.DataObject, seed: int) -> None:
    _, came = data.draw(streams(dialect))
    cut = came[: data.draw(st.integers(0, len(came) - 2))]
    edits = editing(dialect, True, lambda lane: Hold(seed))
    shown = [*edits.feed(cut), *edits.feed([]), *edits.finish()]
    assert edits.finish() == []
    assert _said(dialect, shown) == _said(dialect, cut)
    ended = ("message_stop", "response.completed", "response.incomplete")
    assert not [frame for frame in shown if frame.data == frames.DONE or frame.event in ended]


def _said(dialect: str, shown: list[Frame]) -> dict[Any, str]:
    made = DIALECTS[dialect].stream_reader
    assert made is not None
    reader = made()
    said: dict[Any, str] = {}
    for frame in shown:
        for event in reader.feed(frame):
            if isinstance(event, Delta) and event.kind != "tool_args":
                key = (event.choice, event.kind)
                said[key] = said.get(key, "") + event.text
    return {key: text for key, text in said.items() if text}


# --- what nobody should send -----------------------------------------------------------------------------------------

_JUNK: st.SearchStrategy[Any] = st.sampled_from(
    (None, True, 7, "SECRET", "x", [], {}, ["SECRET"], {"type": "text", "text": "SECRET"}, [[]], 1.5)
)


@_ALL
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_spoilt_event_is_edited_or_is_the_upstreams_fault(dialect: str, data: st.DataObject) -> None:
    _, came = data.draw(streams(dialect))
    spoilt = []
    for frame in came:
        value = frame.json if frame.data != frames.DONE else None
        if value and data.draw(st.integers(0, 3)) == 0:
            holder, name = data.draw(st.sampled_from(list(_places(value))))
            holder[name] = data.draw(_JUNK)
            frame = frames.edited(frame, value)
        spoilt.append(frame)
    for streamed in (True, False):
        with contextlib.suppress(GatewayError, SignedEdit):
            edits = editing(dialect, streamed, lambda lane: Redact())
            edits.feed([one for one in spoilt if streamed or one.data != frames.DONE])
            edits.finish()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for name, held in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, name
        if isinstance(held, dict | list):
            yield from _places(held)
