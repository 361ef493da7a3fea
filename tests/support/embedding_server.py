"""An embeddings API that does what it is told, on a real socket: late, down, wrong, or with like vectors for like questions."""

import asyncio
import hashlib
import re
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from tests.support import rawserver
from tests.support.rawserver import Peer

SIZE: Final = 48
_SMALL: Final = frozenset(
    ["what", "is", "the", "of", "please", "tell", "me", "a", "an", "to", "in", "do", "does", "how", "i", "are"]
)
_WORD: Final = re.compile(r"([a-z0-9]+|[가-힣]{1,2})[가-힣]*")


def vector(text: str, size: int = SIZE) -> list[float]:
    """Of the words that carry meaning, whatever their order; of Korean ones the beginning. Not of length one."""
    made = [0.0] * size
    for word in {word for word in _WORD.findall(text.lower()) if word not in _SMALL} or {""}:
        for number in struct.unpack("<4Q", hashlib.blake2b(word.encode(), digest_size=32).digest()):
            made[(number >> 1) % size] += 3.0 if number & 1 else -3.0
    return made


@dataclass
class Embeddings:
    """`asked`: bodies as they came. `hold`: answers wait until it is set. `answer`: instead of a right one; `status` with it."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    size: int = SIZE
    status: int = 200
    answer: bytes | None = None
    hold: asyncio.Event | None = None
    seconds: float = 0.0
    under_way: int = 0
    most_under_way: int = 0

    async def script(self, peer: Peer) -> None:
        while True:
            try:
                asked = await peer.request()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            body = msgspec.json.decode(asked.body)
            self.asked.append(body)
            self.texts += body["input"]
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            await asyncio.sleep(self.seconds)
            if self.hold is not None:
                await self.hold.wait()
            self.under_way -= 1
            said = self.answer if self.answer is not None else self._right(body)
            head = f"HTTP/1.1 {self.status} X\r\ncontent-type: application/json\r\ncontent-length: {len(said)}\r\n\r\n"
            try:
                await peer.send(head.encode() + said)
            except ConnectionError:
                return

    def _right(self, body: dict[str, Any]) -> bytes:
        size = body.get("dimensions") or self.size
        rows = [
            {"object": "embedding", "index": index, "embedding": vector(text, size)}
            for index, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": 5, "total_tokens": 5}
        return msgspec.json.encode({"object": "list", "data": rows, "model": body["model"], "usage": usage})


@asynccontextmanager
async def embeddings() -> AsyncIterator[Embeddings]:
    made = Embeddings()
    async with rawserver.serve(made.script) as server:
        made.url = server.url
        yield made
