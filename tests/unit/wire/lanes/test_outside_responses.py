"""Lanes of the Responses API: what is said once is repeated many times, and every echo is of what went out."""

from typing import Any

import pytest

from gateway.wire import frames
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import Lane
from tests.support.edits import Pass, Redact
from tests.unit.wire.lanes.responsestream import Stream, redacting, told


def test_the_rest_of_a_text_is_a_delta_before_its_end_and_every_echo_is_of_what_went_out() -> None:
    came = Stream().message(["my SEC", "RET", " SEC"]).end().frames
    shown = redacting().feed(came)
    assert told(shown) == [
        "output_item.added",
        "content_part.added ",
        "output_text.delta my ",
        "output_text.delta ***",
        "output_text.delta  ",
        "output_text.delta SEC",
        "output_text.done my *** SEC",
        "content_part.done my *** SEC",
        "output_item.done",
        "completed",
    ]
    tail = shown[5].json
    assert tail == {
        "type": "response.output_text.delta",
        "sequence_number": 5,
        "item_id": "item_0",
        "output_index": 0,
        "content_index": 0,
        "delta": "SEC",
        "logprobs": [],
    }
    assert shown[-1].json["response"]["output"][0]["content"][0]["text"] == "my *** SEC"
    assert shown[-1].json["response"]["x"] == 1
    assert b"SECRET" not in b"".join(frame.raw for frame in shown)
    assert b"token" not in b"".join(frame.raw for frame in shown)


def test_numbers_stay_the_upstreams_until_an_event_is_left_out() -> None:
    came = Stream().message(["SEC", "x"]).end().frames
    came = [frames.edited(one, {**one.json, "sequence_number": one.json["sequence_number"] * 10}) for one in came]
    assert editing("responses", True, lambda lane: Pass()).feed(came) == came
    shown = redacting().feed(came)
    numbers = [frame.json["sequence_number"] for frame in shown]
    assert numbers == [0, 10, *range(11, 11 + len(shown) - 2)]


def test_the_end_of_a_part_waits_until_it_is_known_whose_text_it_was() -> None:
    edits = redacting()
    stream = Stream().say("output_item.added", item={"id": "item_0", "type": "message", "content": []})
    shown = edits.feed(stream.part("a SEC").frames)
    assert told(shown)[1:] == ["content_part.added ", "output_text.delta a "]
    at = len(stream.frames)
    shown += edits.feed(stream.part("RET b", index=1).frames[at:])
    assert told(shown)[3:] == [
        "output_text.done a ",
        "content_part.done a ",
        "content_part.added ",
        "output_text.delta *** b",
    ]
    shown += edits.finish()
    assert told(shown)[7:] == ["output_text.done *** b", "content_part.done *** b"]


def test_another_message_and_a_refusal_are_lanes_of_their_own() -> None:
    stream = Stream().message(["SEC"]).message(["RET"], output=1)
    stream.say("output_item.added", 2, item={"id": "item_2", "type": "message", "content": []})
    stream.part("SEC", output=2)
    stream.say("content_part.added", 2, content_index=1, part={"type": "refusal", "refusal": ""})
    stream.say("refusal.delta", 2, content_index=1, delta="RET SEC")
    stream.say("refusal.done", 2, content_index=1, refusal="RET SEC")
    shown = redacting().feed(stream.frames)
    assert "***" not in b"".join(frame.raw for frame in shown).decode()
    assert shown[-1].json["refusal"] == "RET SEC"
    told(shown)


def call(stream: Stream, *pieces: str, output: int = 0, kind: str = "function_call") -> Stream:
    field = "input" if kind == "custom_tool_call" else "arguments"
    lane = {"custom_tool_call": "custom_tool_call_input", "mcp_call": "mcp_call_arguments"}.get(
        kind, f"{kind}_arguments"
    )
    item = {"id": f"item_{output}", "type": kind, "call_id": "c", "name": "f", field: ""}
    stream.say("output_item.added", output, item=item)
    for piece in pieces:
        stream.say(f"{lane}.delta", output, delta=piece)
    stream.say(f"{lane}.done", output, **{field: "".join(pieces)})
    return stream.say("output_item.done", output, item={**item, field: "".join(pieces)})


def test_arguments_are_edited_as_decoded_text_and_repeated_as_they_went_out() -> None:
    stream = call(call(Stream(), '{"a": "S\\u00', '45CRET"}'), "SECRET", output=1, kind="custom_tool_call")
    shown = redacting().feed(call(stream, '{"a": "SECRET"}', output=2, kind="mcp_call").end().frames)
    told(shown)
    raw = b"".join(frame.raw for frame in shown)
    assert b"SECRET" not in raw
    assert b"u0045" not in raw
    first, second, third = shown[-1].json["response"]["output"]
    assert (first["arguments"], second["input"], third["arguments"]) == ('{"a": "***"}', "***", '{"a": "***"}')
    done = [frame.json for frame in shown if frame.event == "response.function_call_arguments.done"]
    assert done[0]["arguments"] == '{"a": "***"}'


