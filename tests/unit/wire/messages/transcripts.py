"""Golden transcripts as frames."""

from pathlib import Path

from gateway.wire.frames import Frame
from gateway.wire.sse import Parser

GOLDEN = Path(__file__).parents[3] / "golden"


def golden(name: str) -> list[Frame]:
    return frames((GOLDEN / name).read_bytes())


def frames(raw: bytes) -> list[Frame]:
    parser = Parser(1 << 20)
    found = parser.feed(raw)
    assert parser.close() is None
    return found
