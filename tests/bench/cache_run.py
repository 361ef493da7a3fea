"""One whole run of the cache's benchmark: the filled caches one after the other, then round after round the processes."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec

from tests.bench import cache_contenders, measure, nginx, payloads
from tests.bench.cache_contenders import Entrant, RedisServer
from tests.bench.cache_lookups import Line, Order
from tests.bench.contenders import Upstreams
from tests.bench.figures import percentile, rotated
from tests.bench.install import Unavailable
from tests.bench.load import LoadError, closed_loop
from tests.bench.process import GATEWAY_CORE, LOAD_CORE, Process, StartError, free_port
from tests.bench.run import Findings
from tests.bench.subject import Subject

FILES = 4096
TRIES = 2
FILL_LIMIT = 240.0
WARM_LIMIT = 10.0
CROWD = 16
"""Connections under which CPU is measured: with many more, a full event loop lets Redis's own time be over (20 ms), and a hit is a miss."""
BYTES_AN_ENTRY = 4096
"""What an entry surely takes at most: a size that would not fit into free memory is left out."""


@dataclass(frozen=True)
class Cell:
    """A cache to be filled. `name` stands in the book."""

    name: str
    order: Order


@dataclass(frozen=True)
class Plan:
    """What is asked for. `redis`: servers to be looked for, the exact tier's and the semantic one's."""

    cells: Sequence[Cell]
    names: Sequence[str]
    rounds: int
    seconds: float
    redis: tuple[str | None, str | None]


