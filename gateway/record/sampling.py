"""Which traces are kept: before a request is over, for those it asks; and once it is, for what came of it."""

from typing import Final

from gateway.config.tracing import Tracing
from gateway.record.row import Row

_LOW: Final = (1 << 64) - 1


class Sampling:
    """By the samplers of OpenTelemetry, which decide by the id of the trace, so that all who take part in one decide alike."""

    __slots__ = ("_bound", "_by_parent", "always")

    def __init__(self, tracing: Tracing) -> None:
        kind = tracing.sampler or "parentbased_always_on"
        share = {"always_on": 1.0, "always_off": 0.0}.get(kind.removeprefix("parentbased_"))
        if share is None:
            share = tracing.ratio if tracing.ratio is not None else 1.0
        self._bound = round(share * (1 << 64))
        self._by_parent = kind.startswith("parentbased_")
        self.always = frozenset(tracing.always)

    def keeps(self, trace_id: str, parent: bool | None) -> bool:
        """Whether the trace is kept whatever comes of it. `parent`: what the caller's context says; None without one."""
        if self._by_parent and parent is not None:
            return parent
        return self._bound > _LOW or int(trace_id[16:], 16) < self._bound

    def why_kept(self, row: Row) -> str | None:
        """Of `always`, what is true of it once all is known."""
        if row.outcome == "blocked":
            return "blocks" if "blocks" in self.always else None
        failed = row.outcome in ("failed", "cut", "drained") or any(failure for _, failure in row.attempts)
        return "errors" if failed and "errors" in self.always else None
