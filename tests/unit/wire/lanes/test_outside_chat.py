"""Lanes of chat completions and the older completions: what goes out of which chunk."""

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import Editing, editing
from gateway.wire.lanes.lane import Lane, SignedEdit
from tests.support.edits import Hold, Pass, Redact


def chunk(delta: dict[str, Any], finish: str | None = None, index: int = 0, **rest: Any) -> Frame:
    choice = {"index": index, "delta": delta, "logprobs": rest.pop("logprobs", None), "finish_reason": finish}
    return frames.event(
        {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m", "choices": [choice], **rest}
    )


def redacting(dialect: str = "chat", streamed: bool = True) -> Editing:
    return editing(dialect, streamed, lambda lane: Redact())


def deltas(shown: list[Frame], index: int = 0) -> list[dict[str, Any]]:
    choices = [choice for frame in shown if frame.data != frames.DONE for choice in frame.json["choices"]]
    return [choice["delta"] for choice in choices if choice["index"] == index]


def test_the_rest_of_a_lane_goes_before_the_end_of_its_choice_in_a_chunk_like_the_last() -> None:
    end = chunk({}, "stop", system_fingerprint="fp")
    shown = redacting().feed([chunk({"role": "assistant", "content": "a SEC"}), end, frames.done()])
    assert deltas(shown) == [{"role": "assistant", "content": "a "}, {"content": "SEC"}, {}]
    tail = shown[1].json
    assert (tail["id"], tail["created"], tail["model"], tail["system_fingerprint"]) == ("c1", 7, "m", "fp")
    assert tail["choices"][0]["finish_reason"] is None
    assert shown[2] is end


def test_a_chunk_whose_text_is_all_held_goes_out_only_for_what_else_it_says() -> None:
    edits = redacting()
    assert edits.feed([chunk({"content": "SEC"})]) == []
    assert not edits.released
    (first,) = edits.feed([chunk({"role": "assistant", "content": "RE"})])
    assert first.json["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert not edits.released
    (counted,) = edits.feed([chunk({"content": "T"}, usage={"total_tokens": 3}, obfuscation="xx")])
    assert counted.json["choices"][0]["delta"]["content"] == "***"
    assert counted.json["usage"] == {"total_tokens": 3}
    assert edits.released


def test_each_choice_has_its_own_lanes() -> None:
    came = [chunk({"content": "SEC"}, index=0), chunk({"content": "RET"}, index=1), chunk({"content": "RET"}, index=0)]
    shown = redacting().feed([*came, chunk({}, "stop", 0), chunk({}, "stop", 1), frames.done()])
    assert "".join(delta.get("content", "") for delta in deltas(shown, 0)) == "***"
    assert "".join(delta.get("content", "") for delta in deltas(shown, 1)) == "RET"


def test_the_lanes_that_a_choice_has() -> None:
    asked: list[Lane] = []
    edits = editing("chat", True, asked.append)
    call = {"index": 1, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}
    custom = {"index": 2, "id": "d", "type": "custom", "custom": {"name": "g", "input": "x"}}
    came = [
        chunk({"content": "a", "reasoning_content": "b", "reasoning": "b", "refusal": "c"}),
        chunk({"tool_calls": [call, custom]}),
        chunk({"function_call": {"name": "old", "arguments": "{"}}),
        chunk({"audio": {"id": "a", "data": "AAAA", "transcript": "said"}}),
    ]
    assert edits.feed(came) == came
    assert asked == [
        Lane(0, "content"),
        Lane(0, "reasoning"),
        Lane(0, "reasoning", "reasoning"),
        Lane(0, "refusal"),
        Lane(0, "tool_args", 1, "f"),
        Lane(0, "tool_args", 2, "g"),
        Lane(0, "tool_args", "function_call", "old"),
        Lane(0, "content", "audio"),
    ]
    assert edits.opaque == {"audio"}


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "SECRET"},
        {"reasoning": "SECRET"},
        {"refusal": "SECRET"},
        {"content": [{"type": "text", "text": "SECRET"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "SECRET"}]}]},
        {"content": [{"type": "reference", "quote": "SECRET"}]},
        {"audio": {"transcript": "SECRET"}},
        {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": '{"a": "S\\u0045CRET"}'}}]},
        {"tool_calls": [{"function": {"name": "f", "arguments": {"a": "SECRET"}}}]},
        {"tool_calls": [{"index": 0, "custom": {"name": "f", "input": "SECRET"}}]},
        {"function_call": {"name": "f", "arguments": '{"SECRET": 1}'}},
        {"reasoning_details": [{"type": "reasoning.text", "text": "SECRET", "index": 0}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "SECRET"}]},
        {"annotations": [{"type": "url_citation", "url_citation": {"url": "https://x/SECRET", "title": "SECRET"}}]},
        {"images": [{"type": "image_url", "image_url": {"url": "https://x/SECRET"}}]},
        {"nobody_knows": {"deep": ["SECRET"]}},
    ],
    ids=lambda delta: str(next(iter(delta))),
)
def test_nothing_is_left_in_any_field(delta: dict[str, Any]) -> None:
    for streamed, end in ((True, None), (True, "stop"), (False, "stop")):
        frame = chunk(delta, end) if streamed else frames.body({"choices": [{"message": delta, "finish_reason": end}]})
        shown = redacting(streamed=streamed).feed([frame, *([frames.done()] if streamed else [])])
        raw = b"".join(one.raw for one in shown)
        assert b"***" in raw
        assert b"SECRET" not in raw
        assert b"u0045" not in raw


