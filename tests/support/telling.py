"""An upstream that gives every request an answer of its own: a token that no other answer has, so that one given twice shows."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from gateway.guards.placeholders import PLACEHOLDER

TOKEN: Final = re.compile(rb"tok_[0-9a-f]{20}")
_NOW: Final = 1_790_000_000
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_encode = msgspec.json.encode


@dataclass
class Telling:
    """`asked` are the bodies that came, by the token of their answer. `url` is where it listens."""

    url: str
    asked: dict[str, bytes] = field(default_factory=dict)
    _serving: set[asyncio.Task[Any]] = field(default_factory=set)

    def answer(self, path: str, raw: bytes) -> tuple[bytes, bytes]:
        """Content type and body: a token, and every placeholder that stands in the last turn."""
        said = msgspec.json.decode(raw)
        token = f"tok_{secrets.token_hex(10)}"
        self.asked[token] = raw
        turns = said.get("messages") or said.get("input")
        seen = {match.group() for match in PLACEHOLDER.finditer(_encode(turns[-1]).decode())}
        pieces = [f"Here is {token}. ", *(f"It is about {one}. " for one in sorted(seen)), "That is all."]
        whole, events = _WRITTEN[path](said, f"{token[4:]}", pieces)
        if said.get("stream"):
            return b"text/event-stream", b"".join(events)
        return b"application/json", _encode(whole)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length.group(1)) if length else 0)
                kind, answer = self.answer(head.split(b" ", 2)[1].decode(), body)
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (kind, len(answer), answer)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def aclose(self) -> None:
        for task in tuple(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(tuple(self._serving))


@asynccontextmanager
async def telling() -> AsyncIterator[Telling]:
    """In the running loop."""
    made = Telling("")
    listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    try:
        yield made
    finally:
        listener.close()
        await made.aclose()


def _chat(said: dict[str, Any], name: str, pieces: list[str]) -> tuple[Any, list[bytes]]:
    common = {"id": f"chatcmpl-{name}", "created": _NOW, "model": said["model"]}
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    message = {"role": "assistant", "content": "".join(pieces)}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    deltas: list[tuple[Any, str | None]] = [
        ({"role": "assistant", "content": ""}, None),
        *(({"content": one}, None) for one in pieces),
        ({}, "stop"),
    ]
    chunks: list[Any] = [
        {
            **common,
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        for delta, finish in deltas
    ]
    if (said.get("stream_options") or {}).get("include_usage"):
        chunks.append({**common, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    events = [b"data: %b\n\n" % _encode(one) for one in chunks]
    return {**common, "object": "chat.completion", "choices": [choice], "usage": usage}, [*events, b"data: [DONE]\n\n"]


def _messages(said: dict[str, Any], name: str, pieces: list[str]) -> tuple[Any, list[bytes]]:
    usage = {"input_tokens": 9, "output_tokens": 4}
    whole = {
        "id": f"msg_{name}",
        "type": "message",
        "role": "assistant",
        "model": said["model"],
        "content": [{"type": "text", "text": "".join(pieces)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }
    begun = {**whole, "content": [], "stop_reason": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": one}} for one in pieces),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]
    return whole, _events(events)


def _responses(said: dict[str, Any], name: str, pieces: list[str]) -> tuple[Any, list[bytes]]:
    """Repeats what it was asked, as this API does."""
    text = "".join(pieces)
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": f"msg_{name}", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    repeated = {key: value for key, value in said.items() if key not in ("input", "stream")}
    usage = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
    whole = {
        **repeated,
        "id": f"resp_{name}",
        "object": "response",
        "created_at": _NOW,
        "status": "completed",
        "output": [item],
        "usage": usage,
    }
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    empty = {**part, "text": ""}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **place, "part": empty},
        *({"type": "response.output_text.delta", **place, "delta": one} for one in pieces),
        {"type": "response.output_text.done", **place, "text": text},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    return whole, _events([{**event, "sequence_number": number} for number, event in enumerate(events)])


def _events(events: list[dict[str, Any]]) -> list[bytes]:
    return [b"event: %b\ndata: %b\n\n" % (one["type"].encode(), _encode(one)) for one in events]


_WRITTEN: Final = {"/v1/chat/completions": _chat, "/v1/messages": _messages, "/v1/responses": _responses}
