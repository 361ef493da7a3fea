"""The parts of a message that look the same to every HTTP library: heads as bytes and as a dictionary, bodies in slices."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import BinaryIO, Final

SLICE: Final = 256 * 1024
METHOD: Final = re.compile(r"[A-Z]+")
FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class HeadError(Exception):
    """More headers than allowed; the text says how much, never what."""


def plain_headers(raw: Iterable[tuple[bytes, bytes]], most: int) -> dict[str, str]:
    """Lower-case names, repeated headers joined, no `set-cookie`. HeadError if all together are longer than `most` bytes.

    Text is Latin-1, as HTTP and ASGI have it, so that any byte survives the way through.
    """
    pairs = [(name.lower().decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    headers = dict(pairs)
    total = sum(map(len, chain.from_iterable(pairs)))
    if total > most:
        raise HeadError(f"sent {total} bytes of headers; {most} are allowed")
    if len(headers) < len(pairs):
        headers = {name: ", ".join([value for one, value in pairs if one == name]) for name in headers}
    headers.pop("set-cookie", None)
    return headers


def request_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The head of an HTTP/1.1 request with its blank line, in UTF-8. ValueError, which quotes nothing, for a control character
    or a line end in a header, or a method that is none.
    """
    text = "\n".join(map(": ".join, headers.items()))
    if text.count("\n") != len(headers) - 1 or FORBIDDEN.search(text) or not METHOD.fullmatch(method):
        raise ValueError("a header or the method has a forbidden character")
    return f"{method} {target} HTTP/1.1\n{text}\n\n".replace("\n", "\r\n").encode()


def size(body: bytes | BinaryIO) -> int:
    return len(body) if isinstance(body, bytes) else body.seek(0, os.SEEK_END)


def slices(body: BinaryIO) -> Iterator[bytes]:
    """The file from its start, at most `SLICE` bytes at a time; it is left open."""
    body.seek(0)
    # Read here, not in a thread: the gateway wrote the file a moment ago, and a thread that still reads after a cancelled
    # attempt would move the position under the next one.
    while piece := body.read(SLICE):
        yield piece
