import pytest

from gateway.wire import frames
from gateway.wire.dialect import END, FAULT, NOTHING, TEXT
from gateway.wire.frames import Frame
from gateway.wire.neutral import Usage
from gateway.wire.responses import RESPONSES, rewrite_ids
from gateway.wire.responses.watch import ResponsesWatch

USAGE = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 19,
    "server_side_tool_usage": 1,
}


def response(status: str = "completed", **more: object) -> dict[str, object]:
    return {"id": "resp_up", "object": "response", "status": status, "output": [], "usage": USAGE, **more}


def event(name: str, **more: object) -> Frame:
    return frames.event({"type": name, **more}, name)


def undecoded(name: str) -> Frame:
    """Data that would fail if anybody decoded it."""
    return Frame(f"event: {name}\ndata: {{\n\n".encode(), b"{", name)


def streamed() -> ResponsesWatch:
    return ResponsesWatch(asked_usage=True, streamed=True)


@pytest.mark.parametrize(
    "name",
    [
        "response.output_text.delta",
        "response.refusal.delta",
        "response.function_call_arguments.delta",
        "response.custom_tool_call_input.done",
        "response.reasoning_summary_text.delta",
        "response.output_item.done",
        "response.content_part.done",
        "response.audio.transcript.delta",
        "response.image_generation_call.partial_image",
        "response.something_new.delta",
    ],
)
def test_text_is_known_by_the_name_of_the_event_alone(name: str) -> None:
    assert streamed().look(undecoded(name)) == TEXT


@pytest.mark.parametrize("name", ["response.content_part.added", "response.web_search_call.searching"])
def test_events_without_text_or_state_are_not_decoded(name: str) -> None:
    assert streamed().look(undecoded(name)) == NOTHING


@pytest.mark.parametrize("kind", ["function_call", "custom_tool_call"])
def test_a_call_that_opens_is_the_commit_point(kind: str) -> None:
    assert streamed().look(event("response.output_item.added", item={"type": kind})) == TEXT


@pytest.mark.parametrize("kind", ["message", "reasoning", "web_search_call"])
def test_another_item_that_opens_is_not(kind: str) -> None:
    assert streamed().look(event("response.output_item.added", item={"type": kind})) == NOTHING


@pytest.mark.parametrize("name", ["response.created", "response.queued", "response.in_progress"])
def test_a_response_under_way_neither_ends_nor_finishes(name: str) -> None:
    watch = streamed()
    assert watch.look(event(name, response=response("in_progress", usage=None))) == NOTHING
    assert (watch.usage, watch.finish, watch.fault) == (None, None, None)


def test_the_completed_response_ends_the_stream_and_tells_the_usage() -> None:
    watch = streamed()
    assert watch.look(event("response.completed", response=response())) == END
    assert watch.finish == "stop"
    assert watch.usage == Usage(
        input_tokens=12,
        output_tokens=7,
        cached_tokens=5,
        cache_write_tokens=2,
        reasoning_tokens=3,
        extras={"server_side_tool_usage": 1},
    )


@pytest.mark.parametrize(
    ("output", "finish"),
    [
        ([{"type": "function_call"}], "tool_calls"),
        ([{"type": "message", "content": []}, {"type": "custom_tool_call"}], "tool_calls"),
        ([{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}], "refusal"),
        ([{"type": "message", "content": [{"type": "output_text", "text": "yes"}]}], "stop"),
        ([{"type": "web_search_call"}, "not an item"], "stop"),
        (None, "stop"),
    ],
)
def test_the_output_says_how_a_completed_response_finished(output: object, finish: str) -> None:
    watch = streamed()
    watch.look(event("response.completed", response=response(output=output)))
    assert watch.finish == finish


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_output_tokens", "length"),
        ("content_filter", "content_filter"),
        ("something_new", "length"),
        (None, "length"),
    ],
)
def test_an_incomplete_response_says_why(reason: str | None, finish: str) -> None:
    watch = streamed()
    details = {"reason": reason} if reason else None
    assert watch.look(event("response.incomplete", response=response("incomplete", incomplete_details=details))) == END
    assert watch.finish == finish


@pytest.mark.parametrize(
    ("code", "ours", "status"),
    [
        ("server_error", "upstream_error", 502),
        ("rate_limit_exceeded", "rate_limited", 429),
        ("invalid_prompt", "invalid_request", 400),
        ("context_length_exceeded", "context_length_exceeded", 400),
        (503, "upstream_error", 503),
        (True, "upstream_error", 502),
        (None, "upstream_error", 502),
    ],
)
def test_a_failed_response_is_an_end_and_a_fault(code: object, ours: str, status: int) -> None:
    watch = streamed()
    failed = response("failed", error={"code": code, "message": "It broke."})
    assert watch.look(event("response.failed", response=failed)) == END | FAULT
    assert watch.fault is not None
    assert (watch.fault.code, watch.fault.status, watch.fault.message) == (ours, status, "It broke.")
    assert watch.finish is None
    assert watch.usage is not None


