"""What a gateway of ours is told at the end of an exchange, and what its caller got."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from gateway.config.structs import Record
from gateway.exchange import Exchange
from gateway.policy.structs import Surface
from gateway.record.metrics import Metrics
from gateway.record.recorder import Recorder
from gateway.wire.frames import DONE
from gateway.wire.sse import Parser

DIALECTS: Final[list[Surface]] = [
    "chat", "completions", "responses", "messages", "count_tokens", "embeddings", "moderations", "rerank",
]  # fmt: skip
"""What can be put to a gateway without an upload."""
_LARGEST: Final = 16 * 1024 * 1024


class Seen(Recorder):
    """Keeps the exchange that ended last, and counts nothing."""

    def __init__(self) -> None:
        super().__init__(Record(), Metrics())
        self._ended: list[Exchange] = []

    def record(self, x: Exchange) -> None:
        self._ended.append(x)

    def last(self) -> Exchange:
        last = self._ended[-1]
        self._ended.clear()
        return last


def frames_of(raw: bytes) -> list[Mapping[str, Any]]:
    """The one body, or the events of a stream."""
    if raw.startswith(b"{"):
        return [msgspec.json.decode(raw)]
    parser = Parser(_LARGEST)
    return list(_decoded(frame.data for frame in parser.feed(raw)))


def _decoded(data: Iterable[bytes | None]) -> Iterator[Mapping[str, Any]]:
    for one in data:
        if one is not None and one != DONE:
            value = msgspec.json.decode(one)
            if isinstance(value, dict):
                yield value
