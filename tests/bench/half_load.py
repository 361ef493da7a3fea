"""Time to first token at half load: streams asked for at the rate that uses half of the gateway's core."""

from dataclasses import dataclass
from time import perf_counter

from tests.bench import payloads
from tests.bench.figures import percentile
from tests.bench.load import Tally
from tests.bench.pace import Pace, constant_rate
from tests.bench.subject import CpuClock, Subject

TOKENS = 30
GAP_US = 20_000
LEAD = TOKENS * GAP_US / 1e6
HALF = 0.5
NEAR = 0.05
LOAD_LIMIT = 0.7


@dataclass(frozen=True)
class Seen:
    """One rate, tried. `core` and `load_core` are the shares (0 to 1) of one core that the gateway, and that the load and the
    upstream together, used in the counted seconds.
    """

    rate: float
    core: float
    load_core: float
    tally: Tally


def better_rate(rate: float, core: float, load_core: float) -> float | None:
    """The rate at which half of the core would be used, or None if this one does.

    It is lower where the load's core would be so full that its own queue was measured.
    """
    load_allows = LOAD_LIMIT / max(load_core, 1e-9)
    if load_allows >= 1 and abs(core - HALF) <= NEAR:
        return None
    factor = min(HALF / max(core, 1e-9), load_allows)
    return None if abs(factor - 1) <= NEAR else rate * factor


class HalfLoad:
    """Measures beside `direct`, the upstream asked without a gateway. `load` is the clock of the load's core.

    A rate that was found in one round is where the next one begins.
    """

    def __init__(self, direct: Subject, load: CpuClock) -> None:
        self._direct = direct
        self._load = load
        self._found: dict[str, float] = {}

    async def first_token(self, subject: Subject, seconds: float, few: float) -> dict[str, float]:
        """Tries the rate that follows from the CPU time of a stream at `few` a second, and corrects it once.

        Each rate is counted for `seconds`.
        """
        await subject.warm_streams()
        name = subject.contender.name
        if name not in self._found:
            calm = await self._seen(subject, few, seconds / 2)
            self._found[name] = few * HALF / calm.core
        through = await self._seen(subject, self._found[name], seconds)
        better = better_rate(through.rate, through.core, through.load_core)
        if better is not None:
            through = await self._seen(subject, better, seconds)
        self._found[name] = better_rate(through.rate, through.core, through.load_core) or through.rate
        return await self._compared(through, seconds)

    async def at_rate(self, subject: Subject, seconds: float, rate: float) -> dict[str, float]:
        """The same at a rate that was found for another."""
        await subject.warm_streams()
        return await self._compared(await self._seen(subject, rate, seconds), seconds)

    async def _compared(self, through: Seen, seconds: float) -> dict[str, float]:
        past = await self._seen(self._direct, through.rate, seconds / 2)
        here, there = through.tally.firsts, past.tally.firsts
        return {
            "rate": through.rate,
            "core_percent": through.core * 100,
            "load_percent": through.load_core * 100,
            "per_read": through.tally.chunks / through.tally.reads,
            "direct_p50_ms": percentile(there, 0.5) * 1e3,
            "added_p50_ms": (percentile(here, 0.5) - percentile(there, 0.5)) * 1e3,
            "added_p99_ms": (percentile(here, 0.99) - percentile(there, 0.99)) * 1e3,
        }

    async def _seen(self, subject: Subject, rate: float, seconds: float) -> Seen:
        clocks = (perf_counter, subject.cpu_clock(), self._load)
        marks: list[list[float]] = []
        request = subject.stream(payloads.paced_body(TOKENS, GAP_US))
        tally = await constant_rate(
            subject.stream_port, request, Pace(rate, LEAD, seconds), lambda: marks.append([clock() for clock in clocks])
        )
        wall, core, load_core = (after - before for before, after in zip(*marks, strict=True))
        return Seen(rate, core / wall, load_core / wall, tally)