class CacheRun:
    """Holds every process it starts until `perform` returns, however it returns."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._serial = count()
        self.findings = Findings()

    async def perform(self) -> Findings:
        began = time.monotonic()
        self._fill_caches()
        with contextlib.ExitStack() as stack:
            server = self._redis(self._plan.redis[0], stack)
            present = self._present(None if server is None else server.port)
            for turn in range(self._plan.rounds if present else 0):
                for name in rotated(present, turn):
                    await self._measure(turn, name, None if server is None else server.port)
                self._add_differences(turn)
                self.findings.rounds = turn + 1
                sys.stderr.write(f"round {turn + 1} of {self._plan.rounds} done, {time.monotonic() - began:.0f} s\n")
        self.findings.seconds = time.monotonic() - began
        return self.findings

    def _fill_caches(self) -> None:
        for cell in self._plan.cells:
            began = time.monotonic()
            order = cell.order
            with contextlib.ExitStack() as stack:
                if order.redis is not None:
                    program = self._plan.redis[1 if order.semantic else 0]
                    server = self._redis(program, stack)
                    if server is None:
                        self.findings.absent[cell.name] = NO_VECTORS if order.semantic else NO_REDIS
                        continue
                    order = msgspec.structs.replace(order, redis=server.url)
                try:
                    self._fill(cell.name, self._that_fit(cell.name, order))
                except (StartError, subprocess.TimeoutExpired) as error:
                    self._fail(cell.name, str(error))
            sys.stderr.write(f"{cell.name} done, {time.monotonic() - began:.0f} s\n")

    def _that_fit(self, name: str, order: Order) -> Order:
        fit = that_fit(order.sizes, free_bytes(Path("/proc/meminfo").read_text()))
        if left := len(order.sizes) - len(fit):
            self._fail(name, f"{left} of its sizes would not fit into free memory")
        return msgspec.structs.replace(order, sizes=fit)

    def _fill(self, name: str, order: Order) -> None:
        """Raises `StartError` where it ends otherwise than well."""
        argv = [sys.executable, "-m", "tests.bench.cache_lookups", msgspec.json.encode(order).decode()]
        log = self._fresh_folder(name) / "output.log"
        process = Process(argv, GATEWAY_CORE, log)
        try:
            process.wait(FILL_LIMIT)
        finally:
            process.end()
        for line in log.read_bytes().splitlines():
            if line.startswith(b"{"):
                found = msgspec.json.decode(line, type=Line)
                for measured, value in found.figures.items():
                    self.findings.book.put(0, name, f"{found.size}.{measured}", value)

    def _redis(self, program: str | None, stack: contextlib.ExitStack) -> RedisServer | None:
        if program is None:
            return None
        server = RedisServer(program, self._fresh_folder("redis"))
        stack.callback(server.end)
        return server

    def _present(self, redis: int | None) -> list[str]:
        """Who can take part, with what is to be said of them."""
        if nginx.command() is None:
            self.findings.absent["processes"] = "nginx is not installed (Debian: apt-get install nginx)"
            return []
        present = []
        for name in self._plan.names:
            try:
                entrant = cache_contenders.make(name, Upstreams(0, 0, FILES), redis)
            except Unavailable as reason:
                self.findings.absent[name] = str(reason)
                continue
            self.findings.titles[name] = entrant.contender.title
            if entrant.contender.note and entrant.contender.note not in self.findings.notes:
                self.findings.notes.append(entrant.contender.note)
            present.append(name)
        return present

    async def _measure(self, turn: int, name: str, redis: int | None) -> None:
        """What it does not manage becomes a line among the failures: where its load did not go well, when that happens again."""
        for left in reversed(range(TRIES)):
            try:
                figures = await self._figures(name, redis)
            except (StartError, LoadError, OSError) as error:
                if isinstance(error, LoadError) and left:
                    continue
                self._fail(f"round {turn + 1}, {name}", str(error))
                return
            for measured, value in figures.items():
                self.findings.book.put(turn, name, measured, value)
            return

    async def _figures(self, name: str, redis: int | None) -> dict[str, float]:
        """Its upstream, itself, a first answer, load."""
        upstreams = Upstreams(free_port(), 0, FILES)
        entrant = cache_contenders.make(name, upstreams, redis)
        with contextlib.ExitStack() as stack:
            upstream = self._upstream(upstreams.unary, stack)
            return await self._loaded(entrant, self._started(entrant, stack), upstream)

    def _upstream(self, port: int, stack: contextlib.ExitStack) -> Process:
        folder = self._fresh_folder("upstream")
        process = Process(nginx.upstream_argv(folder, port, FILES), LOAD_CORE, folder / "output.log")
        stack.callback(process.end)
        request = payloads.http_request("/v1/chat/completions", port, payloads.small_body(), {})
        measure.first_answer(process, port, request)
        return process

    def _started(self, entrant: Entrant, stack: contextlib.ExitStack) -> Subject:
        contender, port, folder = entrant.contender, free_port(), self._fresh_folder(entrant.contender.name)
        assert contender.start is not None
        argv, env = contender.start(folder, port)
        process = Process(argv, GATEWAY_CORE, folder / "output.log", env)
        stack.callback(process.end)
        subject = Subject(contender, process, port, port)
        measure.first_answer(process, port, subject.unary(payloads.small_body()))
        return subject

    async def _loaded(self, entrant: Entrant, subject: Subject, upstream: Process) -> dict[str, float]:
        request, seconds, port = subject.unary(payloads.small_body()), self._plan.seconds, subject.unary_port
        fresh = others(subject) if entrant.asks == "others" else None
        await closed_loop(port, request, CROWD, WARM_LIMIT, most=subject.contender.warm, fresh=fresh)
        if entrant.alone:
            upstream.end()
        before = subject.cpu_seconds()
        crowd = await closed_loop(port, request, CROWD, seconds, fresh=fresh)
        spent = subject.cpu_seconds() - before
        single = await closed_loop(port, request, 1, seconds / 2, fresh=fresh)
        return {
            "cpu_us": spent / len(crowd.latencies) * 1e6,
            "rps": crowd.rate,
            "p50_ms": percentile(single.latencies, 0.5) * 1e3,
            "p99_ms": percentile(single.latencies, 0.99) * 1e3,
        }

    def _add_differences(self, turn: int) -> None:
        """What a look-up and keeping add to a request that the upstream answers."""
        book = self.findings.book
        for measured in ("cpu_us", "p50_ms"):
            with_it, without = (book.value(turn, name, measured) for name in ("haechi_miss", "haechi_off"))
            if with_it is not None and without is not None:
                book.put(turn, "haechi_miss", f"added_{measured}", with_it - without)

    def _fail(self, what: str, words: str) -> None:
        line = f"{what}: {words}".replace(f"{self._folder}/", "")
        self.findings.failures.append(line)
        sys.stderr.write(line + "\n")

    def _fresh_folder(self, name: str) -> Path:
        folder = self._folder / f"{next(self._serial)}-{name.replace(' ', '-').replace(',', '')}"
        folder.mkdir()
        return folder


NO_REDIS = "there is no redis-server (Debian: apt-get install redis-server)"
NO_VECTORS = "there is no Redis 8, which has vector sets: name one by HAECHI_TEST_REDIS8"


def others(subject: Subject) -> Callable[[], bytes]:
    """Requests of which no two are equal, all of one length."""
    serials: Iterator[int] = count(10**9)
    body = json.loads(payloads.small_body())
    body["messages"][-1]["content"] += " #########?"
    head, _, tail = subject.unary(json.dumps(body).encode()).partition(b"#########?")

    def fresh() -> bytes:
        return b"%b%010d%b" % (head, next(serials), tail)

    return fresh


def free_bytes(meminfo: str) -> int:
    """The line `MemAvailable:` of that file; 0 where there is none."""
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def that_fit(sizes: Sequence[int], free: int) -> tuple[int, ...]:
    return tuple(size for size in sizes if size * BYTES_AN_ENTRY <= free)
