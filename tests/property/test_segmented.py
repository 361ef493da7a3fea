"""Answers of which checks see segments: whole or streamed, in any pieces, what goes out is the same, and no more than was judged."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.strict import Secret
from gateway.dialects import DIALECTS
from gateway.guards.check import Check, Said
from gateway.guards.editor import Blocked
from gateway.guards.finding import Finding
from gateway.guards.placeholders import KeyRing
from gateway.guards.segments import Sizes, Windows
from gateway.policy.bind import Binder, Facts
from gateway.policy.guarding import Guarding, Guards, Subject
from gateway.policy.rule import Policy
from gateway.segmented import Segmented
from gateway.wire.frames import DONE, Frame, body, event
from gateway.wire.lanes.editing import editing
from gateway.wire.neutral import Answer, Request
from tests.property.test_lanes import _joined, _legal, _read, answers, streams
from tests.support.edits import SECRET
from tests.unit.policy.documents import one_policy, rule

VERSIONS = {"pattern": "1", "webhook": "1"}
BITS = [
    "plum",
    "It rains. ",
    "So we stay. ",
    "pl",
    "um",
    " ",
    "\n",
    "비가 내립니다 ",
    "word ",
    "x" * 30,
    ".",
    '"',
    "\\",
    "INT-1",
    "23",
    "e\u0301",
]
TEXTS = st.lists(st.sampled_from(BITS), max_size=40).map("".join)
MASKED = [rule("plums", ["content", "tool_args"], ["hook"], "mask", guarantee="segment", segment={"most": 90, "overlap": 20}),
          rule("codes", ["content", "tool_args"], ["code"], "mask")]  # fmt: skip


class Plums:
    """Finds every plum, after a while that differs, and remembers what it was shown."""

    def __init__(self, seed: int, word: str = "plum") -> None:
        self.shown: list[str] = []
        self._word = word
        self._random = random.Random(seed)

    async def look(self, said: Said) -> Sequence[Finding]:
        self.shown.append(said.text)
        for _ in range(self._random.randint(0, 3)):
            await asyncio.sleep(0)
        starts = [at for at in range(len(said.text)) if said.text.startswith(self._word, at)]
        return [Finding(at, at + len(self._word), "PLUM") for at in reversed(starts)]


def _policy(*rules: dict[str, Any]) -> Policy:
    detectors = {
        "hook": {"kind": "webhook", "url": "http://127.0.0.1/", "secret": Secret("s")},
        "code": {"kind": "pattern", "match": "INT-[0-9]{3}", "name": "CODE"},
    }
    return one_policy(*rules, detectors=detectors, defaults={"timeout_ms": 60_000})


def _guarding(check: Check, *rules: dict[str, Any]) -> Guarding:
    policy = _policy(*rules)
    checks = {one.digest: check for each in policy.rules for one in each.finders if one.kind == "webhook"}
    guards = Guards(Binder({"p": policy}, [], VERSIONS), KeyRing(b"k"), checks)
    facts = Facts(frozenset({"m"}), "chat", frozenset({"external"}))
    found = guards.over(facts, None, Subject("anna", None, ""))
    assert found is not None
    return found


def _chunks(text: str, sizes: list[int]) -> list[str]:
    pieces, at = [], 0
    for size in [*sizes, max(1, len(text))]:
        pieces.append(text[at : at + size])
        at += size
    return [one for one in pieces if one]


def _stream(choices: list[list[str]], kind: str, order: random.Random) -> list[Frame]:
    """Chunks of chat; the texts of all choices take turns."""
    found = []
    left = {index: list(pieces) for index, pieces in enumerate(choices)}
    while any(left.values()):
        index = order.choice([one for one, pieces in left.items() if pieces])
        found.append(_chunk(index, _delta(kind, left[index].pop(0))))
    return [*found, *(_chunk(index, {}, "stop") for index in left), Frame(b"data: [DONE]\n\n", DONE)]


def _delta(kind: str, text: str) -> dict[str, Any]:
    if kind == "content":
        return {"content": text}
    return {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "t", "arguments": text}}]}


def _chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> Frame:
    return event({"id": "x", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]})


def _whole(texts: list[str], kind: str) -> Frame:
    messages = [{"role": "assistant", **_delta(kind, text)} for text in texts]
    choices = [{"index": at, "message": one, "finish_reason": "stop"} for at, one in enumerate(messages)]
    return body({"id": "x", "choices": choices})


def _said(shown: list[Frame], count: int) -> list[str]:
    texts = [""] * count
    for frame in shown:
        for choice in frame.json["choices"] if frame.data != DONE else ():
            told = choice.get("delta") or choice.get("message") or {}
            texts[choice["index"]] += told.get("content") or ""
            for call in told.get("tool_calls") or ():
                texts[choice["index"]] += call["function"]["arguments"]
    return texts


async def _through(
    guarding: Guarding, came: list[list[Frame]], *, streamed: bool, dialect: str = "chat"
) -> list[Frame]:
    segments = Segmented(dialect, streamed, guarding)
    writing = editing(dialect, streamed, segments.edit_for)
    shown = []
    for frames in came:
        await segments.look(frames)
        shown += writing.feed(frames)
    return shown


def _batches(came: list[Frame], order: random.Random) -> list[list[Frame]]:
    batches, at = [], 0
    while at < len(came):
        size = order.randint(1, 5)
        batches.append(came[at : at + size])
        at += size
    return batches


@pytest.mark.parametrize("kind", ["content", "tool_args"])
@given(st.lists(TEXTS, min_size=1, max_size=3), st.lists(st.integers(1, 9), max_size=60), st.integers(0, 1_000))
@settings(max_examples=300, deadline=None)
def test_whole_or_in_any_pieces_the_same_goes_out(kind: str, texts: list[str], sizes: list[int], seed: int) -> None:
    order = random.Random(seed)
    if kind == "tool_args":
        texts = [msgspec.json.encode({"a": text, "b": [text, 1]}).decode() for text in texts]
    streamed, whole = Plums(seed), Plums(seed)
    came = _stream([_chunks(one, sizes) for one in texts], kind, order)
    one, other = _guarding(streamed, *MASKED), _guarding(whole, *MASKED)
    shown = asyncio.run(_through(one, _batches(came, order), streamed=True))
    at_once = asyncio.run(_through(other, [[_whole(texts, kind)]], streamed=False))
    assert _said(shown, len(texts)) == _said(at_once, len(texts))
    assert sorted(streamed.shown) == sorted(whole.shown), "the check saw the same windows"
    assert dict(one.verdicts) == dict(other.verdicts)
    if kind == "content":
        assert _said(shown, len(texts)) == [_expected(text) for text in texts]


def _expected(text: str) -> str:
    """An oracle: codes first, then each window by itself."""
    text = text.replace("INT-123", "[CODE]")
    made = Windows(Sizes(90, 20))
    pieces = []
    for window in [*made.feed(text), *made.close()]:
        masked, done = "", window.fresh
        for at in [at for at in range(len(window.text)) if window.text.startswith("plum", at)]:
            if at + 4 > window.fresh:
                masked += window.text[done : max(at, window.fresh)] + "[PLUM]"
                done = at + 4
        pieces.append(masked + window.text[done:])
    return "".join(pieces)


@given(TEXTS, st.lists(st.integers(1, 9), max_size=60), st.integers(0, 1_000))
@settings(max_examples=300, deadline=None)
def test_what_is_sent_was_judged_and_frames_keep_their_order(text: str, sizes: list[int], seed: int) -> None:
    order, check = random.Random(seed), Plums(seed)
    guarding = _guarding(check, rule("plums", ["content"], ["hook"], "log", guarantee="segment"))

    async def run() -> None:
        segments = Segmented("chat", True, guarding)
        writing = editing("chat", True, segments.edit_for)
        sent = ""
        for frames in _batches(_stream([_chunks(text, sizes)], "content", order), order):
            await segments.look(frames)
            sent += _said(writing.feed(frames), 1)[0]
            judged = Windows(Sizes(400, 80))
            seen = [*judged.feed(text), *judged.close()][: len(check.shown)]
            assert [one.text for one in seen] == check.shown
            assert sent == "".join(one.text[one.fresh :] for one in seen)
        assert sent == text

    asyncio.run(run())


@given(TEXTS, st.lists(st.integers(1, 9), max_size=60), st.integers(0, 1_000))
@settings(max_examples=300, deadline=None)
def test_a_block_ends_both_forms_and_nothing_of_its_segment_is_sent(text: str, sizes: list[int], seed: int) -> None:
    blocking = rule("plums", ["content"], ["hook"], "block", guarantee="segment", segment={"most": 90, "overlap": 20})
    order = random.Random(seed)

    async def blocks(came: list[list[Frame]], *, streamed: bool) -> tuple[bool, str]:
        guarding = _guarding(Plums(seed), blocking)
        segments = Segmented("chat", streamed, guarding)
        writing = editing("chat", streamed, segments.edit_for)
        sent = ""
        for frames in came:
            try:
                await segments.look(frames)
            except Blocked:
                return True, sent
            sent += _said(writing.feed(frames), 1)[0]
        return False, sent

    in_pieces, sent = asyncio.run(
        blocks(_batches(_stream([_chunks(text, sizes)], "content", order), order), streamed=True)
    )
    at_once, _ = asyncio.run(blocks([[_whole([text], "content")]], streamed=False))
    assert in_pieces == at_once == ("plum" in text)
    made = Windows(Sizes(90, 20))
    good = ""
    for window in [*made.feed(text), *made.close()]:
        if "plum" in window.text:
            break
        good += window.text[window.fresh :]
    assert good.startswith(sent)


EVERYWHERE = rule(
    "secrets",
    ["content", "reasoning", "refusal", "tool_args"],
    ["hook"],
    {"mask": {"with": "***"}},
    guarantee="segment",
)


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
@settings(max_examples=150, deadline=None)
@given(data=st.data(), seed=st.integers(0, 1_000))
def test_what_a_check_finds_anywhere_in_a_stream_is_nowhere_left(dialect: str, data: st.DataObject, seed: int) -> None:
    """Reasoning, refusals, calls, citations, echoes: both readings agree on all of it, and what goes out is a legal stream."""
    _, came = data.draw(streams(dialect))
    guarding = _guarding(Plums(seed, SECRET), EVERYWHERE)
    shown = asyncio.run(_through(guarding, _batches(came, random.Random(seed)), streamed=True, dialect=dialect))
    _legal(dialect, shown)
    assert SECRET.encode() not in b"".join(frame.raw for frame in shown)
    expected = _joined(_read(dialect, came), dialect, lambda text: text.replace(SECRET, "***"))
    assert _joined(_read(dialect, shown), dialect) == expected


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
@settings(max_examples=100, deadline=None)
@given(data=st.data(), seed=st.integers(0, 1_000))
def test_nor_in_a_whole_answer(dialect: str, data: st.DataObject, seed: int) -> None:
    answer: Answer = data.draw(answers(dialect))
    write, read = DIALECTS[dialect].write_answer, DIALECTS[dialect].read_answer
    assert write is not None
    assert read is not None
    came = body(write(answer, Request(dialect=dialect, model="m", messages=[])))
    guarding = _guarding(Plums(seed, SECRET), EVERYWHERE)
    (shown,) = asyncio.run(_through(guarding, [[came]], streamed=False, dialect=dialect))
    assert SECRET.encode() not in shown.raw
    expected = _joined(read(came.json), dialect, lambda text: text.replace(SECRET, "***"))
    assert _joined(read(shown.json), dialect) == expected
