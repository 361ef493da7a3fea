"""Server-sent events: bytes in any pieces -> frames. The same bytes give the same frames however they are cut.

Follows the parsing rules of the HTML standard (section 9.2.6): lines end with CRLF, LF or CR, a blank line ends an event, lines
that begin with a colon are comments. What arrives before a blank line is held; `close` says what was left.
"""

import re

from gateway.wire.frames import Frame

# The end of a line, then a blank line. Atomic, so that one CRLF is never taken for two line ends.
_BOUNDARY = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """One event is larger than the limit."""


class Parser:
    """`feed(bytes) -> frames`, then `close() -> the unfinished rest`. Holds at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = b""
        self._begun = False

    def feed(self, data: bytes) -> list[Frame]:
        held = self._held + data if self._held else data
        if not self._begun:
            if len(held) < len(_BOM) and _BOM.startswith(held):
                self._held = held
                return []
            self._begun = True
            held = held.removeprefix(_BOM)
        frames: list[Frame] = []
        if b"\r" in held:
            at = 0
            # A CR at the very end may be half of a CRLF: the blank line is only seen whole.
            end = len(held) - 1 if held.endswith(b"\r") else len(held)
            for match in _BOUNDARY.finditer(held, 0, end):
                frames.append(parse(held[at : match.end()]))
                at = match.end()
            held = held[at:]
        elif b"\n\n" in held:
            *events, held = held.split(b"\n\n")
            frames = [parse(event + b"\n\n") for event in events]
        if len(held) > self._limit:
            raise EventTooLarge(f"one event of the stream is larger than {self._limit} bytes")
        self._held = held
        return frames

    def close(self) -> Frame | None:
        """What came after the last blank line, as a frame, or None. Whether it may count is the dialect's decision."""
        rest, self._held = self._held, b""
        if not rest.strip():
            return None
        frame = parse(rest.rstrip(b"\r\n") + b"\n\n")
        return frame if frame.data is not None else None


def parse(raw: bytes) -> Frame:
    """One whole event, blank line included. Empty data is no data, as the standard says."""
    if raw.startswith(b"data: ") and raw.find(b"\n") == len(raw) - 2 and b"\r" not in raw:
        return Frame(raw, raw[6:-2] or None)
    end = raw.find(b"\n") + 1
    named = raw.startswith(b"event: ") and raw.startswith(b"data: ", end) and raw.find(b"\n", end) == len(raw) - 2
    if named and b"\r" not in raw:
        return Frame(raw, raw[end + 6 : -2] or None, raw[7 : end - 1].decode("utf-8", "replace"))
    event: str | None = None
    data: list[bytes] = []
    for line in _LINE_END.split(raw):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace")
    return Frame(raw, b"\n".join(data) or None, event)
