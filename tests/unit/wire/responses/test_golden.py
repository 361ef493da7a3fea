"""Whole transcripts: what an upstream sends stands above the line, what the caller of the other dialect gets below it."""

from pathlib import Path

import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.wire.chat.stream import StreamReader as ChatReader
from gateway.wire.chat.stream import StreamWriter as ChatWriter
from gateway.wire.responses.reader import ResponsesReader
from gateway.wire.responses.request import read_request
from gateway.wire.responses.stream import ResponsesWriter
from gateway.wire.sse import Parser

GOLDEN = Path(__file__).parents[3] / "golden"
LINE = b"=====\n"
EVENTS: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
BODY = {
    "model": "demo",
    "instructions": "Be brief.",
    "input": "What is the weather in Seoul and Busan?",
    "tools": [{"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}],
    "stream": True,
}


WAYS: dict[str, tuple[type[ChatReader] | type[ResponsesReader], type[ChatWriter] | type[ResponsesWriter], str]] = {
    "responses_from_chat": (ChatReader, ResponsesWriter, "responses"),
    "responses_to_chat": (ResponsesReader, ChatWriter, "chat"),
}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("responses_*.txt")), ids=lambda path: path.stem)
def test_the_transcript_is_translated_as_written_down(path: Path) -> None:
    sent, _, expected = path.read_bytes().partition(LINE)
    way = next(way for name, way in WAYS.items() if path.stem.startswith(name))
    got = through(sent, *way)
    assert got.decode() == expected.decode()
    if way[2] == "responses":
        for frame in Parser(1 << 20).feed(got):
            EVENTS.validate_python(frame.json)


def through(
    raw: bytes,
    reader_of: type[ChatReader] | type[ResponsesReader],
    writer_of: type[ChatWriter] | type[ResponsesWriter],
    caller: str,
) -> bytes:
    request = read_request(BODY)
    request.dialect = caller
    reader, writer = reader_of(), writer_of(request)
    return b"".join(
        out.raw for frame in Parser(1 << 20).feed(raw) for event in reader.feed(frame) for out in writer.feed(event)
    )