def test_fields_of_a_chunk_that_nobody_knows_are_edited_string_by_string() -> None:
    edits = redacting()
    (shown,) = edits.feed([chunk({"content": "a"}, citations=["https://x/SECRET"], context={"note": "SECRET"})])
    assert b"SECRET" not in shown.raw
    assert edits.opaque == {"unknown"}


def test_the_text_until_now_that_some_servers_repeat_is_left_out_where_somebody_looks() -> None:
    value = chunk({"content": "b"}).json
    value["choices"][0]["message"] = {"role": "assistant", "content": "ab"}
    frame = frames.event(value)
    (shown,) = redacting().feed([frame])
    assert "message" not in shown.json["choices"][0]
    assert editing("chat", True, lambda lane: None).feed([frame]) == [frame]


def test_tokens_are_told_only_of_text_that_went_out_as_it_came() -> None:
    tokens = {"content": [{"token": "x", "logprob": -1.0}]}
    edits = redacting()
    came = [chunk({"content": text}, logprobs=tokens) for text in ("a", "SEC", "x", "b")]
    shown = edits.feed(came)
    assert [frame.json["choices"][0]["logprobs"] for frame in shown] == [tokens, None, tokens]
    assert [delta["content"] for delta in deltas(shown)] == ["a", "SECx", "b"]
    assert shown[0] is came[0]


def test_tokens_of_text_that_looks_the_same_but_was_held_are_not_told() -> None:
    class Late:
        held = ""

        def feed(self, text: str) -> str:
            released, self.held = self.held, text
            return released

        def close(self) -> str:
            return self.held

    tokens = {"content": [{"token": "b", "logprob": -1.0}]}
    edits = editing("chat", True, lambda lane: Late())
    shown = edits.feed([chunk({"content": "a"}, logprobs=tokens), chunk({"content": "a"}, logprobs=tokens)])
    assert [frame.json["choices"][0]["logprobs"] for frame in shown] == [None]


