"""A model that says what a case says, in memory: the simulator behind the seam to the network, without a network."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from starlette.types import Message

from gateway.policy.structs import Case
from gateway.simulator.app import simulator
from gateway.simulator.script import Behaviour, Said, Script
from gateway.upstream.client import Call, Reply, TransportLimits

BASE_URL: Final = "http://scripted.invalid/v1"
_WANTED: Final = re.compile(r"<([A-Z0-9_]+)_\*>")
_GIVEN: Final = re.compile(r"<([A-Z0-9_]+)_([a-z2-7]{10})>")


class Scripted:
    """A `Transport`. It plays `case`, and keeps in `got` the body it was sent last; None until then."""

    def __init__(self) -> None:
        self.case: Case | None = None
        self.got: dict[str, Any] | None = None

    def connect(self, _limits: TransportLimits) -> "Scripted":
        return self

    async def open(self, call: Call) -> Reply:
        raw = call.body if isinstance(call.body, bytes) else call.body.read()
        self.got = msgspec.json.decode(raw)
        behaviour = _behaviour(self.case, raw.decode()) if self.case is not None else Behaviour()
        sent: list[Message] = []
        asked: list[Message] = [{"type": "http.request", "body": raw, "more_body": False}]

        async def receive() -> Message:
            return asked.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(name.encode(), value.encode("latin-1")) for name, value in call.headers.items()]
        path = urlsplit(call.url).path
        scope = {"type": "http", "method": call.method, "path": path, "query_string": b"", "headers": headers}
        await simulator(Script(models={"*": [behaviour]}))(scope, receive, send)
        return _Answer(sent)

    async def close(self, reply: Reply) -> None:
        pass

    async def aclose(self) -> None:
        pass


class _Answer:
    """A whole answer that is read in the pieces in which it was written."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.status: int = messages[0]["status"]
        self.headers: Mapping[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in messages[0]["headers"]
        }
        self._pieces = [one["body"] for one in reversed(messages[1:]) if one.get("body")]

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return self._pieces.pop() if self._pieces else b""


def _behaviour(case: Case, body: str) -> Behaviour:
    """What the case has the model say; streamed text comes character by character unless the case cuts it itself."""
    codes = {kind: f"<{kind}_{code}>" for kind, code in _GIVEN.findall(body)}
    call = case.tool_call
    if call is not None:
        return Behaviour(answer=None, tool_calls=[Said(call.name, _filled(call.arguments, codes))])
    if case.answer_chunks is not None:
        return Behaviour(chunks=_chunks(case.answer_chunks, codes), tool_calls=[])
    if case.answer is not None:
        return Behaviour(chunks=list(_filled(case.answer, codes)), tool_calls=[])
    return Behaviour(tool_calls=[])


def _chunks(chunks: Sequence[str], codes: Mapping[str, str]) -> list[str]:
    """A placeholder may begin in one chunk and end in another: what stands for its `*` comes where that stood."""
    starts, at = [], 0
    for chunk in chunks:
        starts.append(at)
        at += len(chunk)
    whole = "".join(chunks)
    stars = {
        match.end() - 2: codes[match[1]][len(match[1]) + 2 : -1]
        for match in _WANTED.finditer(whole)
        if match[1] in codes
    }
    return [
        "".join(stars.get(start + place, letter) for place, letter in enumerate(chunk))
        for start, chunk in zip(starts, chunks, strict=True)
    ]


def _filled(value: Any, codes: Mapping[str, str]) -> Any:
    """The same with each `<KIND_*>` as the placeholder of that kind which came, if one did."""
    if isinstance(value, str):
        return _WANTED.sub(lambda found: codes.get(found[1], found[0]), value)
    if isinstance(value, dict):
        return {name: _filled(one, codes) for name, one in value.items()}
    return [_filled(one, codes) for one in value] if isinstance(value, list) else value
