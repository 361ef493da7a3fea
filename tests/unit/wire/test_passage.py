"""Which way an answer takes, and what passes on it."""

from typing import Any, Final

import pytest

from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.dialect import END, FAULT, TEXT
from gateway.wire.frames import Frame
from gateway.wire.passage import Native, served, translate, way

_NOW: Final = 1_700_000_000
_ASKED: Final[dict[str, dict[str, Any]]] = {
    "chat": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "messages": {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9},
    "responses": {"model": "m", "input": "hi"},
}
_PAIRS: Final = [(caller, upstream) for caller in _ASKED for upstream in _ASKED if caller != upstream]


@pytest.mark.parametrize(
    ("caller", "spoken", "told"),
    [
        ("chat", {"chat", "messages", "responses"}, "chat"),
        ("chat", {"messages", "responses"}, "messages"),
        ("chat", {"responses"}, "responses"),
        ("messages", {"chat", "messages", "responses"}, "messages"),
        ("messages", {"chat", "responses"}, "chat"),
        ("responses", {"chat", "messages", "responses"}, "responses"),
        ("responses", {"chat", "messages"}, "chat"),
        ("embeddings", {"embeddings"}, "embeddings"),
        ("embeddings", {"chat"}, None),
        ("chat", {"embeddings"}, None),
        ("count_tokens", {"messages"}, None),
    ],
)
def test_an_upstream_is_asked_in_the_callers_own_dialect_or_the_nearest(
    caller: str, spoken: set[str], told: str | None
) -> None:
    assert way(caller, frozenset(spoken)) == told


def test_whoever_speaks_one_of_the_three_serves_all_of_them_and_tokens_are_always_counted() -> None:
    for spoken in _ASKED:
        assert served(frozenset({spoken})) == {*_ASKED, "count_tokens"}
    assert served(frozenset({"embeddings"})) == {"embeddings", "count_tokens"}


def chunk(delta: dict[str, Any], finish: str | None = None) -> Frame:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return frames.event({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices})


_STREAM: Final = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "안"}),
    chunk({}, "stop"),
    frames.done(),
]
_ERROR: Final = frames.event({"error": {"message": "no", "type": "server_error", "code": None}})


def test_a_native_frame_leaves_as_the_object_that_came() -> None:
    shown, seen = Native(DIALECTS["chat"].watch(True, True)).feed(_STREAM)
    assert [id(frame) for frame in shown] == [id(frame) for frame in _STREAM]
    assert seen & TEXT
    assert seen & END


def test_nothing_passes_behind_the_end_or_from_a_fault_on() -> None:
    shown, seen = Native(DIALECTS["chat"].watch(True, True)).feed([*_STREAM, chunk({"content": "more"})])
    assert len(shown) == len(_STREAM)
    assert not seen & FAULT
    shown, seen = Native(DIALECTS["chat"].watch(True, True)).feed([*_STREAM[:2], _ERROR, *_STREAM[2:]])
    assert shown == _STREAM[:2]
    assert seen & FAULT
    assert not seen & END


@pytest.mark.parametrize(("caller", "upstream"), _PAIRS)
def test_an_error_inside_an_answer_shows_nothing_of_itself(caller: str, upstream: str) -> None:
    read = DIALECTS[caller].read_request
    assert read is not None
    for streamed, error in (
        (True, _faults(upstream)),
        (False, frames.body({"error": {"message": "canary", "type": "x"}})),
    ):
        passage = translate(DIALECTS[upstream], DIALECTS[caller], read({**_ASKED[caller], "stream": streamed}), _NOW)[1]
        shown, seen = passage.feed([error])
        assert seen & FAULT
        assert shown == []
        assert passage.watch.fault is not None


def test_a_dialect_that_is_only_handed_on_has_no_translation() -> None:
    read = DIALECTS["chat"].read_request
    assert read is not None
    request = read(_ASKED["chat"])
    for upstream, caller in (("files", "chat"), ("embeddings", "chat")):
        with pytest.raises(GatewayError) as caught:
            translate(DIALECTS[upstream], DIALECTS[caller], request, _NOW)
        assert caught.value.code == "unsupported_parameter"


def _faults(upstream: str) -> Frame:
    if upstream == "chat":
        return _ERROR
    return frames.event(
        {"type": "error", "error": {"type": "api_error", "message": "canary"}, "message": "canary"}, "error"
    )


def _answer(upstream: str, *, streamed: bool) -> list[Frame]:
    """An answer that says 안녕."""
    writer = DIALECTS[upstream].write_answer
    assert writer is not None
    read = DIALECTS[upstream].read_request
    assert read is not None
    request = read(_ASKED[upstream])
    reader = DIALECTS["chat"].read_answer
    assert reader is not None
    message = {"role": "assistant", "content": "안녕"}
    said = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    if not streamed:
        return [frames.body(writer(reader(said), request))]
    stream_writer, stream_reader = DIALECTS[upstream].stream_writer, DIALECTS["chat"].stream_reader
    assert stream_writer is not None
    assert stream_reader is not None
    writing, reading = stream_writer(request), stream_reader()
    chunks = [chunk({"role": "assistant"}), chunk({"content": "안녕"}), chunk({}, "stop"), frames.done()]
    return [frame for one in chunks for event in reading.feed(one) for frame in writing.feed(event)]
