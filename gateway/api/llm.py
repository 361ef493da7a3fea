"""One endpoint of the API: from a request to the pipeline and back, whatever happens on the way."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from gateway.answering import Refused
from gateway.api.leash import SAID, Leash, Reason
from gateway.api.paths import Surface
from gateway.api.replying import ANSWER, Reply
from gateway.api.trace_context import trace_context
from gateway.config.structs import Config
from gateway.drafts.apart import Drafts
from gateway.exchange import Exchange
from gateway.feedback import Desk
from gateway.pipeline import CallerGone, Pipeline


@dataclass(slots=True)
class Gate:
    """What all endpoints share: the pipeline, and who is inside; and who is asked about policies that somebody writes."""

    pipeline: Pipeline
    inside: set[Leash] = field(default_factory=set)
    drafts: Drafts = field(default_factory=Drafts)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        pipeline = self.pipeline
        self.desk = Desk(
            pipeline.recent, pipeline.recorder.metrics, time.time, self.under_way, tell=pipeline.recorder.tell
        )

    @property
    def draining(self) -> bool:
        return self.pipeline.draining

    def under_way(self, request_id: str) -> Exchange | None:
        return next((one.x for one in self.inside if one.x.id == request_id), None)

    def drain(self) -> None:
        """From now on nobody is let in."""
        self.pipeline.draining = True

    def clear(self) -> None:
        """The drain limit is over: those inside are told so and end."""
        for leash in list(self.inside):
            leash.pull("draining")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An ASGI application for one path of one dialect."""

    gate: Gate
    surface: Surface

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        config = self.gate.pipeline.setup.config
        x = arrived(scope, self.surface, config.timeouts.total)
        reply = Reply(x, send, config.limits.heartbeat, joins=ANSWER in scope.get("extensions", ()))
        leash = Leash(x, scope)
        self.gate.inside.add(leash)

        async def read(config: Config) -> None:
            await self.surface.read(x, receive, config)
            leash.watch(receive)
            if x.streamed and not x.dialect.opaque:  # whose bytes are not cut at events, and may be no events at all
                reply.begin_beating()

        try:
            await self.gate.pipeline.answer(x, read, reply.frames)
            await reply.end()
        except Refused as refused:
            await reply.refuse(refused)
        except CallerGone:
            pass
        except asyncio.CancelledError:
            if leash.reason is None:
                raise
            leash.loosen()
            await _say_goodbye(reply, leash.reason)
        finally:
            leash.drop()
            await reply.stop_beating()
            self.gate.inside.discard(leash)
            if not isinstance(x.upload, bytes):
                x.upload.close()


async def _say_goodbye(reply: Reply, reason: Reason) -> None:
    if reason != "client_gone":
        # A caller that does not read cannot be told; it must not hold us either.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await reply.refuse(Refused(SAID[reason]))


def arrived(scope: Scope, surface: Surface, seconds: float) -> Exchange:
    """An exchange of which only the head is known. A trace context of the caller goes on.

    Its ids only tell exchanges apart, so they need not cost a system call each.
    """
    headers = headers_of(scope)
    now = time.monotonic()
    query = scope["query_string"].decode("latin-1")
    digits = f"{random.getrandbits(288):072x}"
    context = trace_context(headers["traceparent"]) if "traceparent" in headers else None
    return Exchange(
        id=f"req_{digits[:24]}",
        dialect=surface.dialect,
        method=scope["method"],
        path=scope["path"],
        query=f"?{query}" if query else "",
        headers=headers,
        trace_id=context.trace_id if context else digits[24:56],
        span_id=digits[56:],
        started=now,
        deadline=now + seconds,
        parent_span_id=context.span_id if context else None,
        sampled=context.sampled if context else None,
        replayable=surface.replayable,
    )


def headers_of(scope: Scope) -> dict[str, str]:
    """By lower-case name; of a repeated one the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
