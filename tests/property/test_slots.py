"""What one customer left is what another would have got live, however it came in pieces; and nothing of the first one is left in it."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.cache.entry import Entry
from gateway.cache.ordinals import marks, slot
from gateway.cache.replay import as_frames
from gateway.cache.scope import Circumstances, Scope, scoped
from gateway.cache.slots import PART
from gateway.dialects import DIALECTS
from gateway.guards.placeholders import KeyRing, Known, Minter
from gateway.guards.restoring import Restorer
from gateway.guards.sinks import Sinks
from gateway.wire import frames as wire
from gateway.wire.fold import fold
from gateway.wire.lanes.editing import editing
from gateway.wire.neutral import Begin, Delta, Ended, Event, Finished, LaneKind, Message, Request, Text, Usage, Used

RING: Final = KeyRing(b"a secret", b"an older one")
KINDS: Final = ("PERSON", "ORDER", "ORDER_ID", "KR_PHONE", "이름")
SPOKEN: Final = ("chat", "messages", "responses")
WORDS: Final = (
    "안녕하세요, ",
    "은 ",
    "님이 주문하신 ",
    "\n\n",
    "It is on its way",
    '"\\',
    "<b>",
    "</b> ",
    "🦁",
    " _",
    "<",
    "&lt;",
)
NASTY: Final = (marks(0), marks(1)[4], "77slot", "77SLOTaaaa", slot(0), f"<PERSON_{slot(0)}>", "PERSON_", "<ORDER_ID_", "person_1", "abcde", "<PERSON_aaaaaaaaaa>", "KR\\_")  # fmt: skip
SPELLINGS: Final[Sequence[Callable[[str], str]]] = (
    lambda one: one,
    lambda one: f"`{one[1:-1]}`",
    lambda one: one.replace("<", "&lt;").replace(">", "&gt;"),
    lambda one: "\\" + one[:-1].replace("_", "\\_") + "\\>",
    lambda one: f"【{one[1:-1]}】",
    lambda one: f"%3C{one[1:-1]}%3E",
)
"""What models do to placeholders, their ten characters apart."""

Piece = str | tuple[int, int]
"""Text, or which value, spelled how."""
values = st.lists(st.tuples(st.sampled_from(KINDS), st.text(min_size=1, max_size=12)), min_size=1, max_size=4)
pieces = st.lists(st.sampled_from(WORDS) | st.tuples(st.integers(0, 3), st.integers(0, len(SPELLINGS) - 1)), max_size=8)
nasty = st.lists(
    st.sampled_from((*WORDS, *NASTY))
    | st.tuples(st.integers(0, 3), st.integers(0, len(SPELLINGS) - 1))
    | st.tuples(st.integers(0, 3), st.just(-1)),
    max_size=8,
)
cuts = st.lists(st.integers(1, 9), max_size=60)


class Customer:
    """Whose values these are; each is marked, so that no text of an answer holds one by chance."""

    def __init__(self, name: str, kinds: Sequence[str], said: Sequence[str]) -> None:
        self.known = Known(Minter(RING, name.encode()))
        self.said = [f"§{name}{number}{one}" for number, one in enumerate(said)]
        self.placeholders = [self.known.add(kind, one) for kind, one in zip(kinds, self.said, strict=True)]

    def scope(self) -> Scope:
        text = " ".join(["누구의 주문인가요?", *self.placeholders])
        body = {"model": "demo", "messages": [{"role": "user", "content": text}]}
        found = scoped(DIALECTS["chat"], body, Circumstances(("team",), "r", ("demo",)), held=self.known.by_code())
        assert found is not None
        return found

    def has_by_chance(self, raw: bytes) -> bool:
        """Whether part of a placeholder is a word of the frames around it, as of one in 50,000: such an answer is not kept."""
        rest = raw.decode().lower()
        for code in self.known.by_code():
            rest = rest.replace(code, " ")
        return any(code[at : at + PART] in rest for code in self.known.by_code() for at in range(len(code) - PART + 1))

    def text(self, of: Sequence[Piece]) -> str:
        return "".join(one if isinstance(one, str) else self._spelled(*one) for one in of)

    def _spelled(self, which: int, how: int) -> str:
        one = self.placeholders[which % len(self.placeholders)]
        return one[-8:] if how < 0 else SPELLINGS[how](one)


def answer(dialect: str, text: str, sizes: Sequence[int], *, streamed: bool, reasoning: str = "") -> bytes:
    """As an upstream would write it: the text in pieces of these sizes, the rest in one."""
    events: list[Event] = [Begin(id="answer_1", model="demo", created=1)]
    said: list[tuple[LaneKind, str]] = [("reasoning", reasoning), ("content", text)]
    for kind, whole in said:
        at = [0]
        for size in sizes:
            at.append(min(at[-1] + size, len(whole)))
        events += [Delta(0, kind, whole[one:other]) for one, other in pairwise([*at, len(whole)]) if one < other]
    events += [Finished(0, "stop"), Used(usage=Usage(input_tokens=1, output_tokens=1)), Ended()]
    request = Request(
        dialect=dialect,
        model="demo",
        messages=[Message(role="user", parts=[Text(text="?")])],
        stream=streamed,
        include_usage=True,
    )
    if not streamed:
        write = DIALECTS[dialect].write_answer
        assert write is not None
        return wire.body(write(fold(events), request)).raw
    writer = DIALECTS[dialect].stream_writer
    assert writer is not None
    feed = writer(request).feed
    return b"".join([frame.raw for event in events for frame in feed(event)])


def entry(raw: bytes, dialect: str, *, streamed: bool) -> Entry:
    return Entry(dialect=dialect, streamed=streamed, way=b"", raw=raw, ids=(), stored=0.0, expires=1.0)


def heard(raw: bytes, dialect: str, known: Known, *, streamed: bool) -> bytes:
    """With values, as its caller gets it."""
    edit = editing(dialect, streamed, lambda _: Restorer(known, Sinks(), None))
    return b"".join([frame.raw for frame in edit.feed(as_frames(raw, streamed=streamed))])


@given(values, st.data(), pieces, pieces, cuts, st.sampled_from(SPOKEN), st.booleans())
@settings(max_examples=400)
def test_what_one_left_is_what_another_would_have_got_live(
    of: list[tuple[str, str]], data: Any, text: list[Piece], thought: list[Piece], sizes: list[int], dialect: str, streamed: bool
) -> None:  # fmt: skip
    kinds = [kind for kind, _ in of]
    others = data.draw(st.lists(st.text(max_size=12), min_size=len(of), max_size=len(of)))
    ann, bob = Customer("ann", kinds, [value for _, value in of]), Customer("bob", kinds, others)
    one, other = ann.scope(), bob.scope()
    assume(len(one.slots) and len(other.slots))  # the words of a request, too
    assert (one.exact, one.around, one.question) == (other.exact, other.around, other.question)
    assert one.live != other.live
    live = [
        answer(dialect, who.text(text), sizes, streamed=streamed, reasoning=who.text(thought)) for who in (ann, bob)
    ]
    assume(not ann.has_by_chance(live[0]))
    kept = one.slots.kept(live[0], dialect, streamed=streamed)
    assert kept is not None
    given_to_bob = other.slots.given(entry(kept, dialect, streamed=streamed))
    assert given_to_bob is not None
    assert given_to_bob.raw == live[1]
    expected = heard(live[1], dialect, bob.known, streamed=streamed)
    assert heard(given_to_bob.raw, dialect, bob.known, streamed=streamed) == expected


@given(values, nasty, cuts, st.sampled_from(SPOKEN), st.booleans())
@settings(max_examples=600)
def test_whatever_a_model_says_nothing_of_a_placeholder_is_kept(
    of: list[tuple[str, str]], text: list[Piece], sizes: list[int], dialect: str, streamed: bool
) -> None:
    ann = Customer("ann", [kind for kind, _ in of], [value for _, value in of])
    scope = ann.scope()
    assume(len(scope.slots))
    raw = answer(dialect, ann.text(text), sizes, streamed=streamed)
    kept = scope.slots.kept(raw, dialect, streamed=streamed)
    if kept is None:
        return
    joined = _joined(kept, dialect, streamed=streamed)
    for code in ann.known.by_code():
        for at in range(len(code) - PART + 1):
            assert code[at : at + PART] not in kept.decode()
            assert code[at : at + PART] not in joined
    assert not any(value in joined for value in ann.said)
    again = scope.slots.given(entry(kept, dialect, streamed=streamed))
    assert again is not None
    assert again.raw == raw, "whoever left it gets it back as it was"


def _joined(raw: bytes, dialect: str, *, streamed: bool) -> str:
    said: list[str] = []

    class Heard:
        def feed(self, text: str, /) -> str:
            said.append(text)
            return text

        def close(self) -> str:
            return ""

    editing(dialect, streamed, lambda _: Heard()).feed(as_frames(raw, streamed=streamed))
    return "".join(said)
