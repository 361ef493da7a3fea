"""What is held back, when an answer is committed and ended, and what is billed for it."""

from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.answering import Answering, as_failed, settle
from gateway.config.structs import Breaker, Prices
from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.routing.failure import FailureKind, Reason, rule_of
from gateway.routing.health import Health
from gateway.upstream.http import AttemptFailed, Outbound
from gateway.wire import frames as wire
from gateway.wire.frames import Frame
from gateway.wire.neutral import Usage
from gateway.wire.passage import Native, Passage
from tests.support.exchanges import candidate, said

_MOST: Final = 10_000


class Sink:
    """One attempt that hears what an upstream says, and the caller behind it."""

    def __init__(self, dialect: str = "chat", *, streamed: bool = True) -> None:
        self.x: Exchange = said(msgspec.json.encode({"model": "m", "stream": streamed}), dialect)
        self.taken: list[list[Frame]] = []
        self.answering = Answering(self.x, candidate(), Health(Breaker()), 0.0, self._take)
        self.answering.progress.form = "events" if streamed else "whole"
        self.outbound = Outbound(DIALECTS[dialect], "POST", "/", {}, streamed=streamed)
        self.passage: Passage = Native(DIALECTS[dialect].watch(True, streamed))
        self.feed = self.answering.through(self.outbound, self.passage, _MOST)

    async def _take(self, frames: list[Frame]) -> None:
        self.taken.append(frames)

    @property
    def said(self) -> bytes:
        return b"".join(frame.raw for frames in self.taken for frame in frames)


def _delta(**delta: Any) -> Frame:
    return wire.event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})


ROLE: Final = _delta(role="assistant")
PADDED: Final = _delta(role="assistant", pad="x" * 3000)
TEXT: Final = _delta(content="word")
ERROR: Final = wire.event({"error": {"message": "broken", "type": "server_error"}})
STREAM: Final = [ROLE, ROLE, TEXT, TEXT, TEXT, wire.done()]


@given(st.lists(st.integers(1, 6)))
async def test_any_pieces_of_a_stream_are_the_same_answer(sizes: list[int]) -> None:
    """Nothing goes out before the first text; then all of it does, once and in order."""
    sink = Sink()
    left = STREAM
    for size in [*sizes, len(STREAM)]:
        if piece := left[:size]:
            await sink.feed(piece)
        left = left[size:]
        fed = len(STREAM) - len(left)
        assert sink.said == (b"".join(frame.raw for frame in STREAM[:fed]) if fed > 2 else b"")
        assert sink.x.committed == (fed > 2)
        assert sink.x.ended == (fed == len(STREAM))
    assert sink.x.outcome == "answered"
    assert sink.x.output_estimate >= 3
    sink.answering.check_complete(sink.outbound)


async def test_more_than_the_limit_without_text_is_no_answer() -> None:
    sink = Sink()
    for _ in range(_MOST // len(PADDED.raw)):
        await sink.feed([PADDED])
    with pytest.raises(AttemptFailed) as caught:
        await sink.feed([PADDED])
    assert caught.value.error.code == "upstream_invalid_response"
    assert sink.taken == []
    assert not sink.x.committed


async def test_what_comes_with_the_first_text_is_not_held() -> None:
    """However much it is: the text is there."""
    sink = Sink()
    await sink.feed([PADDED] * 10 + [TEXT])
    assert len(sink.taken[0]) == 11


@pytest.mark.parametrize("before", [[], [TEXT], [ROLE, TEXT]], ids=["alone", "behind text", "behind role and text"])
async def test_a_fault_before_the_commit_shows_nothing(before: list[Frame]) -> None:
    """Not even the text of the same piece: another target may still answer."""
    sink = Sink()
    with pytest.raises(AttemptFailed) as caught:
        await sink.feed([*before, ERROR])
    assert caught.value.failure.kind == "stream_error"
    assert (sink.taken, sink.x.committed, sink.x.ended) == ([], False, False)


async def test_a_fault_after_the_commit_lets_out_what_came_before_it() -> None:
    sink = Sink()
    await sink.feed([TEXT])
    with pytest.raises(AttemptFailed):
        await sink.feed([TEXT, ERROR, TEXT])
    assert sink.said == TEXT.raw * 2
    assert not sink.x.ended, "an error of ours is still to come"


_FAILED: Final = wire.event(
    {"type": "response.failed", "response": {"status": "failed", "error": {"code": "server_error", "message": "x"}}},
    "response.failed",
)
_SPOKEN: Final = wire.event({"type": "response.output_text.delta", "delta": "word"}, "response.output_text.delta")


async def test_a_fault_that_is_the_dialects_own_end_ends_the_answer() -> None:
    sink = Sink("responses")
    await sink.feed([_SPOKEN])
    with pytest.raises(AttemptFailed):
        await sink.feed([_FAILED])
    assert sink.said == _SPOKEN.raw + _FAILED.raw
    assert sink.x.ended, "nothing is to be added"
    assert not sink.answering.progress.ended, "but it is no proper end"
    assert sink.x.outcome == "open"


@pytest.mark.parametrize("streamed", [True, False])
async def test_an_end_that_is_a_fault_commits_nothing(streamed: bool) -> None:
    sink = Sink("responses", streamed=streamed)
    failed = _FAILED if streamed else wire.body({"status": "failed", "output": [], "error": {"code": "server_error"}})
    with pytest.raises(AttemptFailed):
        await sink.feed([failed])
    assert (sink.taken, sink.x.committed, sink.x.ended) == ([], False, False)


async def test_an_answer_without_its_end_is_cut() -> None:
    sink = Sink()
    await sink.feed([TEXT])
    with pytest.raises(AttemptFailed) as caught:
        sink.answering.check_complete(sink.outbound)
    assert caught.value.error.code == "stream_cut"


@pytest.mark.parametrize("streamed", [True, False])
async def test_an_answer_in_the_other_form_is_none(streamed: bool) -> None:
    sink = Sink(streamed=streamed)
    sink.answering.progress.form = "whole" if streamed else "events"
    with pytest.raises(AttemptFailed) as caught:
        await sink.feed([wire.body({"choices": []}) if streamed else TEXT])
    assert caught.value.error.code == "upstream_invalid_response"
    assert not sink.x.committed


# -- what it cost

_PRICED: Final = replace(candidate(), prices=Prices(input=1.0, output=1000.0))


def settled(
    dialect: str, *, reported: bool, complete: bool, committed: bool = True, model: str = "m"
) -> tuple[Usage | None, int | None]:
    x = said(msgspec.json.encode({"model": model}), dialect, input_estimate=20, output_estimate=40, committed=committed)
    watch = DIALECTS[dialect].watch(True, True)
    watch.usage = Usage(input_tokens=11, output_tokens=3) if reported else None
    settle(x, _PRICED, watch, complete=complete)
    return x.usage, x.cost_nanodollars


def used(tokens_in: int, tokens_out: int, *, estimated: bool) -> tuple[Usage, int]:
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out, estimated=estimated)
    return usage, tokens_in * 1000 + tokens_out * 1_000_000


