"""A call that takes no arguments is a lane too: who may call what is decided by its name."""

from typing import Any

import pytest

from gateway.wire.frames import Frame, body, event
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import AsWritten, Edit, Lane

USE = {"type": "tool_use", "id": "t1", "name": "delete_all", "input": {}}
START = event({"type": "content_block_start", "index": 0, "content_block": USE}, "content_block_start")
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": ""}}
STOP = event({"type": "content_block_stop", "index": 0}, "content_block_stop")
END = event({"type": "message_stop"}, "message_stop")


class Reading(AsWritten):
    def __init__(self) -> None:
        self.text = ""
        self.closed = False

    def feed(self, text: str, /) -> str:
        self.text += text
        return text

    def close(self) -> str:
        self.closed = True
        return ""


def read(frames: list[Frame], streamed: bool) -> tuple[list[tuple[Lane, Reading]], list[Frame]]:
    seen: list[tuple[Lane, Reading]] = []

    def edit_for(lane: Lane) -> Edit:
        seen.append((lane, Reading()))
        return seen[-1][1]

    return seen, editing("messages", streamed, edit_for).feed(frames)


@pytest.mark.parametrize(
    ("frames", "streamed", "said"),
    [
        ([body({"type": "message", "content": [USE]})], False, "{}"),
        ([START, STOP, END], True, ""),
        ([START, event(DELTA, "content_block_delta"), STOP, END], True, ""),
    ],
)
def test_it_is_looked_at_once_and_leaves_as_it_came(frames: list[Frame], streamed: bool, said: str) -> None:
    ((lane, reading),), shown = read(frames, streamed)
    assert lane == Lane(0, "tool_args", 0, "delete_all")
    assert (reading.text, reading.closed) == (said, True)
    assert [frame.raw for frame in shown] == [frame.raw for frame in frames]


def test_arguments_are_seen_as_they_are_written_by_who_asks_for_that() -> None:
    written: dict[str, Any] = {"to": ["서울", 1.5]}
    ((_, reading),), _ = read([body({"type": "message", "content": [{**USE, "input": written}]})], False)
    assert reading.text == '{"to":["서울",1.5]}'