@pytest.mark.parametrize(
    "value",
    [
        {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down.", "param": None, "sequence_number": 3},
        {"type": "error", "error": {"type": "too_many_requests", "code": "too_many_requests", "message": "Slow down."}},
    ],
    ids=["flat", "nested"],
)
@pytest.mark.parametrize("name", ["error", None])
def test_an_error_event_is_a_fault_in_both_of_its_forms(value: dict[str, object], name: str | None) -> None:
    watch = streamed()
    assert watch.look(frames.event(value, name)) == FAULT
    assert watch.fault is not None
    assert (watch.fault.code, watch.fault.message) == ("rate_limited", "Slow down.")


def test_an_unknown_event_that_holds_an_error_is_a_fault() -> None:
    watch = streamed()
    assert watch.look(event("response.exploded", error={"code": "server_error", "message": "Boom."})) == FAULT
    assert watch.look(event("response.sang", song="la")) == NOTHING


def test_a_server_that_names_its_events_only_in_the_data_is_understood() -> None:
    watch = streamed()
    assert watch.look(frames.event({"type": "response.output_text.delta", "delta": "x"})) == TEXT
    assert watch.look(frames.event({"type": "response.completed", "response": response()})) == END


def test_comments_and_a_foreign_done_mean_nothing_and_are_no_fault() -> None:
    watch = streamed()
    assert watch.look(frames.comment("keep-alive")) == NOTHING
    assert watch.look(frames.done()) == NOTHING
    assert watch.fault is None


def test_an_unreadable_event_that_could_matter_is_a_fault() -> None:
    watch = streamed()
    assert watch.look(undecoded("response.completed")) == FAULT
    assert watch.fault is not None
    assert watch.fault.code == "upstream_invalid_response"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (response(), TEXT | END),
        (response("incomplete"), TEXT | END),
        (response("queued", usage=None), TEXT | END),
        (response("in_progress", usage=None), TEXT | END),
        (response("failed", error={"code": "server_error", "message": "x"}), END | FAULT),
        ({"error": {"code": "server_error", "message": "a 200 with an error body"}}, FAULT),
        ({"hello": "world"}, FAULT),
    ],
)
def test_a_unary_body_is_a_stream_of_one_frame(value: dict[str, object], seen: int) -> None:
    watch = RESPONSES.watch(False, False)
    assert watch.look(frames.body(value)) == seen
    assert (watch.fault is None) == (not seen & FAULT)


def test_a_unary_body_that_is_not_json_is_a_fault() -> None:
    watch = ResponsesWatch(asked_usage=False, streamed=False)
    assert watch.look(Frame(b"<html>", b"<html>")) == FAULT


def test_a_background_body_has_no_finish_yet() -> None:
    watch = ResponsesWatch(asked_usage=False, streamed=False)
    watch.look(frames.body(response("queued", usage=None)))
    assert (watch.usage, watch.finish) == (None, None)


def test_every_frame_is_shown_as_it_came() -> None:
    watch = ResponsesWatch(asked_usage=False, streamed=True)
    frame = event("response.completed", response=response())
    assert watch.shown(frame) is frame


# --- ids -------------------------------------------------------------------------------------------------------------


def mint(upstream: str) -> str:
    return f"resp_ours_{upstream}"


def previous(upstream: str) -> str:
    return f"resp_before_{upstream}"


@pytest.mark.parametrize(
    "name", ["response.created", "response.in_progress", "response.completed", "response.failed", "response.incomplete"]
)
def test_the_id_is_replaced_in_every_frame_that_holds_a_response(name: str) -> None:
    frame = event(name, sequence_number=0, response=response(previous_response_id="resp_old"))
    rewritten = rewrite_ids(frame, mint, previous)
    assert rewritten.event == name
    assert rewritten.json == {
        "type": name,
        "sequence_number": 0,
        "response": response(id="resp_ours_resp_up", previous_response_id="resp_before_resp_old"),
    }
    assert frame.json["response"]["id"] == "resp_up"


def test_without_a_callable_for_it_the_previous_id_stays() -> None:
    frame = event("response.created", response=response(previous_response_id="resp_old"))
    assert rewrite_ids(frame, mint).json["response"]["previous_response_id"] == "resp_old"


def test_an_unnamed_event_that_holds_a_response_is_renamed_too() -> None:
    frame = frames.event({"type": "response.created", "response": response()})
    assert rewrite_ids(frame, mint).json["response"]["id"] == "resp_ours_resp_up"


@pytest.mark.parametrize(
    "frame",
    [
        undecoded("response.output_text.delta"),
        undecoded("response.output_item.done"),
        undecoded("response.completed"),
        event("error", message="x"),
        event("response.created", response={"object": "response"}),
        event("response.created"),
        frames.event({"type": "response.output_text.delta", "delta": "x"}),
        frames.comment(),
    ],
)
def test_every_other_frame_stays_the_same_object(frame: Frame) -> None:
    assert rewrite_ids(frame, mint, previous) is frame
