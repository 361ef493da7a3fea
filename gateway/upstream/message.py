"""The parts of a message that look the same to every HTTP library: headers as a plain dictionary, bodies in slices."""

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

SLICE: Final = 256 * 1024


class HeadError(Exception):
    """More headers than allowed; the text says how much, never what."""


def plain_headers(raw: Iterable[tuple[bytes, bytes]], most: int) -> dict[str, str]:
    """Lower-case names, repeated headers joined, no `set-cookie`. HeadError if all together are longer than `most` bytes.

    Text is Latin-1, as HTTP and ASGI have it, so that any byte survives the way through.
    """
    headers: dict[str, str] = {}
    total = 0
    for raw_name, raw_value in raw:
        total += len(raw_name) + len(raw_value)
        name = raw_name.lower().decode("latin-1")
        value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if total > most:
        raise HeadError(f"sent {total} bytes of headers; {most} are allowed")
    headers.pop("set-cookie", None)
    return headers


def size(body: bytes | BinaryIO) -> int:
    return len(body) if isinstance(body, bytes) else body.seek(0, os.SEEK_END)


def slices(body: bytes | BinaryIO) -> Iterator[bytes | memoryview]:
    """`body` from its start, at most `SLICE` bytes at a time; a file is left open."""
    if isinstance(body, bytes):
        view = memoryview(body)
        yield from (body,) if len(body) <= SLICE else (view[at : at + SLICE] for at in range(0, len(body), SLICE))
        return
    body.seek(0)
    # Read here, not in a thread: the gateway wrote the file a moment ago, and a thread that still reads after a cancelled
    # attempt would move the position under the next one.
    while piece := body.read(SLICE):
        yield piece
