"""One whole run: the two upstreams, then round after round, each contender started fresh, measured and ended."""

import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import contenders, measure, nginx, payloads
from tests.bench.contenders import Contender, Upstreams
from tests.bench.figures import Book, rotated
from tests.bench.half_load import HalfLoad
from tests.bench.install import Unavailable
from tests.bench.load import LoadError
from tests.bench.measure import FAST, QUICK, SLOW, Effort
from tests.bench.process import GATEWAY_CORE, LOAD_CORE, Process, StartError, free_port
from tests.bench.subject import Subject, load_clock

Part = Callable[[Subject, Effort], Awaitable[dict[str, float]]]
ADDED = ("unary64.p50_ms", "unary64.p99_ms", "unary1.p50_ms", "unary1.p99_ms")
AT_OUR_RATE = ("nginx", "bare")


@dataclass(frozen=True)
class Order:
    """What is asked for: who takes part, and in which of `PARTS`. `idle_rounds` is fewer than `rounds` because memory varies
    little (the slow ones do it once); no round starts after `limit` s. `whole` says that nothing is left out.
    """

    names: Sequence[str]
    parts: Sequence[str]
    rounds: int
    idle_rounds: int
    limit: float
    files: int
    quick: bool
    whole: bool


@dataclass
class Findings:
    """What came of it."""

    book: Book = field(default_factory=Book)
    titles: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    rounds: int = 0
    seconds: float = 0.0


