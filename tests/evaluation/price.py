"""What each guarantee costs a stream: when its first text comes, and how much waits. Through real processes and sockets."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from gateway.guards.catalogue import GROUPS, patterns
from gateway.guards.editor import Editor, Looking
from gateway.guards.segments import Segmenter
from gateway.guards.verdicts import Verdicts
from gateway.policy.structs import Segment
from tests.support import rawserver
from tests.support.gatewayprocess import running
from tests.support.policed import policed, policy
from tests.support.rawclient import Line
from tests.support.rawserver import Peer
from tests.support.simulation import Simulation, in_process

TOKENS: Final = 200
PER_SECOND: Final = 50
PER_SENTENCE: Final = 15
SERVICE_SECONDS: Final = 0.020
ROUNDS: Final = 9
_WORDS: Final = (
    "the",
    "river",
    "turns",
    "slowly",
    "past",
    "old",
    "houses",
    "where",
    "people",
    "rest",
    "while",
    "evening",
    "comes",
)
_FIRST: Final = b"Autumn"
GROUPED: Final = ("personal", "korean")


class Price(NamedTuple):
    """Of one way to guard. Seconds from the request: to its first text and to its end, medians. Characters that waited behind a
    token: on average and at most.
    """

    guarantee: str
    what: str
    first: float
    end: float
    held: float
    most: int


def tokens() -> list[str]:
    """Sentences of so many tokens, each a word with the space before it or a full stop."""
    made = []
    for number in range(TOKENS):
        at = number % PER_SENTENCE
        if at == PER_SENTENCE - 1:
            made.append(".")
        elif at == 0:
            made.append(_FIRST.decode() if number == 0 else " Then")
        else:
            made.append(f" {_WORDS[number % len(_WORDS)]}")
    return made


def prices() -> list[Price]:
    said = tokens()
    personal = {"kind": "personal", "entities": list(GROUPED)}
    with TemporaryDirectory() as folder, in_process() as upstream, _service() as url:
        service = {"kind": "webhook", "url": url, "secret": "s"}
        ways: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
            "none": ("none", "no rule", {}, {}),
            "proven": ("`proven`", "`personal`", personal, {}),
            "quick": ("`segment`", "`injection`", {"kind": "injection"}, {"guarantee": "segment"}),
            "asking": ("`segment`", "a webhook that takes 20 ms", service, {"guarantee": "segment"}),
            "full": ("`full`", "a webhook that takes 20 ms", service, {}),
        }
        held = {"none": [0], "proven": _held_by_patterns(said), "full": _all(said)}
        times = _measured(Path(folder), upstream, ways, said)
    made = []
    for name, (guarantee, what, _, _) in ways.items():
        waiting = held.get(name) or _held_by_segments(said)
        first, end = (statistics.median(one[at] for one in times[name]) for at in (0, 1))
        made.append(Price(guarantee, what, first, end, statistics.fmean(waiting), max(waiting)))
    return made


def _measured(
    folder: Path,
    upstream: Simulation,
    ways: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]],
    said: list[str],
) -> dict[str, list[tuple[float, float]]]:
    """One stream of each way at the same time, round by round."""
    documents = [
        policy(
            name,
            detectors={"it": detector},
            rules=[{"id": "watch", "where": ["content"], "detect": ["it"], "action": "block", "timeout_ms": 5_000, **more}],
            bind={"models": [name]},
        )
        for name, (_, _, detector, more) in ways.items()
        if detector
    ]  # fmt: skip
    config = {
        "providers": {"sim": {"kind": "simulated", "base_url": upstream.v1}},
        "models": {name: {"targets": [{"provider": "sim", "model": "demo"}]} for name in ways},
    }
    upstream.misbehave({"chunks": said, "tokens_per_second": PER_SECOND})
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    with running(folder, policed(folder, config, *documents)) as gateway, ThreadPoolExecutor(len(ways)) as callers:
        for number in range(ROUNDS + 1):
            for name, one in zip(ways, callers.map(lambda name: _timed(gateway.url, name), ways), strict=True):
                if number:  # the first one warms
                    times[name].append(one)
    return times


def _timed(url: str, model: str) -> tuple[float, float]:
    with Line(url, timeout=60) as line:
        began = time.perf_counter()
        line.ask(
            "/v1/chat/completions",
            {"model": model, "stream": True, "messages": [{"role": "user", "content": "Tell me of autumn."}]},
        )
        line.read_until(_FIRST, timeout=60)
        first = time.perf_counter() - began
        line.read_until(b"[DONE]", timeout=60)
        return first, time.perf_counter() - began


def _all(said: Sequence[str]) -> list[int]:
    came, held = 0, []
    for token in said:
        came += len(token)
        held.append(came)
    return held


def _held_by_patterns(said: Sequence[str]) -> list[int]:
    made = patterns([one for group in GROUPED for one in GROUPS[group]], "")
    editor = Editor(Looking("content", [], made), Verdicts())
    return [_after(editor, token) for token in said]


def _after(editor: Editor, token: str) -> int:
    editor.feed(token)
    return editor.held


def _held_by_segments(said: Sequence[str]) -> list[int]:
    held, segmenter = [], Segmenter(Segment().most)
    for token in said:
        segmenter.feed(token)
        held.append(segmenter.held)
    return held


@contextmanager
def _service() -> Iterator[str]:
    """The address of a webhook that thinks for a while and finds nothing."""
    found, ready, loop, end = [""], threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(SERVICE_SECONDS)
        await peer.send(b'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 16\r\n\r\n{"findings": []}')

    async def serve() -> None:
        async with rawserver.serve(answer) as server:
            found[0] = server.url
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="service")
    thread.start()
    try:
        if not ready.wait(10):
            raise RuntimeError("the service did not start within ten seconds")
        yield found[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()