def test_the_lanes_that_an_answer_has() -> None:
    asked: list[Lane] = []
    stream = call(call(Stream(), "{}"), "x", output=1, kind="custom_tool_call")
    call(stream, "{}", output=2, kind="mcp_call").message(["a"], output=3)
    stream.say("reasoning_summary_text.delta", 4, summary_index=0, delta="r")
    assert editing("responses", True, asked.append).feed(stream.frames) == stream.frames
    assert asked[:5] == [
        Lane(0, "tool_args", 0, "f"),
        Lane(0, "tool_args", 1, "f"),
        Lane(0, "tool_args", "hosted.2", "f"),
        *asked[3:5],
    ]
    assert asked[-2:] == [Lane(0, "content"), Lane(0, "reasoning")]


def test_each_part_of_a_summary_is_a_lane_of_its_own() -> None:
    stream = Stream().say("output_item.added", item={"id": "rs", "type": "reasoning", "summary": []})
    for index, piece in enumerate(("SEC", "RET")):
        stream.say("reasoning_summary_part.added", summary_index=index, part={"type": "summary_text", "text": ""})
        stream.say("reasoning_summary_text.delta", summary_index=index, delta=piece)
        stream.say("reasoning_summary_text.done", summary_index=index, text=piece)
        stream.say("reasoning_summary_part.done", summary_index=index, part={"type": "summary_text", "text": piece})
    summary = [{"type": "summary_text", "text": piece} for piece in ("SEC", "RET")]
    item = {"id": "rs", "type": "reasoning", "summary": summary, "encrypted_content": "gAAA"}
    edits = redacting()
    shown = edits.feed(stream.say("output_item.done", item=item).end().frames)
    assert told(shown)[2:6] == [
        "reasoning_summary_text.delta SEC",
        "reasoning_summary_text.done SEC",
        "reasoning_summary_part.done SEC",
        "reasoning_summary_part.added ",
    ]
    assert shown[-1].json["response"]["output"] == [item]
    assert edits.opaque == {"encrypted"}


def test_text_that_only_the_end_tells_is_looked_at_and_told_as_a_delta() -> None:
    stream = Stream().say("output_item.added", item={"id": "item_0", "type": "message", "content": []})
    stream.say("output_text.delta", content_index=0, delta="a ")
    stream.say("output_text.done", content_index=0, text="a SECRET")
    shown = redacting().feed(stream.frames)
    assert told(shown)[1:] == ["output_text.delta a ", "output_text.delta ***"]
    bare = Stream()
    item = {"type": "message", "id": "m", "content": [{"type": "output_text", "text": "my SECRET"}]}
    bare.say("output_item.done", item=item)
    shown = redacting().feed(bare.end().frames)
    assert [frame.raw.count(b"my ***") for frame in shown] == [1, 1]
    assert b"SECRET" not in b"".join(frame.raw for frame in shown)


def test_annotations_go_where_they_point_into_a_text_that_changed_and_stay_otherwise() -> None:
    def cited() -> list[Any]:
        return [
            {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 2},
            {"type": "file_path", "file_id": "f", "filename": "SECRET.txt"},
        ]

    for said, kept in (("a SECRET", 1), ("a text", 2)):
        edits = redacting()
        shown = edits.feed(Stream().part(said, notes=cited()).frames) + edits.finish()
        added = [frame for frame in shown if frame.event == "response.output_text.annotation.added"]
        assert len(added) == kept
        assert len(shown[-1].json["part"]["annotations"]) == kept
        assert b"SECRET" not in b"".join(frame.raw for frame in shown)
        told(shown)


def test_items_of_the_vendors_tools_are_edited_string_by_string_and_repeated_as_they_went_out() -> None:
    times: list[str] = []

    class Counting(Redact):
        def feed(self, text: str) -> str:
            times.append(text)
            return super().feed(text)

    item = {"id": "fs", "type": "file_search_call", "queries": ["SECRET"], "results": [{"text": "SECRET", "score": 1}]}
    edits = editing("responses", True, lambda lane: Counting())
    shown = edits.feed(Stream().say("output_item.done", item=item).end().frames)
    assert shown[-1].json["response"]["output"] == [shown[0].json["item"]]
    assert shown[0].json["item"]["results"] == [{"text": "***", "score": 1}]
    assert times == ["SECRET", "SECRET"]
    assert edits.opaque == {"hosted_tool"}


def test_a_whole_response_is_edited_across_the_borders_of_its_texts() -> None:
    tokens = [{"token": "RET"}]
    value = {
        "status": "completed",
        "output_text": "a SECRETb",
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "SECRET"}]},
            {
                "type": "message",
                "content": [
                    {"type": "output_text", "text": "a SEC"},
                    {"type": "output_text", "text": "RETb", "logprobs": tokens},
                    {"type": "refusal", "refusal": "SECRET"},
                ],
            },
            {"type": "function_call", "name": "f", "arguments": '{"a": 1, "b": "SECRET"}'},
            {"type": "custom_tool_call", "name": "g", "input": "SECRET"},
            {"type": "image_generation_call", "result": "AAAA"},
        ],
    }
    edits = redacting(streamed=False)
    (shown,) = edits.feed([frames.body(value)])
    reasoning, message, function, custom, image = shown.json["output"]
    assert reasoning["summary"][0]["text"] == "***"
    assert [part.get("text", part.get("refusal")) for part in message["content"]] == ["a ", "***b", "***"]
    assert message["content"][1]["logprobs"] == []
    assert (function["arguments"], custom["input"]) == ('{"a": 1, "b": "***"}', "***")
    assert image == value["output"][-1]
    assert shown.json["output_text"] == "a ***b"
    assert "image" in edits.opaque
    assert edits.released