def test_a_whole_body_closes_all_its_lanes_in_itself() -> None:
    tokens = {"content": [{"token": "SECRET", "logprob": -1.0}]}
    note = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 9}}
    message = {"role": "assistant", "content": "my SECRET SEC", "annotations": [note]}
    value = {
        "id": "c",
        "choices": [
            {"index": 0, "message": message, "logprobs": tokens, "finish_reason": "stop"},
            {
                "index": 1,
                "message": {"role": "assistant", "content": "fine SEC"},
                "logprobs": tokens,
                "finish_reason": None,
            },
        ],
        "x_field": 1,
    }
    edits = redacting(streamed=False)
    (shown,) = edits.feed([frames.body(value)])
    first, second = shown.json["choices"]
    assert first["message"] == {"role": "assistant", "content": "my *** SEC", "annotations": []}
    assert first["logprobs"] is None
    assert second["message"]["content"] == "fine SEC"
    assert second["logprobs"] == tokens
    assert shown.json["x_field"] == 1
    assert edits.released
    assert edits.finish() == []


def test_an_annotation_stays_where_the_text_it_points_into_is_what_came() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 1}}
    edits = editing("chat", True, lambda lane: Hold(1))
    edits.feed([chunk({"content": "abc"})])
    (shown,) = edits.feed([chunk({"annotations": [note]})])
    assert shown.json["choices"][0]["delta"]["annotations"] == [note]
    edits = redacting()
    edits.feed([chunk({"content": "SECRET"})])
    assert edits.feed([chunk({"annotations": [note]})]) == []


def test_text_behind_the_end_of_a_choice_is_looked_at_as_well() -> None:
    shown = redacting().feed([chunk({}, "stop"), chunk({"content": "SECRET SEC"}), frames.done()])
    assert deltas(shown) == [{}, {"content": "*** "}, {"content": "SEC"}]


def test_pieces_of_calls_without_an_index_go_on_with_the_call_before() -> None:
    first = {"id": "a", "function": {"name": "f", "arguments": '{"x": "SEC'}}
    shown = redacting().feed(
        [
            chunk({"tool_calls": [first]}),
            chunk({"tool_calls": [{"function": {"arguments": 'RET"}'}}]}),
            chunk({"tool_calls": [{"id": "b", "function": {"name": "g", "arguments": '{"y": "SEC"}'}}]}),
            chunk({}, "tool_calls"),
        ]
    )
    said = [call["function"]["arguments"] for delta in deltas(shown) for call in delta.get("tool_calls", ())]
    assert "".join(said) == '{"x": "***"}{"y": "SEC"}'


def test_calls_show_their_braces_at_once_and_hold_only_what_may_be_part_of_something() -> None:
    edits = redacting()
    begin = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": '{"city":"SEC'}}
    (shown,) = edits.feed([chunk({"tool_calls": [begin]})])
    assert shown.json["choices"][0]["delta"]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"city":"'}
    assert edits.feed([chunk({"tool_calls": [{"index": 0, "function": {"arguments": "R"}}]})]) == []
    (shown,) = edits.feed([chunk({"tool_calls": [{"index": 0, "function": {"arguments": 'x"}'}}]})])
    assert shown.json["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"] == 'SECRx"}'