class Run:
    """Holds every process it starts until `perform` returns, however it returns."""

    def __init__(self, order: Order, folder: Path) -> None:
        self._order = order
        self._folder = folder
        self._serial = 0
        self._upstreams = Upstreams(free_port(), free_port(), order.files)
        self._present: dict[str, Contender] = {}
        self.findings = Findings()

    def find_contenders(self) -> None:
        """Installs what is missing. Raises `Unavailable` when there is no nginx, without which nothing can be measured."""
        if nginx.command() is None:
            raise Unavailable("nginx is not installed (Debian: apt-get install nginx)")
        for name in self._order.names:
            try:
                self._present[name] = contenders.make(name, self._upstreams)
                self.findings.titles[name] = self._present[name].title
                self.findings.notes += filter(None, [self._present[name].note])
            except Unavailable as reason:
                self.findings.absent[name] = str(reason)
                sys.stderr.write(f"{name} does not take part: {reason}\n")

    async def perform(self) -> Findings:
        upstreams = self._upstreams
        direct = Subject(contenders.make("direct", upstreams), None, upstreams.unary, upstreams.stream)
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            half = HalfLoad(direct, load_clock(self._start_upstreams(direct, stack)))
            for turn in range(self._order.rounds):
                spent = time.monotonic() - began
                if turn and spent + spent / turn > self._order.limit:
                    self.findings.failures.append(f"time was up after {turn} of {self._order.rounds} rounds")
                    break
                await self._round(turn, half, direct)
                self.findings.rounds = turn + 1
                sys.stderr.write(f"round {turn + 1} of {self._order.rounds} done, {time.monotonic() - began:.0f} s\n")
        self.findings.seconds = time.monotonic() - began
        return self.findings

    def _start_upstreams(self, direct: Subject, stack: contextlib.ExitStack) -> list[Process]:
        upstreams, folder = self._upstreams, self._fresh_folder("upstream")
        started: list[Process] = []
        fixed = nginx.upstream_argv(folder, upstreams.unary, upstreams.files)
        paced = [sys.executable, "-m", "tests.bench.upstream", str(upstreams.stream)]
        for argv, port, request in (
            (fixed, upstreams.unary, direct.unary(payloads.small_body())),
            (paced, upstreams.stream, direct.stream(payloads.paced_body(1, 1000))),
        ):
            process = Process(argv, LOAD_CORE, folder / f"{port}.log")
            stack.callback(process.end)
            measure.first_answer(process, port, request)
            started.append(process)
        return started

    async def _round(self, turn: int, half: HalfLoad, direct: Subject) -> None:
        for name in rotated(list(self._present), turn):
            contender = self._present[name]
            asked = [part for part in self._order.parts if part in contender.parts]
            if contender.start is None:
                await self._measure(turn, direct, asked, half)
                continue
            await self._with_process(turn, contender, [part for part in asked if part != "idle"], half)
            if "idle" in asked and turn < (1 if contender.slow else self._order.idle_rounds):
                await self._with_process(turn, contender, ["idle"], half)
        for name in AT_OUR_RATE:
            if name in self._present and self._value(turn, "haechi", "ttft.rate") is not None:
                await self._with_process(turn, self._present[name], ["at_our_rate"], half)
        self._add_differences(turn)

    async def _with_process(self, turn: int, contender: Contender, asked: Sequence[str], half: HalfLoad) -> None:
        """Starts it, measures it, ends it. What it does not manage becomes a line among the failures."""
        if not asked or contender.start is None:
            return
        port, folder = free_port(), self._fresh_folder(contender.name)
        argv, env = contender.start(folder, port)
        with contextlib.ExitStack() as stack:
            process = Process(argv, GATEWAY_CORE, folder / "output.log", env)
            stack.callback(process.end)
            subject = Subject(contender, process, port, port)
            try:
                figures = measure.first_answer(process, port, subject.unary(payloads.small_body()))
            except StartError as error:
                self._fail(turn, contender.name, "start", error)
                return
            if "start" in asked:
                self._put(turn, contender.name, figures)
            await self._measure(turn, subject, asked, half)

    async def _measure(self, turn: int, subject: Subject, asked: Sequence[str], half: HalfLoad) -> None:
        name = subject.contender.name
        effort = QUICK if self._order.quick else SLOW if subject.contender.slow else FAST
        parts = self._parts(turn, half)
        for part in asked:
            if part not in parts:
                continue
            try:
                self._put(turn, name, await parts[part](subject, effort))
            except (LoadError, OSError) as error:
                self._fail(turn, name, part, error)

    def _parts(self, turn: int, half: HalfLoad) -> dict[str, Part]:
        async def first_token(subject: Subject, effort: Effort) -> dict[str, float]:
            figures = await half.first_token(subject, effort.first, effort.few)
            return _grouped("ttft", figures) | (_grouped("ours", figures) if subject.contender.name == "haechi" else {})

        async def at_our_rate(subject: Subject, effort: Effort) -> dict[str, float]:
            rate = self.findings.book.value(turn, "haechi", "ttft.rate")
            return _grouped("ours", await half.at_rate(subject, effort.first, rate)) if rate else {}

        return {
            "unary": measure.unary,
            "large": measure.large,
            "tracing": measure.tracing,
            "chunks": measure.chunks,
            "first_token": first_token,
            "idle": measure.idle,
            "at_our_rate": at_our_rate,
        }

    def _add_differences(self, turn: int) -> None:
        for name in self._present.keys() - {"direct"}:
            for measured in ADDED:
                mine, base = self._value(turn, name, measured), self._value(turn, "direct", measured)
                if mine is not None and base is not None:
                    group, rest = measured.split(".")
                    self.findings.book.put(turn, name, f"{group}.added_{rest}", mine - base)

    def _value(self, turn: int, name: str, measured: str) -> float | None:
        return self.findings.book.value(turn, name, measured)

    def _put(self, turn: int, name: str, figures: dict[str, float]) -> None:
        for measured, value in figures.items():
            self.findings.book.put(turn, name, measured, value)

    def _fail(self, turn: int, name: str, part: str, error: Exception) -> None:
        words = f"round {turn + 1}, {name}, {part}: {error}".replace(f"{self._folder}/", "")
        self.findings.failures.append(words)
        sys.stderr.write(words + "\n")

    def _fresh_folder(self, name: str) -> Path:
        self._serial += 1
        folder = self._folder / f"{self._serial}-{name}"
        folder.mkdir()
        return folder


def _grouped(group: str, figures: dict[str, float]) -> dict[str, float]:
    return {f"{group}.{name}": value for name, value in figures.items()}