@pytest.mark.parametrize("kind", ["failed", "incomplete", "completed"])
def test_whatever_ends_the_answer_ends_its_lanes_first(kind: str) -> None:
    stream = Stream().say("output_text.delta", content_index=0, delta="a SEC")
    stream.say(kind, None, response={"status": kind, "output": []})
    assert told(redacting().feed(stream.frames)) == ["output_text.delta a ", "output_text.delta SEC", kind]


def test_nothing_is_committed_before_text() -> None:
    edits = redacting()
    stream = Stream().say("created", None, response={"output": []})
    stream.say("output_item.added", item={"id": "item_0", "type": "message", "content": []})
    stream.say("content_part.added", content_index=0, part={"type": "output_text", "text": ""})
    edits.feed(stream.say("output_text.delta", content_index=0, delta="SEC").frames)
    assert not edits.released
    assert len(edits.finish()) == 1
    assert edits.released


def test_events_nobody_knows_are_edited_string_by_string_and_errors_pass() -> None:
    edits = redacting()
    stream = Stream().say("new_thing.delta", delta="SECRET").say("image_generation_call.partial_image")
    shown = edits.feed(stream.frames)
    assert shown[0].json["delta"] == "***"
    assert edits.opaque == {"unknown", "image"}
    error = frames.event({"type": "error", "message": "SECRET", "sequence_number": 2}, "error")
    assert edits.feed([error]) == [error]


def test_text_that_a_part_begins_with_is_part_of_its_lane() -> None:
    stream = Stream().say("output_item.added", item={"id": "item_0", "type": "message", "content": []})
    stream.say("content_part.added", content_index=0, part={"type": "output_text", "text": "SEC"})
    stream.say("output_text.delta", content_index=0, delta="RET")
    stream.say("output_text.done", content_index=0, text="SECRET")
    edits = redacting()
    shown = [*edits.feed(stream.frames), *edits.finish()]
    assert told(shown)[1:] == ["content_part.added ", "output_text.delta ***", "output_text.done ***"]


def test_messages_that_come_mixed_are_all_looked_at() -> None:
    stream = Stream()
    for piece in ("SEC", "RET", "SECRET", "x"):
        for output in (0, 1):
            stream.say("output_text.delta", output, content_index=0, delta=piece)
    for output in (0, 1):
        stream.say("output_text.done", output, content_index=0, text="SECRETSECRETx")
    edits = redacting()
    shown = [*edits.feed(stream.frames), *edits.finish()]
    told(shown)
    for output in (0, 1):
        mine = [frame.json for frame in shown if frame.json["output_index"] == output]
        said = "".join(event.get("delta", "") for event in mine)
        assert said == "SECRET***x"  # who lets messages come mixed parts them
        assert mine[-1]["text"] == said


def test_parts_nobody_knows_are_edited_string_by_string() -> None:
    part = {"type": "output_hologram", "says": "SECRET"}
    edits = redacting()
    item = {"id": "m", "type": "message", "content": [part]}
    shown = edits.feed(
        Stream().say("content_part.added", content_index=0, part=part).say("output_item.done", item=item).frames
    )
    assert b"SECRET" not in b"".join(frame.raw for frame in shown)
    assert edits.opaque == {"unknown"}


def test_a_page_of_items_is_looked_at_whoever_said_them() -> None:
    items = [
        {"id": "msg_1", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "a SECRET b"}]},
        {
            "id": "msg_2",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "c SECRET d"}],
        },
        {"id": "fc_1", "type": "function_call", "name": "f", "arguments": '{"q": "SECRET"}'},
        {"id": "fco_1", "type": "function_call_output", "call_id": "c", "output": "e SECRET f"},
        {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "g SECRET h"}]},
    ]
    lanes: list[Lane] = []

    def edit_for(lane: Lane) -> Redact:
        lanes.append(lane)
        return Redact()

    page = frames.body({"object": "list", "data": items, "first_id": "msg_1", "has_more": False})
    edits = editing("responses", False, edit_for)
    shown = edits.feed([page])[0].json
    assert b"SECRET" not in frames.body(shown).raw
    assert frames.body(shown).raw.count(b"***") == len(items)
    assert shown["first_id"] == "msg_1"
    assert [lane.kind for lane in lanes] == ["content", "content", "tool_args", "content", "reasoning"]
    assert [lane.tool for lane in lanes] == ["told", None, 0, "told", None]
    assert edits.opaque == set()