def test_completions_have_one_lane_for_each_choice() -> None:
    def piece(text: str, finish: str | None = None) -> Frame:
        choice = {"text": text, "index": 0, "logprobs": {"tokens": [text]}, "finish_reason": finish}
        return frames.event({"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]})

    shown = redacting("completions").feed([piece("a SEC"), piece("RET SE"), piece("", "stop"), frames.done()])
    choices = [frame.json["choices"][0] for frame in shown[:-1]]
    assert [choice["text"] for choice in choices] == ["a ", "*** ", "SE", ""]
    assert [choice["logprobs"] for choice in choices] == [None, None, None, {"tokens": [""]}]
    (whole,) = redacting("completions", streamed=False).feed(
        [frames.body({"choices": [{"index": 0, "text": "a SECRET"}]})]
    )
    assert whole.json == {"choices": [{"index": 0, "text": "a ***"}]}


def test_what_is_no_chunk_passes_or_is_the_upstreams_fault() -> None:
    edits = editing("chat", True, lambda lane: Pass())
    kept = [frames.comment("ping"), frames.event({"error": {"message": "x"}}), frames.event({"object": "other"})]
    assert edits.feed(kept) == kept
    assert not edits.released
    with pytest.raises(GatewayError):
        edits.feed([frames.plain(b'{"choices": [{"delta": {"content": "SEC')])


def test_reasoning_details_that_are_signed_are_not_changed() -> None:
    def detail(text: str, signature: str | None = None) -> Frame:
        held = {"type": "reasoning.text", "text": text, "signature": signature, "index": 0}
        return chunk({"reasoning_details": [held]})

    edits = redacting()
    shown = edits.feed([detail("a SEC"), detail("", "c2ln")])
    assert [delta["reasoning_details"][0]["text"] for delta in deltas(shown)] == ["a ", "SEC"]
    assert deltas(shown)[1]["reasoning_details"][0]["signature"] == "c2ln"
    edits.feed([detail("SECRET")])
    with pytest.raises(SignedEdit):
        edits.feed([detail("", "c2ln")])


def test_calls_of_a_body_without_numbers_are_lanes_of_their_own() -> None:
    class Whole(Pass):
        held = ""

        def feed(self, text: str) -> str:
            self.held += text
            return ""

        def close(self) -> str:
            return self.held

    calls = [{"function": {"name": "f", "arguments": f'{{"a": {number}}}'}} for number in (1, 2)]
    frame = frames.body({"choices": [{"index": 0, "message": {"tool_calls": calls}, "finish_reason": "tool_calls"}]})
    assert editing("chat", False, lambda lane: Whole()).feed([frame]) == [frame]


def test_what_is_nested_without_end_is_the_upstreams_fault() -> None:
    deep: Any = "SECRET"
    for _ in range(300):
        deep = [deep]
    with pytest.raises(GatewayError):
        redacting().feed([chunk({"new": deep})])


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "SEC"},
        {"reasoning_content": "SEC"},
        {"reasoning": "SEC"},
        {"refusal": "SEC"},
        {"audio": {"transcript": "SEC"}},
        {"function_call": {"arguments": "SEC"}},
        {"tool_calls": [{"index": 2, "function": {"arguments": "SEC"}}]},
        {"tool_calls": [{"index": 2, "custom": {"input": "SEC"}}]},
        {"reasoning_details": [{"type": "reasoning.text", "text": "SEC", "index": 3}]},
    ],
    ids=lambda delta: str(next(iter(delta))),
)
def test_the_rest_of_a_lane_comes_in_the_field_that_the_lane_came_in(delta: dict[str, Any]) -> None:
    edits = redacting()
    assert [one for said in deltas(edits.feed([chunk(delta)])) for one in said.values() if one == "SEC"] == []
    assert deltas(edits.finish()) == [delta]


@pytest.mark.parametrize(
    ("frame", "released"),
    [
        (chunk({"role": "assistant", "content": ""}), False),
        (chunk({"content": "SEC"}), False),
        (chunk({"content": "a"}), True),
        (chunk({}, "stop"), True),
        (chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]}), True),
        (chunk({"function_call": {"name": "f", "arguments": "{"}}), True),
        (chunk({"audio": {"data": "AAAA"}}), True),
        (chunk({"images": [{"image_url": {"url": "data:"}}]}), True),
    ],
    ids=lambda value: "",
)
def test_what_commits_is_text_a_call_or_an_end(frame: Frame, released: bool) -> None:
    edits = redacting()
    edits.feed([frame])
    assert edits.released is released


def test_what_nobody_looks_at_commits_too() -> None:
    for delta in ({"content": "a"}, {"reasoning_details": [{"type": "reasoning.text", "text": "a"}]}):
        edits = editing("chat", True, lambda lane: None)
        edits.feed([chunk(delta)])
        assert edits.released


def test_fields_of_a_choice_and_parts_that_nobody_knows_are_edited_and_named() -> None:
    edits = redacting()
    value = chunk({"content": [{"type": "image_url", "image_url": {"url": "u"}}]}).json
    value["choices"][0]["notes"] = ["SECRET"]
    (shown,) = edits.feed([frames.event(value)])
    assert shown.json["choices"][0]["notes"] == ["***"]
    assert edits.opaque == {"unknown", "image"}