NOTHING: Final = (None, None)
EXACT: Final = used(11, 3, estimated=False)


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses", "completions"])
def test_an_answer_is_billed_as_reported_once_it_is_complete(dialect: str) -> None:
    assert settled(dialect, reported=True, complete=True) == EXACT
    assert settled(dialect, reported=True, complete=False) == used(11, 40, estimated=True)
    assert settled(dialect, reported=False, complete=True) == used(20, 40, estimated=True)
    assert settled(dialect, reported=False, complete=False) == used(20, 40, estimated=True)


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses", "completions", "embeddings", "images"])
def test_an_attempt_without_an_answer_is_billed_for_what_it_reported(dialect: str) -> None:
    assert settled(dialect, reported=True, complete=False, committed=False) == EXACT
    assert settled(dialect, reported=False, complete=False, committed=False) == NOTHING


@pytest.mark.parametrize("dialect", ["embeddings", "moderations", "rerank"])
def test_where_only_input_counts_only_input_is_estimated(dialect: str) -> None:
    assert settled(dialect, reported=False, complete=True) == used(20, 0, estimated=True)
    assert settled(dialect, reported=True, complete=True) == EXACT


@pytest.mark.parametrize("dialect", ["images", "audio"])
def test_where_nothing_can_be_guessed_nothing_is(dialect: str) -> None:
    assert settled(dialect, reported=False, complete=True) == NOTHING
    assert settled(dialect, reported=True, complete=True) == EXACT


@pytest.mark.parametrize("dialect", ["files", "batches", "count_tokens"])
def test_what_computes_nothing_costs_nothing(dialect: str) -> None:
    assert settled(dialect, reported=True, complete=True) == NOTHING


def test_what_is_asked_of_no_model_costs_nothing() -> None:
    assert settled("responses", reported=True, complete=True, model="") == NOTHING


_COUNTS: Final = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")
_TOKENS: Final = st.integers(0, 10**9)


@given(
    st.lists(
        st.builds(Usage, estimated=st.booleans(), extras=st.just({}), **dict.fromkeys(_COUNTS, _TOKENS)),
        min_size=1,
        max_size=4,
    )
)
def test_attempts_add_up(attempts: list[Usage]) -> None:
    x = said(b'{"model": "m"}')
    for usage in attempts:
        watch = DIALECTS["chat"].watch(True, True)
        watch.usage = usage
        settle(x, _PRICED, watch, complete=True)
    assert x.usage is not None
    for name in _COUNTS:
        assert getattr(x.usage, name) == sum(getattr(usage, name) for usage in attempts)
    assert x.usage.estimated == any(usage.estimated for usage in attempts)
    assert x.cost_nanodollars == sum(one.input_tokens * 1000 + one.output_tokens * 1_000_000 for one in attempts)


# -- errors of ours, and errors inside answers


AS_FAILED: Final[dict[str, tuple[FailureKind, Reason | None]]] = {
    "unsupported_parameter": ("unfit", "failure"),
    "upstream_invalid_response": ("invalid_response", "failure"),
    "upstream_auth_failed": ("auth", "failure"),
    "upstream_error": ("stream_error", "failure"),
    "rate_limited": ("stream_error", "failure"),
    "invalid_request": ("bad_request", None),
    "context_length_exceeded": ("refused_context_length", "context_length"),
    "content_filter": ("refused_content_filter", "content_filter"),
}


@pytest.mark.parametrize("code", AS_FAILED)
def test_an_error_inside_an_answer_says_who_may_be_asked_next(code: str) -> None:
    failed = as_failed(GatewayError(code, "x"))
    assert (failed.failure.kind, rule_of(failed.failure).reason) == AS_FAILED[code]
    assert failed.failure.sent == (code != "unsupported_parameter"), "who cannot be told was not asked"
    assert failed.error.code == code
