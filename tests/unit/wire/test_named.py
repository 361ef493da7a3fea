"""The id of an answer, read from its first bytes."""

import pytest

from gateway.wire.frames import Frame, body, comment, done, event
from gateway.wire.named import id_of


@pytest.mark.parametrize(
    ("frames", "found"),
    [
        ([body({"id": "chatcmpl-1", "choices": []})], "chatcmpl-1"),
        ([Frame(b"", b'{ "object" : "x", "id" : "chatcmpl-1" }')], "chatcmpl-1"),
        ([event({"id": "chatcmpl-1", "choices": [{"delta": {"tool_calls": [{"id": "call_1"}]}}]})], "chatcmpl-1"),
        ([event({"type": "message_start", "message": {"id": "msg_1", "content": []}}, "message_start")], "msg_1"),
        ([event({"type": "response.created", "response": {"id": "resp_1"}}, "response.created")], "resp_1"),
        ([comment("heartbeat"), event({"id": "chatcmpl-1"})], "chatcmpl-1"),
        ([body({"choices": [{"message": {"tool_calls": [{"id": "call_1"}]}}], "id": "chatcmpl-1"})], None),
        ([body({"object": "list", "data": [{"id": "x"}]})], None),
        ([body({"id": 7})], None),
        ([body({"id": "a" * 129})], None),
        ([body({"id": 'with "quotes"'})], None),
        ([body({"id": "두 낱말"})], None),
        ([body({"x": "a" * 2000, "id": "chatcmpl-1"})], None),
        ([done()], None),
        ([comment()], None),
        ([], None),
    ],
)
def test_the_id_is_the_answers_own_or_none(frames: list[Frame], found: str | None) -> None:
    assert id_of(frames) == found
