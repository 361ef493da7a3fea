"""Named events, as this API sends them, are parsed by a short way; it must tell the same as the long one."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.sse import parse

_LINES = st.sampled_from(
    ("event: a", "event:a", "event: ", "data: {}", "data: ", "data:x", "data: a\rdata: b", ": hi", "id: 1", "event")
)


@given(st.lists(_LINES, min_size=1, max_size=4))
def test_a_comment_in_front_changes_nothing(lines: list[str]) -> None:
    """A comment at the front bars the short way and means nothing."""
    raw = "\n".join(lines).encode() + b"\n\n"
    short, long = parse(raw), parse(b":\n" + raw)
    assert (short.event, short.data) == (long.event, long.data)
