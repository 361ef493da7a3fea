"""The order of a Responses answer's events while text waits: their numbers, the ends of items, and what commits."""

import pytest

from gateway.wire import frames
from gateway.wire.lanes.editing import editing
from tests.support.edits import Redact
from tests.unit.wire.lanes.responsestream import Stream, redacting, told


@pytest.mark.parametrize(
    ("stream", "released"),
    [
        (Stream().say("output_item.added", item={"type": "message", "content": []}), False),
        (Stream().say("output_text.delta", content_index=0, delta="SEC"), False),
        (Stream().say("output_text.delta", content_index=0, delta="a"), True),
        (Stream().say("reasoning_text.delta", content_index=0, delta="a"), True),
        (Stream().say("refusal.done", content_index=0, refusal=""), True),
        (Stream().say("output_item.added", item={"type": "function_call", "name": "f"}), True),
        (Stream().say("output_item.added", item={"type": "web_search_call"}), True),
        (Stream().say("output_item.done", item={"type": "message", "content": []}), True),
        (Stream().say("image_generation_call.partial_image", partial_image_b64="AA"), True),
        (Stream().say("completed", None, response={"output": []}), True),
    ],
    ids=lambda value: "",
)
def test_what_commits_is_text_a_call_or_an_end(stream: Stream, released: bool) -> None:
    edits = redacting()
    edits.feed(stream.frames)
    assert edits.released is released


def test_what_nobody_looks_at_commits_too() -> None:
    edits = editing("responses", True, lambda lane: None)
    edits.feed(Stream().say("output_text.delta", content_index=0, delta="a").frames)
    assert edits.released


def test_what_overtakes_waiting_events_gets_the_number_before_them() -> None:
    stream = Stream().part("a")
    stream.say("output_item.added", 1, item={"id": "item_1", "type": "function_call", "name": "f", "arguments": ""})
    stream.say("function_call_arguments.delta", 1, delta='{"a": "SEC')
    edits = redacting()
    shown = [*edits.feed(stream.frames), *edits.finish()]
    assert told(shown) == [
        "content_part.added ",
        "output_text.delta a",
        "output_item.added",
        'function_call_arguments.delta {"a": "',
        "output_text.done a",
        "content_part.done a",
        "function_call_arguments.delta SEC",
    ]


def test_an_item_that_ends_without_its_done_events_ends_its_lanes() -> None:
    stream = Stream().say("output_item.added", item={"id": "item_0", "type": "function_call", "name": "f"})
    stream.say("function_call_arguments.delta", delta='{"a": "SEC')
    item = {"id": "item_0", "type": "function_call", "name": "f", "arguments": '{"a": "SEC'}
    shown = redacting().feed(stream.say("output_item.done", item=item).frames)
    assert told(shown)[1:] == [
        'function_call_arguments.delta {"a": "',
        "function_call_arguments.delta SEC",
        "output_item.done",
    ]
    assert shown[-1].json["item"] == item


def test_no_edit_is_asked_for_more_after_its_close() -> None:
    class Once(Redact):
        closed = False

        def feed(self, text: str) -> str:
            assert not self.closed
            return super().feed(text)

        def close(self) -> str:
            assert not self.closed
            self.closed = True
            return super().close()

    stream = Stream()
    for output in (0, 1, 0, 1):
        stream.say("output_text.delta", output, content_index=0, delta="a SEC")
    stream.say("output_text.done", 0, content_index=0, text="a SECa SEC and more")
    edits = editing("responses", True, lambda lane: Once())
    shown = [*edits.feed(stream.frames), *edits.finish()]
    assert next(one.json["text"] for one in shown if one.event == "response.output_text.done") == "a SECa SEC and more"


def test_what_a_vendors_tool_answers_is_edited_beside_its_arguments() -> None:
    item = {"id": "m", "type": "mcp_call", "name": "f", "arguments": '{"a": 1}', "output": "SECRET"}
    shown = redacting().feed(Stream().say("output_item.done", item=item).end().frames)
    assert [one.raw.count(b'"output":"***"') for one in shown] == [1, 1]
    assert shown[-1].json["response"]["output"][0]["arguments"] == '{"a": 1}'


def test_events_without_numbers_get_none() -> None:
    value = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "SEC"}
    edits = redacting()
    edits.feed([frames.event(value, "response.output_text.delta")])
    (tail,) = edits.finish()
    assert "sequence_number" not in tail.json
