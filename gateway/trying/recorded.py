"""A model that says what one said before, in memory. It is asked in the dialect of the caller, and answers in that."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from gateway.policy.structs import Surface
from gateway.trying.traffic import PATHS, Answer
from gateway.upstream.client import Call, Reply, TransportError, TransportLimits
from gateway.wire.frames import done, event

_AT: Final = 1_767_225_600
_NAMED: Final = frozenset({"messages", "responses"})
"""Surfaces whose events have a name besides their data, and whose streams end without `[DONE]`."""
_SURFACES: Final[dict[str, Surface]] = {path: surface for surface, path in PATHS.items()}


class Recorded:
    """A `Transport`. It gives `answer` once, or one without a text where that is None; asked again, it does not answer.

    `got` is the body it was asked with, None until then.
    """

    def __init__(self) -> None:
        self.got: dict[str, Any] | None = None
        self._answer: Answer = None

    def put(self, answer: Answer) -> None:
        """Before each exchange."""
        self._answer, self.got = answer, None

    def connect(self, _limits: TransportLimits) -> "Recorded":
        return self

    async def open(self, call: Call) -> Reply:
        if self.got is not None:
            raise TransportError("the recorded answer has been given", sent=True)
        self.got = msgspec.json.decode(call.body if isinstance(call.body, bytes) else call.body.read())
        return _Whole(*written(_SURFACES[urlsplit(call.url).path], self._answer))

    async def close(self, reply: Reply) -> None:
        pass

    async def aclose(self) -> None:
        pass


class _Whole:
    """An answer that comes in one piece."""

    status: int = 200

    def __init__(self, raw: bytes, media_type: str) -> None:
        self.headers: Mapping[str, str] = {"content-type": media_type}
        self._left = [raw]

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return self._left.pop() if self._left else b""


def written(surface: Surface, answer: Answer) -> tuple[bytes, str]:
    """The bytes of an answer and their media type. Pure."""
    if isinstance(answer, list):
        named = surface in _NAMED
        events = [event(one, str(one.get("type")) if named else None).raw for one in answer]
        return b"".join([*events, *([] if named else [done().raw])]), "text/event-stream"
    body = answer if isinstance(answer, dict) else _said(surface, answer or "")
    return msgspec.json.encode(body), "application/json"


def _said(surface: Surface, text: str) -> dict[str, Any]:
    """An answer of the model with this text, if one has any."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    base = {"id": "recorded", "created": _AT, "model": "recorded"}
    tokens = {"input_tokens": 0, "output_tokens": 0}
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "msg_recorded", "status": "completed", "role": "assistant", "content": [part]}
    answers: dict[Surface, dict[str, Any]] = {
        "chat": {
            **base,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage,
        },
        "completions": {
            **base,
            "object": "text_completion",
            "choices": [{"index": 0, "text": text, "finish_reason": "stop"}],
            "usage": usage,
        },
        "responses": {
            "id": "resp_recorded",
            "object": "response",
            "created_at": _AT,
            "model": "recorded",
            "status": "completed",
            "output": [item],
            "usage": {**tokens, "total_tokens": 0},
        },
        "messages": {
            "id": "msg_recorded",
            "type": "message",
            "role": "assistant",
            "model": "recorded",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": tokens,
        },
        "count_tokens": {"input_tokens": 0},
        "embeddings": {"object": "list", "data": [], "model": "recorded", "usage": usage},
        "moderations": {"id": "modr-recorded", "model": "recorded", "results": []},
        "rerank": {"id": "rerank-recorded", "model": "recorded", "results": []},
    }
    return answers[surface]
