"""Server-sent events: bytes in any pieces -> frames. The same bytes give the same frames however they are cut.

Follows the parsing rules of the HTML standard (section 9.2.6): lines end with CRLF, LF or CR, a blank line ends an event, lines
that begin with a colon are comments. What arrives before a blank line is held; `close` says what was left.
"""

import re

from gateway.wire.frames import Frame

# The end of a line, then a blank line. Atomic, so that one CRLF is never taken for two line ends.
_BOUNDARY = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_SEAM = 3  # the longest boundary has four bytes: one that is not whole yet begins no farther before the next piece
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """One event is larger than the limit."""


class Parser:
    """`feed(bytes) -> frames`, then `close() -> the unfinished rest`. Holds at most `limit` bytes, and looks at each a few times."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._begun = False

    def feed(self, data: bytes) -> list[Frame]:
        if self._begun and not self._held and _is_plain(data):
            return [Frame(data, data[6:-2] or None)]
        if self._held:
            held = self._held
            at = max(0, len(held) - _SEAM)
            held += data
            if self._begun and not _ends_event(held, at):
                self._check_limit()
                return []
            data = bytes(held)
            held.clear()
        if not self._begun:
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._held += data
                return []
            self._begun = True
            data = data.removeprefix(_BOM)
        frames: list[Frame] = []
        if b"\r" in data:
            at = 0
            for match in _BOUNDARY.finditer(data, 0, _settled(data)):
                frames.append(parse(data[at : match.end()]))
                at = match.end()
            data = data[at:]
        elif b"\n\n" in data:
            *events, data = data.split(b"\n\n")
            frames = [parse(event + b"\n\n") for event in events]
        if data:
            self._held += data
            self._check_limit()
        return frames

    def close(self) -> Frame | None:
        """What came after the last blank line, as a frame, or None. Whether it may count is the dialect's decision."""
        rest = bytes(self._held)
        self._held.clear()
        if not rest.strip():
            return None
        frame = parse(rest.rstrip(b"\r\n") + b"\n\n")
        return frame if frame.data is not None else None

    def _check_limit(self) -> None:
        if len(self._held) > self._limit:
            raise EventTooLarge(f"one event of the stream is larger than {self._limit} bytes")


def _ends_event(held: bytearray, at: int) -> bool:
    """Whether there is a blank line behind `at`."""
    if held.find(b"\r", at) < 0:
        return held.find(b"\n\n", at) >= 0
    return _BOUNDARY.search(held, at, _settled(held)) is not None


def _settled(data: bytes | bytearray) -> int:
    """A CR at the very end may be half of a CRLF: the blank line is only seen whole."""
    return len(data) - 1 if data.endswith(b"\r") else len(data)


def _is_plain(raw: bytes) -> bool:
    """One whole event that is one line of data, as nearly all are."""
    return raw.startswith(b"data: ") and raw.find(b"\n") == len(raw) - 2 and raw.endswith(b"\n") and b"\r" not in raw


def parse(raw: bytes) -> Frame:
    """One whole event, blank line included. Empty data is no data, as the standard says."""
    if _is_plain(raw):
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
