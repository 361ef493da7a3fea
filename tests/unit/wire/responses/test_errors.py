import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.errors import KINDS, GatewayError
from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.responses import RESPONSES
from gateway.wire.responses.errors import error_frames, read_fault

EVENTS: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)


def test_the_event_is_what_the_sdk_expects_with_the_object_that_makes_it_raise() -> None:
    error = GatewayError("stream_cut", "The upstream closed the line.", param="model")
    (frame,) = error_frames(error, "req_1", frames.event({"type": "response.in_progress", "sequence_number": 16}))
    assert frame.event == "error"
    assert EVENTS.validate_python(frame.json).type == "error"
    assert frame.json == {
        "type": "error",
        "sequence_number": 17,
        "code": "stream_cut",
        "message": "The upstream closed the line.",
        "param": "model",
        "error": {
            "type": "server_error",
            "code": "stream_cut",
            "message": "The upstream closed the line.",
            "param": "model",
            "request_id": "req_1",
        },
    }


@pytest.mark.parametrize("last", [None, frames.done(), frames.event({}), frames.event({"sequence_number": "7"})])
def test_behind_nothing_that_has_a_number_counting_begins(last: Frame | None) -> None:
    (frame,) = error_frames(GatewayError("stream_cut", "words"), "req_1", last)
    assert frame.json["sequence_number"] == 0


@pytest.mark.parametrize("code", sorted(KINDS))
def test_an_event_we_wrote_never_reads_as_success(code: str) -> None:
    (frame,) = RESPONSES.error_frames(GatewayError(code, "words"), "req_1")
    about_our_key = KINDS[code].blame == "operator" or code == "invalid_api_key"
    assert read_fault(frame.json).message == "words" or about_our_key


def test_a_failed_response_without_detail_still_has_words() -> None:
    assert read_fault({"status": "failed", "error": None}).message
