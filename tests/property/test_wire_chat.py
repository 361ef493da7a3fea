"""Chat completions there and back: nothing that the dialect can say is lost."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

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


def over_the_wire(value: object) -> object:
    """As the other side decodes it."""
    return msgspec.json.decode(msgspec.json.encode(value))


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
