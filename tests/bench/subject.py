"""A contender that runs, and how it is asked and watched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time

from tests.bench import payloads, procfs
from tests.bench.contenders import Contender
from tests.bench.load import closed_loop
from tests.bench.process import Process

WARM_LIMIT = 10.0

CpuClock = Callable[[], float]


@dataclass(frozen=True)
class Subject:
    """A contender that runs: its process (none for the upstream itself) and the ports of unary and streamed requests."""

    contender: Contender
    process: Process | None
    unary_port: int
    stream_port: int

    def unary(self, body: bytes) -> bytes:
        return self.contender.request("unary", self.unary_port, body)

    def stream(self, body: bytes) -> bytes:
        return self.contender.request("stream", self.stream_port, body)

    def cpu_seconds(self) -> float:
        return self.process.cpu_seconds() if self.process else 0.0

    def own_cpu_seconds(self) -> float:
        """Without those that it has started."""
        return procfs.cpu_seconds_of(self.process.family()[:1]) if self.process else 0.0

    def cpu_clock(self) -> CpuClock:
        """CPU seconds as `cpu_seconds` has them, cheap enough to be read while the load runs; blind to children begun later."""
        members = self.process.family() if self.process else []
        return lambda: procfs.cpu_seconds_of(members)

    async def warm_streams(self) -> None:
        await warm(self.stream_port, self.stream(payloads.paced_body(8, 1000)), self.contender.warm // 8)


def load_clock(upstreams: Sequence[Process]) -> CpuClock:
    """CPU seconds of what shares the load's core: the upstreams and this very process."""
    members = [member for process in upstreams for member in process.family()]
    return lambda: process_time() + procfs.cpu_seconds_of(members)


async def warm(port: int, request: bytes, count: int) -> None:
    """About `count` answers that are not measured."""
    await closed_loop(port, request, 16, WARM_LIMIT, events=True, most=count)
