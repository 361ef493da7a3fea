"""Chat completions there and back: nothing that the dialect can say is lost."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.chat.answer import read_answer, write_answer
from gateway.wire.chat.request import read_request, write_request
from gateway.wire.chat.stream import StreamReader, StreamWriter
from gateway.wire.fold import fold, unfold
from gateway.wire.frames import Frame
from gateway.wire.neutral import Answer, Delta, Event, Request
from gateway.wire.sse import Parser
from tests.support.neutral_strategies import chat_answers, chat_requests

_ASKED = Request(dialect="chat", model="m", messages=[], stream=True, include_usage=True)


_JUNK: SearchStrategy[Any] = st.sampled_from(
    (None, True, 0, -1, 2.5, 1e300, 10**30, "", "x", "function", [], [[]], [None], {}, {"type": "x"}, ["x", 3])
)


@st.composite
def _spoilt(draw: st.DrawFn, bodies: SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """A body in which something, anywhere, is of another type, or is gone."""
    body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(draw(bodies)))
    places = _places(body)
    for holder, key in draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
        if isinstance(holder, dict) and draw(st.booleans()):
            holder.pop(key, None)
        else:
            holder[key] = draw(_JUNK)
    return body


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


def _one_chunk(answer: Answer) -> dict[str, Any]:
    """Everything of an answer in one chunk, which some servers send."""
    body = write_answer(answer, _ASKED)
    choices = [
        {("delta" if name == "message" else name): held for name, held in choice.items()} for choice in body["choices"]
    ]
    return {**body, "choices": choices}


@given(chat_requests())
def test_what_is_written_of_a_request_reads_back_as_the_same_request(request: Request) -> None:
    assert read_request(frames.body(write_request(request)).json) == request


@given(chat_answers())
def test_what_is_written_of_an_answer_reads_back_as_the_same_answer(answer: Answer) -> None:
    assert read_answer(frames.body(write_answer(answer, _ASKED)).json) == answer


@given(chat_answers())
def test_a_streamed_answer_folds_to_the_answer_that_was_unfolded(answer: Answer) -> None:
    assert fold(_through_the_wire(unfold(answer)), origin="chat") == answer


@given(chat_answers(), st.data())
def test_how_deltas_are_cut_never_changes_what_they_fold_to(answer: Answer, data: st.DataObject) -> None:
    cut: list[Event] = []
    for event in unfold(answer):
        cut += _cut(event, data) if isinstance(event, Delta) else [event]
    assert fold(cut, origin="chat") == fold(_through_the_wire(cut), origin="chat") == answer


@given(chat_answers())
def test_reading_and_writing_an_answer_changes_nothing_on_the_wire(answer: Answer) -> None:
    written = write_answer(answer, _ASKED)
    assert write_answer(read_answer(frames.body(written).json), _ASKED) == written


@given(_spoilt(chat_requests().map(write_request)))
def test_any_spoilt_request_is_read_or_refused_by_its_place(body: dict[str, Any]) -> None:
    refused = _refusal(lambda: read_request(body))
    assert refused is None or (refused.code == "invalid_request" and refused.param)


@given(_spoilt(chat_answers().map(lambda answer: write_answer(answer, _ASKED))))
def test_any_spoilt_answer_is_read_or_the_upstreams_fault(body: dict[str, Any]) -> None:
    refused = _refusal(lambda: read_answer(body))
    assert refused is None or refused.code == "upstream_invalid_response"


@given(_spoilt(chat_answers().map(_one_chunk)))
def test_any_spoilt_chunk_is_read_or_the_upstreams_fault(body: dict[str, Any]) -> None:
    refused = _refusal(lambda: StreamReader().feed(frames.event(body)))
    assert refused is None or refused.code == "upstream_invalid_response"


def _refusal(read: Callable[[], object]) -> GatewayError | None:
    """The error it is refused with; any other exception fails the test."""
    try:
        read()
    except GatewayError as error:
        return error
    return None


def _cut(event: Delta, data: st.DataObject) -> list[Event]:
    """The same text in two deltas; the log-probabilities go with the first."""
    at = data.draw(st.integers(0, len(event.text)))
    rest = msgspec.structs.replace(event, text=event.text[at:], logprobs=None)
    return [msgspec.structs.replace(event, text=event.text[:at]), rest]


def _through_the_wire(events: list[Event]) -> list[Event]:
    writer, parser, reader = StreamWriter(_ASKED), Parser(limit=1 << 24), StreamReader()
    raw = b"".join(frame.raw for event in events for frame in writer.feed(event))
    received: list[Frame] = parser.feed(raw)
    return [event for frame in received for event in reader.feed(frame)]
