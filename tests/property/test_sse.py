r"""The parser of server-sent events: chunking never matters, and every byte that came leaves again.

Golden transcripts stand in `tests/golden/sse_*.txt`: one line per piece as it came in, control characters spelled `\r`, `\n`,
`\xef`; then a line of dashes; then one line per frame, and `left:` for what `close` gives.
"""

import json
import re
import time
from collections import deque
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.frames import Frame
from gateway.wire.sse import EventTooLarge, Parser

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("sse_*.txt"))
LIMIT = 1 << 20

_LINES = st.sampled_from(
    [
        b"data: {}",
        b"data:{}",
        b"data:  two spaces",
        b"data",
        b"data:",
        b"data: \xec\x95\x88\xeb\x85\x95 \xf0\x9f\xa6\x81",
        b"event: message_start",
        b"event:error",
        b"id: 7",
        b"retry: 10",
        b": a comment",
        b":",
        b"nonsense",
        b"database: no",
        b"",
        b"",
    ]
)
_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
_STREAMS = st.builds(
    lambda bom, lines, rest: bom + b"".join(lines) + rest,
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(_LINES, _ENDS).map(b"".join), max_size=20),
    st.sampled_from([b"", b"data: {}", b"\r", b"d"]),
)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


def parsed(pieces: list[bytes], limit: int = LIMIT) -> tuple[list[Frame], Frame | None]:
    parser = Parser(limit)
    frames = [frame for piece in pieces for frame in parser.feed(piece)]
    return frames, parser.close()


def told(frames: list[Frame]) -> list[tuple[bytes, bytes | None, str | None]]:
    return [(frame.raw, frame.data, frame.event) for frame in frames]


def by_the_standard(stream: bytes) -> list[tuple[bytes, str]]:
    """Line by line as section 9.2.6 of the HTML standard says it: (data, event) of each event that is dispatched."""
    events: list[tuple[bytes, str]] = []
    data, name = b"", ""
    lines = re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf"))
    for line in lines[:-1]:
        if not line:
            if data:
                events.append((data.removesuffix(b"\n"), name))
            data, name = b"", ""
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data += value + b"\n"
        elif field == b"event":
            name = value.decode()
    return events


@given(_STREAMS, st.lists(st.integers(0, 10**6), max_size=12))
def test_any_chunking_gives_the_frames_of_the_whole(stream: bytes, places: list[int]) -> None:
    whole, whole_rest = parsed([stream])
    pieces, rest = parsed(cut(stream, places))
    assert told(pieces) == told(whole)
    assert told([rest] if rest else []) == told([whole_rest] if whole_rest else [])


@given(_STREAMS)
def test_byte_by_byte_gives_the_frames_of_the_whole(stream: bytes) -> None:
    assert told(parsed([stream[at : at + 1] for at in range(len(stream))])[0]) == told(parsed([stream])[0])


@given(_STREAMS)
def test_the_raw_bytes_of_all_frames_are_the_stream(stream: bytes) -> None:
    ended = stream + b"\n\n\n\n"  # whatever the end was, nothing is left behind this but blank lines
    frames, _ = parsed([ended])
    joined = b"".join(frame.raw for frame in frames)
    ended = ended.removeprefix(b"\xef\xbb\xbf")
    assert ended.startswith(joined)
    assert not ended[len(joined) :].strip(b"\n")


@given(_STREAMS)
def test_the_events_are_those_of_the_standard(stream: bytes) -> None:
    ended = stream + b"x\n\n"  # the parser may wait at a bare CR; the standard need not
    frames, _ = parsed([ended])
    assert [(frame.data, frame.event or "") for frame in frames if frame.data] == [
        (data, event) for data, event in by_the_standard(ended) if data
    ]


@given(_STREAMS, st.lists(st.integers(0, 10**6), max_size=12))
def test_no_event_within_the_limit_is_refused(stream: bytes, places: list[int]) -> None:
    frames, _ = parsed([stream])
    rest = len(stream) - sum(len(frame.raw) for frame in frames)
    limit = max([rest, 3, *(len(frame.raw) for frame in frames)])
    assert told(parsed(cut(stream, places), limit)[0]) == told(frames)


@given(st.integers(1, 200), st.integers(1, 50))
def test_an_event_over_the_limit_is_refused_before_its_end_comes(limit: int, step: int) -> None:
    parser = Parser(limit)
    endless = b"data: " + b"x" * (limit + 60)
    with pytest.raises(EventTooLarge, match=str(limit)):
        deque(map(parser.feed, (endless[at : at + step] for at in range(0, len(endless), step))))


def test_a_long_event_in_pieces_costs_what_its_length_costs() -> None:
    """Ten times the bytes take ten times as long, not a hundred times: each byte is looked at a few times, not once per piece."""
    assert _seconds(15_000_000) < 30 * _seconds(1_500_000)


def _seconds(size: int) -> float:
    event = b"data: " + b"x" * size + b"\n\n"
    pieces = [event[at : at + 16_384] for at in range(0, len(event), 16_384)]

    def once() -> float:
        parser = Parser(2 * size)
        started = time.process_time()
        frames = [frame for piece in pieces for frame in parser.feed(piece)]
        took = time.process_time() - started
        assert [frame.raw for frame in frames] == [event]
        return took

    return min(once() for _ in range(3))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("step", ["as it came", "byte by byte"])
def test_golden_transcripts(path: Path, step: str) -> None:
    above, below = path.read_text(encoding="utf-8").split("\n----\n")
    pieces = [_spelled(line) for line in above.splitlines()]
    if step == "byte by byte":
        joined = b"".join(pieces)
        pieces = [joined[at : at + 1] for at in range(len(joined))]
    frames, rest = parsed(pieces)
    lines = [_shown(frame) for frame in frames]
    if rest is not None:
        lines.append(f"left: {_shown(rest)}")
    assert lines == below.splitlines()


def test_there_are_golden_transcripts() -> None:
    assert GOLDEN


def _spelled(line: str) -> bytes:
    r"""`\n`, `\r` and `\xNN` as the byte they spell; everything else as it stands."""
    names = {b"n": b"\n", b"r": b"\r"}
    return re.sub(
        rb"\\(n|r|x[0-9a-f]{2})",
        lambda match: names.get(match[1]) or bytes.fromhex(match[1][1:].decode()),
        line.encode(),
    )


def _shown(frame: Frame) -> str:
    data = None if frame.data is None else frame.data.decode("utf-8", "backslashreplace")
    return json.dumps({"event": frame.event, "data": data}, ensure_ascii=False)
