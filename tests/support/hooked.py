"""A service that policies ask by `webhook`: it finds what a pattern finds, and fails in the ways that it is asked for by its path."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from tests.support import rawserver
from tests.support.rawserver import Peer

_BODIES: Final[dict[str, tuple[bytes, bytes]]] = {
    "fails": (b"500 Oops", b""),
    "nonsense": (b"200 OK", b'{"findings": [{"start": 0, "end": 100000, "kind": "X", "score": 1.0}]}'),
    "no-json": (b"200 OK", b"what?"),
}


class Hook:
    """`shown`: what it was asked about. `left`: set when somebody who waited for an answer went away.

    Paths: `/finds`; and those of `_BODIES`, `/hangs` and `/resets`, which fail where the pattern finds something and find
    nothing elsewhere.
    """

    def __init__(self, pattern: str) -> None:
        self.url = ""
        self.shown: list[dict[str, Any]] = []
        self.waiting = threading.Event()
        self.left = threading.Event()
        self._pattern = re.compile(pattern)

    async def serve(self, peer: Peer) -> None:
        asked = await peer.request()
        how = asked.line.split(" ")[1].strip("/")
        said = msgspec.json.decode(asked.body)
        self.shown.append(said)
        spans = [match.span() for match in self._pattern.finditer(said["text"])]
        if how == "hangs" and spans:
            self.waiting.set()
            await peer.gone()
            self.left.set()
        elif how == "resets" and spans:
            peer.reset()
        elif how in _BODIES and spans:
            await _send(peer, *_BODIES[how])
        else:
            found = [{"start": start, "end": end, "kind": "CANARY", "score": 1.0} for start, end in reversed(spans)]
            await _send(peer, b"200 OK", msgspec.json.encode({"findings": found if how == "finds" else []}))


async def _send(peer: Peer, status: bytes, body: bytes) -> None:
    await peer.send(b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))


@contextmanager
def hooked(pattern: str) -> Iterator[Hook]:
    """In a thread with an event loop of its own."""
    hook = Hook(pattern)
    with rawserver.in_thread(hook.serve, "hook") as hook.url:
        yield hook
