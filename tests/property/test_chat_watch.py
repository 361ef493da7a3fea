"""A chunk that passes undecoded is the one that would have been written anew."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire import frames
from gateway.wire.chat.watch import StreamWatch
from gateway.wire.dialect import EDIT, FAULT, TEXT
from gateway.wire.sse import parse

_FIRST = frames.event({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
_names = st.sampled_from(["usage", "index", "content", ',"usage":null', "}", "]", "finish_reason"])
_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.sampled_from(['"usage"', ',"usage":null}', "}", "{"]),
    lambda held: st.lists(held, max_size=3) | st.dictionaries(_names, held, max_size=3),
    max_leaves=8,
)


@given(before=st.dictionaries(_names, _values), behind=st.dictionaries(_names, _values), usage=st.none() | _values)
def test_only_the_outermost_usage_is_taken_out_and_nothing_else_changes(
    before: dict[str, Any], behind: dict[str, Any], usage: Any
) -> None:
    value = {**before, "usage": usage, **behind}
    if not value.get("choices") and value.get("usage"):
        return  # left out whole
    shown = StreamWatch(asked_usage=False).shown(frames.event(value))
    assert shown is not None
    assert shown.json == {name: held for name, held in value.items() if name != "usage"}
    assert parse(shown.raw).data == shown.data == msgspec.json.encode(shown.json)


@given(text=st.text(min_size=1), reason=st.sampled_from([None, "stop"]), asked=st.booleans(), spaced=st.booleans())
def test_a_usage_of_null_says_nothing_and_is_taken_out_for_who_did_not_ask(
    text: str, reason: str | None, asked: bool, spaced: bool
) -> None:
    watch = StreamWatch(asked_usage=asked)
    assert watch.look(_FIRST) == TEXT
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    data = msgspec.json.encode({"choices": [choice], "usage": None})
    if spaced:
        data = msgspec.json.format(data, indent=0).replace(b"\n", b"")
    bits = watch.look(frames.plain(data))
    assert bits & TEXT
    assert not bits & FAULT
    assert bool(bits & EDIT) is not asked
    assert watch.usage is None
    assert watch.finish == reason
